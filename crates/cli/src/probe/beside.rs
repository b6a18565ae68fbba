use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jostle_model::{ProbeSummary, Verdict};
use jostle_probe::Timeline;
use jostle_report::{Beside, Caught, Moment, WatchEnd, WatchLine};

use crate::exit::Exit;
use crate::failure::Failure;

/// So many requests are told of a moment.
const TOLD: usize = 16;

/// Times of the watch are told in whole milliseconds.
const GRAIN: Duration = Duration::from_millis(1);

/// A watch of the server that runs beside a probe: a process of its own, since a tracer is alone with its threads. It lives
/// for as long as its standard input is open, so that it ends with us, however we end.
pub(super) struct Watch {
    pid: i32,
    child: Child,
    life: Option<ChildStdin>,
    lines: Receiver<WatchLine>,
    began: SystemTime,
}

/// What came of starting it.
pub(super) enum Begun {
    /// It watches.
    Watching(Watch),
    /// It could not, and has said why.
    Refused(Exit),
}

impl Watch {
    /// Starts it, and waits until it watches.
    pub(super) fn begin(pid: i32, seed: u64) -> Result<Begun, Failure> {
        let mut child = Command::new("/proc/self/exe")
            .args([
                "watch",
                "--beside",
                "--no-backoff",
                "--format",
                "json",
                "--seed",
                &seed.to_string(),
                "--pid",
                &pid.to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Failure::Beside)?;
        let life = child.stdin.take();
        let lines = read(&mut child);
        loop {
            match lines.recv() {
                Ok(WatchLine::Began(began)) => {
                    return Ok(Begun::Watching(Self { pid, child, life, lines, began }));
                }
                Ok(_) => {}
                Err(_) => {
                    let status = child.wait().map_err(Failure::Beside)?;
                    return Ok(Begun::Refused(match status.code() {
                        Some(2) => Exit::Usage,
                        _ => Exit::CannotLook,
                    }));
                }
            }
        }
    }

    /// Ends it, and puts what it has caught on the clock of the probe.
    pub(super) fn end(mut self, timeline: &Timeline) -> Result<Beside, Failure> {
        drop(self.life.take());
        let (mut caught, mut end) = (Vec::new(), None);
        for line in &self.lines {
            match line {
                WatchLine::Caught(one) => caught.push(*one),
                WatchLine::Ended(how) => end = Some(*how),
                WatchLine::Began(_) => {}
            }
        }
        self.child.wait().map_err(Failure::Beside)?;
        let clock = Clock { began: self.began, now: SystemTime::now(), instant: Instant::now() };
        let mut moments: Vec<Moment> =
            caught.into_iter().map(|caught| clock.moment(caught, timeline)).collect();
        moments.sort_by_key(|moment| moment.at_us);
        Ok(Beside { pid: self.pid, moments, end })
    }
}

/// Its lines, as they come; another thread reads them, so that a full pipe never makes the watch wait.
fn read(child: &mut Child) -> Receiver<WatchLine> {
    let (sender, receiver) = channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for line in lines.filter_map(|line| jostle_report::read_watch_line(&line)) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}

/// Two clocks, read at once.
struct Clock {
    began: SystemTime,
    now: SystemTime,
    instant: Instant,
}

impl Clock {
    fn moment(&self, caught: Caught, timeline: &Timeline) -> Moment {
        let ago = self.now.duration_since(self.began + caught.at).unwrap_or_default();
        let at = self.instant.checked_sub(ago).and_then(|at| at.checked_duration_since(timeline.start()));
        let Some(at) = at else { return Moment { caught, ..Moment::default() } };
        let found = timeline.under_way(at.saturating_sub(caught.held), at + GRAIN, TOLD);
        Moment {
            caught,
            at_us: Some(at.as_micros() as u64),
            sent: found.sent,
            forgotten: found.forgotten,
            under_way: found.all,
            requests: found.requests,
        }
    }
}

/// What both together say: what one of them found stands, and what one could not say is not passed.
pub(super) fn join(summary: &mut ProbeSummary, beside: &Beside) {
    summary.findings += beside.moments.len() as u64;
    let watched = match &beside.end {
        _ if !beside.moments.is_empty() => Verdict::Found,
        Some(WatchEnd { verdict, .. }) => *verdict,
        None => Verdict::Inconclusive,
    };
    if watched == Verdict::Inconclusive && summary.verdict != Verdict::Found {
        summary.missing.push(match beside.end {
            Some(_) => format!("too few accesses were held in process {}", beside.pid),
            None => format!("the watch of process {} broke off", beside.pid),
        });
    }
    summary.verdict = match (summary.verdict, watched) {
        (Verdict::Found, _) | (_, Verdict::Found) => Verdict::Found,
        (Verdict::NothingFound, Verdict::NothingFound) => Verdict::NothingFound,
        _ => Verdict::Inconclusive,
    };
    if summary.verdict == Verdict::Found {
        summary.missing.clear();
    }
}

#[cfg(test)]
mod tests {
    use jostle_model::{ProbeCounts, UpperBound};

    use super::*;

    /// What both say when the probe says `probed`, and the watch ended with `watched` after so many findings.
    fn joined(probed: Verdict, watched: Option<Verdict>, moments: usize) -> (Verdict, usize) {
        let mut summary = ProbeSummary {
            verb: "probe",
            verdict: probed,
            findings: u64::from(probed == Verdict::Found),
            bound: UpperBound::after_clean_trials(100),
            seed: 7,
            counts: ProbeCounts::default(),
            missing: Vec::new(),
            warnings: Vec::new(),
        };
        let end = watched.map(|verdict| WatchEnd { verdict, holds: 100, rate: 0.03, line: String::new() });
        join(&mut summary, &Beside { pid: 1, moments: vec![Moment::default(); moments], end });
        (summary.verdict, summary.missing.len())
    }

    #[test]
    fn what_one_of_them_found_stands() {
        use Verdict::{Found, Inconclusive, NothingFound};
        assert_eq!(joined(NothingFound, Some(Found), 1), (Found, 0));
        assert_eq!(joined(Found, Some(Inconclusive), 0), (Found, 0));
        assert_eq!(joined(Inconclusive, None, 2), (Found, 0));
    }

    #[test]
    fn what_one_of_them_could_not_say_is_not_passed() {
        use Verdict::{Inconclusive, NothingFound};
        assert_eq!(joined(NothingFound, Some(NothingFound), 0), (NothingFound, 0));
        assert_eq!(joined(NothingFound, Some(Inconclusive), 0), (Inconclusive, 1));
        assert_eq!(joined(NothingFound, None, 0), (Inconclusive, 1));
        assert_eq!(joined(Inconclusive, Some(NothingFound), 0), (Inconclusive, 0));
    }
}
