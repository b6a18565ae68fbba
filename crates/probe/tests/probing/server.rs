//! A server with a thread for each connection, which answers what a function says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// What was asked.
pub(crate) struct Request {
    pub(crate) path: String,
    query: String,
    headers: Vec<(String, String)>,
    /// How many requests are being answered, this one among them.
    pub(crate) under_way: usize,
}

impl Request {
    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let header = self.header("cookie");
        let pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next()
    }
}

/// What is answered.
pub(crate) struct Reply {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
    chunked: bool,
    close: bool,
}

impl Reply {
    pub(crate) fn page(body: impl Into<Vec<u8>>) -> Self {
        Self { status: "200 OK", headers: String::new(), body: body.into(), chunked: false, close: false }
    }

    pub(crate) fn status(self, status: &'static str) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { headers: format!("{}{name}: {value}\r\n", self.headers), ..self }
    }

    pub(crate) fn chunked(self) -> Self {
        Self { chunked: true, ..self }
    }

    pub(crate) fn closing(self) -> Self {
        Self { close: true, ..self.header("Connection", "close") }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { status, headers, body, .. } = self;
        if !self.chunked {
            let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
            return [head.as_bytes(), body].concat();
        }
        let mut bytes =
            format!("HTTP/1.1 {status}\r\n{headers}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
        for chunk in body.chunks(7) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        bytes
    }
}

/// A server, which ends with its owner.
pub(crate) struct Server {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Server {
    /// One that answers.
    pub(crate) fn answering(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let under_way = AtomicUsize::new(0);
        Self::handling(move |stream, over| converse(stream, over, &under_way, &answer))
    }

    /// One that does something to every connection.
    pub(crate) fn handling(handle: impl Fn(TcpStream, &AtomicBool) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let over = Arc::new(AtomicBool::new(false));
        let (end, handle) = (Arc::clone(&over), Arc::new(handle));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if end.load(SeqCst) {
                    return;
                }
                let (end, handle) = (Arc::clone(&end), Arc::clone(&handle));
                thread::spawn(move || handle(stream, &end));
            }
        });
        Self { address, over }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What makes it end from within.
    pub(crate) fn switch(&self) -> impl Fn() + Send + Sync + use<> {
        let (over, address) = (Arc::clone(&self.over), self.address);
        move || {
            over.store(true, SeqCst);
            // Wakes the thread that accepts.
            let _ = TcpStream::connect(address);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.switch()();
    }
}

fn converse(
    mut stream: TcpStream,
    over: &AtomicBool,
    under_way: &AtomicUsize,
    answer: &dyn Fn(&Request) -> Reply,
) {
    let _ = stream.set_nodelay(true);
    let mut received = Vec::new();
    while let Some(mut request) = next(&mut stream, &mut received) {
        request.under_way = under_way.fetch_add(1, SeqCst) + 1;
        let reply = answer(&request);
        under_way.fetch_sub(1, SeqCst);
        if over.load(SeqCst) || stream.write_all(&reply.bytes()).is_err() || reply.close {
            return;
        }
    }
}

/// The next request on a connection; none when it has ended.
fn next(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(length) if length > 0 => received.extend_from_slice(&piece[..length]),
            _ => return None,
        }
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    received.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Request { path: path.to_owned(), query: query.to_owned(), headers: headers.collect(), under_way: 0 })
}

/// As long as a page takes that asks a database.
pub(crate) fn work() {
    thread::sleep(Duration::from_millis(3));
}
