//! Any text at all where the kernel's is expected: the inputs that the fuzzer has kept (see `fuzz/README.md`).

use std::fs;
use std::path::Path;

use jostle_watch::read_foreign_text;

#[test]
fn whatever_stands_in_proc_is_survived() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let folders = ["corpus", "regressions"].map(|kind| fuzz.join(kind).join("proc"));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let texts: Vec<_> = files.map(|file| fs::read(file.path()).unwrap()).collect();
    assert!(!texts.is_empty(), "the corpus is gone");
    texts.iter().for_each(|text| read_foreign_text(text));
}
