//! Writing and reading calls. A transition is one statement: call and participants, all or none.

use std::sync::Arc;

use ringback_protocol::{CallRequestId, CallStatus, SessionId, UserId};
use sqlx::PgPool;

use super::outbox::Letters;
use super::{to_i64, to_u64};
use crate::calls::session::Ending;
use crate::calls::{CallSession, Timestamp};
use crate::store::{StoreError, StoreResult, Swap};

/// A call as it is read: its id, and the whole of it as JSON.
pub(super) type CallRow = (String, String);

pub(super) const CREATE: &str = "
    WITH created AS (
        INSERT INTO calls (id, version, chat_id, call_type, status, caller_id, request_id,
            initiated_at_ms, started_at_ms, ended_at_ms, deadline_ms, end_reason, session)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT DO NOTHING
        RETURNING id
    ), participants AS (
        INSERT INTO call_participants (user_id, initiated_at_ms, call_id, chat_id, call_type,
            status, is_outgoing)
        SELECT user_id, $8, created.id, $3, $4, $5, user_id = $6
        FROM created, unnest($14::text[]) AS user_id
    ), letters AS (
        INSERT INTO webhook_outbox (call_id, sequence, body, written_at_ms, due_at_ms)
        SELECT created.id, letter.sequence, letter.body, $8, $8
        FROM created, unnest($15::bigint[], $16::text[]) AS letter (sequence, body)
    )
    SELECT count(*) FROM created";

// Someone may have been invited, or joined, since the call was stored last. Rows that stay as they
// are are not written again.
pub(super) const SWAP: &str = "
    WITH swapped AS (
        UPDATE calls SET version = $3, status = $4, started_at_ms = $5, ended_at_ms = $6,
            deadline_ms = $7, end_reason = $8, session = $9
        WHERE id = $1 AND version = $2
        RETURNING id, initiated_at_ms, chat_id, call_type, caller_id
    ), participants AS (
        INSERT INTO call_participants AS known (user_id, initiated_at_ms, call_id, chat_id,
            call_type, status, is_outgoing, duration_s, avg_bitrate, packet_loss, jitter)
        SELECT user_id, initiated_at_ms, swapped.id, chat_id, call_type, $4, user_id = caller_id,
            $10, $11, $12, $13
        FROM swapped, unnest($14::text[]) AS user_id
        ON CONFLICT (user_id, initiated_at_ms, call_id) DO UPDATE
        SET status = excluded.status, duration_s = excluded.duration_s,
            avg_bitrate = excluded.avg_bitrate, packet_loss = excluded.packet_loss,
            jitter = excluded.jitter
        WHERE known.status <> excluded.status
    ), letters AS (
        INSERT INTO webhook_outbox (call_id, sequence, body, written_at_ms, due_at_ms)
        SELECT swapped.id, letter.sequence, letter.body, letter.written_at_ms, letter.written_at_ms
        FROM swapped, unnest($15::bigint[], $16::text[], $17::bigint[])
            AS letter (sequence, body, written_at_ms)
    )
    SELECT count(*) FROM swapped";

/// Stores a new call; false when its id, or its caller's request id, is taken.
pub(super) async fn create(pool: &PgPool, session: &CallSession) -> StoreResult<bool> {
    let ending = session.state().ending();
    let letters = Letters::of(session)?;
    let created: i64 = sqlx::query_scalar(CREATE)
        .bind(session.id().as_str())
        .bind(to_i64(session.version()))
        .bind(session.chat().id.as_str())
        .bind(session.call_type().as_str())
        .bind(session.status().as_str())
        .bind(session.caller().as_str())
        .bind(session.request_id().map(AsRef::<str>::as_ref))
        .bind(to_i64(session.initiated_at().as_ms()))
        .bind(session.state().started_at().map(ms))
        .bind(ending.map(|ending| ms(ending.ended_at)))
        .bind(session.next_deadline().map(ms))
        .bind(ending.map(|ending| ending.reason.as_str().to_owned()))
        .bind(json(session)?)
        .bind(users(session))
        .bind(letters.sequences)
        .bind(letters.bodies)
        .fetch_one(pool)
        .await?;
    Ok(created > 0)
}

/// Replaces a call, provided that the stored one has the expected version.
pub(super) async fn swap(
    pool: &PgPool,
    session: &CallSession,
    expected_version: u64,
) -> StoreResult<Swap> {
    let ending = session.state().ending();
    let quality = session.quality().means();
    let letters = Letters::of(session)?;
    let swapped: i64 = sqlx::query_scalar(SWAP)
        .bind(session.id().as_str())
        .bind(to_i64(expected_version))
        .bind(to_i64(session.version()))
        .bind(session.status().as_str())
        .bind(session.state().started_at().map(ms))
        .bind(ending.map(|ending| ms(ending.ended_at)))
        .bind(session.next_deadline().map(ms))
        .bind(ending.map(|ending| ending.reason.as_str().to_owned()))
        .bind(json(session)?)
        .bind(ending.and_then(Ending::duration_s).map(to_i64))
        .bind(quality.as_ref().map(|means| means.avg_bitrate))
        .bind(quality.as_ref().map(|means| means.packet_loss))
        .bind(quality.as_ref().map(|means| means.jitter))
        .bind(users(session))
        .bind(letters.sequences)
        .bind(letters.bodies)
        .bind(letters.times)
        .fetch_one(pool)
        .await?;
    Ok(if swapped > 0 {
        Swap::Stored
    } else {
        Swap::Conflict
    })
}

pub(super) async fn load(pool: &PgPool, id: &SessionId) -> StoreResult<Option<Arc<CallSession>>> {
    let row: Option<CallRow> = sqlx::query_as("SELECT id, session FROM calls WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await?;
    row.map(session).transpose()
}

pub(super) async fn find_by_request(
    pool: &PgPool,
    caller: &UserId,
    request: &CallRequestId,
) -> StoreResult<Option<Arc<CallSession>>> {
    let find = "SELECT id, session FROM calls WHERE caller_id = $1 AND request_id = $2";
    let row: Option<CallRow> = sqlx::query_as(find)
        .bind(caller.as_str())
        .bind(request.as_str())
        .fetch_optional(pool)
        .await?;
    row.map(session).transpose()
}

// Session ids sort by the time of the call.
pub(super) const LIVE_OF: &str = "
    SELECT id, session FROM calls
    WHERE ended_at_ms IS NULL AND id IN (
        SELECT call_id FROM call_participants
        WHERE user_id = ANY($1) AND status IN ('ringing', 'ongoing')
    )
    ORDER BY id";

pub(super) async fn live_of(pool: &PgPool, users: &[UserId]) -> StoreResult<Vec<Arc<CallSession>>> {
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let rows: Vec<CallRow> = sqlx::query_as(LIVE_OF).bind(users).fetch_all(pool).await?;
    rows.into_iter().map(session).collect()
}

pub(super) async fn live(pool: &PgPool) -> StoreResult<Vec<Arc<CallSession>>> {
    let live = "SELECT id, session FROM calls WHERE ended_at_ms IS NULL ORDER BY id";
    let rows: Vec<CallRow> = sqlx::query_as(live).fetch_all(pool).await?;
    rows.into_iter().map(session).collect()
}

pub(super) async fn live_counts(pool: &PgPool) -> StoreResult<Vec<(CallStatus, u64)>> {
    let counts = "SELECT status, count(*) FROM calls WHERE ended_at_ms IS NULL GROUP BY status";
    let rows: Vec<(String, i64)> = sqlx::query_as(counts).fetch_all(pool).await?;
    let of = |status: CallStatus| {
        let row = rows.iter().find(|(name, _)| name == status.as_str());
        (status, to_u64(row.map(|(_, count)| *count)))
    };
    let live = CallStatus::ALL.iter().filter(|status| status.is_live());
    Ok(live.map(|status| of(*status)).collect())
}

pub(super) async fn due(pool: &PgPool, now: Timestamp) -> StoreResult<Vec<SessionId>> {
    let due = "SELECT id FROM calls WHERE ended_at_ms IS NULL AND deadline_ms <= $1
        ORDER BY deadline_ms";
    let ids: Vec<String> = sqlx::query_scalar(due)
        .bind(ms(now))
        .fetch_all(pool)
        .await?;
    ids.into_iter()
        .map(|id| {
            SessionId::new(id.clone()).map_err(|error| StoreError::Corrupt {
                id,
                source: Arc::new(error),
            })
        })
        .collect()
}

/// Reads a stored call.
pub(super) fn session((id, json): CallRow) -> StoreResult<Arc<CallSession>> {
    match serde_json::from_str(&json) {
        Ok(session) => Ok(Arc::new(session)),
        Err(error) => Err(StoreError::Corrupt {
            id,
            source: Arc::new(error),
        }),
    }
}

pub(super) fn json(session: &CallSession) -> StoreResult<String> {
    serde_json::to_string(session).map_err(|error| StoreError::Corrupt {
        id: session.id().to_string(),
        source: Arc::new(error),
    })
}

pub(super) fn users(session: &CallSession) -> Vec<&str> {
    let participants = session.participants().iter();
    participants.map(|one| one.user().as_str()).collect()
}

pub(super) fn ms(time: Timestamp) -> i64 {
    to_i64(time.as_ms())
}
