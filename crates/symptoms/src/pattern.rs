//! How patterns are written down.

/// A regular expression that is compiled when it is first used. Matching takes time linear in the text, whatever the
/// text: the `regex` crate's promise, and the reason why no pattern here needs a limit of its own.
macro_rules! pattern {
    ($(#[$doc:meta])* $name:ident = $text:literal) => {
        $(#[$doc])*
        static $name: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| regex::Regex::new($text).expect("the pattern is in order"));
    };
}
pub(crate) use pattern;
