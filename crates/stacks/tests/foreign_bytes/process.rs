//! A stopped thread whose registers and stack are anything.

use std::rc::Rc;

use jostle_stacks::{Address, AddressSpace, FileAddress, Image, Memory, Registers};

/// Where its stack begins.
const STACK: u64 = 0x7000_0000;
const REGISTERS: usize = 18;

/// A thread in a process that has loaded one image.
pub(crate) struct Thread<'a> {
    registers: Registers,
    stack: &'a [u8],
    image: Rc<Image>,
}

impl<'a> Thread<'a> {
    /// `state` is its registers, then its stack.
    pub(crate) fn new(state: &'a [u8], image: &Rc<Image>) -> Self {
        let (words, rest) = state.as_chunks::<8>();
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next().unwrap_or(0);
        let registers = Registers {
            rip: next(),
            rsp: next(),
            rbp: next(),
            fs_base: next(),
            rax: next(),
            rbx: next(),
            rcx: next(),
            rdx: next(),
            rsi: next(),
            rdi: next(),
            r8: next(),
            r9: next(),
            r10: next(),
            r11: next(),
            r12: next(),
            r13: next(),
            r14: next(),
            r15: next(),
        };
        let stack = state.get(8 * REGISTERS..).unwrap_or(rest);
        Self { registers, stack, image: Rc::clone(image) }
    }

    /// Walks its stack and names what it finds, from where it stands and as if it stood elsewhere.
    pub(crate) fn examine(&self, elsewhere: impl Iterator<Item = u64>) {
        let mut space = AddressSpace::new();
        space.add(Rc::clone(&self.image), 0);
        for rip in elsewhere.chain([self.registers.rip]) {
            let trace = space.unwind(&Registers { rip, ..self.registers }, self);
            assert!(!trace.addresses.is_empty() && trace.addresses.len() <= 256);
            assert!(space.symbolize(&trace).len() >= trace.addresses.len());
        }
    }
}

impl Memory for Thread<'_> {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        let on_stack = || {
            let start = usize::try_from(at.0.checked_sub(STACK)?).ok()?;
            self.stack.get(start..start.checked_add(bytes.len())?)
        };
        let found = on_stack().or_else(|| self.image.code(FileAddress(at.0), bytes.len()));
        let Some(found) = found.filter(|found| found.len() == bytes.len()) else { return false };
        bytes.copy_from_slice(found);
        true
    }
}
