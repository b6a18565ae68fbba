//! `jostle probe` on the servers of shared-middleware: every broken one is found, and no mended one accused.

mod harness;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use harness::jostle::{Run, binary, have_the_machine, scratch};
use harness::report::assert_keeps_contract;
use serde_json::Value;

const NOTHING_FOUND: i32 = 0;
const FOUND: i32 = 1;
const USAGE: i32 = 2;
const CANNOT_LOOK: i32 = 4;

/// Where the incident's site has identities, as its README tells.
const PLACES: [&str; 14] = [
    "--token",
    "cookie:visitor_id",
    "--token",
    "cookie:session_id",
    "--token",
    "query:utm_campaign",
    "--session",
    "cookie:visitor_id",
    "--session",
    "cookie:session_id",
    "--session",
    "json:/visitor_id",
    "--session",
    "json:/session_id",
];

fn case() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../casebook/shared-middleware")
}

/// A server of the case, until it is dropped.
struct Site {
    process: Child,
    url: String,
}

impl Site {
    fn serve(variant: &str) -> Self {
        let mut process = Command::new(case().join("serve"))
            .arg(variant)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the case is in the repository");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("it speaks");
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{variant}: {line}"))
            .to_owned();
        Self { process, url }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let ended = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        if ended.is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

fn jostle(arguments: &[&str]) -> Run {
    let output = Command::new(binary()).args(arguments).output();
    Run::from(output.expect("jostle starts"))
}

fn probe(url: &str, more: &[&str]) -> Run {
    let case = scratch("probe-case");
    let mut arguments = vec!["probe", url, "--case", case.to_str().expect("text")];
    arguments.extend(more);
    jostle(&arguments)
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The variants of the case, by the name of the list that it prints.
fn variants() -> Vec<String> {
    let listed = Command::new(case().join("run")).output().expect("the case is in the repository");
    let listed = String::from_utf8(listed.stdout).expect("text");
    listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_broken_site_is_found_and_no_mended_one_accused() {
    let _machine = have_the_machine();
    let made = Command::new("make").args(["-s", "-C"]).arg(case()).arg("all").status();
    assert!(made.expect("make starts").success());
    let variants = variants();
    assert!(variants.len() >= 17, "{variants:?}");
    for variant in variants {
        let site = Site::serve(&variant);
        let run = probe(&site.url, &[&["--for", "2s", "--format", "json"], &PLACES[..]].concat());
        let lines = lines(&run);
        let rule = |rule: &str| lines.iter().find(|line| line["rule"] == rule);
        if variant.ends_with("mended") {
            assert_eq!((run.code, lines.len()), (Some(NOTHING_FOUND), 1), "{variant}: {run:#?}");
            continue;
        }
        assert_eq!(run.code, Some(FOUND), "{variant}: {run:#?}");
        let foreign = rule("foreign-identity").unwrap_or_else(|| panic!("{variant}: {run:#?}"));
        let evidence = &foreign["evidence"];
        assert_ne!(evidence["owner"]["number"], evidence["receiver"]["number"], "{variant}: {foreign}");
        assert!(evidence["owner"]["request"].is_string(), "{variant}: {foreign}");
        // What is wrong in turn as well is so in one of them only.
        assert_eq!(evidence["in_turn"], Value::Bool(variant == "broken"), "{variant}: {foreign}");
        assert!(variant == "broken" || rule("shared-session").is_some(), "{variant}: {run:#?}");
    }
}

#[test]
fn what_was_found_is_replayed() {
    let _machine = have_the_machine();
    let site = Site::serve("first-fix");
    let run = probe(&site.url, &[&["--for", "1s"], &PLACES[..]].concat());
    let next = run.stdout.lines().last().expect("a report");
    let words: Vec<&str> =
        next.strip_prefix("next: jostle ").unwrap_or_else(|| panic!("{run:#?}")).split(' ').collect();
    assert_eq!(words[0], "replay", "{next}");
    let again = jostle(&words);
    assert_eq!(again.code, Some(FOUND), "{again:#?}");
    assert!(again.stdout.contains("failed again in"), "{again:#?}");
}

#[test]
fn a_copied_command_a_list_and_a_scenario_are_asked() {
    let _machine = have_the_machine();
    let site = Site::serve("node-broken");
    let few = ["--for", "1s", "--format", "json", "--token", "query:utm_campaign"];
    let copied = format!("curl -s '{}/page?x=1' -H 'Accept: text/html' --compressed", site.url);
    let case = scratch("probe-case");
    let run =
        jostle(&[&["probe", "--curl", &copied, "--case", case.to_str().expect("text")], &few[..]].concat());
    assert_eq!(run.code, Some(FOUND), "{run:#?}");
    assert!(lines(&run)[0]["title"].as_str().expect("text").contains("GET /page"), "{run:#?}");
    let list = scratch("probe-paths");
    fs::write(&list, "/one\n/two\n").expect("the scratch directory is writable");
    let run = probe(&site.url, &[&["--path", list.to_str().expect("text")], &few[..]].concat());
    assert_eq!(run.code, Some(FOUND), "{run:#?}");
    let steps = scratch("probe-steps.toml");
    let text = "[[step]]\nrequest = \"GET /in?utm_campaign={token}\"\n[[step]]\nrequest = \"GET /me\"\n";
    fs::write(&steps, text).expect("the scratch directory is writable");
    let more = ["--scenario", steps.to_str().expect("text"), "--for", "1s", "--format", "json"];
    let run = probe(&site.url, &more);
    assert_eq!(run.code, Some(FOUND), "{run:#?}");
    // The second step brings no identity but the cookies of the first.
    let of_second = |line: &Value| line["title"].as_str().is_some_and(|title| title.contains("GET /me"));
    assert!(lines(&run).iter().any(of_second), "{run:#?}");
}

#[test]
fn an_old_and_a_new_version_are_compared() {
    let _machine = have_the_machine();
    let (mended, again, broken) =
        (Site::serve("node-mended"), Site::serve("node-mended"), Site::serve("node-broken"));
    let tokens = ["--token", "cookie:visitor_id", "--token", "query:utm_campaign"];
    let compared = |new: &Site| {
        let more = ["--against", &new.url, "--noise", &again.url, "--for", "3s", "--format", "json"];
        probe(&mended.url, &[&more, &tokens[..]].concat())
    };
    let run = compared(&broken);
    let lines = lines(&run);
    lines.iter().for_each(assert_keeps_contract);
    assert_eq!(run.code, Some(FOUND), "{run:#?}");
    let concurrent = |line: &&Value| line["evidence"]["when"] == "concurrent-only";
    let first = lines.iter().find(concurrent).unwrap_or_else(|| panic!("{run:#?}"));
    assert_eq!(first["rule"], "differs-from-old");
    assert_eq!(first["evidence"]["serial"]["new"], 0, "{first}");
    // Ids and times are made anew for each answer: what is random differs between the two old ones as well.
    let run = compared(&again);
    assert_eq!(run.code, Some(NOTHING_FOUND), "{run:#?}");
    let summary: Value = serde_json::from_str(run.stdout.trim()).expect("one line");
    assert_keeps_contract(&summary);
    assert!(summary["bound"]["rate"].as_f64().is_some_and(|rate| rate > 0.0 && rate < 0.05), "{summary}");
}

#[test]
fn what_cannot_be_probed_is_refused() {
    let refused = |arguments: &[&str], code: i32, message: &str| {
        let run = jostle(&[&["probe"], arguments].concat());
        assert_eq!(run.code, Some(code), "{run:#?}");
        assert!(run.stderr.contains(message), "{run:#?}");
        assert_eq!((run.stdout.as_str(), run.stderr.matches("error:").count()), ("", 1), "{run:#?}");
    };
    refused(&["ftp://127.0.0.1/"], USAGE, "failed to read the URL");
    refused(&["http://192.0.2.1/"], USAGE, "--i-own-this-server");
    refused(&["http://127.0.0.1:1/"], CANNOT_LOOK, "failed to connect to 127.0.0.1:1");
    refused(
        &["--curl", "curl --upload-file x http://127.0.0.1/"],
        USAGE,
        "failed to read the command for curl",
    );
    refused(&["http://127.0.0.1:1/", "--path", "/no/such/file"], USAGE, "failed to open /no/such/file");
    refused(&["http://127.0.0.1:1/", "--token", "sid"], USAGE, "names no place");
    refused(
        &["--curl", "curl -d a=b http://127.0.0.1:1/in", "--against", "http://127.0.0.1:2/"],
        USAGE,
        "failed to send POST /in to several servers",
    );
    refused(
        &["http://127.0.0.1:1/", "--against", "http://192.0.2.1/"],
        CANNOT_LOOK,
        "failed to connect to 127.0.0.1:1",
    );
    refused(
        &["http://127.0.0.1:1/a", "--against", "http://127.0.0.1:2/b"],
        USAGE,
        "the path /b is not the old version's",
    );
    refused(&["https://127.0.0.1:1/", "--tls-ca", "/no/such/file"], USAGE, "failed to read the certificates");
}
