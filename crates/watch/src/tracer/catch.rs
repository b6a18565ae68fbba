//! Holding one thread before its access, and noting who else comes to the same bytes meanwhile.

use std::time::{Duration, Instant};

use iced_x86::{Code, InstructionInfoFactory};
use jostle_model::{Access, Address, Direction};
use jostle_stacks::{CodeAddress, Registers, Trace};

use super::events::resume;
use super::{Known, Tracer};
use crate::case::{self, Case, Form, Side};
use crate::operation::{self, Operation};
use crate::sites::SiteId;
use crate::sys::ptrace;

/// After so many different visitors a hold ends: more are left for later.
const MOST_VISITORS: usize = 4;
/// After so many stops it ends too, even if they were all the same visitor's: each costs that one about 40 µs.
const MOST_HITS: u32 = 24;
/// A thread's own stack around its stack pointer: the red zone below, callers' frames above. Locals that are
/// passed by address are seldom shared, and when they are, the other thread's access is a site too.
const OWN_STACK_BELOW: u64 = 128;
const OWN_STACK_ABOVE: u64 = 4096;
/// How old our knowledge of the mappings must be before unknown code makes us look again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How often a value must change at a site with nobody seen before that is believed.
const TIMES_ALONE: u32 = 4;
/// How long a stop may be under way when a watchpoint is taken away.
const LATE_HIT: Duration = Duration::from_millis(2);

/// How long a prospect lasts: about as long as holds do, since what comes later would not meet one.
const PROSPECT: Duration = Duration::from_micros(1500);

/// A place that is watched for a moment with nobody held, to learn whether a hold there would pay.
#[derive(Debug)]
pub(super) struct Prospect {
    actor: u64,
    site: SiteId,
    access: Access,
    pub(super) until: Instant,
    cookie: u64,
}

/// A thread that is being held.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) held: Side,
    site: SiteId,
    access: Access,
    old: Option<u64>,
    since: Instant,
    pub(super) until: Instant,
    cookie: u64,
    /// Each different instruction that came, with the first thread that executed it.
    visitors: Vec<(Address, Side)>,
    hits: u32,
}

/// What is being watched, and for whom.
struct Watched {
    access: Access,
    /// Who had been here and was let go: then it is a prospect, else a hold.
    passed: Option<u64>,
}

impl Tracer<'_> {
    /// A thread has arrived at a site. Returns whether it has been seen to: it is held, or let go already.
    pub(super) fn arrived(
        &mut self,
        tid: i32,
        id: SiteId,
        wanted: bool,
        registers: &libc::user_regs_struct,
        stopped: Instant,
    ) -> bool {
        self.tally.samples += 1;
        let at_site = case::registers(registers);
        let first_visit = self.note_visit(tid, id, &at_site);
        if wanted {
            self.sampler.arrived(id);
        }
        let operation = self.catalogue.site(id).operation;
        if self.collides_with_hold(tid, &operation, &at_site) {
            return false;
        }
        let may_hold = self.catalogue.site(id).may_hold()
            && self.hold.is_none()
            && self.threads.len() > 1
            && self.threads.contains_key(&tid);
        let wanted =
            wanted && self.sampler.may_hold(stopped) || first_visit && self.sampler.hold_first_visit(stopped);
        if may_hold && wanted {
            return self.begin_hold(tid, id, &at_site, stopped);
        }
        resume(tid, 0);
        self.sampler.looking.spend(stopped.elapsed());
        if self.hold.is_none() && self.prospect.is_none() && self.threads.contains_key(&tid) {
            self.begin_prospect(tid, id, &at_site);
        }
        true
    }

    /// Watches for a moment who else comes where a thread has just been that was let go.
    fn begin_prospect(&mut self, tid: i32, id: SiteId, registers: &Registers) {
        let Some(access) = self.access_to_watch(id, registers) else { return };
        let cookie = self.next_cookie();
        self.watchpoints.arm(&access, tid, cookie);
        let actor = self.actor(tid, id, registers);
        self.prospect = Some(Prospect { actor, site: id, access, until: Instant::now() + PROSPECT, cookie });
    }

    /// Ends the prospect, if there is one.
    fn end_prospect(&mut self, visitor: Option<f64>) {
        if let Some(prospect) = self.prospect.take() {
            self.watchpoints.disarm();
            self.catalogue.site_mut(prospect.site).note_prospect(visitor);
        }
    }

    /// Ends the prospect when its time is over.
    pub(super) fn end_prospect_if_due(&mut self) {
        if self.prospect.as_ref().is_some_and(|prospect| Instant::now() >= prospect.until) {
            self.end_prospect(None);
        }
    }

    /// Somebody came during a prospect. Only those count whom a hold could meet: a collector that looks
    /// through all memory does not.
    fn meet(&mut self, tid: i32, registers: &libc::user_regs_struct, access: &Access, actor: u64) {
        let here = case::registers(registers);
        let found = self.instruction_that_accessed(&here, registers.orig_rax, access);
        let visitor = found.and_then(|(at, _, form)| match form {
            Form::Kernel => Some(None),
            _ => self.catalogue.site_at(at).map(Some),
        });
        // It was the one who had been let go: no meeting, and no reason to go on.
        if visitor.flatten().is_some_and(|site| self.actor(tid, site, &here) == actor) {
            return self.end_prospect(None);
        }
        if let Some(site) = visitor {
            let credibility = site.map_or(1.0, |site| {
                let site = self.catalogue.site_mut(site);
                site.note_meeting();
                site.credibility()
            });
            self.end_prospect(Some(credibility));
        }
    }

    /// Who acts: Go keeps the running goroutine in r14, and it may go on in another thread at any time.
    fn actor(&self, tid: i32, site: SiteId, registers: &Registers) -> u64 {
        if self.catalogue.site(site).is_go { registers.r14 } else { tid as u64 }
    }

    fn next_cookie(&mut self) -> u64 {
        self.cookies += 1;
        self.cookies
    }

    /// One of the accesses that a site is about to make, if others may reach it at all.
    fn access_to_watch(&mut self, id: SiteId, registers: &Registers) -> Option<Access> {
        let accesses: Vec<Access> = (self.catalogue.site(id).operation.accesses(registers))
            .filter(|access| is_elsewhere(access, registers) && self.modules.may_change(access.address))
            .collect();
        self.sampler.choose(&accesses)
    }

    /// Notes which memory the thread is about to touch; returns whether anyone has been here before.
    fn note_visit(&mut self, tid: i32, id: SiteId, registers: &Registers) -> bool {
        let site = self.catalogue.site_mut(id);
        site.visits += 1;
        let first_visit = site.visits == 1;
        let actor = self.actor(tid, id, registers);
        let site = self.catalogue.site(id);
        let accesses: Vec<Access> = site.operation.accesses(registers).collect();
        if first_visit {
            self.sampler.came_alive(&self.catalogue, id);
        }
        for access in accesses.iter().filter(|access| is_elsewhere(access, registers)) {
            let contention = self.sharing.note(actor, id, access);
            self.catalogue.site_mut(id).note_contention(contention.degree);
            if let Some(forerunner) = contention.forerunner {
                self.catalogue.site_mut(forerunner).note_contention(1.0);
            }
        }
        first_visit
    }

    /// Two threads that stand before accesses to the same bytes collide without any watchpoint.
    fn collides_with_hold(&mut self, tid: i32, operation: &Operation, registers: &Registers) -> bool {
        let Some(hold) = &self.hold else { return false };
        let access = operation.accesses(registers).find(|access| access.conflicts_with(&hold.access));
        let Some(access) = access else { return false };
        if self.is_new_visitor(operation.at) {
            let side = self.side(
                tid,
                registers,
                operation.at,
                Some(access.direction),
                case::form(operation, &access),
            );
            self.note_visitor(operation.at, side);
        }
        true
    }

    fn begin_hold(&mut self, tid: i32, id: SiteId, registers: &Registers, stopped: Instant) -> bool {
        let operation = self.catalogue.site(id).operation;
        let Some(access) = self.access_to_watch(id, registers) else {
            // Only its own stack or constants: not worth a hold, and not worth asking soon again.
            self.catalogue.site_mut(id).note_miss();
            return false;
        };
        self.end_prospect(None);
        let cookie = self.next_cookie();
        let blind = self.watchpoints.arm(&access, tid, cookie);
        self.tally.blind_holds += u64::from(blind.no_register > 0);
        let form = case::form(&operation, &access);
        let held = self.side(tid, registers, operation.at, Some(access.direction), form);
        let old = self.value(&access);
        let until = Instant::now() + self.sampler.duration(stopped);
        self.hold = Some(Hold {
            held,
            site: id,
            access,
            old,
            since: stopped,
            until,
            cookie,
            visitors: Vec::new(),
            hits: 0,
        });
        true
    }

    /// A watchpoint has stopped a thread, right after an access to the bytes of the hold or the prospect with
    /// this cookie.
    pub(super) fn watchpoint_hit(&mut self, tid: i32, cookie: u64, struck: Address) {
        let stopped = Instant::now();
        if let Some(watched) = self.watched_by(cookie).filter(|watched| is_within(struck, &watched.access))
            && let Ok(registers) = ptrace::registers(tid)
        {
            match watched.passed {
                None => self.meet_hold(tid, &registers, &watched.access),
                Some(actor) => self.meet(tid, &registers, &watched.access, actor),
            }
        }
        resume(tid, 0);
        self.sampler.looking.spend(stopped.elapsed());
    }

    /// What the watchpoint with this cookie was set for, unless that is over.
    fn watched_by(&self, cookie: u64) -> Option<Watched> {
        let hold = self.hold.as_ref().filter(|hold| hold.cookie == cookie);
        let prospect = self.prospect.as_ref().filter(|prospect| prospect.cookie == cookie);
        let hold = hold.map(|hold| Watched { access: hold.access, passed: None });
        hold.or(prospect.map(|prospect| Watched { access: prospect.access, passed: Some(prospect.actor) }))
    }

    fn meet_hold(&mut self, tid: i32, registers: &libc::user_regs_struct, access: &Access) {
        let here = Address(registers.rip);
        if self.is_new_visitor(here) {
            let side = self.visitor(tid, registers, access);
            self.note_visitor(here, side);
        }
    }

    /// Counts a hit; returns whether that instruction has not come during this hold before.
    fn is_new_visitor(&mut self, at: Address) -> bool {
        self.tally.hits += 1;
        let Some(hold) = &mut self.hold else { return false };
        hold.hits += 1;
        if hold.hits >= MOST_HITS {
            hold.until = Instant::now();
        }
        hold.visitors.iter().all(|(known, _)| *known != at)
    }

    fn note_visitor(&mut self, at: Address, side: Side) {
        let Some(hold) = &mut self.hold else { return };
        hold.visitors.push((at, side));
        if hold.visitors.len() >= MOST_VISITORS {
            hold.until = Instant::now();
        }
    }

    /// The side of a thread that has just accessed: its instruction is the one before where it stands.
    fn visitor(&mut self, tid: i32, registers: &libc::user_regs_struct, access: &Access) -> Side {
        let here = case::registers(registers);
        let (at, direction, form) = self
            .instruction_that_accessed(&here, registers.orig_rax, access)
            .unwrap_or((Address(here.rip), only_writes_show(access), Form::Unknown));
        self.side(tid, &here, at, direction, form)
    }

    fn instruction_that_accessed(
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

    fn side(
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
        Side { tid, name: self.thread_name(tid), trace: case::standing_at(trace, at), direction, form }
    }

    fn walk(&self, registers: &Registers) -> Trace {
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
    fn value(&self, access: &Access) -> Option<u64> {
        let mut bytes = [0; 8];
        let size = access.size.min(8) as usize;
        self.memory.as_ref()?.read_exact(access.address, &mut bytes[..size]).ok()?;
        Some(u64::from_le_bytes(bytes))
    }

    /// Ends the hold when its time is over.
    pub(super) fn end_hold_if_due(&mut self) {
        if self.hold.as_ref().is_some_and(|hold| Instant::now() >= hold.until) {
            self.end_hold();
        }
    }

    /// Lets the held thread go and hands in what was seen.
    pub(super) fn end_hold(&mut self) {
        let Some(hold) = &self.hold else { return };
        let new = self.value(&hold.access);
        let changed = new.is_some() && new != hold.old;
        self.watchpoints.disarm();
        if changed && hold.visitors.is_empty() {
            self.wait_for_late_hit();
        }
        let Some(hold) = self.hold.take() else { return };
        resume(hold.held.tid, 0);
        let held_for = hold.since.elapsed();
        self.sampler.holding.spend(held_for);
        self.tally.holds += 1;
        self.tally.value_changes += u64::from(changed);
        let site = hold.site;
        let news = self.hand_in(hold, new, held_for);
        self.catalogue.site_mut(site).note_hold(news);
    }

    /// A visitor may be on its way into its stop while we look.
    fn wait_for_late_hit(&mut self) {
        let until = Instant::now() + LATE_HIT;
        while Instant::now() < until && self.hold.as_ref().is_some_and(|hold| hold.visitors.is_empty()) {
            let Ok(Some((tid, event))) = ptrace::next_event() else {
                std::thread::yield_now();
                continue;
            };
            self.serve(tid, event);
        }
    }

    /// Hands in what a hold has shown; returns whether any two instructions met that had not met before.
    fn hand_in(&mut self, hold: Hold, new: Option<u64>, held_for: Duration) -> bool {
        let alone = hold.visitors.is_empty();
        let value_changed = new.is_some() && new != hold.old;
        let at_ms = self.watched().as_millis() as u64;
        let case = |other: Option<Side>| Case {
            held: hold.held.clone(),
            other,
            access: hold.access,
            old: hold.old,
            new,
            held_us: held_for.as_micros() as u64,
            at_ms,
        };
        let mut cases: Vec<Case> = hold.visitors.iter().map(|(_, other)| case(Some(other.clone()))).collect();
        if alone && value_changed && !self.modules.is_shared_memory(hold.access.address) {
            let alone = case(None);
            let times = self.seen_alone.entry(alone.key()).or_insert(0);
            *times += 1;
            // A visitor may only have been slow to stop on a busy machine; hardly so again and again.
            if *times >= TIMES_ALONE {
                cases.push(alone);
            }
        }
        let met_before = self.met.len();
        self.met.extend(hold.visitors.iter().map(|(at, _)| (hold.site, *at)));
        for case in cases {
            self.bring_to_court(case);
        }
        self.met.len() > met_before
    }

    fn bring_to_court(&mut self, case: Case) {
        let key = case.key();
        match self.known.get_mut(&key) {
            None => {
                self.known.insert(key, Known::Pending(0));
                self.court.hear(case);
            }
            Some(Known::Pending(again)) => *again += 1,
            Some(Known::Finding(index)) => self.findings[*index].evidence.times += 1,
            Some(Known::Undecided) => self.tally.undecided += 1,
            Some(Known::Innocent) => {}
        }
    }
}

/// Whether an access goes elsewhere than to the thread's own stack.
fn is_elsewhere(access: &Access, registers: &Registers) -> bool {
    let own = registers.rsp.saturating_sub(OWN_STACK_BELOW)..registers.rsp.saturating_add(OWN_STACK_ABOVE);
    !own.contains(&access.address.0)
}

/// Whether a watchpoint that stood at `struck` belongs to this access. The kernel takes the cookie from the event when
/// it sends the signal, not when the access was made: an event moved in between carries the new cookie, and only
/// the address shows that it means the access before.
fn is_within(struck: Address, access: &Access) -> bool {
    (access.address..access.address + u64::from(access.size)).contains(&struck)
}

/// What a watchpoint proves by itself: one set for stores was hit by a store.
fn only_writes_show(access: &Access) -> Option<Direction> {
    (!access.direction.writes()).then_some(Direction::Write)
}

/// The repeated string instruction at `at`, if there is one.
fn repeated_at(code: &[u8], start: Address, at: Address) -> Option<iced_x86::Instruction> {
    let offset = at.0.checked_sub(start.0)? as usize;
    let code = code.get(offset..)?;
    let instruction = iced_x86::Decoder::with_ip(64, code, at.0, iced_x86::DecoderOptions::NONE).decode();
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
