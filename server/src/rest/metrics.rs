//! `/metrics`: what the server counts and times.

use std::time::Duration;

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Described};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::RestState;
use super::extract::Service;
use crate::calls::ports::BoxFuture;
use crate::calls::{Clock as _, SystemClock};
use crate::metrics;
use crate::store::StoreResult;

/// What the database takes longer to say is left out: how many calls there are, and webhooks that wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// A text as Prometheus reads it.
pub(super) struct OpenMetrics(String);

/// Returns the metrics, on an address that only the operator reaches.
pub(super) async fn scrape(State(state): State<RestState>) -> OpenMetrics {
    let waiting = async {
        // Without webhooks nobody takes out what an earlier configuration left behind.
        if !state.has_webhooks {
            return None;
        }
        in_time(state.store.waiting_letters()).await
    };
    let (live, waiting) = tokio::join!(in_time(state.store.live_counts()), waiting);
    state.metrics.waiting(waiting, SystemClock.now());
    OpenMetrics(state.metrics.render(live.as_deref()))
}

async fn in_time<T>(read: BoxFuture<'_, StoreResult<T>>) -> Option<T> {
    tokio::time::timeout(PATIENCE, read).await.ok()?.ok()
}

/// Returns the metrics, to whoever has a service token.
pub(super) async fn scrape_as_service(_: Service, state: State<RestState>) -> OpenMetrics {
    scrape(state).await
}

impl IntoResponse for OpenMetrics {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], self.0).into_response()
    }
}

impl OperationOutput for OpenMetrics {
    type Inner = Self;

    fn inferred_responses(_: &mut GenContext, _: &mut Operation) -> Vec<(Option<u16>, Described)> {
        let text = (metrics::CONTENT_TYPE.to_owned(), MediaType::default());
        let answer = Described {
            description: "The metrics.".to_owned(),
            content: [text].into_iter().collect(),
            ..Described::default()
        };
        vec![(Some(200), answer)]
    }
}
