//! `jostle verify`, as a user runs it, with a plan and data of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const AS_EXPECTED: i32 = 0;
pub(crate) const FOUND: i32 = 1;
pub(crate) const USAGE: i32 = 2;
pub(crate) const INCONCLUSIVE: i32 = 3;
pub(crate) const CANNOT_LOOK: i32 = 4;

/// Longer than any of these takes: what runs into it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a plan in it.
pub(crate) struct Asked {
    folder: TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Asked {
    pub(crate) fn new(plan: &str) -> Self {
        let asked = Self { folder: tempfile::tempdir().expect("a folder") };
        asked.write("verify.toml", plan);
        asked
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.file(name), text).expect("the folder is ours");
    }

    /// Runs it with these arguments beside the plan.
    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.run_in(arguments, &[])
    }

    /// The same with variables in the environment, and none of PostgreSQL's beside them.
    pub(crate) fn run_in(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Answer {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_jostle"));
        for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPASSFILE"] {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied()).env("HOME", self.folder());
        command.current_dir(self.folder()).args(["verify", "verify.toml"]).args(arguments).timeout(PATIENCE);
        Answer::from(command.output().expect("jostle starts"))
    }

    /// Its JSON lines.
    pub(crate) fn json(&self, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
        let answer = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(answer.stderr, "", "{answer:#?}");
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let lines: Vec<Value> = answer.stdout.lines().map(line).collect();
        lines.iter().for_each(keeps_the_contract);
        (answer.code, lines)
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Answer {
    /// Exactly one error, one hint, and no report.
    #[track_caller]
    pub(crate) fn is_refused(&self, code: i32, message: &str) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(self.stderr.contains(message), "{message}: {self:#?}");
        assert!(self.stderr.starts_with("jostle: error: failed to "), "{self:#?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert!(lines.len() == 2 && lines[1].starts_with("jostle: hint: "), "{self:#?}");
        assert_eq!(self.stdout, "");
    }
}

/// Every line is as `docs/json.schema.json` has it.
#[track_caller]
fn keeps_the_contract(line: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../docs/json.schema.json")).expect("JSON");
    let contract = jsonschema::validator_for(&schema).expect("a schema");
    let broken: Vec<String> = contract.iter_errors(line).map(|error| error.to_string()).collect();
    assert!(broken.is_empty(), "{broken:#?}\n{line:#}");
}

/// Of each expectation, how it stands.
pub(crate) fn standings(lines: &[Value]) -> Vec<(&str, &str)> {
    let expectations = lines.iter().filter(|line| line["kind"] == "expectation");
    expectations
        .map(|line| {
            (line["expectation"].as_str().unwrap_or_default(), line["standing"].as_str().unwrap_or_default())
        })
        .collect()
}
