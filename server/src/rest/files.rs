//! The demo page at `/` and the built npm package at `/ringback/`.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
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
    let router = router.layer(from_fn(without_hidden));
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

/// Serves no file whose name begins with a dot: `.env`, `.git` and the like lie there by mistake.
async fn without_hidden(request: Request, next: Next) -> Response {
    if is_hidden(request.uri().path()) {
        return nothing_here().await.into_response();
    }
    next.run(request).await
}

fn is_hidden(path: &str) -> bool {
    // Only these two escapes could hide a name from this look at it.
    let path = path.to_ascii_lowercase();
    let path = path.replace("%2e", ".").replace("%2f", "/");
    let mut names = path.split('/');
    // What stands there is meant to be public (RFC 8615).
    names.any(|name| name.starts_with('.') && name != ".well-known")
}

async fn welcome() -> &'static str {
    "This is a Ringback server: sockets at /socket.io, history at /api/calls.\n"
}

async fn nothing_here() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "There is nothing here.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_dot_in_front_are_hidden_however_they_are_written() {
        for path in [
            "/.env",
            "/a/.git/config",
            "/%2eenv",
            "/a%2F%2Egit%2fconfig",
            "/.well-known/.env",
            "/..",
        ] {
            assert!(is_hidden(path), "{path}");
        }
    }

    #[test]
    fn other_names_are_not_hidden() {
        for path in ["/", "/a.b/c.js", "/.well-known/security.txt", "/%252eenv"] {
            assert!(!is_hidden(path), "{path}");
        }
    }
}
