//! One host's use of the library: its specs, its overrides, its exposures.

use crate::answer::{Answer, ParameterAnswer};
use crate::background::{Background, Bell};
use crate::bootstrap;
use crate::evaluate::{Decision, Evaluator, Values};
use crate::exposure::{Exposure, Exposures};
use crate::host::{DataStore, Observer, TakeExposures};
use crate::layer::Layer;
use crate::overrides::Overrides;
use crate::specs::Specs;
use crate::user::User;
use serde::Deserialize;
use std::ffi::CStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// Where specs are kept in the data store.
const SPECS_KEY: &CStr = c"specs";

/// How a client works.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// How often the data store is asked and exposures are handed over.
    interval_ms: u64,
    /// So many exposures are handed over before their time.
    batch: usize,
    /// The share of users whose exposures are noted, in percent.
    exposure_percent: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { interval_ms: 1000, batch: 500, exposure_percent: 100.0 }
    }
}

/// What the host lends to a client.
#[derive(Default)]
pub(crate) struct Lent {
    pub(crate) store: Option<Arc<DataStore>>,
    pub(crate) observer: Option<Arc<Observer>>,
    pub(crate) take_exposures: TakeExposures,
}

/// A client and its background thread.
pub(crate) struct Client {
    pub(crate) core: Arc<Core>,
    _background: Background,
}

/// What layers and the background thread share with the client.
pub(crate) struct Core {
    specs: RwLock<Arc<Specs>>,
    overrides: RwLock<Overrides>,
    exposures: Exposures,
    store: Option<Arc<DataStore>>,
    observer: Option<Arc<Observer>>,
    answered: AtomicU64,
    bell: Arc<Bell>,
}

impl Client {
    /// A client with the specs of the text or, without one, of the data store.
    pub(crate) fn new(specs: Option<&str>, options: Options, lent: Lent) -> Option<Self> {
        let kept = || lent.store.as_ref().and_then(|store| store.get(SPECS_KEY));
        let specs = specs.map(str::to_owned).or_else(kept)?;
        let core = Arc::new(Core {
            specs: RwLock::new(Arc::new(Specs::parse(&specs).ok()?)),
            overrides: RwLock::default(),
            exposures: Exposures {
                batch: options.batch.max(1),
                percent: options.exposure_percent,
                take: lent.take_exposures,
                waiting: Mutex::default(),
            },
            store: lent.store,
            observer: lent.observer,
            answered: AtomicU64::new(0),
            bell: Arc::default(),
        });
        let working = Arc::clone(&core);
        let interval = Duration::from_millis(options.interval_ms.max(1));
        let background =
            Background::start(Arc::clone(&core.bell), interval, move || working.background_round())?;
        Some(Self { core, _background: background })
    }
}

impl Core {
    pub(crate) fn gate(&self, user: &User, name: &str) -> Option<String> {
        self.answer(user, "gate", name, |evaluator| evaluator.gate(name))
    }

    pub(crate) fn check_gate(&self, user: &User, name: &str) -> bool {
        let (decision, _) = self.decide(user, |evaluator| evaluator.gate(name));
        self.expose(user, "gate", name, &decision.rule, || decision.value.to_string());
        decision.value
    }

    pub(crate) fn config(&self, user: &User, name: &str) -> Option<String> {
        self.answer(user, "config", name, |evaluator| evaluator.config(name))
    }

    pub(crate) fn experiment(&self, user: &User, name: &str) -> Option<String> {
        self.answer(user, "experiment", name, |evaluator| evaluator.experiment(name))
    }

    pub(crate) fn parameter(&self, user: &User, store: &str, name: &str) -> Option<String> {
        let (decision, specs) = self.decide(user, |evaluator| evaluator.parameter(store, name));
        let Decision { value, rule, reason } = decision;
        let answer = ParameterAnswer {
            user_id: &user.user_id,
            name: store,
            parameter: name,
            value,
            rule: &rule,
            reason,
            specs: specs.version,
        };
        serde_json::to_string(&answer).ok()
    }

    /// A layer says nothing and exposes nothing yet: what counts is which of its parameters are looked at.
    pub(crate) fn layer(self: &Arc<Self>, user: Arc<User>, name: &str) -> Layer {
        let ((decision, experiment), specs) = self.decide(&user, |evaluator| {
            let (decision, experiment) = evaluator.layer(name);
            (decision, experiment.map(str::to_owned))
        });
        Layer::new(Arc::clone(self), user, name, decision, experiment, specs.version)
    }

    /// Everything that is decided for the user, for an app that goes on by itself.
    pub(crate) fn bootstrap(&self, user: &User) -> Option<String> {
        self.decide(user, |evaluator| serde_json::to_string(&bootstrap::response(evaluator)).ok()).0
    }

    /// Replaces the specs while others decide by the old ones. Older or broken specs are refused.
    pub(crate) fn update(&self, text: &str) -> bool {
        let Ok(specs) = Specs::parse(text) else {
            self.count(c"specs.refused", 1);
            return false;
        };
        let taken = {
            let mut current = self.specs.write().unwrap_or_else(PoisonError::into_inner);
            let newer = specs.version > current.version;
            if newer {
                *current = Arc::new(specs);
            }
            newer
        };
        if taken {
            self.count(c"specs.reloaded", 1);
        }
        taken
    }

    /// The same for specs that come from elsewhere than the data store, which then keeps them.
    pub(crate) fn publish(&self, text: &str) -> bool {
        let taken = self.update(text);
        if let Some(store) = self.store.as_ref().filter(|_| taken) {
            store.set(SPECS_KEY, text);
        }
        taken
    }

    /// Hands exposures over, in the calling thread; how many.
    pub(crate) fn flush(&self) -> u64 {
        let (handed_over, dropped) = self.exposures.hand_over();
        self.count(c"exposures.dropped", dropped);
        handed_over
    }

    /// Notes what the host itself has seen the user do.
    pub(crate) fn log_event(&self, user: &User, name: &str, value: &str) {
        self.expose(user, "event", name, "", || value.to_owned());
    }

    pub(crate) fn expose(
        &self,
        user: &User,
        kind: &'static str,
        name: &str,
        rule: &str,
        value: impl FnOnce() -> String,
    ) {
        if self.exposures.wanted(&user.user_id)
            && self.exposures.note(Exposure::new(kind, name, rule, value(), &user.user_id))
        {
            self.bell.ring();
        }
    }

    pub(crate) fn change_overrides(&self, change: impl FnOnce(&mut Overrides)) {
        change(&mut self.overrides.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn answer<V: serde::Serialize>(
        &self,
        user: &User,
        kind: &'static str,
        name: &str,
        decide: impl FnOnce(&Evaluator<'_>) -> Decision<V>,
    ) -> Option<String> {
        let (decision, specs) = self.decide(user, decide);
        self.expose(user, kind, name, &decision.rule, || {
            serde_json::to_string(&decision.value).unwrap_or_default()
        });
        let answer = Answer { user_id: &user.user_id, name, decision: &decision, specs: specs.version };
        serde_json::to_string(&answer).ok()
    }

    fn decide<T>(&self, user: &User, decide: impl FnOnce(&Evaluator<'_>) -> T) -> (T, Arc<Specs>) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let specs = Arc::clone(&self.specs.read().unwrap_or_else(PoisonError::into_inner));
        let overrides = self.overrides.read().unwrap_or_else(PoisonError::into_inner);
        let decided = decide(&Evaluator { specs: &specs, overrides: &overrides, user });
        drop(overrides);
        (decided, specs)
    }

    fn background_round(&self) {
        if let Some(text) = self.store.as_ref().and_then(|store| store.get(SPECS_KEY)) {
            self.update(&text);
        }
        self.flush();
        self.count(c"answers", self.answered.swap(0, Ordering::Relaxed));
    }

    fn count(&self, name: &CStr, count: u64) {
        if let Some(observer) = &self.observer {
            observer.count(name, count);
        }
    }
}

/// The parameters of a layer, and which experiment they come from.
pub(crate) type LayerDecision = Decision<Values>;
