//! The way of sockets through HTTP to the signaling edge.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state, map_request};
use axum::response::Response;

use ringback_protocol::Failure;

use super::error::ApiError;
use crate::admission::{self, Admission, Place};
use crate::metrics::Metrics;
use crate::net::Allowance;
use crate::signaling::{self, OpenPoll, Signaling};

/// The headers that the engine looks at.
static NEEDED: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_TYPE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::UPGRADE,
];

/// Returns the routes that sockets connect to.
pub(super) fn router(signaling: &Signaling, admission: Admission, metrics: Arc<Metrics>) -> Router {
    let gate = Gate {
        signaling: signaling.clone(),
        admission,
        metrics,
    };
    let service = signaling.service();
    let with_slash = format!("{}/", signaling::PATH);
    Router::new()
        .route_service(signaling::PATH, service.clone())
        .route_service(&with_slash, service)
        .layer(map_request(detach))
        .layer(from_fn_with_state(signaling.clone(), begin))
        .layer(from_fn_with_state(signaling.clone(), watch_poll))
        .layer(from_fn_with_state(Arc::new(gate), admit))
}

/// What stands before the engine.
struct Gate {
    signaling: Signaling,
    admission: Admission,
    metrics: Arc<Metrics>,
}

impl Gate {
    /// Lets a request through, with the place of the socket that it begins.
    fn admit(&self, request: &Request) -> Result<Option<Place>, ApiError> {
        let refused = |failure: &Failure| self.metrics.refused(failure.code);
        if admission::begins(request) {
            // By its status: a proxy asks another node, and a client comes back by itself.
            self.signaling.may_begin().inspect_err(refused)?;
        }
        let checked = self.admission.check(request, Instant::now());
        checked.inspect_err(refused)?;
        let place = self.admission.place(request);
        place.inspect_err(refused).map_err(ApiError::Full)
    }
}

/// Turns away whoever may not begin, before anything else is done for them.
///
/// The place goes with the request to the socket: however that ends, or never comes to be, the place
/// is dropped.
async fn admit(
    State(gate): State<Arc<Gate>>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if let Some(place) = gate.admit(&request)? {
        request.extensions_mut().insert(Arc::new(place));
    }
    Ok(next.run(request).await)
}

/// Takes whoever begins over WebSocket; the rest is the engine's, of those who have not signed in as
/// little of it as here.
async fn begin(
    State(signaling): State<Signaling>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if let Some(response) = signaling.begin(&mut request) {
        return Ok(response);
    }
    if admission::begins(&request) && asks_for_websocket(&request) {
        let text = "This begins no session of Engine.IO 4 over WebSocket: it takes EIO=4 and the headers of RFC 6455.";
        return Err(ApiError::invalid(text));
    }
    let (request, unsigned) = signaling.limit(request)?;
    let response = next.run(request).await;
    match unsigned {
        Some(unsigned) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            unsigned.upgraded();
        }
        Some(_) | None => {}
    }
    Ok(response)
}

/// Tells whether the engine would take a request for one to speak WebSocket.
fn asks_for_websocket(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query
        .split('&')
        .any(|part| part.starts_with("transport=websocket"))
}

/// Ends the session of a client that gives up its poll, as the protocol of the engine has it.
async fn watch_poll(State(signaling): State<Signaling>, request: Request, next: Next) -> Response {
    let poll = open_poll(&signaling, &request);
    let response = next.run(request).await;
    if let Some(poll) = poll {
        poll.answered();
    }
    response
}

fn open_poll(signaling: &Signaling, request: &Request) -> Option<OpenPoll> {
    if request.method() != Method::GET || request.headers().contains_key(header::UPGRADE) {
        return None;
    }
    signaling.watch_poll(request)
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
    parts.extensions.remove::<Allowance>();
    // It was a URI before, and so it is one now.
    parts.uri = Uri::try_from(parts.uri.to_string()).unwrap_or_default();
    Request::from_parts(parts, body)
}
