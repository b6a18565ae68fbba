//! The report on production data, in every format.

mod human;
mod machine;

use jostle_model::{Expected, ProductionSummary, Quantity, Standing};

use crate::closing::Closing;
use crate::json;
use crate::quantity::{count, percent};
use crate::{Format, Style};

/// What production data have told.
#[derive(Clone, Copy, Debug)]
pub struct ProductionReport<'a> {
    /// Expectation by expectation.
    pub summary: &'a ProductionSummary,
    /// The command that looks again, as it can be typed.
    pub command: &'a str,
}

/// The whole document; it ends with a newline.
pub fn render_production(format: Format, report: &ProductionReport<'_>, style: Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        Format::Json => lines(report.summary),
        Format::Sarif => machine::sarif(report),
        Format::Junit => machine::junit(report),
        Format::Github => machine::github(report),
    }
}

/// A line for each expectation, and the summary.
fn lines(summary: &ProductionSummary) -> String {
    let expectations = summary.expectations.iter().map(|expected| json::line("expectation", expected));
    expectations.chain([json::line("summary", summary)]).map(|line| line + "\n").collect()
}

fn closing<'a>(report: &ProductionReport<'a>) -> Closing<'a> {
    let summary = report.summary;
    Closing {
        verb: summary.verb,
        verdict: summary.verdict,
        seed: summary.seed,
        warnings: &summary.warnings,
        command: report.command.to_owned(),
        sentence: sentence(summary),
        next: Some(next(report)),
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::Fails => "fails",
        Standing::CannotTellYet => "cannot tell yet",
    }
}

/// A number in the form that suits it.
fn number(quantity: Quantity, value: f64) -> String {
    match quantity {
        Quantity::Share if value < 0.0 => format!("-{}", percent(-value)),
        Quantity::Share => percent(value),
        Quantity::Count => format!("{}", (value * 10.0).round() / 10.0),
        Quantity::PerUnit if value.abs() < 100.0 => format!("{value:.2}"),
        Quantity::PerUnit => format!("{value:.0}"),
    }
}

/// What was seen, and how sure that is: `90.8 % (90.2 % to 91.3 %)`.
fn seen(expected: &Expected) -> String {
    let show = |value| number(expected.quantity, value);
    let Some(value) = expected.value else { return "nothing seen".to_owned() };
    match (expected.quantity, expected.low, expected.high) {
        (Quantity::Count, _, Some(high)) if value == 0.0 => format!("0 (at most {} expected)", show(high)),
        (_, Some(low), Some(high)) => format!("{} ({} to {})", show(value), show(low), show(high)),
        (_, Some(low), None) => format!("{} (at least {})", show(value), show(low)),
        _ => format!("{} in every unit", show(value)),
    }
}

/// Of what it was seen.
fn basis(expected: &Expected) -> String {
    let whole = |number: f64| count(number.max(0.0).round() as u64);
    let plain = |number: f64| if number.fract() == 0.0 { whole(number) } else { format!("{number:.2}") };
    let units = format!("{} units", count(expected.units));
    match (expected.before, expected.after) {
        (Some(before), Some(after)) => format!("{} before, {} after; {units}", plain(before), plain(after)),
        _ => units,
    }
}

/// The answer in a sentence.
fn sentence(summary: &ProductionSummary) -> String {
    let of = |wanted| summary.expectations.iter().filter(|expected| expected.standing == wanted).count();
    let all = summary.expectations.len();
    let (fail, open) = (of(Standing::Fails), of(Standing::CannotTellYet));
    let sure = crate::quantity::confidence(summary.confidence);
    let open_too = if open > 0 { format!("; of {open} it cannot be told yet") } else { String::new() };
    match (fail, open) {
        (0, 0) if all == 1 => format!("as expected: what was expected holds, at {sure} confidence"),
        (0, 0) => format!("as expected: all {all} expectations hold, each at {sure} confidence"),
        (0, _) => format!(
            "inconclusive, which is not a pass: of {open} of {all} expectations it cannot be told yet"
        ),
        _ => {
            format!("not as expected: {fail} of {all} expectations fail, each at {sure} confidence{open_too}")
        }
    }
}

/// What to type next, and when.
fn next(report: &ProductionReport<'_>) -> String {
    let later = report.summary.expectations.iter().filter_map(|expected| expected.look_again.as_ref()).max();
    match later {
        Some(moment) => format!("from {moment} on: {}", report.command),
        None => report.command.to_owned(),
    }
}
