//! What was measured of the links of a call.

use ringback_protocol::rest::LinkTimeline;
use ringback_protocol::{LinkReport, SessionId, UserId};
use sqlx::PgPool;

use super::to_i64;
use crate::calls::Timestamp;
use crate::store::StoreResult;
use crate::store::quality::{MOST_SAMPLES, encode, links, sample};

/// Adds the measurements and returns the links that have too many by now.
pub(super) const ADD: &str = "
    WITH added AS (
        INSERT INTO call_quality (call_id, from_user, to_user, at_ms, sample)
        SELECT $1, $2, link.to_user, $3, link.sample
        FROM unnest($4::text[], $5::text[]) AS link (to_user, sample)
        ON CONFLICT (call_id, from_user, to_user, at_ms) DO UPDATE SET sample = excluded.sample
        RETURNING to_user
    )
    SELECT to_user FROM added
    WHERE (
        SELECT count(*) FROM call_quality AS known
        WHERE known.call_id = $1 AND known.from_user = $2 AND known.to_user = added.to_user
    ) >= $6";

pub(super) const THIN_OUT: &str = "
    DELETE FROM call_quality
    WHERE call_id = $1 AND from_user = $2 AND to_user = $3 AND at_ms IN (
        SELECT at_ms FROM (
            SELECT at_ms, row_number() OVER (ORDER BY at_ms) AS place FROM call_quality
            WHERE call_id = $1 AND from_user = $2 AND to_user = $3
        ) AS numbered
        WHERE place % 2 = 0
    )";

pub(super) const READ: &str = "
    SELECT from_user, to_user, sample FROM call_quality WHERE call_id = $1
    ORDER BY from_user, to_user, at_ms";

pub(super) async fn add(
    pool: &PgPool,
    call: &SessionId,
    from: &UserId,
    at: Timestamp,
    links: &[LinkReport],
) -> StoreResult<()> {
    let users: Vec<&str> = links.iter().map(|link| link.user_id.as_str()).collect();
    let samples = links.iter().map(|link| encode(call, &sample(at, link)));
    let samples: Vec<String> = samples.collect::<StoreResult<_>>()?;
    let full: Vec<String> = sqlx::query_scalar(ADD)
        .bind(call.as_str())
        .bind(from.as_str())
        .bind(to_i64(at.as_ms()))
        .bind(users)
        .bind(samples)
        .bind(MOST_SAMPLES)
        .fetch_all(pool)
        .await?;
    for to in full {
        sqlx::query(THIN_OUT)
            .bind(call.as_str())
            .bind(from.as_str())
            .bind(to)
            .execute(pool)
            .await?;
    }
    Ok(())
}

pub(super) async fn read(pool: &PgPool, call: &SessionId) -> StoreResult<Vec<LinkTimeline>> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(READ)
        .bind(call.as_str())
        .fetch_all(pool)
        .await?;
    links(call, rows)
}
