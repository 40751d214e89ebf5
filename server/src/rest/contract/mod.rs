//! The contract in machine-readable form: the OpenAPI document, made from the routes and from what
//! their handlers take and return, the AsyncAPI document of the socket events, and a page for both.

mod inputs;
mod outputs;
mod page;

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::generate::in_context;
use aide::openapi::{Info, License, OpenApi, SecurityScheme, Tag};
use aide::transform::TransformOperation;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use ringback_protocol::schema;
use serde_json::Value;

use super::RestState;
use super::error::RestFailure;
use crate::config::Mode;

/// The security scheme of a person's token.
const USER_TOKEN: &str = "userToken";
/// The security scheme of a token of the host application's backend.
const SERVICE_TOKEN: &str = "serviceToken";

const ABOUT: &str = "\
Call history, details and statistics of the person whose token a request carries; the directory of \
chats, users' data and the state of the server for the host application's backend and its operator.

Answers are `{success: true, data}` or `{success: false, error, code}` with the fitting status. \
`code` is stable, `error` is a text for a person. Calls themselves go over Socket.IO: see the \
AsyncAPI document at `/api/asyncapi.json`.";

const TAGS: [(&str, &str); 6] = [
    (CALLS, "The calls of whoever asks."),
    (CHATS, "Who may call whom, told by the host application."),
    (USERS, "What is kept about one person."),
    (OPERATOR, "How the server stands."),
    (HEALTH, "For whatever watches over the process."),
    (DEVELOPMENT, "Only with `--dev`."),
];

pub(super) const CALLS: &str = "calls";
pub(super) const CHATS: &str = "chats";
pub(super) const USERS: &str = "users";
pub(super) const OPERATOR: &str = "operator";
pub(super) const HEALTH: &str = "health";
pub(super) const DEVELOPMENT: &str = "development";

/// Describes an operation: its id, its tag and its summary.
pub(super) fn about(
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
) -> impl FnOnce(TransformOperation<'_>) -> TransformOperation<'_> {
    move |operation| operation.id(id).tag(tag).summary(summary)
}

/// Says that an operation may be refused for how things stand.
pub(super) fn conflict<'a>(
    operation: TransformOperation<'a>,
    when: &str,
) -> TransformOperation<'a> {
    operation
        .response_with::<409, Json<RestFailure<'static>>, _>(|refusal| refusal.description(when))
}

/// Makes routes, and the OpenAPI document of them.
pub(super) fn documented(
    routes: impl FnOnce() -> ApiRouter<RestState>,
) -> (Router<RestState>, OpenApi) {
    // Handlers describe themselves in this context while the routes are made.
    in_context(|context| context.schema = schema::generator());
    let mut document = OpenApi {
        info: info(),
        tags: TAGS.map(tag).into(),
        ..OpenApi::default()
    };
    let router = routes().finish_api_with(&mut document, |document| {
        document
            .security_scheme(USER_TOKEN, bearer("A token of a person."))
            .security_scheme(
                SERVICE_TOKEN,
                bearer("A token of the host application's backend, with `role: \"service\"`."),
            )
    });
    (router, document)
}

/// Returns the OpenAPI document of a server in that mode.
#[must_use]
pub fn openapi(mode: Mode) -> Value {
    let (_, document) = documented(|| super::routes(mode));
    serde_json::to_value(document).unwrap_or_default()
}

/// Serves both documents and the page that shows them.
pub(super) fn router(document: &OpenApi) -> Router<RestState> {
    let rest = serde_json::to_vec(document).unwrap_or_default();
    let events = serde_json::to_vec(&schema::asyncapi()).unwrap_or_default();
    Router::new()
        .route("/api/openapi.json", get(fixed(rest)))
        .route("/api/asyncapi.json", get(fixed(events)))
        .merge(page::router())
}

/// Returns a handler that answers with the same JSON each time.
fn fixed(
    json: Vec<u8>,
) -> impl Fn() -> std::future::Ready<Response> + Clone + Send + Sync + 'static {
    let json: Arc<Bytes> = Arc::new(json.into());
    move || {
        let body = Bytes::clone(&json);
        std::future::ready(([(CONTENT_TYPE, "application/json")], body).into_response())
    }
}

fn info() -> Info {
    Info {
        title: "Ringback".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: Some(ABOUT.to_owned()),
        license: Some(License {
            name: env!("CARGO_PKG_LICENSE").to_owned(),
            identifier: Some(env!("CARGO_PKG_LICENSE").to_owned()),
            ..License::default()
        }),
        ..Info::default()
    }
}

fn tag((name, description): (&str, &str)) -> Tag {
    Tag {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        ..Tag::default()
    }
}

fn bearer(description: &str) -> SecurityScheme {
    SecurityScheme::Http {
        scheme: "bearer".to_owned(),
        bearer_format: Some("JWT".to_owned()),
        description: Some(description.to_owned()),
        extensions: Default::default(),
    }
}
