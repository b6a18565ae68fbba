//! The visit is an extension of the request. Nothing is shared, so there is nothing to lock.

use axum::{
    Extension, Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use shared_middleware::{Visit, WORK, serve};

async fn tracking(mut request: Request, next: Next) -> Response {
    let visit = Visit::of(&request);
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    visit.set_cookies(&mut response);
    response
}

async fn slow(Extension(visit): Extension<Visit>, request: Request) -> Response {
    tokio::time::sleep(WORK).await;
    visit.page(request.uri().path())
}

fn main() -> std::io::Result<()> {
    serve(Router::new().fallback(get(slow)).layer(from_fn(tracking)))
}
