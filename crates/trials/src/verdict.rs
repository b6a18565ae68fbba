//! What became of a trial.

use jostle_model::{ExitStatus, Failure, Outcome, Rule, Signature};
use jostle_symptoms::{diagnose, of_crash, of_finding};
use jostle_watch::Ended;

/// How much of the output is kept of a failure that a line tells.
const LAST_WORDS: usize = 4 << 10;

/// The outcome of a run that wrote `written`, and in it perhaps a line that says that it has failed.
pub(crate) fn of(ended: &Ended, failing_line: Option<String>, written: &[u8]) -> Outcome {
    if ended.timed_out {
        return Outcome::Hung(hang(ended, written));
    }
    let crash = ended.findings.iter().find(|finding| finding.rule == Rule::Crash);
    let told = crash.map(|crash| of_crash(crash, written)).or_else(|| diagnose(written, ended.status));
    match (told, failing_line) {
        // An exit code says that something is wrong, a line says what.
        (Some(failure), Some(line)) if says_little(&failure, ended.status) => {
            Outcome::Failed(of_line(line, written))
        }
        (Some(failure), _) => Outcome::Failed(failure),
        (None, Some(line)) => Outcome::Failed(of_line(line, written)),
        (None, None) => Outcome::Passed,
    }
}

fn says_little(failure: &Failure, status: ExitStatus) -> bool {
    matches!(status, ExitStatus::Code(code) if failure.signature.kind == format!("exit-code-{code}"))
}

fn of_line(line: String, written: &[u8]) -> Failure {
    let last = &written[written.len().saturating_sub(LAST_WORDS)..];
    Failure {
        signature: Signature { kind: "line".to_owned(), exact: format!("line: {}", without_numbers(&line)) },
        title: line,
        details: String::from_utf8_lossy(last).into_owned(),
    }
}

fn hang(ended: &Ended, written: &[u8]) -> Failure {
    let stacks = ended.findings.iter().find(|finding| finding.rule == Rule::Hang);
    stacks.map(of_finding).or_else(|| diagnose(written, ExitStatus::Running)).unwrap_or_else(|| Failure {
        signature: Signature { kind: "hang".to_owned(), exact: "hang".to_owned() },
        title: "it had not ended when its time was up".to_owned(),
        details: String::new(),
    })
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

    fn kind(outcome: &Outcome) -> Option<&str> {
        outcome.failure().map(|failure| failure.signature.kind.as_str())
    }

    #[test]
    fn a_clean_end_passes_and_another_code_fails() {
        assert_eq!(of(&ended(ExitStatus::Code(0)), None, b"all well\n"), Outcome::Passed);
        assert_eq!(kind(&of(&ended(ExitStatus::Code(3)), None, b"oh no\n")), Some("exit-code-3"));
    }

    #[test]
    fn a_line_that_says_so_fails_whatever_the_code() {
        let one = of(&ended(ExitStatus::Code(0)), Some("ops 48000, wrong 3".to_owned()), b"");
        let other = of(&ended(ExitStatus::Code(1)), Some("ops 9, wrong 17".to_owned()), b"");
        let exact = |outcome: &Outcome| outcome.failure().map(|failure| failure.signature.exact.clone());
        assert_eq!(exact(&one).as_deref(), Some("line: ops 0, wrong 0"));
        assert_eq!(exact(&one), exact(&other));
    }

    #[test]
    fn a_report_says_more_than_a_line() {
        let written = b"ops 4, wrong 1\nfree(): double free detected in tcache 2\n";
        let outcome = of(&ended(ExitStatus::Signal(6)), Some("ops 4, wrong 1".to_owned()), written);
        assert_ne!(kind(&outcome), Some("line"));
    }

    #[test]
    fn a_hang_without_stacks_is_a_hang() {
        let ended = Ended { timed_out: true, ..ended(ExitStatus::Signal(9)) };
        let outcome = of(&ended, None, b"");
        assert!(matches!(&outcome, Outcome::Hung(failure) if !failure.title.is_empty()));
    }
}
