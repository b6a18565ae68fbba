//! JUnit XML: a failing test case per finding.

use std::time::Duration;

use jostle_model::{Finding, Summary, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{Run, Style, human, rule, verdict, wording};

/// The picture in a test case has nobody to colour it for, and no terminal to fit.
const PLAIN: Style = Style { color: false, width: 110 };

/// One suite, named after the verb.
pub(crate) fn render(run: &Run<'_>) -> String {
    let mut suite = TestSuite::new(format!("jostle {}", run.summary.verb));
    suite.set_time(watched(run.summary));
    suite.add_property(("seed", run.summary.seed.to_string().as_str()));
    suite.add_test_cases(run.findings.iter().map(failing));
    suite.add_test_cases(closing(run));
    suite.set_system_out(human::verdict(run, PLAIN));
    let mut report = Report::new("jostle");
    report.add_test_suite(suite);
    report.to_string().expect("a String takes every write, and no date is written")
}

fn failing(finding: &Finding) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(finding.rule.name()).set_message(wording::title(finding));
    status.set_description(format!("{}\n{}", human::finding(finding, PLAIN), rule::help(finding.rule)));
    let mut case = TestCase::new(wording::title(finding), status);
    case.set_classname(format!("jostle.{}", finding.rule.name()));
    case.add_property(("id", finding.id.to_string().as_str()));
    case
}

/// The case that stands for the verdict itself. What is not known is an error: it must not count as passed,
/// and dashboards pass over what was skipped.
fn closing(run: &Run<'_>) -> Option<TestCase> {
    let status = match run.summary.verdict {
        Verdict::Found => return None,
        Verdict::NothingFound => TestCaseStatus::success(),
        Verdict::Inconclusive => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("inconclusive").set_message(verdict::sentence(run));
            status
        }
    };
    let mut case = TestCase::new("no collision", status);
    case.set_classname(format!("jostle.{}", run.summary.verb));
    case.set_time(watched(run.summary));
    Some(case)
}

fn watched(summary: &Summary) -> Duration {
    Duration::from_millis(summary.counts.watched_ms)
}
