//! The cookies that one client was given.

use httparse::{EMPTY_HEADER, Response};

/// Cookies by name, in the order in which they came. Path, domain and time are not looked at: a scenario talks to one server,
/// for a short time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<(String, String)>,
}

/// A server that sets more is not remembered beyond.
const MOST: usize = 64;

impl Jar {
    /// Takes what an answer sets. What is set to nothing is taken out, as most servers take cookies back.
    pub(crate) fn take(&mut self, head: &[u8]) {
        let mut headers = [EMPTY_HEADER; 128];
        let mut response = Response::new(&mut headers);
        if response.parse(head).is_err() {
            return;
        }
        for header in response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("set-cookie"))
        {
            let pair = String::from_utf8_lossy(header.value);
            let pair = pair.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.set(name.trim(), value.trim());
            }
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.cookies.retain(|(other, _)| other != name);
        if !value.is_empty() && self.cookies.len() < MOST {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }

    /// What a request says of them; nothing where there are none.
    pub(crate) fn header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_replaced_and_taken_back() {
        let mut jar = Jar::default();
        jar.take(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\n\r\n");
        assert_eq!(jar.header(), "a=1; b=2");
        jar.take(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=3\r\nSet-Cookie: b=; Max-Age=0\r\n\r\n");
        assert_eq!(jar.header(), "a=3");
        jar.take(b"not HTTP");
        assert_eq!(jar.header(), "a=3");
    }
}
