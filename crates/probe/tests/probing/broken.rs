//! One fault each, and what is found of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jostle_model::{Rule, Verdict};

use super::server::{Reply, Request, Server, work};
use super::{crossing, options, probed, told};

/// Who is being served, as a middleware would keep it that all requests share.
static CURRENT: Mutex<String> = Mutex::new(String::new());

/// The identity of whoever came last.
fn mistaken(request: &Request) -> String {
    *CURRENT.lock().expect("nobody panics") = request.parameter("u");
    work();
    CURRENT.lock().expect("nobody panics").clone()
}

fn found(
    paths: &[&str],
    tokens: &[&str],
    answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> jostle_probe::Outcome {
    let server = Server::answering(answer);
    let outcome = probed(&options(&server, paths, tokens)).expect("it answers");
    assert_eq!(outcome.summary.verdict, Verdict::Found, "{:?}", outcome.summary);
    outcome
}

#[test]
fn somebody_elses_identity_is_found_in_every_encoding() {
    let each = |text: &str, write: fn(u8) -> String| text.bytes().map(write).collect::<String>();
    let paths = ["/plain", "/capital", "/hex", "/percent", "/unicode", "/entities", "/header"];
    let outcome = found(&paths, &["query:u"], move |request| {
        let who = mistaken(request);
        match request.path.as_str() {
            "/capital" => Reply::page(who.to_uppercase()),
            "/hex" => Reply::page(each(&who, |byte| format!("{byte:02x}"))),
            "/percent" => Reply::page(each(&who, |byte| format!("%{byte:02x}"))),
            "/unicode" => {
                Reply::page(format!("{{\"who\":\"{}\"}}", each(&who, |byte| format!("\\u{byte:04x}"))))
            }
            "/entities" => Reply::page(each(&who, |byte| format!("&#{byte};"))),
            "/header" => Reply::page("").header("X-Who", &who),
            _ => Reply::page(format!("<p>{who}</p>")),
        }
    });
    for path in paths {
        let of_path = |finding: &&jostle_model::Finding| finding.title.contains(&format!("GET {path} "));
        let finding =
            outcome.findings.iter().find(of_path).unwrap_or_else(|| panic!("{path}: {:?}", told(&outcome)));
        assert_eq!(finding.rule, Rule::ForeignIdentity, "{}", finding.title);
        let crossing = crossing(finding);
        let owner = crossing.owner.as_ref().expect("its owner is known");
        assert_ne!(owner.number, crossing.receiver.number);
        assert!(crossing.overlap_us.expect("both are known") > 0 && !crossing.in_turn, "{crossing:?}");
        assert_eq!(crossing.sent_at.as_deref(), Some("query:u"));
        assert!(
            owner.request.starts_with(&format!("GET {path}")) || owner.request.contains("u="),
            "{}",
            owner.request
        );
    }
}

#[test]
fn a_session_given_to_two_is_found() {
    // Ids that are made of the time are unique only in turn.
    let outcome = found(&["/"], &["query:u"], |request| {
        let id = request.cookie("sid").unwrap_or_else(|| {
            work();
            SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis().to_string()
        });
        Reply::page(request.parameter("u")).header("Set-Cookie", &format!("sid={id}"))
    });
    let rules: Vec<Rule> = outcome.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::SharedSession], "{:?}", told(&outcome));
    let crossing = crossing(&outcome.findings[0]);
    assert_eq!((crossing.place.as_str(), crossing.owner.is_some()), ("cookie:sid", true));
    assert!(crossing.excerpt.as_deref().expect("it was kept").contains("sid="), "{crossing:?}");
}

#[test]
fn two_clients_in_one_page_are_found() {
    let outcome = found(&["/"], &["query:u"], |request| {
        let own = request.parameter("u");
        Reply::page(format!("<p>{own}</p><p>{}</p>", mistaken(request)))
    });
    assert_eq!(outcome.findings[0].rule, Rule::MixedResponse, "{:?}", told(&outcome));
}

#[test]
fn an_identity_that_goes_missing_is_found() {
    let outcome = found(&["/"], &["query:u"], |request| {
        work();
        let own = request.parameter("u");
        Reply::page(format!("{{\"user\":\"{}\"}}", if request.under_way > 8 { "" } else { &own }))
    });
    let finding = &outcome.findings[0];
    assert_eq!(finding.rule, Rule::DivergesUnderConcurrency, "{:?}", told(&outcome));
    assert!(finding.title.contains("own token is missing"), "{}", finding.title);
}

#[test]
fn a_status_that_never_comes_in_turn_is_found() {
    let outcome = found(&["/"], &["query:u"], |request| {
        work();
        let page = Reply::page(request.parameter("u"));
        if request.under_way > 8 { page.status("500 Internal Server Error") } else { page }
    });
    assert!(told(&outcome)[0].contains("status 500 never comes in turn"), "{:?}", told(&outcome));
}

#[test]
fn what_is_wrong_in_turn_as_well_is_said_to_be() {
    static FIRST: Mutex<Option<String>> = Mutex::new(None);
    let outcome = found(&["/"], &["cookie:sid"], |request| {
        work();
        let own = request.cookie("sid").unwrap_or_default();
        let mut first = FIRST.lock().expect("nobody panics");
        // Whoever came without a cookie is nobody yet.
        if first.is_none() && !own.is_empty() {
            *first = Some(own);
        }
        Reply::page(format!("<p>{}</p>", first.as_deref().unwrap_or_default()))
    });
    assert_eq!(outcome.findings[0].rule, Rule::ForeignIdentity, "{:?}", told(&outcome));
    assert!(crossing(&outcome.findings[0]).in_turn);
}

#[test]
fn a_server_that_dies_in_mid_run_is_a_finding() {
    let begun = Instant::now();
    let die: std::sync::Arc<std::sync::OnceLock<Box<dyn Fn() + Send + Sync>>> = Default::default();
    let (switch, answered) = (die.clone(), AtomicU64::new(0));
    let server = Server::answering(move |request| {
        work();
        if answered.fetch_add(1, SeqCst) > 500 {
            switch.get().expect("it is set before it is probed")();
        }
        Reply::page(request.parameter("u"))
    });
    assert!(die.set(Box::new(server.switch())).is_ok());
    let mut options = options(&server, &["/"], &["query:u"]);
    options.duration = std::time::Duration::from_secs(60);
    let outcome = probed(&options).expect("it answered at first");
    assert!(begun.elapsed().as_secs() < 50, "it went on probing nobody");
    let gone = |title: &String| title.contains("stopped answering in mid-run");
    assert!(told(&outcome).iter().any(gone), "{:?}", told(&outcome));
    assert_eq!(outcome.summary.verdict, Verdict::Found);
}
