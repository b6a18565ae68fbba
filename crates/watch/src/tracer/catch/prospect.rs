//! Watching a place for a moment with nobody held, to learn whether a hold there would pay.

use std::time::{Duration, Instant};

use jostle_stacks::Registers;

use crate::case::{self, Form};
use crate::experience::Visitor;
use crate::sites::SiteId;
use crate::tracer::Tracer;
use crate::tracer::catch::Watched;

/// How long a prospect lasts: about as long as holds do, since what comes later would not meet one.
const PROSPECT: Duration = Duration::from_micros(1500);

/// A place that is watched for a moment with nobody held, to learn whether a hold there would pay.
#[derive(Debug)]
pub(in crate::tracer) struct Prospect {
    actor: u64,
    site: SiteId,
    pub(super) watched: Watched,
    pub(in crate::tracer) until: Instant,
}

impl Tracer<'_> {
    /// Watches for a moment who else comes where a thread has just been that was let go.
    pub(super) fn begin_prospect(&mut self, tid: i32, id: SiteId, registers: &Registers) {
        let Some(access) = self.access_to_watch(id, registers) else { return };
        let watched = self.marked(access);
        self.watchpoints.arm(&access, tid, watched.cookie);
        let actor = self.actor(tid, id, registers);
        self.prospect = Some(Prospect { actor, site: id, watched, until: Instant::now() + PROSPECT });
    }

    /// Ends the prospect, if there is one.
    pub(in crate::tracer) fn end_prospect(&mut self, visitor: Option<Visitor>) {
        if let Some(prospect) = self.prospect.take() {
            self.watchpoints.disarm();
            self.catalogue.site_mut(prospect.site).experience.note_prospect(visitor);
        }
    }

    /// Ends the prospect when its time is over.
    pub(in crate::tracer) fn end_prospect_if_due(&mut self) {
        if self.prospect.as_ref().is_some_and(|prospect| Instant::now() >= prospect.until) {
            self.end_prospect(None);
        }
    }

    /// Somebody came during a prospect. Only those count whom a hold could meet: a collector that looks
    /// through all memory does not.
    pub(super) fn came_to_prospect(&mut self, tid: i32, registers: &libc::user_regs_struct) {
        let Some(&Prospect { actor: passed, watched, .. }) = self.prospect.as_ref() else { return };
        let here = case::registers(registers);
        let found = self.instruction_that_accessed(&here, registers.orig_rax, &watched.access);
        let visitor = found.and_then(|(at, _, form)| match form {
            Form::Kernel => Some(Visitor::Kernel),
            _ => self.catalogue.site_at(at).map(Visitor::Site),
        });
        match visitor {
            // It was the one who had been let go: no meeting, and no reason to go on.
            Some(Visitor::Site(site)) if self.actor(tid, site, &here) == passed => self.end_prospect(None),
            Some(Visitor::Site(site)) => {
                self.catalogue.site_mut(site).experience.note_meeting();
                self.end_prospect(visitor);
            }
            Some(Visitor::Kernel) => self.end_prospect(visitor),
            None => {}
        }
    }
}
