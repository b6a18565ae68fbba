//! A process that runs before `jostle` comes, and is not to notice it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::iter;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::jostle::{Run, binary, target, watch};
use super::report::Report;

/// How long a tracer may take to let go of everything.
const LEAVING: Duration = Duration::from_secs(5);

/// A process that is not ours to disturb.
pub(crate) struct Service {
    pub(crate) process: Child,
    pub(crate) lines: BufReader<ChildStdout>,
}

impl Service {
    /// Starts it.
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut process =
            Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(process.stdout.take().expect("piped"));
        Self { process, lines }
    }

    /// The C program that keeps books of everything that could be disturbed.
    pub(crate) fn bookkeeper(variant: &str) -> Self {
        Self::start(&target("service"), &[variant]).ready()
    }

    /// Waits until it says that it is ready.
    pub(crate) fn ready(mut self) -> Self {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("it speaks");
        assert_eq!(line, "ready\n");
        self
    }

    /// Its number.
    pub(crate) fn pid(&self) -> String {
        self.process.id().to_string()
    }

    /// A watch to its end.
    pub(crate) fn watch(&self, arguments: &str) -> (Run, Report) {
        let pid = self.pid();
        let run = watch(["-p", &pid, "--format", "json"].into_iter().chain(arguments.split_whitespace()));
        let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
        (run, report)
    }

    /// A watch that goes on until it is ended.
    pub(crate) fn watch_without_end(&self) -> Child {
        Command::new(binary())
            .args(["watch", "--format", "json", "-p", &self.pid()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("jostle starts")
    }

    /// The tasks of the process and its children that have a tracer.
    pub(crate) fn traced(&self) -> usize {
        let processes = iter::once(self.pid()).chain(self.children());
        let tasks = processes.filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok());
        let statuses =
            tasks.flatten().flatten().filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
        statuses.filter(|status| field(status, "TracerPid:") != "0").count()
    }

    /// The processes that its first thread has started.
    pub(crate) fn children(&self) -> Vec<String> {
        let pid = self.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        children.split_whitespace().map(str::to_owned).collect()
    }

    /// Waits until nobody traces it any more.
    pub(crate) fn assert_left(&mut self) {
        let begun = Instant::now();
        while self.traced() > 0 {
            assert!(begun.elapsed() < LEAVING, "{} tasks are still traced", self.traced());
            thread::sleep(Duration::from_millis(10));
        }
        assert!(self.process.try_wait().expect("it is ours").is_none(), "the service is dead");
    }

    /// Asks it to end, and returns its last line.
    pub(crate) fn end(mut self) -> String {
        send("-TERM", self.process.id());
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("text");
        let status = self.process.wait().expect("it ends");
        let last = rest.lines().last().unwrap_or_default().to_owned();
        assert!(status.success(), "{status}: {last}");
        last
    }
}

/// A test that fails leaves nobody running behind.
impl Drop for Service {
    fn drop(&mut self) {
        // Either may find that it has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a signal, as kill(1) names it.
pub(crate) fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(sent.expect("kill is a program").success(), "process {pid} is alive");
}

/// A field of `/proc/PID/status`.
pub(crate) fn field<'a>(status: &'a str, name: &str) -> &'a str {
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0").trim()
}
