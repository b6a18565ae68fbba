use jostle_stacks::{CodeAddress, Trace};

use crate::build::{changed, program};
use crate::recorded::{names, recording, snapshots};

fn returns(trace: &Trace) -> Vec<u64> {
    trace.addresses[1..].iter().map(|address| address.address().0).collect()
}

#[test]
fn callers_are_those_that_libgcc_finds_through_calls_and_signals() {
    for flags in
        [&["-O0", "-g", "-pthread"][..], &["-O2", "-g", "-pthread"], &["-O2", "-static-pie", "-pthread"]]
    {
        let path = program("snapshot.c", flags);
        let recording = recording(&path, &format!("snapshot{}", flags.concat()));
        let (space, snapshots) = snapshots(std::str::from_utf8(&recording).unwrap());
        assert_eq!(snapshots.len(), 2);
        for snapshot in snapshots {
            let trace = space.unwind(&snapshot.registers, &snapshot.memory);
            // Their first address is in the same function as ours, at another call.
            assert_eq!(returns(&trace), snapshot.callers[1..], "{} {flags:?}", snapshot.name);
            assert!(!trace.truncated, "the thread's first function is known to be the first");
            assert_eq!(trace.goroutine, None);
        }
    }
}

#[test]
fn frames_below_a_signal_are_named_by_the_interrupted_instruction() {
    let path = program("snapshot.c", &["-O0", "-g", "-pthread"]);
    let recording = recording(&path, "snapshot-names");
    let (space, snapshots) = snapshots(std::str::from_utf8(&recording).unwrap());
    let nested = space.unwind(&snapshots[0].registers, &snapshots[0].memory);
    let frames = space.symbolize(&nested);
    assert_eq!(names(&frames)[..5], ["snapshot", "third", "second", "first", "thread"]);
    assert_eq!(frames[1].line, Some(line_of("snapshot(\"nested\"")));
    assert!(frames.iter().all(|frame| frame.module.is_some()));

    let signal = space.unwind(&snapshots[1].registers, &snapshots[1].memory);
    assert_eq!(signal.addresses.iter().filter(|at| matches!(at, CodeAddress::Instruction(_))).count(), 2);
    let frames = space.symbolize(&signal);
    assert_eq!(names(&frames)[..2], ["snapshot", "on_signal"]);
    let thread = frames.iter().find(|frame| frame.function.as_deref() == Some("thread")).unwrap();
    assert_eq!(thread.line, Some(line_of("raise(SIGABRT);")));
}

fn line_of(text: &str) -> u32 {
    let source = include_str!("../programs/snapshot.c");
    1 + source.lines().position(|line| line.contains(text)).unwrap() as u32
}

#[test]
fn a_stripped_program_is_walked_and_named_as_far_as_it_can_be() {
    let path = changed(&program("snapshot.c", &["-O2", "-g", "-pthread"]), "strip", &[]);
    let recording = recording(&path, "snapshot-stripped");
    let (mut space, snapshots) = snapshots(std::str::from_utf8(&recording).unwrap());
    for snapshot in &snapshots {
        let trace = space.unwind(&snapshot.registers, &snapshot.memory);
        assert_eq!(returns(&trace), snapshot.callers[1..]);
    }
    let trace = space.unwind(&snapshots[0].registers, &snapshots[0].memory);
    let second = trace.addresses[2];
    assert_eq!(space.symbolize(&trace)[2].function, None);
    space.name_code(second.for_lookup(), "learnt".to_owned());
    let frame = &space.symbolize(&trace)[2];
    assert_eq!(frame.function.as_deref(), Some("learnt"));
    assert_eq!(frame.module.as_deref(), path.to_str());
    assert_eq!(frame.address, second.for_lookup());
}
