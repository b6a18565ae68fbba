//! Watching a place for a moment with nobody held, to learn whether a hold there would pay.

use std::time::{Duration, Instant};

use jostle_model::{Access, Address};
use jostle_stacks::Registers;

use crate::case::{self, Form};
use crate::sites::SiteId;
use crate::tracer::Tracer;
use crate::tracer::catch::{Watched, is_within};

/// How long a prospect lasts: about as long as holds do, since what comes later would not meet one.
const PROSPECT: Duration = Duration::from_micros(1500);

/// A place that is watched for a moment with nobody held, to learn whether a hold there would pay.
#[derive(Debug)]
pub(in crate::tracer) struct Prospect {
    actor: u64,
    site: SiteId,
    access: Access,
    pub(in crate::tracer) until: Instant,
    cookie: u64,
}

impl Prospect {
    /// Whether a hit at `struck` with this cookie is this prospect's.
    pub(super) fn is_meant(&self, cookie: u64, struck: Address) -> bool {
        self.cookie == cookie && is_within(struck, &self.access)
    }

    pub(super) fn watched(&self) -> Watched {
        Watched::ByProspect { access: self.access, passed: self.actor }
    }
}

impl Tracer<'_> {
    /// Watches for a moment who else comes where a thread has just been that was let go.
    pub(super) fn begin_prospect(&mut self, tid: i32, id: SiteId, registers: &Registers) {
        let Some(access) = self.access_to_watch(id, registers) else { return };
        let cookie = self.next_cookie();
        self.watchpoints.arm(&access, tid, cookie);
        let actor = self.actor(tid, id, registers);
        self.prospect = Some(Prospect { actor, site: id, access, until: Instant::now() + PROSPECT, cookie });
    }

    /// Ends the prospect, if there is one.
    pub(in crate::tracer) fn end_prospect(&mut self, visitor: Option<f64>) {
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
    pub(super) fn came_to_prospect(
        &mut self,
        tid: i32,
        registers: &libc::user_regs_struct,
        access: &Access,
        passed: u64,
    ) {
        let here = case::registers(registers);
        let found = self.instruction_that_accessed(&here, registers.orig_rax, access);
        let visitor = found.and_then(|(at, _, form)| match form {
            Form::Kernel => Some(None),
            _ => self.catalogue.site_at(at).map(Some),
        });
        // It was the one who had been let go: no meeting, and no reason to go on.
        if visitor.flatten().is_some_and(|site| self.actor(tid, site, &here) == passed) {
            return self.end_prospect(None);
        }
        if let Some(site) = visitor {
            let credibility = site.map_or(1.0, |site| {
                let visitor = &mut self.catalogue.site_mut(site).experience;
                visitor.note_meeting();
                visitor.credibility()
            });
            self.end_prospect(Some(credibility));
        }
    }
}
