//! What the C++ runtimes, libstdc++ and libc++, say before they abort.

use crate::pattern::pattern;
use crate::report::{Report, text};
use crate::text::Line;
use crate::varying::slug;

pattern! { THROWN = r"^terminate called after throwing an instance of '(.+)'$" }
pattern! { WHAT = r"^  what\(\):  ?(.*)$" }
pattern! { OTHER = r"^terminate called (without an active exception|recursively)$" }
pattern! { LIBCXX = r"^libc\+\+abi(?:\.dylib)?: (?:terminating (?:due to|with) (?:an )?uncaught exception of type (?P<type>[^:\s](?:[^:]|::)*?)(?:: (?P<what>.*))?|terminating(?: .*)?|terminate_handler .*)$" }
pattern! { PURE = r"^(?:pure virtual method called|libc\+\+abi(?:\.dylib)?: [Pp]ure virtual function called!)$" }

/// `std::terminate`, and calls of what has no body.
pub(crate) fn abort(lines: &[Line<'_>]) -> Option<Report> {
    let line = text(lines, 0);
    if let Some(thrown) = THROWN.captures(line) {
        let what = WHAT.captures(text(lines, 1));
        let report = uncaught(&thrown[1], what.as_ref().map(|what| &what[1]));
        return Some(report.with(Vec::new(), if what.is_some() { 2 } else { 1 }));
    }
    if PURE.is_match(line) {
        let terminates = OTHER.is_match(text(lines, 1));
        let report = Report::line("cpp-pure-virtual-call", "C++: a pure virtual method was called");
        return Some(report.with(Vec::new(), if terminates { 2 } else { 1 }));
    }
    if let Some(other) = OTHER.captures(line) {
        return Some(Report::line("cpp-terminate", format!("C++: terminate called {}", &other[1])));
    }
    let libcxx = LIBCXX.captures(line)?;
    Some(match libcxx.name("type") {
        Some(thrown) => uncaught(thrown.as_str(), libcxx.name("what").map(|what| what.as_str())),
        None => Report::line("cpp-terminate", "C++: terminate called"),
    })
}

fn uncaught(thrown: &str, what: Option<&str>) -> Report {
    let words = what.map(|what| format!(": {what}")).unwrap_or_default();
    Report::line(format!("cpp-{}", slug(thrown)), format!("C++: uncaught {thrown}{words}"))
}
