//! From a case to a verdict: names for addresses, who is to blame, atomic or plain.
//!
//! It runs in a thread of its own: debug information takes long to read, and meanwhile threads of the target
//! must not stand still.

mod atomicity;
mod blame;
mod crash;

use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use jostle_model::{
    Address, Atomicity, Collision, Evidence, Finding, Fingerprint, Goroutine, Grade, Place, Role, Rule,
    Thread,
};
use jostle_stacks::{AddressSpace, Image, Trace};

use crate::case::{Case, CaseKey, Form, Side};
use crate::crash::Crash;
use crate::modules::FileBytes;
use crate::source::Sources;
use blame::Blame;

/// What the tracer tells the judge.
enum Message {
    Loaded(FileBytes, u64),
    Unloaded(FileBytes, u64),
    Named(Address, String),
    Case(Box<Case>),
    Crash(Box<Crash>),
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

/// The judge at work, seen from the tracer.
pub(crate) struct Court {
    messages: Option<Sender<Message>>,
    judgements: Receiver<(CaseKey, Judgement)>,
    judge: Option<JoinHandle<()>>,
}

impl Court {
    /// Starts the judge.
    pub(crate) fn open() -> Self {
        let (messages, inbox) = mpsc::channel();
        let (outbox, judgements) = mpsc::channel();
        let judge = thread::spawn(move || sit(&inbox, &outbox));
        Self { messages: Some(messages), judgements, judge: Some(judge) }
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            // A judge that has died is noticed when the court closes.
            let _ = messages.send(message);
        }
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

    /// Hands in a case.
    pub(crate) fn hear(&self, case: Case) {
        self.send(Message::Case(Box::new(case)));
    }

    /// Hands in a crash. There is nothing to decide about it, only to name.
    pub(crate) fn hear_crash(&self, crash: Crash) {
        self.send(Message::Crash(Box::new(crash)));
    }

    /// What was judged since the last call.
    pub(crate) fn judged(&self) -> Vec<(CaseKey, Judgement)> {
        self.judgements.try_iter().collect()
    }

    /// Waits for all cases handed in.
    pub(crate) fn close(&mut self) -> Vec<(CaseKey, Judgement)> {
        self.messages = None;
        let last = self.judgements.iter().collect();
        if let Some(judge) = self.judge.take() {
            // A panic there is a bug of ours, and must not be taken for "nothing found".
            judge.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        last
    }
}

fn sit(inbox: &Receiver<Message>, outbox: &Sender<(CaseKey, Judgement)>) {
    let mut judge = Judge::default();
    for message in inbox {
        match message {
            Message::Loaded(file, bias) => judge.load(file, bias),
            Message::Unloaded(file, bias) => judge.unload(file, bias),
            Message::Named(at, name) => judge.space.name_code(at, name),
            Message::Case(case) => {
                if outbox.send((case.key(), judge.judge(&case))).is_err() {
                    return;
                }
            }
            Message::Crash(crash) => {
                let finding = Box::new(judge.judge_crash(&crash));
                if outbox.send((CaseKey::of_crash(&crash.crashed), Judgement::Guilty(finding))).is_err() {
                    return;
                }
            }
        }
    }
}

/// The judge's own view of the target: it shares only bytes with the tracer.
#[derive(Default)]
struct Judge {
    space: AddressSpace,
    images: Vec<(&'static str, u64, Rc<Image>)>,
    sources: Sources,
}

/// One side with names, and what could be told of it.
struct Witness {
    place: Place,
    atomicity: Atomicity,
    blame: Blame,
}

impl Judge {
    fn load(&mut self, file: FileBytes, bias: u64) {
        if let Ok(image) = Image::parse(file.path, file.bytes) {
            let image = Rc::new(image);
            self.space.add(Rc::clone(&image), bias);
            self.images.push((file.path, bias, image));
        }
    }

    fn unload(&mut self, file: FileBytes, bias: u64) {
        let unloaded = |path: &str, at: u64| path == file.path && at == bias;
        for (_, _, image) in self.images.iter().filter(|(path, at, _)| unloaded(path, *at)) {
            self.space.remove(image, bias);
        }
        self.images.retain(|(path, at, _)| !unloaded(path, *at));
    }

    fn judge(&self, case: &Case) -> Judgement {
        let held = self.witness(&case.held, case.access.size);
        let Some(other) = &case.other else { return judge_alone(case, held) };
        let other = self.witness(other, case.access.size);
        match rule(&held, &other) {
            Ok(rule) => guilty(case, rule, held.place, other.place),
            Err(judgement) => judgement,
        }
    }

    fn witness(&self, side: &Side, size: u32) -> Witness {
        let stack = self.space.symbolize(&side.trace);
        let innermost = innermost_frames(&stack, &side.trace);
        let atomicity = match side.form {
            Form::Locked => Atomicity::Atomic,
            Form::Other | Form::Kernel => Atomicity::Plain,
            Form::Unknown => Atomicity::Undecided,
            Form::Move => self.atomicity_of_move(side, &stack[..innermost], size),
        };
        let (blame, shown) = blame::assign(&stack, side.form, |module| self.is_go(module));
        let role = match (blame, side.direction) {
            (Blame::Free, _) => Role::Free,
            (_, Some(direction)) => direction.into(),
            (_, None) => Role::Unknown,
        };
        let place = Place {
            role,
            atomicity: Some(atomicity),
            thread: Some(self.thread(side)),
            snippet: stack
                .get(shown)
                .and_then(|frame| self.sources.snippet(frame.file.as_deref()?, frame.line?)),
            stack,
            shown,
        };
        Witness { place, atomicity, blame }
    }

    fn thread(&self, side: &Side) -> Thread {
        let goroutine = side.trace.goroutine.map(|goroutine| Goroutine {
            id: goroutine.id,
            created_by: (goroutine.created_at)
                .and_then(|at| self.space.symbolize_address(at - 1).into_iter().next()),
        });
        Thread { tid: side.tid, name: side.name.clone(), goroutine }
    }

    fn is_go(&self, module: &str) -> bool {
        self.images.iter().any(|(path, _, image)| *path == module && image.is_go())
    }
}

/// How many frames of `stack` belong to the innermost address: those inlined there, and the function itself.
fn innermost_frames(stack: &[jostle_model::Frame], trace: &Trace) -> usize {
    let at = trace.addresses.first().map(|code| code.for_lookup());
    stack.iter().take_while(|frame| Some(frame.address) == at).count()
}

/// What two sides amount to.
fn rule(held: &Witness, other: &Witness) -> Result<Rule, Judgement> {
    let sides = [held, other];
    if sides.iter().any(|side| side.blame == Blame::Runtime) {
        return Err(Judgement::Innocent);
    }
    match sides.iter().filter(|side| side.blame == Blame::Free).count() {
        0 => {}
        1 => return Ok(Rule::UseAfterFree),
        _ => return Err(Judgement::Innocent),
    }
    match (held.atomicity, other.atomicity) {
        (Atomicity::Atomic, Atomicity::Atomic) => Err(Judgement::Innocent),
        (Atomicity::Atomic, Atomicity::Plain) | (Atomicity::Plain, Atomicity::Atomic) => Ok(Rule::HalfAtomic),
        // Whatever the undecided side is, a plain one opposite makes it a bug.
        (Atomicity::Plain, _) | (_, Atomicity::Plain) => Ok(Rule::DataRace),
        _ => Err(Judgement::Undecided),
    }
}

/// The value changed, and nobody was seen: as far as it goes.
fn judge_alone(case: &Case, held: Witness) -> Judgement {
    match (held.blame, held.atomicity) {
        (Blame::User, Atomicity::Plain) => {
            let unknown = Place {
                role: Role::Unknown,
                atomicity: None,
                thread: None,
                stack: Vec::new(),
                shown: 0,
                snippet: None,
            };
            guilty(case, Rule::DataRace, held.place, unknown)
        }
        (Blame::User, Atomicity::Undecided) => Judgement::Undecided,
        _ => Judgement::Innocent,
    }
}

fn guilty(case: &Case, rule: Rule, held: Place, other: Place) -> Judgement {
    let changed = case.old != case.new;
    let grade = match other.role {
        Role::Unknown if other.thread.is_none() => Grade::OneSideUnknown,
        Role::Write | Role::ReadWrite | Role::Free if changed => Grade::ValueChanged,
        _ => Grade::BothSidesSeen,
    };
    let hexadecimal = |value: u64| format!("{value:#x}");
    Judgement::Guilty(Box::new(Finding {
        rule,
        id: fingerprint(rule, &held, &other),
        title: title(rule, &held, &other),
        places: vec![held, other],
        evidence: Evidence::Collision(Collision {
            address: case.access.address,
            size: case.access.size,
            old: case.old.map(hexadecimal),
            new: case.new.map(hexadecimal),
            grade,
            held_us: case.held_us,
            at_ms: case.at_ms,
            times: 1,
        }),
    }))
}

fn title(rule: Rule, held: &Place, other: &Place) -> String {
    let verb = |role: Role| match role {
        Role::Read => "reads",
        Role::Write => "writes",
        Role::ReadWrite => "updates",
        Role::Free => "frees",
        Role::Crash | Role::Bystander | Role::Unknown => "touches",
    };
    let (held_name, other_name) = (held.label(), other.label());
    match (rule, other.role) {
        (_, Role::Unknown) if other.thread.is_none() => {
            format!(
                "{held_name} {} memory that changes meanwhile, at the hands of an unknown thread",
                verb(held.role)
            )
        }
        // The writer first, whichever was held: the reader is the one surprised.
        _ if held.role == Role::Read || other.role == Role::Free => {
            format!("{other_name} {} what {held_name} {}", verb(other.role), verb(held.role))
        }
        _ => format!("{held_name} {} what {other_name} {}", verb(held.role), verb(other.role)),
    }
}

/// Rule and both source positions, whichever side was held.
fn fingerprint(rule: Rule, held: &Place, other: &Place) -> Fingerprint {
    let mut sides = [position(held), position(other)];
    sides.sort();
    fnv1a(&format!("{}\n{}\n{}", rule.name(), sides[0], sides[1]))
}

/// FNV-1a (Fowler, Noll, Vo; 64 bits).
fn fnv1a(text: &str) -> Fingerprint {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Fingerprint(hash)
}

/// Function and line, or where in its file the code lies, in a form that the next run repeats.
fn position(place: &Place) -> String {
    let Some(frame) = place.shown_frame() else { return "unknown".to_owned() };
    let file = frame.file.as_deref().and_then(|file| file.file_name()).map(|name| name.to_string_lossy());
    format!("{} {}:{}", place.label(), file.unwrap_or_default(), frame.line.unwrap_or(0))
}
