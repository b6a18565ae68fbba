//! JUnit XML: a failing test case per finding.

use std::time::Duration;

use jostle_model::{Finding, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::closing::Closing;
use crate::{Run, Style, human, rule, verdict, wording};

/// The findings of a watch.
pub(crate) fn render(run: &Run<'_>) -> String {
    let closing = verdict::closing(run);
    let watched = Duration::from_millis(run.summary.counts.watched_ms);
    let failed = run.findings.iter().map(|finding| {
        failing(finding, &format!("{}\n{}", human::finding(finding, Style::PLAIN), rule::help(finding.rule)))
    });
    let verdict = verdict_case(&closing, "no collision").map(|mut case| {
        case.set_time(watched);
        case
    });
    document(&closing, Some(watched), failed.chain(verdict), human::verdict(run, Style::PLAIN))
}

/// One suite, named after the verb. `told` is the report for people.
pub(crate) fn document(
    closing: &Closing<'_>,
    took: Option<Duration>,
    cases: impl IntoIterator<Item = TestCase>,
    told: String,
) -> String {
    let mut suite = TestSuite::new(format!("jostle {}", closing.verb));
    if let Some(took) = took {
        suite.set_time(took);
    }
    suite.add_property(("seed", closing.seed.to_string().as_str()));
    suite.add_test_cases(cases);
    suite.set_system_out(told);
    let mut report = Report::new("jostle");
    report.add_test_suite(suite);
    report.to_string().expect("a String takes every write, and no date is written")
}

/// A finding; `told` is what there is to read about it.
pub(crate) fn failing(finding: &Finding, told: &str) -> TestCase {
    let mut status = unmet(NonSuccessKind::Failure, finding.rule.name(), wording::title(finding));
    status.set_description(told);
    let mut case = case(finding.rule.name(), wording::title(finding), status);
    case.add_property(("id", finding.id.to_string().as_str()));
    case
}

/// The case that stands for the verdict itself where nothing was found. What is not known is an error: it must not
/// count as passed, and dashboards pass over what was skipped.
pub(crate) fn verdict_case(closing: &Closing<'_>, name: &str) -> Option<TestCase> {
    let status = match closing.verdict {
        Verdict::Found => return None,
        Verdict::NothingFound => TestCaseStatus::success(),
        Verdict::Inconclusive => unmet(NonSuccessKind::Error, "inconclusive", closing.sentence.clone()),
    };
    Some(case(closing.verb, name.to_owned(), status))
}

/// A case in the class of a verb or of a rule.
pub(crate) fn case(class: &str, name: String, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("jostle.{class}"));
    case
}

/// Failed, or not known.
pub(crate) fn unmet(kind: NonSuccessKind, what: &str, message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(what).set_message(message);
    status
}
