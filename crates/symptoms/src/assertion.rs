//! Failed assertions of C's `assert`.

use crate::frame::{Frame, Language};
use crate::pattern::pattern;
use crate::report::{Report, text};
use crate::text::Line;

pattern! {
    /// glibc: `program: file:line: function: Assertion `expression' failed.`
    GLIBC = r"^(?:.+?: )?(?P<file>[^:\s][^:]*):(?P<line>\d+): (?P<function>.+?): Assertion [`'](?P<expression>.*)' failed\.$"
}
pattern! {
    /// musl: `Assertion failed: expression (file: function: line)`
    MUSL = r"^Assertion failed: (?P<expression>.*) \((?P<file>[^():]+): (?P<function>[^:()]+): (?P<line>\d+)\)$"
}

/// An assertion that did not hold.
pub(crate) fn assertion(lines: &[Line<'_>]) -> Option<Report> {
    let line = text(lines, 0);
    let found = GLIBC.captures(line).or_else(|| MUSL.captures(line))?;
    // g++ gives the whole signature: `int orders::total(int)`.
    let function =
        found["function"].split('(').next().and_then(|name| name.rsplit(' ').next()).unwrap_or_default();
    let frame = Frame::new(Language::Native, function, &found["file"], Some(&found["line"]));
    let report = Report::line("c-assertion", format!("assertion failed: {}", &found["expression"]));
    Some(report.with(vec![vec![frame]], 1))
}
