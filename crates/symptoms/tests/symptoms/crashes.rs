//! Crashes that were unwound from outside.

use std::path::PathBuf;

use jostle_model::{
    Address, Collision, Crash, Evidence, Finding, Fingerprint, Frame, Grade, Place, Role, Rule, Thread,
};
use jostle_symptoms::{of_crash, of_finding};

use crate::cases;

fn frame(function: &str, file: &str, line: u32) -> Frame {
    Frame {
        function: Some(function.to_owned()),
        file: Some(PathBuf::from(file)),
        line: Some(line),
        module: Some("/srv/app".into()),
        address: Address(0x40_1000),
        inlined: false,
    }
}

fn place(role: Role, stack: Vec<Frame>, shown: usize) -> Place {
    let thread = Thread { tid: 7, name: "app".to_owned(), process: None, goroutine: None };
    Place { role, atomicity: None, thread: Some(thread), stack, shown, snippet: None }
}

fn crash(signal: i32, address: Option<u64>) -> Finding {
    let stack = vec![
        frame("__memmove_avx_unaligned_erms", "../sysdeps/x86_64/multiarch/memmove.S", 200),
        frame("gates::answer", "/src/gates/lib.rs", 17),
        frame("runtime.cgocall", "/usr/local/go/src/runtime/cgocall.go", 167),
        frame("main.ask", "/src/main.go", 41),
    ];
    Finding {
        rule: Rule::Crash,
        id: Fingerprint(1),
        title: "SIGSEGV in gates::answer".to_owned(),
        places: vec![
            place(Role::Crash, stack, 1),
            place(Role::Bystander, vec![frame("main.other", "/src/main.go", 3)], 0),
        ],
        evidence: Evidence::Crash(Crash {
            signal,
            address: address.map(Address),
            lies_there: None,
            registers: Vec::new(),
            at_ms: None,
            family: Fingerprint(2),
        }),
    }
}

#[test]
fn the_kind_of_a_crash_tells_the_signal_and_where_its_address_points() {
    let kind = |signal, address| of_finding(&crash(signal, address)).signature.kind;
    assert_eq!(kind(11, Some(0x18)), "sigsegv-null");
    assert_eq!(kind(11, Some(0xdead_beef_0000_0000)), "sigsegv-wild");
    assert_eq!(kind(11, Some(0x7f00_0000_0000)), "sigsegv");
    assert_eq!(kind(6, None), "sigabrt");
}

#[test]
fn the_exact_signature_has_the_users_frames_across_languages() {
    let failure = of_finding(&crash(11, Some(0)));
    assert_eq!(failure.signature.exact, "sigsegv-null in gates::answer (lib.rs:17) < main.ask (main.go:41)");
    assert!(failure.details.contains("main.other at /src/main.go:3"));
}

#[test]
fn what_the_program_says_is_the_kind_and_what_was_unwound_the_place() {
    let output = cases::named("swapped-returns-2").output;
    let failure = of_crash(&crash(6, None), &output);
    assert_eq!(
        failure.signature.exact,
        "glibc-double-free-or-corruption-out in gates::answer (lib.rs:17) < main.ask (main.go:41)"
    );
    assert!(failure.details.starts_with("double free or corruption (out)"));
    assert!(failure.details.contains("gates::answer at /src/gates/lib.rs:17"));
}

#[test]
fn a_panic_of_gos_explains_the_signal_that_it_was() {
    let output = cases::named("go-nil").output;
    assert_eq!(of_crash(&crash(11, Some(0)), &output).signature.kind, "go-nil-dereference");
}

#[test]
fn a_program_that_says_nothing_leaves_the_crash_as_it_was_seen() {
    let finding = crash(11, Some(0xdead_beef_0000_0000));
    assert_eq!(of_crash(&finding, b"orders: started\n"), of_finding(&finding));
}

#[test]
fn a_stack_that_could_not_be_unwound_leaves_the_programs_own() {
    let mut finding = crash(11, Some(0));
    finding.places.clear();
    let failure = of_crash(&finding, &cases::named("go-nil").output);
    assert!(failure.signature.exact.starts_with("go-nil-dereference in main.(*book).total"), "{failure:?}");
}

#[test]
fn a_race_that_was_caught_is_the_same_whoever_came_first() {
    let collision = Collision {
        address: Address(0x1000),
        size: 8,
        old: None,
        new: None,
        grade: Grade::BothSidesSeen,
        held_us: 1,
        at_ms: 1,
        times: 1,
        lifetimes: None,
    };
    let sides = [
        place(Role::Write, vec![frame("main.add", "/src/main.go", 7)], 0),
        place(Role::Read, vec![frame("main.sum", "/src/main.go", 9)], 0),
    ];
    let finding = |places: Vec<Place>| Finding {
        rule: Rule::DataRace,
        id: Fingerprint(1),
        title: "a race".to_owned(),
        places,
        evidence: Evidence::Collision(collision.clone()),
    };
    let [write, read] = sides;
    let signature = of_finding(&finding(vec![write.clone(), read.clone()])).signature;
    assert_eq!(signature, of_finding(&finding(vec![read, write])).signature);
    assert_eq!(signature.exact, "data-race in main.add (main.go:7) and main.sum (main.go:9)");
}
