use std::collections::BTreeMap;

use jostle_stacks::{AddressSpace, Registers};

use crate::build::program;
use crate::recorded::{Pieces, loaded, names, recording};

const STACK_BYTES: usize = 8192;

/// The size of `struct step` in steps.c: 23 registers, a base address and a piece of the stack.
const STEP_BYTES: usize = 24 * 8 + STACK_BYTES;

/// One instruction that was about to run.
struct Step {
    registers: Registers,
    memory: Pieces,
}

fn step(bytes: &[u8]) -> Step {
    let (words, stack) = bytes.split_at(24 * 8);
    let words: Vec<_> = words.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
    let [r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, ..] = words[..]
    else {
        unreachable!()
    };
    let registers = Registers {
        rax,
        rbx,
        rcx,
        rdx,
        rsi,
        rdi,
        rbp,
        rsp,
        r8,
        r9,
        r10,
        r11,
        r12,
        r13,
        r14,
        r15,
        rip,
        fs_base: 0,
    };
    Step { registers, memory: Pieces(vec![(words[23], stack.to_vec())]) }
}

fn steps(flags: &[&str]) -> (AddressSpace, Vec<Step>) {
    let recording = recording(&program("steps.c", flags), &format!("steps{}", flags.concat()));
    let split = recording.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let maps = std::str::from_utf8(&recording[..split]).unwrap();
    (loaded(maps.lines()), recording[split + 2..].chunks_exact(STEP_BYTES).map(step).collect())
}

/// The instructions whose callers were not walked to `outer`, called by `main`: their function, and their count.
fn gaps(flags: &[&str]) -> BTreeMap<String, usize> {
    let (space, steps) = steps(flags);
    assert!(steps.len() > 1000, "{} steps", steps.len());
    let mut gaps = BTreeMap::new();
    for step in &steps {
        let trace = space.unwind(&step.registers, &step.memory);
        let frames = space.symbolize(&trace);
        let names = names(&frames);
        if !names.windows(2).any(|pair| pair == ["outer", "main"]) {
            *gaps.entry(format!("{} in {names:?}", names[0])).or_default() += 1;
        }
    }
    gaps
}

#[test]
fn callers_are_found_from_every_instruction() {
    for flags in
        [&["-O2", "-g"][..], &["-O2", "-mavx2", "-ftree-vectorize", "-no-pie"], &["-O2", "-static-pie"]]
    {
        assert_eq!(gaps(flags), BTreeMap::new(), "{flags:?}");
    }
}

/// After it has restored the frame pointer of a realigned frame, gcc 12's own table still reads it from memory,
/// at `lea rsp, [r10 - 8]` and `ret`. The walk then skips `main`.
#[test]
fn callers_are_found_from_every_unoptimized_instruction_that_the_compiler_describes() {
    let gaps = gaps(&["-O0", "-g"]);
    assert!(gaps.keys().all(|gap| gap.starts_with("realigned in [\"realigned\", \"outer\"")), "{gaps:?}");
    assert!(gaps.values().sum::<usize>() <= 2, "{gaps:?}");
}

/// Without tables a few instructions cannot tell: those that realign the stack, and one between a `leave` and
/// its `ret`.
#[test]
fn callers_are_found_by_the_frame_pointer_from_nearly_every_instruction() {
    let no_tables = ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fno-omit-frame-pointer"];
    for optimization in ["-O0", "-O2"] {
        let gaps = gaps(&[&no_tables[..], &[optimization]].concat());
        assert!(gaps.values().sum::<usize>() <= 6, "{gaps:?}");
    }
}
