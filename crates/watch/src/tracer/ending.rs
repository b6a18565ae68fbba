//! How a watch ends: because its time is over, somebody wants it, or the target is gone.

use std::time::{Duration, Instant};

use super::Tracer;
use crate::process::Process;
use crate::sys::{front, signals};
use crate::{TimeUp, WatchError};

/// How long a target may take to end when it is asked to, before it is killed.
const GRACE: Duration = Duration::from_secs(10);

impl Tracer<'_> {
    /// Somebody wants us to end. A target that we started hears of it if it has not already, and gets the time it needs;
    /// asked again, it gets none. Where the front was killed, the target was not meant.
    pub(super) fn asked_to_end(&mut self, signal: i32, from_terminal: bool) {
        if self.common.options.time_up == TimeUp::Kill {
            return self.kill();
        }
        if self.runs_already() || front::is_gone() {
            self.leave();
            return;
        }
        self.asked_to_end += 1;
        self.stop_watching();
        let signal = if self.asked_to_end > 1 { libc::SIGKILL } else { signal };
        if !from_terminal || signal == libc::SIGKILL {
            // It may have ended meanwhile.
            let _ = signals::send(self.main, signal);
        }
    }

    /// Ends the watch when its time is over, and the target when it does not end by itself.
    pub(super) fn end_in_time(&mut self) {
        let (now, options) = (Instant::now(), self.common.options);
        let is_over = options.duration.is_some_and(|duration| now - self.common.started >= duration);
        let is_enough = options.stop_after.is_some_and(|most| self.findings.len() as u64 >= most);
        if self.watch_ended.is_none() && (is_over || is_enough) {
            if self.runs_already() {
                self.leave();
                return;
            }
            if options.time_up == TimeUp::Kill {
                self.timed_out = is_over;
                self.processes.values_mut().for_each(Process::see_where_all_stand);
                return self.kill();
            }
            self.stop_watching();
            let _ = signals::send(self.main, libc::SIGTERM);
            self.force_at = Some(now + GRACE);
        }
        if self.force_at.is_some_and(|at| now >= at) {
            self.force_at = None;
            let _ = signals::send(self.main, libc::SIGKILL);
        }
    }

    fn kill(&mut self) {
        self.stop_watching();
        // What they have started dies with them, later: see `attend`.
        for &pid in self.processes.keys() {
            let _ = signals::send(pid, libc::SIGKILL);
        }
    }

    /// What a program that we started has left behind lives on without us.
    pub(super) fn main_is_gone(&mut self) {
        if !self.runs_already() {
            self.force_at = None;
            self.leave();
        }
    }

    /// Lets go of all processes before anything was looked at.
    pub(crate) fn abandon(&mut self) -> Result<(), WatchError> {
        self.leave();
        self.run()
    }

    fn runs_already(&self) -> bool {
        self.common.options.target.runs_already()
    }

    fn leave(&mut self) {
        self.end_watch();
        self.processes.values_mut().for_each(|process| process.leave());
    }

    fn stop_watching(&mut self) {
        self.end_watch();
        self.processes.values_mut().for_each(|process| process.stop_watching());
    }

    fn end_watch(&mut self) {
        self.watch_ended.get_or_insert_with(Instant::now);
    }
}
