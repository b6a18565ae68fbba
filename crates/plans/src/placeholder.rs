//! `{factor}` in a command.

use std::ops::Range;

/// What stands for a trial's own in any command, and is filled in when it runs.
pub(crate) const OF_TRIALS: [&str; 4] = ["seed", "trial", "tmp", "port"];

/// The text with every `{name}` for which there is a value replaced; other braces are left alone.
pub(crate) fn fill<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut end = 0;
    for (place, name) in placeholders(text) {
        filled.push_str(&text[end..place.start]);
        filled.push_str(value(name).unwrap_or(&text[place.clone()]));
        end = place.end;
    }
    filled.push_str(&text[end..]);
    filled
}

/// Every `{name}`, where the name could be one: letters, digits, hyphens and underscores, after a letter.
pub(crate) fn placeholders(text: &str) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices('{') {
        let inside = &text[start + 1..];
        let name = inside.split('}').next().unwrap_or_default();
        if is_name(name) && inside.len() > name.len() {
            found.push((start..start + name.len() + 2, name));
        }
    }
    found
}

/// Whether it can stand between braces.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_value_is_replaced_and_other_braces_are_not() {
        let value = |name: &str| (name == "version").then_some("v2");
        assert_eq!(fill("run@{version}+{version} {seed}", value), "run@v2+v2 {seed}");
        assert_eq!(fill("awk '{print $1}' {} {version", value), "awk '{print $1}' {} {version");
        assert_eq!(fill("{{version}", value), "{v2");
    }

    #[test]
    fn a_name_begins_with_a_letter() {
        assert!(is_name("go-client") && is_name("v1_2") && is_name("größe"));
        assert!(!is_name("") && !is_name("1st") && !is_name("a b"));
    }
}
