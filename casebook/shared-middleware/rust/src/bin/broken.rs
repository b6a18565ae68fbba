//! The visit is in the state that all requests share, behind a mutex. There is no data race in it: every access is
//! locked, and the compiler is content. But the lock is given back between the write and the read.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::get,
};
use shared_middleware::{Visit, WORK, serve};

type Current = Arc<Mutex<Visit>>;

async fn tracking(State(current): State<Current>, request: Request, next: Next) -> Response {
    *current.lock().unwrap() = Visit::of(&request);
    let mut response = next.run(request).await;
    current.lock().unwrap().set_cookies(&mut response);
    response
}

async fn slow(State(current): State<Current>, request: Request) -> Response {
    tokio::time::sleep(WORK).await;
    current.lock().unwrap().page(request.uri().path())
}

fn main() -> std::io::Result<()> {
    let current = Current::default();
    let site = Router::new()
        .fallback(get(slow))
        .layer(from_fn_with_state(current.clone(), tracking))
        .with_state(current);
    serve(site)
}
