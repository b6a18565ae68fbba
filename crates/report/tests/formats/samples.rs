//! Findings as `watch` makes them, and the runs they came from.

mod swapped;

use jostle_model::{
    Address, Atomicity, Collision, Crash, Evidence, ExitStatus, Finding, Fingerprint, Frame, Goroutine,
    Grade, Lifetimes, Place, Register, Role, Rule, Snippet, Summary, Thread, UpperBound, Verdict,
    WatchCounts,
};

pub(crate) use swapped::swapped_return;

const COLLECTOR: &str = "/build/metrics/internal/collector/collector.go";
const GO_BINARY: &str = "/opt/metrics/bin/metrics";
const MATCHER_LIBRARY: &str = "/opt/redirect/lib/libmatcher.so";
const REDIRECT_BINARY: &str = "/opt/redirect/bin/redirectd";
const RUST_LIBRARY: &str = "/opt/gates/lib/libgates.so";

pub(crate) fn frame(function: &str, file: &str, line: u32, module: &str, address: u64) -> Frame {
    Frame {
        function: Some(function.to_owned()),
        file: Some(file.into()),
        line: Some(line),
        module: Some(module.into()),
        address: Address(address),
        inlined: false,
    }
}

fn inlined(frame: Frame) -> Frame {
    Frame { inlined: true, ..frame }
}

fn stripped(module: &str, address: u64) -> Frame {
    Frame { module: Some(module.into()), address: Address(address), ..Frame::default() }
}

fn goroutine(id: u64, created_by: Option<Frame>, tid: i32, name: &str) -> Option<Thread> {
    Some(Thread { tid, name: name.to_owned(), process: None, goroutine: Some(Goroutine { id, created_by }) })
}

fn thread(tid: i32, name: &str) -> Option<Thread> {
    Some(Thread { tid, name: name.to_owned(), process: None, goroutine: None })
}

fn snippet(file: &str, line: u32, first_line: u32, text: &str) -> Option<Snippet> {
    Some(Snippet { file: file.into(), line, first_line, text: text.to_owned() })
}

/// Two methods of one Go file: one stores atomically, the other loads bare.
pub(crate) fn half_atomic() -> Finding {
    Finding {
        rule: Rule::HalfAtomic,
        id: Fingerprint(0x1f3a_90c2_77d0_4e15),
        title: "metrics/internal/collector.(*Collector).rotate writes atomically what \
                metrics/internal/collector.(*Collector).window reads plainly"
            .to_owned(),
        places: vec![bare_reader(), atomic_writer()],
        evidence: Evidence::Collision(Collision {
            address: Address(0xc0_0001_4028),
            size: 8,
            old: Some("0x7".to_owned()),
            new: Some("0x8".to_owned()),
            grade: Grade::ValueChanged,
            held_us: 812,
            at_ms: 317,
            times: 14,
            lifetimes: None,
        }),
    }
}

fn bare_reader() -> Place {
    let started = frame("metrics/internal/collector.New", COLLECTOR, 31, GO_BINARY, 0x49_8f10);
    Place {
        role: Role::Read,
        atomicity: Some(Atomicity::Plain),
        thread: goroutine(17, Some(started), 4711, "metrics"),
        stack: vec![
            inlined(frame(
                "metrics/internal/collector.(*Collector).window",
                COLLECTOR,
                52,
                GO_BINARY,
                0x49_8f44,
            )),
            frame("metrics/internal/collector.(*Collector).Snapshot", COLLECTOR, 58, GO_BINARY, 0x49_8f44),
            frame("main.(*server).metrics", "/build/metrics/main.go", 77, GO_BINARY, 0x49_a101),
            frame(
                "net/http.HandlerFunc.ServeHTTP",
                "/usr/local/go/src/net/http/server.go",
                2294,
                GO_BINARY,
                0x47_0102,
            ),
            frame("runtime.goexit", "/usr/local/go/src/runtime/asm_amd64.s", 1700, GO_BINARY, 0x46_0001),
        ],
        shown: 0,
        snippet: snippet(
            COLLECTOR,
            52,
            50,
            "// window is the slot that Observe writes to.\nfunc (c *Collector) window() int64 {\n\treturn c.index\n}\n\n",
        ),
    }
}

fn atomic_writer() -> Place {
    Place {
        role: Role::Write,
        atomicity: Some(Atomicity::Atomic),
        thread: goroutine(4, None, 4713, "metrics"),
        stack: vec![
            inlined(frame(
                "sync/atomic.StoreInt64",
                "/usr/local/go/src/sync/atomic/doc.go",
                147,
                GO_BINARY,
                0x49_9007,
            )),
            frame("metrics/internal/collector.(*Collector).rotate", COLLECTOR, 83, GO_BINARY, 0x49_9007),
            frame("metrics/internal/collector.(*Collector).loop", COLLECTOR, 40, GO_BINARY, 0x49_9122),
        ],
        shown: 1,
        snippet: snippet(
            COLLECTOR,
            83,
            81,
            "\tnext := (c.index + 1) % slots\n\tc.slots[next].Store(0)\n\tatomic.StoreInt64(&c.index, next)\n}\n",
        ),
    }
}

/// A Go service and the Rust library it calls through purego: the frames change language twice.
pub(crate) fn across_languages() -> Finding {
    Finding {
        rule: Rule::DataRace,
        id: Fingerprint(0x00aa_5500_0000_0001),
        title: "gates::evaluate writes what main.decode reads".to_owned(),
        places: vec![rust_writer(), go_reader()],
        evidence: Evidence::Collision(Collision {
            address: Address(0xc0_0020_0010),
            size: 16,
            old: Some("0x00007f10000219a6".to_owned()),
            new: Some("0x00007f10000219a6".to_owned()),
            grade: Grade::BothSidesSeen,
            held_us: 2_450,
            at_ms: 4_020,
            times: 1,
            lifetimes: None,
        }),
    }
}

fn rust_writer() -> Place {
    let call = "/build/shop/vendor/github.com/ebitengine/purego/func.go";
    Place {
        role: Role::Write,
        atomicity: Some(Atomicity::Plain),
        thread: goroutine(
            23,
            Some(frame("main.main", "/build/shop/main.go", 18, "/opt/shop/bin/shop", 0x40_1010)),
            902,
            "shop",
        ),
        stack: vec![
            inlined(frame(
                "core::ptr::write::<gates::Verdict>",
                "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ptr/mod.rs",
                1609,
                RUST_LIBRARY,
                0x7f10_0002_1a40,
            )),
            frame("gates::evaluate", "/build/gates/src/lib.rs", 8, RUST_LIBRARY, 0x7f10_0002_1a40),
            frame("gates_evaluate", "/build/gates/src/ffi.rs", 21, RUST_LIBRARY, 0x7f10_0002_1b02),
            frame(
                "runtime.asmcgocall",
                "/usr/local/go/src/runtime/asm_amd64.s",
                923,
                "/opt/shop/bin/shop",
                0x40_7711,
            ),
            frame(
                "github.com/ebitengine/purego.RegisterFunc.func4",
                call,
                221,
                "/opt/shop/bin/shop",
                0x40_8812,
            ),
            frame("main.handle", "/build/shop/main.go", 44, "/opt/shop/bin/shop", 0x40_1210),
        ],
        shown: 1,
        snippet: snippet(
            "/build/gates/src/lib.rs",
            8,
            6,
            "pub fn evaluate(user: &str, out: &mut Slot) {\n    let verdict = RULES.iter().find(|rule| rule.matches(user));\n    out.verdict = verdict.map(Rule::verdict).unwrap_or_else(|| Verdict::disabled_for_everyone_who_asks());\n}\n",
        ),
    }
}

fn go_reader() -> Place {
    Place {
        role: Role::Read,
        atomicity: Some(Atomicity::Plain),
        thread: goroutine(24, None, 905, "shop"),
        stack: vec![
            frame("main.decode", "/build/shop/gates.go", 61, "/opt/shop/bin/shop", 0x40_1333),
            frame("main.handle", "/build/shop/main.go", 45, "/opt/shop/bin/shop", 0x40_1222),
        ],
        shown: 0,
        snippet: snippet("/build/shop/gates.go", 61, 60, "\tfor range retries {\n\t\tgate := *slot\n\t}\n"),
    }
}

/// The value changed while a thread was held, and no other thread was seen.
pub(crate) fn one_side_unknown() -> Finding {
    let held = Place {
        role: Role::Read,
        atomicity: Some(Atomicity::Undecided),
        thread: thread(77, "io-worker"),
        stack: vec![frame("drain(Queue&)", "src/queue.cc", 120, "/opt/queue/queued", 0x5555_0001)],
        shown: 0,
        snippet: snippet(
            "src/queue.cc",
            120,
            119,
            "  // filled by the device\n  while (queue.head != tail) {\n",
        ),
    };
    let unseen = Place {
        role: Role::Unknown,
        atomicity: None,
        thread: None,
        stack: Vec::new(),
        shown: 0,
        snippet: None,
    };
    Finding {
        rule: Rule::DataRace,
        id: Fingerprint(0x77),
        title: "drain(Queue&) reads memory that changes meanwhile, at the hands of an unknown thread"
            .to_owned(),
        places: vec![held, unseen],
        evidence: Evidence::Collision(Collision {
            address: Address(0x7ffe_0000_1000),
            size: 4,
            old: Some("0x10".to_owned()),
            new: Some("0x11".to_owned()),
            grade: Grade::OneSideUnknown,
            held_us: 95,
            at_ms: 12_000,
            times: 3,
            lifetimes: None,
        }),
    }
}

/// A finalizer frees a C++ matcher while another goroutine stands in it; the stack is long.
pub(crate) fn use_after_free() -> Finding {
    Finding {
        rule: Rule::UseAfterFree,
        id: Fingerprint(u64::MAX),
        title: "Matcher::~Matcher() frees what Matcher::match(std::string_view) const still reads".to_owned(),
        places: vec![native_user(), finalizer(), constructor()],
        evidence: Evidence::Collision(Collision {
            address: Address(0x7f44_0000_0020),
            size: 8,
            old: None,
            new: None,
            grade: Grade::BothSidesSeen,
            held_us: 1_100,
            at_ms: 60,
            times: 2,
            lifetimes: Some(Lifetimes { allocated_here: 11, followed: 12 }),
        }),
    }
}

fn native_user() -> Place {
    let mut user = vec![
        frame(
            "Matcher::match(std::string_view) const",
            "/build/matcher/matcher.cc",
            33,
            MATCHER_LIBRARY,
            0x7f00_1000,
        ),
        frame("matcher_match", "/build/matcher/capi.cc", 12, MATCHER_LIBRARY, 0x7f00_1100),
        frame("runtime.cgocall", "/usr/local/go/src/runtime/cgocall.go", 167, REDIRECT_BINARY, 0x40_2200),
        frame("redirect.(*Matcher).Match", "/build/redirect/matcher.go", 58, REDIRECT_BINARY, 0x40_3300),
    ];
    user.extend((0..16).map(|depth| {
        frame(
            "net/http.HandlerFunc.ServeHTTP",
            "/usr/local/go/src/net/http/server.go",
            2294,
            REDIRECT_BINARY,
            0x41_0000 + depth,
        )
    }));
    Place {
        role: Role::Read,
        atomicity: Some(Atomicity::Plain),
        thread: goroutine(31, None, 3002, "redirectd"),
        stack: user,
        shown: 0,
        snippet: snippet(
            "/build/matcher/matcher.cc",
            33,
            32,
            "int Matcher::match(std::string_view url) const {\n  for (const auto& rule : rules_) {\n",
        ),
    }
}

fn constructor() -> Place {
    let frame = frame("Matcher::Matcher()", "/build/matcher/matcher.cc", 14, MATCHER_LIBRARY, 0x7f00_1300);
    let code = "Matcher::Matcher() : table_(new Rule[64]) {}\n";
    Place {
        stack: vec![frame],
        shown: 0,
        role: Role::Allocate,
        snippet: snippet("/build/matcher/matcher.cc", 14, 14, code),
        ..finalizer()
    }
}

fn finalizer() -> Place {
    Place {
        role: Role::Free,
        atomicity: None,
        thread: goroutine(2, None, 3005, "redirectd"),
        stack: vec![
            frame("free", "malloc/malloc.c", 3398, "/lib/x86_64-linux-gnu/libc.so.6", 0x7f90_0001),
            frame("Matcher::~Matcher()", "/build/matcher/matcher.cc", 19, MATCHER_LIBRARY, 0x7f00_1400),
            frame("matcher_free", "/build/matcher/capi.cc", 25, MATCHER_LIBRARY, 0x7f00_1500),
            frame(
                "runtime.runFinalizers",
                "/usr/local/go/src/runtime/mfinal.go",
                258,
                REDIRECT_BINARY,
                0x40_9900,
            ),
        ],
        shown: 1,
        snippet: snippet("/build/matcher/matcher.cc", 19, 19, "Matcher::~Matcher() { delete[] table_; }\n"),
    }
}

/// A stripped library: no names, no lines, no source.
pub(crate) fn without_symbols() -> Finding {
    let place = |role, tid, address| Place {
        role,
        atomicity: Some(Atomicity::Plain),
        thread: thread(tid, "pool-worker"),
        stack: vec![
            stripped("/opt/vendor/libclosed.so.3", address),
            stripped("/opt/vendor/libclosed.so.3", 0x7fcc_0001),
        ],
        shown: 0,
        snippet: None,
    };
    Finding {
        rule: Rule::DataRace,
        id: Fingerprint(0xdead),
        title: "libclosed.so.3@0x7fcc1000 updates what libclosed.so.3@0x7fcc2000 writes".to_owned(),
        places: vec![place(Role::ReadWrite, 50, 0x7fcc_1000), place(Role::Write, 51, 0x7fcc_2000)],
        evidence: Evidence::Collision(Collision {
            address: Address(0x60_0010),
            size: 1,
            old: Some("0x00".to_owned()),
            new: Some("0xff".to_owned()),
            grade: Grade::ValueChanged,
            held_us: 1_000_000,
            at_ms: 900_000,
            times: 1_234,
            lifetimes: None,
        }),
    }
}

/// Both threads execute the same line.
pub(crate) fn same_line() -> Finding {
    let place = |role, id, tid| Place {
        role,
        atomicity: Some(Atomicity::Plain),
        thread: goroutine(id, None, tid, "count"),
        stack: vec![frame("main.count", "main.go", 9, "/opt/count", 0x40_0900)],
        shown: 0,
        snippet: snippet("main.go", 9, 7, "func count() {\n\tfor range 1000 {\n\t\ttotal++\n\t}\n}\n"),
    };
    Finding {
        rule: Rule::DataRace,
        id: Fingerprint(9),
        title: "main.count updates what main.count updates".to_owned(),
        places: vec![place(Role::ReadWrite, 6, 11), place(Role::ReadWrite, 7, 12)],
        evidence: Evidence::Collision(Collision {
            times: 5,
            size: 8,
            old: None,
            new: None,
            ..collision_of(half_atomic())
        }),
    }
}

/// What was measured of a collision.
pub(crate) fn collision_of(finding: Finding) -> Collision {
    match finding.evidence {
        Evidence::Collision(collision) => collision,
        _ => panic!("{} is no collision", finding.title),
    }
}

/// A copy through a corrupted pointer, under Go, while another thread waits.
pub(crate) fn crash() -> Finding {
    let copying = vec![
        frame("__memcpy_avx_unaligned", "memmove.S", 0, "/lib/libc.so.6", 0x7f01_0000),
        frame("gates::evaluate", "/build/gates/src/lib.rs", 5, RUST_LIBRARY, 0x7f00_2000),
        frame("main.(*Gates).Check", "/build/client/gates.go", 40, GO_BINARY, 0x48_0000),
    ];
    let waiting = vec![frame(
        "runtime.futex",
        "/usr/local/go/src/runtime/sys_linux_amd64.s",
        557,
        GO_BINARY,
        0x46_0000,
    )];
    let place = |role, thread, stack: Vec<Frame>, shown, snippet| Place {
        role,
        atomicity: None,
        thread,
        stack,
        shown,
        snippet,
    };
    let source = snippet(
        "/build/gates/src/lib.rs",
        5,
        4,
        "fn evaluate(id: &Id) -> Answer {\n    let copy = id.bytes.to_vec();\n}\n",
    );
    Finding {
        rule: Rule::Crash,
        id: Fingerprint(0xc0ffee),
        title: "SIGSEGV in gates::evaluate, which reads 32 bytes at 0xdeadbeef00000000".to_owned(),
        places: vec![
            place(Role::Crash, goroutine(17, None, 4712, "gates"), copying, 1, source),
            place(Role::Bystander, goroutine(1, None, 4711, "gates"), waiting, 0, None),
        ],
        evidence: Evidence::Crash(Crash {
            signal: 11,
            address: Some(Address(0xdead_beef_0000_0000)),
            lies_there: Some("no canonical address: not a pointer, or a corrupted one".to_owned()),
            registers: ["rip", "rsp", "rdi", "rsi"]
                .map(|name| Register { name, value: Address(0xdead_beef_0000_0000) })
                .to_vec(),
            at_ms: Some(3_210),
            family: Fingerprint(0xfa),
        }),
    }
}

pub(crate) fn all() -> Vec<Finding> {
    vec![
        crash(),
        swapped_return(),
        half_atomic(),
        across_languages(),
        use_after_free(),
        one_side_unknown(),
        without_symbols(),
        same_line(),
    ]
}

/// A run of ten seconds that ended in `verdict`.
pub(crate) fn summary(verdict: Verdict, findings: &[Finding]) -> Summary {
    Summary {
        verb: "watch",
        verdict,
        findings: findings.len() as u64,
        bound: UpperBound::after_clean_trials(841),
        seed: 7,
        target: ExitStatus::Running,
        counts: WatchCounts {
            watched_ms: 10_004,
            held_share: 0.0188,
            budget: 0.02,
            explored_share: 0.0,
            backed_off_ms: 0,
            samples: 1_203,
            holds: 841,
            sites_seen: 812,
            sites_known: 4_211,
            hits: 23,
            value_changes: 14,
            calls_followed: 61,
            calls_parked: 54,
            undecided: 3,
        },
        warnings: vec![
            "the text of libgates.so has no unwind tables: stacks through it may be short".to_owned(),
        ],
    }
}

/// A run that saw almost nothing before its target crashed.
pub(crate) fn cut_short() -> Summary {
    let whole = summary(Verdict::Inconclusive, &[]);
    Summary {
        bound: UpperBound::after_clean_trials(40),
        target: ExitStatus::Signal(11),
        counts: WatchCounts {
            watched_ms: 2_000,
            samples: 52,
            holds: 40,
            sites_seen: 40,
            hits: 1,
            value_changes: 0,
            calls_followed: 40,
            calls_parked: 35,
            undecided: 1,
            ..whole.counts
        },
        warnings: Vec::new(),
        ..whole
    }
}

/// A long clean run.
pub(crate) fn clean() -> Summary {
    let whole = summary(Verdict::NothingFound, &[]);
    Summary {
        bound: UpperBound::after_clean_trials(3_695),
        target: ExitStatus::Code(0),
        counts: WatchCounts {
            watched_ms: 60_000,
            holds: 3_695,
            samples: 5_120,
            calls_followed: 0,
            calls_parked: 0,
            undecided: 0,
            ..whole.counts
        },
        warnings: Vec::new(),
        ..whole
    }
}
