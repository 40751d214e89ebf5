//! The demo page at `/` and the built npm package at `/ringback/`.

use std::path::Path;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::routing::get;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;

/// Scripts of our own and WebAssembly; nothing inline, nothing from elsewhere but pictures of people.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     connect-src 'self'; img-src 'self' https: data:; media-src 'self' blob: mediastream:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

static HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    // File names carry no version: a browser asks each time whether its copy is still good.
    (CACHE_CONTROL, "no-cache"),
    (
        HeaderName::from_static("permissions-policy"),
        "microphone=(self), camera=(self), display-capture=(self), geolocation=()",
    ),
];

/// Serves the folders that the configuration names.
pub(super) fn router(config: &Config) -> Router {
    let mut router = Router::new();
    if let Some(package) = &config.package {
        router = router.nest_service("/ringback", folder(package));
    }
    router = match &config.www {
        Some(www) => router.fallback_service(folder(www)),
        None => router.route("/", get(welcome)).fallback(nothing_here),
    };
    HEADERS.iter().fold(router, |router, (name, value)| {
        let value = HeaderValue::from_static(value);
        router.layer(SetResponseHeaderLayer::if_not_present(name.clone(), value))
    })
}

fn folder(path: &Path) -> ServeDir<ServeDir> {
    let plain = ServeDir::new(path);
    plain
        .clone()
        .precompressed_br()
        .precompressed_gzip()
        .fallback(plain)
}

async fn welcome() -> &'static str {
    "This is a Ringback server: sockets at /socket.io, history at /api/calls.\n"
}

async fn nothing_here() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "There is nothing here.\n")
}
