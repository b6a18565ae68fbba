//! What a stopped thread is stopped for: to be looked at, to be held, or because it came to where another is.

mod deallocation;
mod encounter;
mod heap;
mod hold;
mod lifetime;
mod observation;
mod parked;
mod passing;
mod prospect;
mod suspects;
mod witness;

use std::time::Instant;

use jostle_model::{Access, Address, Direction};
use jostle_stacks::Registers;

use super::Process;
use super::events::resume;
use crate::Holds;
use crate::case;
use crate::operation::Operation;
use crate::scope::Part;
use crate::sites::SiteId;
use crate::sys::ptrace;
use crate::traps::{Purpose, Step};

pub(super) use hold::{Hold, MOST_OTHERS};
pub(super) use lifetime::{Lifetime, Postponed};
pub(super) use observation::Observations;
pub(super) use parked::ParkedHold;
pub(super) use prospect::Prospect;

/// A thread's own stack around its stack pointer: the red zone below, callers' frames above. Locals that are
/// passed by address are seldom shared, and when they are, the other thread's access is a site too.
const OWN_STACK_BELOW: u64 = 128;
const OWN_STACK_ABOVE: u64 = 4096;

/// The share of threads that were to be held where they give memory back, and are held there a moment later instead: what
/// a loop gives back first, others have mostly done with.
const LATER_SHARE: f64 = 0.5;

/// When a thread is looked at that comes to a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// It stands before the site.
    Before,
    /// It has gone on; only its registers are as they were.
    After,
}

/// What one arrival at a site has shown.
struct Visit {
    /// Whether nobody was seen here before.
    is_first: bool,
    /// How contended the memory is, between 0 and 1; 0 for the thread's own stack.
    contention: f64,
}

/// An access for which watchpoints were set, and the cookie they carry.
#[derive(Clone, Copy, Debug)]
struct Watched {
    access: Access,
    cookie: u64,
}

impl Watched {
    /// Whether a watchpoint with this cookie that stood at `struck` means this access. The kernel takes the cookie
    /// from the event when it sends the signal, not when the access was made: an event moved in between carries the
    /// new cookie, and only the address shows that it means the access before.
    fn is_meant(&self, cookie: u64, struck: Address) -> bool {
        let range = self.access.address..self.access.address + u64::from(self.access.size);
        self.cookie == cookie && range.contains(&struck)
    }
}

impl Process {
    /// A thread has arrived at a site. Returns whether it has been seen to: it is held, or let go already.
    pub(super) fn arrived(
        &mut self,
        tid: i32,
        id: SiteId,
        wanted: bool,
        registers: &libc::user_regs_struct,
        stopped: Instant,
    ) -> bool {
        let at_site = case::registers(registers);
        let Visit { is_first, contention } = self.note_visit(tid, id, &at_site, Moment::Before);
        if wanted {
            self.sampler.arrived(id);
        }
        let is_long = wanted && self.sampler.heads.stop_waiting(id) && self.sampler.may_hold_long(stopped);
        let operation = self.catalogue.site(id).operation;
        if self.collides_with_hold(tid, &operation, &at_site) {
            return false;
        }
        let has_rivals = self.threads.len() > 1 && self.threads.contains_key(&tid);
        let is_release = self.catalogue.site(id).is_release();
        let may_ask = has_rivals && is_release && self.sampler.may_look(stopped);
        if may_ask && self.find_users(tid, id, &at_site, stopped) {
            return false;
        }
        let wanted = wanted && self.sampler.may_hold(stopped) || is_first && self.may_be_the_only(stopped);
        if wanted && is_release && self.is_held_later(id, stopped) {
            return false;
        }
        if has_rivals
            && !self.calls_come_first()
            && self.is_free_to_hold()
            && self.catalogue.site(id).may_hold()
            && (wanted || is_long)
        {
            let is_parked = !is_long && self.begin_parked_hold(tid, id, &at_site, stopped);
            let may_stand = self.sampler.holds == Holds::All;
            return is_parked || may_stand && self.begin_hold(tid, id, &at_site, is_long, stopped);
        }
        let mut seen = self.look_ahead_of(tid, id, &at_site, Moment::Before);
        seen.push((id, contention));
        if is_first && self.catalogue.site(id).part == Part::User {
            self.let_go_explored(tid, stopped);
        } else {
            self.let_go(tid, stopped);
        }
        if has_rivals {
            self.begin_prospects(tid, &seen, &at_site);
        }
        true
    }

    /// Whether the next thread is to be held here a moment later, instead of this one now.
    fn is_held_later(&mut self, id: SiteId, now: Instant) -> bool {
        let later = self.sampler.chance(LATER_SHARE);
        if later {
            self.later.push((now + self.sampler.moment(), id));
        }
        later
    }

    /// Waits again where memory is given back: a destructor that gives back much of it stands elsewhere in it by now.
    pub(crate) fn wait_again_if_due(&mut self) {
        let now = Instant::now();
        let (due, later): (Vec<_>, Vec<_>) = self.later.drain(..).partition(|&(at, _)| at <= now);
        self.later = later;
        let is_mapped = |&(_, id): &(Instant, SiteId)| self.catalogue.knows(id);
        let steps: Vec<Step> =
            due.iter().filter(|due| is_mapped(due)).map(|&(_, id)| Step::Arm(Purpose::Hold(id))).collect();
        self.set_traps(&steps);
    }

    /// Whether a first visit is worth a hold, since it may stay the only one.
    fn may_be_the_only(&mut self, now: Instant) -> bool {
        self.sampler.hold_first_visit(self.exploration.unseen_sites(), now)
    }

    /// Looks at the sites that the thread is sure to reach next as well: a stop for each would cost it more. Returns
    /// those with how contended their memory is.
    fn look_ahead_of(
        &mut self,
        tid: i32,
        id: SiteId,
        registers: &Registers,
        moment: Moment,
    ) -> Vec<(SiteId, f64)> {
        let now = Instant::now();
        let mut seen = Vec::new();
        for ahead in self.catalogue.sure_from(id) {
            let site = self.catalogue.site(ahead);
            let is_the_first = moment == Moment::Before && !site.experience.is_seen();
            if is_the_first && site.may_hold() && self.may_be_the_only(now) {
                self.set_traps(&Step::to_hold(ahead));
                continue;
            }
            self.set_traps(&[Step::Disarm(Purpose::Scout(ahead))]);
            self.catalogue.site_mut(ahead).experience.note_asked();
            let visit = self.note_visit(tid, ahead, registers, moment);
            seen.push((ahead, visit.contention));
        }
        seen
    }

    /// Lets a thread go on that was looked at. What it cost is taken before: as soon as the thread is woken it may
    /// run in our place.
    pub(super) fn let_go(&mut self, tid: i32, stopped: Instant) {
        self.sampler.looking.spend(stopped.elapsed());
        resume(tid, 0);
    }

    /// The same after a first visit to the program's own code.
    pub(super) fn let_go_explored(&mut self, tid: i32, stopped: Instant) {
        self.sampler.exploring.spend(stopped.elapsed());
        resume(tid, 0);
    }

    /// Who acts: Go keeps the running goroutine in r14, and it may go on in another thread at any time.
    fn actor(&self, tid: i32, site: SiteId, registers: &Registers) -> u64 {
        if self.catalogue.site(site).is_go { registers.r14 } else { tid as u64 }
    }

    /// Makes the access recognizable by a cookie of its own.
    fn marked(&mut self, access: Access) -> Watched {
        self.cookies += 1;
        Watched { access, cookie: self.cookies }
    }

    /// One of the accesses that a site is about to make, if others may reach it at all.
    fn access_to_watch(&mut self, id: SiteId, registers: &Registers) -> Option<Access> {
        let accesses: Vec<Access> = (self.catalogue.site(id).operation.accesses(registers))
            .filter(|access| is_elsewhere(access, registers) && self.modules.may_change(access.address))
            .collect();
        self.sampler.choose(&accesses)
    }

    /// Notes which memory the thread touches.
    fn note_visit(&mut self, tid: i32, id: SiteId, registers: &Registers, moment: Moment) -> Visit {
        self.tally.samples += 1;
        let is_first = self.catalogue.site_mut(id).experience.note_visit();
        let actor = self.actor(tid, id, registers);
        let operation = self.catalogue.site(id).operation;
        if is_first {
            self.exploration.reached(&self.catalogue, id);
            self.sampler.came_alive(&self.catalogue, id);
            let is_own = self.catalogue.site(id).part == Part::User;
            if let Some(backoff) = self.backoff.as_mut().filter(|_| is_own) {
                backoff.note_site();
            }
        }
        let mut most = 0.0_f64;
        if operation.release.is_some() {
            return Visit { is_first, contention: 0.0 };
        }
        if moment == Moment::Before {
            self.note_head(id, &operation, registers);
        }
        for access in operation.accesses(registers).filter(|access| is_elsewhere(access, registers)) {
            self.note_store(id, &access, moment);
            let array = operation.array_of(&access, registers);
            let contention = self.sharing.note(actor, id, &access, array);
            most = most.max(contention.degree);
            self.catalogue.site_mut(id).experience.note_contention(contention.degree);
            for rival in contention.rivals {
                self.catalogue.site_mut(id).experience.note_rival(rival);
                self.catalogue.site_mut(rival).experience.note_rival(id);
            }
        }
        Visit { is_first, contention: most }
    }

    /// Notes what a store replaces, as far as that is still open.
    fn note_store(&mut self, id: SiteId, access: &Access, moment: Moment) {
        let asks = self.catalogue.site(id).experience.asks_what_it_replaces();
        if access.direction != Direction::Write || !asks {
            return;
        }
        let Some(value) = self.value(access) else { return };
        let experience = &mut self.catalogue.site_mut(id).experience;
        match moment {
            Moment::Before => experience.note_store(value == 0),
            Moment::After => experience.note_left_behind(access.address, value == 0),
        }
    }

    /// Notes whether native code of a Go program is at the beginning of a block: the object may be a finalizer's to give
    /// back.
    fn note_head(&mut self, id: SiteId, operation: &Operation, registers: &Registers) {
        let site = self.catalogue.site(id);
        let is_open = !site.is_go && site.may_hold() && !site.experience.is_at_head();
        if !is_open || !self.modules.heap_is_glibc || !self.modules.has_go() {
            return;
        }
        // What is only written here is being made.
        let mut accesses = operation.accesses(registers).filter(|access| !access.direction.writes());
        if accesses.any(|access| self.is_block_head(access.address)) {
            self.catalogue.site_mut(id).experience.note_head();
            let entry = self.native_entry(registers);
            self.sampler.heads.add(entry, id);
        }
    }

    /// The native function that Go has called, on the stack of a thread in native code; the outermost one where there is no
    /// Go.
    fn native_entry(&self, registers: &Registers) -> Address {
        let trace = self.walk(registers);
        let addresses = trace.addresses.iter().map(|code| code.for_lookup());
        let native = addresses.take_while(|&at| !self.modules.space.is_go_code(at)).last();
        let at = native.unwrap_or(Address(registers.rip));
        self.modules.function_code(at).map_or(at, |(start, _)| start)
    }

    /// A watchpoint has stopped a thread, right after an access to the bytes of the hold or the prospect with
    /// this cookie.
    pub(super) fn watchpoint_hit(&mut self, tid: i32, cookie: u64, struck: Address) {
        let stopped = Instant::now();
        let meant = |watched: Watched| watched.is_meant(cookie, struck);
        let hold = self.hold.as_ref().is_some_and(|hold| meant(hold.watched()));
        let prospect = self.prospects.iter().any(|prospect| meant(prospect.watched));
        let lifetime = self.lifetime.as_ref().is_some_and(|lifetime| meant(lifetime.watched));
        if (hold || prospect || lifetime)
            && let Ok(registers) = ptrace::registers(tid)
        {
            if lifetime {
                self.came_to_lifetime(&registers);
            } else if self.may_not_use_it(&registers) {
                // It had no use for the bytes.
            } else if hold {
                self.came_to_hold(tid, &registers);
            } else {
                self.came_to_prospect(cookie, tid, &registers);
            }
        }
        self.let_go(tid, stopped);
    }
}

/// Whether an access goes elsewhere than to the thread's own stack.
fn is_elsewhere(access: &Access, registers: &Registers) -> bool {
    let own = registers.rsp.saturating_sub(OWN_STACK_BELOW)..registers.rsp.saturating_add(OWN_STACK_ABOVE);
    !own.contains(&access.address.0)
}
