//! `jostle probe` on servers that send without end, or nothing: it says so, and its memory does not grow.

mod harness;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use harness::jostle::{Run, binary, have_the_machine, scratch};
use harness::service::field;
use serde_json::Value;

const FOUND: i32 = 1;
const INCONCLUSIVE: i32 = 3;
const CANNOT_LOOK: i32 = 4;

/// What a probe may use, in KiB, whatever is sent to it.
const MOST: u64 = 100 * 1024;

/// A server that does this to every connection, until the test ends; `under_way` are the connections that are open.
fn server(handle: impl Fn(&mut TcpStream, usize) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let handle = Arc::new(handle);
    let open = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (handle, open) = (Arc::clone(&handle), Arc::clone(&open));
            thread::spawn(move || {
                handle(&mut stream, open.fetch_add(1, SeqCst) + 1);
                open.fetch_sub(1, SeqCst);
            });
        }
    });
    address
}

/// Reads one request; false when there is none any more.
fn request(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}

/// Sends `piece` again and again, `times` or for as long as somebody reads.
fn send(stream: &mut TcpStream, piece: &[u8], times: u64) -> bool {
    (0..times).all(|_| stream.write_all(piece).is_ok())
}

/// A probe to its end, and the most memory that it used, in KiB.
fn probe(address: SocketAddr, more: &[&str]) -> (Run, u64) {
    let case = scratch("endless-case");
    let mut child = Command::new(binary())
        .args(["probe", &format!("http://{address}/"), "--case"])
        .arg(case)
        .args(["--token", "query:u", "--session", "json:/none", "--format", "json"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("jostle starts");
    let mut most = 0;
    while child.try_wait().expect("it is ours").is_none() {
        most = most.max(peak(&child));
        thread::sleep(Duration::from_millis(10));
    }
    (Run::from(child.wait_with_output().expect("it has ended")), most)
}

/// The most memory that it has used so far, in KiB; 0 when it has ended.
fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    field(&status, "VmHWM:").trim_end_matches("kB").trim().parse().unwrap_or(0)
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_gigabyte_is_read_and_not_kept() {
    let _machine = have_the_machine();
    const PIECE: usize = 1 << 20;
    let address = server(|stream, _| {
        let piece = vec![b'x'; PIECE];
        while request(stream) {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1024 * PIECE);
            if !send(stream, head.as_bytes(), 1) || !send(stream, &piece, 1024) {
                return;
            }
        }
    });
    let few = ["--requests", "2", "--concurrency", "2", "--mode", "keep-alive", "--timeout", "60s"];
    let (run, most) = probe(address, &few);
    let lines = lines(&run);
    // Nobody is named in such an answer: nothing is found, and nothing is cleared.
    assert_eq!((run.code, lines.len()), (Some(INCONCLUSIVE), 1), "{run:#?}");
    assert_eq!(lines[0]["counts"]["answers"], 2, "{run:#?}");
    assert!(most > 0 && most < MOST, "{most} KiB");
}

#[test]
fn an_answer_without_end_is_given_up_and_not_kept() {
    let _machine = have_the_machine();
    let endless: [(&str, &[u8]); 4] = [
        ("HTTP/1.1 200 OK\r\n\r\n", b"for ever and ever "),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\n12345\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"an extension of a chunk "),
        ("", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ];
    for (head, piece) in endless {
        let piece = piece.repeat(4_096);
        let address = server(move |stream, _| {
            let _ = request(stream) && send(stream, head.as_bytes(), 1) && send(stream, &piece, u64::MAX);
        });
        let (run, most) = probe(address, &["--timeout", "1s"]);
        assert_eq!(run.code, Some(CANNOT_LOOK), "{head:?}: {run:#?}");
        let told =
            run.stderr.contains("none came whole within 1.0 s") || run.stderr.contains("failed to read what");
        assert!(told && run.stderr.matches("error:").count() == 1, "{head:?}: {run:#?}");
        assert!(most > 0 && most < MOST, "{head:?}: {most} KiB");
    }
    let address = server(|stream, _| {
        let header = b"X-More: and more and more\r\n".repeat(4_096);
        let _ = request(stream) && send(stream, b"HTTP/1.1 200 OK\r\n", 1) && send(stream, &header, u64::MAX);
    });
    let (run, most) = probe(address, &["--timeout", "10s"]);
    assert_eq!(run.code, Some(CANNOT_LOOK), "{run:#?}");
    assert!(run.stderr.contains("failed to read what") && most < MOST, "{most} KiB: {run:#?}");
}

#[test]
fn what_never_ends_under_load_is_lost_and_not_kept() {
    let _machine = have_the_machine();
    const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let address = server(|stream, open| {
        while request(stream) {
            // Alone they are answered; among others some are never done with, and some hear nothing.
            let sent = match open {
                0..3 => send(stream, WHOLE, 1),
                3 => {
                    thread::sleep(Duration::from_secs(30));
                    false
                }
                _ if open % 2 == 0 => {
                    send(stream, b"HTTP/1.1 200 OK\r\n\r\n", 1) && send(stream, &[b'x'; 1 << 16], u64::MAX)
                }
                _ => send(stream, WHOLE, 1),
            };
            if !sent {
                return;
            }
        }
    });
    let few = ["--for", "3s", "--concurrency", "8", "--mode", "keep-alive", "--timeout", "1s"];
    let (run, most) = probe(address, &few);
    assert_eq!(run.code, Some(FOUND), "{run:#?}");
    assert!(lines(&run).iter().any(|line| line["rule"] == "lost-response"), "{run:#?}");
    assert!(most > 0 && most < MOST, "{most} KiB");
}

#[test]
fn a_length_that_is_none_is_told() {
    let cases: [(&[u8], &str); 5] = [
        (b"Content-Length: 9\r\n\r\nshort", "the answer was cut off"),
        (b"Content-Length: 1\r\n\r\nlong", "longer than it says"),
        (b"Content-Length: -1\r\n\r\n", "Content-Length is no number"),
        (b"Content-Length: 99999999999999999999999999\r\n\r\nx", "Content-Length is no number"),
        (b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "two that differ"),
    ];
    for (answer, why) in cases {
        let address = server(move |stream, _| {
            let _ = request(stream) && send(stream, b"HTTP/1.1 200 OK\r\n", 1) && send(stream, answer, 1);
        });
        let (run, _) = probe(address, &["--timeout", "2s"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(CANNOT_LOOK), ""), "{run:#?}");
        assert!(run.stderr.contains(why), "{why}: {run:#?}");
    }
}

#[test]
fn a_server_that_hangs_is_told_after_the_time_that_was_given() {
    let address = server(|stream, _| {
        let _ = request(stream);
        thread::sleep(Duration::from_secs(60));
    });
    let (run, _) = probe(address, &["--timeout", "500ms"]);
    assert_eq!(run.code, Some(CANNOT_LOOK), "{run:#?}");
    assert!(run.stderr.contains("none came whole within 0.5 s"), "{run:#?}");
}
