//! Which web pages of other origins may call, over REST and sockets alike.

use std::time::Duration;

use axum::http::{HeaderValue, Method, header, request};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::admission::Origins;

/// How long a browser may remember the answer.
const REMEMBER: Duration = Duration::from_secs(3600);

/// Tells browsers which origins may call. Tokens travel in headers and payloads, never in cookies.
pub(super) fn layer(origins: Origins) -> CorsLayer {
    let allowed = AllowOrigin::predicate(move |origin: &HeaderValue, _: &request::Parts| {
        origin
            .to_str()
            .is_ok_and(|origin| origins.allow(origin, None))
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .max_age(REMEMBER)
}
