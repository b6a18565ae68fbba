use annotate_snippets::renderer::{AnsiColor, Effects, Style as Ansi};
use jostle_model::Verdict;

use crate::{Style, printable};

/// Colours text, or does not.
#[derive(Clone, Copy)]
pub(crate) struct Paint {
    color: bool,
}

impl Paint {
    pub(crate) fn new(style: Style) -> Self {
        Self { color: style.color }
    }

    /// For what matters least.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with(Ansi::new().effects(Effects::DIMMED), text)
    }

    /// For what is read first.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with(Ansi::new().effects(Effects::BOLD), text)
    }

    /// For a verdict that asks for action.
    pub(crate) fn alarm(self, text: &str) -> String {
        self.with(AnsiColor::BrightRed.on_default().effects(Effects::BOLD), text)
    }

    /// For what limits the verdict.
    pub(crate) fn caution(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default().effects(Effects::BOLD), text)
    }

    /// A sentence in the colour of its verdict.
    pub(crate) fn verdict(self, verdict: Verdict, sentence: &str) -> String {
        match verdict {
            Verdict::Found => self.alarm(sentence),
            Verdict::NothingFound => self.bold(sentence),
            Verdict::Inconclusive => self.caution(sentence),
        }
    }

    /// A line for each warning.
    pub(crate) fn notes(self, warnings: &[String]) -> String {
        let note = |warning: &String| self.caution(&format!("note: {}", printable::line(warning))) + "\n";
        warnings.iter().map(note).collect()
    }

    fn with(self, style: Ansi, text: &str) -> String {
        if self.color && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
