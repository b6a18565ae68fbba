use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::LazyLock;

use jostle_stacks::{Address, AddressSpace, FileAddress, Image, Memory, Registers};
use proptest::prelude::*;

use crate::build::program;

const BIAS: u64 = 0x7f00_0000_0000;

/// Memory in which everything is readable, and words look like the stack of a program: often code.
struct AnyMemory {
    seed: RefCell<u64>,
    code: u64,
}

impl Memory for AnyMemory {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        let mut seed = self.seed.borrow_mut();
        *seed = (*seed ^ at.0).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        let word = match *seed % 4 {
            0 => at.0.wrapping_add(64),
            1 => self.code.wrapping_add(*seed % 4096),
            2 => *seed,
            _ => 0,
        };
        bytes.fill(0);
        let taken = bytes.len().min(8);
        bytes[..taken].copy_from_slice(&word.to_le_bytes()[..taken]);
        true
    }
}

/// Everything the crate can be asked about one file.
fn ask_everything(bytes: Vec<u8>, seed: u64) {
    let Ok(image) = Image::parse("corrupt", bytes.leak()) else { return };
    let image = Rc::new(image);
    let _ = (image.is_position_independent(), image.interpreter(), image.has_debug_info(), image.build_id());
    let _ = (image.is_go(), image.go_version(), image.imports().len(), image.source_is_atomic("ready"));
    let mut space = AddressSpace::new();
    space.add(Rc::clone(&image), BIAS);
    let functions = image.functions();
    for pair in functions.windows(2) {
        assert!(pair[0].start.0 + pair[0].size <= pair[1].start.0);
    }
    let mut asked: Vec<_> = functions.iter().step_by(functions.len() / 40 + 1).map(|f| f.start.0).collect();
    asked.extend([0, 0x1000, u64::MAX, seed]);
    for at in asked {
        ask_about(&mut space, &image, FileAddress(at), seed);
    }
    space.remove(&image, BIAS);
    assert_eq!(space.modules().count(), 0);
}

fn ask_about(space: &mut AddressSpace, image: &Image, at: FileAddress, seed: u64) {
    let _ = (image.code(at, 16), image.function_at(at), image.function_name(at), image.data_symbol_at(at));
    let loaded = at.load(BIAS);
    let _ = space.module_at(loaded);
    space.name_code(loaded, "named".to_owned());
    let memory = AnyMemory { seed: RefCell::new(seed), code: loaded.0 };
    let registers =
        Registers { rip: loaded.0 + seed % 8, rsp: 0x7ffe_0000, rbp: 0x7ffe_0040, ..Registers::default() };
    let trace = space.unwind(&registers, &memory);
    assert!(!trace.addresses.is_empty() && trace.addresses.len() <= 256);
    assert!(space.symbolize(&trace).len() >= trace.addresses.len());
}

/// Small programs with every kind of table.
static VICTIMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let programs: [PathBuf; 4] = [
        program("shapes.c", &["-g", "-O2"]),
        program("shapes.c", &["-O2", "-no-pie"]),
        program("shapes.c", &["-g", "-gz", "-O2"]),
        program("cache.cpp", &["-g", "-O2"]),
    ];
    programs.iter().map(|path| std::fs::read(path).unwrap()).collect()
});

/// Where damage is done: anywhere, but often in the headers, which all else hangs on.
fn damage() -> impl Strategy<Value = (u32, u8, u8)> {
    (prop_oneof![0..2048_u32, any::<u32>(), any::<u32>()], any::<u8>(), 1..16_u8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn overwritten_bytes_are_survived(
        victim in 0..4_usize,
        damages in prop::collection::vec(damage(), 1..24),
        seed in any::<u64>(),
    ) {
        let mut bytes = VICTIMS[victim].clone();
        let len = bytes.len();
        for (at, value, run) in damages {
            let at = at as usize % len;
            bytes[at..(at + usize::from(run)).min(len)].fill(value);
        }
        ask_everything(bytes, seed);
    }

    #[test]
    fn files_cut_anywhere_are_survived(victim in 0..4_usize, kept in any::<u32>(), seed in any::<u64>()) {
        let whole = &VICTIMS[victim];
        ask_everything(whole[..kept as usize % whole.len()].to_vec(), seed);
    }
}
