//! What loggers and containers put in front of every line.

use regex::Regex;

use crate::pattern::pattern;

/// A line behind one more prefix.
#[derive(Debug)]
pub(crate) struct Layer<'a> {
    /// Who put the prefixes there, as far as they tell: what does not change from line to line.
    pub(crate) writer: String,
    /// What stands behind them.
    pub(crate) rest: &'a str,
}

/// Prefixes behind prefixes: a time of the journal's, a container's name, Valgrind's process.
const MOST_LAYERS: usize = 3;

pattern! {
    /// Docker Compose: `web-1  | `.
    CONTAINER = r"^([A-Za-z0-9][A-Za-z0-9_./-]{0,63}) *\|(?: |$)"
}
pattern! {
    /// `kubectl logs --prefix` and stern: `[pod/web-5d9/app] `.
    BRACKETED = r"^\[([A-Za-z][A-Za-z0-9_./-]{0,127})\](?: |$)"
}
pattern! {
    /// Dates with times as in ISO 8601 and as Go's log writes them, in brackets or not, and times alone.
    TIME = r"^\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?(?: |$)"
}
pattern! {
    /// The traditional time of syslog with the host and the process: `Nov 21 18:44:21 host app[123]: `.
    SYSLOG = r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\S{1,64} [^\s\[\]:]{1,64})(?:\[\d+\])?: ?"
}
pattern! {
    /// The container runtime interface of Kubernetes, behind its time: `stderr F `.
    CONTAINER_LOG = r"^(stdout|stderr) [FP](?: |$)"
}
pattern! {
    /// Valgrind's process id, or its thread's: `==4711== `.
    VALGRIND = r"^==\d{1,9}==(?: |$)"
}

/// Every prefix in front of `line`, one more at a time.
pub(crate) fn layers(line: &str) -> Vec<Layer<'_>> {
    let mut layers = Vec::new();
    let (mut writer, mut rest) = (String::new(), line);
    while let Some((name, behind)) = first_prefix(rest)
        && layers.len() < MOST_LAYERS
    {
        writer.push_str(&name);
        writer.push('\n');
        rest = behind;
        layers.push(Layer { writer: writer.clone(), rest });
    }
    layers
}

/// The prefix that `line` begins with: its writer, and what stands behind it.
fn first_prefix(line: &str) -> Option<(String, &str)> {
    // Most lines have none, and show it by how they begin.
    let first = *line.as_bytes().first()?;
    if !(first.is_ascii_alphanumeric() || first == b'[' || first == b'=') {
        return None;
    }
    let named: [(&Regex, &str); 6] = [
        (&VALGRIND, "valgrind"),
        (&TIME, "time"),
        (&SYSLOG, "syslog "),
        (&CONTAINER_LOG, "log "),
        (&CONTAINER, "container "),
        (&BRACKETED, "source "),
    ];
    named.iter().find_map(|(pattern, kind)| {
        let found = pattern.captures(line)?;
        let name = found.get(1).map_or("", |name| name.as_str());
        Some((format!("{kind}{name}"), &line[found[0].len()..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn stands_behind(line: &str, rest: &str) {
        let layers = layers(line);
        assert_eq!(layers.last().map(|layer| layer.rest), Some(rest), "{line}");
    }

    #[test]
    fn prefixes_of_the_usual_writers_are_taken_off() {
        stands_behind("web-1  | panic: no", "panic: no");
        stands_behind("web_1  | \t/src/a.go:1", "\t/src/a.go:1");
        stands_behind("web-1  |", "");
        stands_behind("2026-11-21T18:44:21.123456789Z panic: no", "panic: no");
        stands_behind("2026-11-21T18:44:21.123456789Z stderr F panic: no", "panic: no");
        stands_behind("[2026-11-21 18:44:21,123] panic: no", "panic: no");
        stands_behind("2026/11/21 18:44:21 panic: no", "panic: no");
        stands_behind("Nov 21 18:44:21 host app[4711]: panic: no", "panic: no");
        stands_behind("[pod/web-5d9-x2/app] panic: no", "panic: no");
        stands_behind("web-1 | 2026-11-21T18:44:21Z ==12==    at 0x1: f (a.c:1)", "   at 0x1: f (a.c:1)");
    }

    #[test]
    fn indentation_behind_a_prefix_is_kept() {
        stands_behind("web-1  |     at total (a.js:1:2)", "    at total (a.js:1:2)");
        stands_behind("2026-11-21T18:44:21Z \t/src/a.go:1", "\t/src/a.go:1");
    }

    #[test]
    fn lines_without_a_prefix_have_no_layer() {
        for line in [
            "panic: a | b",
            "    x = a | b",
            "",
            "goroutine 1 [running]:",
            "==12==ERROR: AddressSanitizer: x",
        ] {
            assert!(layers(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn what_changes_from_line_to_line_is_no_part_of_the_writer() {
        let writer = |line| layers(line).pop().map(|layer| layer.writer);
        assert_eq!(writer("2026-11-21T18:44:21Z a"), writer("2026-11-21T18:44:22.5Z b"));
        assert_eq!(writer("Nov 21 18:44:21 host app[1]: a"), writer("Nov 22 18:44:21 host app[1]: a"));
    }
}
