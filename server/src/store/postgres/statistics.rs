//! The statistics of one user, added up by the database from the participant's index alone.

use std::collections::BTreeMap;

use ringback_protocol::rest::{CallRecord, CallStatistics};
use ringback_protocol::{CallType, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::{history, to_i64, to_u64};
use crate::store::statistics::{Figures, Group, RECENT, day};
use crate::store::{StatisticsQuery, StoreResult};

pub(super) const FIGURES: &str = "
    SELECT call_type, status, is_outgoing,
        count(*), count(duration_s), sum(duration_s)::bigint, max(duration_s), min(duration_s),
        count(packet_loss), sum(packet_loss), sum(jitter), sum(avg_bitrate)
    FROM call_participants
    WHERE user_id = $1 AND initiated_at_ms >= $2 AND ($3::text IS NULL OR chat_id = $3)
    GROUP BY call_type, status, is_outgoing";

pub(super) const PER_DAY: &str = "
    SELECT initiated_at_ms / 86400000 AS day, count(*)
    FROM call_participants
    WHERE user_id = $1 AND initiated_at_ms >= $2 AND ($3::text IS NULL OR chat_id = $3)
    GROUP BY day";

pub(super) async fn statistics(
    pool: &PgPool,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<CallStatistics> {
    let (figures, days, recent) = tokio::join!(
        figures(pool, user, query),
        per_day(pool, user, query),
        recent(pool, user, query)
    );
    Ok(figures?.answer(query, days?, recent?))
}

async fn figures(pool: &PgPool, user: &UserId, query: &StatisticsQuery) -> StoreResult<Figures> {
    let rows = sqlx::query(FIGURES)
        .bind(user.as_str())
        .bind(to_i64(query.timeframe.since(query.now).as_ms()))
        .bind(query.chat_id.as_ref().map(AsRef::<str>::as_ref))
        .fetch_all(pool)
        .await?;
    let mut figures = Figures::default();
    for row in &rows {
        figures.add(group(row)?);
    }
    Ok(figures)
}

fn group(row: &PgRow) -> StoreResult<Group> {
    let count = |column: usize| row.try_get::<Option<i64>, _>(column).map(to_u64);
    let sum = |column: usize| row.try_get::<Option<f64>, _>(column);
    Ok(Group {
        call_type: CallType::parse(row.try_get(0)?),
        status: row.try_get(1)?,
        is_outgoing: row.try_get(2)?,
        calls: count(3)?,
        started: count(4)?,
        total_duration_s: count(5)?,
        longest_s: count(6)?,
        shortest_s: count(7)?,
        measured: count(8)?,
        packet_loss: sum(9)?.unwrap_or(0.0),
        jitter: sum(10)?.unwrap_or(0.0),
        bitrate: sum(11)?.unwrap_or(0.0),
    })
}

async fn per_day(
    pool: &PgPool,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<BTreeMap<String, u64>> {
    let days: Vec<(i64, i64)> = sqlx::query_as(PER_DAY)
        .bind(user.as_str())
        .bind(to_i64(query.timeframe.since(query.now).as_ms()))
        .bind(query.chat_id.as_ref().map(AsRef::<str>::as_ref))
        .fetch_all(pool)
        .await?;
    Ok(days
        .into_iter()
        .map(|(days, calls)| (day(to_u64(Some(days))), to_u64(Some(calls))))
        .collect())
}

async fn recent(
    pool: &PgPool,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<Vec<CallRecord>> {
    let newest = history::page(pool, user, &query.newest(), RECENT).await?;
    Ok(query.recent(&newest, user))
}
