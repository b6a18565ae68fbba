//! Output that mentions what reports are made of, and is none.

use jostle_model::ExitStatus;
use jostle_symptoms::{Standing, diagnose, read};

#[track_caller]
fn is_healthy(output: &str) {
    assert_eq!(diagnose(output.as_bytes(), ExitStatus::Code(0)), None);
}

/// Not even a failing program's failure.
#[track_caller]
fn is_nothing(output: &str) {
    assert_eq!(read(output.as_bytes()), []);
}

#[test]
fn a_log_line_about_a_panic_button_is_no_panic() {
    let log = "10:00 ready\npanic: button pressed\n10:01 door closed\n10:02 lights on\n10:03 all is well\n10:04 done\n";
    is_nothing(log);
    is_healthy("panic: button pressed\n");
}

#[test]
fn a_log_line_with_a_fatal_error_is_no_crash_of_gos() {
    is_nothing("fatal error: the kettle is empty\nwaiting\n");
    is_nothing("main.c:3:10: fatal error: missing.h: No such file or directory\n");
}

#[test]
fn a_traceback_within_a_string_is_none() {
    is_nothing(
        r#"{"level":"info","message":"Traceback (most recent call last):\n  File \"a.py\", line 1, in f"}"#,
    );
    is_nothing("Traceback (most recent call last): see below\nnothing\n");
    is_nothing("a page about\nTraceback (most recent call last):\nand what it means\n");
}

#[test]
fn words_of_detectors_in_running_text_are_no_reports() {
    is_nothing("docs: WARNING: DATA RACE is what -race prints\nWARNING: DATA RACE\nis its first line\n");
    is_nothing("the message \"double free or corruption (out)\" comes from glibc\n");
    is_nothing("free(): invalid pointer, as glibc says\n");
    is_nothing("WARNING: ThreadSanitizer: data race\nis what TSan prints\n");
    is_nothing("==12==ERROR: AddressSanitizer: heap-use-after-free\nis what ASan prints\n");
    is_nothing("==12== Invalid read of size 8\n==12== is what Memcheck prints\n");
    is_nothing("terminate called after throwing\n");
    is_nothing("thread 'main' panicked at the disco\n");
}

#[test]
fn a_message_of_glibcs_behind_other_words_counts_only_where_the_program_died() {
    let glued = "orders: 17, free(): invalid pointer\n";
    is_healthy(glued);
    let failure = diagnose(glued.as_bytes(), ExitStatus::Signal(6)).unwrap();
    assert_eq!(failure.signature.kind, "glibc-free-invalid-pointer");
}

#[test]
fn exceptions_that_are_logged_count_only_where_the_program_failed() {
    for name in ["python-logged", "java-logged", "node-logged"] {
        let case = crate::cases::named(name);
        assert!(read(&case.output).iter().all(|symptom| symptom.standing == Standing::IfItFailed), "{name}");
        assert_eq!(diagnose(&case.output, case.ended), None, "{name}");
    }
}

#[test]
fn a_stack_that_a_program_prints_of_itself_is_no_failure() {
    is_healthy(
        "debug:\ngoroutine 1 [running]:\nmain.dump()\n\t/src/main.go:7 +0x1b\nmain.main()\n\t/src/main.go:3 +0x1d\n",
    );
    is_healthy("    at Object.<anonymous> (/src/a.js:1:2)\n");
}

#[test]
fn an_exception_that_was_logged_does_not_explain_a_signal() {
    let case = crate::cases::named("python-logged");
    let failure = diagnose(&case.output, ExitStatus::Signal(11)).unwrap();
    assert_eq!(failure.signature.kind, "sigsegv");
}

#[test]
fn a_table_and_code_with_bars_are_left_alone() {
    is_nothing("name | count\nx    | 1\n");
    is_nothing("flags = READ | WRITE\n");
}
