//! `/healthz` and `/readyz`, for whatever watches over the process.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::RestState;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// Answers as long as the process does.
pub(super) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Tells whether new work may be sent here.
pub(super) async fn ready(State(state): State<RestState>) -> (StatusCode, Json<Health>) {
    let status = if state.signaling.is_draining() {
        "draining"
    } else if let Err(error) = state.store.ping().await {
        tracing::warn!(%error, "not ready");
        "the database does not answer"
    } else {
        return (StatusCode::OK, Json(Health { status: "ok" }));
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status }))
}
