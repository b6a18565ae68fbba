//! Where the server is.

use std::net::SocketAddr;

use url::Url;

use crate::error::ProbeError;

/// A server, by its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Host and port as a `Host` header has them.
    pub authority: String,
    /// The name or the address.
    pub host: String,
    /// The port, whether it was named or not.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// Path and query.
    pub path: String,
}

impl Target {
    /// Reads a URL, such as `http://127.0.0.1:8080/cart`; `http://` may be left out.
    pub fn parse(text: &str) -> Result<Self, ProbeError> {
        let error = |why: String| ProbeError::Url { url: text.to_owned(), why };
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&whole).map_err(|why| error(why.to_string()))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(error(format!("`{other}` is neither http nor https"))),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(error(
                "a name and password do not go into it; give an Authorization header".to_owned(),
            ));
        }
        let host = url.host_str().ok_or_else(|| error("it names no host".to_owned()))?;
        let port = url.port_or_known_default().ok_or_else(|| error("it names no port".to_owned()))?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self {
            authority,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            tls,
            path: format!("{}{query}", url.path()),
        })
    }

    /// Its addresses, which must be this machine's own unless the user says that the server is theirs.
    pub async fn resolve(&self, elsewhere: bool) -> Result<Vec<SocketAddr>, ProbeError> {
        let host = || self.host.clone();
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|source| ProbeError::Resolve { host: host(), source })?.collect();
        match found.iter().find(|address| !address.ip().to_canonical().is_loopback()) {
            Some(address) if !elsewhere => {
                Err(ProbeError::NotLoopback { host: host(), address: address.ip() })
            }
            _ => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_the_server_is() {
        let target = Target::parse("https://shop.test/cart?full=1#x").expect("a URL");
        let expected = ("shop.test", "shop.test", 443, true, "/cart?full=1");
        assert_eq!((&*target.authority, &*target.host, target.port, target.tls, &*target.path), expected);
        let target = Target::parse("[::1]:8080").expect("a URL");
        assert_eq!(
            (&*target.authority, &*target.host, target.port, &*target.path),
            ("[::1]:8080", "::1", 8080, "/")
        );
        assert_eq!(Target::parse("localhost:3000/a").expect("a URL").authority, "localhost:3000");
    }

    #[test]
    fn what_is_no_url_of_a_server_is_told_why() {
        for (url, why) in [
            ("ftp://a/", "neither http nor https"),
            ("http://", "empty host"),
            ("http://a:99999/", "invalid port"),
            ("http://me:secret@a/", "Authorization"),
        ] {
            let message = Target::parse(url).expect_err(url).to_string();
            assert!(message.contains(why), "{message}");
        }
    }
}
