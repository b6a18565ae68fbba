//! Several processes with one case.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use jostle_casefile::{Case, PlanFingerprint, Recorder};

use crate::child::{self, RECORDED};
use crate::death::assert_whole;
use crate::samples::{moment, passed, place, recorder_with_plan};

/// One of them makes the case, and nobody says which.
#[test]
fn processes_that_record_into_one_case_at_once_lose_nothing() {
    const WRITERS: u64 = 3;
    const EACH: u64 = 600;
    let (_place, dir) = place();
    let plan = PlanFingerprint::of("a plan");
    // They overlap: a third of each one's trials is another one's too.
    let start = |writer: u64| {
        let mut command = child::child("a_writer", &dir);
        command.env("FIRST", (writer * (EACH * 2 / 3)).to_string()).env("COUNT", EACH.to_string());
        command.stdout(Stdio::piped()).spawn().expect("starts")
    };
    let writers: Vec<Child> = (0..WRITERS).map(start).collect();
    for mut writer in writers {
        let lines = BufReader::new(writer.stdout.take().expect("a pipe")).lines();
        let said = lines.map_while(Result::ok).filter(|line| line.starts_with(RECORDED)).count();
        assert!(writer.wait().expect("ends").success());
        assert_eq!(said as u64, EACH);
    }
    let case = Case::open(&dir).expect("opens");
    assert_eq!(case.seeds(plan).expect("reads").len(), EACH + (WRITERS - 1) * (EACH * 2 / 3));
    assert_eq!(case.plans().expect("reads").len(), 1);
    assert_whole(&dir);
}

#[test]
fn many_may_make_the_same_case_at_once() {
    const MANY: usize = 8;
    for _ in 0..20 {
        let (_place, dir) = place();
        let start = Barrier::new(MANY);
        let make = || {
            start.wait();
            recorder_with_plan(&dir);
        };
        thread::scope(|scope| (0..MANY).for_each(|_| drop(scope.spawn(make))));
        assert_eq!(Case::open(&dir).expect("opens").plans().expect("reads").len(), 1);
    }
}

/// Whoever closes a case last folds its log and removes it, whoever opens it makes one.
#[test]
fn whoever_looks_while_others_come_and_go_sees_all_that_was_recorded() {
    const EACH: u64 = 150;
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    recorder.record(plan, &passed(0), moment(0)).expect("records");
    drop(recorder);
    let recorded = AtomicU64::new(1);
    let come_and_go = |writer: u64| {
        for seed in 1..=EACH {
            let mut recorder = Recorder::open(&dir).expect("opens");
            recorder.record(plan, &passed(writer * EACH + seed), moment(0)).expect("records");
            recorded.fetch_add(1, Ordering::SeqCst);
        }
    };
    let look = || {
        while recorded.load(Ordering::SeqCst) < 2 * EACH + 1 {
            let before = recorded.load(Ordering::SeqCst);
            let seen = Case::open(&dir).expect("opens").seeds(plan).expect("reads").len();
            assert!(seen >= before, "{seen} of {before}");
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| come_and_go(0));
        scope.spawn(|| come_and_go(1));
        scope.spawn(look);
        scope.spawn(look);
    });
}
