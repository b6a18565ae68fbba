use std::process::Command;

use jostle_stacks::{FileAddress, Image, ImageError};

use crate::build::{changed, image, program, run};

#[test]
fn the_headers_tell_how_a_program_is_loaded() {
    let dynamic = image(&program("shapes.c", &["-g", "-O2"]));
    assert!(dynamic.is_position_independent());
    assert!(dynamic.interpreter().unwrap().contains("ld-linux"));
    assert!(dynamic.has_debug_info());
    assert!(!dynamic.is_go());

    let fixed = image(&program("shapes.c", &["-O2", "-no-pie"]));
    assert!(!fixed.is_position_independent());
    assert!(!fixed.has_debug_info());

    let alone = image(&program("shapes.c", &["-O2", "-static-pie"]));
    assert!(alone.is_position_independent());
    assert_eq!(alone.interpreter(), None);
}

#[test]
fn the_build_id_is_the_one_readelf_prints() {
    let path = program("shapes.c", &["-g", "-O2", "-Wl,--build-id=sha1"]);
    let hex: String = image(&path).build_id().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(run(Command::new("readelf").arg("-n").arg(&path)).contains(&hex), "{hex}");
}

#[test]
fn code_is_given_as_far_as_the_file_has_it() {
    let image = image(&program("shapes.c", &["-g", "-O2"]));
    let text = image.segments().iter().find(|segment| segment.executable).unwrap();
    let last = FileAddress(text.address.0 + text.file_size - 1);
    assert_eq!(image.code(last, 16).unwrap().len(), 1);
    let data = image.segments().iter().find(|segment| segment.writable).unwrap();
    assert_eq!(image.code(data.address, 1), None, "data is no code");
}

#[test]
fn compressed_debug_information_counts_as_debug_information() {
    let plain = program("shapes.c", &["-g", "-O2"]);
    for kind in ["zlib", "zlib-gnu"] {
        let compressed = image(&changed(&plain, "objcopy", &[&format!("--compress-debug-sections={kind}")]));
        assert!(compressed.has_debug_info());
        assert!(compressed.source_is_atomic("ready"), "{kind}");
    }
}

#[test]
fn imports_are_the_slots_that_readelf_lists() {
    for flags in [&["-O2"][..], &["-O2", "-no-pie"], &["-O2", "-Wl,-z,now"]] {
        let path = program("shapes.c", flags);
        let image = image(&path);
        let listing = run(Command::new("readelf").args(["-rW"]).arg(&path));
        let expected = listing.lines().filter(|line| line.contains("JUMP_SLO") || line.contains("GLOB_DAT"));
        let mut expected: Vec<_> = expected
            .map(|line| {
                let words: Vec<_> = line.split_whitespace().collect();
                let name = words[4].split('@').next().unwrap().to_owned();
                (u64::from_str_radix(words[0], 16).unwrap(), name)
            })
            .collect();
        expected.sort();
        let found: Vec<_> = image.imports().iter().map(|i| (i.slot.0, i.name.to_owned())).collect();
        assert!(found.iter().any(|(_, name)| name == "printf"), "{found:?}");
        assert_eq!(found, expected);
    }
}

#[test]
fn names_of_atomic_variables_and_members_are_known_from_their_types() {
    let image = image(&program("shapes.c", &["-g", "-O2"]));
    for atomic in ["ready", "head", "totals"] {
        assert!(image.source_is_atomic(atomic), "{atomic}");
    }
    for plain in ["tail", "plain", "hidden", "counter_t", "nowhere"] {
        assert!(!image.source_is_atomic(plain), "{plain}");
    }
}

#[test]
fn variables_are_found_from_any_address_inside_them() {
    let path = program("shapes.c", &["-g", "-O2"]);
    let image = image(&path);
    let listing = run(Command::new("nm").arg(&path));
    let address = |name: &str| {
        let line = listing.lines().find(|line| line.split_whitespace().nth(2) == Some(name)).unwrap();
        u64::from_str_radix(line.split_whitespace().next().unwrap(), 16).unwrap()
    };
    let at = FileAddress(address("plain") + 9);
    assert_eq!(image.data_symbol_at(at), Some(("plain".to_owned(), 9)));
    let start = FileAddress(address("plain"));
    assert_eq!(image.variable_spanning(start, 64), Some("plain".to_owned()));
    assert_eq!(image.variable_spanning(start, 8), None, "only a part of it");
    assert_eq!(image.variable_spanning(at, 64), None, "it begins before");
    assert_eq!(
        image.data_symbol_at(FileAddress(address("plain") + 64)),
        after(&image, address("plain") + 64)
    );
    assert_eq!(image.data_symbol_at(FileAddress(address("main"))), None);
}

/// Whatever variable stands at `at` is found at its own start.
fn after(image: &Image, at: u64) -> Option<(String, u64)> {
    image.data_symbol_at(FileAddress(at)).inspect(|(_, offset)| assert_eq!(*offset, 0))
}

#[test]
fn what_is_no_x86_64_program_is_refused_by_what_it_is() {
    let error = |bytes: &'static [u8]| Image::parse("x", bytes).err().unwrap();
    assert_eq!(error(b"#!/bin/sh\n"), ImageError::NotElf);
    assert_eq!(error(b""), ImageError::NotElf);
    assert!(matches!(error(b"\x7fELF"), ImageError::Malformed { .. }));

    let object = program("shapes.c", &["-c"]);
    assert_eq!(error(std::fs::read(object).unwrap().leak()), ImageError::NotLoadable);

    let mut arm = std::fs::read(program("shapes.c", &["-O2"])).unwrap();
    arm[18] = 183;
    assert_eq!(error(arm.leak()), ImageError::OtherArchitecture { found: "arm64".to_owned() });
}
