//! The C header is what cbindgen makes of the source.

use std::path::Path;
use std::{env, fs};

#[test]
fn the_header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut made = Vec::new();
    cbindgen::generate(root).expect("cbindgen makes a header").write(&mut made);
    let made = String::from_utf8(made).unwrap();
    let file = root.join("include/gates.h");
    if env::var_os("GATES_WRITE_HEADER").is_some() {
        fs::write(&file, &made).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == made,
        "include/gates.h is out of date; write it anew with: GATES_WRITE_HEADER=1 cargo test --test header"
    );
}
