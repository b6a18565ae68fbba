//! What a stopped thread is stopped for: to be looked at, to be held, or because it came to where another is.

mod hold;
mod prospect;
mod witness;

use std::time::Instant;

use jostle_model::{Access, Address};
use jostle_stacks::Registers;

use super::Tracer;
use super::events::resume;
use crate::case;
use crate::sites::SiteId;
use crate::sys::ptrace;

pub(super) use hold::Hold;
pub(super) use prospect::Prospect;

/// A thread's own stack around its stack pointer: the red zone below, callers' frames above. Locals that are
/// passed by address are seldom shared, and when they are, the other thread's access is a site too.
const OWN_STACK_BELOW: u64 = 128;
const OWN_STACK_ABOVE: u64 = 4096;

/// What a watchpoint was set for.
enum Watched {
    /// The access of the thread that is being held.
    ByHold(Access),
    /// Where somebody has been who was let go.
    ByProspect { access: Access, passed: u64 },
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
        let wanted = wanted && self.sampler.may_hold(stopped)
            || first_visit && self.sampler.hold_first_visit(self.exploration.unseen_sites(), stopped);
        if may_hold && wanted {
            return self.begin_hold(tid, id, &at_site, stopped);
        }
        self.let_go(tid, stopped);
        if self.hold.is_none() && self.prospect.is_none() && self.threads.contains_key(&tid) {
            self.begin_prospect(tid, id, &at_site);
        }
        true
    }

    /// Lets a thread go on that was looked at. What it cost is taken before: as soon as the thread is woken it may
    /// run in our place.
    pub(super) fn let_go(&mut self, tid: i32, stopped: Instant) {
        self.sampler.looking.spend(stopped.elapsed());
        resume(tid, 0);
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
        let first_visit = self.catalogue.site_mut(id).experience.note_visit();
        let actor = self.actor(tid, id, registers);
        let operation = self.catalogue.site(id).operation;
        if first_visit {
            self.exploration.reached(id);
            self.sampler.came_alive(&self.catalogue, id);
        }
        for access in operation.accesses(registers).filter(|access| is_elsewhere(access, registers)) {
            let contention = self.sharing.note(actor, id, &access);
            self.catalogue.site_mut(id).experience.note_contention(contention.degree);
            for rival in contention.rivals {
                self.catalogue.site_mut(id).experience.note_rival(rival);
                self.catalogue.site_mut(rival).experience.note_rival(id);
            }
        }
        first_visit
    }

    /// A watchpoint has stopped a thread, right after an access to the bytes of the hold or the prospect with
    /// this cookie.
    pub(super) fn watchpoint_hit(&mut self, tid: i32, cookie: u64, struck: Address) {
        let stopped = Instant::now();
        if let Some(watched) = self.watched_by(cookie, struck)
            && let Ok(registers) = ptrace::registers(tid)
        {
            match watched {
                Watched::ByHold(access) => self.came_to_hold(tid, &registers, &access),
                Watched::ByProspect { access, passed } => {
                    self.came_to_prospect(tid, &registers, &access, passed);
                }
            }
        }
        self.let_go(tid, stopped);
    }

    /// What the watchpoint with this cookie was set for that stood at `struck`, unless that is over.
    fn watched_by(&self, cookie: u64, struck: Address) -> Option<Watched> {
        let hold = self.hold.as_ref().filter(|hold| hold.is_meant(cookie, struck));
        let prospect = self.prospect.as_ref().filter(|prospect| prospect.is_meant(cookie, struck));
        hold.map(Hold::watched).or(prospect.map(Prospect::watched))
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
