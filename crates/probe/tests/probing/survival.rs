//! Whatever a server sends, cut in whatever way.

use std::fs;
use std::path::{Path, PathBuf};

use jostle_probe::read_foreign_answers;

/// Everything in the corpus of the fuzzer, and in its regressions.
#[test]
fn answers_of_the_corpus_are_survived() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let folders = ["corpus", "regressions"].map(|kind| fuzz.join(kind).join("wire"));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let paths: Vec<PathBuf> = files.map(|file| file.path()).collect();
    assert!(!paths.is_empty(), "the corpus of wire is gone");
    for path in paths {
        read_foreign_answers(&fs::read(&path).expect("it is there"));
    }
}
