//! Who is at work on a block of memory that another thread is about to give back.
//!
//! A large block cannot be watched whole by four debug registers. But whoever uses it has its address in a register, and
//! reaches it within a few instructions: the thread that gives it back stands still, and the suspects are taken on step by
//! step until one is about to touch it.

use std::fs;
use std::time::{Duration, Instant};

use iced_x86::{FlowControl, Instruction, InstructionInfoFactory, Mnemonic};
use jostle_model::{Access, Address, Direction};
use jostle_stacks::Registers;

use crate::case::{self, Case, Form, Side};
use crate::operation;
use crate::process::Process;
use crate::process::events::resume;
use crate::sites::SiteId;
use crate::sys::ptrace::{self, Event};

/// Smaller blocks are watched well enough by debug registers.
const SMALLEST: u64 = 64;
/// How many threads are asked whether they run.
const ASKED: usize = 16;
/// How long they may take to stop, and one to make a step.
const STOPPING: Duration = Duration::from_micros(500);
const STEPPING: Duration = Duration::from_millis(1);
/// How many steps a suspect is taken: some 10 µs each. Loops over the elements of a block are shorter. On a busy machine a
/// step may take far longer, so all of them together have a limit too.
const STEPS: usize = 64;
const QUESTIONING: Duration = Duration::from_millis(2);

/// Memory that is about to be given back.
#[derive(Clone, Copy, Debug)]
struct Block {
    start: Address,
    size: u64,
}

impl Block {
    fn contains(&self, at: u64) -> bool {
        at.wrapping_sub(self.start.0) < self.size
    }
}

/// What became of a suspect.
enum Suspect {
    /// It is about to make this access.
    Caught(Side, Access),
    /// It stands, and has touched nothing.
    Innocent,
    /// It does something else now, which is to be served.
    Elsewhere,
}

impl Process {
    /// A thread is about to give memory back. Returns whether anybody was seen at it.
    pub(super) fn find_users(
        &mut self,
        freeing: i32,
        id: SiteId,
        at_site: &Registers,
        stopped: Instant,
    ) -> bool {
        let Some(block) = self.block(id, at_site) else { return false };
        self.catalogue.site_mut(id).experience.note_block(block.size);
        if block.size < SMALLEST {
            return false;
        }
        let standing = self.stop(&self.running_beside(freeing));
        let mut caught = None;
        for &tid in &standing {
            let suspect = match caught {
                None => self.question(tid, block),
                Some(_) => Suspect::Innocent,
            };
            match suspect {
                Suspect::Caught(side, access) => caught = Some((side, access)),
                Suspect::Innocent => {}
                Suspect::Elsewhere => continue,
            }
            resume(tid, 0);
        }
        let is_caught = caught.is_some();
        if let Some((user, access)) = caught {
            self.convict(freeing, id, at_site, user, access, stopped);
        }
        // Everybody who stood here did so for this.
        self.sampler.looking.spend(stopped.elapsed() * standing.len() as u32);
        is_caught
    }

    /// The block that is given back, as far as its size is known.
    fn block(&self, id: SiteId, registers: &Registers) -> Option<Block> {
        let start = Address(registers.rdi);
        let size = match self.catalogue.site(id).operation.release? {
            operation::Release::Sized => registers.rsi,
            operation::Release::Block => self.heap_block(start)?,
        };
        let is_there = |at| self.modules.is_writable(at);
        (size > 0 && is_there(start) && is_there(start + (size - 1))).then_some(Block { start, size })
    }

    /// The other threads that run right now. One that waits in the kernel would be woken by asking it to stop.
    fn running_beside(&self, freeing: i32) -> Vec<i32> {
        let mut asked = self.likely_to_run(ASKED, Some(freeing));
        asked.retain(|&tid| is_running(self.pid, tid));
        asked
    }

    /// Stops threads; returns those that stand and have nothing else to report.
    fn stop(&mut self, wanted: &[i32]) -> Vec<i32> {
        let mut expected: Vec<i32> =
            wanted.iter().copied().filter(|&tid| ptrace::interrupt(tid).is_ok()).collect();
        let mut standing = Vec::new();
        let until = Instant::now() + STOPPING;
        while !expected.is_empty() && Instant::now() < until {
            match ptrace::next_event() {
                Ok(Some((tid, Event::Stop))) if expected.contains(&tid) => {
                    expected.retain(|&other| other != tid);
                    standing.push(tid);
                }
                Ok(Some((tid, event))) => {
                    expected.retain(|&other| other != tid);
                    self.strangers.push((tid, event));
                }
                _ => std::thread::yield_now(),
            }
        }
        standing
    }

    /// Takes a thread on that stands, as long as it may be about to touch the block.
    fn question(&mut self, tid: i32, block: Block) -> Suspect {
        let until = Instant::now() + QUESTIONING;
        for step in (0..STEPS).take_while(|_| Instant::now() < until) {
            let Ok(raw) = ptrace::registers(tid) else { return Suspect::Innocent };
            let registers = case::registers(&raw);
            if step == 0 && !pointers(&registers).into_iter().any(|register| block.contains(register)) {
                return Suspect::Innocent;
            }
            let at = Address(registers.rip);
            let code = self.modules.function_code(at);
            let Some(instruction) = code.and_then(|(start, code)| operation::instruction_at(code, start, at))
            else {
                return Suspect::Innocent;
            };
            if let Some((access, form)) = touches(&instruction, &registers, block) {
                let side = self.side(tid, &registers, at, Some(access.direction), form);
                return Suspect::Caught(side, access);
            }
            if !may_be_stepped(&instruction) {
                return Suspect::Innocent;
            }
            if !self.step(tid) {
                return Suspect::Elsewhere;
            }
        }
        Suspect::Innocent
    }

    /// Lets a thread execute one instruction; false when it does not stand behind it.
    fn step(&mut self, tid: i32) -> bool {
        if ptrace::step(tid).is_err() {
            return false;
        }
        self.stepping.insert(tid);
        let until = Instant::now() + STEPPING;
        while Instant::now() < until {
            match ptrace::next_event() {
                Ok(Some((who, Event::Signal(libc::SIGTRAP))))
                    if who == tid && matches!(ptrace::trap(tid), Ok(ptrace::Trap::Step)) =>
                {
                    self.stepping.remove(&tid);
                    return true;
                }
                Ok(Some(other)) => {
                    let is_it = other.0 == tid;
                    self.strangers.push(other);
                    if is_it {
                        self.stepping.remove(&tid);
                        return false;
                    }
                }
                _ => std::hint::spin_loop(),
            }
        }
        false
    }

    fn convict(
        &mut self,
        freeing: i32,
        id: SiteId,
        at_site: &Registers,
        user: Side,
        access: Access,
        stopped: Instant,
    ) {
        self.tally.hits += 1;
        let at = self.catalogue.site(id).operation.at;
        let held = self.side(freeing, at_site, at, Some(Direction::Write), Form::Release);
        let at_ms = self.watched().as_millis() as u64;
        let held_us = stopped.elapsed().as_micros() as u64;
        self.bring_to_court(Case { held, other: Some(user), access, old: None, new: None, held_us, at_ms });
    }
}

/// The access that an instruction is about to make within the block.
fn touches(instruction: &Instruction, registers: &Registers, block: Block) -> Option<(Access, Form)> {
    let operation = operation::operation(instruction, &mut InstructionInfoFactory::new())?;
    let access = operation.accesses(registers).find(|access| block.contains(access.address.0))?;
    Some((access, case::form(&operation, &access)))
}

/// Whether single steps over an instruction are no different from running it: one into the kernel is, and one that looks at
/// the flags sees the trap flag.
fn may_be_stepped(instruction: &Instruction) -> bool {
    let ordinary = !matches!(
        instruction.flow_control(),
        FlowControl::Interrupt | FlowControl::Exception | FlowControl::XbeginXabortXend
    );
    let flags = [
        Mnemonic::Pushf,
        Mnemonic::Pushfd,
        Mnemonic::Pushfq,
        Mnemonic::Popf,
        Mnemonic::Popfd,
        Mnemonic::Popfq,
    ];
    ordinary && instruction.mnemonic() != Mnemonic::Syscall && !flags.contains(&instruction.mnemonic())
}

fn pointers(of: &Registers) -> [u64; 15] {
    [
        of.rax, of.rbx, of.rcx, of.rdx, of.rsi, of.rdi, of.rbp, of.r8, of.r9, of.r10, of.r11, of.r12, of.r13,
        of.r14, of.r15,
    ]
}

/// Whether a thread runs, or could: the state is the first field behind the name, proc_pid_stat(5).
fn is_running(pid: i32, tid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/task/{tid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('R'))
}
