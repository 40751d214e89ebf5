//! Reading calls: one, the live ones, a page of a user's history.

use std::sync::Arc;

use ringback_protocol::{CallRequestId, SessionId, UserId};
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};

use super::write::to_i64;
use crate::calls::{CallSession, Timestamp};
use crate::store::{HistoryPage, HistoryQuery, StoreError, StoreResult};

pub(super) async fn load(
    readers: &SqlitePool,
    id: &SessionId,
) -> StoreResult<Option<Arc<CallSession>>> {
    let row = sqlx::query("SELECT id, session FROM calls WHERE id = ?1")
        .bind(id.as_str())
        .fetch_optional(readers)
        .await?;
    row.as_ref().map(session).transpose()
}

pub(super) async fn live_calls(readers: &SqlitePool) -> StoreResult<Vec<Arc<CallSession>>> {
    let rows = sqlx::query("SELECT id, session FROM calls WHERE ended_at_ms IS NULL")
        .fetch_all(readers)
        .await?;
    rows.iter().map(session).collect()
}

pub(super) async fn find_by_request(
    readers: &SqlitePool,
    caller: &UserId,
    request: &CallRequestId,
) -> StoreResult<Option<Arc<CallSession>>> {
    let row = sqlx::query("SELECT id, session FROM calls WHERE caller_id = ?1 AND request_id = ?2")
        .bind(caller.as_str())
        .bind(request.as_str())
        .fetch_optional(readers)
        .await?;
    row.as_ref().map(session).transpose()
}

// The page is cut out of the participant's rows alone; only its calls are then looked up.
const PAGE: &str = "
    SELECT id, session, page.initiated_at_ms
    FROM (
        SELECT call_id, initiated_at_ms FROM call_participants
        WHERE user_id = ?1
            AND (initiated_at_ms, call_id) < (?2, ?3)
            AND (?4 IS NULL OR chat_id = ?4)
            AND (?5 IS NULL OR call_type = ?5)
            AND (?6 IS NULL OR status = ?6)
        ORDER BY initiated_at_ms DESC, call_id DESC
        LIMIT ?7 OFFSET ?8
    ) AS page
    JOIN calls ON id = call_id
    ORDER BY page.initiated_at_ms DESC, id DESC";

const TOTAL: &str = "
    SELECT count(*) FROM call_participants
    WHERE user_id = ?1
        AND (?2 IS NULL OR chat_id = ?2)
        AND (?3 IS NULL OR call_type = ?3)
        AND (?4 IS NULL OR status = ?4)";

pub(super) async fn history(
    readers: &SqlitePool,
    user: &UserId,
    query: &HistoryQuery,
) -> StoreResult<HistoryPage> {
    let total = total(readers, user, query).await?;
    // One more than the page tells whether there is a next one.
    let mut sessions = page(readers, user, query, u64::from(query.limit) + 1).await?;
    let is_last = sessions.len() <= query.limit as usize;
    sessions.truncate(query.limit as usize);
    let next = sessions.last().filter(|_| !is_last);
    Ok(HistoryPage {
        next: next.map(|last| (last.initiated_at(), last.id().clone())),
        calls: sessions
            .iter()
            .filter_map(|session| session.record_for(user))
            .collect(),
        total,
    })
}

/// Returns the calls of a page, newest first.
pub(super) async fn page(
    readers: &SqlitePool,
    user: &UserId,
    query: &HistoryQuery,
    limit: u64,
) -> StoreResult<Vec<Arc<CallSession>>> {
    let newest = (Timestamp::from_ms(u64::MAX), "");
    let (at, id) = query
        .after
        .as_ref()
        .map_or(newest, |(at, id)| (*at, id.as_str()));
    let rows = sqlx::query(PAGE)
        .bind(user.as_str())
        .bind(to_i64(at.as_ms()))
        .bind(id)
        .bind(query.chat_id.as_ref().map(AsRef::<str>::as_ref))
        .bind(query.call_type.map(|of| of.as_str()))
        .bind(query.status.map(|status| status.as_str()))
        .bind(to_i64(limit))
        .bind(to_i64(query.offset))
        .fetch_all(readers)
        .await?;
    rows.iter().map(session).collect()
}

async fn total(readers: &SqlitePool, user: &UserId, query: &HistoryQuery) -> StoreResult<u64> {
    let row = sqlx::query(TOTAL)
        .bind(user.as_str())
        .bind(query.chat_id.as_ref().map(AsRef::<str>::as_ref))
        .bind(query.call_type.map(|of| of.as_str()))
        .bind(query.status.map(|status| status.as_str()))
        .fetch_one(readers)
        .await?;
    count(&row, 0)
}

/// Reads a count or a sum; SQLite's integers are signed, ours are not.
pub(super) fn count(row: &SqliteRow, column: usize) -> StoreResult<u64> {
    let number: Option<i64> = row.try_get(column)?;
    Ok(number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

fn session(row: &SqliteRow) -> StoreResult<Arc<CallSession>> {
    let json: &str = row.try_get("session")?;
    match serde_json::from_str(json) {
        Ok(session) => Ok(Arc::new(session)),
        Err(error) => Err(StoreError::Corrupt {
            id: row.try_get("id")?,
            source: Arc::new(error),
        }),
    }
}
