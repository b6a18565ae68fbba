//! Reports of Valgrind's tools: Helgrind, DRD and Memcheck. Valgrind's process id in front of each line has been taken off,
//! and with it what the program wrote in between.

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::{LONGEST, Report, find, text};
use crate::text::Line;

pattern! { FRAME = r"^   (?P<order>at|by) 0x[0-9A-F]+: (?P<function>.+?)(?: \((?:(?P<file>[^():]+):(?P<line>\d+)|in (?P<module>[^()]+))\))?$" }
pattern! { LEAK = r"^ ?[\d,]+ (?:\([^)]*\) )?bytes in [\d,]+ blocks are (definitely|indirectly|possibly) lost in loss record" }
pattern! { THREAD = r"^Thread #\d+:? (.*)$" }
pattern! {
    /// Reports of Helgrind go on behind a blank line with the other side, and with what is known of the locks.
    GOES_ON = r"^(?:This conflicts with |Observed \(incorrect\)| followed by | ?Required order | ?Lock at | ?Address |Other segment |Allocation context|First observed at|   \(thread finished)"
}

/// Heads of reports, the kinds they are, and how many stacks tell one from another.
const HEADS: [(&str, &str, usize); 21] = [
    ("Possible data race during ", "helgrind-data-race", 2),
    ("Conflicting load by thread ", "drd-data-race", 2),
    ("Conflicting store by thread ", "drd-data-race", 2),
    ("Invalid read of size ", "memcheck-invalid-read", 1),
    ("Invalid write of size ", "memcheck-invalid-write", 1),
    ("Invalid free() ", "memcheck-invalid-free", 1),
    ("Mismatched ", "memcheck-mismatched-free", 1),
    ("Jump to the invalid address ", "memcheck-invalid-jump", 1),
    ("Conditional jump or move depends on uninitialised value", "memcheck-uninitialised-value", 1),
    ("Use of uninitialised value of size ", "memcheck-uninitialised-value", 1),
    ("Syscall param ", "memcheck-syscall-parameter", 1),
    ("Source and destination overlap in ", "memcheck-overlap", 1),
    ("Process terminating with default action of signal 11 ", "sigsegv", 1),
    ("Process terminating with default action of signal 6 ", "sigabrt", 1),
    ("Process terminating with default action of signal 7 ", "sigbus", 1),
    ("The object at address ", "drd-lock-misuse", 1),
    ("Mutex not locked: ", "drd-lock-misuse", 1),
    ("Mutex is still locked: ", "drd-lock-misuse", 1),
    ("Recursive locking not allowed: ", "drd-lock-misuse", 1),
    ("Destroying locked ", "drd-lock-misuse", 1),
    ("Probably a race condition: ", "drd-condition-race", 1),
];

/// What any of the tools found.
pub(crate) fn report(lines: &[Line<'_>]) -> Option<Report> {
    let line = text(lines, 0);
    let (kind, stacks) = kind(line)?;
    find(lines, 1, |line| FRAME.is_match(line)).filter(|&at| at <= 4)?;
    let end = end(lines);
    let kind = with_fault(kind, &lines[..end]);
    let stacks = self::stacks(&lines[..end]).into_iter().take(stacks).collect();
    let tool = if kind.starts_with("sig") { "valgrind" } else { kind.split('-').next().unwrap_or_default() };
    let what = line.split(['"', '(']).next().unwrap_or(line).split(" at 0x").next().unwrap_or(line).trim();
    let what =
        if kind == "helgrind-lock-order" { "locks are taken in another order than before" } else { what };
    Some(Report::line(kind.clone(), format!("{}: {what}", capitalized(tool))).with(stacks, end))
}

fn kind(line: &str) -> Option<(&'static str, usize)> {
    if let Some((_, kind, stacks)) = HEADS.iter().find(|(head, ..)| line.starts_with(head)) {
        return Some((kind, *stacks));
    }
    if LEAK.is_match(line) {
        return Some(("memcheck-memory-leak", 1));
    }
    let words = THREAD.captures(line)?;
    let words = words.get(1).map_or("", |words| words.as_str());
    if words.starts_with("lock order ") {
        Some(("helgrind-lock-order", 2))
    } else if ["unlocked ", "Exiting thread still holds", "pthread_", "Bug in", "Attempt to re-lock"]
        .iter()
        .any(|start| words.starts_with(start))
    {
        Some(("helgrind-lock-misuse", 1))
    } else {
        None
    }
}

/// The kind of a fault tells where its address points; so does that of an invalid access.
fn with_fault(kind: &str, lines: &[Line<'_>]) -> String {
    let address = lines.iter().find_map(|line| {
        let at = line.text.split_once("at address 0x").or(line.text.split_once(" Address 0x"))?.1;
        u64::from_str_radix(at.split(' ').next()?, 16).ok()
    });
    match address.map(crate::signal::Fault::at) {
        Some(crate::signal::Fault::Null) if kind.starts_with("memcheck-invalid") || kind == "sigsegv" => {
            format!("{kind}-null")
        }
        Some(crate::signal::Fault::Wild) if kind == "sigsegv" => format!("{kind}-wild"),
        _ => kind.to_owned(),
    }
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    if word == "drd" { "DRD".to_owned() } else { first.into_iter().chain(characters).collect() }
}

/// The line behind the report: a blank one, unless what follows belongs to it.
fn end(lines: &[Line<'_>]) -> usize {
    let ends = |at: usize| {
        let line = text(lines, at);
        let is_blank = line.trim().is_empty() && !GOES_ON.is_match(text(lines, at + 1));
        is_blank || line.starts_with("-----") || kind(line).is_some()
    };
    let limit = lines.len().min(LONGEST);
    (1..limit).find(|&at| ends(at)).unwrap_or(limit)
}

fn stacks(lines: &[Line<'_>]) -> Vec<Stack> {
    let mut stacks: Vec<Stack> = Vec::new();
    for line in lines {
        let Some(found) = FRAME.captures(&line.text) else { continue };
        let part = |name: &str| found.name(name).map(|part| part.as_str());
        let file = part("file").or(part("module")).unwrap_or_default();
        let frame = Frame::new(Language::Native, function(&found["function"]), file, part("line"));
        match stacks.last_mut() {
            Some(stack) if &found["order"] == "by" => stack.push(frame),
            _ => stacks.push(vec![frame]),
        }
    }
    stacks
}

/// Valgrind's name of a function without C++'s arguments and without the version of the symbol.
fn function(name: &str) -> &str {
    let end = name.find('(').filter(|&at| at > 0 && !name.contains("operator(")).unwrap_or(name.len());
    name[..end].split('@').next().unwrap_or(name)
}
