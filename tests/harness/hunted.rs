//! `jostle hunt`, and what it tells.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::jostle::{Run, binary, scratch};
use super::report::assert_keeps_contract;

/// A place for a case that no other test uses, with nothing in it.
pub(crate) fn case(name: &str) -> PathBuf {
    let place = scratch(&format!("case-{name}"));
    let _ = fs::remove_dir_all(&place);
    place
}

pub(crate) fn jostle(arguments: &[OsString]) -> Run {
    let mut command = assert_cmd::Command::new(binary());
    command.args(arguments).timeout(Duration::from_secs(120));
    Run::from(command.output().expect("jostle starts"))
}

pub(crate) fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

/// What a hunt wrote.
#[derive(Debug)]
pub(crate) struct Hunted {
    pub(crate) code: Option<i32>,
    pub(crate) trials: Vec<Value>,
    pub(crate) summary: Value,
}

impl Hunted {
    pub(crate) fn read(run: Run) -> Self {
        let lines: Vec<Value> =
            run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect();
        lines.iter().for_each(assert_keeps_contract);
        let lines = lines.into_iter();
        let (mut summaries, trials): (Vec<Value>, Vec<Value>) =
            lines.partition(|line| line["kind"] == "summary");
        let summary = summaries.pop().unwrap_or_else(|| panic!("no summary: {run:#?}"));
        Self { code: run.code, trials, summary }
    }

    pub(crate) fn failing(&self) -> Vec<&Value> {
        self.trials
            .iter()
            .filter(|trial| trial["outcome"] == "failed" || trial["outcome"] == "hung")
            .collect()
    }

    pub(crate) fn kinds(&self) -> BTreeSet<&str> {
        self.failing().iter().filter_map(|trial| trial["failure"].as_str()).collect()
    }
}
