//! Errors that Go's runtime gives up with, and signals that it does not survive.

use super::{message, trace};
use crate::pattern::pattern;
use crate::report::{Report, Standing, find, text};
use crate::signal::{self, Fault};
use crate::text::Line;

pattern! { HEAD = r"^fatal error: (.*)$" }
pattern! {
    /// Lines that the runtime writes before it says what is wrong.
    BEFORE = r"^(?:unexpected fault address 0x|runtime: |runtime\.\w+: )"
}
pattern! { SIGNAL = r"^(SIG[A-Z]+): [a-z ]+$" }
pattern! { REGISTERS = r"^PC=0x[0-9a-f]+ m=\d+ sigcode=(\d+)(?: addr=(0x[0-9a-f]+))?$" }

/// `SI_KERNEL`: the processor does not tell the address, because it is not canonical.
const FROM_KERNEL: &str = "128";

/// A fatal error, with what the runtime wrote before it.
pub(crate) fn fatal(lines: &[Line<'_>]) -> Option<Report> {
    let first = text(lines, 0);
    let at = if HEAD.is_match(first) {
        0
    } else if BEFORE.is_match(first) {
        find(lines, 1, |line| HEAD.is_match(line))?
    } else {
        return None;
    };
    let head = HEAD.captures(text(lines, at))?;
    let words = &head[1];
    let report = Report::line(message::fatal_kind(words), what(words, lines));
    match trace::read(lines, at + 1) {
        Some(trace) => Some(report.with(vec![trace.stack], trace.end)),
        // Cut off, or the words of somebody else.
        None if message::is_known_fatal(words) => {
            Some(report.with(Vec::new(), at + 1).that_counts(Standing::IfItFailed))
        }
        None => None,
    }
}

fn what(words: &str, lines: &[Line<'_>]) -> String {
    let is_wild =
        find(lines, 0, |line| line.starts_with("[signal SIGSEGV: segmentation violation code=0x80 "))
            .is_some();
    match words {
        "fault" if is_wild => "Go: an address that cannot exist was followed".to_owned(),
        "fault" => "Go: unexpected fault address".to_owned(),
        _ => format!("Go: {words}"),
    }
}

/// A signal that came while C code ran, or that somebody sent.
pub(crate) fn signal(lines: &[Line<'_>]) -> Option<Report> {
    let name = SIGNAL.captures(text(lines, 0))?;
    let registers = find(lines, 1, |line| REGISTERS.is_match(line)).filter(|&at| at <= 2)?;
    let told = REGISTERS.captures(text(lines, registers))?;
    let kind =
        signal::kind(signal::number(&name[1])?, fault(&told[1], told.get(2).map(|address| address.as_str())));
    let in_c = find(lines, registers, |line| line == "signal arrived during cgo execution").is_some();
    let where_from = if in_c { " in C code that Go called" } else { "" };
    let report = Report::line(kind, format!("{}{where_from}", &name[1]));
    let counts = if &name[1] == "SIGQUIT" { Standing::IfItFailed } else { Standing::Certain };
    let trace = trace::read(lines, registers);
    let end = trace.as_ref().map_or(registers + 1, |trace| trace.end);
    Some(report.with(trace.into_iter().map(|trace| trace.stack).collect(), end).that_counts(counts))
}

fn fault(code: &str, address: Option<&str>) -> Fault {
    let address = address.and_then(|address| u64::from_str_radix(address.trim_start_matches("0x"), 16).ok());
    match address {
        Some(_) if code == FROM_KERNEL => Fault::Wild,
        Some(address) => Fault::at(address),
        None => Fault::Unknown,
    }
}
