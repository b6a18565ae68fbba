//! One function per kind of foreign bytes; each gets any and has to come back.
use std::rc::Rc;

use jostle_stacks::{AddressSpace, CoreFile, FileAddress, Image, Memory};

use super::asking::ask_everything;
use super::assembled::{Section, elf_file};
use super::parts::taken_apart;
use super::process::Thread;

/// A file that claims to be an executable.
pub(crate) fn elf(bytes: &[u8]) {
    ask_everything(bytes.to_vec().leak(), 0x1008);
}

/// A core file.
pub(crate) fn core(bytes: &[u8]) {
    let Ok(core) = CoreFile::parse(bytes.to_vec().leak()) else { return };
    assert!(core.mappings.is_sorted_by_key(|mapping| mapping.range.start));
    for mapping in &core.mappings {
        let mut page = [0; 4096];
        let _ = (core.read(mapping.range.start, &mut page), core.word(mapping.range.end - 8));
    }
    let space = AddressSpace::new();
    for thread in core.threads.iter().take(64) {
        let trace = space.unwind(&thread.registers, &core);
        assert!(space.symbolize(&trace).len() >= trace.addresses.len());
    }
}

const TEXT: u64 = 0x1000;

/// Unwind tables and debug information, each in a section that is in order, and a thread that stands in their code.
pub(crate) fn tables(bytes: &[u8]) {
    let [thread, text, eh_frame, eh_frame_hdr, debug @ ..] = taken_apart::<14>(bytes);
    let debug: [&[u8]; 10] = debug;
    let mut sections = vec![
        section(".text", Some(TEXT), text),
        section(".eh_frame", Some(0x1_0000), eh_frame),
        section(".eh_frame_hdr", Some(0x3_0000), eh_frame_hdr),
    ];
    let names = [
        ".debug_info",
        ".debug_abbrev",
        ".debug_line",
        ".debug_str",
        ".debug_line_str",
        ".debug_aranges",
        ".debug_rnglists",
        ".debug_ranges",
        ".debug_addr",
        ".debug_str_offsets",
    ];
    sections.extend(names.into_iter().zip(debug).map(|(name, bytes)| section(name, None, bytes)));
    sections.retain(|section| !section.bytes.is_empty());
    let file: &'static [u8] = elf_file(&sections, true).leak();
    let Ok(image) = Image::parse("tables", file) else { return };
    let image = Rc::new(image);
    let _ = image.source_is_atomic("ready");
    let starts = image.functions().iter().take(16).map(|function| function.start.0);
    let places = starts.chain((0..8).map(|index| TEXT + 16 * index));
    Thread::new(thread, &image).examine(places);
}

const GO_TEXT: u64 = 0x40_0000;

/// Go's tables, each at its address, and a thread that stands in Go code.
pub(crate) fn go(bytes: &[u8]) {
    let [flags, thread, text, pclntab, moduledata, function_data, buildinfo] = taken_apart::<7>(bytes);
    let sections = [
        section(".text", Some(GO_TEXT), text),
        section(".gopclntab", Some(0x10_0000), pclntab),
        section(".go.module", Some(0x20_0000), moduledata),
        section(".rodata", Some(0x50_0000), function_data),
        section(".go.buildinfo", Some(0x60_0000), buildinfo),
    ];
    let named = flags.first().is_none_or(|flags| flags & 1 == 0);
    let Ok(image) = Image::parse("go", elf_file(&sections, named).leak()) else { return };
    let image = Rc::new(image);
    let _ = image.go_version();
    let starts: Vec<_> = image.functions().iter().take(16).map(|function| function.start.0).collect();
    for at in
        starts.iter().flat_map(|start| (0..64).map(move |offset| FileAddress(start.wrapping_add(offset))))
    {
        let _ = (image.go_inlines(at), image.function_name(at));
    }
    let within =
        [0, 1, 17].into_iter().flat_map(|offset| starts.iter().map(move |start| start.wrapping_add(offset)));
    Thread::new(thread, &image).examine(within);
}

fn section(name: &'static str, address: Option<u64>, bytes: &[u8]) -> Section {
    Section { name, address, executable: name == ".text", bytes: bytes.to_vec() }
}
