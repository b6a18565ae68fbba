use jostle_stacks::Address;

use crate::build::program;
use crate::recorded::{names, recording, snapshots};

/// The functions on the stack of programs/mixed, but for those of the Go runtime and of cgo's bridges.
const OWN: [&str; 8] = [
    "snapshot",
    "main.inner",
    "main.called_back",
    "second",
    "first",
    "main.(*worker).run",
    "main.main.func1",
    "runtime.goexit",
];

fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

#[test]
fn a_stack_of_go_and_c_in_turns_is_walked_to_where_the_goroutine_began() {
    for flags in [&[][..], &["-buildmode=pie"], &["-ldflags=-linkmode=external"]] {
        let recording = recording(&program("mixed", flags), &format!("mixed{}", flags.concat()));
        let (space, snapshots) = snapshots(std::str::from_utf8(&recording).unwrap());
        let trace = space.unwind(&snapshots[0].registers, &snapshots[0].memory);
        let frames = space.symbolize(&trace);
        let own: Vec<_> = names(&frames).into_iter().filter(|name| is_own(name)).collect();
        assert_eq!(own, OWN, "{flags:?}: {:#?}", names(&frames));
        assert!(!trace.truncated);

        let file = |name: &str| {
            let frame = frames.iter().find(|frame| frame.function.as_deref() == Some(name)).unwrap();
            let file = frame.file.as_ref().unwrap().file_name().unwrap().to_str().unwrap();
            (file.to_owned(), frame.line.unwrap())
        };
        assert_eq!(file("first").0, "bridge.c");
        assert_eq!(file("main.(*worker).run"), ("main.go".to_owned(), line_of("C.first(n)")));

        let goroutine = trace.goroutine.expect("C code on a thread that Go lent it runs a goroutine");
        let created = |at: Address| names(&space.symbolize_address(at)).join(" ");
        assert_eq!(created(goroutine.created_at.unwrap() - 1), "main.main");
        assert_eq!(created(goroutine.started_at.unwrap()), "main.main.func1");
    }
}

fn line_of(text: &str) -> u32 {
    let source = include_str!("../programs/mixed/main.go");
    1 + source.lines().position(|line| line.contains(text)).unwrap() as u32
}

#[test]
fn go_frames_keep_their_names_when_the_program_is_stripped() {
    let recording = recording(&program("mixed", &["-ldflags=-s -w"]), "mixed-stripped");
    let (space, snapshots) = snapshots(std::str::from_utf8(&recording).unwrap());
    let trace = space.unwind(&snapshots[0].registers, &snapshots[0].memory);
    let frames = space.symbolize(&trace);
    let own: Vec<_> = names(&frames).into_iter().filter(|name| is_own(name) && name.contains('.')).collect();
    let go: Vec<_> = OWN.into_iter().filter(|name| name.contains('.')).collect();
    assert_eq!(own, go, "{:#?}", names(&frames));
    assert!(space.modules().any(|module| module.image.is_go() && module.image.go_version().is_some()));
}
