//! How long it takes until a target fails.
//!
//! A trial that failed did so at its time. One that ended without a failure, or was ended, is *censored*: it would have
//! failed later, if ever. Leaving such trials out, or taking their times for failures, makes every target look worse
//! than it is.

use crate::normal::{chance_beyond, standard_errors};
use crate::{Confidence, Interval};

/// How long a trial was seen, in any unit of time, and how that ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lifetime {
    /// From its start to its failure, or to its end without one.
    pub time: f64,
    /// Whether it failed; otherwise it is censored.
    pub failed: bool,
}

/// Which share of trials has not failed yet, at every time: Kaplan and Meier's estimate.
///
/// Sources: E. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", Journal of the American
/// Statistical Association 53 (1958) 457–481; the variance is Greenwood's (1926), as given there.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    steps: Vec<Step>,
}

/// One time at which trials failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub time: f64,
    /// How many trials had been seen up to then without a failure.
    pub at_risk: u64,
    /// How many of them failed then.
    pub failures: u64,
    /// The share that has not failed right after it.
    pub surviving: f64,
    /// Greenwood's sum Σ d / (r (r − d)) up to here: the variance of ln `surviving`.
    log_variance: f64,
}

impl Survival {
    /// The estimate from these trials, in whatever order. A trial that is censored at the very time at which another one
    /// fails counts as still at risk there. A time that is not a number is left out.
    pub fn of(lifetimes: &[Lifetime]) -> Self {
        let (mut surviving, mut log_variance) = (1.0, 0.0);
        let step = |moment: Moment| {
            let (failures, at_risk) = (moment.failures as f64, moment.at_risk as f64);
            surviving *= 1.0 - failures / at_risk;
            log_variance += failures / (at_risk * (at_risk - failures));
            let Moment { time, at_risk, failures } = moment;
            Step { time, at_risk, failures, surviving, log_variance }
        };
        Self { steps: moments(lifetimes).into_iter().map(step).collect() }
    }

    /// The times at which trials failed, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The share of trials that has not failed by `time`.
    pub fn at(&self, time: f64) -> f64 {
        self.last_step(time).map_or(1.0, |step| step.surviving)
    }

    /// Between which shares that share lies. Approximate, as all bands here are: the log-log transform of Kalbfleisch and
    /// Prentice, The Statistical Analysis of Failure Time Data (1980), §1.3, keeps it between 0 and 1, and its coverage
    /// near what it promises from some twenty trials on. Before the first failure it says nothing, and is 0 to 1.
    pub fn interval_at(&self, time: f64, confidence: Confidence) -> Interval {
        let everything = Interval { low: 0.0, high: 1.0, confidence: confidence.share() };
        self.last_step(time).map_or(everything, |step| step.interval(confidence))
    }

    /// By when half of the trials have failed; `None` where more than half outlast everything that was seen.
    pub fn median(&self) -> Option<f64> {
        self.first_time(|step| step.surviving <= 0.5)
    }

    /// Between which times half of all trials will have failed: those at which the share of one half lies in the band of
    /// [`interval_at`](Self::interval_at). The upper end is infinite where the band never falls so low.
    ///
    /// Source: R. Brookmeyer and J. Crowley, "A confidence interval for the median survival time", Biometrics 38 (1982)
    /// 29–41.
    pub fn median_interval(&self, confidence: Confidence) -> Interval {
        let low = self.first_time(|step| step.interval(confidence).low <= 0.5);
        let high = self.first_time(|step| step.interval(confidence).high <= 0.5);
        // A band that stays above one half says that the median is beyond the last failure, if there was any.
        let last = self.steps.last().map_or(0.0, |step| step.time);
        let (low, high) = (low.unwrap_or(last), high.unwrap_or(f64::INFINITY));
        Interval { low, high, confidence: confidence.share() }
    }

    fn last_step(&self, time: f64) -> Option<&Step> {
        self.steps[..self.steps.partition_point(|step| step.time <= time)].last()
    }

    fn first_time(&self, is_so: impl Fn(&Step) -> bool) -> Option<f64> {
        self.steps.iter().find(|step| is_so(step)).map(|step| step.time)
    }
}

impl Step {
    /// S^exp(±z σ / ln S): symmetric for ln(−ln S).
    fn interval(&self, confidence: Confidence) -> Interval {
        let confidence_share = confidence.share();
        if self.surviving <= 0.0 {
            return Interval { low: 0.0, high: 1.0, confidence: confidence_share };
        }
        let spread = standard_errors(confidence) * self.log_variance.sqrt() / self.surviving.ln().abs();
        let end = |spread: f64| self.surviving.powf(spread.exp());
        Interval { low: end(spread), high: end(-spread), confidence: confidence_share }
    }
}

/// How likely a difference like this, or a greater one, is between two groups of trials that fail equally soon: the
/// log-rank test, two-sided.
///
/// At each failure the number that fell on the one group is compared with its share of the trials still at risk; the
/// sum over all failures, divided by its standard error, is taken for normal. With fewer than some five failures in
/// all, or groups of very unequal size, prefer [`fisher_two_sided`](crate::fisher_two_sided) on how many failed.
///
/// Sources: N. Mantel, "Evaluation of survival data and two new rank order statistics arising in its consideration",
/// Cancer Chemotherapy Reports 50 (1966) 163–170; R. Peto and J. Peto, Journal of the Royal Statistical Society A 135
/// (1972) 185–207.
pub fn log_rank(one: &[Lifetime], other: &[Lifetime]) -> f64 {
    let both: Vec<Lifetime> = one.iter().chain(other).copied().collect();
    let (mine, all) = (Group::of(one), Group::of(&both));
    let (mut excess, mut variance) = (0.0, 0.0);
    for Moment { time, at_risk, failures } in moments(&both) {
        let (at_risk, failures) = (at_risk as f64, failures as f64);
        let share = mine.at_risk(time) as f64 / at_risk;
        excess += mine.failures(time) as f64 - failures * share;
        if all.at_risk(time) > 1 {
            variance += failures * share * (1.0 - share) * (at_risk - failures) / (at_risk - 1.0);
        }
    }
    if variance > 0.0 { chance_beyond(excess / variance.sqrt()) } else { 1.0 }
}

/// A time at which trials failed.
struct Moment {
    time: f64,
    at_risk: u64,
    failures: u64,
}

fn moments(lifetimes: &[Lifetime]) -> Vec<Moment> {
    let group = Group::of(lifetimes);
    let mut times = group.failed.clone();
    times.dedup();
    let moment = |time| Moment { time, at_risk: group.at_risk(time), failures: group.failures(time) };
    times.into_iter().map(moment).collect()
}

/// The times of a group of trials, sorted.
struct Group {
    all: Vec<f64>,
    failed: Vec<f64>,
}

impl Group {
    fn of(lifetimes: &[Lifetime]) -> Self {
        let sorted = |which: &dyn Fn(&Lifetime) -> bool| {
            let chosen = lifetimes.iter().filter(|lifetime| !lifetime.time.is_nan() && which(lifetime));
            let mut times: Vec<f64> = chosen.map(|lifetime| lifetime.time).collect();
            times.sort_by(f64::total_cmp);
            times
        };
        Self { all: sorted(&|_| true), failed: sorted(&|lifetime| lifetime.failed) }
    }

    /// How many trials had been seen until `time` without a failure before it.
    fn at_risk(&self, time: f64) -> u64 {
        (self.all.len() - self.all.partition_point(|&other| other < time)) as u64
    }

    /// How many failed at just that time.
    fn failures(&self, time: f64) -> u64 {
        let (before, until) = (|&other: &f64| other < time, |&other: &f64| other <= time);
        (self.failed.partition_point(until) - self.failed.partition_point(before)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifetimes(failed: &[u32], censored: &[u32]) -> Vec<Lifetime> {
        let as_lifetime = |failed| move |&time: &u32| Lifetime { time: f64::from(time), failed };
        failed.iter().map(as_lifetime(true)).chain(censored.iter().map(as_lifetime(false))).collect()
    }

    /// Weeks in remission, the standard example of this field: E. Freireich et al., Blood 21 (1963) 699–716, as
    /// analysed by E. Gehan, Biometrika 52 (1965) 203–223.
    fn treated() -> Vec<Lifetime> {
        lifetimes(&[6, 6, 6, 7, 10, 13, 16, 22, 23], &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
    }

    fn placebo() -> Vec<Lifetime> {
        lifetimes(&[1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], &[])
    }

    #[test]
    fn the_curve_is_that_of_the_textbook() {
        let curve = Survival::of(&treated());
        let table = [
            (5.0, 1.0),
            (6.0, 0.857),
            (7.0, 0.807),
            (10.0, 0.753),
            (13.0, 0.690),
            (16.0, 0.627),
            (22.0, 0.538),
            (40.0, 0.448),
        ];
        for (time, surviving) in table {
            assert!((curve.at(time) - surviving).abs() < 6e-4, "{time}: {}", curve.at(time));
        }
        assert_eq!(curve.steps()[1].at_risk, 17);
    }

    /// Medians and their log-log limits as SAS prints them for these data.
    #[test]
    fn medians_are_those_of_the_textbook() {
        let (treated, placebo) = (Survival::of(&treated()), Survival::of(&placebo()));
        assert_eq!((treated.median(), placebo.median()), (Some(23.0), Some(8.0)));
        let limits = |curve: &Survival| {
            let interval = curve.median_interval(Confidence::NINETY_FIVE);
            (interval.low, interval.high)
        };
        assert_eq!((limits(&treated), limits(&placebo)), ((13.0, f64::INFINITY), (4.0, 11.0)));
    }

    #[test]
    fn the_log_rank_test_is_that_of_the_textbook() {
        // χ² = 16.79 with one degree of freedom.
        let chance = log_rank(&treated(), &placebo());
        assert!((chance - 4.17e-5).abs() < 0.02e-5, "{chance}");
        assert!((log_rank(&placebo(), &treated()) / chance - 1.0).abs() < 1e-9);
    }

    #[test]
    fn where_nothing_failed_nothing_is_known() {
        let curve = Survival::of(&lifetimes(&[], &[5, 5, 5]));
        let interval = curve.median_interval(Confidence::NINETY_FIVE);
        assert_eq!(
            (curve.at(9.0), curve.median(), interval.low, interval.high),
            (1.0, None, 0.0, f64::INFINITY)
        );
        assert_eq!(log_rank(&lifetimes(&[], &[5]), &lifetimes(&[], &[7, 8])), 1.0);
        assert_eq!(log_rank(&[], &lifetimes(&[1], &[])), 1.0);
    }

    #[test]
    fn a_time_that_is_no_number_is_left_out() {
        let mut some = placebo();
        some.push(Lifetime { time: f64::NAN, failed: true });
        assert_eq!(Survival::of(&some), Survival::of(&placebo()));
    }
}
