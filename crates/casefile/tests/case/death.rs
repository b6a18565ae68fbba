use std::io::Read;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use jostle_casefile::{Case, FILE, PlanFingerprint, Recorder};
use jostle_model::Seed;
use rusqlite::Connection;

use crate::child::{self, RECORDED};
use crate::samples::place;

/// How often the writer dies. In the first rounds it hardly has the time to make the case.
const ROUNDS: u64 = 40;

#[test]
fn nothing_that_was_recorded_is_lost_when_the_writer_is_killed() {
    let (_place, dir) = place();
    let plan = PlanFingerprint::of("a plan");
    let mut random = fastrand::Rng::with_seed(1);
    let mut recorded: Vec<u64> = Vec::new();
    for round in 0..ROUNDS {
        let writer = start(&dir, round * 1_000_000);
        thread::sleep(Duration::from_micros(random.u64(0..2_000 * (round + 1))));
        recorded.extend(kill(writer));
        if !recorded.is_empty() {
            // A reader and a writer find their way through what the dead one left behind, each half of the time first.
            let known = if round % 2 == 0 {
                Case::open(&dir).expect("opens").seeds(plan).expect("reads")
            } else {
                Recorder::open(&dir).expect("opens").case().seeds(plan).expect("reads")
            };
            let lost: Vec<&u64> = recorded.iter().filter(|&&seed| !known.contains(Seed(seed))).collect();
            assert!(lost.is_empty(), "round {round}: of {} lost {lost:?}", recorded.len());
            // The last one may have died between recording a trial and saying so.
            assert!(
                known.len() <= recorded.len() as u64 + round + 1,
                "{} of {}",
                known.len(),
                recorded.len()
            );
        }
    }
    assert!(recorded.len() as u64 > ROUNDS, "the writers were killed before they did anything");
    assert_whole(&dir);
}

fn start(dir: &Path, first: u64) -> Child {
    let mut writer = child::child("a_writer", dir);
    writer.env("FIRST", first.to_string()).env("COUNT", "1000000").stdout(Stdio::piped());
    writer.spawn().expect("starts")
}

/// Kills the writer with SIGKILL. Gives what it had said until then.
fn kill(mut writer: Child) -> Vec<u64> {
    // A pipe that nobody reads would stop it after 64 KiB.
    let out = writer.stdout.take().expect("a pipe");
    let reader = thread::spawn(move || said(out));
    thread::sleep(Duration::from_millis(5));
    writer.kill().expect("kills");
    writer.wait().expect("is dead");
    reader.join().expect("reads")
}

/// The seeds that were said to be recorded. A last line that was cut off was not said.
fn said(mut out: impl Read) -> Vec<u64> {
    let mut text = String::new();
    out.read_to_string(&mut text).expect("text");
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().filter_map(|line| line.strip_prefix(RECORDED)?.parse().ok()).collect()
}

/// SQLite's own examination of the file, and of what refers to what.
pub(crate) fn assert_whole(dir: &Path) {
    let connection = Connection::open(dir.join(FILE)).expect("opens");
    let answer = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, String>(0));
    assert_eq!(answer("PRAGMA integrity_check").as_deref(), Ok("ok"));
    assert_eq!(answer("PRAGMA foreign_key_check"), Err(rusqlite::Error::QueryReturnedNoRows));
}
