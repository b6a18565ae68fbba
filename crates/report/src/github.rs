//! GitHub workflow commands: `::error file=…,line=…,title=…::message`.
//!
//! The escapes are those of the Actions toolkit's `command.ts`: a message escapes `%`, carriage return and
//! newline, a property also `:` and `,`.

use jostle_model::{Finding, Frame, Place};

use crate::closing::Closing;
use crate::{Run, rule, verdict, wording};

/// The findings of a watch.
pub(crate) fn render(run: &Run<'_>) -> String {
    document(&verdict::closing(run), run.findings.iter().map(finding))
}

/// What was found, one annotation each, then the warnings, and one for the verdict.
pub(crate) fn document(closing: &Closing<'_>, found: impl Iterator<Item = String>) -> String {
    let warnings = closing.warnings().map(|text| command("warning", &[], &text));
    found.chain(warnings).chain([verdict(closing)]).map(|line| line + "\n").collect()
}

fn verdict(closing: &Closing<'_>) -> String {
    let name = if closing.is_inconclusive() { "warning" } else { "notice" };
    let next = closing.next.as_ref().map(|next| format!("\nnext: {next}")).unwrap_or_default();
    command(name, &[("title", format!("jostle {}", closing.verb))], &format!("{}{next}", closing.sentence))
}

fn finding(finding: &Finding) -> String {
    let mut properties = finding.places.first().map_or_else(Vec::new, location);
    properties.push(("title", format!("{}: {}", finding.rule.name(), wording::title(finding))));
    command(rule::level(finding).name(), &properties, &message(finding))
}

fn location(place: &Place) -> Vec<(&'static str, String)> {
    let (file, line) = match (&place.snippet, place.shown_frame()) {
        (Some(snippet), _) => (Some(&snippet.file), Some(snippet.line)),
        (None, Some(frame)) => (frame.file.as_ref(), frame.line),
        (None, None) => (None, None),
    };
    let file = file.map(|file| ("file", wording::whole(file)));
    let line = line.filter(|_| file.is_some()).map(|line| ("line", line.to_string()));
    file.into_iter().chain(line).collect()
}

/// Each side with its place, since an annotation stands at one of them only, and what was measured.
fn message(finding: &Finding) -> String {
    let places = finding.places.iter().enumerate().take(wording::sides(finding));
    let sides = places.map(|(index, place)| side(finding, index, place));
    let measured = wording::measured(finding).into_iter().chain([format!("id {}", finding.id)]);
    sides.chain(measured).collect::<Vec<_>>().join("\n")
}

fn side(finding: &Finding, index: usize, place: &Place) -> String {
    let deed = wording::deed(finding, index);
    let Some(position) = wording::position(place) else { return deed };
    match place.shown_frame() {
        Some(Frame { function: Some(_), .. }) => format!("{position}, in {}: {deed}", wording::label(place)),
        _ => format!("{position}: {deed}"),
    }
}

pub(crate) fn command(name: &str, properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{name}{space}{}::{}", properties.join(","), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_property_is_escaped() {
        let line = command("error", &[("file", "a,b:c%.go".to_owned())], "50 %\nof it: all");
        assert_eq!(line, "::error file=a%2Cb%3Ac%25.go::50 %25%0Aof it: all");
    }
}
