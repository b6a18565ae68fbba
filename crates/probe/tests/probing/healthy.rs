//! What looks like a fault and is none.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jostle_model::Verdict;

use super::server::{Reply, Request, Server, work};
use super::{options, probed, told};

static COUNTER: AtomicU64 = AtomicU64::new(0);
static LAST: Mutex<Vec<String>> = Mutex::new(Vec::new());
static CACHED: Mutex<Option<String>> = Mutex::new(None);

/// Every path is healthy, in a way of its own.
const PATHS: [&str; 22] = [
    "/static",
    "/cached-with-the-first-query",
    "/echo-base64",
    "/echo-percent",
    "/echo-json-escapes",
    "/echo-hex",
    "/echo-gzip",
    "/echo-zstd",
    "/echo-br",
    "/echo-chunked",
    "/csrf",
    "/rotating-csrf",
    "/seconds",
    "/counter",
    "/request-id",
    "/any-order",
    "/shedding-429",
    "/shedding-503",
    "/redirect",
    "/last-visitors",
    "/closing",
    "/sessions",
];

fn answer(request: &Request) -> Reply {
    work();
    let own = request.parameter("u");
    let number = COUNTER.fetch_add(1, SeqCst);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let each = |write: fn(u8) -> String| own.bytes().map(write).collect::<String>();
    match request.path.as_str() {
        "/static" => Reply::page("<html>the same for all</html>"),
        "/cached-with-the-first-query" => {
            let mut cached = CACHED.lock().expect("nobody panics");
            Reply::page(format!("<link href=\"?u={}\">", cached.get_or_insert(own)))
        }
        "/echo-base64" => {
            Reply::page(format!("<i>{}</i>", STANDARD.encode(format!("{{\"user\":\"{own}\"}}"))))
        }
        "/echo-percent" => Reply::page(format!("<a href=\"{}\">", each(|byte| format!("%{byte:02X}")))),
        "/echo-json-escapes" => {
            Reply::page(format!("{{\"u\":\"{}\"}}", each(|byte| format!("\\u{byte:04x}"))))
        }
        "/echo-hex" => Reply::page(each(|byte| format!("{byte:02x}"))),
        "/echo-gzip" => Reply::page(gzip(&format!("<p>{own}</p>"))).header("Content-Encoding", "gzip"),
        "/echo-zstd" => Reply::page(zstd(&format!("<p>{own}</p>"))).header("Content-Encoding", "zstd"),
        "/echo-br" => Reply::page(brotli(&format!("<p>{own}</p>"))).header("Content-Encoding", "br"),
        "/echo-chunked" => Reply::page(format!("<p>{own}</p>")).chunked(),
        "/csrf" => Reply::page(format!("<form><input value='{:016x}'>{own}</form>", hash(number))),
        "/rotating-csrf" => {
            Reply::page(format!("<input value='{:016x}'>", hash(now.as_millis() as u64 / 700)))
        }
        "/seconds" => Reply::page(format!("{{\"at\":{},\"u\":\"{own}\"}}", now.as_secs())),
        "/counter" => Reply::page(format!("{{\"visitors\":{number},\"u\":\"{own}\"}}")),
        "/request-id" => Reply::page(own).header("X-Request-Id", &format!("{:016x}", hash(number))),
        "/any-order" => Reply::page(match number % 3 {
            0 => r#"[{"a":1},{"a":2},{"a":3}]"#,
            1 => r#"[{"a":3},{"a":1},{"a":2}]"#,
            _ => r#"[{"a":2},{"a":3},{"a":1}]"#,
        }),
        "/shedding-429" if request.under_way > 3 => Reply::page("too many").status("429 Too Many Requests"),
        "/shedding-503" if request.under_way > 3 => Reply::page("later").status("503 Service Unavailable"),
        "/redirect" => Reply::page("").status("302 Found").header("Location", &format!("/login?u={own}")),
        "/last-visitors" => {
            let mut last = LAST.lock().expect("nobody panics");
            last.push(own);
            let start = last.len().saturating_sub(3);
            Reply::page(format!("{{\"last\":{:?}}}", &last[start..]))
        }
        "/closing" => Reply::page(own).closing(),
        "/sessions" => {
            let sid = request.cookie("sid").unwrap_or_else(|| format!("{:016x}", hash(number)));
            Reply::page(format!("{{\"sid\":\"{sid}\"}}")).header("Set-Cookie", &format!("sid={sid}; Path=/"))
        }
        _ => Reply::page(own),
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn zstd(text: &str) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
}

/// One block that is not compressed, and an empty one for the end (RFC 7932, 9.2): nothing that we have compresses.
fn brotli(text: &str) -> Vec<u8> {
    let head = (text.len() as u32 - 1) << 4 | 1 << 20;
    [&head.to_le_bytes()[..3], text.as_bytes(), &[0b11]].concat()
}

/// Numbers that look random, and never the same for two.
fn hash(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[test]
fn nothing_is_found_in_what_is_healthy() {
    let server = Server::answering(answer);
    let mut options = options(&server, &PATHS, &["query:u", "cookie:sid", "header:X-User"]);
    options.sessions = vec!["cookie:sid".parse().expect("a place"), "json:/sid".parse().expect("a place")];
    options.duration = std::time::Duration::from_secs(4);
    let outcome = probed(&options).expect("it answers");
    assert_eq!(told(&outcome), Vec::<String>::new());
    assert_eq!(outcome.summary.verdict, Verdict::NothingFound, "{:?}", outcome.summary);
    assert!(outcome.summary.counts.shed > 0, "load was shed, or the test proves nothing of it");
    assert!(outcome.summary.counts.modes.len() == 6, "{:?}", outcome.summary.counts.modes);
}

#[test]
fn a_server_that_answers_one_at_a_time_is_not_cleared() {
    let one_at_a_time = Mutex::new(());
    let server = Server::answering(move |request| {
        let _turn = one_at_a_time.lock().expect("nobody panics");
        work();
        Reply::page(request.parameter("u"))
    });
    let outcome = probed(&options(&server, &["/"], &["query:u"])).expect("it answers");
    assert_eq!((told(&outcome), outcome.summary.verdict), (Vec::new(), Verdict::Inconclusive));
    assert!(outcome.summary.missing[0].contains("one at a time"), "{:?}", outcome.summary.missing);
}

#[test]
fn places_are_chosen_where_none_are_named() {
    let server = Server::answering(|request| {
        work();
        let new = || format!("{:016x}", hash(COUNTER.fetch_add(1, SeqCst)));
        let sid = request.cookie("sid").unwrap_or_else(new);
        Reply::page(format!("<p>{sid}</p>"))
            .header("Set-Cookie", &format!("sid={sid}"))
            .header("Set-Cookie", "theme=darkness")
    });
    let outcome = probed(&options(&server, &["/"], &[])).expect("it answers");
    let counts = &outcome.summary.counts;
    assert_eq!(counts.tokens, ["cookie:sid", "header:X-Request-Id", "query:jostle"]);
    assert_eq!(
        (counts.sessions.as_slice(), outcome.summary.verdict),
        (&["cookie:sid".to_owned()][..], Verdict::NothingFound)
    );
    assert_eq!(told(&outcome), Vec::<String>::new());
}
