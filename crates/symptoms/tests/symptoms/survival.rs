//! Any bytes at all, in time that is linear in their number.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jostle_model::ExitStatus;
use jostle_symptoms::{diagnose, read};
use proptest::prelude::*;

use crate::cases;

/// No input takes longer, not even on a busy machine; what is quadratic takes minutes.
const LONGEST: Duration = Duration::from_secs(5);

fn survives(name: &str, bytes: &[u8]) {
    let start = Instant::now();
    for symptom in read(bytes) {
        assert!(symptom.failure.details.len() <= 64 << 10);
        assert!(!symptom.failure.signature.kind.is_empty());
        assert!(symptom.lines.start < symptom.lines.end);
    }
    diagnose(bytes, ExitStatus::Code(1)).expect("it failed");
    let took = start.elapsed();
    assert!(took < LONGEST, "{name}, of {} bytes, took {took:?}", bytes.len());
}

/// Everything in the corpus of the fuzzer, and in its regressions.
#[test]
fn outputs_of_the_corpus_are_survived() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let folders = ["corpus", "regressions"].map(|kind| fuzz.join(kind).join("output"));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let paths: Vec<PathBuf> = files.map(|file| file.path()).collect();
    assert!(!paths.is_empty(), "the corpus of output is gone");
    for path in paths {
        survives(&path.display().to_string(), &fs::read(&path).unwrap());
    }
}

/// Heads that promise a report, with nothing or too much behind them.
#[test]
fn heads_without_end_take_linear_time() {
    let heads = [
        "panic: x\n",
        "panic: x\ngoroutine 1 [running]:\n",
        "goroutine 1 [running]:\nmain.f()\n",
        "goroutine 1 [running]:\n",
        "fatal error: x\n",
        "runtime: x\n",
        "WARNING: DATA RACE\nRead at 0x1 by goroutine 1:\n",
        "WARNING: ThreadSanitizer: data race (pid=1)\n  x\n",
        "==1==ERROR: AddressSanitizer: SEGV on unknown address 0x0 (pc\n    #0 0x1 in f a.c:1\n",
        "a.c:1:1: runtime error: x\n    #0 0x1 in f a.c:1\n",
        "==1== Possible data race during x\n==1==    at 0x1: f (a.c:1)\n",
        "free(): invalid pointer\n",
        "terminate called after throwing an instance of 'x'\n",
        "thread 'main' panicked at a.rs:1:1:\n",
        "thread 'main' panicked at 'x\n",
        "stack backtrace:\n   0: f\n",
        "Exception in thread \"main\" a.B: x\nCaused by: a.C\n",
        "a.B: x\n\tat a.b(C.java:1)\nCaused by: a.C\n",
        "Traceback (most recent call last):\n  File \"a\", line 1\n",
        "Traceback (most recent call last):\n  File \"a\", line 1\nA: b\n\nDuring handling of the above exception, another exception occurred:\n\n",
        "  + Exception Group Traceback (most recent call last):\n",
        "a.rb:1:in `f': x (A)\n\tfrom a.rb:1\n",
        "a.rb:1: [BUG] x\n",
        "/a.js:1\n^\nA: x\n",
        "A: x\n",
        "A: x\n    at f (a:1:1)\n",
        "FATAL ERROR: x\n",
        "# A fatal error has been detected by the Java Runtime Environment:\n",
        "app-1 | 18:44:21 ==1== x\n",
        "a-1 | b-2 | c-3 | d-4 | x\n",
        "((((((((((((((((((((((\n",
        "x() ()()()\n\ta:1\n",
        "\n",
        "\x1b[",
        "a",
    ];
    for head in heads {
        survives(head, head.repeat((1 << 18) / head.len()).as_bytes());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        survives("any bytes", &bytes);
    }

    /// Lines of genuine reports in any order, each of which may be the head of another.
    #[test]
    fn any_lines_of_reports_are_survived(picks in prop::collection::vec((0_usize..10_000, 0_usize..6), 0..80)) {
        let lines = lines_of_reports();
        let dress = |(pick, dress): (usize, usize)| {
            let line = &lines[pick % lines.len()];
            match dress {
                0 => format!("app-1 | {line}\n"),
                1 => line.clone(),
                2 => format!("{}\n", &line[line.floor_char_boundary(line.len() / 2)..]),
                _ => format!("{line}\n"),
            }
        };
        let output: String = picks.into_iter().map(dress).collect();
        survives("lines of reports", output.as_bytes());
    }
}

fn lines_of_reports() -> &'static [String] {
    static LINES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
        let text = |case: cases::Case| String::from_utf8_lossy(&case.output).into_owned();
        let head = |text: String| text.lines().take(60).map(str::to_owned).collect::<Vec<_>>();
        cases::all().into_iter().map(text).flat_map(head).collect()
    });
    &LINES
}
