//! What both variants need: who comes, the two cookies, the slow page, and the server.
//! Nothing here is kept between requests.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header::CONTENT_TYPE, header::COOKIE, header::SET_COOKIE},
    response::{IntoResponse, Response},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// What every page takes, as one that asks a database does.
pub const WORK: Duration = Duration::from_millis(10);

const VISITOR_LIFETIME: u32 = 2 * 365 * 24 * 60 * 60;
const SESSION_LIFETIME: u32 = 30 * 60;

/// What is known of one request.
#[derive(Clone, Default)]
pub struct Visit {
    visitor_id: String,
    session_id: String,
    campaign: Option<String>,
}

impl Visit {
    /// Whoever brings an id keeps it, whoever does not gets a new one.
    pub fn of(request: &Request) -> Self {
        Self {
            visitor_id: own_or_new(request, "visitor_id"),
            session_id: own_or_new(request, "session_id"),
            campaign: campaign(request.uri().query().unwrap_or_default()),
        }
    }

    /// The page names its visitor.
    pub fn page(&self, path: &str) -> Response {
        let page = serde_json::json!({
            "path": path, "visitor_id": self.visitor_id, "session_id": self.session_id, "campaign": self.campaign,
        });
        ([(CONTENT_TYPE, "application/json")], page.to_string()).into_response()
    }

    /// Tells the browser who it is.
    pub fn set_cookies(&self, response: &mut Response) {
        for (name, id, lifetime) in [
            ("visitor_id", &self.visitor_id, VISITOR_LIFETIME),
            ("session_id", &self.session_id, SESSION_LIFETIME),
        ] {
            let cookie = format!("{name}={id}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Lax");
            let cookie = HeaderValue::from_str(&cookie).expect("an id is plain ASCII");
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}

fn own_or_new(request: &Request, name: &str) -> String {
    let cookies = request.headers().get_all(COOKIE);
    cookies
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split("; "))
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, value)| *key == name && is_id(value))
        .map_or_else(new_id, |(_, value)| value.to_owned())
}

fn is_id(text: &str) -> bool {
    (8..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn new_id() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the kernel has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The campaign of a query, where it needs no decoding.
fn campaign(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("utm_campaign="))?;
    is_id(value).then(|| value.to_owned())
}

/// Serves on the port that the command line names (0 takes a free one) until it is asked to end.
pub fn serve(site: Router) -> std::io::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve_async(site))
}

async fn serve_async(site: Router) -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let mut asked_to_end = signal(SignalKind::terminate())?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, site)
        .with_graceful_shutdown(async move {
            asked_to_end.recv().await;
        })
        .await
}
