//! The REST edge: history, details, statistics, chats, health, and the files of the demo page.

mod calls;
mod chats;
pub mod contract;
mod cors;
mod dev;
mod error;
mod extract;
mod files;
mod health;
mod metrics;
mod operator;
mod sockets;
mod users;

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderValue, header};
use axum::routing::any;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use self::contract::{CALLS, CHATS, DEVELOPMENT, HEALTH, OPERATOR, USERS, about};
use crate::admission::{Admission, Quotas};
use crate::auth::Auth;
use crate::calls::CallManager;
use crate::calls::ports::Emitter;
use crate::config::{Config, Mode};
use crate::metrics::Metrics;
use crate::node::Node;
use crate::signaling::Signaling;
use crate::store::{Database, Store};

/// The largest body of a request: a chat with some thousands of members.
const MOST_BODY_BYTES: usize = 1024 * 1024;

/// What the handlers need.
#[derive(Clone)]
pub struct RestState {
    /// Verifies tokens.
    pub auth: Arc<Auth>,
    /// Counts what each user asks.
    pub quotas: Arc<Quotas>,
    /// Ends calls.
    pub calls: Arc<CallManager>,
    /// Reads calls and keeps chats.
    pub store: Arc<dyn Store>,
    /// The same, for what operators and the host application ask beyond calls.
    pub database: Arc<dyn Database>,
    /// Knows who is connected.
    pub emitter: Arc<dyn Emitter>,
    /// The signaling edge, for its state.
    pub signaling: Signaling,
    /// What is counted and timed.
    pub metrics: Arc<Metrics>,
    /// What this process is.
    pub node: Node,
    /// Whether the host application is told of calls.
    pub has_webhooks: bool,
}

/// Returns everything that the server answers over HTTP, sockets included.
pub fn router(config: &Config, state: RestState) -> Router {
    let admission = Admission::new(&config.admission);
    let sockets = sockets::router(&state.signaling, admission, state.metrics.clone());
    api(config.mode)
        .with_state(state)
        .merge(files::router(config))
        .layer(CompressionLayer::new())
        .merge(sockets)
        .layer(cors::layer(config.admission.origins.clone()))
}

/// Returns what is answered on the address for whatever watches over the server, without a token.
pub fn watch_router(state: RestState) -> Router {
    let (routes, _) = contract::documented(|| health_routes().merge(open_metrics_route()));
    routes.with_state(state)
}

fn api(mode: Mode) -> Router<RestState> {
    let (routes, document) = contract::documented(|| routes(mode));
    routes
        .merge(contract::router(&document))
        .route("/api", any(error::no_such_route))
        .route("/api/", any(error::no_such_route))
        .route("/api/{*rest}", any(error::no_such_route))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_failure(()),
        )
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
}

/// Returns the span that a request is handled in; its address may hold what is nobody's business.
fn span(request: &Request) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route)
}

/// Every route of the contract.
fn routes(mode: Mode) -> ApiRouter<RestState> {
    let routes = call_routes()
        .merge(chat_routes())
        .merge(operator_routes())
        .merge(user_routes())
        .merge(health_routes());
    match mode {
        Mode::Dev => routes
            .merge(development_routes())
            .merge(open_metrics_route()),
        Mode::Production => routes.merge(metrics_route()),
    }
}

fn call_routes() -> ApiRouter<RestState> {
    ApiRouter::new()
        .api_route(
            "/api/calls",
            get_with(
                calls::history,
                about("listCalls", CALLS, "The asker's calls, newest first"),
            ),
        )
        .api_route(
            "/api/calls/stats",
            get_with(
                calls::statistics,
                about("getStatistics", CALLS, "Figures of the asker's calls"),
            ),
        )
        .api_route(
            "/api/calls/{id}",
            get_with(
                calls::details,
                about("getCall", CALLS, "One call of the asker"),
            ),
        )
        .api_route(
            "/api/calls/{id}/timeline",
            get_with(
                calls::timeline,
                about("getTimeline", CALLS, "What happened in a call"),
            ),
        )
        .api_route(
            "/api/calls/{id}/quality",
            get_with(
                calls::quality,
                about(
                    "getQuality",
                    CALLS,
                    "What was measured in a call, link by link",
                ),
            ),
        )
}

fn chat_routes() -> ApiRouter<RestState> {
    ApiRouter::new().api_route(
        "/api/chats/{id}",
        get_with(chats::show, about("getChat", CHATS, "A chat"))
            .put_with(
                chats::put,
                about(
                    "putChat",
                    CHATS,
                    "Stores a chat in place of what was stored before",
                ),
            )
            .delete_with(
                chats::remove,
                about(
                    "deleteChat",
                    CHATS,
                    "Removes a chat; the history of its calls stays",
                ),
            ),
    )
}

fn operator_routes() -> ApiRouter<RestState> {
    ApiRouter::new()
        .api_route(
            "/api/operator/nodes",
            get_with(
                operator::nodes,
                about(
                    "listNodes",
                    OPERATOR,
                    "The nodes that serve the same people",
                ),
            ),
        )
        .api_route(
            "/api/operator/calls",
            get_with(
                operator::calls,
                about("listLiveCalls", OPERATOR, "The calls that ring or go on"),
            ),
        )
        .api_route(
            "/api/operator/calls/{id}/end",
            post_with(operator::end_call, |operation| {
                let end = about("endCall", OPERATOR, "Ends a call that rings or goes on");
                contract::conflict(end(operation), "The call is over already.")
            }),
        )
        .api_route(
            "/api/operator/recent",
            get_with(
                operator::recent,
                about(
                    "getRecent",
                    OPERATOR,
                    "What happened lately on the node that answers, minute by minute",
                ),
            ),
        )
}

fn user_routes() -> ApiRouter<RestState> {
    ApiRouter::new().api_route(
        "/api/users/{id}/data",
        get_with(
            users::show,
            about(
                "getUserData",
                USERS,
                "What is stored of a person, page by page",
            ),
        )
        .delete_with(
            users::erase,
            about(
                "eraseUserData",
                USERS,
                "Takes a person out of all chats and of all calls that are over",
            ),
        ),
    )
}

fn health_routes() -> ApiRouter<RestState> {
    ApiRouter::new()
        .api_route(
            "/healthz",
            get_with(
                health::alive,
                about("isAlive", HEALTH, "Answers as long as the process does"),
            ),
        )
        .api_route(
            "/readyz",
            get_with(
                health::ready,
                about("isReady", HEALTH, "Whether new work may be sent here"),
            ),
        )
}

const METRICS: &str = "What the server counts and times, as OpenMetrics";

/// On the public address, metrics are for the host application's backend.
fn metrics_route() -> ApiRouter<RestState> {
    let scrape = get_with(
        metrics::scrape_as_service,
        about("getMetrics", HEALTH, METRICS),
    );
    ApiRouter::new().api_route("/metrics", scrape)
}

fn open_metrics_route() -> ApiRouter<RestState> {
    let scrape = get_with(metrics::scrape, about("getMetrics", HEALTH, METRICS));
    ApiRouter::new().api_route("/metrics", scrape)
}

fn development_routes() -> ApiRouter<RestState> {
    ApiRouter::new()
        .api_route(
            "/api/dev/join",
            post_with(
                dev::join,
                about(
                    "joinChat",
                    DEVELOPMENT,
                    "Makes chat and member on the fly and returns a token",
                ),
            ),
        )
        .api_route(
            "/api/dev/chats/{id}",
            get_with(
                dev::members,
                about(
                    "listMembers",
                    DEVELOPMENT,
                    "Who is in a chat of the asker, and who is connected",
                ),
            ),
        )
}
