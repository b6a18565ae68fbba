//! Servers that cannot be probed, or hardly.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use jostle_model::Rule;
use jostle_probe::{ProbeError, Target};

use super::server::{Reply, Server, work};
use super::{options, probed, told};

/// What a probe says of a server that does this to every connection.
fn error(handle: impl Fn(TcpStream, &AtomicBool) + Send + Sync + 'static) -> String {
    let server = Server::handling(handle);
    let mut options = options(&server, &["/"], &["query:u"]);
    options.patience = Duration::from_millis(300);
    probed(&options).expect_err("it cannot be probed").to_string()
}

/// Reads a request, and says this.
fn says(bytes: &'static [u8]) -> impl Fn(TcpStream, &AtomicBool) + Send + Sync {
    move |mut stream, _| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(bytes);
    }
}

#[test]
fn what_is_no_answer_is_told_as_what_it_is() {
    assert!(error(says(b"SSH-2.0-OpenSSH_9.2\r\n")).contains("read what 127.0.0.1"));
    assert!(error(says(b"")).ends_with("it closed the connection"));
    assert!(error(says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort")).contains("read what"));
    assert!(error(says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nlong")).contains("read what"));
    assert!(
        error(says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")).contains("read what")
    );
    let hangs = |stream: TcpStream, _: &AtomicBool| {
        thread::sleep(Duration::from_secs(2));
        drop(stream);
    };
    assert!(error(hangs).contains("none came whole within 0.3 s"));
    let endless = |mut stream: TcpStream, _: &AtomicBool| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    };
    assert!(error(endless).contains("none came whole"));
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let server = Server::answering(|_| Reply::page(""));
    let mut options = options(&server, &["/"], &["query:u"]);
    options.target = Target::parse("http://127.0.0.1:1/").expect("a URL");
    assert!(matches!(probed(&options), Err(ProbeError::Connect { .. })));
    options.target = Target::parse("http://no-such-host.invalid/").expect("a URL");
    assert!(matches!(probed(&options), Err(ProbeError::Resolve { .. })));
    options.target = Target::parse("http://192.0.2.1/").expect("a URL");
    assert!(matches!(probed(&options), Err(ProbeError::NotLoopback { .. })));
    options.target = Target::parse(&server.url().replace("http", "https")).expect("a URL");
    assert!(matches!(probed(&options), Err(ProbeError::Tls { .. })));
}

#[test]
fn large_bodies_and_bytes_that_are_no_text_are_survived() {
    const PIECE: usize = 1 << 20;
    let server = Server::handling(|mut stream, _| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream
            .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 128 * PIECE).as_bytes());
        let piece: Vec<u8> = (0..PIECE).map(|index| (index * 31 % 256) as u8).collect();
        for _ in 0..128 {
            if stream.write_all(&piece).is_err() {
                return;
            }
        }
    });
    let mut options = options(&server, &["/"], &["query:u"]);
    options.patience = Duration::from_secs(60);
    options.concurrency = 2;
    options.requests = Some(2);
    options.modes = vec!["keep-alive".parse().expect("a mode")];
    options.duration = Duration::from_millis(100);
    let outcome = probed(&options);
    assert!(outcome.is_ok_and(|outcome| outcome.findings.is_empty()));
}

#[test]
fn answers_that_are_cut_off_under_load_are_lost() {
    let server = Server::answering(|request| {
        work();
        let page = Reply::page(request.parameter("u"));
        if request.under_way > 8 { page.header("Content-Length", "999999").closing() } else { page }
    });
    let outcome = probed(&options(&server, &["/"], &["query:u"])).expect("it answers in turn");
    assert!(
        outcome.findings.iter().any(|finding| finding.rule == Rule::LostResponse),
        "{:?}",
        told(&outcome)
    );
}
