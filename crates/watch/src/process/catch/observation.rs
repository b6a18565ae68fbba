//! Recording who comes to a place one after the other, with nobody stopped, to learn whether a hold there would pay. It takes
//! the place of a [prospect](super::prospect) where threads are only seen passing: those have gone on before we could watch
//! where they have been, and a service that has little to do is idle by then. So it waits for the next.

use std::time::{Duration, Instant};

use jostle_model::{Access, Direction};
use jostle_stacks::Registers;

use crate::experience::Visitor;
use crate::process::Process;
use crate::process::patrol::THREADS_PER_PROCESSOR;
use crate::sites::SiteId;
use crate::sys::processor_time;
use crate::sys::tracepoint::{self, Arrival};

/// How long after another one a visitor may come to be met by a hold: as long as a prospect lasts.
const SOON: Duration = Duration::from_micros(2500);
/// How long it lasts.
const OBSERVATION: Duration = Duration::from_millis(4);
/// After so many arrivals there is enough to be learnt, if they are not all one thread's: one that comes again and again may do
/// so within microseconds.
const ENOUGH: u64 = 4;
/// So many places are remembered that are to be observed, the latest, and for how long: what was allocated for one request is
/// another's soon.
const REMEMBERED: usize = 4;
const STALE: Duration = Duration::from_millis(50);

/// A place that is to be observed.
#[derive(Clone, Copy, Debug)]
struct Question {
    site: SiteId,
    access: Access,
    asked: Instant,
}

/// Which places are observed.
#[derive(Debug, Default)]
pub(in crate::process) struct Observations {
    questions: Vec<Question>,
    /// Since and until when the one under way lasts.
    under_way: Option<(Question, Instant, Instant)>,
}

impl Observations {
    /// Whether one is under way.
    pub(in crate::process) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Until when the one under way lasts at most.
    pub(in crate::process) fn until(&self) -> Option<Instant> {
        self.under_way.as_ref().map(|(.., until)| *until)
    }
}

/// Somebody who came.
#[derive(Clone, Copy, Debug)]
struct Visit {
    actor: u64,
    at: Duration,
    site: SiteId,
    writes: bool,
}

impl Visit {
    /// Whether a hold here would have met a later visit.
    fn would_meet(&self, later: &Self) -> bool {
        later.at - self.at < SOON && later.actor != self.actor && (later.writes || self.writes)
    }
}

impl Process {
    /// Asks who comes where a thread was seen at these sites, wherever it is worth it: each with how contended its memory is.
    pub(super) fn ask_who_comes(&mut self, seen: &[(SiteId, f64)], registers: &Registers) {
        let asked = Instant::now();
        for &(id, contention) in seen {
            if self.sampler.may_prospect(contention, self.catalogue.site(id), asked)
                && let Some(access) = self.access_to_watch(id, registers)
            {
                // Who reads is to be seen as well as who writes.
                let access = Access { direction: Direction::ReadWrite, ..access };
                self.observations.questions.push(Question { site: id, access, asked });
            }
        }
        let forgotten = self.observations.questions.len().saturating_sub(REMEMBERED);
        self.observations.questions.drain(..forgotten);
    }

    /// Begins to observe the place that was asked for last.
    pub(in crate::process) fn observe(&mut self, now: Instant) {
        self.observations.questions.retain(|question| now.saturating_duration_since(question.asked) < STALE);
        let Some(question) = self.observations.questions.pop() else { return };
        let threads = self.likely_to_run(THREADS_PER_PROCESSOR * self.processors, None);
        let mut is_set = false;
        let took = processor_time::of(|| is_set = self.tracepoints.watch(&question.access, &threads));
        self.sampler.prospecting.spend(took);
        if is_set {
            let until = now + OBSERVATION;
            self.observations.under_way = Some((question, now, until));
        }
    }

    /// Ends it when its time is over, or enough was seen.
    pub(in crate::process) fn end_observation_if_due(&mut self) {
        let Some((.., until)) = self.observations.under_way else { return };
        let is_enough = self.tracepoints.arrivals() >= ENOUGH && self.tracepoints.comers() > 1;
        if is_enough || Instant::now() >= until {
            self.end_observation();
        }
    }

    /// Ends it, and learns from it.
    pub(in crate::process) fn end_observation(&mut self) {
        let Some((question, since, _)) = self.observations.under_way.take() else { return };
        self.sampler.arming.waited(since.elapsed());
        let took = processor_time::of(|| {
            let arrivals = self.tracepoints.take_away();
            let over = tracepoint::now();
            arrivals.iter().for_each(|&(tid, _)| self.note_running(tid));
            let visits =
                arrivals.iter().filter_map(|(tid, arrival)| self.visit(*tid, arrival, &question.access));
            let visits: Vec<Visit> = visits.collect();
            if visits.is_empty() && since.elapsed() >= SOON {
                self.catalogue.site_mut(question.site).experience.note_prospect(None, SOON);
            }
            self.learn_from(&visits, over);
        });
        self.sampler.prospecting.spend(took);
    }

    /// Who that was, at a site that is known.
    fn visit(&self, tid: i32, arrival: &Arrival, access: &Access) -> Option<Visit> {
        let Arrival { at, registers } = arrival;
        let (instruction, direction, _) = self.instruction_that_accessed(registers, 0, access)?;
        let site = self.catalogue.site_at(instruction)?;
        let writes = direction.is_some_and(|direction| direction.writes());
        Some(Visit { actor: self.actor(tid, site, registers), at: *at, site, writes })
    }

    /// Learns from the visits of a place, which was observed until `over`.
    fn learn_from(&mut self, visits: &[Visit], over: Duration) {
        for Lesson { site, met } in lessons(visits, over) {
            let visitor = met.map(|(next, _)| Visitor::Site(next));
            let after = met.map_or(SOON, |(_, after)| after);
            self.catalogue.site_mut(site).experience.note_prospect(visitor, after);
            if let Some((next, _)) = met {
                self.catalogue.site_mut(next).experience.note_meeting();
            }
        }
    }
}

/// What a prospect at a site would have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lesson {
    site: SiteId,
    /// Who came there next, and how much later, if anybody did.
    met: Option<(SiteId, Duration)>,
}

/// What the visits of a place teach: one lesson for each site, by the first visit there. Of a visit shortly before the end it is
/// not known who would have come.
fn lessons(visits: &[Visit], over: Duration) -> Vec<Lesson> {
    let mut lessons: Vec<Lesson> = Vec::new();
    for (index, visit) in visits.iter().enumerate() {
        if lessons.iter().any(|lesson| lesson.site == visit.site) {
            continue;
        }
        let next = visits[index + 1..].iter().find(|later| visit.would_meet(later));
        let met = next.map(|next| (next.site, next.at - visit.at));
        if met.is_some() || over.saturating_sub(visit.at) >= SOON {
            lessons.push(Lesson { site: visit.site, met });
        }
    }
    lessons
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVER: Duration = Duration::from_millis(10);

    fn visit(actor: u64, at_us: u64, site: u32, writes: bool) -> Visit {
        Visit { actor, at: Duration::from_micros(at_us), site: SiteId(site), writes }
    }

    fn met(site: u32, next: u32, after_us: u64) -> Lesson {
        Lesson { site: SiteId(site), met: Some((SiteId(next), Duration::from_micros(after_us))) }
    }

    fn alone(site: u32) -> Lesson {
        Lesson { site: SiteId(site), met: None }
    }

    #[test]
    fn whoever_comes_soon_after_another_would_have_met_a_hold() {
        let visits = [visit(1, 100, 7, true), visit(2, 150, 8, false)];
        assert_eq!(lessons(&visits, OVER), [met(7, 8, 50), alone(8)]);
        let late = [visit(1, 100, 7, true), visit(2, 4_000, 8, false)];
        assert_eq!(lessons(&late, OVER), [alone(7), alone(8)]);
    }

    #[test]
    fn nobody_meets_himself_and_readers_do_not_meet() {
        assert_eq!(lessons(&[visit(1, 100, 7, true), visit(1, 150, 8, true)], OVER), [alone(7), alone(8)]);
        assert_eq!(lessons(&[visit(1, 100, 7, false), visit(2, 150, 8, false)], OVER), [alone(7), alone(8)]);
    }

    #[test]
    fn a_site_meets_itself_in_another_thread_and_teaches_once() {
        let visits = [visit(1, 100, 7, true), visit(2, 150, 7, true), visit(3, 160, 7, true)];
        assert_eq!(lessons(&visits, OVER), [met(7, 7, 50)]);
    }

    #[test]
    fn a_visit_right_before_the_end_teaches_nothing() {
        assert_eq!(lessons(&[visit(1, 9_000, 7, true)], OVER), []);
    }
}
