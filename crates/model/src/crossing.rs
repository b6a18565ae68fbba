use serde::Serialize;

/// One request and what became of it, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// The request, counted from 0 in the run.
    pub number: u64,
    /// Method and target, as they were sent.
    pub request: String,
    /// How it was sent, such as `keep-alive` or `burst`.
    pub mode: &'static str,
    /// When its last byte was sent, in microseconds after the start of the run.
    pub sent_us: u64,
    /// When its answer was whole; absent where none came, or was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_us: Option<u64>,
    /// The answer's status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// The evidence that an answer is not what its client was to be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crossing {
    /// The request whose answer it is.
    pub receiver: Exchange,
    /// The request whose identity the answer holds; absent where it is nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Exchange>,
    /// Where in the owner's request that identity was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// Where in the answer it was found, or missed: `cookie:sid`, `json:/user/id`, `body`.
    pub place: String,
    /// Other places of answers where the same was seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// How it is written there, where not as it was sent: `base64`, `percent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'static str>,
    /// For how long both were under way at once, in microseconds; 0 where they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap_us: Option<u64>,
    /// The answer around that place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// What is wrong, in a clause, where the rule leaves it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Whether it was also seen of requests that were sent one after the other.
    pub in_turn: bool,
    /// When it was first seen, in milliseconds after the start of the run.
    pub at_ms: u64,
    /// In how many answers it has been seen so far.
    pub times: u64,
}
