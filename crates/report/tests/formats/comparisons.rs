//! Matrices and verifications: what is blamed, what is not, and below which rate.

use jostle_model::{
    Cell, Charge, Cleared, Culprit, Effort, MatrixSummary, Open, Part, Proof, Rate, Ruling, Seed, Statement,
    Varied, Verdict, VerificationSummary,
};
use jostle_report::{
    Format, MatrixReport, Style, VerificationReport, render_effort, render_matrix, render_verification,
};

const PLAIN: Style = Style { color: false, width: 100 };

fn rate(events: u64, of: u64, high: f64) -> Rate {
    Rate { events, of, low: 0.0, high, confidence: 0.95 }
}

fn part(name: &str, level: Option<&str>) -> Part {
    Part { name: name.to_owned(), level: level.map(str::to_owned) }
}

/// Two versions, of which one fails where nothing is done against it; `library` is what the other layer is called.
fn matrix(library: &str) -> MatrixSummary {
    let versions = ["v1", "v2"].map(str::to_owned);
    let cell = |version: &str, rate: Rate| Cell {
        setting: vec![version.to_owned()],
        rate,
        rate_per_operation: (rate.events == 0).then_some(Rate { of: 4_000_000, high: 7.5e-7, ..rate }),
    };
    MatrixSummary {
        verb: "matrix",
        verdict: Verdict::Found,
        statement: Statement {
            implicated: vec![Culprit {
                parts: vec![part("binding", Some("v2"))],
                bare: vec![part("lock", Some("none"))],
                rate: rate(9, 40, 0.4),
            }],
            exonerated: vec![Cleared {
                name: library.to_owned(),
                rate: rate(0, 40, 0.07),
                rate_per_operation: Some(rate(0, 4_000_000, 7.5e-7)),
            }],
            inconclusive: vec![Open { name: "kernel".to_owned(), more_per_cell: Some(12) }],
            mitigated: Vec::new(),
        },
        seed: Seed(7),
        trials: 80,
        failures: 9,
        could_not_run: 0,
        trial_ms: 40_000,
        operation: "call".to_owned(),
        worth: 0.1,
        confidence: 0.95,
        factors: vec![Varied { factor: "binding".to_owned(), levels: versions.to_vec() }],
        cells: vec![cell("v1", rate(0, 40, 0.07)), cell("v2", rate(9, 40, 0.4))],
        charges: vec![Charge {
            suspect: vec![part("binding", Some("v2"))],
            with: rate(9, 40, 0.4),
            without: rate(0, 40, 0.07),
            chance: 0.0004,
            ruling: Ruling::Implicated { excess_low: 0.1, excess_high: 0.4 },
        }],
        families: Vec::new(),
        shortest: None,
        warnings: Vec::new(),
    }
}

fn told(format: Format, summary: &MatrixSummary) -> String {
    render_matrix(format, &MatrixReport { summary, file: "plan.toml", case: "" }, PLAIN)
}

#[test]
fn people_read_who_is_blamed_and_below_which_rate_others_are_not() {
    let text = told(Format::Human, &matrix("the library"));
    for line in [
        "implicated: binding v2, where lock is none\n",
        "exonerated: the library, failure rate below 7.5e-7 per call at 95 %\n",
        "inconclusive: kernel (some 12 more trials a cell)\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn what_is_inconclusive_counts_as_passed_nowhere() {
    let text = told(Format::Junit, &matrix("the library"));
    assert!(text.contains("failures=\"1\" errors=\"1\""), "{text}");
    assert!(text.contains("<testcase name=\"the library\""), "the name is the same in every run: {text}");
}

#[test]
fn a_name_in_a_plan_drives_no_terminal_and_forges_no_command() {
    let summary = matrix("lib\u{1b}[2J\n::error::forged");
    for format in [Format::Human, Format::Github, Format::Junit, Format::Sarif, Format::Json] {
        let text = told(format, &summary);
        assert!(!text.contains('\u{1b}') && !text.contains("\n::error::forged"), "{text}");
    }
}

fn verification(proof: Proof, verdict: Verdict, after: Rate) -> VerificationSummary {
    VerificationSummary {
        verb: "verify",
        verdict,
        proof,
        commands: ["./old".to_owned(), "./new".to_owned()],
        effort: Some(Effort { per_side: 299, baseline: (5, 20), residual: 0.01, confidence: 0.95 }),
        before: rate(70, 299, 0.3),
        after,
        before_per_operation: None,
        after_per_operation: None,
        operation: "request".to_owned(),
        families_before: Vec::new(),
        families_after: Vec::new(),
        new_families: Vec::new(),
        shortest: None,
        seed: Seed(7),
        warnings: Vec::new(),
    }
}

fn verified(format: Format, summary: &VerificationSummary) -> String {
    render_verification(format, &VerificationReport { summary, file: "plan.toml", case: "" }, PLAIN)
}

#[test]
fn a_fix_is_called_one_with_the_rate_that_may_be_left() {
    let fixed = verification(Proof::Fixed { chance: 1e-9 }, Verdict::NothingFound, rate(0, 299, 0.009_97));
    assert!(
        verified(Format::Human, &fixed)
            .contains("fixed: with the fix it fails in fewer than 1.0 % of trials")
    );
    assert!(verified(Format::Junit, &fixed).contains("failures=\"0\" errors=\"0\""));
}

#[test]
fn a_session_that_could_show_nothing_passes_nowhere() {
    let proof = Proof::ControlPassed { chance: 0.5 };
    let passed = verification(proof, Verdict::Inconclusive, rate(0, 299, 0.009_97));
    assert!(verified(Format::Human, &passed).contains("inconclusive: no failure with the fix"));
    assert!(verified(Format::Junit, &passed).contains("errors=\"1\""));
    assert!(verified(Format::Github, &passed).starts_with("::warning "));
}

#[test]
fn the_effort_is_said_to_people_and_to_machines() {
    let effort = Effort { per_side: 299, baseline: (5, 20), residual: 0.01, confidence: 0.95 };
    assert!(render_effort(Format::Human, &effort).starts_with("effort: 299 trials of each side"));
    assert!(render_effort(Format::Json, &effort).contains("\"kind\":\"effort\""));
    assert_eq!(render_effort(Format::Junit, &effort), "", "a document has one root");
}
