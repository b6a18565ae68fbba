//! Two versions of a server, and what is said of their differences.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jostle_model::{Discrepancy, Evidence, Finding, Verdict, When};
use jostle_probe::{Against, Ask, ProbeError, ShadowOutcome, Target, shadow};

use super::server::{Reply, Request, Server, work};
use super::{Nobody, options};

fn target(server: &Server) -> Target {
    Target::parse(&server.url()).expect("a URL")
}

fn against(new: &Server) -> Against {
    Against { new: target(new), noise: None, unsafe_methods: false }
}

/// What is said of `new`, when all that are asked answer for themselves.
fn compared(
    old: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    new: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> ShadowOutcome {
    let (old, new) = (Server::answering(old), Server::answering(new));
    shadow(&options(&old, &["/cart"], &["query:u"]), &against(&new), &mut Nobody).expect("all answer")
}

fn discrepancy(finding: &Finding) -> &Discrepancy {
    match &finding.evidence {
        Evidence::Discrepancy(discrepancy) => discrepancy,
        other => panic!("{other:?}"),
    }
}

/// Where they differ, and when.
fn told(outcome: &ShadowOutcome) -> Vec<(&str, When)> {
    let discrepancies = outcome.findings.iter().map(discrepancy);
    discrepancies.map(|discrepancy| (discrepancy.place.as_str(), discrepancy.when)).collect()
}

/// A cart as JSON, with what is never twice the same in it.
fn cart(who: &str, total: &str) -> Reply {
    static CLOCK: AtomicU64 = AtomicU64::new(0);
    let at = CLOCK.fetch_add(7, SeqCst);
    work();
    Reply::page(format!(
        r#"{{"user":"{who}","total":{total},"made_at":{at},"items":[{{"price":1}},{{"price":2}}]}}"#
    ))
    .header("X-Request-Id", &format!("r{at}"))
}

#[test]
fn a_field_that_was_changed_is_named() {
    let outcome = compared(
        |request| cart(&request.parameter("u"), "12.5"),
        |request| cart(&request.parameter("u"), "12.50001").header("X-Build", "2"),
    );
    assert_eq!(outcome.summary.verdict, Verdict::Found, "{:?}", outcome.summary);
    assert_eq!(told(&outcome), [("header:x-build", When::Both), ("json:/total", When::Both)]);
    let total = discrepancy(&outcome.findings[1]);
    assert_eq!((&*total.old, &*total.new, &*total.request), ("12.5", "12.50001", "GET /cart"));
    assert_eq!((total.serial.new, total.serial.old), (total.serial.of, 0));
    assert_eq!(total.concurrent.new, total.concurrent.of);
    let noise = &outcome.summary.counts.noise;
    assert!(noise.iter().any(|place| place == "json:/made_at of GET /cart"), "{noise:?}");
}

#[test]
fn what_differs_under_concurrency_only_is_told_so() {
    let current = Arc::new(Mutex::new(String::new()));
    let outcome = compared(
        |request| cart(&request.parameter("u"), "1"),
        // What the middleware of the new version keeps for all requests together.
        move |request| {
            *current.lock().expect("nobody panics") = request.parameter("u");
            work();
            let who = current.lock().expect("nobody panics").clone();
            cart(&who, "1")
        },
    );
    assert_eq!(told(&outcome), [("json:/user", When::ConcurrentOnly)], "{:?}", outcome.summary);
    let user = discrepancy(&outcome.findings[0]);
    assert_eq!((user.serial.new, user.serial.old, user.concurrent.old), (0, 0, 0));
    assert!(user.serial.of > 0 && user.concurrent.new > 10, "{user:?}");
    assert_ne!(user.old, user.new);
    assert!(outcome.findings[0].title.ends_with("under concurrency only"), "{}", outcome.findings[0].title);
}

#[test]
fn a_line_of_a_page_and_a_status_are_named() {
    let page = |total: u32| Reply::page(format!("<h1>A shop</h1>\n<p>total {total}</p>\n<i>the end</i>\n"));
    let outcome = compared(
        move |_| {
            work();
            page(12)
        },
        move |_| {
            work();
            page(13)
        },
    );
    assert_eq!(told(&outcome), [("body:2", When::Both)]);
    assert_eq!(discrepancy(&outcome.findings[0]).new, "<p>total 13</p>");
    let outcome = compared(
        |_| cart("a", "1"),
        |request| {
            let reply = cart("a", "1");
            if request.under_way > 4 { reply.status("500 Internal Server Error") } else { reply }
        },
    );
    assert_eq!(told(&outcome), [("status", When::ConcurrentOnly)], "{:?}", outcome.summary);
}

#[test]
fn the_same_version_passes_with_a_bound_however_noisy_it_is() {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let noisy = |request: &Request| {
        let reply = cart(&request.parameter("u"), "12.5");
        // One header in three answers, and a page of its own for some.
        match TURN.fetch_add(1, SeqCst) % 3 {
            0 => reply.header("X-Cache", "HIT"),
            _ => reply,
        }
    };
    let (old, copy, new) = (Server::answering(noisy), Server::answering(noisy), Server::answering(noisy));
    let against = Against { noise: Some(target(&copy)), ..against(&new) };
    let outcome =
        shadow(&options(&old, &["/cart"], &["query:u"]), &against, &mut Nobody).expect("all answer");
    let summary = &outcome.summary;
    assert_eq!((summary.verdict, told(&outcome)), (Verdict::NothingFound, Vec::new()), "{summary:?}");
    assert!(summary.counts.concurrent >= 59 && summary.counts.serial > 0, "{summary:?}");
    assert!(summary.bound.rate > 0.0 && summary.bound.rate < 0.05, "{summary:?}");
    assert!(summary.counts.noise.contains(&"header:x-cache of GET /cart".to_owned()), "{summary:?}");
}

#[test]
fn what_names_the_server_is_no_difference() {
    let at_home = |request: &Request| {
        work();
        let home = request.header("host");
        Reply::page(format!("see http://{home}/next")).header("Location", &format!("http://{home}/next"))
    };
    let outcome = compared(at_home, at_home);
    assert_eq!(outcome.summary.verdict, Verdict::NothingFound, "{:?}", outcome);
}

#[test]
fn a_new_version_that_serves_one_at_a_time_is_not_cleared() {
    let one = Mutex::new(());
    let outcome = compared(
        |_| cart("a", "1"),
        move |_| {
            let _turn = one.lock();
            cart("a", "1")
        },
    );
    assert_eq!(outcome.summary.verdict, Verdict::Inconclusive, "{:?}", outcome.summary);
    assert!(outcome.summary.missing[0].contains("hardly overlapped"), "{:?}", outcome.summary);
}

#[test]
fn unsafe_methods_are_sent_only_where_that_was_said() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let count = |_: &Request| {
        SEEN.fetch_add(1, SeqCst);
        cart("a", "1")
    };
    let (old, new) = (Server::answering(count), Server::answering(count));
    let mut options = options(&old, &[], &["query:u"]);
    options.asks = vec![Ask { method: "POST".to_owned(), ..Ask::get("/cart") }];
    let refused = shadow(&options, &against(&new), &mut Nobody).expect_err("it may change something");
    assert!(matches!(&refused, ProbeError::Unsafe { request } if request == "POST /cart"), "{refused}");
    assert_eq!(SEEN.load(SeqCst), 0);
    options.duration = Duration::from_millis(300);
    let allowed = Against { unsafe_methods: true, ..against(&new) };
    assert!(shadow(&options, &allowed, &mut Nobody).is_ok() && SEEN.load(SeqCst) > 0);
}

#[test]
fn each_server_has_to_be_there_and_to_be_ours() {
    let server = Server::answering(|_| cart("a", "1"));
    let options = options(&server, &["/"], &["query:u"]);
    let error = |url: &str| {
        let against = Against { new: Target::parse(url).expect("a URL"), ..against(&server) };
        shadow(&options, &against, &mut Nobody).expect_err("it cannot be compared")
    };
    assert!(matches!(error("http://127.0.0.1:1/"), ProbeError::Connect { .. }));
    assert!(matches!(error("http://192.0.2.1/"), ProbeError::NotLoopback { .. }));
    assert!(matches!(error("http://127.0.0.1:1/other"), ProbeError::OtherPath { .. }));
}
