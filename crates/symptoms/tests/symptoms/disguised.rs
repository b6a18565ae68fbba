//! Reports as they come through loggers, containers, terminals and cuts.

use jostle_model::ExitStatus;
use jostle_symptoms::{diagnose, family_of, read};

use crate::cases::{self, Case};

/// The case, line by line, as `dress` changes each line, given its number.
fn dressed(case: &Case, dress: impl Fn(usize, &str) -> String) -> Vec<u8> {
    let text = String::from_utf8_lossy(&case.output).into_owned();
    text.lines().enumerate().map(|(number, line)| dress(number, line)).collect::<String>().into_bytes()
}

/// In every case the same is understood through the disguise.
#[track_caller]
fn is_seen_through(dress: impl Fn(usize, &str) -> String) {
    for case in cases::all() {
        let plain = diagnose(&case.output, case.ended).map(|failure| failure.signature);
        let seen = diagnose(&dressed(&case, &dress), case.ended).map(|failure| failure.signature);
        if plain.as_ref().is_some_and(|signature| signature.kind.starts_with("exit-code")) {
            continue;
        }
        assert_eq!(seen, plain, "{}", case.name);
    }
}

#[test]
fn line_endings_of_windows_change_nothing() {
    is_seen_through(|_, line| format!("{line}\r\n"));
}

#[test]
fn colours_change_nothing() {
    is_seen_through(|_, line| format!("\x1b[1;31m{line}\x1b[0m\n"));
}

#[test]
fn the_name_of_a_container_before_each_line_changes_nothing() {
    is_seen_through(|_, line| format!("app-1  | {line}\n"));
}

#[test]
fn a_coloured_name_of_a_container_changes_nothing() {
    is_seen_through(|_, line| format!("\x1b[36mapp-1  |\x1b[0m {line}\n"));
}

#[test]
fn a_time_before_each_line_changes_nothing() {
    is_seen_through(|number, line| format!("2026-11-21T18:44:{:02}.{number:06}Z {line}\n", number % 60));
}

#[test]
fn what_kubernetes_and_journald_put_before_each_line_changes_nothing() {
    is_seen_through(|number, line| format!("2026-11-21T18:44:{:02}Z stderr F {line}\n", number % 60));
    is_seen_through(|number, line| format!("Nov 21 18:44:{:02} host app[4711]: {line}\n", number % 60));
    is_seen_through(|_, line| format!("[pod/web-5d9-x2/app] {line}\n"));
}

#[test]
fn containers_that_take_turns_do_not_disturb_each_other() {
    is_seen_through(|number, line| {
        format!("app-1  | {line}\ndb-1   | 18:44:{:02} checkpoint {number}\n", number % 60)
    });
}

#[test]
fn lines_before_and_behind_change_nothing() {
    for case in cases::all() {
        let plain = diagnose(&case.output, case.ended).map(|failure| failure.signature);
        let around =
            [b"starting\nlistening on :8080\n".as_slice(), &case.output, b"\ncleaning up\nbye\n"].concat();
        let seen = diagnose(&around, case.ended).map(|failure| failure.signature);
        if !["go-quiet", "python-exit"].contains(&case.name.as_str()) {
            assert_eq!(seen, plain, "{}", case.name);
        }
    }
}

#[test]
fn a_line_of_something_else_within_a_report_does_not_change_its_family() {
    for case in cases::all() {
        let Some(plain) = diagnose(&case.output, case.ended) else { continue };
        // What stands behind the head of a Rust panic is its message: nothing tells that it is not.
        if case.name.starts_with("rust-") {
            continue;
        }
        let count = String::from_utf8_lossy(&case.output).lines().count();
        for position in [count / 4, count / 3, count / 2, 2 * count / 3] {
            let output = dressed(&case, |number, line| {
                let tick = if number == position { "tick 17\n" } else { "" };
                format!("{tick}{line}\n")
            });
            let seen = diagnose(&output, case.ended).expect("still a failure");
            let family = |kind: &str| family_of(kind).to_string();
            assert_eq!(
                family(&seen.signature.kind),
                family(&plain.signature.kind),
                "{}, with a line before line {position}",
                case.name
            );
        }
    }
}

#[test]
fn a_report_whose_end_is_cut_off_keeps_its_kind() {
    for case in cases::all() {
        let Some(plain) = diagnose(&case.output, case.ended) else { continue };
        let symptoms = read(&case.output);
        let Some(symptom) = symptoms.iter().find(|symptom| symptom.failure.signature == plain.signature)
        else {
            continue;
        };
        let whole = symptom.lines.end - symptom.lines.start;
        for share in [2, 3] {
            let kept = symptom.lines.start + (whole * (share - 1) / share).max(6);
            let output = dressed(
                &case,
                |number, line| if number < kept { format!("{line}\n") } else { String::new() },
            );
            let seen = diagnose(&output, case.ended).unwrap_or_else(|| panic!("{}, {kept} lines", case.name));
            // The class of a Python exception comes last, and so does the other end of a chain.
            let is_chain = ["java-chained", "java-future", "python-during"].contains(&case.name.as_str());
            let is_kind =
                seen.signature.kind == plain.signature.kind || seen.signature.kind == "python-traceback";
            let is_report = !seen.signature.kind.starts_with("exit-code");
            assert!(is_kind || is_chain && is_report, "{}, {kept} lines: {seen:?}", case.name);
        }
    }
}

#[test]
fn a_report_whose_head_is_cut_off_is_still_a_report_where_its_end_tells() {
    let expected = [
        ("go-nil", 3, "go-traceback"),
        ("tsan-race", 5, "tsan-data-race"),
        ("asan-overflow", 12, "asan-heap-buffer-overflow"),
        ("java-chained", 1, "java-null-pointer-exception"),
    ];
    for (name, lost, kind) in expected {
        let case = cases::named(name);
        let output =
            dressed(&case, |number, line| if number < lost { String::new() } else { format!("{line}\n") });
        let seen = diagnose(&output, case.ended).expect("still a failure");
        assert_eq!(seen.signature.kind, kind, "{name}");
    }
}

#[test]
fn bytes_that_are_no_text_do_not_hide_a_report() {
    let case = cases::named("go-nil");
    let output = [b"\xff\xfe\x00\x80 dump\n".as_slice(), &case.output, b"\xc3"].concat();
    let failure = diagnose(&output, ExitStatus::Code(2)).unwrap();
    assert_eq!(failure.signature.kind, "go-nil-dereference");
}

#[test]
fn details_are_the_text_of_the_report_and_bounded() {
    let case = cases::named("go-nil");
    let failure = diagnose(&case.output, case.ended).unwrap();
    assert!(failure.details.starts_with("panic: runtime error: invalid memory address"));
    assert!(failure.details.contains("main.(*book).total"));
    let long = format!("Exception in thread \"main\" a.B: x\n{}", "\tat a.B.c(B.java:1)\n".repeat(30_000));
    let failure = diagnose(long.as_bytes(), ExitStatus::Code(1)).unwrap();
    assert!(failure.details.len() <= 64 << 10);
}

#[test]
fn the_same_failure_has_the_same_exact_signature_whatever_the_addresses() {
    let case = cases::named("tsan-race");
    let text = String::from_utf8(case.output.clone()).unwrap();
    let other = text.replace("0x555555558148", "0x7f00deadbeef").replace("T1", "T9").replace("3215", "99");
    let swapped =
        other.replace("Read of size 8", "Write of size 8").replace("Previous write", "Previous read");
    let exact = |text: &str| diagnose(text.as_bytes(), case.ended).unwrap().signature.exact;
    assert_eq!(exact(&other), exact(&text));
    assert_eq!(exact(&swapped), exact(&text));
}
