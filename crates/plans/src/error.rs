use std::ops::Range;

/// What is wrong with a plan, and where. The message fits after "failed to …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read line {line} of the plan: {problem}")]
pub struct PlanError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there, and what would be right.
    pub problem: String,
}

impl PlanError {
    /// Something that is wrong at this place of the text, in bytes.
    pub(crate) fn at(text: &str, place: &Range<usize>, problem: impl Into<String>) -> Self {
        let before = text.get(..place.start).unwrap_or(text);
        Self { line: before.matches('\n').count() + 1, problem: problem.into() }
    }

    /// What the reader of TOML has to say.
    pub(crate) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let problem = error.message().trim().replace('\n', "; ");
        Self::at(text, &error.span().unwrap_or(0..0), problem)
    }
}
