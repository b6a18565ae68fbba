use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::rules::Ending;
use crate::template::TemplateError;
use crate::wire::Malformed;

/// Why a server could not be probed. Each reads on after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The URL is none.
    #[error("read the URL `{url}`: {why}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The name has no address.
    #[error("find the address of {host}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// Somebody else's machine.
    #[error("probe {host}: {address} is not this machine")]
    NotLoopback {
        /// The name.
        host: String,
        /// Its address.
        address: std::net::IpAddr,
    },
    /// Nobody listens, or nobody lets us in.
    #[error("connect to {address}")]
    Connect {
        /// Where to.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The connection is there, and encryption fails.
    #[error("agree on TLS with {host}")]
    Tls {
        /// Whom the certificate should name.
        host: String,
        /// Why not.
        source: io::Error,
    },
    /// The certificates to trust cannot be read.
    #[error("read the certificates in {}", path.display())]
    Certificates {
        /// Where they should be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The server does not speak HTTP, or not well.
    #[error("read what {address} answers to {request}")]
    Malformed {
        /// Where to.
        address: String,
        /// What was asked.
        request: String,
        /// What is wrong.
        source: Malformed,
    },
    /// The server hangs up.
    #[error("get an answer from {address} to {request}: it closed the connection")]
    HungUp {
        /// Where to.
        address: String,
        /// What was asked.
        request: String,
    },
    /// The server does not answer.
    #[error("get an answer from {address} to {request}: none came whole within {:.1} s", waited.as_secs_f64())]
    Hangs {
        /// Where to.
        address: String,
        /// What was asked.
        request: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// HTTP/2 fails, before anything else.
    #[error("speak HTTP/2 with {address}")]
    Http2 {
        /// Where to.
        address: String,
        /// Why not.
        source: h2::Error,
    },
    /// A token has no place to go.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// More places than a token can tell apart.
    #[error("put tokens into {0} places of a request: {most} are the most", most = crate::token::MOST_SLOTS)]
    TooManyPlaces(usize),
    /// Several servers are to be sent something that may change them.
    #[error("send {request} to several servers: its method may change something in each of them")]
    Unsafe {
        /// Which.
        request: String,
    },
    /// The new version is to be asked for something else than the old one.
    #[error("compare answers to different requests: the path {path} is not the old version's")]
    OtherPath {
        /// What stands in the URL of the other one.
        path: String,
    },
    /// The machine gives no thread or no event queue.
    #[error("start to send")]
    Start(#[source] io::Error),
}

impl ProbeError {
    /// That a request to `address` ended so.
    pub(crate) fn of_ending(address: String, request: String, ending: &Ending) -> Self {
        match *ending {
            Ending::Closed { .. } => Self::HungUp { address, request },
            Ending::Malformed(source) => Self::Malformed { address, request, source },
            Ending::TimedOut(waited) => Self::Hangs { address, request, waited },
        }
    }
}
