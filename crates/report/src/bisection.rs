//! The report of a bisection.

use jostle_model::{BisectionSummary, Verdict};

use crate::human::Paint;
use crate::quantity::{confidence, count, counted, percent, rarity};
use crate::{Format, Style, github, json, printable};

/// The whole document; it ends with a newline. `file` is the plan as it can be typed, `case` what has to be added to a
/// command that looks at the same case. SARIF and JUnit have no place for a version in a row, and get the text.
pub fn render_bisection(
    format: Format,
    summary: &BisectionSummary,
    file: &str,
    case: &str,
    style: Style,
) -> String {
    match format {
        Format::Json => json::line("summary", summary) + "\n",
        Format::Github => {
            let name = if summary.verdict == Verdict::Found { "error" } else { "warning" };
            github::command(name, &[("title", "jostle matrix --bisect".to_owned())], &sentence(summary))
                + "\n"
        }
        Format::Human | Format::Sarif | Format::Junit => human(summary, file, case, Paint::new(style)),
    }
}

fn human(summary: &BisectionSummary, file: &str, case: &str, paint: Paint) -> String {
    let width = summary.levels.iter().map(|tried| printable::line(&tried.level).chars().count()).max();
    let width = width.unwrap_or(0).max(summary.factor.chars().count());
    let factor = printable::line(&summary.factor);
    let mut text = paint.bold(&format!("  {factor:<width$}  {:>12}   first bad one", "failed")) + "\n";
    for tried in &summary.levels {
        let failed = format!("{} of {}", count(tried.rate.events), count(tried.rate.of));
        let level = printable::line(&tried.level);
        let chance = if tried.chance > 0.0 { rarity(tried.chance) } else { "-".to_owned() };
        let line = format!("  {level:<width$}  {failed:>12}   {chance}");
        let is_it = summary.first_bad.as_ref() == Some(&tried.level);
        text.push_str(&(if is_it { paint.alarm(&line) } else { line }));
        text.push('\n');
    }
    let said = sentence(summary);
    text.push('\n');
    text.push_str(&match summary.verdict {
        Verdict::Found => paint.alarm(&said),
        Verdict::NothingFound | Verdict::Inconclusive => paint.caution(&said),
    });
    let others: Vec<String> = summary.others.iter().map(|(name, level)| format!("{name} {level}")).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    text.push_str(&paint.dim(&format!(
        "\nseed {}; {}, {} of them failed{}\n",
        summary.seed,
        counted(summary.trials, "trial"),
        count(summary.failures),
        printable::line(&others)
    )));
    text.push_str(&paint.notes(&summary.warnings));
    if summary.verdict != Verdict::Found {
        text.push_str(&format!("next: jostle matrix{case} {file} --bisect {} --resume\n", summary.factor));
    }
    text
}

fn sentence(summary: &BisectionSummary) -> String {
    let factor = printable::line(&summary.factor);
    let sure = confidence(summary.confidence);
    let chance = percent(summary.chance);
    match (&summary.first_bad, &summary.last_good) {
        (None, _) => format!(
            "nothing has failed in {}, so there is nothing to bisect yet",
            counted(summary.trials, "trial")
        ),
        (Some(bad), good) => {
            let bad = printable::line(bad);
            let good = good.as_ref().map_or_else(
                || "it is the first that was looked at, so an older one may fail as well".to_owned(),
                |good| format!("the last good one is {}", printable::line(good)),
            );
            match summary.verdict {
                Verdict::Found => {
                    format!("first bad: {factor} {bad}, with a probability of {chance}; {good}")
                }
                _ => format!(
                    "{factor} {bad} is the likeliest to be the first bad one, with a probability of {chance}, which is below {sure}"
                ),
            }
        }
    }
}
