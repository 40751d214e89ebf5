//! Reading calls: one, the live ones, a page of a user's history.

use std::sync::Arc;

use ringback_protocol::{CallRequestId, CallStatus, CallType, SessionId, UserId};
use rusqlite::{Connection, Row, Rows, params};

use super::live::LiveCalls;
use super::write::to_i64;
use crate::calls::{CallSession, Timestamp};
use crate::store::{HistoryPage, HistoryQuery, StoreError, StoreResult};

pub(super) fn load(from: &Connection, id: &SessionId) -> StoreResult<Option<Arc<CallSession>>> {
    let mut query = from.prepare_cached("SELECT id, session FROM calls WHERE id = ?1")?;
    first(query.query([id.as_str()])?)
}

pub(super) fn live_calls(from: &Connection) -> StoreResult<Vec<Arc<CallSession>>> {
    let mut query = from.prepare("SELECT id, session FROM calls WHERE ended_at_ms IS NULL")?;
    all(query.query([])?)
}

pub(super) fn find_by_request(
    from: &Connection,
    caller: &UserId,
    request: &CallRequestId,
) -> StoreResult<Option<Arc<CallSession>>> {
    let mut query = from
        .prepare_cached("SELECT id, session FROM calls WHERE caller_id = ?1 AND request_id = ?2")?;
    first(query.query([caller.as_str(), request.as_str()])?)
}

// The calls of a user are those of the participant's rows, which are over, and the live ones that
// the mirror names. A call that is over by the time of the query counts as its row says.

// The page is cut out of both, each in the order of the history; only its calls are then looked up.
pub(super) const PAGE: &str = "
    SELECT id, session, page.initiated_at_ms
    FROM (
        SELECT call_id, initiated_at_ms FROM call_participants
        WHERE user_id = ?1
            AND (initiated_at_ms, call_id) < (?2, ?3)
            AND (?4 IS NULL OR chat_id = ?4)
            AND (?5 IS NULL OR call_type = ?5)
            AND (?6 IS NULL OR status = ?6)
        UNION ALL
        SELECT calls.id, initiated_at_ms
        FROM json_each(?9) AS live CROSS JOIN calls ON calls.id = live.value
        WHERE ended_at_ms IS NULL
            AND (initiated_at_ms, calls.id) < (?2, ?3)
            AND (?4 IS NULL OR chat_id = ?4)
            AND (?5 IS NULL OR call_type = ?5)
            AND (?6 IS NULL OR status = ?6)
        ORDER BY initiated_at_ms DESC, call_id DESC
        LIMIT ?7 OFFSET ?8
    ) AS page
    JOIN calls ON id = call_id
    ORDER BY page.initiated_at_ms DESC, id DESC";

pub(super) const TOTAL: &str = "
    SELECT (
        SELECT count(*) FROM call_participants
        WHERE user_id = ?1
            AND (?2 IS NULL OR chat_id = ?2)
            AND (?3 IS NULL OR call_type = ?3)
            AND (?4 IS NULL OR status = ?4)
    ) + (
        SELECT count(*) FROM json_each(?5) AS live CROSS JOIN calls ON calls.id = live.value
        WHERE ended_at_ms IS NULL
            AND (?2 IS NULL OR chat_id = ?2)
            AND (?3 IS NULL OR call_type = ?3)
            AND (?4 IS NULL OR status = ?4)
    )";

pub(super) fn history(
    from: &Connection,
    live: &LiveCalls,
    user: &UserId,
    query: &HistoryQuery,
) -> StoreResult<HistoryPage> {
    let total = total(from, live, user, query)?;
    // One more than the page tells whether there is a next one.
    let sessions = page(from, live, user, query, u64::from(query.limit) + 1)?;
    Ok(HistoryPage::cut(user, query, sessions, total))
}

/// Returns the calls of a page, newest first.
pub(super) fn page(
    from: &Connection,
    live: &LiveCalls,
    user: &UserId,
    query: &HistoryQuery,
    limit: u64,
) -> StoreResult<Vec<Arc<CallSession>>> {
    let newest = (Timestamp::from_ms(u64::MAX), "");
    let (at, id) = query
        .after
        .as_ref()
        .map_or(newest, |(at, id)| (*at, id.as_str()));
    let mut page = from.prepare_cached(PAGE)?;
    all(page.query(params![
        user.as_str(),
        to_i64(at.as_ms()),
        id,
        query.chat_id.as_ref().map(AsRef::<str>::as_ref),
        query.call_type.map(CallType::as_str),
        query.status.map(CallStatus::as_str),
        to_i64(limit),
        to_i64(query.offset),
        live.ids_of(user),
    ])?)
}

fn total(
    from: &Connection,
    live: &LiveCalls,
    user: &UserId,
    query: &HistoryQuery,
) -> StoreResult<u64> {
    let mut total = from.prepare_cached(TOTAL)?;
    let filters = params![
        user.as_str(),
        query.chat_id.as_ref().map(AsRef::<str>::as_ref),
        query.call_type.map(CallType::as_str),
        query.status.map(CallStatus::as_str),
        live.ids_of(user),
    ];
    Ok(total.query_row(filters, |row| count(row, 0))?)
}

/// Reads a count or a sum; SQLite's integers are signed, ours are not.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: Option<i64> = row.get(column)?;
    Ok(number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

fn first(mut rows: Rows<'_>) -> StoreResult<Option<Arc<CallSession>>> {
    rows.next()?.map(session).transpose()
}

fn all(mut rows: Rows<'_>) -> StoreResult<Vec<Arc<CallSession>>> {
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        sessions.push(session(row)?);
    }
    Ok(sessions)
}

pub(super) fn session(row: &Row<'_>) -> StoreResult<Arc<CallSession>> {
    let json = row.get_ref(1)?;
    let json = json.as_str().map_err(rusqlite::Error::from)?;
    match serde_json::from_str(json) {
        Ok(session) => Ok(Arc::new(session)),
        Err(error) => Err(StoreError::Corrupt {
            id: row.get(0)?,
            source: Arc::new(error),
        }),
    }
}
