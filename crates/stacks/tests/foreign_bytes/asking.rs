//! Everything the crate can be asked about one file, whatever it holds.

use std::cell::RefCell;
use std::rc::Rc;

use jostle_stacks::{Address, AddressSpace, FileAddress, Image, Memory, Registers};

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

/// Asks everything; only what every file has to hold true is asserted.
pub(crate) fn ask_everything(bytes: &'static [u8], seed: u64) {
    let Ok(image) = Image::parse("corrupt", bytes) else { return };
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
    let _ = image.go_inlines(at);
    let loaded = at.load(BIAS);
    let _ = space.module_at(loaded);
    space.name_code(loaded, "named".to_owned());
    let memory = AnyMemory { seed: RefCell::new(seed), code: loaded.0 };
    let registers = Registers {
        rip: loaded.0.wrapping_add(seed % 8),
        rsp: 0x7ffe_0000,
        rbp: 0x7ffe_0040,
        ..Registers::default()
    };
    let trace = space.unwind(&registers, &memory);
    assert!(!trace.addresses.is_empty() && trace.addresses.len() <= 256);
    assert!(space.symbolize(&trace).len() >= trace.addresses.len());
}
