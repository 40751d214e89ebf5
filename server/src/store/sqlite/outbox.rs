//! What the host application is still to be told.

use ringback_protocol::SessionId;
use rusqlite::{Connection, params};

use super::write::to_i64;
use crate::calls::Timestamp;
use crate::store::outbox::{Draft, letter_id};
use crate::store::{Letter, LetterId, StoreResult, Waiting};

pub(super) const ADD: &str = "
    INSERT INTO webhook_outbox (call_id, sequence, body, written_at_ms, due_at_ms)
    VALUES (?1, ?2, ?3, ?4, ?4)";

pub(super) const DUE: &str = "
    SELECT call_id, sequence, body, written_at_ms, attempts FROM webhook_outbox AS letter
    WHERE due_at_ms <= ?1 AND NOT EXISTS (
        SELECT 1 FROM webhook_outbox AS earlier
        WHERE earlier.call_id = letter.call_id AND earlier.sequence < letter.sequence
    )
    ORDER BY due_at_ms, call_id LIMIT ?2";

pub(super) const TAKE: &str = "
    UPDATE webhook_outbox SET due_at_ms = ?3, attempts = attempts + 1
    WHERE call_id = ?1 AND sequence = ?2";

pub(super) const PUT_OFF: &str = "
    UPDATE webhook_outbox SET due_at_ms = ?3 WHERE call_id = ?1 AND sequence = ?2";

pub(super) const REMOVE: &str = "DELETE FROM webhook_outbox WHERE call_id = ?1 AND sequence = ?2";

pub(super) const DROP_OLDEST: &str = "
    DELETE FROM webhook_outbox WHERE (call_id, sequence) IN (
        SELECT call_id, sequence FROM webhook_outbox
        ORDER BY written_at_ms DESC, call_id DESC, sequence DESC LIMIT ?2 OFFSET ?1
    )";

pub(super) const WAITING: &str = "SELECT count(*), min(written_at_ms) FROM webhook_outbox";

/// Adds what a change has to tell.
pub(super) fn add(to: &Connection, call: &SessionId, drafts: &[Draft]) -> rusqlite::Result<()> {
    for draft in drafts {
        to.prepare_cached(ADD)?.execute(params![
            call.as_str(),
            to_i64(draft.sequence),
            draft.body,
            to_i64(draft.written_at.as_ms())
        ])?;
    }
    Ok(())
}

/// Reads what is due. This process is the only one that takes it out.
pub(super) fn due(from: &Connection, now: Timestamp, most: usize) -> StoreResult<Vec<Letter>> {
    let mut query = from.prepare_cached(DUE)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = query.query(params![to_i64(now.as_ms()), most])?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next()? {
        letters.push(Letter {
            id: letter_id(row.get(0)?, to_u64(row.get(1)?))?,
            body: row.get(2)?,
            written_at: Timestamp::from_ms(to_u64(row.get(3)?)),
            attempts: row.get::<_, u32>(4)? + 1,
        });
    }
    Ok(letters)
}

/// Counts what waits.
pub(super) fn waiting(from: &Connection) -> StoreResult<Waiting> {
    let mut count = from.prepare_cached(WAITING)?;
    let (letters, oldest) = count.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Waiting {
        letters: to_u64(letters),
        oldest: Option::map(oldest, |ms| Timestamp::from_ms(to_u64(ms))),
    })
}

/// What may be done to things to tell.
#[derive(Debug)]
pub(super) enum LetterChange {
    /// They were taken out and are due again then.
    Take(Vec<LetterId>, Timestamp),
    /// One is put off.
    PutOff(LetterId, Timestamp),
    /// One was told, or given up.
    Remove(LetterId),
    /// There are more than are kept.
    DropOldest { keep: u64, most: u32 },
}

impl LetterChange {
    pub(super) fn execute(&self, to: &Connection) -> rusqlite::Result<usize> {
        match self {
            Self::Take(letters, again) => letters.iter().map(|id| set(to, TAKE, id, *again)).sum(),
            Self::PutOff(id, until) => set(to, PUT_OFF, id, *until),
            Self::Remove(id) => to
                .prepare_cached(REMOVE)?
                .execute(params![id.call.as_str(), to_i64(id.sequence)]),
            Self::DropOldest { keep, most } => to
                .prepare_cached(DROP_OLDEST)?
                .execute(params![to_i64(*keep), most]),
        }
    }
}

fn set(to: &Connection, sql: &str, id: &LetterId, due_at: Timestamp) -> rusqlite::Result<usize> {
    to.prepare_cached(sql)?.execute(params![
        id.call.as_str(),
        to_i64(id.sequence),
        to_i64(due_at.as_ms())
    ])
}

/// Reads a number that is never negative.
fn to_u64(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
