//! How little is heard of a session that begins by polling before somebody has signed in.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use engineioxide::socket::DisconnectReason;
use http_body_util::Limited;
use ringback_protocol::{ErrorCode, Failure};

use super::socket::Socket;
use super::{Signaling, UNSIGNED_BYTES, session_of};
use crate::net::Allowance;

/// A request of a session that has not signed in, on a connection that may become its own.
pub(crate) struct Unsigned {
    socket: Arc<Socket>,
    allowance: Allowance,
}

impl Unsigned {
    /// The session goes over to WebSocket: from here on the connection is its alone.
    pub(crate) fn upgraded(self) {
        self.socket.data.limit_until_sign_in(self.allowance);
    }
}

impl Signaling {
    /// Sees to it that little is heard of a session that has not signed in.
    ///
    /// # Errors
    /// `PAYLOAD_TOO_LARGE` when the request says that it brings more; the session is over then.
    pub(crate) fn limit(&self, request: Request) -> Result<(Request, Option<Unsigned>), Failure> {
        let socket = session_of(&request).and_then(|sid| self.polls.find(sid));
        let Some(socket) = socket.filter(|socket| socket.data.is_waiting()) else {
            return Ok((request, None));
        };
        let mut request = limited(request).inspect_err(|failure| {
            self.hub.metrics.refused(failure.code);
            socket.end(DisconnectReason::TransportError);
        })?;
        let allowance = request.extensions_mut().remove();
        let unsigned = allowance.map(|allowance| Unsigned { socket, allowance });
        Ok((request, unsigned))
    }
}

/// The body alone: the connection may be a proxy's, and carry requests of others.
fn limited(request: Request) -> Result<Request, Failure> {
    if request.body().size_hint().lower() > UNSIGNED_BYTES as u64 {
        let text = format!(
            "Before the sign-in a request must not be larger than {} KiB.",
            UNSIGNED_BYTES / 1024
        );
        return Err(Failure::new(ErrorCode::PayloadTooLarge, text));
    }
    Ok(request.map(|body| Body::new(Limited::new(body, UNSIGNED_BYTES))))
}
