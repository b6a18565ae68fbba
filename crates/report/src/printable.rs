//! Text that came from the target, made fit to be shown.
//!
//! A symbol name, a path or a source line may hold anything: escape sequences that drive the terminal, line
//! breaks that forge a line of output, direction overrides that show code in another order than it runs
//! ("Trojan Source", Boucher and Anderson, 2021). Each is replaced by one visible character, so that a reader
//! sees that something stood there.

/// `text` as one line: every character that acts instead of being shown is replaced by one that is.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// A line of source code: as [`line()`], with tabs as wide as four spaces and without its line ending.
pub(crate) fn source_line(text: &str) -> String {
    line(&text.trim_end_matches(['\n', '\r']).replace('\t', "    "))
}

/// `text` as one line of at most `most` characters, cut in the middle, since both ends of a name tell most.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let whole = line(text);
    let length = whole.chars().count();
    if length <= most {
        return whole;
    }
    let head = most.saturating_sub(1).div_ceil(2);
    let tail = most.saturating_sub(1 + head);
    let start: String = whole.chars().take(head).collect();
    let end: String = whole.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

/// Whether `c` acts on what shows it, or hides, instead of being shown.
pub(crate) fn acts(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

fn shown(c: char) -> char {
    match c {
        '\t' => ' ',
        // The block "Control Pictures" mirrors the C0 controls.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '␡',
        c if acts(c) => '\u{fffd}',
        c => c,
    }
}

/// Unicode's format characters that reorder or hide text, and its line separators.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_is_shown_and_not_obeyed() {
        assert_eq!(line("main\x1b[2J.run\r\n\u{9b}31m\x7f"), "main␛[2J.run␍␊\u{fffd}31m␡");
    }

    #[test]
    fn a_direction_override_cannot_reorder_a_line() {
        assert_eq!(line("if \u{202e}nimda\u{2066}"), "if \u{fffd}nimda\u{fffd}");
    }

    #[test]
    fn names_in_any_script_stay_as_they_are() {
        for name in ["main.zähle", "пакет.функция", "main.(*Sammler).räume", "類::関数<T>"] {
            assert_eq!(line(name), name);
        }
    }

    #[test]
    fn a_source_line_keeps_its_indent_and_loses_its_line_ending() {
        assert_eq!(source_line("\tc.n++\r\n"), "    c.n++");
    }

    #[test]
    fn a_long_name_keeps_both_ends() {
        assert_eq!(shortened("abcdefghij", 10), "abcdefghij");
        assert_eq!(shortened("abcdefghijk", 6), "abc…jk");
    }
}
