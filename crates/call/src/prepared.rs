use crate::Kind;
use crate::judge::{Answer, Judge, Measure, integer};
use crate::linked::Functions;
use crate::native::{Frame, Function, Room, copy_text, nothing};
use crate::plan::Integer;
use crate::program::{Call, Operand, Probe, Source};
use crate::reporter::Witness;
use crate::results::Results;
use crate::template::{Moment, Text};

/// A call with all that it needs, written for one thread.
pub(crate) struct Prepared<'a> {
    pub(crate) call: &'a Call,
    pub(crate) frame: Frame,
    /// What is passed anew each time, and as which argument.
    changing: Vec<(usize, Changing)>,
    /// The texts that are passed, by operand.
    texts: Vec<Option<Text>>,
    /// What the call may write, by operand.
    rooms: Vec<Option<Room>>,
    /// What of that has a name: which operand, what it is, where it is kept.
    kept: Vec<(usize, Kind, usize)>,
    judges: Vec<Judge<'a>>,
    /// What the last text said that was looked at.
    text: Vec<u8>,
    /// What takes the result back.
    free: Option<Frame>,
    /// What takes back what was written, and to which operand.
    free_written: Vec<(usize, Frame)>,
    /// Whether anything does.
    pub(crate) gives_back: bool,
}

enum Changing {
    Integer(Integer),
    Slot(usize),
    /// The text of this operand.
    Text(usize),
    /// The length of that.
    LengthOf(usize),
    /// The room of this operand.
    Room(usize),
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(call: &'a Call, functions: &Functions) -> Self {
        let kinds: Vec<Kind> = call.operands.iter().map(Operand::kind).collect();
        let frame = Frame::new(functions.call, &kinds, call.returns);
        let giving_back = |function: Function| Frame::new(function, &[Kind::Pointer], Kind::Void);
        let written = functions.free_written.iter().enumerate();
        let free_written: Vec<(usize, Frame)> =
            written.filter_map(|(index, free)| Some((index, giving_back((*free)?)))).collect();
        let free = functions.free.map(giving_back);
        let mut prepared = Self {
            call,
            frame,
            changing: Vec::new(),
            texts: call.operands.iter().map(|operand| operand.template().cloned().map(Text::new)).collect(),
            rooms: call.operands.iter().map(Operand::room).collect(),
            kept: written_with_a_name(call),
            judges: call.probes.iter().map(Judge::new).collect(),
            text: Vec::new(),
            gives_back: free.is_some() || !free_written.is_empty(),
            free,
            free_written,
        };
        for (index, operand) in call.operands.iter().enumerate() {
            match prepared.changing(index, operand) {
                Ok(changing) => prepared.changing.push((index, changing)),
                Err(word) => prepared.frame.set(index, word),
            }
        }
        // Lengths are known when the texts are written.
        prepared.changing.sort_by_key(|(_, changing)| matches!(changing, Changing::LengthOf(_)));
        prepared
    }

    /// How an operand changes from call to call, or the word that it always is.
    fn changing(&self, index: usize, operand: &Operand) -> Result<Changing, u64> {
        match operand {
            Operand::Integer { value: Integer::Fixed(number), .. } => Err(*number as u64),
            Operand::Integer { value, .. } => Ok(Changing::Integer(*value)),
            Operand::Real { bits, .. } => Err(*bits),
            Operand::Text(_) | Operand::Bytes(_) => Ok(Changing::Text(index)),
            Operand::Slot { slot, .. } => Ok(Changing::Slot(*slot)),
            Operand::LengthOf(of) => match &self.call.operands[*of] {
                Operand::Buffer { size } => Err(*size as u64),
                _ => Ok(Changing::LengthOf(*of)),
            },
            Operand::Out { .. } | Operand::Buffer { .. } => Ok(Changing::Room(index)),
            Operand::Null => Err(0),
            Operand::Callback => Err(nothing()),
        }
    }

    pub(crate) fn needs_what_is_gone(&self, results: &Results) -> bool {
        self.changing
            .iter()
            .any(|(_, changing)| matches!(changing, Changing::Slot(slot) if results.is_gone(*slot)))
    }

    /// The call is not made, and nothing can be done with what it would have given.
    pub(crate) fn lose_all(&self, results: &mut Results) {
        self.call.slots().for_each(|slot| results.lose(slot));
    }

    /// Passes what is passed at this moment.
    pub(crate) fn pass(&mut self, moment: &Moment, results: &Results) {
        for (index, changing) in &self.changing {
            let word = match changing {
                Changing::Integer(value) => integer(*value, moment) as u64,
                Changing::Slot(slot) => results.word(*slot),
                Changing::Text(of) => self.texts[*of].as_mut().map_or(0, |text| text.address(moment)),
                Changing::LengthOf(of) => self.texts[*of].as_ref().map_or(0, |text| text.length() as u64),
                Changing::Room(of) => self.rooms[*of].as_ref().map_or(0, Room::cleared),
            };
            self.frame.set(*index, word);
        }
    }

    /// Keeps what came back under its name.
    pub(crate) fn keep(&self, word: u64, results: &mut Results) {
        if let Some(slot) = self.call.slot {
            results.keep(slot, self.call.returns.trimmed(word));
        }
        for &(index, kind, slot) in &self.kept {
            let written = self.rooms[index].as_ref().map_or(0, Room::word);
            results.keep(slot, kind.trimmed(written));
        }
    }

    /// Whether something is not as expected.
    pub(crate) fn judge(
        &mut self,
        word: u64,
        witness: &Witness<'_>,
        measure: &mut Measure<'_>,
        results: &mut Results,
        fault: &mut impl FnMut(&str, &str, &str),
    ) -> bool {
        let Self { call, rooms, judges, text, .. } = self;
        let written = |index: usize| match (&call.operands[index], &rooms[index]) {
            (Operand::Out { kind, .. }, Some(room)) => kind.integer(room.word()),
            _ => 0,
        };
        let mut is_wrong = false;
        for judge in judges {
            let Probe { kind, source, ref label, .. } = *judge.probe();
            let answer = answer(call, rooms, source, kind, word, text);
            let Some(expected) = judge.complaint(answer, witness.moment, written, measure) else { continue };
            is_wrong = true;
            witness.tell(kind, label, &expected, answer);
            fault(&call.label, &expected, &answer.shown(kind));
            if answer.text.is_none() && kind.trimmed(answer.word) == 0 {
                call.slot_of(source).into_iter().for_each(|slot| results.lose(slot));
            }
        }
        is_wrong
    }

    pub(crate) fn give_back(&mut self, word: u64) {
        for (index, free) in &mut self.free_written {
            let word = self.rooms[*index].as_ref().map_or(0, Room::word);
            release(free, word);
        }
        if let Some(free) = &mut self.free {
            release(free, word);
        }
    }
}

fn written_with_a_name(call: &Call) -> Vec<(usize, Kind, usize)> {
    let named = |(index, operand): (usize, &Operand)| match operand {
        Operand::Out { kind, slot: Some(slot), .. } => Some((index, *kind, *slot)),
        _ => None,
    };
    call.operands.iter().enumerate().filter_map(named).collect()
}

fn release(free: &mut Frame, word: u64) {
    if word != 0 {
        free.set(0, word);
        free.call();
    }
}

/// What the call gave there; where it is the address of a text, that is copied to `copy`.
fn answer<'a>(
    call: &Call,
    rooms: &[Option<Room>],
    source: Source,
    kind: Kind,
    result: u64,
    copy: &'a mut Vec<u8>,
) -> Answer<'a> {
    let word = match source {
        Source::Result => result,
        Source::Operand(index) => match (&call.operands[index], &rooms[index]) {
            (Operand::Buffer { .. }, Some(room)) => {
                room.copy_text(copy);
                return Answer { word: room.address(), text: Some(copy) };
            }
            (_, room) => room.as_ref().map_or(0, Room::word),
        },
    };
    if kind == Kind::String && word != 0 {
        copy_text(word, copy);
        return Answer { word, text: Some(copy) };
    }
    Answer { word, text: None }
}
