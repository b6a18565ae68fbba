use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a target could not be watched. Each says what failed; how to mend it is for the caller to say.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// There is no such program.
    #[error("find the program {program}", program = .0.display())]
    NotFound(PathBuf),
    /// The file may not be executed.
    #[error("execute {program}: permission denied", program = .0.display())]
    NotExecutable(PathBuf),
    /// The file is neither an ELF executable nor a script.
    #[error("run {program}: neither an ELF executable nor a script with a #! line", program = .0.display())]
    NotElf(PathBuf),
    /// It is an ELF file that ends too early.
    #[error("read {program}: the ELF file is cut off", program = .0.display())]
    CutOff(PathBuf),
    /// It was built for another machine.
    #[error("watch {program}: built for {machine}, only x86-64 is supported", program = .program.display())]
    OtherArchitecture {
        /// The program.
        program: PathBuf,
        /// The machine, as far as the header tells.
        machine: String,
    },
    /// It is set-user-ID or has file capabilities, which the kernel drops under a tracer.
    #[error("watch {program}: it gains privileges when executed, and would run without them under a tracer", program = .0.display())]
    Privileged(PathBuf),
    /// There is no such process, or it is gone.
    #[error("attach to process {0}: there is no such process")]
    NoProcess(i32),
    /// No process goes by that name.
    #[error("attach: no process has {0} in its name or title")]
    NoneNamed(String),
    /// It has ended, and only its parent has not taken note yet.
    #[error("attach to process {0}: it has ended already, and waits for its parent to take note")]
    Zombie(i32),
    /// It has no program of its own.
    #[error("attach to process {0}: it is a thread of the kernel")]
    KernelThread(i32),
    /// The number is that of a thread.
    #[error("attach to {thread}: it is a thread of process {process}")]
    NotAProcess {
        /// The thread that was named.
        thread: i32,
        /// The process that it belongs to.
        process: i32,
    },
    /// A thread can have one tracer only.
    #[error("attach to process {pid}: {tracer} traces it already")]
    Traced {
        /// The process.
        pid: i32,
        /// Who traces it, by name and process id.
        tracer: String,
    },
    /// The file is no core file, or not a whole one.
    #[error("read the core file {file}: {reason}", file = .file.display())]
    Core {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read.
    #[error("read {program}", program = .program.display())]
    Read {
        /// The file.
        program: PathBuf,
        /// The kernel's reason.
        source: io::Error,
    },
    /// The kernel could not start it.
    #[error("start {program}", program = .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The kernel's reason.
        source: io::Error,
    },
    /// The kernel does not let us trace it.
    #[error("trace the target with ptrace")]
    Trace(#[source] io::Error),
    /// The kernel gives no watchpoints.
    #[error("set a watchpoint with perf_event_open")]
    Watchpoint(#[source] io::Error),
    /// Its memory cannot be opened.
    #[error("open the target's memory")]
    Memory(#[source] io::Error),
    /// All its threads block the signal that watchpoints are reported by.
    #[error("see watchpoints: the target blocks SIGTRAP in all its threads")]
    TrapBlocked,
    /// The wait for the target failed.
    #[error("wait for the target")]
    Wait(#[source] io::Error),
}

impl WatchError {
    /// All of it in one line, with its causes.
    pub fn explained(&self) -> String {
        let mut text = format!("failed to {self}");
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }
}
