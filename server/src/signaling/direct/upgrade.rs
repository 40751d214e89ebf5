//! From an HTTP request to a session over WebSocket.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use tungstenite::handshake::derive_accept_key;

use super::super::Signaling;
use super::session;
use crate::{admission, net};

impl Signaling {
    /// Answers a request that begins a session over WebSocket; none when it is anything else.
    pub fn begin(&self, request: &mut Request) -> Option<axum::response::Response> {
        if !begins_over_websocket(request) {
            return None;
        }
        let accept = accept(request.headers())?;
        let place = request.extensions_mut().remove();
        let allowance = request.extensions_mut().remove();
        let upgrade = hyper::upgrade::on(request);
        let signaling = self.clone();
        tokio::spawn(async move {
            // A client that went away before it had its answer.
            let Ok(upgraded) = upgrade.await else { return };
            match net::stream_of(upgraded) {
                Some((stream, early)) => {
                    session::run(signaling, stream, early, place, allowance).await;
                }
                None => tracing::error!("a connection is not one of this server's"),
            }
        });
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, accept)
            .body(Body::empty())
            .ok()
    }
}

/// Tells whether a request begins a session of Engine.IO 4 over WebSocket.
fn begins_over_websocket(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let has = |wanted: &str| query.split('&').any(|part| part == wanted);
    let asks = has("EIO=4") && has("transport=websocket");
    request.method() == Method::GET && asks && admission::begins(request)
}

/// Returns the answer to a handshake (RFC 6455, 4.2); none when it is not in order.
fn accept(headers: &HeaderMap) -> Option<String> {
    let is_upgrade = says(headers, &header::CONNECTION, "upgrade")
        && says(headers, &header::UPGRADE, "websocket")
        && says(headers, &header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    is_upgrade.then(|| derive_accept_key(HeaderValue::as_bytes(key)))
}

/// Tells whether a header lists that word.
fn says(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lists = |value: &HeaderValue| {
        let words = value.to_str().unwrap_or_default();
        words
            .split(',')
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    headers.get_all(name).iter().any(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: [(HeaderName, &str); 4] = [
        (header::CONNECTION, "keep-alive, Upgrade"),
        (header::UPGRADE, "WebSocket"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
        (header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn headers(of: impl IntoIterator<Item = (HeaderName, &'static str)>) -> HeaderMap {
        let value = |(name, value)| (name, HeaderValue::from_static(value));
        of.into_iter().map(value).collect()
    }

    #[test]
    fn a_session_that_begins_over_websocket_says_so_and_names_no_other() {
        let begins = |method: Method, query: &str| {
            let uri = format!("/socket.io/?{query}");
            let request = Request::builder().method(method).uri(uri);
            begins_over_websocket(&request.body(Body::empty()).unwrap())
        };
        assert!(begins(Method::GET, "EIO=4&transport=websocket"));
        assert!(begins(Method::GET, "t=x&transport=websocket&EIO=4"));
        assert!(!begins(Method::POST, "EIO=4&transport=websocket"));
        for other in [
            "",
            "EIO=4",
            "EIO=3&transport=websocket",
            "EIO=4&transport=polling",
            "EIO=4&transport=websocket&sid=AAAA",
            "EIO=4&transport=websockets",
        ] {
            assert!(!begins(Method::GET, other), "{other}");
        }
    }

    /// The key and its answer are those of RFC 6455, 1.3.
    #[test]
    fn a_handshake_is_accepted_when_all_of_it_is_there() {
        let accepted = accept(&headers(ASKED));
        assert_eq!(accepted.as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        for (missing, _) in &ASKED {
            let rest = ASKED.into_iter().filter(|(name, _)| name != missing);
            assert_eq!(accept(&headers(rest)), None, "{missing}");
        }
    }
}
