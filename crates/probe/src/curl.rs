//! Requests as people have them at hand: a command line for curl, copied from a browser or a manual.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::template::Ask;

/// Why a command line for curl could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CurlError {
    /// The quotes do not match.
    #[error("its quotes do not match")]
    Quotes,
    /// There is nothing to ask.
    #[error("it names no URL")]
    NoUrl,
    /// Nobody knows what this does.
    #[error("`{0}` is not known here; leave it out")]
    Unknown(String),
    /// Something has to follow.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// What stands there has no colon.
    #[error("`{0}` is no header")]
    Header(String),
    /// It reads a file, which is not done here.
    #[error("`{0}` reads a file; give the body itself")]
    File(String),
}

/// Options without a value that change nothing about the request.
const HARMLESS: [&str; 18] = [
    "-s",
    "-S",
    "-v",
    "-i",
    "-k",
    "-L",
    "-f",
    "-g",
    "-#",
    "--silent",
    "--show-error",
    "--verbose",
    "--include",
    "--insecure",
    "--location",
    "--fail",
    "--globoff",
    "--compressed",
];

/// The URL and the request that `command` stands for. The word `curl` may be left out.
pub fn parse_curl(command: &str) -> Result<(String, Ask), CurlError> {
    let words = shlex::split(command).ok_or(CurlError::Quotes)?;
    let mut words = words.into_iter().peekable();
    words.next_if(|word| word == "curl");
    let mut line = Line::default();
    while let Some(word) = words.next() {
        let (flag, glued) = split(&word);
        let mut value =
            || glued.clone().or_else(|| words.next()).ok_or_else(|| CurlError::NoValue(flag.clone()));
        match flag.as_str() {
            // What is left of a backslash at the end of a line.
            "" => {}
            _ if HARMLESS.contains(&flag.as_str()) => line.compressed |= flag == "--compressed",
            "-X" | "--request" => line.method = Some(value()?),
            "-H" | "--header" => line.header(&value()?)?,
            "-b" | "--cookie" => line.headers.push(("Cookie".to_owned(), inline(&flag, value()?)?)),
            "-A" | "--user-agent" => line.headers.push(("User-Agent".to_owned(), value()?)),
            "-e" | "--referer" => line.headers.push(("Referer".to_owned(), value()?)),
            "-u" | "--user" => {
                line.headers
                    .push(("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(value()?))));
            }
            "-d" | "--data" | "--data-ascii" | "--data-binary" => line.data(&inline(&flag, value()?)?, FORM),
            "--data-raw" => line.data(&value()?, FORM),
            "--json" => line.data(&inline(&flag, value()?)?, "application/json"),
            "-G" | "--get" => line.get = true,
            "-I" | "--head" => line.method = Some("HEAD".to_owned()),
            "--url" => line.url = Some(value()?),
            _ if word.starts_with('-') => return Err(CurlError::Unknown(word)),
            _ => line.url = Some(word),
        }
    }
    line.finish()
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A flag, and the value that is glued to it: `-XPOST`, `--request=POST`.
fn split(word: &str) -> (String, Option<String>) {
    if let Some((flag, value)) = word.strip_prefix("--").and_then(|rest| rest.split_once('=')) {
        return (format!("--{flag}"), Some(value.to_owned()));
    }
    let takes_value = ["-X", "-H", "-b", "-A", "-e", "-u", "-d"].iter().find(|flag| word.starts_with(**flag));
    match takes_value {
        Some(flag) if word.len() > flag.len() => ((*flag).to_owned(), Some(word[flag.len()..].to_owned())),
        _ => (word.to_owned(), None),
    }
}

/// A value that is not the name of a file.
fn inline(flag: &str, value: String) -> Result<String, CurlError> {
    if value.starts_with('@') { Err(CurlError::File(format!("{flag} {value}"))) } else { Ok(value) }
}

#[derive(Default)]
struct Line {
    url: Option<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    kind: &'static str,
    get: bool,
    compressed: bool,
}

impl Line {
    fn header(&mut self, text: &str) -> Result<(), CurlError> {
        let (name, value) = text.split_once(':').ok_or_else(|| CurlError::Header(text.to_owned()))?;
        // These follow from where and what is sent.
        let framing = ["host", "content-length", "connection", "transfer-encoding"];
        if !framing.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
            self.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(())
    }

    fn data(&mut self, text: &str, kind: &'static str) {
        self.kind = kind;
        self.body = Some(match self.body.take() {
            Some(before) => format!("{before}&{text}"),
            None => text.to_owned(),
        });
    }

    fn finish(mut self) -> Result<(String, Ask), CurlError> {
        let mut url = self.url.take().ok_or(CurlError::NoUrl)?;
        let body = self.body.take();
        let method = self
            .method
            .take()
            .unwrap_or_else(|| if body.is_some() && !self.get { "POST" } else { "GET" }.to_owned());
        let given = |headers: &[(String, String)], wanted: &str| {
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        if self.compressed && !given(&self.headers, "accept-encoding") {
            self.headers.push(("Accept-Encoding".to_owned(), "gzip, deflate, br, zstd".to_owned()));
        }
        let body = match body {
            Some(data) if self.get => {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(&data);
                Vec::new()
            }
            Some(data) => {
                if !given(&self.headers, "content-type") {
                    self.headers.push(("Content-Type".to_owned(), self.kind.to_owned()));
                }
                data.into_bytes()
            }
            None => Vec::new(),
        };
        // The target follows from the URL, once that is read.
        Ok((url, Ask { method, target: String::new(), headers: self.headers, body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_copies_is_understood() {
        let command = "curl 'http://localhost:8080/cart?x=1' \\\n -X POST -H 'Accept: */*' -H 'Host: other' \\\n \
            -b 'sid=1; theme=dark' --data-raw '{\"a\":1}' -H 'content-type: application/json' --compressed -s";
        let (url, ask) = parse_curl(command).expect("understood");
        assert_eq!((url.as_str(), ask.method.as_str()), ("http://localhost:8080/cart?x=1", "POST"));
        let headers: Vec<String> =
            ask.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let expected = [
            "Accept: */*",
            "Cookie: sid=1; theme=dark",
            "content-type: application/json",
            "Accept-Encoding: gzip, deflate, br, zstd",
        ];
        assert_eq!((headers, ask.body.as_slice()), (expected.map(str::to_owned).to_vec(), &b"{\"a\":1}"[..]));
    }

    #[test]
    fn what_is_glued_and_what_is_implied_is_understood() {
        let (url, ask) = parse_curl("curl -G -da=1 --data=b=2 http://h/p -u me:secret").expect("understood");
        assert_eq!((url.as_str(), ask.method.as_str(), ask.body.len()), ("http://h/p?a=1&b=2", "GET", 0));
        assert_eq!(ask.headers[0].1, "Basic bWU6c2VjcmV0");
        assert_eq!(parse_curl("http://h -d x=1").expect("understood").1.method, "POST");
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert_eq!(parse_curl("curl 'http://h"), Err(CurlError::Quotes));
        assert_eq!(parse_curl("curl -s"), Err(CurlError::NoUrl));
        assert_eq!(
            parse_curl("curl http://h --upload-file x"),
            Err(CurlError::Unknown("--upload-file".to_owned()))
        );
        assert_eq!(parse_curl("curl http://h -H"), Err(CurlError::NoValue("-H".to_owned())));
        assert_eq!(
            parse_curl("curl http://h -d @body.json"),
            Err(CurlError::File("-d @body.json".to_owned()))
        );
    }
}
