//! What glibc says before it aborts: the checks of its heap, of its stack protector, and assertions of its own.

use crate::pattern::pattern;
use crate::report::{Report, Standing, text};
use crate::text::Line;
use crate::varying::slug;

pattern! {
    /// The messages of `malloc_printerr` and its kin (glibc's `malloc/malloc.c`, 2.17 to 2.42), as whole lines.
    HEAP = r"^(?P<before>.*?)(?P<message>double free or corruption \((?:out|top|!?prev|fasttop)\)|(?:free|malloc|realloc|munmap_chunk|mremap_chunk|malloc_consolidate|tcache_thread_shutdown)\(\): (?:invalid|corrupted|memory corruption|double free|unaligned|too many chunks|mismatching|smallbin|largebin|unsorted|chunks in)\b[\w >().-]{0,60}|corrupted size vs\. prev_size(?: while consolidating| in fastbins)?|corrupted double-linked list(?: \(not small\))?|malloc: top chunk is corrupt|invalid fastbin entry \(free\))$"
}
pattern! {
    /// Before glibc 2.26 the program and the address stood around the message.
    OLD = r"^\*\*\* (?:Error in `.*?'|glibc detected \*\*\* .*?): (.*?): 0x[0-9a-f]+ \*\*\*$"
}
pattern! { FORTIFIED = r"^\*\*\* (stack smashing detected|buffer overflow detected|%n in writable segment detected|longjmp causes uninitialized stack frame) \*\*\*: ?(?:terminated|<unknown> terminated|\S+ terminated)$" }
pattern! { FATAL = r"^Fatal glibc error: (.*)$" }

/// glibc found something wrong, said so in a line, and aborted.
pub(crate) fn abort(lines: &[Line<'_>]) -> Option<Report> {
    let line = text(lines, 0);
    heap(line).or_else(|| old(line)).or_else(|| fortified(line)).or_else(|| fatal(line))
}

fn heap(line: &str) -> Option<Report> {
    let found = HEAP.captures(line)?;
    // What was not ended by a newline stands before it, and so does whatever a program says about such messages.
    let standing = if found["before"].is_empty() { Standing::Certain } else { Standing::IfItFailed };
    Some(told(&found["message"]).that_counts(standing))
}

fn old(line: &str) -> Option<Report> {
    Some(told(&OLD.captures(line)?[1]))
}

fn told(message: &str) -> Report {
    Report::line(format!("glibc-{}", slug(message)), format!("glibc: {message}"))
}

fn fortified(line: &str) -> Option<Report> {
    let message = &FORTIFIED.captures(line)?[1];
    Some(told(message))
}

fn fatal(line: &str) -> Option<Report> {
    let message = &FATAL.captures(line)?[1];
    Some(Report::line("glibc-fatal", format!("glibc: {message}")))
}
