//! GitHub workflow commands: `::error file=…,line=…,title=…::message`.
//!
//! The escapes are those of the Actions toolkit's `command.ts`: a message escapes `%`, carriage return and
//! newline, a property also `:` and `,`.

use jostle_model::{Finding, Frame, Place, Verdict};

use crate::{Run, next, printable, rule, verdict, wording};

/// One annotation per finding, and one for the verdict.
pub(crate) fn render(run: &Run<'_>) -> String {
    let findings = run.findings.iter().map(finding);
    let warnings = run.summary.warnings.iter().map(|text| command("warning", &[], &printable::line(text)));
    findings.chain(warnings).chain([closing(run)]).map(|line| line + "\n").collect()
}

fn finding(finding: &Finding) -> String {
    let mut properties = finding.places.first().map_or_else(Vec::new, location);
    properties.push(("title", format!("{}: {}", finding.rule.name(), wording::title(finding))));
    command(level(finding), &properties, &message(finding))
}

fn level(finding: &Finding) -> &'static str {
    match rule::level(finding) {
        rule::Level::Error => "error",
        rule::Level::Warning => "warning",
    }
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

fn closing(run: &Run<'_>) -> String {
    let name = match run.summary.verdict {
        Verdict::Found | Verdict::NothingFound => "notice",
        Verdict::Inconclusive => "warning",
    };
    let title = [("title", format!("jostle {}", run.summary.verb))];
    command(name, &title, &format!("{}\nnext: {}", verdict::sentence(run), next::command(run)))
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
