//! For a terminal: a picture of both sides, both stacks, and the verdict.

mod paint;
mod picture;
mod sheet;
mod stack;
mod verdict;
mod wrap;

use jostle_model::Finding;

use crate::{Run, Style};
pub(crate) use paint::Paint;
pub(crate) use wrap::wrapped;

/// Below this width nothing can be laid out sensibly.
const NARROWEST: usize = 60;

/// More stacks than this are left out: of a crash, those of threads that had no part in it come last.
const MOST_STACKS: usize = 6;

/// The whole report.
pub(crate) fn render(run: &Run<'_>, style: Style) -> String {
    let mut text = String::new();
    for each in run.findings {
        text.push_str(&finding(each, style));
        text.push('\n');
    }
    text.push_str(&verdict::write(run, Paint::new(style), width(style)));
    text
}

/// One finding: picture and stacks.
pub(crate) fn finding(finding: &Finding, style: Style) -> String {
    let paint = Paint::new(style);
    let mut text = picture::draw(finding, style.color, width(style));
    let shown = finding.places.iter().enumerate().take(MOST_STACKS);
    for (index, place) in shown {
        text.push_str(&stack::write(finding, index, place, paint, width(style)));
    }
    let more = finding.places.len().saturating_sub(MOST_STACKS);
    if more > 0 {
        text.push_str(&format!("\n  {}\n", paint.dim(&format!("… {more} more threads in JSON"))));
    }
    text
}

/// The verdict and what follows from it.
pub(crate) fn verdict(run: &Run<'_>, style: Style) -> String {
    verdict::write(run, Paint::new(style), width(style))
}

fn width(style: Style) -> usize {
    style.width.max(NARROWEST)
}
