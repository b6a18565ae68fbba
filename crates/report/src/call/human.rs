//! For a terminal: what came back wrong, what was called how often, the verdict.

use jostle_model::{CallSummary, WrongAnswer};

use super::{CallReport, wording};
use crate::human::Paint;
use crate::quantity::{count, counted};
use crate::{Style, printable};

pub(super) fn render(report: &CallReport<'_>, style: Style) -> String {
    let (summary, paint) = (report.summary, Paint::new(style));
    let mut text: String = summary.examples.iter().map(|wrong| example(wrong, paint, style.width)).collect();
    let more = summary.wrong.saturating_sub(summary.examples.len() as u64);
    if more > 0 && !summary.examples.is_empty() {
        text.push_str(&format!("  {}\n", paint.dim(&format!("… {} more", count(more)))));
    }
    text.push_str(&steps(summary, paint));
    // For programs that count by this line, and hunts are among them: no commas in the numbers.
    text.push_str(&format!("ops {}, wrong {}\n", summary.calls, summary.wrong));
    text.push_str(&(paint.verdict(summary.verdict, &wording::sentence(summary)) + "\n"));
    text.push_str(&paint.notes(&summary.warnings));
    let first = counted(summary.serial.calls, "call");
    text.push_str(&paint.dim(&format!("seed {}; {first} from one thread first", summary.seed)));
    text.push_str(&format!("\nnext: {}\n", wording::next(report)));
    text
}

/// A wrong answer.
pub(super) fn example(wrong: &WrongAnswer, paint: Paint, width: usize) -> String {
    let WrongAnswer { step, thread, iteration, serial, expected, got, owner } = wrong;
    let alone = if *serial { ", with nobody else calling" } else { "" };
    let head = format!("wrong: {} in iteration {iteration} of thread {thread}{alone}", printable::line(step));
    let room = width.saturating_sub(12);
    let mut lines = vec![
        paint.alarm(&head),
        format!("  expected  {}", printable::shortened(expected, room)),
        format!("  got       {}", printable::shortened(got, room)),
    ];
    lines.extend(
        owner.map(|owner| {
            format!("  which belongs to iteration {} of thread {}", owner.iteration, owner.thread)
        }),
    );
    lines.join("\n") + "\n"
}

fn steps(summary: &CallSummary, paint: Paint) -> String {
    let head = format!("  {:>14}{:>10}  step", "calls", "wrong");
    let mut lines = vec![paint.bold(&head)];
    lines.extend(summary.steps.iter().map(|step| {
        let wrong = if step.judged { count(step.wrong) } else { "-".to_owned() };
        format!("  {:>14}{wrong:>10}  {}", count(step.calls), printable::line(&step.step))
    }));
    lines.join("\n") + "\n"
}
