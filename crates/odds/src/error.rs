/// Why numbers are not the kind of number that was asked for. The message fits after "failed to …".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OddsError {
    /// A confidence, or the chance of an error, that is no share of all cases.
    #[error("take {given} for a confidence: it has to lie between 0 and 1, as 0.95 does")]
    NotAConfidence {
        /// What was given.
        given: f64,
    },
    /// More failures than trials.
    #[error("count {failures} failures in {trials} trials: every failure is a trial too")]
    MoreFailuresThanTrials {
        /// How many failures were given.
        failures: u64,
        /// How many trials were given.
        trials: u64,
    },
    /// A rate that is no share of all trials.
    #[error("take {given} for a failure rate: it has to lie strictly between 0 and 1, as 0.01 does")]
    NotARate {
        /// What was given.
        given: f64,
    },
    /// Two rates to be told apart, of which the first is not the lower one.
    #[error("tell a rate of {rare} from one of {frequent}: the first has to be the lower one")]
    RatesOutOfOrder {
        /// The rate that should be the lower one.
        rare: f64,
        /// The other one.
        frequent: f64,
    },
    /// Chances of error with which tossing a coin would do as well.
    #[error("test with chances of error of {alpha} and {beta}: together they have to be below 1")]
    RiskTooHigh {
        /// How often the one mistake may be made.
        alpha: f64,
        /// How often the other one.
        beta: f64,
    },
    /// Factors of which none can be compared with anything.
    #[error(
        "compare the levels of a factor that has {levels}: it takes two, and no more than {most} cells in all"
    )]
    NotADesign {
        /// How many levels the offending factor has.
        levels: usize,
        /// How many combinations of levels there may be.
        most: usize,
    },
    /// A fix to be verified of what never failed.
    #[error(
        "plan a verification: none of {trials} trials failed, so there is nothing that a fix could change; reproduce \
         the failure first"
    )]
    NothingFailed {
        /// How many trials there were.
        trials: u64,
    },
    /// Too little to draw from.
    #[error("draw from {units} units: it takes two at least, and some twenty to say much")]
    TooFewUnits {
        /// How many there are.
        units: usize,
    },
    /// Units that are all alike, so that drawing them anew shows nothing.
    #[error(
        "say how sure {value} is: it is the same in every unit, and drawing units anew shows nothing; bound how rare others are"
    )]
    NothingVaries {
        /// What it is in every unit.
        value: f64,
    },
    /// A ratio over nothing.
    #[error("divide by {sum}, to which all denominators add up: leave out units without rows")]
    NoDenominator {
        /// The sum.
        sum: f64,
    },
}
