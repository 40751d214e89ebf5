//! Which web pages of other origins may call, over REST and sockets alike.

use std::time::Duration;

use axum::http::{HeaderValue, Method, header, request};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::Origins;

/// How long a browser may remember the answer.
const REMEMBER: Duration = Duration::from_secs(3600);

/// Tells browsers which origins may call. Tokens travel in headers and payloads, never in cookies.
pub(super) fn layer(origins: Origins) -> CorsLayer {
    let allowed = AllowOrigin::predicate(move |origin: &HeaderValue, _: &request::Parts| {
        origin.to_str().is_ok_and(|origin| allows(&origins, origin))
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .max_age(REMEMBER)
}

fn allows(origins: &Origins, origin: &str) -> bool {
    match origins {
        Origins::Any => true,
        Origins::Local => is_local(origin),
        Origins::Listed(listed) => listed.iter().any(|listed| listed == origin),
    }
}

fn is_local(origin: &str) -> bool {
    let rest = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    let Some(rest) = rest else { return false };
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let has_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    has_port && matches!(host, "localhost" | "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_local_on_every_port() {
        for origin in [
            "http://localhost",
            "http://localhost:5173",
            "https://127.0.0.1:8443",
            "http://[::1]:3000",
            "http://[::1]",
        ] {
            assert!(is_local(origin), "{origin}");
        }
    }

    #[test]
    fn other_pages_are_not_local_whatever_they_are_called() {
        for origin in [
            "null",
            "http://localhost.evil.example",
            "http://evil.example:80",
            "http://127.0.0.1.evil.example",
            "http://localhost:80@evil.example",
            "file://localhost",
        ] {
            assert!(!is_local(origin), "{origin}");
        }
    }

    #[test]
    fn listed_origins_match_exactly() {
        let listed = Origins::Listed(vec!["https://a.example".into()]);
        assert!(allows(&listed, "https://a.example"));
        assert!(!allows(&listed, "https://a.example:444"));
        assert!(!allows(&listed, "http://a.example"));
        assert!(allows(&Origins::Any, "https://whoever.example"));
    }
}
