//! Watching a place for a moment with nobody held, to learn whether a hold there would pay.

use std::time::{Duration, Instant};

use jostle_model::Access;
use jostle_stacks::Registers;

use crate::case::{self, Form};
use crate::experience::Visitor;
use crate::process::Process;
use crate::process::catch::{Lifetime, Watched};
use crate::sites::SiteId;
use crate::sys::processor_time;

/// How long a prospect lasts: about as long as the longest holds, since what comes later would not meet one. They are
/// shorter where there is little hope: there are many of those, at the start all at once.
const PROSPECT: Duration = Duration::from_micros(2500);
const SHORT_PROSPECT: Duration = Duration::from_micros(1000);

/// A place that is watched for a moment with nobody held, to learn whether a hold there would pay.
#[derive(Clone, Copy, Debug)]
pub(in crate::process) struct Prospect {
    actor: u64,
    site: SiteId,
    pub(super) watched: Watched,
    since: Instant,
    pub(in crate::process) until: Instant,
}

impl Process {
    /// Begins one at each of the sites that a thread was seen at where it is worth it: each with how contended its memory is.
    pub(super) fn begin_prospects(&mut self, tid: i32, seen: &[(SiteId, f64)], registers: &Registers) {
        let now = Instant::now();
        for &(id, contention) in seen {
            if self.sampler.may_prospect(contention, self.catalogue.site(id), now) {
                self.begin_prospect(tid, id, registers);
            }
        }
    }

    /// Watches for a moment who else comes where a thread has just been that was let go, if there is a register to
    /// spare: the last one is left to holds.
    fn begin_prospect(&mut self, tid: i32, id: SiteId, registers: &Registers) {
        let Some(access) = self.access_to_watch(id, registers) else { return };
        if self.boundary.is_busy()
            || self.watchpoints.needed(&access) >= self.watchpoints.free()
            || self.is_watched(&access)
        {
            return;
        }
        let watched = self.marked(access);
        let since = Instant::now();
        let likely = self.likely_to_run(self.processors, Some(tid));
        self.watch_unheld(&watched, likely);
        let actor = self.actor(tid, id, registers);
        let until =
            since + if self.catalogue.site(id).experience.is_in_use() { PROSPECT } else { SHORT_PROSPECT };
        self.prospects.push(Prospect { actor, site: id, watched, since, until });
    }

    /// Watches with nobody held: the processor time that it takes is paid for instead.
    pub(super) fn watch_unheld(&mut self, watched: &Watched, threads: Vec<i32>) {
        let took = processor_time::of(|| {
            self.watchpoints.arm(&watched.access, threads.into_iter(), watched.cookie);
        });
        self.sampler.prospecting.spend(took);
    }

    /// Ends that.
    pub(super) fn end_watching_unheld(&mut self, watched: &Watched) {
        let took = processor_time::of(|| self.watchpoints.disarm(watched.cookie));
        self.sampler.prospecting.spend(took);
    }

    /// The threads that are likeliest to run now, `most` at most: those seen last. To set a debug register in one that
    /// sleeps interrupts a processor as well.
    pub(in crate::process) fn likely_to_run(&self, most: usize, beside: Option<i32>) -> Vec<i32> {
        let others = self.threads.iter().filter(|(tid, _)| Some(**tid) != beside);
        let mut seen: Vec<(u64, i32)> = others.map(|(&tid, thread)| (thread.seen, tid)).collect();
        seen.sort_unstable_by(|one, other| other.cmp(one));
        seen.into_iter().take(most).map(|(_, tid)| tid).collect()
    }

    /// Whether some of these bytes are watched already. Of two watchpoints that one access hits, only one is told:
    /// the kernel keeps one SIGTRAP per thread.
    pub(super) fn is_watched(&self, access: &Access) -> bool {
        let hold = self.hold.iter().map(|hold| hold.watched().access);
        let lifetime = self.lifetime.iter().map(|lifetime| lifetime.watched.access);
        hold.chain(lifetime)
            .chain(self.prospects.iter().map(|prospect| prospect.watched.access))
            .any(|watched| watched.overlaps(access))
    }

    /// Gives up what watches bytes of `access` with nobody held, and the oldest of that, until a hold finds the registers it
    /// needs.
    pub(super) fn make_room(&mut self, access: &Access) {
        let overlaps = |lifetime: &Lifetime| lifetime.watched.access.overlaps(access);
        if self.lifetime.as_ref().is_some_and(overlaps) {
            self.give_up_lifetime();
        }
        let in_the_way = |prospect: &Prospect| prospect.watched.access.overlaps(access);
        while !self.prospects.is_empty() {
            let next = self.prospects.iter().position(in_the_way);
            if next.is_none() && self.watchpoints.free() >= self.watchpoints.needed(access) {
                return;
            }
            let given_up = self.prospects.remove(next.unwrap_or(0));
            self.watchpoints.disarm(given_up.watched.cookie);
        }
        if self.watchpoints.free() < self.watchpoints.needed(access) {
            self.give_up_lifetime();
        }
    }

    /// Gives all prospects up, for something that needs their registers.
    pub(in crate::process) fn end_prospects(&mut self) {
        self.give_up_lifetime();
        for given_up in std::mem::take(&mut self.prospects) {
            self.watchpoints.disarm(given_up.watched.cookie);
        }
    }

    /// Ends a prospect.
    fn end_prospect(&mut self, cookie: u64, visitor: Option<Visitor>) {
        let Some(index) = self.prospects.iter().position(|prospect| prospect.watched.cookie == cookie) else {
            return;
        };
        let prospect = self.prospects.remove(index);
        self.end_watching_unheld(&prospect.watched);
        let experience = &mut self.catalogue.site_mut(prospect.site).experience;
        experience.note_prospect(visitor, prospect.since.elapsed());
    }

    /// Ends the prospects whose time is over.
    pub(in crate::process) fn end_prospects_if_due(&mut self) {
        let now = Instant::now();
        while let Some(over) = self.prospects.iter().find(|prospect| now >= prospect.until) {
            self.end_prospect(over.watched.cookie, None);
        }
    }

    /// Somebody came during the prospect with this cookie. Only those count whom a hold could meet: a collector that
    /// looks through all memory does not.
    pub(super) fn came_to_prospect(&mut self, cookie: u64, tid: i32, registers: &libc::user_regs_struct) {
        let prospect = self.prospects.iter().find(|prospect| prospect.watched.cookie == cookie);
        let Some(&Prospect { actor: passed, watched, until, .. }) = prospect else { return };
        if Instant::now() >= until {
            self.end_prospect(cookie, None);
            return;
        }
        let here = case::registers(registers);
        let found = self.instruction_that_accessed(&here, registers.orig_rax, &watched.access);
        let visitor = found.and_then(|(at, _, form)| match form {
            Form::Kernel => Some(Visitor::Kernel),
            _ => self.catalogue.site_at(at).map(Visitor::Site),
        });
        match visitor {
            // It was the one who had been let go: no meeting, and no reason to go on.
            Some(Visitor::Site(site)) if self.actor(tid, site, &here) == passed => {
                self.end_prospect(cookie, None);
            }
            Some(Visitor::Site(site)) => {
                self.catalogue.site_mut(site).experience.note_meeting();
                self.end_prospect(cookie, visitor);
            }
            Some(Visitor::Kernel) => self.end_prospect(cookie, visitor),
            None => {}
        }
    }
}
