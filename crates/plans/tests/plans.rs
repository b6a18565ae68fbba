//! Plans as people write them, and with every mistake that they make.

use std::time::Duration;

use jostle_plans::{Duel, Matrix, Pilot, PlanError};

const SWAPPED: &str = include_str!("../../../casebook/swapped-returns/matrix.toml");
const FIRST_FIX: &str = include_str!("../../../casebook/shared-middleware/verify-first-fix.toml");

/// A plan that is right; tests break a line of it.
const SMALL: &str = r#"[trial]
command = "./service --version {version} --threads {threads}"
[oracle]
fail_on = "wrong [1-9]"
timeout = "5s"
[budget]
trials = 20
[[factor]]
name = "version"
levels = ["v1", "v2", "v3"]
[[factor]]
name = "threads"
levels = ["1", "8"]
"#;

const VERIFY: &str = r#"[trials]
before = "./service-old 1"
after = "./service-new 1"
[oracle]
fail_on = "wrong [1-9]"
"#;

fn matrix(text: &str) -> Matrix {
    Matrix::read(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The plan with a line in the place of another, and what is said about it.
#[track_caller]
fn complaint(old: &str, new: &str) -> PlanError {
    assert!(SMALL.contains(old), "the plan has {old}");
    Matrix::read(&SMALL.replacen(old, new, 1)).expect_err("something is wrong with it")
}

#[track_caller]
fn said(old: &str, new: &str, line: usize, words: &[&str]) {
    let error = complaint(old, new);
    let told = error.to_string();
    assert!(words.iter().all(|word| told.contains(word)), "{told}");
    assert_eq!(error.line, line, "{told}");
    assert!(!told.contains('\n'), "one line: {told}");
}

#[test]
fn the_incidents_matrix_has_27_cells_and_knows_what_drivers_are_made_of() {
    let plan = matrix(SWAPPED);
    assert_eq!(plan.cells.len(), 27);
    assert_eq!(plan.oracle.operation, "call");
    assert_eq!(plan.budget.duration, Some(Duration::from_secs(480)));
    let driver = &plan.factors[0];
    let layers: Vec<(&str, &[bool])> =
        driver.layers.iter().map(|layer| (layer.name.as_str(), layer.present.as_slice())).collect();
    assert_eq!(layers, [("purego", &[false, true, true][..]), ("the Rust library", &[true, false, true])]);
    assert_eq!(plan.factors[2].without, Some(0));
    let run = plan.run(&[2, 1, 1]);
    assert_eq!(run.command, ["./run", "go-client@v0.9.1+mutex", "1.5"]);
    let prepare = run.prepare.expect("builds");
    assert_eq!(prepare.last().map(String::as_str), Some("build/client-v0.9.1-mutex"));
    assert_eq!(plan.run(&[0, 0, 0]).command[2], "0.5", "a level has a command of its own");
}

#[test]
fn the_last_factor_changes_fastest() {
    let plan = matrix(SMALL);
    assert_eq!(plan.cells, [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]]);
    let words: Vec<_> = plan.words(&[2, 1]).collect();
    assert_eq!(words, [("version", "v3"), ("threads", "8")]);
}

#[test]
fn what_is_excluded_is_not_tried() {
    let excluding = format!("{SMALL}[[exclude]]\nversion = [\"v1\", \"v2\"]\nthreads = \"1\"\n");
    assert_eq!(matrix(&excluding).cells, [[0, 1], [1, 1], [2, 0], [2, 1]]);
}

#[test]
fn near_the_reference_means_so_many_changes_of_it() {
    let text = "near = 1\n".to_owned() + SMALL + "[reference]\nversion = \"v2\"\nthreads = \"8\"\n";
    assert_eq!(matrix(&text).cells, [[0, 1], [1, 0], [1, 1], [2, 1]]);
}

#[test]
fn levels_add_to_the_environment_and_the_later_factor_has_the_last_word() {
    let text = SMALL.replace(
        "levels = [\"v1\", \"v2\", \"v3\"]",
        "levels = [\"v1\", \"v2\", \"v3\"]\n[factor.level.v2]\nenvironment = { GOGC = \"1\", LIB = \"lib-{version}.so\" }",
    );
    let run = matrix(&text).run(&[1, 0]);
    assert_eq!(run.environment.get("LIB").map(String::as_str), Some("lib-v2.so"));
    assert!(matrix(&text).run(&[0, 0]).environment.is_empty());
}

#[test]
fn a_bisection_goes_over_one_factor_with_the_others_settled() {
    let text =
        SMALL.to_owned() + "[reference]\nversion = \"v2\"\nthreads = \"8\"\n[bisect]\nfactor = \"version\"\n";
    let plan = matrix(&text);
    let range = plan.bisect.expect("asked for");
    assert_eq!(plan.range(range), [[0, 1], [1, 1], [2, 1]]);
    assert_eq!(plan.whole_range("threads").map(|range| range.factor), Some(1));
    assert_eq!(matrix(SMALL).whole_range("threads"), None, "the version is not settled");
}

#[test]
fn a_factor_of_one_level_is_refused_where_it_stands() {
    said("[\"1\", \"8\"]", "[\"1\"]", 13, &["threads", "one level"]);
    said("[\"1\", \"8\"]", "[]", 13, &["threads", "no level"]);
    said("[\"1\", \"8\"]", "[\"1\", \"1\"]", 13, &["threads", "twice"]);
}

#[test]
fn a_level_that_is_not_there_is_named_with_those_that_are() {
    said("[\"1\", \"8\"]", "[\"1\", \"8\"]\nwithout = \"0\"", 14, &["`0`", "1, 8"]);
    said("[\"1\", \"8\"]", "[\"1\", \"8\"]\n[[exclude]]\nversion = \"v9\"", 15, &["`v9`", "v1, v2, v3"]);
    said(
        "[\"1\", \"8\"]",
        "[\"1\", \"8\"]\n[[exclude]]\ncolour = \"red\"",
        15,
        &["`colour`", "version, threads"],
    );
    said("[\"1\", \"8\"]", "[\"1\", \"8\"]\n[factor.level.16]\ncommand = \"x\"", 14, &["`16`"]);
    said("[\"1\", \"8\"]", "[\"1\", \"8\"]\nlayers.locks = [\"16\"]", 14, &["`16`"]);
    said("[\"1\", \"8\"]", "[\"1\", \"8\"]\n[reference]\nversion = \"v1\"\nthreads = \"2\"", 16, &["`2`"]);
}

#[test]
fn unknown_keys_are_refused_where_they_stand() {
    said("timeout = \"5s\"", "time_out = \"5s\"", 5, &["time_out", "timeout"]);
    said("[budget]", "[budgets]", 6, &["budgets"]);
}

#[test]
fn what_cannot_be_read_is_refused_where_it_stands() {
    said("wrong [1-9]", "wrong [1-9", 4, &["regular expression", "unclosed"]);
    said("timeout = \"5s\"", "timeout = \"soon\"", 5, &["soon", "30s"]);
    said("timeout = \"5s\"", "timeout = 5", 5, &["string"]);
    said("trials = 20", "trials = 0", 7, &["at least 1"]);
    said("trials = 20", "trials = -3", 7, &["-3"]);
    said("trials = 20", "trials = 20\njobs = 100000", 8, &["jobs", "1024"]);
    said("[[factor]]", "[judge]\nworth = \"200%\"\n[[factor]]", 9, &["200%", "between"]);
    said("[[factor]]", "[judge]\nconfidence = \"5%\"\n[[factor]]", 9, &["5%", "one half"]);
    said("levels = [\"v1\"", "levels = [\"v1", 10, &[]);
}

#[test]
fn a_command_is_there_can_be_split_and_names_nothing_unknown() {
    said(
        "command = \"./service --version {version}",
        "command = \"./service --version {vresion}",
        2,
        &["{vresion}", "version, threads, seed"],
    );
    said("./service --version {version}", "./service 'unclosed {version}", 2, &["quotation"]);
    said("./service --version {version} --threads {threads}", "  ", 2, &["no command"]);
    said("command = \"./service", "comand = \"./service", 2, &["comand"]);
    said("[trial]\ncommand = \"./service --version {version} --threads {threads}\"\n", "", 1, &["trial"]);
}

#[test]
fn a_factor_that_changes_nothing_is_refused() {
    said(" --threads {threads}", "", 12, &["threads changes nothing", "{threads}"]);
}

#[test]
fn what_makes_no_difference_would_be_exonerated_whatever_it_is() {
    // A build in place: each level would overwrite what the one before has built.
    let text = SMALL.replace(" --threads {threads}", "").replace(
        "levels = [\"1\", \"8\"]",
        "levels = [\"1\", \"8\"]\n[factor.level.8]\nprepare = \"make threads=8\"",
    );
    let told = Matrix::read(&text).expect_err("the same command twice").to_string();
    assert!(told.contains("same command") && told.contains("threads 8"), "{told}");
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    let with =
        |tail: &str| Matrix::read(&(SMALL.to_owned() + tail)).expect_err("contradicts itself").to_string();
    let told = with("[[exclude]]\nthreads = \"1\"\n");
    assert!(told.contains("level 1 of threads is excluded"), "{told}");
    let told = with(
        "[reference]\nversion = \"v1\"\nthreads = \"1\"\n[[exclude]]\nversion = \"v1\"\nthreads = \"1\"\n",
    );
    assert!(told.contains("reference is one of the settings that are excluded"), "{told}");
    let told = with("[reference]\nversion = \"v1\"\n");
    assert!(told.contains("which level of threads"), "{told}");
    let told = with("[bisect]\nfactor = \"version\"\n");
    assert!(told.contains("[reference]"), "{told}");
    let told = with(
        "[reference]\nversion = \"v1\"\nthreads = \"1\"\n[bisect]\nfactor = \"version\"\nfrom = \"v3\"\nto = \"v1\"\n",
    );
    assert!(told.contains("oldest first"), "{told}");
    let told = with("layers.new = [\"1\", \"8\"]\n");
    assert!(told.contains("in every level"), "{told}");
    let told = Matrix::read(&("near = 1\n".to_owned() + SMALL)).expect_err("no reference").to_string();
    assert!(told.contains("there is no [reference]"), "{told}");
    let told = with("[[exclude]]\n");
    assert!(told.contains("would exclude everything"), "{told}");
}

#[test]
fn levels_made_of_the_same_layers_cannot_be_told_apart() {
    said(
        "[\"v1\", \"v2\", \"v3\"]",
        "[\"v1\", \"v2\", \"v3\"]\nlayers.new = [\"v2\", \"v3\"]",
        10,
        &["v2", "v3", "same layers"],
    );
}

#[test]
fn names_are_taken_once_and_not_from_trials() {
    said("name = \"threads\"", "name = \"version\"", 12, &["two factors called version"]);
    said("name = \"threads\"", "name = \"seed\"", 12, &["seed", "own"]);
    said("name = \"threads\"", "name = \"number of threads\"", 12, &["letters"]);
}

#[test]
fn a_plan_without_a_factor_compares_nothing() {
    let text = SMALL.split("[[factor]]").next().unwrap_or_default();
    let told = Matrix::read(text).expect_err("no factor").to_string();
    assert!(told.contains("factor"), "{told}");
    let told = Matrix::read(&format!("factor = []\n{text}")).expect_err("no factor").to_string();
    assert!(told.contains("nothing to compare"), "{told}");
}

#[test]
fn a_million_cells_are_refused() {
    let levels: Vec<String> = (0..200).map(|level| format!("\"{level}\"")).collect();
    let text = SMALL
        .replace("\"1\", \"8\"", &levels.join(", "))
        .replace("\"v1\", \"v2\", \"v3\"", &levels.join(", "));
    let told = Matrix::read(&text).expect_err("40,000 cells").to_string();
    assert!(told.contains("40000") && told.contains("near"), "{told}");
}

#[test]
fn a_verification_has_two_sides() {
    let duel = Duel::read(FIRST_FIX).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((duel.residual, duel.pilot), (0.02, Pilot::ToBeRun));
    assert_eq!(duel.sides[1].command, ["./run", "first-fix", "0.3"]);
    let known =
        Duel::read(&VERIFY.replace("[oracle]", "baseline = { failures = 5, trials = 200 }\n[oracle]"));
    assert_eq!(known.map(|duel| duel.pilot), Ok(Pilot::Known { failures: 5, trials: 200 }));
}

#[test]
fn a_verification_that_cannot_be_is_refused_where_it_stands() {
    let said = |old: &str, new: &str| {
        assert!(VERIFY.contains(old));
        Duel::read(&VERIFY.replacen(old, new, 1)).expect_err("wrong").to_string()
    };
    assert!(
        said("service-new", "service-old").contains("line 3")
            && said("service-new", "service-old").contains("same command")
    );
    assert!(said("after = \"./service-new 1\"\n", "").contains("after"));
    assert!(said("[oracle]", "residual = \"0%\"\n[oracle]").contains("0%"));
    assert!(
        said("[oracle]", "baseline = { failures = 9, trials = 5 }\n[oracle]").contains("9 failures in 5")
    );
    assert!(
        said("[oracle]", "baseline = { failures = 0, trials = 5 }\n[oracle]").contains("without a failure")
    );
    assert!(said("./service-old 1", "./service-{version} 1").contains("{version}"));
    assert!(said("[oracle]", "beofre = 1\n[oracle]").contains("beofre"));
}
