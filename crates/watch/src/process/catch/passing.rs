//! Looking at a thread without stopping it: its registers were recorded when it came to a site, and it has gone on.

use jostle_stacks::Registers;

use crate::process::Process;
use crate::process::catch::{Moment, Visit};
use crate::sites::SiteId;
use crate::traps::Purpose;

impl Process {
    /// Whether the registers of whoever comes tell all that is to be learnt there. Nobody can be held by them; who gives memory
    /// back is to be questioned; and how native code was called is told by its stack, as long as that stands still.
    pub(in crate::process) fn is_told_by_registers(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Discover(_) => true,
            Purpose::Scout(id) => {
                let site = self.catalogue.site(id);
                !site.is_release() && (site.is_go || !self.modules.has_go())
            }
            Purpose::Hold(_) | Purpose::Allocation(_) | Purpose::Follow(_) => false,
        }
    }

    /// A thread came there with these registers.
    pub(in crate::process) fn has_passed(&mut self, tid: i32, purpose: Purpose, registers: &Registers) {
        match purpose {
            Purpose::Discover(function) => self.exploration.entered(&mut self.catalogue, function),
            Purpose::Scout(id) if self.catalogue.knows(id) => self.was_seen_passing(tid, id, registers),
            _ => {}
        }
    }

    fn was_seen_passing(&mut self, tid: i32, id: SiteId, registers: &Registers) {
        let Visit { contention, .. } = self.note_visit(tid, id, registers, Moment::After);
        let mut seen = self.look_ahead_of(tid, id, registers, Moment::After);
        seen.push((id, contention));
        self.ask_who_comes(&seen, registers);
    }
}
