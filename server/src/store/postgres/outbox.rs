//! What the host application is still to be told.

use sqlx::PgPool;

use super::{to_i64, to_u64};
use crate::calls::{CallSession, Timestamp};
use crate::store::outbox::{drafts, letter_id};
use crate::store::{Letter, LetterId, StoreResult, Waiting};

/// What a change has to tell, as columns.
#[derive(Debug, Default)]
pub(super) struct Letters {
    pub(super) sequences: Vec<i64>,
    pub(super) bodies: Vec<String>,
    pub(super) times: Vec<i64>,
}

impl Letters {
    /// Returns what the last change of a call has to tell.
    pub(super) fn of(session: &CallSession) -> StoreResult<Self> {
        let mut letters = Self::default();
        for draft in drafts(session)? {
            letters.sequences.push(to_i64(draft.sequence));
            letters.bodies.push(draft.body);
            letters.times.push(to_i64(draft.written_at.as_ms()));
        }
        Ok(letters)
    }
}

// What another node takes out at this moment is passed over, not waited for.
pub(super) const TAKE: &str = "
    WITH due AS (
        SELECT call_id, sequence FROM webhook_outbox AS letter
        WHERE due_at_ms <= $1 AND NOT EXISTS (
            SELECT 1 FROM webhook_outbox AS earlier
            WHERE earlier.call_id = letter.call_id AND earlier.sequence < letter.sequence
        )
        ORDER BY due_at_ms, call_id LIMIT $3
        FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_outbox AS letter SET due_at_ms = $2, attempts = attempts + 1
    FROM due WHERE letter.call_id = due.call_id AND letter.sequence = due.sequence
    RETURNING letter.call_id, letter.sequence, body, written_at_ms, attempts";

type Row = (String, i64, String, i64, i64);

pub(super) async fn take(
    pool: &PgPool,
    now: Timestamp,
    again: Timestamp,
    most: usize,
) -> StoreResult<Vec<Letter>> {
    let rows: Vec<Row> = sqlx::query_as(TAKE)
        .bind(to_i64(now.as_ms()))
        .bind(to_i64(again.as_ms()))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(pool)
        .await?;
    rows.into_iter().map(letter).collect()
}

fn letter((call, sequence, body, written_at, attempts): Row) -> StoreResult<Letter> {
    Ok(Letter {
        id: letter_id(call, to_u64(Some(sequence)))?,
        body,
        written_at: Timestamp::from_ms(to_u64(Some(written_at))),
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
    })
}

// Which go is what one snapshot shows: nodes that do it at the same time drop the same ones.
pub(super) const DROP_OLDEST: &str = "
    DELETE FROM webhook_outbox WHERE (call_id, sequence) IN (
        SELECT call_id, sequence FROM webhook_outbox
        ORDER BY written_at_ms DESC, call_id DESC, sequence DESC LIMIT $2 OFFSET $1
    )";

pub(super) async fn drop_oldest(pool: &PgPool, keep: u64, most: u32) -> StoreResult<u64> {
    let dropped = sqlx::query(DROP_OLDEST)
        .bind(to_i64(keep))
        .bind(i64::from(most))
        .execute(pool)
        .await?;
    Ok(dropped.rows_affected())
}

pub(super) const WAITING: &str = "SELECT count(*), min(written_at_ms) FROM webhook_outbox";

pub(super) async fn waiting(pool: &PgPool) -> StoreResult<Waiting> {
    let (letters, oldest): (i64, Option<i64>) = sqlx::query_as(WAITING).fetch_one(pool).await?;
    Ok(Waiting {
        letters: to_u64(Some(letters)),
        oldest: oldest.map(|ms| Timestamp::from_ms(to_u64(Some(ms)))),
    })
}

pub(super) async fn put_off(pool: &PgPool, id: &LetterId, until: Timestamp) -> StoreResult<()> {
    let put_off = "UPDATE webhook_outbox SET due_at_ms = $3 WHERE call_id = $1 AND sequence = $2";
    sqlx::query(put_off)
        .bind(id.call.as_str())
        .bind(to_i64(id.sequence))
        .bind(to_i64(until.as_ms()))
        .execute(pool)
        .await?;
    Ok(())
}

pub(super) async fn remove(pool: &PgPool, id: &LetterId) -> StoreResult<()> {
    sqlx::query("DELETE FROM webhook_outbox WHERE call_id = $1 AND sequence = $2")
        .bind(id.call.as_str())
        .bind(to_i64(id.sequence))
        .execute(pool)
        .await?;
    Ok(())
}
