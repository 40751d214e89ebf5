//! A page of a user's history.

use std::sync::Arc;

use ringback_protocol::{CallStatus, CallType, UserId};
use sqlx::PgPool;

use super::{calls, to_i64, to_u64};
use crate::calls::{CallSession, Timestamp};
use crate::store::{HistoryPage, HistoryQuery, StoreResult};

// The page is cut out of the participant's index alone; only its calls are then looked up.
pub(super) const PAGE: &str = "
    SELECT calls.id, calls.session
    FROM (
        SELECT call_id, initiated_at_ms FROM call_participants
        WHERE user_id = $1
            AND (initiated_at_ms, call_id) < ($2, $3)
            AND ($4::text IS NULL OR chat_id = $4)
            AND ($5::text IS NULL OR call_type = $5)
            AND ($6::text IS NULL OR status = $6)
        ORDER BY initiated_at_ms DESC, call_id DESC
        LIMIT $7 OFFSET $8
    ) AS page
    JOIN calls ON calls.id = page.call_id
    ORDER BY page.initiated_at_ms DESC, page.call_id DESC";

pub(super) const TOTAL: &str = "
    SELECT count(*) FROM call_participants
    WHERE user_id = $1
        AND ($2::text IS NULL OR chat_id = $2)
        AND ($3::text IS NULL OR call_type = $3)
        AND ($4::text IS NULL OR status = $4)";

pub(super) async fn history(
    pool: &PgPool,
    user: &UserId,
    query: &HistoryQuery,
) -> StoreResult<HistoryPage> {
    // One more than the page tells whether there is a next one.
    let more = u64::from(query.limit) + 1;
    let (total, sessions) = tokio::join!(total(pool, user, query), page(pool, user, query, more));
    Ok(HistoryPage::cut(user, query, sessions?, total?))
}

/// Returns the calls of a page, newest first.
pub(super) async fn page(
    pool: &PgPool,
    user: &UserId,
    query: &HistoryQuery,
    limit: u64,
) -> StoreResult<Vec<Arc<CallSession>>> {
    let newest = (Timestamp::from_ms(u64::MAX), "");
    let (at, id) = query
        .after
        .as_ref()
        .map_or(newest, |(at, id)| (*at, id.as_str()));
    let rows: Vec<(String, String)> = sqlx::query_as(PAGE)
        .bind(user.as_str())
        .bind(to_i64(at.as_ms()))
        .bind(id)
        .bind(query.chat_id.as_ref().map(AsRef::<str>::as_ref))
        .bind(query.call_type.map(CallType::as_str))
        .bind(query.status.map(CallStatus::as_str))
        .bind(to_i64(limit))
        .bind(to_i64(query.offset))
        .fetch_all(pool)
        .await?;
    rows.into_iter().map(calls::session).collect()
}

async fn total(pool: &PgPool, user: &UserId, query: &HistoryQuery) -> StoreResult<u64> {
    let total: i64 = sqlx::query_scalar(TOTAL)
        .bind(user.as_str())
        .bind(query.chat_id.as_ref().map(AsRef::<str>::as_ref))
        .bind(query.call_type.map(CallType::as_str))
        .bind(query.status.map(CallStatus::as_str))
        .fetch_one(pool)
        .await?;
    Ok(to_u64(Some(total)))
}
