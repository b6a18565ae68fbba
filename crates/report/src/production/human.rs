//! For a terminal: each expectation with what was seen, then the verdict.

use jostle_model::{Childless, Expected, Outlier, Standing};

use super::{ProductionReport, basis, next, seen, sentence, standing};
use crate::Style;
use crate::human::Paint;
use crate::printable;
use crate::quantity::{confidence, count, counted, percent};

/// How many outliers are named.
const NAMED: usize = 5;
/// Above this chance, that none was seen may be luck.
const LUCK: f64 = 0.05;

pub(super) fn render(report: &ProductionReport<'_>, style: Style) -> String {
    let (summary, paint) = (report.summary, Paint::new(style));
    let wide = summary.expectations.iter().map(|expected| expected.expectation.chars().count()).max();
    let mut text: String =
        summary.expectations.iter().map(|expected| one(expected, wide.unwrap_or_default(), paint)).collect();
    text.push_str(&summary.childless.map(|childless| without_children(&childless)).unwrap_or_default());
    text.push('\n');
    let said = sentence(summary);
    text.push_str(&(paint.verdict(summary.verdict, &said) + "\n"));
    text.push_str(&paint.notes(&summary.warnings));
    text.push_str(&paint.dim(&closing(report)));
    text.push_str(&format!("next: {}\n", printable::line(&next(report))));
    text
}

fn one(expected: &Expected, wide: usize, paint: Paint) -> String {
    let verdict = format!("{:<15}", standing(expected.standing));
    let verdict = match expected.standing {
        Standing::Holds => paint.bold(&verdict),
        Standing::Fails => paint.alarm(&verdict),
        Standing::CannotTellYet => paint.caution(&verdict),
    };
    let text = printable::line(&expected.expectation);
    let mut lines = vec![format!("{verdict}  {text:<wide$}  {}", seen(expected))];
    let mut add = |line: String| lines.push(format!("{:17}{line}", ""));
    if expected.value.is_some() {
        add(paint.dim(&basis(expected)));
    }
    if let Some(why) = &expected.lacking {
        let again = expected.look_again.as_ref().map(|moment| format!("; look again from {moment} on"));
        add(format!("{why}{}", again.unwrap_or_default()));
    }
    if !expected.outliers.is_empty() {
        add(outliers(&expected.outliers));
    }
    if let Some(known) = expected.known {
        add(format!("not counted, for before the change they were so already: {}", count(known)));
        add(format!("  {}", outliers(&expected.known_outliers)));
    }
    if let Some(chance) = expected.chance_if_unchanged.filter(|&chance| chance > LUCK) {
        add(format!(
            "had they gone on coming as before, there would be none in {} of all cases",
            percent(chance)
        ));
    }
    lines.join("\n") + "\n"
}

/// `unit 4711: 31 (1,530 before)`, the largest first.
fn outliers(outliers: &[Outlier]) -> String {
    let one = |outlier: &Outlier| {
        let unit = printable::shortened(&outlier.unit, 40);
        format!("{unit}: {} ({} before)", count(outlier.most), count(outlier.most_before))
    };
    let named: Vec<String> = outliers.iter().take(NAMED).map(one).collect();
    let more = if outliers.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}

fn without_children(childless: &Childless) -> String {
    let side = |without: u64, rows: u64| match rows {
        0 => "no rows".to_owned(),
        _ => format!(
            "{} of {} ({})",
            count(without),
            counted(rows, "row"),
            percent(without as f64 / rows as f64)
        ),
    };
    let Childless { before, rows_before, after, rows_after } = *childless;
    format!(
        "\nwithout children: before the change {}, after it {}\n  to clean up, list them: add --orphans FILE\n",
        side(before, rows_before),
        side(after, rows_after)
    )
}

fn closing(report: &ProductionReport<'_>) -> String {
    let summary = report.summary;
    let source = printable::line(&summary.source);
    let what = match (&summary.first, &summary.until) {
        (Some(first), Some(until)) => format!(
            "{} of {} in {source}, from {first} to {until}",
            counted(summary.rows, "row"),
            counted(summary.units, "unit")
        ),
        _ => source,
    };
    format!(
        "{what}; changed {}; intervals at {}, seed {}\n",
        summary.changed,
        confidence(summary.confidence),
        summary.seed
    )
}
