use serde::Serialize;

/// How often something happens, and between which rates the true one lies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// How often it happened.
    pub events: u64,
    /// Of how many.
    pub of: u64,
    /// The true rate is hardly lower than this.
    pub low: f64,
    /// Nor higher than this.
    pub high: f64,
    /// The confidence that it is neither, between 0 and 1.
    pub confidence: f64,
}

impl Rate {
    /// The share that was seen; nothing where nothing was tried.
    pub fn seen(&self) -> Option<f64> {
        (self.of > 0).then(|| self.events as f64 / self.of as f64)
    }
}

/// How many times as often something happens as something else.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// As it was seen; nothing where the other was not seen at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<f64>,
    /// Hardly fewer times than this.
    pub low: f64,
    /// Hardly more times than this; absent where there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The confidence of both, between 0 and 1.
    pub confidence: f64,
}
