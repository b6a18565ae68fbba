//! From expectations to tests.

use super::{Operand, Probe, Source, Test, TextTest, WordTest};
use crate::Kind;
use crate::plan::{Argument, Expectation, Integer, Scalar, Step};
use crate::template::Template;

/// What has to hold of a call's results.
pub(super) fn probes(step: &Step, operands: &[Operand]) -> Result<Vec<Probe>, String> {
    step.expect.iter().map(|expectation| probe(step, operands, expectation)).collect()
}

fn probe(step: &Step, operands: &[Operand], expectation: &Expectation) -> Result<Probe, String> {
    let (source, kind, label) = subject(step, operands, expectation.of.as_deref())?;
    let mut tests = Vec::new();
    tests.extend(presence(expectation, kind)?);
    tests.extend(texts(expectation, kind)?);
    tests.extend(equality(expectation, kind)?);
    tests.extend(range(expectation, kind)?);
    if let Some(name) = &expectation.length {
        tests.push(length(step, operands, name, kind)?);
    }
    if tests.is_empty() && !expectation.serial {
        return Err("an expectation that expects nothing".to_owned());
    }
    let compared = expectation.serial.then_some(0);
    Ok(Probe { source, kind, tests, compared, only_null: false, label })
}

fn subject(step: &Step, operands: &[Operand], of: Option<&str>) -> Result<(Source, Kind, String), String> {
    let Some(name) = of else {
        return match step.returns {
            Kind::Void => Err("it returns nothing to be expected of; say what it `returns`".to_owned()),
            kind => Ok((Source::Result, kind, String::new())),
        };
    };
    let index = argument(step, name)?;
    let kind = match operands[index] {
        Operand::Out { kind, .. } => kind,
        Operand::Buffer { .. } => Kind::String,
        _ => return Err(format!("{name:?} is nothing that the call writes: no out and no buffer")),
    };
    Ok((Source::Operand(index), kind, format!(" ({name})")))
}

fn argument(step: &Step, name: &str) -> Result<usize, String> {
    let found = step.arguments.iter().position(|argument: &Argument| argument.name() == Some(name));
    found.ok_or_else(|| format!("no argument of this call is called {name:?}"))
}

fn presence(expectation: &Expectation, kind: Kind) -> Result<Option<Test>, String> {
    match expectation.not_null {
        Some(_) if kind.is_real() => Err(format!("{} is never null", kind.name())),
        Some(true) => Ok(Some(Test::Word(WordTest::NotNull))),
        Some(false) => {
            let more = Expectation { of: None, not_null: None, ..expectation.clone() };
            let asks_more = more.contains.is_some()
                || more.starts_with.is_some()
                || more.equals.is_some()
                || more.length.is_some();
            if asks_more {
                return Err("what is expected to be null cannot be anything else as well".to_owned());
            }
            Ok(Some(Test::Word(WordTest::Null)))
        }
        None => Ok(None),
    }
}

fn texts(expectation: &Expectation, kind: Kind) -> Result<Vec<Test>, String> {
    let Expectation { contains, starts_with, .. } = expectation;
    if (contains.is_some() || starts_with.is_some()) && kind != Kind::String {
        return Err(format!("contains and starts_with are for strings, and this is {}", kind.name()));
    }
    if [contains, starts_with].into_iter().flatten().any(String::is_empty) {
        return Err("everything contains the empty string".to_owned());
    }
    let template = |text: &String| Template::new(text.as_bytes());
    let contains = contains.as_ref().map(|text| Test::Text(TextTest::Contains, template(text)));
    let starts_with = starts_with.as_ref().map(|text| Test::Text(TextTest::StartsWith, template(text)));
    Ok(contains.into_iter().chain(starts_with).collect())
}

fn equality(expectation: &Expectation, kind: Kind) -> Result<Option<Test>, String> {
    let Some(value) = &expectation.equals else { return Ok(None) };
    let number = |value| Test::Word(WordTest::Integer(value));
    let test = match (value, kind) {
        (Scalar::Text(text), Kind::String) => Test::Text(TextTest::Equals, Template::new(text.as_bytes())),
        (Scalar::Truth(value), Kind::Bool) => number(Integer::Fixed((*value).into())),
        (Scalar::Integer(value), kind) if holds(kind, (*value).into()) => {
            number(Integer::Fixed((*value).into()))
        }
        (Scalar::Integer(value), kind) if kind.is_real() => real(kind, *value as f64),
        (Scalar::Real(value), kind) if kind.is_real() => real(kind, *value),
        (Scalar::Text(text), kind) if kind.is_integer() => number(placeholder(text)?),
        _ => return Err(format!("{} never equals {}", kind.name(), shown(value))),
    };
    Ok(Some(test))
}

/// Whether a value of this kind can be this integer.
fn holds(kind: Kind, value: i128) -> bool {
    kind.range().is_some_and(|(low, high)| (low..=high).contains(&value))
}

/// What a function returns that has 0.1 in its source: of `f32`, the nearest there is.
fn real(kind: Kind, value: f64) -> Test {
    let nearest = if kind == Kind::F32 { f64::from(value as f32) } else { value };
    Test::Word(WordTest::Real(nearest))
}

fn placeholder(text: &str) -> Result<Integer, String> {
    match text {
        "{token}" => Ok(Integer::Token),
        "{thread}" => Ok(Integer::Thread),
        "{number}" => Ok(Integer::Number),
        digits => digits.parse().map(Integer::Fixed).map_err(|_| format!("no number equals {digits:?}")),
    }
}

fn shown(value: &Scalar) -> String {
    match value {
        Scalar::Truth(value) => value.to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Real(value) => value.to_string(),
        Scalar::Text(text) => format!("{text:?}"),
    }
}

fn range(expectation: &Expectation, kind: Kind) -> Result<Vec<Test>, String> {
    let Expectation { at_least, at_most, .. } = *expectation;
    if (at_least.is_some() || at_most.is_some()) && !(kind.is_integer() || kind.is_real()) {
        return Err(format!("at_least and at_most are for numbers, and this is {}", kind.name()));
    }
    if at_least.is_some_and(f64::is_nan) || at_most.is_some_and(f64::is_nan) {
        return Err("a range has two ends, and nan is none".to_owned());
    }
    if let (Some(low), Some(high)) = (at_least, at_most)
        && low > high
    {
        return Err(format!("nothing is at least {low} and at most {high}"));
    }
    let ends = at_least.map(WordTest::AtLeast).into_iter().chain(at_most.map(WordTest::AtMost));
    Ok(ends.map(Test::Word).collect())
}

fn length(step: &Step, operands: &[Operand], name: &str, kind: Kind) -> Result<Test, String> {
    if kind != Kind::String {
        return Err(format!("length is for strings, and this is {}", kind.name()));
    }
    let index = argument(step, name)?;
    match operands[index] {
        Operand::Out { kind, .. } if kind.is_integer() => Ok(Test::Length(index)),
        _ => Err(format!("{name:?} is no integer that the call writes")),
    }
}
