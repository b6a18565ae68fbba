use crate::asked::{AS_EXPECTED, Asked, FOUND, INCONCLUSIVE, standings};
use crate::site::{Fix, PLAN, Site};

fn asked(fix: Fix, hours: i64) -> (Asked, Site) {
    let (asked, site) = (Asked::new(PLAN), Site::new(fix, hours));
    site.write(asked.folder());
    (asked, site)
}

#[test]
fn a_real_fix_is_as_expected() {
    let (asked, _) = asked(Fix::Real, 48);
    let (code, lines) = asked.json(&["--from", "."]);
    assert_eq!(code, Some(AS_EXPECTED), "{lines:#?}");
    assert!(standings(&lines).iter().all(|&(_, standing)| standing == "holds"), "{lines:#?}");
    let summary = lines.last().expect("a summary");
    assert_eq!((&summary["kind"], &summary["verdict"]), (&"summary".into(), &"nothing-found".into()));
}

#[test]
fn a_hub_of_before_the_fix_is_no_new_outlier() {
    let (asked, _) = asked(Fix::Real, 48);
    let (_, lines) = asked.json(&["--from", "."]);
    let outliers = &lines[2];
    assert_eq!((&outliers["value"], &outliers["known"]), (&0.0.into(), &1.into()), "{outliers:#?}");
    assert_eq!(outliers["known_outliers"][0]["most"], 24);
    assert_eq!(outliers["known_outliers"][0]["most_before"], 120);
}

#[test]
fn a_fix_that_did_nothing_fails_every_expectation() {
    let (asked, _) = asked(Fix::Void, 48);
    let (code, lines) = asked.json(&["--from", "."]);
    assert_eq!(code, Some(FOUND), "{lines:#?}");
    let failing: Vec<&str> = standings(&lines)
        .into_iter()
        .filter(|&(_, standing)| standing == "fails")
        .map(|(text, _)| text)
        .collect();
    // Made-up visitors have one session each, so the ratio never shows this bug.
    assert_eq!(failing, ["drop in 24h >= 80%", "outliers(> 10 in 24h) == 0", "orphans < 5%"]);
    assert_eq!(lines[2]["value"], 1.0);
}

#[test]
fn too_early_is_no_pass_and_says_when_to_look_again() {
    let (asked, _) = asked(Fix::Real, 6);
    let (code, lines) = asked.json(&["--from", "."]);
    assert_eq!(code, Some(INCONCLUSIVE), "{lines:#?}");
    let drop = &lines[0];
    assert_eq!(
        (&drop["standing"], &drop["look_again"]),
        (&"cannot-tell-yet".into(), &"2025-12-23T21:30:00Z".into())
    );
    assert!(drop["lacking"].as_str().is_some_and(|why| why.starts_with("of the 24h after the change only")));
    assert_eq!(lines[2]["standing"], "cannot-tell-yet", "no outliers in six hours are none in a day");
    assert!(lines[1]["look_again"].is_string(), "so few visitors: {:#?}", lines[1]);
}

#[test]
fn data_that_end_before_the_change_pass_nothing() {
    let (asked, _) = asked(Fix::Real, 0);
    let (code, lines) = asked.json(&["--from", "."]);
    assert_eq!(code, Some(INCONCLUSIVE));
    assert!(standings(&lines).iter().all(|&(_, standing)| standing == "cannot-tell-yet"), "{lines:#?}");
    let warnings = &lines.last().expect("a summary")["warnings"];
    assert!(warnings[0].as_str().is_some_and(|text| text.starts_with("all rows are from before the change")));
}

#[test]
fn the_interval_respects_who_the_rows_belong_to() {
    // The same number of rows and units; in one of them, a few units have most of the rows.
    let width = |rows_of: fn(u64) -> u64| {
        let plan = PLAN
            .split("[data.units]")
            .next()
            .expect("a part")
            .replace("\"drop in 24h >= 80%\",", "\"events > 0\",");
        let asked = Asked::new(&plan.replace("\"orphans < 5%\",", ""));
        let mut text = "id,visitor_id,created_at\n2025,before,2025-12-20T00:00:00Z\n".to_owned();
        let mut id = 0;
        for unit in 0..200 {
            for _ in 0..rows_of(unit) {
                id += 1;
                text.push_str(&format!("{id},{unit},2025-12-23T{:02}:{:02}:00Z\n", id / 60 % 24, id % 60));
            }
        }
        asked.write("sessions.csv", text);
        let (_, lines) = asked.json(&["--from", "sessions.csv"]);
        assert_eq!(lines[0]["value"], 5.0);
        lines[0]["high"].as_f64().expect("a number") - lines[0]["low"].as_f64().expect("a number")
    };
    let even = width(|unit| 4 + unit % 2 * 2);
    let uneven = width(|unit| if unit % 20 == 0 { 81 } else { 1 });
    assert!(uneven > 10.0 * even, "{even} {uneven}");
}

#[test]
fn the_same_data_and_seed_give_the_same_report() {
    let (asked, _) = asked(Fix::Real, 48);
    let [one, other] = [(); 2].map(|()| asked.run(&["--from", "."]).stdout);
    assert_eq!(one, other);
    assert!(one.contains("as expected: all 4 expectations hold, each at 95 % confidence"), "{one}");
    assert!(one.contains("next: jostle verify verify.toml --from ."), "{one}");
}

#[test]
fn rows_without_children_are_listed_for_clean_up() {
    let (asked, site) = asked(Fix::Real, 48);
    let answer = asked.run(&["--from", ".", "--orphans", "orphans.csv"]);
    assert_eq!(answer.code, Some(AS_EXPECTED), "{answer:#?}");
    let text = std::fs::read_to_string(asked.file("orphans.csv")).expect("the list");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("id,unit,time"));
    let mut listed: Vec<u64> =
        lines.map(|line| line.split(',').next().expect("an id").parse().expect("a number")).collect();
    listed.sort_unstable();
    assert_eq!(listed, site.orphans);
}

#[test]
fn every_format_has_every_expectation() {
    let (asked, _) = asked(Fix::Void, 48);
    for (format, failed) in [("junit", "<failure"), ("github", "::error "), ("sarif", "\"kind\":\"fail\"")] {
        let answer = asked.run(&["--from", ".", "--format", format]);
        assert_eq!(answer.code, Some(FOUND), "{answer:#?}");
        assert_eq!(answer.stdout.matches(failed).count(), 3, "{}", answer.stdout);
    }
}
