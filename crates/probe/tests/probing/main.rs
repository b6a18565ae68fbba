//! Probes of real servers: small ones, each with one thing about it that a probe has to see, or must not be fooled by.

mod bad_servers;
mod broken;
mod healthy;
mod server;
mod survival;
mod versions;

use std::time::Duration;

use jostle_model::{Crossing, Evidence, Finding};
use jostle_probe::{Ask, Observer, Options, Outcome, ProbeError, Progress, Target, probe};

use server::Server;

/// Nobody watches.
struct Nobody;

impl Observer for Nobody {
    fn found(&mut self, _: &Finding) {}
    fn progress(&mut self, _: &Progress) {}
    fn notice(&mut self, _: &str) {}
}

/// A short probe of these paths, by a handful of clients.
fn options(server: &Server, paths: &[&str], tokens: &[&str]) -> Options {
    Options {
        target: Target::parse(&server.url()).expect("a URL"),
        asks: paths.iter().map(|path| Ask::get(path)).collect(),
        steps: false,
        tokens: tokens.iter().map(|place| place.parse().expect("a place")).collect(),
        sessions: Vec::new(),
        ignore: Vec::new(),
        duration: Duration::from_millis(1_500),
        requests: None,
        concurrency: 16,
        rate: None,
        modes: Vec::new(),
        http2: false,
        patience: Duration::from_secs(5),
        tls_ca: None,
        elsewhere: false,
        seed: 7,
        threads: 1,
        remember: false,
        stop: Default::default(),
    }
}

fn probed(options: &Options) -> Result<Outcome, ProbeError> {
    probe(options, &mut Nobody)
}

fn crossing(finding: &Finding) -> &Crossing {
    match &finding.evidence {
        Evidence::Crossing(crossing) => crossing,
        other => panic!("{other:?}"),
    }
}

/// What was found, in words that say where.
fn told(outcome: &Outcome) -> Vec<String> {
    outcome.findings.iter().map(|finding| format!("{}: {}", finding.rule.name(), finding.title)).collect()
}
