//! What became of a trial.

use jostle_model::{ExitStatus, Failure, Outcome, Rule, Signature};
use jostle_watch::Ended;

/// How much of the output is kept of a failure that nothing in it explains.
const LAST_WORDS: usize = 4 << 10;

/// The outcome of a run that wrote `written`, and in it perhaps a line that says that it has failed.
pub(crate) fn of(ended: &Ended, failing_line: Option<String>, written: &[u8]) -> Outcome {
    if ended.timed_out {
        return Outcome::Hung(hang(ended, written));
    }
    let crash = ended.findings.iter().find(|finding| finding.rule == Rule::Crash);
    let told = jostle_symptoms::diagnose(written, ended.status, crash);
    match (told, failing_line) {
        (Some(failure), _) => Outcome::Failed(failure),
        (None, Some(line)) => Outcome::Failed(Failure {
            signature: Signature {
                kind: "line".to_owned(),
                exact: format!("line: {}", without_numbers(&line)),
            },
            title: line,
            details: last_words(written),
        }),
        (None, None) => ended_badly(ended.status, written).map_or(Outcome::Passed, Outcome::Failed),
    }
}

fn hang(ended: &Ended, written: &[u8]) -> Failure {
    match ended.findings.iter().find(|finding| finding.rule == Rule::Hang) {
        Some(finding) => jostle_symptoms::of_finding(finding),
        None => Failure {
            signature: Signature { kind: "hang".to_owned(), exact: "hang".to_owned() },
            title: "it had not ended when its time was up".to_owned(),
            details: last_words(written),
        },
    }
}

fn ended_badly(status: ExitStatus, written: &[u8]) -> Option<Failure> {
    let (kind, title) = match status {
        ExitStatus::Code(0) | ExitStatus::Running => return None,
        ExitStatus::Code(code) => (format!("exit-{code}"), format!("it exited with code {code}")),
        ExitStatus::Signal(signal) => (format!("signal-{signal}"), format!("signal {signal} ended it")),
    };
    let signature = Signature { exact: kind.clone(), kind };
    Some(Failure { signature, title, details: last_words(written) })
}

fn last_words(written: &[u8]) -> String {
    String::from_utf8_lossy(&written[written.len().saturating_sub(LAST_WORDS)..]).into_owned()
}

/// A line with each number as one digit: counts differ from run to run.
fn without_numbers(line: &str) -> String {
    let mut text = String::new();
    for next in line.chars() {
        match next {
            digit if digit.is_ascii_digit() && text.ends_with('0') => {}
            digit if digit.is_ascii_digit() => text.push('0'),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ended(status: ExitStatus) -> Ended {
        Ended { status, timed_out: false, elapsed: Duration::ZERO, findings: Vec::new(), left_behind: 0 }
    }

    #[test]
    fn a_clean_end_passes_and_another_code_fails() {
        assert_eq!(of(&ended(ExitStatus::Code(0)), None, b"all well\n"), Outcome::Passed);
        let failed = of(&ended(ExitStatus::Code(3)), None, b"oh no\n");
        assert_eq!(failed.failure().map(|failure| failure.signature.kind.as_str()), Some("exit-3"));
    }

    #[test]
    fn a_line_that_says_so_fails_whatever_the_code() {
        let one = of(&ended(ExitStatus::Code(0)), Some("ops 48000, wrong 3".to_owned()), b"");
        let other = of(&ended(ExitStatus::Code(0)), Some("ops 9, wrong 17".to_owned()), b"");
        let exact = |outcome: &Outcome| outcome.failure().map(|failure| failure.signature.exact.clone());
        assert_eq!(exact(&one).as_deref(), Some("line: ops 0, wrong 0"));
        assert_eq!(exact(&one), exact(&other));
    }
}
