//! How little is heard of a session that begins by polling before somebody has signed in.

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header;
use engineioxide::socket::{DisconnectReason, Sid};
use http_body_util::Limited;
use ringback_protocol::{ErrorCode, Failure};

use super::socket::Socket;
use super::{Signaling, UNSIGNED_BYTES};

impl Signaling {
    /// Sees to it that little is heard of a session that has not signed in.
    ///
    /// # Errors
    /// `PAYLOAD_TOO_LARGE` when the request says that it brings more; the session is over then.
    pub fn limit(&self, request: Request) -> Result<Request, Failure> {
        let socket = session_of(&request).and_then(|sid| self.polls.find(sid));
        match socket.filter(|socket| socket.data.is_waiting()) {
            Some(socket) => limited(request, &socket),
            None => Ok(request),
        }
    }
}

/// Returns the session that a request goes on with.
fn session_of(request: &Request) -> Option<Sid> {
    let mut parameters = request.uri().query()?.split('&');
    let sid = parameters.find_map(|parameter| parameter.strip_prefix("sid="))?;
    sid.parse().ok()
}

fn limited(mut request: Request, socket: &Socket) -> Result<Request, Failure> {
    // From here on the connection is this session's alone; one that polls may be a proxy's.
    if request.headers().contains_key(header::UPGRADE) {
        if let Some(allowance) = request.extensions_mut().remove() {
            socket.data.limit_until_sign_in(allowance);
        }
        return Ok(request);
    }
    if request.body().size_hint().lower() > UNSIGNED_BYTES as u64 {
        socket.end(DisconnectReason::TransportError);
        let text = format!(
            "Before the sign-in a request must not be larger than {} KiB.",
            UNSIGNED_BYTES / 1024
        );
        return Err(Failure::new(ErrorCode::PayloadTooLarge, text));
    }
    Ok(request.map(|body| Body::new(Limited::new(body, UNSIGNED_BYTES))))
}
