//! Connections to the server, encrypted or not.

mod tls;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::error::ProbeError;
use crate::target::Target;

pub(crate) use tls::config;

/// How long a server may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// How to reach the server.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// The server.
    pub(crate) target: Target,
    /// Its addresses, the one that works first.
    addresses: Vec<SocketAddr>,
    tls: Option<Arc<ClientConfig>>,
}

impl Door {
    /// The way to `target`, after one connection was made.
    pub(crate) async fn find(
        target: &Target,
        addresses: Vec<SocketAddr>,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, ProbeError> {
        let mut door = Self { target: target.clone(), addresses, tls };
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "it has no address");
        for index in 0..door.addresses.len() {
            match connected(door.addresses[index]).await {
                Ok(_) => {
                    door.addresses.swap(0, index);
                    return Ok(door);
                }
                Err(error) => failure = error,
            }
        }
        Err(ProbeError::Connect { address: target.authority.clone(), source: failure })
    }

    /// A new connection.
    pub(crate) async fn open(&self) -> Result<Stream, ProbeError> {
        let stream = connected(self.addresses[0]).await;
        let stream = stream
            .map_err(|source| ProbeError::Connect { address: self.target.authority.clone(), source })?;
        // Answers are small and each is waited for: nothing is gained by collecting bytes.
        let _ = stream.set_nodelay(true);
        let Some(config) = &self.tls else { return Ok(Stream::Plain(stream)) };
        let host = self.target.host.clone();
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let encrypted = match ServerName::try_from(host.clone()).map_err(invalid) {
            Ok(name) => {
                let connector = tokio_rustls::TlsConnector::from(Arc::clone(config));
                within(PATIENCE, connector.connect(name, stream)).await
            }
            Err(error) => Err(error),
        };
        let encrypted = encrypted.map_err(|source| ProbeError::Tls { host, source })?;
        Ok(Stream::Tls(Box::new(encrypted)))
    }
}

async fn connected(address: SocketAddr) -> io::Result<TcpStream> {
    within(PATIENCE, TcpStream::connect(address)).await
}

async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match tokio::time::timeout(time, work).await {
        Ok(done) => done,
        Err(_) => {
            Err(io::Error::new(io::ErrorKind::TimedOut, format!("nothing happened for {} s", time.as_secs())))
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Ends the connection at once, by a reset.
    pub(crate) fn abort(self) {
        let stream = match &self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        };
        // Where it cannot be reset it is closed.
        let _ = stream.set_zero_linger();
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
