//! The REST edge: history, details, statistics, chats, health, and the files of the demo page.

mod calls;
mod chats;
mod cors;
mod dev;
mod error;
mod extract;
mod files;
mod health;
mod sockets;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::routing::{any, get, post};
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::auth::Auth;
use crate::calls::ports::Emitter;
use crate::config::{Config, Mode};
use crate::signaling::Signaling;
use crate::store::Store;

/// The largest body of a request: a chat with some thousands of members.
const MOST_BODY_BYTES: usize = 1024 * 1024;

/// What the handlers need.
#[derive(Clone)]
pub struct RestState {
    /// Verifies tokens.
    pub auth: Arc<Auth>,
    /// Reads calls and keeps chats.
    pub store: Arc<dyn Store>,
    /// Knows who is connected.
    pub emitter: Arc<dyn Emitter>,
    /// The signaling edge, for its state.
    pub signaling: Signaling,
}

/// Returns everything that the server answers over HTTP, sockets included.
pub fn router(config: &Config, state: RestState) -> Router {
    let sockets = sockets::router(&state.signaling);
    api(config.mode)
        .with_state(state)
        .merge(files::router(config))
        .layer(CompressionLayer::new())
        .merge(sockets)
        .layer(cors::layer(config.origins.clone()))
}

fn api(mode: Mode) -> Router<RestState> {
    let routes = Router::new()
        .route("/api/calls", get(calls::history))
        .route("/api/calls/stats", get(calls::statistics))
        .route("/api/calls/{id}", get(calls::details))
        .route("/api/calls/{id}/timeline", get(calls::timeline))
        .route("/api/calls/{id}/quality", get(calls::quality))
        .route(
            "/api/chats/{id}",
            get(chats::show).put(chats::put).delete(chats::remove),
        )
        .route("/api", any(error::no_such_route))
        .route("/api/", any(error::no_such_route))
        .route("/api/{*rest}", any(error::no_such_route))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready));
    let routes = match mode {
        Mode::Dev => routes
            .route("/api/dev/join", post(dev::join))
            .route("/api/dev/chats/{id}", get(dev::members)),
        Mode::Production => routes,
    };
    routes
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
}
