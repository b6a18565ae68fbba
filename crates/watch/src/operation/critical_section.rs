//! Critical sections: the code between where a function takes a lock and where it gives it back, as far as it does both itself.
//! It is read from top to bottom, as compilers lay it out, whatever the branches: that is enough for a guess, and no more is made
//! of it.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};
use jostle_model::Address;

use super::Callee;
use super::release::callee;

/// Within how many instructions behind where it gives a lock back a function leaves, if it leaves early there.
const LEAVES_WITHIN: usize = 12;

/// What a function that is called does with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockCall {
    /// It waits until nobody else has it.
    Takes,
    /// It lets others have it.
    GivesBack,
    /// It does what was put off until now; where a lock was taken and not given back, that is probably to give it back.
    MayGiveBack,
}

/// Which lock that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    /// One of which only its functions know where it is.
    Called,
    /// The word that lies so far behind where a register points, of this many bytes. The register may be another one later, but
    /// where the word is the first of its object: any other object begins like that as well.
    Word { displacement: u64, size: usize, base: Option<Register> },
}

/// What an instruction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Takes(Lock),
    GivesBack(Lock),
    GivesAnyBack,
    /// What compares before it exchanges takes a lock that is free, and gives back one that nobody waits for.
    ComparesAndExchanges(Lock),
    /// What exchanges in any case gives a lock back that was taken, or tries again and again to take it.
    Exchanges(Lock),
    /// Control goes elsewhere for good.
    Leaves,
}

/// A section that has begun.
#[derive(Clone, Copy, Debug)]
struct Section {
    lock: Lock,
    from: Address,
    end: Option<End>,
}

/// Where a lock was given back last.
#[derive(Clone, Copy, Debug)]
struct End {
    at: Address,
    /// How many instructions came before this one.
    number: usize,
    /// Whether the function leaves there, and others may still be in the section further on.
    leaves: bool,
}

/// The sections as far as the code was read.
#[derive(Default)]
struct Sections {
    all: Vec<Section>,
    /// How many instructions were read.
    number: usize,
}

impl Sections {
    fn take(&mut self, step: Step, instruction: &Instruction) {
        match step {
            Step::Takes(lock) => self.begin(lock, instruction),
            Step::GivesBack(lock) => drop(self.end(instruction, lock)),
            Step::GivesAnyBack => drop(self.end_open(instruction, |_| true)),
            Step::ComparesAndExchanges(lock) => {
                if !self.end_open(instruction, |section| section.lock == lock) {
                    self.begin(lock, instruction);
                }
            }
            Step::Exchanges(lock) => {
                if !self.end(instruction, lock) {
                    self.begin(lock, instruction);
                }
            }
            Step::Leaves => self.leave(),
        }
    }

    fn begin(&mut self, lock: Lock, instruction: &Instruction) {
        self.all.push(Section { lock, from: Address(instruction.next_ip()), end: None });
    }

    /// Ends the last section of `lock` that is open; where none is, one that was left early goes on to here. Returns whether there
    /// is any section of it.
    fn end(&mut self, instruction: &Instruction, lock: Lock) -> bool {
        if self.end_open(instruction, |section| section.lock == lock) {
            return true;
        }
        let end = self.end_here(instruction);
        let Some(last) = self.all.iter_mut().rfind(|section| section.lock == lock) else { return false };
        if last.end.is_some_and(|end| end.leaves) {
            last.end = Some(end);
        }
        true
    }

    /// Ends the last of those that are open and meant. Returns whether there is one.
    fn end_open(&mut self, instruction: &Instruction, is_meant: impl Fn(&Section) -> bool) -> bool {
        let end = self.end_here(instruction);
        let open = self.all.iter_mut().rfind(|section| section.end.is_none() && is_meant(section));
        open.map(|section| section.end = Some(end)).is_some()
    }

    fn end_here(&self, instruction: &Instruction) -> End {
        End { at: Address(instruction.ip()), number: self.number, leaves: false }
    }

    fn leave(&mut self) {
        let number = self.number;
        for end in self.all.iter_mut().filter_map(|section| section.end.as_mut()) {
            end.leaves |= number - end.number <= LEAVES_WITHIN;
        }
    }
}

/// The critical sections in the code of one function, loaded at `at`; none where it is not plain code.
pub(crate) fn critical_sections(
    code: &[u8],
    at: Address,
    calls: &dyn Fn(Callee) -> Option<LockCall>,
) -> Vec<Range<Address>> {
    let mut sections = Sections::default();
    for instruction in &mut Decoder::with_ip(64, code, at.0, DecoderOptions::NONE) {
        if instruction.is_invalid() {
            return Vec::new();
        }
        if let Some(step) = step(&instruction, calls) {
            sections.take(step, &instruction);
        }
        sections.number += 1;
    }
    sections.all.iter().filter_map(|section| Some(section.from..section.end?.at)).collect()
}

fn step(instruction: &Instruction, calls: &dyn Fn(Callee) -> Option<LockCall>) -> Option<Step> {
    match callee(instruction).and_then(calls) {
        Some(LockCall::Takes) => return Some(Step::Takes(Lock::Called)),
        Some(LockCall::GivesBack) => return Some(Step::GivesBack(Lock::Called)),
        Some(LockCall::MayGiveBack) => return Some(Step::GivesAnyBack),
        None => {}
    }
    if matches!(instruction.flow_control(), FlowControl::Return | FlowControl::UnconditionalBranch) {
        return Some(Step::Leaves);
    }
    let is_exchange = instruction.mnemonic() == Mnemonic::Xchg;
    let has_memory = instruction.op_kinds().any(|kind| kind == OpKind::Memory);
    if !has_memory || !is_exchange && !instruction.has_lock_prefix() {
        return None;
    }
    let displacement = instruction.memory_displacement64();
    let base = (displacement == 0).then(|| instruction.memory_base());
    let lock = Lock::Word { displacement, size: instruction.memory_size().size(), base };
    Some(match instruction.mnemonic() {
        Mnemonic::Xchg => Step::Exchanges(lock),
        Mnemonic::Cmpxchg => Step::ComparesAndExchanges(lock),
        Mnemonic::Bts => Step::Takes(lock),
        // A counter goes both ways by the same instructions; one that nobody has taken by exchange is no lock.
        _ => Step::GivesBack(lock),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(code: &[u8]) -> Vec<(u64, u64)> {
        let calls = |callee| match callee {
            Callee::Code(Address(0x1100)) => Some(LockCall::Takes),
            Callee::Code(Address(0x1200)) => Some(LockCall::GivesBack),
            Callee::Code(Address(0x1300)) => Some(LockCall::MayGiveBack),
            _ => None,
        };
        let found = critical_sections(code, Address(0x1000), &calls);
        found.into_iter().map(|section| (section.start.0 - 0x1000, section.end.0 - 0x1000)).collect()
    }

    /// lock cmpxchg [rdx+0x40], ecx
    const TAKE: [u8; 5] = [0xf0, 0x0f, 0xb1, 0x4a, 0x40];
    /// inc qword ptr [rax]
    const WORK: [u8; 3] = [0x48, 0xff, 0x00];
    /// lock xadd [rsi+0x40], ebx
    const GIVE_BACK: [u8; 5] = [0xf0, 0x0f, 0xc1, 0x5e, 0x40];
    /// xchg [rdx+0x40], eax
    const EXCHANGE: [u8; 3] = [0x87, 0x42, 0x40];

    #[test]
    fn a_lock_taken_by_exchange_is_given_back_at_the_same_distance() {
        assert_eq!(sections(&[&TAKE[..], &WORK, &GIVE_BACK, &WORK].concat()), [(5, 8)]);
        assert_eq!(sections(&[&TAKE[..], &WORK, &EXCHANGE].concat()), [(5, 8)]);
    }

    #[test]
    fn whoever_leaves_early_gives_it_back_twice() {
        let ret = [0xc3];
        let early = [&TAKE[..], &WORK, &GIVE_BACK, &ret, &WORK, &GIVE_BACK, &WORK, &ret].concat();
        assert_eq!(sections(&early), [(5, 17)]);
        let exchanged = [&TAKE[..], &WORK, &EXCHANGE, &ret, &WORK, &EXCHANGE, &WORK, &ret].concat();
        assert_eq!(sections(&exchanged), [(5, 15)]);
    }

    #[test]
    fn what_follows_where_it_was_given_back_is_outside() {
        // A landing pad at the function's end gives the lock back as well.
        let much = WORK.repeat(LEAVES_WITHIN + 1);
        let code = [&TAKE[..], &WORK, &GIVE_BACK, &much, &[0xc3], &GIVE_BACK].concat();
        assert_eq!(sections(&code), [(5, 8)]);
    }

    #[test]
    fn one_lock_may_be_taken_within_another_and_again() {
        let inner = [&TAKE[..], &WORK, &EXCHANGE, &WORK, &TAKE, &WORK, &EXCHANGE].concat();
        assert_eq!(sections(&inner), [(5, 8), (19, 22)]);
        // call 0x1100 twice, then call 0x1200 twice
        let nested = [0xe8, 0xfb, 0, 0, 0, 0xe8, 0xf6, 0, 0, 0, 0xe8, 0xf1, 1, 0, 0, 0xe8, 0xec, 1, 0, 0];
        assert_eq!(sections(&nested), [(5, 15), (10, 10)]);
    }

    #[test]
    fn the_first_word_of_another_object_is_another_lock() {
        // lock cmpxchg [rdx], ecx; inc qword ptr [rax]; lock dec dword ptr [rsi] or [rdx]
        let take = [0xf0, 0x0f, 0xb1, 0x0a];
        assert_eq!(sections(&[&take[..], &WORK, &[0xf0, 0xff, 0x0e]].concat()), []);
        assert_eq!(sections(&[&take[..], &WORK, &[0xf0, 0xff, 0x0a]].concat()), [(4, 7)]);
    }

    #[test]
    fn counters_are_no_locks_and_neither_is_what_is_never_given_back() {
        assert_eq!(sections(&[&GIVE_BACK[..], &WORK, &GIVE_BACK].concat()), []);
        assert_eq!(sections(&[&TAKE[..], &WORK].concat()), []);
        // lock xadd [rsi+0x48], ebx
        assert_eq!(sections(&[&TAKE[..], &WORK, &[0xf0, 0x0f, 0xc1, 0x5e, 0x48]].concat()), []);
    }

    #[test]
    fn functions_that_lock_are_known_by_name() {
        // call 0x1100; inc qword ptr [rax]; call 0x1200
        let code = [0xe8, 0xfb, 0, 0, 0, 0x48, 0xff, 0, 0xe8, 0xf3, 1, 0, 0];
        assert_eq!(sections(&code), [(5, 8)]);
    }

    #[test]
    fn what_was_put_off_ends_a_section_that_nothing_else_has_ended() {
        // call 0x1300
        let deferred = |at: u8| [0xe8, 0xfb_u8.wrapping_sub(at), 2, 0, 0];
        assert_eq!(sections(&[&TAKE[..], &WORK, &deferred(8)].concat()), [(5, 8)]);
        assert_eq!(sections(&[&TAKE[..], &WORK, &GIVE_BACK, &WORK, &deferred(16)].concat()), [(5, 8)]);
    }
}
