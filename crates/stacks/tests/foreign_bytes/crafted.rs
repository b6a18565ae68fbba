//! Files of less than a megabyte that are made to cost as much as possible: what a fuzzer with small inputs does not
//! reach. Each overlaps with itself, so that a little of it is read very often.

use super::assembled::{Section, elf_file};
use super::{foreign, within_bounds};

const SIZE: usize = 1 << 19;

fn words(words: impl IntoIterator<Item = u64>) -> Vec<u8> {
    words.into_iter().flat_map(u64::to_le_bytes).collect()
}

fn header(kind: u16, program_headers: u16, sections_at: u64, sections: u16) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    header.extend([kind, 62].map(u16::to_le_bytes).concat());
    header.extend(1_u32.to_le_bytes());
    header.extend(words([0, 64, sections_at]));
    header.extend(0_u32.to_le_bytes());
    header.extend([64, 56, program_headers, 64, sections, 1].map(u16::to_le_bytes).concat());
    header
}

fn program_header(kind: u32, flags: u32, offset: u64, address: u64, size: u64) -> Vec<u8> {
    let mut header = [kind, flags].map(u32::to_le_bytes).concat();
    header.extend(words([offset, address, address, size, size, 1]));
    header
}

fn section_header(name: u32, kind: u32, offset: u64, size: u64) -> Vec<u8> {
    let mut header = [name, kind].map(u32::to_le_bytes).concat();
    header.extend(words([6, 0, offset, size, 1, 1, 24]));
    header
}

fn note(kind: u32, description: &[u8]) -> Vec<u8> {
    let mut note = [5, description.len() as u32, kind].map(u32::to_le_bytes).concat();
    note.extend(b"CORE\0\0\0\0");
    note.extend(description);
    note
}

#[test]
fn parts_of_a_core_file_that_all_hold_the_same_notes_are_read_once() {
    let notes = note(1, &[0; 336]).repeat(SIZE / 356);
    let parts: u16 = 8000;
    let at = 64 + 56 * u64::from(parts);
    let mut core = header(4, parts, 0, 0);
    core.extend(program_header(4, 4, at, 0, notes.len() as u64).repeat(parts.into()));
    core.extend(notes);
    within_bounds("notes", &core, foreign::core);
}

#[test]
fn segments_that_all_cover_the_whole_file_are_survived() {
    let parts: u16 = 14_000;
    let mut file = header(3, parts, 0, 0);
    for part in 0..u64::from(parts) {
        file.extend(program_header(if part % 2 == 0 { 1 } else { 4 }, 4, 0, part, 1 << 20));
    }
    file.extend([4_u32, 0, 9].map(u32::to_le_bytes).concat().repeat(SIZE / 32));
    within_bounds("segments", &file, foreign::elf);
}

#[test]
fn names_that_all_end_at_the_same_byte_are_survived() {
    let (sections, symbols) = (3000_u16, 12_000_u32);
    let names = SIZE as u64 / 2;
    let mut file = header(3, 1, 64 + 56, sections);
    file.extend(program_header(1, 5, 0, 0, 1 << 20));
    let at = file.len() as u64 + 64 * u64::from(sections);
    let symbols_size = 24 * u64::from(symbols);
    for section in 0..u32::from(sections) {
        file.extend(match section {
            1 => section_header(1, 3, at, names),
            2 => section_header(1, 2, at + names, symbols_size),
            _ => section_header(section, 1, at, names),
        });
    }
    file.extend(vec![b'_'; names as usize - 1]);
    file.push(0);
    for symbol in 0..symbols {
        file.extend((symbol + 1).to_le_bytes());
        file.extend([0x12, 0, 1, 0]);
        file.extend(words([0x1000, 16]));
    }
    within_bounds("names", &file, foreign::elf);
}

/// `.eh_frame` with as many entries as fit, which take turns in referring to two long common ones.
#[test]
fn unwind_entries_that_share_two_very_long_ones_are_survived() {
    // The encoding of addresses (relative, four bytes) is said very often.
    let often: u32 = 100_000;
    let mut common = [0_u32.to_le_bytes().as_slice(), &[1, b'z']].concat();
    common.extend(vec![b'R'; often as usize]);
    common.extend([0, 1, 0x78, 16]);
    common.extend([often as u8 | 0x80, (often >> 7) as u8 | 0x80, (often >> 14) as u8]);
    common.extend(vec![0x1b; often as usize]);
    let common = [(common.len() as u32).to_le_bytes().to_vec(), common].concat();
    let mut frames = common.repeat(2);
    for index in 0..20_000 {
        let common_at = if index % 2 == 0 { 0 } else { common.len() };
        frames.extend([13, (frames.len() + 4 - common_at) as u32, 0x1000, 16].map(u32::to_le_bytes).concat());
        frames.push(0);
    }
    within_bounds("unwind", &with_unwind_table(frames), foreign::elf);
}

fn with_unwind_table(frames: Vec<u8>) -> Vec<u8> {
    let sections = [
        Section { name: ".text", address: Some(0x1000), executable: true, bytes: vec![0xc3; 0x8000] },
        Section { name: ".eh_frame", address: Some(0x1_0000), executable: false, bytes: frames },
    ];
    elf_file(&sections, true)
}

fn parts(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u16).to_le_bytes(), *part].concat()).collect()
}

/// Every frame is in code whose entry is nearly all of the table.
#[test]
fn a_very_long_unwind_entry_is_not_followed_for_every_frame() {
    let common =
        [14_u32.to_le_bytes().as_slice(), &[0, 0, 0, 0, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1]].concat();
    // DW_CFA_remember_state and DW_CFA_restore_state, again and again.
    let instructions = [0x0a, 0x0b].repeat(30_000);
    let mut frames = common.clone();
    frames.extend((instructions.len() as u32 + 20).to_le_bytes());
    frames.extend((common.len() as u32 + 4).to_le_bytes());
    frames.extend(words([0x1000, 1 << 15]));
    frames.extend(instructions);
    let mut thread = words([0x1005, 0x7000_0000]);
    thread.resize(18 * 8, 0);
    thread.extend(words([0x1005].repeat(512)));
    within_bounds("instructions", &parts(&[&thread, &[0xc3; 0x4000], &frames]), foreign::tables);
}

/// Abbreviations: a unit, a function, and a call inlined there, the last without any attribute.
const INLINED: &[u8] = &[
    1, 0x11, 1, 0x11, 1, 0x12, 7, 0, 0, //
    2, 0x2e, 1, 0x11, 1, 0x12, 7, 0, 0, //
    3, 0x1d, 1, 0, 0, 0,
];

#[test]
fn calls_that_are_inlined_without_end_do_not_overflow_the_stack() {
    let ranges = words([0x1000, 0x4000]);
    let mut unit = vec![4, 0, 0, 0, 0, 0, 8];
    [1, 2].iter().for_each(|&code| unit.extend([&[code], ranges.as_slice()].concat()));
    unit.extend(vec![3; 60_000]);
    let unit = [(unit.len() as u32).to_le_bytes().to_vec(), unit].concat();
    let file = parts(&[&words([0x1005]), &[0xc3; 0x4000], &[], &[], &unit, INLINED]);
    within_bounds("inlined calls", &file, foreign::tables);
}

fn go_file(table: Vec<u8>, data: Vec<u8>) -> Vec<u8> {
    let sections = [
        Section { name: ".text", address: Some(0x40_0000), executable: true, bytes: vec![0xc3; 4096] },
        Section { name: ".data", address: Some(0x100_0000), executable: false, bytes: table },
        Section { name: ".rodata", address: Some(0x200_0000), executable: false, bytes: data },
    ];
    elf_file(&sections, false)
}

fn go_header(count: u64, parts: [u64; 5]) -> Vec<u8> {
    let mut header = vec![0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8];
    header.extend(words([count, 1, 0x40_0000].into_iter().chain(parts)));
    header
}

#[test]
fn pointers_to_gos_table_without_number_are_survived() {
    let mut table = go_header(2, [72, 72, 72, 72, 80]);
    table.extend(vec![0; 8]);
    table.extend([0_u32, 40, 16, 40, 32].map(u32::to_le_bytes).concat());
    table.extend(vec![0; 20 + 16]);
    table.extend(1_u32.to_le_bytes());
    table.extend(vec![0; 256]);
    // Each is a pointer by itself, and a relocation that would put one there.
    let pointers = words([0x200_0000, 8, 0x100_0000]).repeat(SIZE / 24);
    within_bounds("pointers", &go_file(table, pointers), foreign::elf);
}

#[test]
fn tables_of_gos_whose_names_are_as_long_as_the_file_are_survived() {
    // Sixteen functions of the same long name make a plausible table, and the last entry makes it none.
    let header_of = |at: u64, names: u64, records: u64| go_header(17, [names - at, 72, 72, 72, records - at]);
    let count = 4000_u64;
    let (names, records) = (72 * count, 72 * count + SIZE as u64 / 2);
    let mut table: Vec<u8> = (0..count).flat_map(|index| header_of(72 * index, names, records)).collect();
    table.extend(vec![b'a'; SIZE / 2 - 1]);
    table.push(0);
    let entry = |index: u32| [if index == 16 { 0 } else { index }, 160].map(u32::to_le_bytes).concat();
    table.extend((0..20).flat_map(entry));
    table.extend(vec![0; 256]);
    within_bounds("names of Go's", &go_file(table, Vec::new()), foreign::elf);
}
