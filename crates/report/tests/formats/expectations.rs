//! What production data tell, in every format.

use jostle_model::{Childless, Expected, Outlier, ProductionSummary, Quantity, Standing, Verdict};
use jostle_report::{Format, ProductionReport, Style, render_production};

const PLAIN: Style = Style { color: false, width: 100 };

fn expected(text: &str, standing: Standing, quantity: Quantity, numbers: [f64; 3]) -> Expected {
    let [value, low, high] = numbers;
    Expected {
        expectation: text.to_owned(),
        standing,
        quantity,
        value: Some(value),
        low: Some(low),
        high: Some(high),
        units: 26_784,
        before: None,
        after: None,
        lacking: None,
        look_again: None,
        chance_if_unchanged: None,
        outliers: Vec::new(),
        known_outliers: Vec::new(),
        known: None,
    }
}

fn summary(name: &str) -> ProductionSummary {
    let drop = Expected {
        before: Some(25_273.0),
        after: Some(2_335.0),
        ..expected("drop in 24h >= 90%", Standing::Holds, Quantity::Share, [0.9076, 0.9033, 0.9116])
    };
    let ratio = Expected {
        lacking: Some("the interval has the limit in it".to_owned()),
        look_again: Some("2025-12-26T09:00:00Z".to_owned()),
        ..expected("ratio of new units < 1.2", Standing::CannotTellYet, Quantity::PerUnit, [1.2, 1.18, 1.22])
    };
    let outlier = |most_before| Outlier { unit: name.to_owned(), most: 31, most_before };
    let outliers = Expected {
        outliers: vec![outlier(0)],
        known_outliers: vec![outlier(1530)],
        known: Some(1),
        ..expected("outliers(> 10 in 24h) == 0", Standing::Fails, Quantity::Count, [1.0, 0.03, 5.57])
    };
    ProductionSummary {
        verb: "verify",
        verdict: Verdict::Found,
        seed: 1,
        source: name.to_owned(),
        changed: "2025-12-22T21:30:00Z".to_owned(),
        first: Some("2025-12-15T21:30:01Z".to_owned()),
        until: Some("2025-12-24T21:29:41Z".to_owned()),
        rows: 183_159,
        units: 175_400,
        confidence: 0.95,
        expectations: vec![drop, ratio, outliers],
        childless: Some(Childless { before: 161_900, rows_before: 178_428, after: 95, rows_after: 4_731 }),
        warnings: vec!["7 rows belong to no unit, and were left out".to_owned()],
    }
}

fn rendered(format: Format, name: &str) -> String {
    let summary = summary(name);
    render_production(
        format,
        &ProductionReport { summary: &summary, command: "jostle verify plan.toml" },
        PLAIN,
    )
}

#[test]
fn people_read_each_expectation_and_then_the_verdict() {
    let text = rendered(Format::Human, "visitor 7");
    let wanted = "\
holds            drop in 24h >= 90%          90.8 % (90.3 % to 91.2 %)
                 25,273 before, 2,335 after; 26,784 units
cannot tell yet  ratio of new units < 1.2    1.20 (1.18 to 1.22)
                 26,784 units
                 the interval has the limit in it; look again from 2025-12-26T09:00:00Z on
fails            outliers(> 10 in 24h) == 0  1 (0 to 5.6)
                 26,784 units
                 visitor 7: 31 (0 before)
                 not counted, for before the change they were so already: 1
                   visitor 7: 31 (1,530 before)

without children: before the change 161,900 of 178,428 rows (90.7 %), after it 95 of 4,731 rows (2.0 %)
  to clean up, list them: add --orphans FILE

not as expected: 1 of 3 expectations fail, each at 95 % confidence; of 1 it cannot be told yet
note: 7 rows belong to no unit, and were left out
183,159 rows of 175,400 units in visitor 7, from 2025-12-15T21:30:01Z to 2025-12-24T21:29:41Z; changed \
2025-12-22T21:30:00Z; intervals at 95 %, seed 1
next: from 2025-12-26T09:00:00Z on: jostle verify plan.toml
";
    assert_eq!(text, wanted);
}

#[test]
fn what_cannot_be_told_counts_as_passed_nowhere() {
    let junit = rendered(Format::Junit, "visitor");
    assert!(
        junit.contains(r#"tests="3""#)
            && junit.contains(r#"failures="1""#)
            && junit.contains(r#"errors="1""#),
        "{junit}"
    );
    let github = rendered(Format::Github, "visitor");
    assert!(github.contains("::warning title=cannot tell yet%3A ratio of new units < 1.2::"), "{github}");
    let sarif = rendered(Format::Sarif, "visitor");
    assert!(sarif.contains(r#""kind":"open""#) && sarif.contains(r#""kind":"fail""#), "{sarif}");
}

#[test]
fn what_stands_in_the_data_drives_no_terminal() {
    for format in [Format::Human, Format::Json, Format::Sarif, Format::Junit, Format::Github] {
        let text = rendered(format, "visitor\x1b[2J\u{202e}7");
        assert!(!text.contains('\x1b') && !text.contains('\u{202e}'), "{format}: {text}");
    }
}
