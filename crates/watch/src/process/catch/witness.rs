//! Who stands there, and what they did: sides of a collision, from registers and memory.

use std::time::Duration;

use iced_x86::{Code, InstructionInfoFactory};
use jostle_model::{Access, Address, Direction};
use jostle_stacks::{CodeAddress, Registers, Trace};

use crate::case::{self, Form, Side};
use crate::operation;
use crate::process::Process;

/// How old our knowledge of the mappings must be before unknown code makes us look again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Process {
    /// The side of a thread that has just accessed: its instruction is the one before where it stands.
    pub(super) fn visitor(&mut self, tid: i32, registers: &libc::user_regs_struct, access: &Access) -> Side {
        let here = case::registers(registers);
        let (at, direction, form) = self
            .instruction_that_accessed(&here, registers.orig_rax, access)
            .unwrap_or((Address(here.rip), only_writes_show(access), Form::Unknown));
        self.side(tid, &here, at, direction, form)
    }

    /// Whether a thread that a watchpoint has stopped had no use for the bytes, or may have had none.
    pub(super) fn may_not_use_it(&self, registers: &libc::user_regs_struct) -> bool {
        let end = Address(registers.rip);
        let code = self.modules.function_code(end - 1);
        let before = code.and_then(|(start, code)| operation::instruction_before(code, start, end));
        before.is_some_and(|instruction| {
            let is_go = || self.modules.space.is_go_code(end - 1);
            operation::is_masked(&instruction) || operation::is_nil_check(&instruction) && is_go()
        })
    }

    pub(super) fn instruction_that_accessed(
        &self,
        here: &Registers,
        system_call: u64,
        access: &Access,
    ) -> Option<(Address, Option<Direction>, Form)> {
        let end = Address(here.rip);
        let (start, code) = self.modules.function_code(end - 1)?;
        // Inside a repeated move the instruction is not over yet.
        let before = operation::instruction_before(code, start, end);
        let instruction = before.or_else(|| repeated_at(code, start, end))?;
        let at = Address(instruction.ip());
        if instruction.code() == Code::Syscall {
            return Some((
                at,
                direction_of_system_call(system_call).or(only_writes_show(access)),
                Form::Kernel,
            ));
        }
        let Some(operation) = operation::operation(&instruction, &mut InstructionInfoFactory::new()) else {
            return Some((at, only_writes_show(access), Form::Unknown));
        };
        // A string move reads one place and writes another: a store watch shows which.
        let direction = if access.direction.writes() { operation.direction() } else { Direction::Write };
        let direction = if operation.writes() { direction } else { Direction::Read };
        Some((at, Some(direction), case::form(&operation, access)))
    }

    pub(in crate::process) fn side(
        &mut self,
        tid: i32,
        registers: &Registers,
        at: Address,
        direction: Option<Direction>,
        form: Form,
    ) -> Side {
        let mut trace = self.walk(registers);
        if self.leads_into_new_code(&trace) {
            self.read_modules();
            trace = self.walk(registers);
        }
        let (name, process) = (self.thread_name(tid), self.name.clone());
        Side { tid, name, process, trace: case::standing_at(trace, at), direction, form }
    }

    pub(in crate::process) fn walk(&self, registers: &Registers) -> Trace {
        match &self.memory {
            Some(memory) => self.modules.space.unwind(registers, &memory.still()),
            None => Trace::default(),
        }
    }

    /// Whether a stack could not be followed into code that we do not know: a library loaded just now, unless
    /// we have only just looked (then it is code without a file).
    fn leads_into_new_code(&self, trace: &Trace) -> bool {
        let unknown = |code: &CodeAddress| self.modules.space.module_at(code.for_lookup()).is_none();
        trace.truncated
            && trace.addresses.last().is_some_and(unknown)
            && self.modules_read.elapsed() > LOOK_AGAIN
    }

    /// The first bytes of the range, as a number.
    pub(super) fn value(&self, access: &Access) -> Option<u64> {
        let mut bytes = [0; 8];
        let size = access.size.min(8) as usize;
        self.memory.as_ref()?.read_exact(access.address, &mut bytes[..size]).ok()?;
        Some(u64::from_le_bytes(bytes))
    }
}

/// What a watchpoint proves by itself: one set for stores was hit by a store.
fn only_writes_show(access: &Access) -> Option<Direction> {
    (!access.direction.writes()).then_some(Direction::Write)
}

/// The repeated string instruction at `at`, if there is one.
fn repeated_at(code: &[u8], start: Address, at: Address) -> Option<iced_x86::Instruction> {
    let instruction = operation::instruction_at(code, start, at)?;
    (instruction.has_rep_prefix() || instruction.has_repne_prefix()).then_some(instruction)
}

/// What a system call does to the memory it is given; `None` for those that do both, or neither.
fn direction_of_system_call(number: u64) -> Option<Direction> {
    match number as libc::c_long {
        libc::SYS_read
        | libc::SYS_pread64
        | libc::SYS_readv
        | libc::SYS_preadv
        | libc::SYS_recvfrom
        | libc::SYS_recvmsg
        | libc::SYS_recvmmsg
        | libc::SYS_getrandom => Some(Direction::Write),
        libc::SYS_write
        | libc::SYS_pwrite64
        | libc::SYS_writev
        | libc::SYS_pwritev
        | libc::SYS_sendto
        | libc::SYS_sendmsg
        | libc::SYS_sendmmsg => Some(Direction::Read),
        _ => None,
    }
}
