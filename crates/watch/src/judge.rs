//! From a case to a verdict: names for addresses, who is to blame, atomic or plain.
//!
//! It runs in a thread of its own: debug information takes long to read, and meanwhile threads of the target
//! must not stand still.

mod atomicity;
mod blame;
mod boundary;
mod crash;
mod ruling;
mod view;

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use jostle_model::{Address, Finding};

use crate::case::{Case, CaseKey};
use crate::crash::{Crash, Hang};
use crate::files::FileBytes;
use crate::lifetimes::Origin;
use crate::source::Sources;
use crate::swap::Swap;
use view::{Images, View};

/// What the tracer tells the judge, of one process.
enum Message {
    Loaded(FileBytes, u64),
    Unloaded(FileBytes, u64),
    Named(Address, String),
    Case(Box<Case>, Option<Origin>),
    Crash(Box<Crash>),
    Hang(Box<Hang>),
    Swap(Box<Swap>),
    /// Nothing more will come of it.
    Gone,
}

/// What became of a case.
#[derive(Clone, Debug)]
pub(crate) enum Judgement {
    /// A bug.
    Guilty(Box<Finding>),
    /// Nothing tells whether the sides are atomic.
    Undecided,
    /// Both atomic, or the runtime's own business.
    Innocent,
}

/// A case that was judged, and whose clerk had handed it in.
pub(crate) struct Judged {
    pub(crate) clerk: u64,
    pub(crate) key: CaseKey,
    pub(crate) judgement: Judgement,
}

/// The judge, seen from the tracer.
pub(crate) struct Court {
    bench: Rc<Bench>,
    clerks: u64,
}

/// Where cases are brought. The judge comes when there is the first to say: most programs that are only looked at how they
/// end never need one.
#[derive(Default)]
struct Bench {
    judge: OnceCell<Judge>,
}

/// The judge at work.
struct Judge {
    /// Nothing means that the judge goes home.
    messages: Sender<Option<(u64, Message)>>,
    judged: Receiver<Judged>,
    thread: Cell<Option<JoinHandle<()>>>,
}

impl Bench {
    fn send(&self, clerk: u64, message: Message) {
        let judge = match (self.judge.get(), &message) {
            (None, Message::Gone) => return,
            _ => self.judge.get_or_init(Judge::begin),
        };
        // A judge that has died is noticed when the court closes.
        let _ = judge.messages.send(Some((clerk, message)));
    }
}

impl Judge {
    fn begin() -> Self {
        let (messages, inbox) = mpsc::channel();
        let (outbox, judged) = mpsc::channel();
        let thread = thread::spawn(move || sit(&inbox, &outbox));
        Self { messages, judged, thread: Cell::new(Some(thread)) }
    }
}

impl Court {
    /// Nobody has said anything yet.
    pub(crate) fn open() -> Self {
        Self { bench: Rc::default(), clerks: 0 }
    }

    /// Somebody who brings the cases of one process to court.
    pub(crate) fn clerk(&mut self) -> Clerk {
        self.clerks += 1;
        Clerk { number: self.clerks - 1, bench: Rc::clone(&self.bench) }
    }

    /// What was judged since the last call.
    pub(crate) fn judged(&self) -> Vec<Judged> {
        self.bench.judge.get().map(|judge| judge.judged.try_iter().collect()).unwrap_or_default()
    }

    /// Waits for all cases handed in.
    pub(crate) fn close(&mut self) -> Vec<Judged> {
        let Some(judge) = self.bench.judge.get() else { return Vec::new() };
        // A judge that has died is noticed below.
        let _ = judge.messages.send(None);
        let last = judge.judged.iter().collect();
        if let Some(thread) = judge.thread.take() {
            // A panic there is a bug of ours, and must not be taken for "nothing found".
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        last
    }
}

/// Who speaks to the judge for one process.
pub(crate) struct Clerk {
    number: u64,
    bench: Rc<Bench>,
}

impl Clerk {
    /// Which one it is, counted from 0.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    fn send(&self, message: Message) {
        self.bench.send(self.number, message);
    }

    /// Code was mapped.
    pub(crate) fn loaded(&self, file: FileBytes, bias: u64) {
        self.send(Message::Loaded(file, bias));
    }

    /// Code was unmapped.
    pub(crate) fn unloaded(&self, file: FileBytes, bias: u64) {
        self.send(Message::Unloaded(file, bias));
    }

    /// Code without a name was given one.
    pub(crate) fn named(&self, at: Address, name: String) {
        self.send(Message::Named(at, name));
    }

    /// Hands in a case, and where memory comes from that is given back in it.
    pub(crate) fn hear(&self, case: Case, origin: Option<Origin>) {
        self.send(Message::Case(Box::new(case), origin));
    }

    /// Hands in a value that did not arrive. It only has to be named as well.
    pub(crate) fn hear_swap(&self, swap: Swap) {
        self.send(Message::Swap(Box::new(swap)));
    }

    /// Hands in a crash. There is nothing to decide about it, only to name.
    pub(crate) fn hear_crash(&self, crash: Crash) {
        self.send(Message::Crash(Box::new(crash)));
    }

    /// The same for one that hangs.
    pub(crate) fn hear_hang(&self, hang: Hang) {
        self.send(Message::Hang(Box::new(hang)));
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.send(Message::Gone);
    }
}

fn sit(inbox: &Receiver<Option<(u64, Message)>>, outbox: &Sender<Judged>) {
    let (sources, mut images) = (Rc::new(Sources::default()), Images::new());
    let mut views: HashMap<u64, View> = HashMap::new();
    for (clerk, message) in inbox.iter().map_while(|message| message) {
        let view = views.entry(clerk).or_insert_with(|| View::new(Rc::clone(&sources)));
        let (key, judgement) = match message {
            Message::Loaded(file, bias) => {
                view.load(file, bias, &mut images);
                continue;
            }
            Message::Unloaded(file, bias) => {
                view.unload(file, bias);
                continue;
            }
            Message::Named(at, name) => {
                view.name_code(at, name);
                continue;
            }
            Message::Gone => {
                views.remove(&clerk);
                continue;
            }
            Message::Case(case, origin) => (case.key(), view.judge(&case, origin.as_ref())),
            Message::Swap(swap) => (swap.key(), Judgement::Guilty(Box::new(view.judge_swap(&swap)))),
            Message::Crash(crash) => {
                let finding = Box::new(view.judge_crash(&crash));
                (CaseKey::of_crash(&crash.crashed), Judgement::Guilty(finding))
            }
            Message::Hang(hang) => (CaseKey::of_hang(), Judgement::Guilty(Box::new(view.judge_hang(&hang)))),
        };
        if outbox.send(Judged { clerk, key, judgement }).is_err() {
            return;
        }
    }
}
