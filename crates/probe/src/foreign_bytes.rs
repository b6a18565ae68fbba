//! All that is done with what a server sends, in one call: for the fuzzer.

use std::sync::LazyLock;

use crate::anatomy::Anatomy;
use crate::knowledge::Kept;
use crate::ledger::Asked;
use crate::mode::Mode;
use crate::shadow::quote;
use crate::template::Visitor;
use crate::token::{Mint, Recogniser};
use crate::wire::{Answer, MOST_KEPT, Malformed, Reader};

/// What came out of a stream of answers.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    /// Status, head, body, and whether that is all of the body.
    answers: Vec<(u16, Vec<u8>, Vec<u8>, bool)>,
    error: Option<Malformed>,
}

/// Reads `bytes` as a server's answers on one connection, to `HEAD` or to other requests, and takes them apart. The first
/// byte says how they arrive: all at once, or in pieces of that size.
///
/// For the fuzzer, which has no other way to a reader that nobody else should call: it returns, whatever the bytes, and how
/// they are cut into pieces may change nothing.
pub fn read_foreign_answers(bytes: &[u8]) {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let to_head = how & 1 == 1;
    let whole = told(bytes, bytes.len().max(1), to_head);
    let size = usize::from(how >> 1).max(1);
    assert_eq!(whole, told(bytes, size, to_head), "in pieces of {size} it is something else");
    whole.answers.iter().for_each(take_apart);
}

fn told(bytes: &[u8], size: usize, to_head: bool) -> Told {
    let mut reader = Reader::default();
    let mut told = Told { answers: Vec::new(), error: None };
    for piece in bytes.chunks(size) {
        reader.space().extend_from_slice(piece);
        loop {
            match reader.next(to_head) {
                Ok(Some(answer)) => {
                    assert!(answer.body.len() <= MOST_KEPT, "more is kept than is looked at");
                    let said = (answer.status, answer.head.to_vec(), answer.body.to_vec(), answer.whole);
                    let goes_on = answer.reusable;
                    told.answers.push(said);
                    if !goes_on {
                        return told;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    told.error = Some(error);
                    return told;
                }
            }
        }
    }
    match reader.end() {
        Ok(Some(answer)) => {
            told.answers.push((answer.status, answer.head.to_vec(), answer.body.to_vec(), answer.whole))
        }
        Ok(None) => {}
        Err(error) => told.error = Some(error),
    }
    told
}

fn take_apart((status, head, body, whole): &(u16, Vec<u8>, Vec<u8>, bool)) {
    // Made once: that takes longer than all the rest.
    static RECOGNISER: LazyLock<Recogniser> = LazyLock::new(|| Recogniser::new(&Mint::new()));
    let answer = Answer { status: *status, head, body, whole: *whole, reusable: true };
    let _ = Anatomy::of(&answer, 1, &RECOGNISER);
    let _ = Anatomy::of_server(&answer, 1, &RECOGNISER, "127.0.0.1:80");
    let asked = Asked { number: 1, template: 0, visitor: Visitor::Known, mode: Mode::KeepAlive };
    let kept = Kept::of(&asked, &answer, Default::default());
    quote(&kept);
}
