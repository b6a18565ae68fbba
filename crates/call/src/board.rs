//! What everybody is doing and has done: written by the threads that call, read from outside, even after their death.
//!
//! It lies in a file without a name, which the process that waits makes and the one that calls maps.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::native;

/// What stands first in a row: where its thread is.
const AT: usize = 0;
/// Behind it, for each step, how often it was called, and how often that went wrong.
const PER_STEP: usize = 2;
/// Rows begin at a cache line of their own.
const LINE: usize = 8;

/// The part of the plan that a call belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    SetUp = 1,
    Step = 2,
    TearDown = 3,
}

/// What a thread does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It is in the function.
    Calling = 1,
    /// It looks at what came back.
    Reading = 2,
    /// It gives back what came back.
    Freeing = 3,
}

/// Where a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) part: Part,
    pub(crate) index: usize,
    pub(crate) doing: Doing,
}

impl At {
    fn word(self) -> u64 {
        (self.part as u64) << 56 | (self.doing as u64) << 48 | self.index as u64
    }

    fn of(word: u64) -> Option<Self> {
        let part = match word >> 56 {
            1 => Part::SetUp,
            2 => Part::Step,
            3 => Part::TearDown,
            _ => return None,
        };
        let doing = match word >> 48 & 0xff {
            1 => Doing::Calling,
            2 => Doing::Reading,
            _ => Doing::Freeing,
        };
        Some(Self { part, index: (word & 0xffff_ffff) as usize, doing })
    }
}

/// How large a board is: a row for the first thread, and one for each that calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) threads: usize,
    pub(crate) steps: usize,
}

impl Layout {
    fn row(self) -> usize {
        (1 + PER_STEP * self.steps).next_multiple_of(LINE)
    }

    fn words(self) -> usize {
        self.row() * (self.threads + 1)
    }
}

/// The board of this process.
#[derive(Clone, Copy)]
pub(crate) struct Board {
    layout: Layout,
    words: &'static [AtomicU64],
}

impl Board {
    /// A file for one, with nothing on it.
    ///
    /// # Errors
    /// When the system has no room.
    pub(crate) fn file(layout: Layout) -> io::Result<File> {
        let file = File::from(memfd_create("jostle call", MemfdFlags::CLOEXEC)?);
        file.set_len(layout.words() as u64 * 8)?;
        Ok(file)
    }

    /// The one in `file`, to be written.
    ///
    /// # Errors
    /// When the file is none for this layout, or the system has no room.
    pub(crate) fn on(file: &File, layout: Layout) -> io::Result<Self> {
        Ok(Self { layout, words: native::shared_words(file, layout.words())? })
    }

    /// The row of the first thread, which sets up, makes the serial run, and tears down.
    pub(crate) fn first_row(self) -> Row {
        self.row_at(0)
    }

    /// The row of a thread that calls.
    pub(crate) fn row(self, thread: u32) -> Row {
        self.row_at(thread as usize + 1)
    }

    fn row_at(self, index: usize) -> Row {
        let length = self.layout.row();
        Row { words: &self.words[index * length..][..length] }
    }
}

/// A thread's own line. Nobody else writes it.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    words: &'static [AtomicU64],
}

impl Row {
    pub(crate) fn at(self, at: At) {
        self.words[AT].store(at.word(), Relaxed);
    }

    pub(crate) fn nowhere(self) {
        self.words[AT].store(0, Relaxed);
    }

    pub(crate) fn called(self, step: usize) {
        self.add_one(1 + PER_STEP * step);
    }

    pub(crate) fn wrong(self, step: usize) {
        self.add_one(2 + PER_STEP * step);
    }

    /// A locked instruction would cost as much as the call.
    fn add_one(self, index: usize) {
        let word = &self.words[index];
        word.store(word.load(Relaxed) + 1, Relaxed);
    }
}

/// How often something was called, and how often that went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) calls: u64,
    pub(crate) wrong: u64,
}

/// What a board says, seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Where the first thread is.
    pub(crate) first: Option<At>,
    /// What the first thread has counted, for each step: the serial run.
    pub(crate) serial: Vec<Count>,
    /// Where those are that call.
    pub(crate) threads: Vec<Option<At>>,
    /// What they have counted together, for each step.
    pub(crate) counts: Vec<Count>,
}

impl Sight {
    /// Reads the board in `file`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of(file: &File, layout: Layout) -> io::Result<Self> {
        let mut bytes = vec![0; layout.words() * 8];
        file.read_exact_at(&mut bytes, 0)?;
        let words: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|&word| u64::from_ne_bytes(word)).collect();
        let mut rows = words.chunks(layout.row());
        let mut sight = Self { counts: vec![Count::default(); layout.steps], ..Self::default() };
        if let Some(first) = rows.next() {
            sight.first = At::of(first[AT]);
            sight.serial = counts(first, layout.steps).collect();
        }
        for row in rows {
            sight.threads.push(At::of(row[AT]));
            for (sum, more) in sight.counts.iter_mut().zip(counts(row, layout.steps)) {
                *sum = Count { calls: sum.calls + more.calls, wrong: sum.wrong + more.wrong };
            }
        }
        Ok(sight)
    }
}

fn counts(row: &[u64], steps: usize) -> impl Iterator<Item = Count> {
    row[1..].chunks(PER_STEP).take(steps).map(|pair| Count { calls: pair[0], wrong: pair[1] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_write_is_seen_from_outside() {
        let layout = Layout { threads: 3, steps: 5 };
        let file = Board::file(layout).expect("memory");
        let board = Board::on(&file, layout).expect("the same layout");
        let at = At { part: Part::Step, index: 4, doing: Doing::Freeing };
        for thread in 0..3 {
            board.row(thread).called(4);
        }
        board.row(1).wrong(4);
        board.row(2).at(at);
        board.first_row().called(0);
        board.first_row().at(At { part: Part::TearDown, index: 0, doing: Doing::Calling });
        let sight = Sight::of(&file, layout).expect("readable");
        assert_eq!(sight.counts[4], Count { calls: 3, wrong: 1 });
        assert_eq!(sight.serial[0], Count { calls: 1, wrong: 0 });
        assert_eq!(sight.threads, [None, None, Some(at)]);
        assert_eq!(sight.first.map(|at| at.part), Some(Part::TearDown));
        board.row(2).nowhere();
        assert_eq!(Sight::of(&file, layout).expect("readable").threads, [None; 3]);
        assert!(Board::on(&file, Layout { threads: 300, steps: 5 }).is_err());
    }
}
