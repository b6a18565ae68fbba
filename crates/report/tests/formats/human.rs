use insta::assert_snapshot;
use jostle_model::{Finding, Summary, Verdict};
use jostle_report::{Format, Run, Style, render};

use crate::samples;

const COMMAND: &str = "./metrics --listen '127.0.0.1:0'";

fn human(findings: &[Finding], summary: &Summary, color: bool, width: usize) -> String {
    render(Format::Human, &Run { findings, summary, command: COMMAND }, Style { color, width })
}

fn picture(finding: Finding) -> String {
    let findings = [finding];
    human(&findings, &samples::summary(Verdict::Found, &findings), false, 110)
}

#[test]
fn a_half_atomic_pair_in_one_file_says_which_half_is_atomic() {
    assert_snapshot!(picture(samples::half_atomic()));
}

#[test]
fn a_race_across_languages_shows_both_files_and_where_the_stack_changes_module() {
    assert_snapshot!(picture(samples::across_languages()));
}

#[test]
fn a_side_that_was_not_seen_is_said_to_be_unseen() {
    assert_snapshot!(picture(samples::one_side_unknown()));
}

#[test]
fn a_use_after_free_carries_the_stacks_of_the_free_and_of_the_allocation() {
    assert_snapshot!(picture(samples::use_after_free()));
}

#[test]
fn a_stripped_library_is_shown_by_module_and_address() {
    assert_snapshot!(picture(samples::without_symbols()));
}

#[test]
fn a_crash_shows_where_it_was_and_what_lies_at_the_address() {
    assert_snapshot!(picture(samples::crash()));
}

#[test]
fn a_swapped_return_shows_both_calls_and_both_values() {
    assert_snapshot!(picture(samples::swapped_return()));
}

#[test]
fn two_threads_on_one_line_are_told_apart() {
    assert_snapshot!(picture(samples::same_line()));
}

#[test]
fn eighty_columns_hold_everything_but_titles_and_the_line_to_copy() {
    let findings = samples::all();
    let text = human(&findings, &samples::summary(Verdict::Found, &findings), false, 80);
    let unbroken = |line: &&str| !line.starts_with("next:") && !line.contains("]: ");
    for line in text.lines().filter(unbroken) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert_snapshot!(text);
}

#[test]
fn a_clean_run_states_its_bound() {
    assert_snapshot!(human(&[], &samples::clean(), false, 100));
}

#[test]
fn a_rare_catch_in_a_short_program_asks_for_many_runs() {
    let findings = [samples::across_languages()];
    let summary =
        Summary { target: jostle_model::ExitStatus::Code(0), ..samples::summary(Verdict::Found, &findings) };
    let text = human(&findings, &summary, false, 120);
    assert!(text.contains("(95 % confidence), or 19 runs where it ends\nsooner:"), "{text}");
    assert!(text.contains("--include 'gates::evaluate' --for 200s"), "{text}");
}

#[test]
fn a_run_that_was_asked_to_end_is_not_said_to_have_ended_early() {
    let summary = Summary { target: jostle_model::ExitStatus::Signal(15), ..samples::cut_short() };
    assert!(!human(&[], &summary, false, 500).contains("looked at; the target"));
}

#[test]
fn an_inconclusive_run_says_what_is_missing() {
    assert_snapshot!(human(&[], &samples::cut_short(), false, 100));
}

#[test]
fn color_adds_escape_sequences_and_changes_no_word() {
    let findings = samples::all();
    let summary = samples::summary(Verdict::Found, &findings);
    let colored = human(&findings, &summary, true, 100);
    assert!(colored.contains("\x1b["));
    assert_eq!(crate::hostile::without_color(&colored), human(&findings, &summary, false, 100));
}
