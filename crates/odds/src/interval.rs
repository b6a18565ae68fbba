/// From `low` to `high`, at a confidence. What the numbers are (a rate per trial, events per operation, a ratio, a
/// difference) stands with the function that gave it.
///
/// A two-sided interval errs on either side in half of the cases in which it errs. A one-sided bound has all of the
/// risk on its side; the other end is then where the numbers end: 0 below, 1 or infinity above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end; infinite where nothing was seen that would bound a ratio.
    pub high: f64,
    /// How often such an interval holds the truth, at least: 0.95.
    pub confidence: f64,
}

impl Interval {
    /// Whether `value` is in it, its ends included.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}
