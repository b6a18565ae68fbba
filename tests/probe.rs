//! `jostle probe` on the servers of shared-middleware: every broken one is found, and no mended one accused.

mod harness;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::jostle::{Run, binary, have_the_machine, machine_lets_us_look, scratch};
use harness::report::assert_keeps_contract;
use harness::service::Service;
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

/// The service of half-atomics, which turns its window a thousand times a second.
fn metrics(variant: &str) -> (Service, String) {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../casebook/half-atomics");
    let made = Command::new("make").args(["-s", "-C"]).arg(&case).arg("all").status();
    assert!(made.expect("make starts").success());
    let arguments = ["-listen", "127.0.0.1:0", "-prune-every", "1ms", "-refresh-every", "3ms"];
    let mut service = Service::start(&case.join("build").join(variant), &arguments);
    let mut line = String::new();
    service.lines.read_line(&mut line).expect("it speaks");
    let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{variant}: {line}"));
    let url = format!("{url}/metrics");
    (service, url)
}

#[test]
fn what_collides_in_the_server_is_told_with_the_requests_under_way() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let watched = |service: &Service, url: &str, time: &str| {
        let pid = service.pid();
        let more = ["--token", "header:X-A", "--concurrency", "8", "--ignore", "body"];
        let watch = ["--watch-pid", &pid, "--for", time, "--format", "json"];
        let run = probe(url, &[&more[..], &watch].concat());
        let lines = lines(&run);
        lines.iter().for_each(assert_keeps_contract);
        (run, lines)
    };
    let (mut service, url) = metrics("broken");
    // What is held when, chance decides.
    let (run, lines) = (0..5)
        .map(|_| watched(&service, &url, "6s"))
        .find(|(_, lines)| lines.iter().any(|line| line["during"]["under_way"].as_u64() > Some(0)))
        .expect("one of thirty seconds of a service that races");
    assert_eq!(run.code, Some(FOUND), "{run:#?}");
    let collision = lines.iter().find(|line| line["during"]["under_way"].as_u64() > Some(0)).expect("found");
    let collides = ["data-race", "half-atomic"].contains(&collision["rule"].as_str().expect("text"));
    assert!(
        collides && collision["places"].as_array().is_some_and(|places| places.len() == 2),
        "{collision}"
    );
    let during = &collision["during"];
    assert!(during["sent"].as_u64() > Some(0) && during["at_us"].is_u64(), "{during}");
    let request = &during["requests"][0];
    assert_eq!(request["request"], "GET /metrics", "{during}");
    // Requests that had ended when somebody was first held are none of them.
    let earliest =
        during["at_us"].as_u64().unwrap_or(0) - collision["evidence"]["held_us"].as_u64().unwrap_or(0);
    let ended = request["answered_us"].as_u64().unwrap_or(u64::MAX);
    assert!(ended >= earliest, "{collision}");
    let summary = lines.last().expect("a summary");
    assert_eq!((&summary["watch"]["verdict"], &summary["verdict"]), (&"found".into(), &"found".into()));
    service.assert_left();
    let (mut service, url) = metrics("mended");
    let (run, lines) = watched(&service, &url, "3s");
    assert!(lines.iter().all(|line| line["during"].is_null()), "{run:#?}");
    assert_ne!(lines.last().expect("a summary")["watch"]["verdict"], "found", "{run:#?}");
    service.assert_left();
}

#[test]
fn a_watch_that_cannot_begin_is_told_as_by_watch_itself() {
    let run = jostle(&["probe", "http://127.0.0.1:1/", "--watch-pid", "2147483646"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(USAGE), ""), "{run:#?}");
    assert!(run.stderr.starts_with("jostle: error: failed to attach to process 2147483646"), "{run:#?}");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{run:#?}");
}

#[test]
fn a_probe_that_is_killed_leaves_no_watch_behind() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (mut service, url) = metrics("mended");
    let pid = service.pid();
    let mut probe = Command::new(binary())
        .args([
            "probe",
            &url,
            "--watch-pid",
            &pid,
            "--for",
            "60s",
            "--concurrency",
            "2",
            "--token",
            "query:u",
        ])
        .stdout(Stdio::null())
        .spawn()
        .expect("jostle starts");
    let begun = Instant::now();
    while service.traced() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody watches");
        thread::sleep(Duration::from_millis(10));
    }
    probe.kill().expect("it is ours");
    probe.wait().expect("it ends");
    service.assert_left();
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
