use crate::asked::{Asked, USAGE};
use crate::site::{Fix, PLAN, Site};

fn site(plan: &str) -> Asked {
    let asked = Asked::new(plan);
    Site::new(Fix::Real, 48).write(asked.folder());
    asked
}

/// The sessions with one line in their middle replaced.
fn with_line(line: &str) -> Asked {
    let asked = site(PLAN);
    let text = std::fs::read_to_string(asked.file("sessions.csv")).expect("sessions");
    let lines: Vec<&str> =
        text.lines().enumerate().map(|(number, old)| if number == 99 { line } else { old }).collect();
    asked.write("sessions.csv", lines.join("\n"));
    asked
}

#[test]
fn a_plan_that_is_not_there_or_no_plan_is_refused() {
    let asked = Asked::new("");
    asked.run(&[]).is_refused(USAGE, "verify verify.toml: it has neither [trials] nor [data]");
    asked.write("verify.toml", "[data\n");
    asked.run(&[]).is_refused(USAGE, "read the plan, line 1");
    std::fs::remove_file(asked.file("verify.toml")).expect("it is ours");
    asked.run(&[]).is_refused(USAGE, "read the plan verify.toml");
}

#[test]
fn a_plan_with_a_mistake_is_refused_in_its_line() {
    for (from, to, message) in [
        ("expect", "expext", "read the plan, line 4: unknown field `expext`"),
        ("< 2.0", "<", "read the expectation `ratio of new units <`: a number has to stand at its end"),
        ("drop in", "fall in", "has to stand where `fall in 24h >= 80%` does"),
        (
            "\"orphans < 5%\"",
            "\"ratio of new units > 3\"",
            "expect both `ratio of new units < 2.0` and `ratio of new units > 3`",
        ),
        ("21:30:00Z", "21:30:00", "does not say in which time zone"),
        (">= 80%", ">= 80", "is there a % missing?"),
    ] {
        let asked = site(&PLAN.replacen(from, to, 1));
        asked.run(&["--from", "."]).is_refused(USAGE, message);
    }
}

#[test]
fn data_that_are_not_there_are_told() {
    let asked = Asked::new(PLAN);
    asked.run(&[]).is_refused(USAGE, "find the data: the plan has no `from`");
    asked.run(&["--from", "nowhere"]).is_refused(USAGE, "read nowhere: No such file");
    asked.run(&["--from", "."]).is_refused(USAGE, "find the table ./sessions.csv: there is none");
}

#[test]
fn a_column_that_is_not_there_is_told_with_those_that_are() {
    let asked = site(&PLAN.replace("visitor_id", "visitor"));
    asked
        .run(&["--from", "."])
        .is_refused(USAGE, "find the column visitor in ./sessions.csv: it has id, visitor_id, created_at");
}

#[test]
fn a_ragged_line_is_told_by_its_number() {
    let told = "./sessions.csv, line 100: it has 2 fields, and the header 3";
    with_line("99,7").run(&["--from", "."]).is_refused(USAGE, told);
}

#[test]
fn a_wrong_type_is_told_by_its_line() {
    for (line, message) in [
        ("99,7,yesterday", "read the time in ./sessions.csv, line 100: `yesterday` is no time"),
        ("99,7,2025-12-20 10:00", "does not say in which time zone"),
        ("99,7,1766439000", "is a number: give the plan `epoch"),
        ("99,7,", "read the time in ./sessions.csv, line 100: it is empty"),
        (",7,2025-12-20T10:00:00Z", "read the id in ./sessions.csv, line 100: it is empty"),
    ] {
        with_line(line).run(&["--from", "."]).is_refused(USAGE, message);
    }
}

#[test]
fn a_row_that_belongs_to_nobody_is_left_out_and_told() {
    let (_, lines) = with_line("99,,2025-12-20T10:00:00Z").json(&["--from", "."]);
    let warnings = &lines.last().expect("a summary")["warnings"];
    assert_eq!(warnings[0], "1 rows belong to no unit, and were left out");
}

#[test]
fn files_of_other_kinds_are_told_with_the_way_round() {
    let asked = Asked::new(PLAN);
    asked.write("data.parquet", b"PAR1\x15\x04\x15");
    asked.run(&["--from", "data.parquet"]).is_refused(USAGE, "Parquet");
    asked.write("data.csv.gz", b"\x1f\x8b\x08\x00");
    asked.run(&["--from", "data.csv.gz"]).is_refused(USAGE, "compressed");
    asked.write("data.csv", b"");
    asked.run(&["--from", "data.csv"]).is_refused(USAGE, "empty");
    asked.write("data.csv", b"\xff\xfe\x00\x01\x02,\n\x00");
    asked.run(&["--from", "data.csv"]).is_refused(USAGE, "find the column visitor_id");
}

#[test]
fn csv_files_answer_no_sql() {
    let plan = PLAN.replace("\"orphans < 5%\"", "\"paid > 0\"")
        + "[[data.query]]\nname = \"paid\"\nafter = \"SELECT 1, 2\"\n";
    site(&plan).run(&["--from", "."]).is_refused(USAGE, "they answer no SQL");
}

#[test]
fn a_list_of_what_nobody_named_is_refused_before_anything_is_read() {
    let plan = PLAN.split("[data.children]").next().expect("a part").replace("\"orphans < 5%\",", "");
    let asked = Asked::new(&plan);
    asked
        .run(&["--from", "nowhere", "--orphans", "list.csv"])
        .is_refused(USAGE, "the plan has no [data.children]");
}
