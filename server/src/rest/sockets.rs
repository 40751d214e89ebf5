//! The way of sockets through HTTP to the signaling edge.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::middleware::map_request;

use crate::signaling::{self, Signaling};

/// The headers that the engine looks at.
static NEEDED: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_TYPE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::UPGRADE,
];

/// Returns the routes that sockets connect to.
pub(super) fn router(signaling: &Signaling) -> Router {
    let service = signaling.service();
    let with_slash = format!("{}/", signaling::PATH);
    Router::new()
        .route_service(signaling::PATH, service.clone())
        .route_service(&with_slash, service)
        .layer(map_request(detach))
}

/// Copies what the engine needs of a request.
///
/// The engine keeps the request for as long as the socket lives, and its headers are slices of the
/// connection's whole read buffer: 16 KiB for each idle socket.
async fn detach(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    let copy = |name: &HeaderName| {
        let value = HeaderValue::from_bytes(parts.headers.get(name)?.as_bytes()).ok()?;
        Some((name.clone(), value))
    };
    parts.headers = NEEDED.iter().filter_map(copy).collect();
    // It was a URI before, and so it is one now.
    parts.uri = Uri::try_from(parts.uri.to_string()).unwrap_or_default();
    Request::from_parts(parts, body)
}
