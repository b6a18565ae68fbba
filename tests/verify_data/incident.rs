//! The incident behind `casebook/shared-middleware`: what its check-list says, said in one command.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::asked::{AS_EXPECTED, Asked, standings};

fn case() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../casebook/shared-middleware")
}

/// The case's plan beside the incident's data, in their own size.
fn incident(seed: u32) -> Asked {
    let plan = std::fs::read_to_string(case().join("verify.toml")).expect("the plan");
    let asked = Asked::new(&plan);
    let mut generate = Command::new("python3");
    generate.arg(case().join("production/generate")).args(["--seed", &seed.to_string(), "--csv"]);
    let made = generate.arg(asked.file("build/production")).output().expect("python3 starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    asked
}

fn number(line: &Value, key: &str) -> f64 {
    line[key].as_f64().unwrap_or_else(|| panic!("{key} in {line:#?}"))
}

#[test]
fn the_check_list_is_answered_in_one_command() {
    let asked = incident(1);
    let (code, lines) = asked.json(&["--orphans", "contaminated.csv"]);
    assert_eq!(code, Some(AS_EXPECTED), "{lines:#?}");
    assert!(standings(&lines).iter().all(|&(_, standing)| standing == "holds"), "{lines:#?}");
    let [drop, ratio, outliers, large, summary] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!((number(drop, "before"), number(drop, "after")), (25_273.0, 2_335.0));
    assert!(number(drop, "low") >= 0.9);
    assert!((1.0..=1.5).contains(&number(ratio, "low")) && number(ratio, "high") < 1.5, "{ratio:#?}");
    assert_eq!((number(outliers, "value"), number(large, "value")), (0.0, 0.0));
    // Two visitors whose cookie many people carry go on collecting sessions after the fix.
    assert_eq!(outliers["known"], 2, "{outliers:#?}");
    assert_eq!(summary["childless"]["rows_before"], 178_428);
    contaminated(&asked);
}

/// Nearly all that are listed are contaminated indeed, and all orphans are listed.
fn contaminated(asked: &Asked) {
    let column = |file: &str| {
        let text = std::fs::read_to_string(asked.file(file)).expect("a table");
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let listed: std::collections::HashSet<String> = column("contaminated.csv")
        .iter()
        .map(|line| line.split(',').next().expect("an id").to_owned())
        .collect();
    let truth = column("build/production/truth.csv");
    let orphans: Vec<&str> = (truth.iter())
        .filter(|line| line.contains(",orphan,"))
        .map(|line| line.split(',').next().expect("an id"))
        .collect();
    assert!(orphans.iter().all(|&orphan| listed.contains(orphan)));
    assert!(orphans.len() as f64 > 0.99 * listed.len() as f64, "{} of {}", orphans.len(), listed.len());
}

#[test]
fn the_published_clock_eleven_hours_late_does_not_pass() {
    let asked = incident(1);
    let plan = std::fs::read_to_string(asked.file("verify.toml")).expect("the plan");
    asked.write("verify.toml", plan.replace("2025-12-22T21:30:00Z", "2025-12-23T08:30:00Z"));
    let (_, lines) = asked.json(&[]);
    assert_ne!(standings(&lines)[0].1, "holds", "{:#?}", lines[0]);
}
