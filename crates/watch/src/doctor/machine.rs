//! This machine: kernel, rights, registers, limits.

use std::fs;

use super::trial::{self, Trial};
use super::{Check, Health};
use crate::status::{self, field, mask};
use crate::watchpoints::REGISTERS;

/// The first kernel with perf events that raise SIGTRAP in the thread they are about (`perf_event_attr.sigtrap`).
const FIRST_KERNEL: (u32, u32) = (5, 13);
/// Bits of the capabilities that matter here (linux/include/uapi/linux/capability.h).
const CAP_SYS_PTRACE: u64 = 1 << 19;
const CAP_SYS_ADMIN: u64 = 1 << 21;
const CAP_PERFMON: u64 = 1 << 38;
/// The descriptors that one thread of the target takes at most: its debug registers, and a ring of samples.
const PER_THREAD: u64 = REGISTERS as u64 + 1;
/// So many threads are nothing unusual for a service.
const MANY_THREADS: u64 = 1000;

/// What we may do, as the kernel sees it.
#[derive(Clone, Copy, Debug)]
struct Rights {
    may_trace_all: bool,
    may_measure_all: bool,
}

pub(super) fn examine() -> Vec<Check> {
    let status = status::of("self").unwrap_or_default();
    let uid_map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    // Those of a user namespace do not count outside.
    let capabilities = if is_the_machines(&uid_map) { mask(&status, "CapEff:") } else { 0 };
    let rights = Rights {
        may_trace_all: capabilities & CAP_SYS_PTRACE != 0,
        may_measure_all: capabilities & (CAP_PERFMON | CAP_SYS_ADMIN) != 0,
    };
    let trial = trial::attempt();
    let mut checks = vec![
        kernel(&setting("kernel/osrelease").unwrap_or_default()),
        starting(&trial),
        attaching(setting("kernel/yama/ptrace_scope").as_deref(), rights),
        perf(setting("kernel/perf_event_paranoid").as_deref(), rights),
    ];
    // Of a program that may not be traced nothing else was tried.
    if trial.refused.is_none() {
        checks.extend([registers(&trial), system_calls(&trial), tracepoints(&trial), clock(&trial)]);
    }
    checks.push(filter(&status, &trial));
    checks.push(namespace(&uid_map));
    checks.push(descriptors(&fs::read_to_string("/proc/self/limits").unwrap_or_default()));
    checks
}

/// What would be said of a machine all of whose settings were `text`.
pub(crate) fn what_machine_says(text: &str) -> Vec<Check> {
    let rights = Rights { may_trace_all: false, may_measure_all: false };
    vec![
        kernel(text),
        attaching(Some(text), rights),
        perf(Some(text), rights),
        namespace(text),
        descriptors(text),
    ]
}

fn setting(name: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/sys/{name}")).ok().map(|text| text.trim().to_owned())
}

fn kernel(release: &str) -> Check {
    const SUBJECT: &str = "kernel";
    let mut numbers = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= FIRST_KERNEL {
        return Check::good(SUBJECT, format!("Linux {release}"));
    }
    let (major, minor) = FIRST_KERNEL;
    Check::bad(
        SUBJECT,
        format!("Linux {release}: its watchpoints cannot stop a thread"),
        format!("run Linux {major}.{minor} or newer"),
    )
}

fn starting(trial: &Trial) -> Check {
    const SUBJECT: &str = "tracing what we start";
    match &trial.refused {
        None => Check::good(SUBJECT, "allowed"),
        Some(error) => Check::bad(
            SUBJECT,
            format!("refused: {error}"),
            "in a container: docker run --cap-add SYS_PTRACE; elsewhere: sysctl kernel.yama.ptrace_scope=1",
        ),
    }
}

/// Yama's scopes: 0 own processes, 1 own children, 2 with CAP_SYS_PTRACE, 3 nobody (admin-guide/LSM/Yama.rst).
fn attaching(scope: Option<&str>, rights: Rights) -> Check {
    const SUBJECT: &str = "attaching (watch -p)";
    const MEND: &str = "sysctl kernel.yama.ptrace_scope=0, or run jostle as root";
    match (scope, rights.may_trace_all) {
        (Some("3"), _) => Check::limited(
            SUBJECT,
            "ptrace_scope 3: nobody may attach until the next boot",
            "sysctl kernel.yama.ptrace_scope=0 at boot",
        ),
        (_, true) => Check::good(SUBJECT, "allowed, to every process (CAP_SYS_PTRACE)"),
        (Some("1"), false) => {
            Check::limited(SUBJECT, "ptrace_scope 1: only to what jostle itself has started", MEND)
        }
        (Some("2"), false) => Check::limited(SUBJECT, "ptrace_scope 2: only with CAP_SYS_PTRACE", MEND),
        (_, false) => Check::good(SUBJECT, "allowed, to processes of the same user"),
    }
}

/// perf_event_paranoid: from 2 on, nothing of the kernel's for users; from 3 on (Debian, Android), nothing at all.
fn perf(paranoid: Option<&str>, rights: Rights) -> Check {
    const SUBJECT: &str = "perf_event_paranoid";
    const MEND: &str = "sysctl kernel.perf_event_paranoid=1, or run jostle with CAP_PERFMON";
    let Some(value) = paranoid.and_then(|value| value.parse::<i32>().ok()) else {
        return Check::bad(
            SUBJECT,
            "absent: this kernel has no perf events",
            "run a kernel with CONFIG_PERF_EVENTS",
        );
    };
    match value {
        _ if rights.may_measure_all => {
            Check::good(SUBJECT, format!("{value}, which does not bind us (CAP_PERFMON)"))
        }
        ..=1 => Check::good(SUBJECT, value.to_string()),
        2 => Check::limited(SUBJECT, "2: what the kernel does to memory for a system call is not seen", MEND),
        _ => Check::bad(SUBJECT, format!("{value}: no watchpoints for users"), MEND),
    }
}

fn registers(trial: &Trial) -> Check {
    const SUBJECT: &str = "debug registers";
    let value = format!("{} of {REGISTERS} free", trial.registers);
    match trial.registers {
        0 => {
            let why = trial.no_register.as_ref().map(ToString::to_string).unwrap_or_default();
            Check::bad(
                SUBJECT,
                format!("no watchpoint can be set: {why}"),
                "in a container: docker run --cap-add PERFMON --security-opt seccomp=unconfined, or a profile that \
                 permits perf_event_open; on a virtual machine: let it have debug registers",
            )
        }
        REGISTERS.. => Check::good(SUBJECT, value),
        _ => Check::limited(
            SUBJECT,
            format!("{value}: wide accesses are watched in part"),
            "end what watches the whole machine: perf record -e mem:…, or a kernel debugger",
        ),
    }
}

fn system_calls(trial: &Trial) -> Check {
    const SUBJECT: &str = "accesses by system calls";
    if trial.sees_kernel {
        return Check::good(SUBJECT, "seen");
    }
    Check::limited(
        SUBJECT,
        "not seen: a read(2) into a buffer that another thread uses goes unnoticed",
        "sysctl kernel.perf_event_paranoid=1, or run jostle with CAP_PERFMON",
    )
}

fn tracepoints(trial: &Trial) -> Check {
    const SUBJECT: &str = "tracepoints";
    match &trial.no_tracepoint {
        None => Check::good(SUBJECT, "allowed"),
        Some(error) => Check::limited(
            SUBJECT,
            format!("refused: {error}; in a process that is attached to, whoever is looked at is stopped"),
            "sysctl kernel.perf_event_mlock_kb=4096",
        ),
    }
}

fn clock(trial: &Trial) -> Check {
    const SUBJECT: &str = "sampling by the clock";
    match &trial.no_profile {
        None => Check::good(SUBJECT, "allowed"),
        Some(error) => Check::limited(
            SUBJECT,
            format!("refused: {error}; what runs in a large program, or one attached to, is found slowly"),
            "sysctl kernel.perf_event_mlock_kb=4096",
        ),
    }
}

/// `Seccomp:` in proc_pid_status(5): 0 off, 1 strict, 2 a filter.
fn filter(status: &str, trial: &Trial) -> Check {
    const SUBJECT: &str = "seccomp";
    match field(status, "Seccomp:") {
        None | Some("0") => Check::good(SUBJECT, "no filter"),
        Some(_) if trial.refused.is_none() && trial.registers > 0 => {
            Check::good(SUBJECT, "a filter, which lets us do what we need")
        }
        Some(_) => Check {
            subject: SUBJECT,
            health: Health::Bad,
            value: "a filter, which may be what refuses us".to_owned(),
            mend: Some("docker run --security-opt seccomp=unconfined".to_owned()),
        },
    }
}

fn namespace(uid_map: &str) -> Check {
    const SUBJECT: &str = "user namespace";
    if is_the_machines(uid_map) {
        return Check::good(SUBJECT, "the machine's own");
    }
    Check::limited(
        SUBJECT,
        "one of its own: root here is not root on the machine, and processes outside cannot be watched",
        "run jostle outside the container; it reads the target's files through /proc/PID/root",
    )
}

/// Whether a user namespace is the first one, whose map holds every user (user_namespaces(7)).
fn is_the_machines(uid_map: &str) -> bool {
    uid_map.split_whitespace().take(3).eq(["0", "0", "4294967295"])
}

/// The soft limit, from proc_pid_limits(5).
fn descriptors(limits: &str) -> Check {
    const SUBJECT: &str = "open files";
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).and_then(|soft| soft.parse::<u64>().ok());
    match soft {
        Some(soft) if soft / PER_THREAD < MANY_THREADS => Check::limited(
            SUBJECT,
            format!("{soft}: enough to watch {} threads", soft / PER_THREAD),
            format!("ulimit -n {}", 65_536),
        ),
        Some(soft) => Check::good(SUBJECT, format!("{soft}: enough to watch {} threads", soft / PER_THREAD)),
        None => Check::good(SUBJECT, "not limited"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Rights = Rights { may_trace_all: false, may_measure_all: false };
    const ROOT: Rights = Rights { may_trace_all: true, may_measure_all: true };

    #[test]
    fn kernels_are_compared_by_number() {
        assert_eq!(kernel("5.9.0").health, Health::Bad);
        assert_eq!(kernel("5.13.0-21-generic").health, Health::Good);
        assert_eq!(kernel("6.1-rc3").health, Health::Good);
    }

    #[test]
    fn yama_lets_root_attach_but_for_the_last_scope() {
        let health = |scope, rights| attaching(Some(scope), rights).health;
        assert_eq!(
            (health("0", USER), health("1", USER), health("1", ROOT)),
            (Health::Good, Health::Limited, Health::Good)
        );
        assert_eq!(health("3", ROOT), Health::Limited);
    }

    #[test]
    fn what_binds_users_does_not_bind_root() {
        let health = |value, rights| perf(Some(value), rights).health;
        assert_eq!(
            (health("1", USER), health("2", USER), health("4", USER)),
            (Health::Good, Health::Limited, Health::Bad)
        );
        assert_eq!(health("4", ROOT), Health::Good);
        assert_eq!(perf(None, ROOT).health, Health::Bad);
    }

    #[test]
    fn a_container_with_users_of_its_own_is_told() {
        assert_eq!(namespace("         0          0 4294967295\n").health, Health::Good);
        assert_eq!(namespace("         0     100000      65536\n").health, Health::Limited);
    }

    #[test]
    fn few_descriptors_watch_few_threads() {
        let limits = |soft| {
            format!("Max cpu time  unlimited  unlimited  seconds\nMax open files  {soft}  524288  files\n")
        };
        assert_eq!(descriptors(&limits("1024")).health, Health::Limited);
        assert_eq!(descriptors(&limits("65536")).health, Health::Good);
    }

    #[test]
    fn whatever_is_not_good_can_be_mended() {
        for check in examine() {
            assert_eq!(check.health == Health::Good, check.mend.is_none(), "{check:?}");
        }
    }
}
