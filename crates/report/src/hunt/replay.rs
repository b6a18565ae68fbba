use jostle_model::{Failure, Rate, ReplaySummary, Verdict};

use crate::human::Paint;
use crate::quantity::{confidence, count, percent};
use crate::{Format, Style, github, json, printable};

/// What running a trial again has told; it ends with a newline. `failure` is what went wrong the first time.
pub fn render_replay(format: Format, summary: &ReplaySummary, failure: &Failure, style: Style) -> String {
    match format {
        Format::Json => json::line("summary", summary) + "\n",
        Format::Github => {
            github::command("notice", &[("title", "jostle replay".to_owned())], &sentence(summary)) + "\n"
        }
        Format::Human | Format::Sarif | Format::Junit => human(summary, failure, Paint::new(style)),
    }
}

fn human(summary: &ReplaySummary, failure: &Failure, paint: Paint) -> String {
    let said = match summary.verdict {
        Verdict::Found => paint.alarm(&sentence(summary)),
        Verdict::NothingFound | Verdict::Inconclusive => paint.caution(&sentence(summary)),
    };
    let mut lines = vec![said];
    let same =
        format!("{} of them in the same way: {}", count(summary.same_kind), printable::line(&failure.title));
    lines.extend((summary.again.events > 0).then_some(format!("  {same}")));
    lines.extend(compared(summary).map(|text| format!("  {text}")));
    lines.join("\n") + "\n"
}

fn sentence(summary: &ReplaySummary) -> String {
    let under = match summary.perturbation.as_str() {
        "none" => String::new(),
        perturbation => format!(" under {perturbation}"),
    };
    let outcome = if summary.again.events == 0 { "did not fail again:" } else { "failed again in" };
    format!("{outcome} {}{under}", rate(&summary.again))
}

fn rate(rate: &Rate) -> String {
    let range = format!("{} to {}", percent(rate.low), percent(rate.high));
    format!(
        "{} of {} ({range} at {} confidence)",
        count(rate.events),
        count(rate.of),
        confidence(rate.confidence)
    )
}

fn compared(summary: &ReplaySummary) -> Option<String> {
    let (unperturbed, chance) = (summary.unperturbed?, summary.chance?);
    let strength = if chance < 0.05 { "more often than" } else { "not clearly more often than" };
    let chance = if chance < 0.001 { "p < 0.001".to_owned() } else { format!("p = {chance:.3}") };
    Some(format!("{strength} with nothing changed around it: {} ({chance})", rate(&unperturbed)))
}
