use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use jostle_call::CallError;
use jostle_casefile::CaseError;
use jostle_measure::SourceError;
use jostle_plans::PlanError;
use jostle_probe::{CurlError, ListError, ProbeError, ScenarioError};
use jostle_trials::{HuntError, MatrixError, NoShard, Perturbation, UnknownPerturbation};
use jostle_watch::WatchError;

use crate::exit::Exit;
use crate::output;

/// Why a verb could not do its work: what failed, why, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The target could not be watched.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The library could not be called.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The report has no place to go.
    #[error("open {path} for the report", path = .path.display())]
    Open { path: PathBuf, source: io::Error },
    /// The tracer could not be given a process of its own.
    #[error("start the tracer")]
    Apart(#[source] io::Error),
    /// The watch beside a probe could not be started.
    #[error("start jostle watch beside the probe")]
    Beside(#[source] io::Error),
    /// Somebody ended the tracer.
    #[error("watch to the end: signal {0} ended the tracer")]
    Killed(i32),
    /// The case cannot be used.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The hunt could not go on.
    #[error(transparent)]
    Hunt(#[from] HuntError),
    /// What curl would do is not known.
    #[error("read the command for curl")]
    Curl(#[source] CurlError),
    /// What to ask cannot be read.
    #[error("open {path}", path = .path.display())]
    ReadList { path: PathBuf, source: io::Error },
    /// What to ask cannot be understood.
    #[error("read what to ask in {path}", path = .path.display())]
    List { path: PathBuf, source: ListError },
    /// What clients are to do cannot be understood.
    #[error("read the scenario in {path}", path = .path.display())]
    Scenario { path: PathBuf, source: ScenarioError },
    /// The server could not be probed.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// There is no such perturbation.
    #[error("read the list of perturbations")]
    Perturbation(#[source] UnknownPerturbation),
    /// There is no such part.
    #[error("read the part of the hunt")]
    Shard(#[source] NoShard),
    /// It would have to be done before the process starts, or would outlast us.
    #[error("change {0} around a process that runs already: only noise, hold and park can be")]
    NotAround(Perturbation),
    /// Trials were clients of a process, and nobody says of which.
    #[error("run it again: it was a client of {program}, and it is not said of which process", program = .0.display())]
    WhichService(PathBuf),
    /// That process runs something else.
    #[error(
        "run it again: it was a client of {expected}, and process {pid} runs {found}",
        expected = .expected.display(),
        found = .found.display()
    )]
    OtherService { pid: i32, found: PathBuf, expected: PathBuf },
    /// Trials were clients of nobody.
    #[error("run it again around a process: it was no client of one")]
    NoService,
    /// The directory that we are in is gone, or hidden from us.
    #[error("find out which directory this is")]
    Directory(#[source] io::Error),
    /// There was no such hunt.
    #[error("go on with a hunt: {file} has none with this command", file = .0.display())]
    NothingToResume(PathBuf),
    /// The case has no such hunt.
    #[error("report a hunt: {file} has none by that name", file = .0.display())]
    NoHunt(PathBuf),
    /// It is not known how the trial was run.
    #[error("replay the trial {0}: it was recorded without what it takes to run it again")]
    NoReplay(String),
    /// There is nothing to see again.
    #[error("replay the trial {0}: it did not fail")]
    DidNotFail(String),
    /// The plan cannot be read.
    #[error("read the plan {path}", path = .path.display())]
    Plan { path: PathBuf, source: io::Error },
    /// Something is wrong with what is to be compared.
    #[error("read {path}, line {line}: {problem}", path = .path.display(), line = .error.line, problem = .error.problem)]
    Comparison { path: PathBuf, error: Box<PlanError> },
    /// The directory that trials are to run in is not there.
    #[error("run trials in {directory}: there is no such directory", directory = .0.display())]
    NoDirectory(PathBuf),
    /// There is no factor to bisect, or others are not settled.
    #[error(
        "bisect {0}: the plan has no such factor, or no [reference] that says how the other factors are set"
    )]
    NoBisection(String),
    /// Nothing like this was run before.
    #[error("go on: {file} has no trials of this plan", file = .0.display())]
    NothingLikeThis(PathBuf),
    /// The trials of a comparison cannot be summed up.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// The plan does not say what is to be verified.
    #[error("verify {path}: it has neither [trials] nor [data]", path = .0.display())]
    NothingToVerify(PathBuf),
    /// The plan for production data cannot be followed.
    #[error(transparent)]
    DataPlan(#[from] jostle_measure::PlanError),
    /// Production data cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There is nothing to list.
    #[error("list rows without children: the plan has no [data.children]")]
    NoChildren,
    /// A pattern is too large.
    #[error("read the pattern")]
    Pattern(#[source] Box<dyn Error>),
}

impl Failure {
    /// Something is wrong with a plan in this file.
    pub(crate) fn plan(path: &Path, error: PlanError) -> Self {
        Self::Comparison { path: path.to_owned(), error: Box::new(error) }
    }

    /// Tells the user, and says how to exit.
    pub(crate) fn report(&self) -> Exit {
        self.tell();
        self.exit()
    }

    /// Tells the user.
    pub(crate) fn tell(&self) {
        let mut message = format!("error: failed to {self}");
        let mut cause = self.source();
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        output::complain(&message);
        if let Some(hint) = self.hint() {
            output::complain(&format!("hint: {hint}"));
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Watch(error) => match error {
                WatchError::NotFound(_)
                | WatchError::NotExecutable(_)
                | WatchError::NotElf(_)
                | WatchError::NoProcess(_)
                | WatchError::NoneNamed(_)
                | WatchError::Core { .. }
                | WatchError::NotAProcess { .. } => Exit::Usage,
                _ => Exit::CannotLook,
            },
            Self::Call(error) => call_exit(error),
            Self::Case(error) => case_exit(error),
            Self::Probe(error) => probe_exit(error),
            Self::Hunt(HuntError::Plan(_)) => Exit::Usage,
            Self::Open { .. }
            | Self::Curl(_)
            | Self::ReadList { .. }
            | Self::List { .. }
            | Self::Scenario { .. }
            | Self::Pattern(_)
            | Self::Perturbation(_)
            | Self::NotAround(_)
            | Self::WhichService(_)
            | Self::OtherService { .. }
            | Self::NoService
            | Self::Shard(_)
            | Self::NothingToResume(_)
            | Self::NoHunt(_)
            | Self::NoReplay(_)
            | Self::DidNotFail(_)
            | Self::Plan { .. }
            | Self::Comparison { .. }
            | Self::NoDirectory(_)
            | Self::NoBisection(_)
            | Self::NothingLikeThis(_)
            | Self::Matrix(MatrixError::Odds(_)) => Exit::Usage,
            Self::Matrix(MatrixError::Case(error)) => case_exit(error),
            Self::Source(error) if error.blames_input() => Exit::Usage,
            Self::Source(_) => Exit::CannotLook,
            Self::NothingToVerify(_) | Self::DataPlan(_) | Self::NoChildren => Exit::Usage,
            Self::Apart(_) | Self::Beside(_) | Self::Killed(_) | Self::Hunt(_) | Self::Directory(_) => {
                Exit::CannotLook
            }
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Watch(error) => watch_hint(error),
            Self::Call(error) => Some(call_hint(error)),
            Self::Case(error) => Some(error.hint()),
            Self::Hunt(error) => hunt_hint(error),
            Self::Probe(error) => probe_hint(error),
            Self::Curl(_) => {
                Some("quote it as one word, such as --curl \"curl -H 'X-A: b' http://127.0.0.1:8080/\"")
            }
            Self::ReadList { .. } => Some("give a file that can be read"),
            Self::List { .. } | Self::Scenario { .. } => {
                Some("see jostle probe --help for what --path, --openapi and --scenario take")
            }
            Self::Perturbation(_) => Some("give --perturb all, none, or names with commas between them"),
            Self::NotAround(_) => {
                Some("leave it out of --perturb, or leave --pid out and let the hunt start the program")
            }
            Self::WhichService(_) | Self::OtherService { .. } => {
                Some("give --pid the process to run it around")
            }
            Self::NoService => Some("leave --pid out"),
            Self::Shard(_) => Some("give --shard K/N, K from 1 to N"),
            Self::Directory(_) => Some("change to a directory that is there"),
            Self::NothingToResume(_) | Self::NoHunt(_) => Some("see which there are: jostle case list"),
            Self::NoReplay(_) => Some("hunt again: jostle hunt -- CMD"),
            Self::DidNotFail(_) => Some("see which failed: jostle case show"),
            Self::Open { .. } => Some("give --output a path in a directory that exists and may be written"),
            Self::Plan { .. } => Some("give the path of a TOML file"),
            Self::Comparison { .. } => Some("docs/matrix.md and docs/verify.md say what may stand in a plan"),
            Self::NoDirectory(_) => Some("`directory` in a plan is meant from where the plan lies"),
            Self::NoBisection(_) => Some("name a factor of the plan, and give the plan a [reference]"),
            Self::NothingLikeThis(_) => Some("leave --resume out to begin"),
            Self::Matrix(MatrixError::Case(error)) => Some(error.hint()),
            Self::Matrix(MatrixError::Odds(_)) => {
                Some("let the plan have fewer settings: see `near` and [[exclude]]")
            }
            Self::NothingToVerify(_) => {
                Some("docs/verify.md shows what stands in [trials], docs/verify-data.md what in [data]")
            }
            Self::DataPlan(_) => Some("docs/verify-data.md says what may stand there"),
            Self::Source(error) => Some(error.hint()),
            Self::NoChildren => {
                Some("say in the plan which rows should have which children: docs/verify-data.md")
            }
            Self::Pattern(_) => Some("use a shorter --include or --exclude"),
            Self::Apart(_) | Self::Beside(_) => {
                Some("let this user start more processes: see ulimit -u, and the container's limits")
            }
            Self::Killed(_) => Some(
                "look whether the target still runs; to end a watch, send SIGINT or SIGTERM, or kill the process that \
                 you started",
            ),
        }
    }
}

/// Whether it is the plan that is wrong, or the machine or the library that does not let us call.
fn call_exit(error: &CallError) -> Exit {
    match error {
        CallError::Plan(_) | CallError::Library { .. } | CallError::Function { .. } => Exit::Usage,
        CallError::SetUp { .. } | CallError::Start(_) | CallError::Broken(_) => Exit::CannotLook,
    }
}

fn call_hint(error: &CallError) -> &'static str {
    match error {
        CallError::Plan(jostle_call::PlanError::Read { .. }) => "give a path to a file that you may read",
        CallError::Plan(_) => "what a plan says stands in docs/call.md",
        CallError::Library { .. } => {
            "give library a path relative to the plan, or a name that the loader finds; ldd FILE says what it needs"
        }
        CallError::Function { .. } => "see what the library has: nm -D --defined-only FILE",
        CallError::SetUp { .. } => "the library refuses what the set-up passes: see its documentation",
        CallError::Start(_) => {
            "let this user start more processes and threads: see ulimit -u, and the container's limits"
        }
        CallError::Broken(_) => {
            "the library may have overwritten memory that is not its own: jostle watch -- jostle call PLAN"
        }
    }
}

/// Whether it is the command line that named a wrong case, or the machine that does not let us use it.
fn case_exit(error: &CaseError) -> Exit {
    match error {
        CaseError::NotWritable(_)
        | CaseError::Unreadable { .. }
        | CaseError::Unfolded(_)
        | CaseError::Locked { .. }
        | CaseError::Full(_)
        | CaseError::Create { .. }
        | CaseError::Database { .. } => Exit::CannotLook,
        _ => Exit::Usage,
    }
}

fn hunt_hint(error: &HuntError) -> Option<&'static str> {
    Some(match error {
        HuntError::Plan(_) => "the syntax is that of https://docs.rs/regex, without look-around",
        HuntError::CouldNotRun(_) => "see what holds it up: jostle doctor, and run the command by hand",
        HuntError::Crew(_) => "let this user start more processes: see ulimit -u, and the container's limits",
        HuntError::Prepare { .. } => "run it by hand, in the directory of the plan",
        HuntError::Keep(_) => {
            "what was recorded before is kept: see jostle case show; go on by jostle hunt --resume"
        }
    })
}

/// Whether the command line is wrong, or the server does not let us look.
fn probe_exit(error: &ProbeError) -> Exit {
    match error {
        ProbeError::Url { .. }
        | ProbeError::NotLoopback { .. }
        | ProbeError::Certificates { .. }
        | ProbeError::Template(_)
        | ProbeError::Unsafe { .. }
        | ProbeError::OtherPath { .. }
        | ProbeError::TooManyPlaces(_) => Exit::Usage,
        _ => Exit::CannotLook,
    }
}

fn probe_hint(error: &ProbeError) -> Option<&'static str> {
    Some(match error {
        ProbeError::Url { .. } => "give a URL such as http://127.0.0.1:8080/path",
        ProbeError::Resolve { .. } => "check the name, or give an address",
        ProbeError::NotLoopback { .. } => {
            "give --i-own-this-server if you do: it gets many requests that are meant to confuse it"
        }
        ProbeError::Connect { .. } => "start the server first, and check host and port",
        ProbeError::Tls { .. } => {
            "give the authority of its certificate by --tls-ca FILE; a plain server has an http:// URL"
        }
        ProbeError::Certificates { .. } => "give a file with certificates in PEM",
        ProbeError::Malformed { .. } => {
            "check that an HTTP server listens there, and whether it wants https://"
        }
        ProbeError::HungUp { .. } => "see what the server logs; ask it by hand: curl -v URL",
        ProbeError::Hangs { .. } => "see what the server is doing, or give it more time by --timeout",
        ProbeError::Http2 { .. } => "leave out --http2 if the server does not speak it",
        ProbeError::Template(_) => {
            "name a value that is in the body of the request, or leave that --token out"
        }
        ProbeError::TooManyPlaces(_) => "give fewer --token",
        ProbeError::Unsafe { .. } => {
            "give --unsafe-methods if that does no harm: each version gets it many times, and the old one twice as often"
        }
        ProbeError::OtherPath { .. } => {
            "give --against and --noise the server alone, such as http://127.0.0.1:8081"
        }
        ProbeError::Start(_) => "let this user start more threads and open more files: see ulimit -a",
    })
}

fn watch_hint(error: &WatchError) -> Option<&'static str> {
    Some(match error {
        WatchError::NotFound(_) => "give a path, such as ./program, or check PATH",
        WatchError::NotExecutable(_) => "make it executable: chmod +x FILE",
        WatchError::NotElf(_) => "for a script, start it with its interpreter: jostle watch -- python3 FILE",
        WatchError::NoProcess(_) | WatchError::NoneNamed(_) => "look for it: pgrep -af NAME",
        WatchError::Zombie(_) | WatchError::KernelThread(_) => {
            "give the number of a process that runs a program: pgrep -a NAME"
        }
        WatchError::NotAProcess { .. } => "give the number of the process: all its threads are watched",
        WatchError::Traced { .. } => "a thread can have one tracer: let the debugger detach first",
        WatchError::CutOff(_) => "copy or build the file again",
        WatchError::OtherArchitecture { .. } => "build it for x86-64 Linux and watch that build",
        WatchError::Privileged(_) => "watch it as root, or watch a copy without the set-user-ID bit",
        WatchError::Trace(_) => {
            "ptrace is often forbidden in containers: run them with --cap-add SYS_PTRACE, or as root; jostle doctor \
             says what is missing here"
        }
        WatchError::Watchpoint(_) => {
            "allow perf events: sysctl kernel.perf_event_paranoid=2, and in a container --cap-add PERFMON \
             with a seccomp profile that permits perf_event_open; jostle doctor says what is missing here"
        }
        WatchError::Memory(_) => {
            "run as the user that owns the program, or as root; jostle doctor says what is missing here"
        }
        WatchError::Read { .. } => "give a path to a file, and run as a user that may read it",
        WatchError::Core { .. } => {
            "give a core file as the kernel writes it, whole: see core(5), and ulimit -c"
        }
        WatchError::TrapBlocked => {
            "watchpoints are reported by SIGTRAP: let the program leave that signal unblocked in its threads"
        }
        WatchError::Start { .. } | WatchError::Wait(_) => return None,
    })
}
