//! From names to places.

use std::collections::{BTreeMap, BTreeSet};

use super::expect;
use super::{Call, Operand, Probe, Program, Source};
use crate::board::Part;
use crate::plan::{Argument, Integer, Step};
use crate::template::Template;
use crate::token::MOST_THREADS;
use crate::{Kind, Plan};

/// What does not make sense, and where.
pub(super) struct Nonsense {
    pub(super) place: String,
    pub(super) problem: String,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
struct Named {
    slot: usize,
    kind: Kind,
    every: u64,
    thread: Option<u32>,
    /// Whether it is given back as soon as it has been judged.
    is_freed: bool,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set-up",
            Self::Step => "step",
            Self::TearDown => "tear-down",
        }
    }
}

pub(super) fn program(plan: &Plan) -> Result<Program, Nonsense> {
    frame(plan).map_err(|problem| Nonsense { place: "the plan".to_owned(), problem })?;
    let mut scope = Scope { threads: plan.threads, names: BTreeMap::new(), slots: 0 };
    let setup = scope.calls(Part::SetUp, &plan.setup)?;
    let after_setup = scope.names.clone();
    let mut steps = scope.calls(Part::Step, &plan.steps)?;
    // What the steps gave is gone when they end.
    scope.names = after_setup;
    let teardown = scope.calls(Part::TearDown, &plan.teardown)?;
    let is_its_own_measure = steps.iter().all(|step| step.probes.is_empty());
    if is_its_own_measure {
        steps.iter_mut().for_each(measure_everything);
    }
    let compared = number_comparisons(&mut steps);
    Ok(Program { setup, steps, teardown, slots: scope.slots, compared, is_its_own_measure })
}

/// The names that are known.
struct Scope {
    threads: u32,
    names: BTreeMap<String, Named>,
    slots: usize,
}

impl Scope {
    fn calls(&mut self, part: Part, steps: &[Step]) -> Result<Vec<Call>, Nonsense> {
        let mut calls: Vec<Call> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let mut call = Builder { part, step, scope: self }.call().map_err(|problem| Nonsense {
                place: format!("{} {} ({})", part.name(), index + 1, step.call),
                problem,
            })?;
            let namesakes = calls.iter().filter(|other| other.function == call.function).count();
            if namesakes > 0 {
                call.label = format!("{} #{}", call.function, namesakes + 1);
            }
            calls.push(call);
        }
        Ok(calls)
    }

    fn name(&mut self, name: &str, named: Named) -> Result<usize, String> {
        let slot = self.slots;
        self.slots += 1;
        match self.names.insert(name.to_owned(), Named { slot, ..named }) {
            None => Ok(slot),
            Some(_) => Err(format!("the name {name:?} is taken")),
        }
    }
}

fn frame(plan: &Plan) -> Result<(), String> {
    let is_span = |seconds: f64| seconds > 0.0 && seconds <= 1e8;
    if plan.library.is_empty() || plan.library.contains('\0') {
        return Err("library is no path".to_owned());
    }
    if plan.steps.is_empty() {
        return Err("there is no [[step]] to be called".to_owned());
    }
    if !(1..=MOST_THREADS).contains(&plan.threads) {
        return Err(format!("threads is {}, and has to be from 1 to {MOST_THREADS}", plan.threads));
    }
    if plan.seconds.is_some_and(|seconds| !is_span(seconds)) || !is_span(plan.patience) {
        return Err("seconds and patience have to be above 0, and no more than 100000000".to_owned());
    }
    if plan.calls == Some(0) {
        return Err("calls has to be above 0".to_owned());
    }
    Ok(())
}

struct Builder<'a> {
    part: Part,
    step: &'a Step,
    scope: &'a mut Scope,
}

impl Builder<'_> {
    fn call(&mut self) -> Result<Call, String> {
        self.check()?;
        let operands = self
            .step
            .arguments
            .iter()
            .map(|argument| self.operand(argument))
            .collect::<Result<Vec<_>, _>>()?;
        let mut call = Call {
            label: self.step.call.clone(),
            function: self.step.call.clone(),
            operands,
            returns: self.step.returns,
            slot: None,
            free: self.step.free.clone(),
            every: self.step.every.unwrap_or(1),
            thread: self.step.thread,
            probes: Vec::new(),
        };
        call.probes = expect::probes(self.step, &call.operands)?;
        if self.part == Part::SetUp && call.probes.iter().any(|probe| probe.compared.is_some()) {
            return Err("serial has no meaning in the set-up".to_owned());
        }
        call.slot = match &self.step.name {
            Some(name) => Some(self.name(name, self.step.returns, self.step.free.is_some())?),
            None => None,
        };
        for (operand, argument) in call.operands.iter_mut().zip(&self.step.arguments) {
            if let (Operand::Out { slot, kind, free }, Some(name)) = (operand, argument.name()) {
                *slot = Some(self.name(name, *kind, free.is_some())?);
            }
        }
        Ok(call)
    }

    fn check(&self) -> Result<(), String> {
        let Step { call, returns, free, every, thread, expect, name, .. } = self.step;
        let functions = [Some(call), free.as_ref()].into_iter().flatten();
        if functions.into_iter().any(|function| function.is_empty() || function.contains('\0')) {
            return Err("a function has a name".to_owned());
        }
        if free.is_some() && !returns.is_address() {
            return Err(format!("free takes back a pointer or a string, not {}", returns.name()));
        }
        if name.is_some() && *returns == Kind::Void {
            return Err("it returns nothing that could have a name; say what it `returns`".to_owned());
        }
        if self.part != Part::Step && (every.is_some() || thread.is_some()) {
            return Err("every and thread belong to steps".to_owned());
        }
        if *every == Some(0) {
            return Err("every has to be above 0".to_owned());
        }
        if let Some(thread) = thread.filter(|&thread| thread >= self.scope.threads) {
            return Err(format!("there is no thread {thread}: they are 0 to {}", self.scope.threads - 1));
        }
        if self.part == Part::TearDown && !expect.is_empty() {
            return Err("nothing is expected of a tear-down".to_owned());
        }
        Ok(())
    }

    fn operand(&self, argument: &Argument) -> Result<Operand, String> {
        Ok(match argument {
            Argument::Integer { kind, value } => self.integer(*kind, *value)?,
            Argument::Real { kind: Kind::F32, value } => {
                Operand::Real { kind: Kind::F32, bits: u64::from((*value as f32).to_bits()) }
            }
            Argument::Real { kind, value } => Operand::Real { kind: *kind, bits: value.to_bits() },
            Argument::Text { text, .. } if text.contains('\0') => {
                return Err("a string ends at its first NUL; pass it as bytes".to_owned());
            }
            Argument::Text { text, .. } => Operand::Text(self.template(text.as_bytes())?),
            Argument::Bytes { bytes, .. } => Operand::Bytes(self.template(bytes)?),
            Argument::File { file, .. } => return Err(format!("the file {file} was not read")),
            Argument::Result(name) => self.result(name)?,
            Argument::LengthOf(name) => self.length_of(name)?,
            Argument::Out { kind: Kind::Void, .. } => {
                return Err("out names what is written: { out = \"u64\" }".to_owned());
            }
            Argument::Out { free: Some(_), kind, .. } if !kind.is_address() => {
                return Err(format!("free takes back a pointer or a string, not {}", kind.name()));
            }
            Argument::Out { kind, free, .. } => Operand::Out { kind: *kind, slot: None, free: free.clone() },
            Argument::Buffer { size, .. } if (1..=MOST_BUFFER).contains(size) => {
                Operand::Buffer { size: *size }
            }
            Argument::Buffer { .. } => return Err(format!("a buffer has 1 to {MOST_BUFFER} bytes")),
            Argument::Null => Operand::Null,
            Argument::Callback => Operand::Callback,
        })
    }

    fn integer(&self, kind: Kind, value: Integer) -> Result<Operand, String> {
        match value {
            Integer::Fixed(number)
                if kind.range().is_some_and(|(low, high)| number < low || number > high) =>
            {
                return Err(format!("{number} is no {}", kind.name()));
            }
            Integer::Token if !matches!(kind, Kind::I64 | Kind::U64) => {
                return Err(format!("a token fits into i64 and u64, not into {}", kind.name()));
            }
            Integer::Fixed(_) => {}
            _ => self.may_vary()?,
        }
        Ok(Operand::Integer { kind, value })
    }

    fn template(&self, text: &[u8]) -> Result<Template, String> {
        let template = Template::new(text);
        if !template.is_constant() {
            self.may_vary()?;
        }
        Ok(template)
    }

    fn may_vary(&self) -> Result<(), String> {
        match self.part {
            Part::Step => Ok(()),
            part => Err(format!(
                "{{token}}, {{thread}} and {{number}} have no meaning in the {}: no thread calls there",
                part.name()
            )),
        }
    }

    fn result(&self, name: &str) -> Result<Operand, String> {
        let Some(named) = self.scope.names.get(name) else {
            let known: Vec<&str> = self.scope.names.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
            return Err(format!("no earlier call has a result {name:?} (known here: {known})"));
        };
        if named.is_freed {
            return Err(format!("{name:?} is given back by `free` before this call"));
        }
        let (every, thread) = (self.step.every.unwrap_or(1), self.step.thread);
        if (named.every, named.thread) != (1, None) && (named.every, named.thread) != (every, thread) {
            return Err(format!(
                "{name:?} is not there in every iteration: give this call the same every and thread"
            ));
        }
        Ok(Operand::Slot { kind: named.kind, slot: named.slot })
    }

    fn length_of(&self, name: &str) -> Result<Operand, String> {
        let at = self.step.arguments.iter().position(|argument| argument.name() == Some(name));
        match at.map(|at| (at, &self.step.arguments[at])) {
            Some((at, Argument::Text { .. } | Argument::Bytes { .. } | Argument::Buffer { .. })) => {
                Ok(Operand::LengthOf(at))
            }
            Some(_) => Err(format!("{name:?} has no length: it is no string, bytes or buffer")),
            None => Err(format!("length_of names no argument of this call: {name:?}")),
        }
    }

    fn name(&mut self, name: &str, kind: Kind, is_freed: bool) -> Result<usize, String> {
        let every = self.step.every.unwrap_or(1);
        self.scope.name(name, Named { slot: 0, kind, every, thread: self.step.thread, is_freed })
    }
}

/// Larger ones are mistakes, and each thread has its own.
const MOST_BUFFER: usize = 64 << 20;

/// Everything that a call gives is held against what a serial run gave.
fn measure_everything(call: &mut Call) {
    let probe = |source, kind, label| Probe {
        source,
        kind,
        tests: Vec::new(),
        compared: Some(0),
        only_null: false,
        label,
    };
    if call.returns != Kind::Void {
        call.probes.push(probe(Source::Result, call.returns, String::new()));
    }
    for (index, operand) in call.operands.iter().enumerate() {
        let label = format!(" (argument {})", index + 1);
        match operand {
            Operand::Out { kind, .. } => call.probes.push(probe(Source::Operand(index), *kind, label)),
            Operand::Buffer { .. } => {
                call.probes.push(probe(Source::Operand(index), Kind::String, label));
            }
            _ => {}
        }
    }
}

/// Gives every comparison its number, and finds out which things are passed on.
fn number_comparisons(steps: &mut [Call]) -> usize {
    let passed_on: BTreeSet<usize> =
        steps.iter().flat_map(|step| &step.operands).filter_map(slot_of).collect();
    let mut compared = 0;
    for call in steps {
        let mut probes = std::mem::take(&mut call.probes);
        for probe in &mut probes {
            let slot = call.slot_of(probe.source);
            probe.only_null =
                probe.kind == Kind::Pointer || slot.is_some_and(|slot| passed_on.contains(&slot));
            if let Some(number) = &mut probe.compared {
                *number = compared;
                compared += 1;
            }
        }
        call.probes = probes;
    }
    compared
}

fn slot_of(operand: &Operand) -> Option<usize> {
    match operand {
        Operand::Slot { slot, .. } => Some(*slot),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<String> {
        let plan: Plan = toml::from_str(&format!("library = \"x.so\"\n{text}")).expect("a plan");
        program(&plan).err().map(|nonsense| format!("{}: {}", nonsense.place, nonsense.problem))
    }

    fn steps(first: &str, second: &str) -> String {
        format!("[[step]]\ncall = \"a\"\n{first}\n[[step]]\ncall = \"b\"\n{second}\n")
    }

    #[track_caller]
    fn assert_said(text: &str, said: &str) {
        let problem = problem(text).unwrap_or_else(|| panic!("no problem in {text}"));
        assert!(problem.contains(said), "{problem}");
    }

    #[test]
    fn a_name_is_known_from_its_call_on_to_the_end_of_the_iteration() {
        let (gives, takes) = ("returns = \"u64\"\nas = \"x\"", "arguments = [{ result = \"x\" }]");
        assert_eq!(problem(&steps(gives, takes)), None);
        assert_said(&steps(takes, gives), "step 1 (a): no earlier call has a result \"x\"");
        let late = format!("{}[[teardown]]\ncall = \"c\"\n{takes}\n", steps(gives, takes));
        assert_said(&late, "tear-down 1 (c): no earlier call has a result \"x\"");
        let early = format!("[[setup]]\ncall = \"c\"\n{gives}\n{}", steps(takes, takes));
        assert_eq!(problem(&early), None);
        assert_said(&steps(gives, gives), "step 2 (b): the name \"x\" is taken");
    }

    #[test]
    fn a_result_that_is_not_always_there_is_taken_only_when_it_is() {
        let gives = "returns = \"u64\"\nas = \"x\"\nevery = 7\nthread = 1";
        let takes = "arguments = [{ result = \"x\" }]\nevery = 7\nthread = 1";
        assert_eq!(problem(&steps(gives, takes)), None);
        assert_said(&steps(gives, "arguments = [{ result = \"x\" }]"), "not there in every iteration");
    }

    #[test]
    fn what_was_given_back_is_not_passed_on() {
        let gives = "returns = \"string\"\nas = \"x\"\nfree = \"free\"";
        assert_said(&steps(gives, "arguments = [{ result = \"x\" }]"), "given back by `free`");
        let out = "arguments = [{ out = \"pointer\", as = \"x\", free = \"free\" }]";
        assert_said(&steps(out, "arguments = [{ result = \"x\" }]"), "given back by `free`");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (call, said) in [
            ("free = \"f\"", "free takes back a pointer or a string, not void"),
            ("as = \"x\"", "it returns nothing that could have a name"),
            ("every = 0", "every has to be above 0"),
            ("thread = 32", "there is no thread 32: they are 0 to 31"),
            ("arguments = [{ length_of = \"x\" }]", "length_of names no argument"),
            ("arguments = [{ out = \"u64\", as = \"x\" }, { length_of = \"x\" }]", "has no length"),
            ("arguments = [{ buffer = 0 }]", "a buffer has 1 to"),
            ("arguments = [{ out = \"void\" }]", "out names what is written"),
            ("arguments = [\"a\\u0000b\"]", "a string ends at its first NUL"),
            ("returns = \"f64\"\nexpect = [{ not_null = true }]", "f64 is never null"),
            ("returns = \"i32\"\nexpect = [{ contains = \"x\" }]", "for strings, and this is i32"),
            ("returns = \"i32\"\nexpect = [{ equals = 1.5 }]", "i32 never equals 1.5"),
            ("returns = \"i32\"\nexpect = [{ at_least = 2, at_most = 1 }]", "at least 2 and at most 1"),
            ("returns = \"string\"\nexpect = [{ length = \"x\" }]", "no argument of this call is called"),
            (
                "arguments = [{ string = \"x\", as = \"y\" }]\nexpect = [{ of = \"y\", equals = \"x\" }]",
                "writes",
            ),
        ] {
            assert_said(&format!("[[step]]\ncall = \"a\"\n{call}"), said);
        }
        assert_said("[[setup]]\ncall = \"a\"\narguments = [\"{token}\"]\n[[step]]\ncall = \"b\"", "set-up");
        assert_said("[[setup]]\ncall = \"a\"\nevery = 2\n[[step]]\ncall = \"b\"", "belong to steps");
    }

    #[test]
    fn a_plan_without_expectations_measures_itself() {
        let plan: Plan = toml::from_str(&format!(
            "library = \"x.so\"\n{}",
            steps(
                "returns = \"u64\"\nas = \"x\"\narguments = [{ buffer = 8 }]",
                "arguments = [{ result = \"x\" }]"
            )
        ))
        .expect("a plan");
        let program = program(&plan).map_err(|nonsense| nonsense.problem).expect("sense");
        assert!(program.is_its_own_measure);
        assert_eq!(program.compared, 2);
        // A handle, and what was written to the buffer.
        let only_null: Vec<bool> = program.steps[0].probes.iter().map(|probe| probe.only_null).collect();
        assert_eq!(only_null, [true, false]);
    }
}
