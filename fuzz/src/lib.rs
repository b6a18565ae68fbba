//! What the targets have in common: how much memory an input may take, and how inputs of several parts are mutated.
#![forbid(unsafe_code)]

#[path = "../../crates/stacks/tests/foreign_bytes/asking.rs"]
mod asking;
#[path = "../../crates/stacks/tests/foreign_bytes/assembled.rs"]
mod assembled;
#[path = "../../crates/stacks/tests/foreign_bytes/foreign.rs"]
mod foreign;
#[path = "../../crates/stacks/tests/foreign_bytes/parts.rs"]
mod parts;
#[path = "../../crates/stacks/tests/foreign_bytes/process.rs"]
mod process;

use std::alloc::System;

use cap::Cap;
use jostle_model::ExitStatus;

/// Counts what is allocated, and refuses what is too much.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// What an input may take: so many bytes, and so many more for each byte of it.
const ALLOWANCE: (usize, usize) = (16 << 20, 4096);

/// Asks `question` about `bytes`, and ends the process when it takes an absurd amount of memory.
fn within_bounds(bytes: &[u8], question: impl FnOnce(&[u8])) {
    let (base, per_byte) = ALLOWANCE;
    let limit = ALLOCATOR.allocated() + base + per_byte * bytes.len();
    ALLOCATOR.set_limit(limit).expect("less is allocated than the limit");
    question(bytes);
    ALLOCATOR.set_limit(usize::MAX).expect("there is no limit");
}

/// ELF files.
pub fn elf(bytes: &[u8]) {
    within_bounds(bytes, foreign::elf);
}

/// Unwind tables and debug information.
pub fn tables(bytes: &[u8]) {
    within_bounds(bytes, foreign::tables);
}

/// Go's tables.
pub fn go(bytes: &[u8]) {
    within_bounds(bytes, foreign::go);
}

/// Core files.
pub fn core(bytes: &[u8]) {
    within_bounds(bytes, foreign::core);
}

/// The text of `/proc` and `/sys`.
pub fn proc(bytes: &[u8]) {
    within_bounds(bytes, jostle_watch::read_foreign_text);
}

/// What a program wrote.
pub fn output(bytes: &[u8]) {
    within_bounds(bytes, |bytes| {
        for ended in [ExitStatus::Code(0), ExitStatus::Code(1), ExitStatus::Signal(6), ExitStatus::Running] {
            let failure = jostle_symptoms::diagnose(bytes, ended);
            assert!(failure.is_some() || ended == ExitStatus::Code(0), "whoever ended so has failed");
        }
    });
}

/// What a server answers.
pub fn wire(bytes: &[u8]) {
    within_bounds(bytes, jostle_probe::read_foreign_answers);
}

/// Mutates one of the `N` parts in the first `size` bytes of `data`, and returns how many bytes they take now.
pub fn mutate_part<const N: usize>(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut parts = parts::taken_apart::<N>(&data[..size]).map(<[u8]>::to_vec);
    let others: usize = parts.iter().map(|part| part.len() + 2).sum();
    let chosen = &mut parts[seed as usize % N];
    let room = max_size.saturating_sub(others - chosen.len()).min(usize::from(u16::MAX));
    let length = chosen.len().min(room);
    chosen.resize(room, 0);
    let length = libfuzzer_sys::fuzzer_mutate(chosen, length, room);
    chosen.truncate(length);
    let whole: Vec<u8> = parts
        .iter()
        .flat_map(|part| (part.len() as u16).to_le_bytes().into_iter().chain(part.iter().copied()))
        .collect();
    let size = whole.len().min(max_size);
    data[..size].copy_from_slice(&whole[..size]);
    size
}
