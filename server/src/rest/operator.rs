//! `/api/operator/*`: how the server stands, for the operator's page. With a service token.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use ringback_protocol::rest::{ChatRef, IsoTime, Success};
use ringback_protocol::{
    CallStatus, CallType, Empty, ErrorCode, ParticipantStatus, SessionId, UserId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RestState;
use super::error::{ApiError, ApiResult};
use super::extract::{Id, Parameters, Service};
use crate::calls::time::MS_PER_HOUR;
use crate::calls::{CallSession, Clock, SystemClock};
use crate::metrics::{Minute, add_up};
use crate::node::NodeState;

/// The most live calls in one answer.
const MOST_CALLS: usize = 200;

/// The nodes that serve the same people.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Nodes {
    /// The one that answers.
    answered_by: String,
    /// All that were heard of in the last seconds, that one included.
    nodes: Vec<NodeState>,
}

/// Calls that ring or go on, on whichever node.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveCalls {
    /// How many there are.
    total: usize,
    /// The newest of them, at most 200.
    calls: Vec<LiveCall>,
}

/// One of them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LiveCall {
    /// The call's session id.
    id: SessionId,
    /// Its chat.
    chat: ChatRef,
    /// Voice or video.
    call_type: CallType,
    /// How it stands.
    status: CallStatus,
    /// Who placed it.
    caller_id: UserId,
    /// Everyone, the caller first.
    participants: Vec<Member>,
    /// When it was placed.
    #[schemars(extend("format" = "date-time"))]
    initiated_at: IsoTime,
    /// When the first callee joined.
    #[schemars(extend("format" = "date-time"))]
    started_at: Option<IsoTime>,
}

/// One participant of a live call.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Member {
    /// Who.
    user_id: UserId,
    /// Display name.
    name: String,
    /// How they stand.
    status: ParticipantStatus,
}

/// `?hours=`
#[derive(Deserialize, JsonSchema)]
pub(super) struct RecentParameters {
    /// How far back, in hours; 1 unless given.
    #[schemars(with = "Option<u32>", range(min = 1, max = 24))]
    hours: Option<String>,
}

/// What happened lately on all nodes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recent {
    /// From when on, in milliseconds since 1970.
    since_ms: u64,
    /// Until when, in milliseconds since 1970.
    until_ms: u64,
    /// The nodes that it happened on, the one that answers included; some may be gone meanwhile.
    nodes: Vec<String>,
    /// The minutes in which something happened, the oldest first.
    minutes: Vec<Minute>,
}

/// Returns the nodes.
pub(super) async fn nodes(
    Service: Service,
    State(state): State<RestState>,
) -> ApiResult<Json<Success<Nodes>>> {
    let own = state
        .node
        .state(&state.metrics, state.signaling.is_draining());
    let mut nodes = state.emitter.nodes().await;
    nodes.retain(|node| node.id != own.id);
    let answered_by = own.id.clone();
    nodes.push(own);
    nodes.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Json(Success::new(Nodes { answered_by, nodes })))
}

/// Returns the live calls, newest first.
pub(super) async fn calls(
    Service: Service,
    State(state): State<RestState>,
) -> ApiResult<Json<Success<LiveCalls>>> {
    let mut live = state.store.live_calls().await?;
    live.sort_by_key(|session| std::cmp::Reverse(session.initiated_at()));
    let calls = live
        .iter()
        .take(MOST_CALLS)
        .map(|session| live_call(session));
    let calls = calls.collect();
    let total = live.len();
    Ok(Json(Success::new(LiveCalls { total, calls })))
}

/// Ends a call that rings or goes on, on whichever node.
pub(super) async fn end_call(
    Service: Service,
    State(state): State<RestState>,
    Id(id): Id<SessionId>,
) -> ApiResult<Json<Success<Empty>>> {
    let id = id.ok_or(ErrorCode::CallNotFound)?;
    state.calls.end_by_operator(&id).await?;
    tracing::info!(call = %id, "ended by the operator");
    Ok(Json(Success::new(Empty {})))
}

/// Returns what happened lately.
pub(super) async fn recent(
    Service: Service,
    State(state): State<RestState>,
    Parameters(parameters): Parameters<RecentParameters>,
) -> ApiResult<Json<Success<Recent>>> {
    let until_ms = SystemClock.now().as_ms();
    let since_ms = until_ms.saturating_sub(hours(parameters.hours)? * MS_PER_HOUR);
    let own = state.metrics.recent(since_ms);
    let others = state.emitter.recent(since_ms).await;
    let others_ids = others.iter().map(|(node, _)| node.clone());
    let nodes: BTreeSet<_> = others_ids.chain([state.node.id().to_owned()]).collect();
    let minutes = others.into_iter().map(|(_, minute)| minute).chain(own);
    Ok(Json(Success::new(Recent {
        since_ms,
        until_ms,
        nodes: nodes.into_iter().collect(),
        minutes: add_up(minutes),
    })))
}

fn hours(text: Option<String>) -> ApiResult<u64> {
    match text.map(|text| text.parse()) {
        None => Ok(1),
        Some(Ok(hours)) if (1..=24).contains(&hours) => Ok(hours),
        Some(_) => Err(ApiError::invalid("hours: it has to be 1 to 24.")),
    }
}

fn live_call(session: &CallSession) -> LiveCall {
    let participants = session.participants().iter().map(|one| Member {
        user_id: one.user().clone(),
        name: one.person.name.clone(),
        status: one.status(),
    });
    LiveCall {
        id: session.id().clone(),
        chat: session.chat().clone(),
        call_type: session.call_type(),
        status: session.status(),
        caller_id: session.caller().clone(),
        participants: participants.collect(),
        initiated_at: session.initiated_at().to_iso(),
        started_at: session.state().started_at().map(|at| at.to_iso()),
    }
}
