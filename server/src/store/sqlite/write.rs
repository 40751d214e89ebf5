//! What can be written.

use std::sync::Arc;

use ringback_protocol::ChatId;
use ringback_protocol::rest::{Chat, ChatMember};
use rusqlite::{Connection, OptionalExtension, params};

use super::Mirror;
use super::archive::{Change, DELETE_PARTICIPANTS};
use super::outbox::{self, LetterChange};
use super::quality::QualityRow;
use super::read;
use crate::calls::CallSession;
use crate::store::outbox::{Draft, drafts};
use crate::store::{StoreError, StoreResult};

/// One change, ready to be written: everything is encoded before it takes its turn.
#[derive(Debug)]
pub(super) enum Write {
    Create(CallRow),
    Swap {
        row: CallRow,
        expected_version: i64,
    },
    PutChat {
        id: ChatId,
        chat: Chat,
    },
    DeleteChat(ChatId),
    AddMember {
        id: ChatId,
        member: ChatMember,
    },
    AddQuality(Vec<QualityRow>),
    Letters(LetterChange),
    Archive(Change),
    /// Changes nothing, and is written all the same: to see whether it can be.
    Nothing,
}

/// As many bytes as most calls take as JSON.
const ROOM: usize = 1024;

/// A call as it goes into the columns.
#[derive(Debug)]
pub(super) struct CallRow {
    session: Arc<CallSession>,
    json: String,
    /// What the change has to tell.
    drafts: Vec<Draft>,
}

impl Write {
    pub(super) fn create(session: &Arc<CallSession>) -> StoreResult<Self> {
        CallRow::new(session).map(Self::Create)
    }

    pub(super) fn swap(session: &Arc<CallSession>, expected_version: u64) -> StoreResult<Self> {
        Ok(Self::Swap {
            row: CallRow::new(session)?,
            expected_version: to_i64(expected_version),
        })
    }

    /// Executes the change inside the open transaction and returns how many rows it touched.
    pub(super) fn execute(&self, to: &Connection) -> rusqlite::Result<usize> {
        match self {
            Self::Create(row) => row.create(to),
            Self::Swap {
                row,
                expected_version,
            } => row.swap(to, *expected_version),
            Self::PutChat { id, chat } => put_chat(to, id, chat),
            Self::DeleteChat(id) => delete_chat(to, id),
            Self::AddMember { id, member } => add_member(to, id, member),
            Self::AddQuality(rows) => rows.iter().map(|row| row.add(to)).sum(),
            Self::Letters(change) => change.execute(to),
            Self::Archive(change) => change.execute(to),
            Self::Nothing => write_nothing(to),
        }
    }

    /// Lets the mirror know, once the change is committed.
    pub(super) fn committed(&self, mirror: &Mirror) {
        match self {
            Self::Create(row) | Self::Swap { row, .. } => mirror.live.put(&row.session),
            Self::PutChat { id, .. } | Self::DeleteChat(id) | Self::AddMember { id, .. } => {
                mirror.chats.forget(id);
            }
            Self::Archive(change) => change.committed(mirror),
            Self::AddQuality(_) | Self::Letters(_) | Self::Nothing => {}
        }
    }

    /// Lets the mirror know how a call stands that another process changed: the file is believed.
    ///
    /// It is read where commits are made, so that what it finds is put between them.
    pub(super) fn overtaken(&self, from: &Connection, mirror: &Mirror) -> StoreResult<()> {
        let Self::Swap { row, .. } = self else {
            return Ok(());
        };
        if let Some(stored) = read::load(from, row.session.id())? {
            mirror.live.put(&stored);
        }
        Ok(())
    }
}

pub(super) const CREATE_CALL: &str = "
    INSERT INTO calls (id, version, chat_id, call_type, status, caller_id, request_id,
        initiated_at_ms, started_at_ms, ended_at_ms, end_reason, session)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT DO NOTHING";

pub(super) const SWAP_CALL: &str = "
    UPDATE calls SET version = ?3, status = ?4, started_at_ms = ?5, ended_at_ms = ?6,
        end_reason = ?7, session = ?8
    WHERE id = ?1 AND version = ?2";

// The rows of a call that is over may be there already.
pub(super) const PUT_PARTICIPANT: &str = "
    INSERT INTO call_participants (user_id, initiated_at_ms, call_id, chat_id, call_type, status,
        is_outgoing, duration_s, avg_bitrate, packet_loss, jitter)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT DO UPDATE SET status = excluded.status, duration_s = excluded.duration_s,
        avg_bitrate = excluded.avg_bitrate, packet_loss = excluded.packet_loss,
        jitter = excluded.jitter";

fn to_json(session: &CallSession) -> serde_json::Result<String> {
    let mut json = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut json, session)?;
    Ok(String::from_utf8(json).expect("JSON is UTF-8"))
}

impl CallRow {
    pub(super) fn new(session: &Arc<CallSession>) -> StoreResult<Self> {
        let json = to_json(session).map_err(|error| StoreError::Corrupt {
            id: session.id().to_string(),
            source: Arc::new(error),
        })?;
        Ok(Self {
            session: Arc::clone(session),
            json,
            drafts: drafts(session)?,
        })
    }

    fn create(&self, to: &Connection) -> rusqlite::Result<usize> {
        let rows = self.create_call(to)?;
        if rows > 0 {
            self.put_participants(to)?;
            outbox::add(to, self.session.id(), &self.drafts)?;
        }
        Ok(rows)
    }

    /// Stores the call of another database, or a later version of one that is there; tells whether
    /// it was new.
    pub(super) fn import(&self, to: &Connection) -> rusqlite::Result<bool> {
        let id = self.session.id().as_str();
        let known: Option<i64> = to
            .prepare_cached("SELECT version FROM calls WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        match known {
            None if self.create_call(to)? > 0 => {
                self.put_participants(to)?;
                Ok(true)
            }
            Some(version) if version < to_i64(self.session.version()) => {
                self.swap(to, version)?;
                if self.session.is_live() {
                    // It had ended here, and goes on.
                    self.delete_participants(to)?;
                }
                Ok(false)
            }
            None | Some(_) => Ok(false),
        }
    }

    fn delete_participants(&self, to: &Connection) -> rusqlite::Result<usize> {
        let initiated_at_ms = to_i64(self.session.initiated_at().as_ms());
        to.prepare_cached(DELETE_PARTICIPANTS)?.execute(params![
            self.session.id().as_str(),
            initiated_at_ms,
            self.json
        ])
    }

    fn create_call(&self, to: &Connection) -> rusqlite::Result<usize> {
        let session = &*self.session;
        let ending = session.state().ending();
        to.prepare_cached(CREATE_CALL)?.execute(params![
            session.id().as_str(),
            to_i64(session.version()),
            session.chat().id.as_str(),
            session.call_type().as_str(),
            session.status().as_str(),
            session.caller().as_str(),
            session.request_id().map(AsRef::<str>::as_ref),
            to_i64(session.initiated_at().as_ms()),
            session.state().started_at().map(|at| to_i64(at.as_ms())),
            ending.map(|ending| to_i64(ending.ended_at.as_ms())),
            ending.map(|ending| ending.reason.as_str()),
            self.json,
        ])
    }

    fn swap(&self, to: &Connection, expected_version: i64) -> rusqlite::Result<usize> {
        let session = &*self.session;
        let ending = session.state().ending();
        let rows = to.prepare_cached(SWAP_CALL)?.execute(params![
            session.id().as_str(),
            expected_version,
            to_i64(session.version()),
            session.status().as_str(),
            session.state().started_at().map(|at| to_i64(at.as_ms())),
            ending.map(|ending| to_i64(ending.ended_at.as_ms())),
            ending.map(|ending| ending.reason.as_str()),
            self.json,
        ])?;
        if rows > 0 {
            self.put_participants(to)?;
            outbox::add(to, session.id(), &self.drafts)?;
        }
        Ok(rows)
    }

    /// Writes the participants' rows, once the call is over.
    ///
    /// They lie on as many pages as the call has participants: most of what a change would write.
    /// Whose a live call is, the mirror knows.
    fn put_participants(&self, to: &Connection) -> rusqlite::Result<()> {
        let session = &*self.session;
        let Some(ending) = session.state().ending() else {
            return Ok(());
        };
        let duration = ending.duration_s();
        let quality = session.quality().means();
        let mut put = to.prepare_cached(PUT_PARTICIPANT)?;
        for participant in session.participants() {
            put.execute(params![
                participant.user().as_str(),
                to_i64(session.initiated_at().as_ms()),
                session.id().as_str(),
                session.chat().id.as_str(),
                session.call_type().as_str(),
                session.status().as_str(),
                participant.is(session.caller()),
                duration.map(to_i64),
                quality.as_ref().map(|means| means.avg_bitrate),
                quality.as_ref().map(|means| means.packet_loss),
                quality.as_ref().map(|means| means.jitter),
            ])?;
        }
        Ok(())
    }
}

pub(super) const PUT_MEMBER: &str = "
    INSERT INTO chat_members (chat_id, user_id, position, name, avatar)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET name = excluded.name, avatar = excluded.avatar";

pub(super) const ADD_MEMBER: &str = "
    INSERT INTO chat_members (chat_id, user_id, position, name, avatar)
    VALUES (?1, ?2, (SELECT count(*) FROM chat_members WHERE chat_id = ?1), ?3, ?4)
    ON CONFLICT DO UPDATE SET name = coalesce(excluded.name, name),
        avatar = coalesce(excluded.avatar, avatar)";

fn put_chat(to: &Connection, id: &ChatId, chat: &Chat) -> rusqlite::Result<usize> {
    let rows = to
        .prepare_cached(
            "INSERT INTO chats (id, name) VALUES (?1, ?2)
            ON CONFLICT DO UPDATE SET name = excluded.name",
        )?
        .execute(params![id.as_str(), chat.name])?;
    to.prepare_cached("DELETE FROM chat_members WHERE chat_id = ?1")?
        .execute([id.as_str()])?;
    let mut put = to.prepare_cached(PUT_MEMBER)?;
    for (position, member) in (0_i64..).zip(&chat.participants) {
        put.execute(params![
            id.as_str(),
            member.id.as_str(),
            position,
            member.name,
            member.avatar
        ])?;
    }
    Ok(rows)
}

fn delete_chat(to: &Connection, id: &ChatId) -> rusqlite::Result<usize> {
    to.prepare_cached("DELETE FROM chat_members WHERE chat_id = ?1")?
        .execute([id.as_str()])?;
    to.prepare_cached("DELETE FROM chats WHERE id = ?1")?
        .execute([id.as_str()])
}

fn add_member(to: &Connection, id: &ChatId, member: &ChatMember) -> rusqlite::Result<usize> {
    to.prepare_cached("INSERT INTO chats (id) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([id.as_str()])?;
    to.prepare_cached(ADD_MEMBER)?.execute(params![
        id.as_str(),
        member.id.as_str(),
        member.name,
        member.avatar
    ])
}

/// Writes the first page of the file as it is.
fn write_nothing(to: &Connection) -> rusqlite::Result<usize> {
    let version: u32 = to.pragma_query_value(None, "user_version", |row| row.get(0))?;
    to.pragma_update(None, "user_version", version)?;
    Ok(1)
}

/// SQLite's integers are signed; times and versions stay far below the limit.
pub(super) fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
