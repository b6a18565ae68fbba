//! What differs between two runs that fail in the same way, and is therefore no part of a signature.

use crate::pattern::pattern;

pattern! { ADDRESS = r"0x[0-9a-fA-F]+" }
pattern! {
    /// The hash at the end of a Rust symbol, and the one of a crate in the newer mangling.
    RUST_HASH = r"::h[0-9a-f]{16}\b|\[[0-9a-f]{12,16}\]"
}
pattern! {
    /// Classes that a JVM makes while it runs are numbered in the order in which they are needed.
    JAVA_HIDDEN = r"\$\$Lambda(?:\$\d+)?(?:/(?:0x)?[0-9a-f]+)?|GeneratedMethodAccessor\d+"
}
pattern! { TEMPORARY = r"(?:/var)?/tmp/[^\s:'\x22)]+" }
pattern! { NUMBER = r"\d+" }
/// As much of a message as a signature holds.
const LONGEST_MESSAGE: usize = 160;

/// The name of a function without what differs from run to run, or from build to build of the same source.
pub(crate) fn name(name: &str) -> String {
    let name = RUST_HASH.replace_all(name, "");
    let name = JAVA_HIDDEN.replace_all(&name, |found: &regex::Captures<'_>| {
        if found[0].starts_with("$$") { "$$Lambda" } else { "GeneratedMethodAccessor" }
    });
    ADDRESS.replace_all(&name, "…").into_owned()
}

/// A message with a mark where addresses, temporary files and numbers stood.
pub(crate) fn message(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let line = TEMPORARY.replace_all(line, "…");
    let line = ADDRESS.replace_all(&line, "…");
    let line = NUMBER.replace_all(&line, "N");
    line[..line.floor_char_boundary(LONGEST_MESSAGE)].to_owned()
}

/// Words as a slug: lower case, in kebab case, ASCII only. `java.lang.NullPointerException` gives
/// `java-lang-null-pointer-exception`.
pub(crate) fn slug(words: &str) -> String {
    let mut slug = String::new();
    let mut before = ' ';
    for (character, after) in words.chars().zip(words.chars().skip(1).chain([' '])) {
        let begins = character.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_digit() || after.is_ascii_lowercase());
        if (begins || !character.is_ascii_alphanumeric()) && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        }
        before = character;
    }
    slug.truncate(LONGEST_SLUG);
    slug.trim_end_matches('-').to_owned()
}

/// Names of types can be made as long as one likes.
const LONGEST_SLUG: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_words_and_of_camel_case() {
        assert_eq!(slug("java.lang.NullPointerException"), "java-lang-null-pointer-exception");
        assert_eq!(slug("IOError"), "io-error");
        assert_eq!(slug("double free or corruption (!prev)"), "double-free-or-corruption-prev");
        assert_eq!(slug("std::__1::système<int>"), "std-1-syst-me-int");
        assert_eq!(slug("…"), "");
    }

    #[test]
    fn names_lose_what_a_build_or_a_run_adds() {
        assert_eq!(name("panic::main::h0123456789abcdef"), "panic::main");
        assert_eq!(name("std[e28293b1aa0f68bd]::rt::init"), "std::rt::init");
        assert_eq!(name("Failing$$Lambda$14/0x0000000800c03000.run"), "Failing$$Lambda.run");
        assert_eq!(name("main.(*book).total"), "main.(*book).total");
        assert_eq!(name("main.serve.func1"), "main.serve.func1");
    }

    #[test]
    fn messages_lose_addresses_numbers_and_temporary_files() {
        assert_eq!(message("order 17: open /tmp/x123/y: no\nmore"), "order N: open …: no");
        assert_eq!(message("at 0xc0ffee"), "at …");
    }
}
