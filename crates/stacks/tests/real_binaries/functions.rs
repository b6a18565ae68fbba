use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use jostle_stacks::{FileAddress, Function, Image};

use crate::build::{changed, image, program, run};

/// The functions that `nm` lists: names and sizes by address.
fn listed_by_nm(path: &Path) -> BTreeMap<u64, (BTreeSet<String>, u64)> {
    let mut functions = BTreeMap::<_, (BTreeSet<String>, u64)>::new();
    for line in run(Command::new("nm").args(["-S", "-C", "-f", "sysv"]).arg(path)).lines() {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        // It calls indirect functions "<OS specific>: 10".
        let [name, address, _, "FUNC" | "<OS specific>: 10", size, ..] = columns[..] else { continue };
        let Ok(address) = u64::from_str_radix(address, 16) else { continue };
        let (names, largest) = functions.entry(address).or_default();
        names.insert(name.to_owned());
        *largest = (*largest).max(u64::from_str_radix(size, 16).unwrap_or(0));
    }
    functions
}

fn programs() -> [PathBuf; 5] {
    [
        program("shapes.c", &["-g", "-O2"]),
        program("shapes.c", &["-O2", "-no-pie"]),
        program("shapes.c", &["-O2", "-static-pie"]),
        program("cache.cpp", &["-g", "-O2"]),
        program("gates.rs", &["-g", "-O"]),
    ]
}

fn assert_sorted_and_apart(image: &Image) {
    for pair in image.functions().windows(2) {
        assert!(pair[0].start.0 + pair[0].size <= pair[1].start.0, "{pair:?}");
    }
    for function in image.functions() {
        assert!(function.size > 0);
        assert!(image.code(function.start, 1).is_some(), "{function:?}");
    }
}

#[test]
fn every_function_that_nm_knows_is_found_with_its_name_and_size() {
    for path in programs() {
        let image = image(&path);
        assert_sorted_and_apart(&image);
        let listed = listed_by_nm(&path);
        assert!(listed.len() > 10, "nm lists too little of {}", path.display());
        for (&start, (names, size)) in &listed {
            let found =
                image.function_at(FileAddress(start)).unwrap_or_else(|| panic!("{names:?} at {start:x}"));
            assert_eq!(found.start.0, start, "{names:?}");
            let next = listed.range(start + 1..).next().map_or(u64::MAX, |(&next, _)| next);
            if *size > 0 {
                assert_eq!(found.size, (*size).min(next - start), "{names:?}");
            }
            let name = image.function_name(FileAddress(start)).unwrap();
            assert!(names.iter().any(|listed| same_name(listed, &name)), "{names:?} is not {name}");
        }
    }
}

/// binutils writes some types and Rust's hashes differently; the path of names must agree.
fn same_name(theirs: &str, ours: &str) -> bool {
    let path = |name: &str| -> String {
        let name = name.split("[clone").next().unwrap().split("::h0").next().unwrap();
        name.chars().take_while(|&c| c != '(' && c != '<').filter(|c| !c.is_whitespace()).collect()
    };
    let (theirs, ours) = (path(theirs), path(ours));
    theirs.starts_with(&ours) || ours.starts_with(&theirs)
}

#[test]
fn a_stripped_program_has_the_same_functions_from_its_unwind_tables() {
    let whole = program("shapes.c", &["-g", "-O2"]);
    let stripped = image(&changed(&whole, "strip", &[]));
    assert_sorted_and_apart(&stripped);
    let original = image(&whole);
    for name in ["main", "internal", "replaceable"] {
        let function = named(&original, name);
        assert_eq!(stripped.function_at(function.start), Some(function), "{name}");
        assert_eq!(stripped.function_name(function.start), None);
    }
}

#[test]
fn a_program_without_section_headers_has_the_same_functions() {
    let whole = program("cache.cpp", &["-g", "-O2"]);
    let original = image(&whole);
    let mut bytes = std::fs::read(&whole).unwrap();
    bytes[0x28..0x30].fill(0); // e_shoff
    bytes[0x3a..0x40].fill(0); // e_shentsize, e_shnum, e_shstrndx
    let headless = Image::parse("headless", bytes.leak()).unwrap();
    assert_sorted_and_apart(&headless);
    for function in original.functions() {
        let start = headless.function_at(function.start).map(|found| found.start);
        let has_entry = original.function_name(function.start).is_none_or(|name| name.contains("cache::"));
        assert!(start == Some(function.start) || !has_entry, "{function:?}");
    }
}

#[test]
fn linkage_stubs_are_not_functions() {
    for flags in [&["-g", "-O2"][..], &["-O2", "-fcf-protection=full"], &["-O2", "-no-pie"]] {
        let path = program("shapes.c", flags);
        let image = image(&path);
        let listing = run(Command::new("readelf").args(["-SW"]).arg(&path));
        let stubs = listing.lines().filter(|line| line.contains(" .plt"));
        for line in stubs {
            let words: Vec<_> = line.split(']').nth(1).unwrap().split_whitespace().collect();
            let start = u64::from_str_radix(words[2], 16).unwrap();
            let size = u64::from_str_radix(words[4], 16).unwrap();
            for at in start..start + size {
                assert_eq!(image.function_at(FileAddress(at)), None, "{line}");
            }
        }
    }
}

fn named(image: &Image, name: &str) -> Function {
    let is_named = |function: &&Function| image.function_name(function.start).as_deref() == Some(name);
    *image.functions().iter().find(is_named).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn names_are_shown_as_their_programmer_wrote_them() {
    let cpp = image(&program("cache.cpp", &["-g", "-O2"]));
    named(&cpp, "cache::count(bool)");
    named(&cpp, "cache::find(int)");
    let rust = image(&program("gates.rs", &["-g", "-O"]));
    named(&rust, "gate_open");
    let names: Vec<_> = rust.functions().iter().filter_map(|f| rust.function_name(f.start)).collect();
    assert!(
        names.iter().any(|name| name.starts_with("gates::Gates<") && name.ends_with(">::is_open")),
        "{names:?}"
    );
}
