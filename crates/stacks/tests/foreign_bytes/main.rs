//! Any bytes at all: the inputs that the fuzzer has kept (see `fuzz/README.md`), and some that are made to hurt.
mod asking;
mod assembled;
mod crafted;
mod foreign;
mod parts;
mod process;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// No input takes longer, not even on a busy machine: the slowest takes a tenth of a second on one that is not.
const LONGEST: Duration = Duration::from_secs(5);

fn within_bounds(name: &str, bytes: &[u8], question: fn(&[u8])) {
    let start = Instant::now();
    question(bytes);
    let took = start.elapsed();
    assert!(took < LONGEST, "{name}, of {} bytes, took {took:?}", bytes.len());
}

/// Everything in the folder `name` of the corpus, and in that of the regressions.
fn inputs(name: &str) -> Vec<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let folders = ["corpus", "regressions"].map(|kind| fuzz.join(kind).join(name));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    files.map(|file| file.path()).collect()
}

fn replay(name: &str, question: fn(&[u8])) {
    let inputs = inputs(name);
    assert!(!inputs.is_empty(), "the corpus of {name} is gone");
    for input in inputs {
        within_bounds(&input.display().to_string(), &fs::read(&input).unwrap(), question);
    }
}

#[test]
fn elf_files_of_the_corpus_are_survived() {
    replay("elf", foreign::elf);
}

#[test]
fn unwind_tables_and_debug_information_of_the_corpus_are_survived() {
    replay("tables", foreign::tables);
}

#[test]
fn tables_of_gos_in_the_corpus_are_survived() {
    replay("go", foreign::go);
}

#[test]
fn core_files_of_the_corpus_are_survived() {
    replay("core", foreign::core);
}
