//! Export, import, purge, erase.

use std::sync::Arc;

use ringback_protocol::{ChatId, SessionId, UserId};
use rusqlite::{Connection, params};

use super::Mirror;
use super::chats::read_chat;
use super::quality::QualityRow;
use super::read::{self, count as number};
use super::write::{CallRow, to_i64};
use crate::calls::Timestamp;
use crate::store::archive::{ArchivedCall, ArchivedChat, ArchivedSample, Erasure, archived_sample};
use crate::store::outbox::LONGEST_KEEP_MS;
use crate::store::{StoreError, StoreResult};

pub(super) const CALLS: &str = "SELECT id, session FROM calls WHERE id > ?1 ORDER BY id LIMIT ?2";

pub(super) const SAMPLES: &str = "
    SELECT from_user, to_user, at_ms, sample FROM call_quality WHERE call_id = ?1
    ORDER BY from_user, to_user, at_ms";

pub(super) const CHATS: &str = "SELECT id FROM chats WHERE id > ?1 ORDER BY id LIMIT ?2";

pub(super) const CHATS_OF: &str =
    "SELECT chat_id FROM chat_members WHERE user_id = ?1 ORDER BY chat_id";

pub(super) fn count(from: &Connection) -> StoreResult<u64> {
    let mut count = from.prepare_cached("SELECT count(*) FROM calls")?;
    Ok(count.query_row([], |row| number(row, 0))?)
}

pub(super) fn calls(
    from: &Connection,
    after: Option<&SessionId>,
    most: u32,
) -> StoreResult<Vec<ArchivedCall>> {
    let mut query = from.prepare_cached(CALLS)?;
    let after = after.map_or("", SessionId::as_str);
    let mut rows = query.query(params![after, most])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        let call = Arc::unwrap_or_clone(read::session(row)?);
        let quality = samples(from, call.id())?;
        calls.push(ArchivedCall { call, quality });
    }
    Ok(calls)
}

fn samples(from: &Connection, call: &SessionId) -> StoreResult<Vec<ArchivedSample>> {
    let mut query = from.prepare_cached(SAMPLES)?;
    let mut rows = query.query([call.as_str()])?;
    let mut samples = Vec::new();
    while let Some(row) = rows.next()? {
        let json = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
        let row = (row.get(0)?, row.get(1)?, number(row, 2)?, json);
        samples.push(archived_sample(call.as_str(), row)?);
    }
    Ok(samples)
}

pub(super) fn chats(
    from: &Connection,
    after: Option<&ChatId>,
    most: u32,
) -> StoreResult<Vec<ArchivedChat>> {
    let mut query = from.prepare_cached(CHATS)?;
    let after = after.map_or("", ChatId::as_str);
    let ids = query.query_map(params![after, most], |row| row.get(0))?;
    named(from, ids.collect::<Result<_, _>>()?)
}

pub(super) fn chats_of(from: &Connection, user: &UserId) -> StoreResult<Vec<ArchivedChat>> {
    let mut query = from.prepare_cached(CHATS_OF)?;
    let ids = query.query_map([user.as_str()], |row| row.get(0))?;
    named(from, ids.collect::<Result<_, _>>()?)
}

fn named(from: &Connection, ids: Vec<String>) -> StoreResult<Vec<ArchivedChat>> {
    let mut chats = Vec::new();
    for id in ids {
        let id = ChatId::new(id.clone()).map_err(|error| StoreError::Corrupt {
            id,
            source: Arc::new(error),
        })?;
        let chat = read_chat(from, &id)?;
        chats.extend(chat.map(|chat| ArchivedChat { id, chat }));
    }
    Ok(chats)
}

/// What an operator may change.
#[derive(Debug)]
pub(super) enum Change {
    /// Calls of another database come in.
    Import(Vec<(CallRow, Vec<QualityRow>)>),
    /// Old calls go.
    Purge { ended_before: Timestamp, most: u32 },
    /// A user is taken out of all chats.
    LeaveChats(UserId),
    /// A call goes on without a user.
    Erase { erasure: Erasure, json: String },
}

impl Change {
    pub(super) fn import(calls: Vec<ArchivedCall>) -> StoreResult<Self> {
        let row = |ArchivedCall { call, quality }: ArchivedCall| {
            let samples = quality
                .into_iter()
                .map(|sample| QualityRow::archived(call.id(), sample));
            let samples = samples.collect::<StoreResult<_>>()?;
            Ok((CallRow::new(&Arc::new(call))?, samples))
        };
        let rows = calls.into_iter().map(row);
        Ok(Self::Import(rows.collect::<StoreResult<_>>()?))
    }

    pub(super) fn erase(erasure: &Erasure) -> StoreResult<Self> {
        let json = serde_json::to_string(&*erasure.call).map_err(|error| StoreError::Corrupt {
            id: erasure.call.id().to_string(),
            source: Arc::new(error),
        })?;
        Ok(Self::Erase {
            erasure: erasure.clone(),
            json,
        })
    }

    /// Executes the change and returns how many calls or chats it touched; of an import, the new ones.
    pub(super) fn execute(&self, to: &Connection) -> rusqlite::Result<usize> {
        match self {
            Self::Import(rows) => import(to, rows),
            Self::Purge { ended_before, most } => purge(to, *ended_before, *most),
            Self::LeaveChats(user) => to.prepare_cached(LEAVE_CHATS)?.execute([user.as_str()]),
            Self::Erase { erasure, json } => erase(to, erasure, json),
        }
    }

    /// Lets the mirror know, once the change is committed.
    pub(super) fn committed(&self, mirror: &Mirror) {
        match self {
            Self::LeaveChats(_) => mirror.chats.forget_all(),
            // The mirror has live calls alone; of an import, whoever asked for it sees to them.
            Self::Import(_) | Self::Purge { .. } | Self::Erase { .. } => {}
        }
    }
}

pub(super) const LEAVE_CHATS: &str = "DELETE FROM chat_members WHERE user_id = ?1";

fn import(to: &Connection, rows: &[(CallRow, Vec<QualityRow>)]) -> rusqlite::Result<usize> {
    let mut new = 0;
    for (row, samples) in rows {
        new += usize::from(row.import(to)?);
        for sample in samples {
            sample.put(to)?;
        }
    }
    Ok(new)
}

// What the application is still to be told of is kept until it was: an erasure finds it by its call.
pub(super) const OLD: &str = "
    SELECT id, initiated_at_ms, session FROM calls
    WHERE ended_at_ms < ?1 AND (ended_at_ms < ?3 OR NOT EXISTS (
        SELECT 1 FROM webhook_outbox AS letter WHERE letter.call_id = calls.id
    ))
    ORDER BY ended_at_ms LIMIT ?2";

// Who took part stands in the call itself.
pub(super) const DELETE_PARTICIPANTS: &str = "
    DELETE FROM call_participants
    WHERE call_id = ?1 AND initiated_at_ms = ?2 AND user_id IN (
        SELECT json_extract(value, '$.person.id') FROM json_each(?3, '$.participants')
    )";

pub(super) const DELETE_QUALITY: &str = "DELETE FROM call_quality WHERE call_id = ?1";

pub(super) const DELETE_CALL: &str = "DELETE FROM calls WHERE id = ?1";

fn purge(to: &Connection, ended_before: Timestamp, most: u32) -> rusqlite::Result<usize> {
    let mut query = to.prepare_cached(OLD)?;
    let untold = ended_before.minus_ms(LONGEST_KEEP_MS);
    let bounds = params![to_i64(ended_before.as_ms()), most, to_i64(untold.as_ms())];
    let old = query.query_map(bounds, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let old: Vec<(String, i64, String)> = old.collect::<Result<_, _>>()?;
    for (id, initiated_at_ms, session) in &old {
        to.prepare_cached(DELETE_PARTICIPANTS)?
            .execute(params![id, initiated_at_ms, session])?;
        to.prepare_cached(ERASE_LETTERS)?.execute([id])?;
        delete(to, id)?;
    }
    Ok(old.len())
}

fn delete(to: &Connection, id: &str) -> rusqlite::Result<()> {
    to.prepare_cached(DELETE_QUALITY)?.execute([id])?;
    to.prepare_cached(DELETE_CALL)?.execute([id])?;
    Ok(())
}

pub(super) const ERASE: &str = "
    UPDATE calls SET version = ?3, caller_id = ?4, request_id = NULL, session = ?5
    WHERE id = ?1 AND version = ?2";

pub(super) const ERASE_PARTICIPANT: &str = "
    DELETE FROM call_participants WHERE user_id = ?1 AND initiated_at_ms = ?2 AND call_id = ?3";

pub(super) const ERASE_FROM: &str =
    "UPDATE OR REPLACE call_quality SET from_user = ?3 WHERE call_id = ?1 AND from_user = ?2";

pub(super) const ERASE_TO: &str =
    "UPDATE OR REPLACE call_quality SET to_user = ?3 WHERE call_id = ?1 AND to_user = ?2";

pub(super) const ERASE_LETTERS: &str = "DELETE FROM webhook_outbox WHERE call_id = ?1";

pub(super) const OTHERS: &str = "
    SELECT count(*) FROM call_participants
    WHERE call_id = ?1 AND initiated_at_ms = ?2 AND user_id IN (
        SELECT json_extract(value, '$.person.id') FROM json_each(?3, '$.participants')
    )";

fn erase(to: &Connection, erasure: &Erasure, json: &str) -> rusqlite::Result<usize> {
    let call = &erasure.call;
    let (id, initiated_at_ms) = (call.id().as_str(), to_i64(call.initiated_at().as_ms()));
    let (user, stand_in) = (erasure.user.as_str(), erasure.stand_in.as_str());
    let touched = to.prepare_cached(ERASE)?.execute(params![
        id,
        to_i64(erasure.expected_version),
        to_i64(call.version()),
        call.caller().as_str(),
        json,
    ])?;
    if touched == 0 {
        return Ok(0);
    }
    to.prepare_cached(ERASE_PARTICIPANT)?
        .execute(params![user, initiated_at_ms, id])?;
    for rename in [ERASE_FROM, ERASE_TO] {
        to.prepare_cached(rename)?.execute([id, user, stand_in])?;
    }
    // What was not told by now would tell of the user.
    to.prepare_cached(ERASE_LETTERS)?.execute([id])?;
    let others: i64 = to
        .prepare_cached(OTHERS)?
        .query_row(params![id, initiated_at_ms, json], |row| row.get(0))?;
    if others == 0 {
        delete(to, id)?;
    }
    Ok(touched)
}
