//! Processes of our own, each of which attends one run after the other: what goes wrong there goes wrong only there.
//!
//! ptrace, orphans and signals are a process's affair, not a thread's. The one that started them does nothing but wait.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use super::disturbance::Disturbance;
use super::ready::{is_ready, readable};
use super::{attach, descendants, follower, signals};
use crate::{Attendant, Options, Outcome};

/// What happened.
#[derive(Debug)]
pub enum CrewEvent {
    /// A member has done its task.
    Done {
        /// Which task.
        task: u64,
        /// What came of it.
        brought: Vec<u8>,
    },
    /// A member is gone and has brought nothing: it was killed, or ran into a bug of ours.
    Lost {
        /// Which task it had.
        task: u64,
        /// The signal that ended it, if one did.
        signal: Option<i32>,
    },
    /// Somebody wants us to end.
    Asked {
        /// By this signal.
        signal: i32,
    },
    /// Nothing within the time allowed.
    Nothing,
}

/// The members, and what they are doing. No other thread may run in this process while it has a crew.
pub struct Crew<W> {
    /// What they do: from a task to what comes of it.
    work: W,
    /// Waits for signals here, and attends runs in every member, which has a copy.
    attendant: Attendant,
    members: Vec<Member>,
    /// How many there may be.
    size: usize,
    tasks: u64,
    /// Tasks whose member died before it came to them.
    orphans: VecDeque<(u64, Vec<u8>)>,
    /// What goes on around the tasks.
    disturbance: Option<Disturbance>,
    /// Children that somebody had before he became us: none of them is left over from a task.
    elder: BTreeSet<i32>,
}

struct Member {
    pid: i32,
    tasks: PipeWriter,
    results: PipeReader,
    /// The task that it is at, and those that wait for it, each with its number.
    at: VecDeque<(u64, Vec<u8>)>,
}

impl<W: Fn(&mut Attendant, &[u8]) -> Vec<u8>> Crew<W> {
    /// Nobody yet; members come as they are needed, `size` at most, and do `work`. SIGINT, SIGTERM, SIGHUP and SIGQUIT come as
    /// [`CrewEvent::Asked`] from now on.
    ///
    /// # Errors
    /// When the system has no room.
    pub fn new(work: W, size: usize) -> io::Result<Self> {
        descendants::inherit_orphans()?;
        Ok(Self {
            work,
            attendant: Attendant::new()?,
            members: Vec::new(),
            size: size.max(1),
            tasks: 0,
            orphans: VecDeque::new(),
            disturbance: None,
            elder: attach::children(std::process::id() as i32).into_iter().collect(),
        })
    }

    /// How many are at work.
    pub fn at_work(&self) -> usize {
        self.members.iter().filter(|member| !member.at.is_empty()).count()
    }

    /// How many tasks were given, of which nothing was told yet.
    pub fn given(&self) -> usize {
        self.members.iter().map(|member| member.at.len()).sum::<usize>() + self.orphans.len()
    }

    /// Gives a task to a member that has none, or else to the one that has fewest, which will come to it as soon as it can;
    /// and returns the task's number.
    ///
    /// # Errors
    /// When the system has no room for another process.
    pub fn give(&mut self, task: &[u8]) -> io::Result<u64> {
        self.tasks += 1;
        self.hand_over(self.tasks, task.to_vec())?;
        Ok(self.tasks)
    }

    fn hand_over(&mut self, number: u64, task: Vec<u8>) -> io::Result<()> {
        let fewest = (0..self.members.len()).min_by_key(|&index| self.members[index].at.len());
        let is_free = |index: &usize| self.members[*index].at.is_empty() || self.members.len() >= self.size;
        let index = match fewest.filter(is_free) {
            Some(index) => index,
            None => self.engage()?,
        };
        let member = &mut self.members[index];
        // One that has died is noticed when it is waited for.
        let _ = send(&mut member.tasks, &task);
        member.at.push_back((number, task));
        Ok(())
    }

    fn engage(&mut self) -> io::Result<usize> {
        let (given, tasks) = io::pipe()?;
        let (results, done) = io::pipe()?;
        let mut ours = Some((tasks, results));
        let pid = follower::fork(|| {
            // The others' ends: a member must not keep another's pipe open.
            self.members.clear();
            ours = None;
            be_a_member(given, done, &mut self.attendant, &self.work);
        })?;
        let at = VecDeque::new;
        self.members.extend(ours.map(|(tasks, results)| Member { pid, tasks, results, at: at() }));
        Ok(self.members.len() - 1)
    }

    /// Disturbs processes that run already, as a watch with these `options` does, until [`calm`](Self::calm), which returns
    /// what `tell` makes of the watch's outcome. Another disturbance ends first.
    ///
    /// # Errors
    /// Why that cannot be done, in one line.
    pub fn disturb(
        &mut self,
        options: &Options,
        tell: impl FnOnce(&Outcome) -> Vec<u8>,
    ) -> Result<(), String> {
        self.calm();
        self.disturbance = Some(Disturbance::begin(options, tell)?);
        Ok(())
    }

    /// Ends the disturbance, if there is one, and leaves whom it disturbed as they were. Nothing was told where whoever
    /// disturbed was killed.
    pub fn calm(&mut self) -> Option<Vec<u8>> {
        self.disturbance.take().map(Disturbance::end)
    }

    /// Waits for something to happen, at most so long.
    pub fn wait(&mut self, at_most: Duration) -> CrewEvent {
        if let Some((task, told)) = self.orphans.pop_front()
            && self.hand_over(task, told).is_err()
        {
            return CrewEvent::Lost { task, signal: None };
        }
        let ready = self.ready(at_most);
        if let Some(signal) = self.attendant.signals.read_end() {
            return CrewEvent::Asked { signal };
        }
        match ready {
            Some(index) => self.take_result(index),
            None => CrewEvent::Nothing,
        }
    }

    /// A member that has something to say, or has fallen silent for good.
    fn ready(&self, at_most: Duration) -> Option<usize> {
        let results = self.members.iter().map(|member| readable(&member.results));
        let mut all: Vec<libc::pollfd> = results.chain([readable(&self.attendant.signals)]).collect();
        is_ready(&mut all, at_most);
        all[..self.members.len()].iter().position(|one| one.revents != 0)
    }

    fn take_result(&mut self, index: usize) -> CrewEvent {
        let member = &mut self.members[index];
        if let Ok(Some(brought)) = receive(&mut member.results)
            && let Some((task, _)) = member.at.pop_front()
        {
            return CrewEvent::Done { task, brought };
        }
        let member = self.members.swap_remove(index);
        let signal = self.bury(member.pid);
        let mut at = member.at;
        let first = at.pop_front();
        self.orphans.extend(at);
        first.map_or(CrewEvent::Nothing, |(task, _)| CrewEvent::Lost { task, signal })
    }

    /// Takes note of the end of a member, which cannot have seen to what its target left behind.
    fn bury(&self, pid: i32) -> Option<i32> {
        let _ = signals::send(pid, libc::SIGKILL);
        let status = descendants::wait_for(pid);
        let disturbing = self.disturbance.iter().map(|disturbance| disturbance.pid);
        let ours = self.members.iter().map(|member| member.pid).chain(disturbing);
        descendants::kill_all(&ours.chain(self.elder.iter().copied()).collect());
        libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status))
    }
}

impl<W> Drop for Crew<W> {
    /// Ends the work of all, and of their targets. Who was disturbed lives on as he was.
    fn drop(&mut self) {
        if let Some(disturbance) = self.disturbance.take() {
            disturbance.end();
        }
        if self.members.is_empty() {
            return;
        }
        self.members.clear();
        descendants::kill_all(&self.elder);
    }
}

fn be_a_member(
    mut given: PipeReader,
    mut done: PipeWriter,
    attendant: &mut Attendant,
    work: &impl Fn(&mut Attendant, &[u8]) -> Vec<u8>,
) {
    volunteer();
    // Never fails where it has not failed for our parent.
    let _ = descendants::inherit_orphans();
    while let Ok(Some(task)) = receive(&mut given) {
        let brought = panic::catch_unwind(AssertUnwindSafe(|| work(attendant, &task)));
        if !brought.is_ok_and(|brought| send(&mut done, &brought).is_ok()) {
            break;
        }
    }
}

/// Should memory run out, the kernel ends us and whom we start before others, the largest of us first (proc(5),
/// `oom_score_adj`). Where it is not allowed, it may be somebody else.
fn volunteer() {
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
}

/// Messages have their length in front of them.
fn send(pipe: &mut PipeWriter, message: &[u8]) -> io::Result<()> {
    let mut framed = (message.len() as u64).to_ne_bytes().to_vec();
    framed.extend_from_slice(message);
    pipe.write_all(&framed)
}

/// Nothing when the other end is closed.
fn receive(pipe: &mut PipeReader) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match pipe.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u64::from_ne_bytes(length);
    let mut message = Vec::with_capacity(length as usize);
    match pipe.take(length).read_to_end(&mut message)? as u64 {
        whole if whole == length => Ok(Some(message)),
        _ => Ok(None),
    }
}
