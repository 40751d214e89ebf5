//! `/healthz` and `/readyz`, for whatever watches over the process.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Described};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::RestState;

/// That the process is alive.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Whether new work may be sent here.
#[derive(Serialize, JsonSchema)]
pub(super) struct Readiness {
    /// `ok`, or `not ready`.
    status: &'static str,
    /// Why it is not ready; empty when it is.
    reasons: Vec<&'static str>,
}

/// Answers as long as the process does.
pub(super) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Tells whether new work may be sent here, and if not, every reason why.
pub(super) async fn ready(State(state): State<RestState>) -> Readiness {
    let mut reasons = Vec::new();
    if state.signaling.is_draining() {
        reasons.push("draining");
    }
    if let Err(error) = state.store.ping().await {
        reasons.push(error.reason());
    }
    if !state.emitter.reaches_others() {
        reasons.push("Redis does not answer");
    }
    if !state.auth.has_keys() {
        reasons.push("JWKS_URL gave no keys yet");
    }
    let status = if reasons.is_empty() {
        "ok"
    } else {
        "not ready"
    };
    Readiness { status, reasons }
}

impl IntoResponse for Readiness {
    fn into_response(self) -> Response {
        let status = if self.reasons.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        (status, Json(self)).into_response()
    }
}

impl OperationOutput for Readiness {
    type Inner = Self;

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Described)> {
        let mut answers = Json::<Self>::inferred_responses(context, operation);
        let refused = Json::<Self>::operation_response(context, operation);
        answers.extend(refused.map(|answer| (Some(503), answer)));
        answers
    }
}
