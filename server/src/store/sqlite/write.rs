//! What can be written, each as one statement text with its values.

use std::sync::Arc;

use ringback_protocol::ChatId;
use ringback_protocol::rest::{Chat, ChatMember};
use sqlx::sqlite::SqliteConnection;

use super::Mirror;
use crate::calls::session::{CallSession, Ending};
use crate::store::{StoreError, StoreResult};

/// One change, ready to be written: everything is encoded before it takes its turn.
#[derive(Debug)]
pub(super) enum Write {
    Create(CallRow),
    Swap {
        row: CallRow,
        expected_version: i64,
        /// Whether the rows of the participants change as well.
        with_participants: bool,
    },
    PutChat {
        id: ChatId,
        name: Option<String>,
        members: String,
    },
    DeleteChat(ChatId),
    AddMember {
        id: ChatId,
        member: ChatMember,
    },
}

/// A call as it goes into the columns.
#[derive(Debug)]
pub(super) struct CallRow {
    session: Arc<CallSession>,
    json: String,
    /// The ids of all participants, as a JSON array.
    users: String,
}

impl Write {
    pub(super) fn create(session: &Arc<CallSession>) -> StoreResult<Self> {
        CallRow::new(session, true).map(Self::Create)
    }

    /// `before` is what is known to be stored now; the participants' rows change with the status.
    pub(super) fn swap(
        session: &Arc<CallSession>,
        expected_version: u64,
        before: Option<&CallSession>,
    ) -> StoreResult<Self> {
        let with_participants = before.is_none_or(|before| {
            before.version() != expected_version
                || before.status() != session.status()
                || before.participants().len() != session.participants().len()
        });
        Ok(Self::Swap {
            row: CallRow::new(session, with_participants)?,
            expected_version: to_i64(expected_version),
            with_participants,
        })
    }

    pub(super) fn put_chat(id: &ChatId, chat: &Chat) -> StoreResult<Self> {
        Ok(Self::PutChat {
            id: id.clone(),
            name: chat.name.clone(),
            members: json(id.as_str(), &chat.participants)?,
        })
    }

    pub(super) fn delete_chat(id: &ChatId) -> Self {
        Self::DeleteChat(id.clone())
    }

    pub(super) fn add_member(id: &ChatId, member: ChatMember) -> Self {
        Self::AddMember {
            id: id.clone(),
            member,
        }
    }

    /// Executes the change inside the open transaction and returns how many rows it touched.
    pub(super) async fn execute(&self, to: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
        let query = match self {
            Self::Create(row) => row.create(),
            Self::Swap {
                row,
                expected_version,
                with_participants: false,
            } => row.bind(sqlx::query(SWAP_CALL), *expected_version),
            Self::Swap {
                row,
                expected_version,
                with_participants: true,
            } => row.swap_all(*expected_version),
            Self::PutChat { id, name, members } => sqlx::query(PUT_CHAT)
                .bind(id.as_str())
                .bind(name)
                .bind(members),
            Self::DeleteChat(id) => sqlx::query(DELETE_CHAT).bind(id.as_str()),
            Self::AddMember { id, member } => sqlx::query(ADD_MEMBER)
                .bind(id.as_str())
                .bind(member.id.as_str())
                .bind(&member.name)
                .bind(&member.avatar),
        };
        Ok(query.execute(to).await?.rows_affected())
    }

    /// Lets the mirror know, once the change is committed.
    pub(super) fn committed(&self, mirror: &Mirror) {
        match self {
            Self::Create(row) | Self::Swap { row, .. } => mirror.live.put(&row.session),
            Self::PutChat { id, .. } | Self::DeleteChat(id) | Self::AddMember { id, .. } => {
                mirror.chats.forget(id);
            }
        }
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

// `changes()` is the number of rows of the statement before: the participants follow their call
// only when it was written.

const CREATE_CALL: &str = "
    INSERT INTO calls (id, version, status, started_at_ms, ended_at_ms, end_reason, session,
        chat_id, call_type, caller_id, request_id, initiated_at_ms)
    VALUES (?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT DO NOTHING;
    INSERT INTO call_participants (user_id, initiated_at_ms, call_id, chat_id, call_type, status,
        is_outgoing)
    SELECT value, ?13, ?1, ?9, ?10, ?4, value = ?11
    FROM json_each(?14) WHERE changes() > 0";

const SWAP_CALL: &str = "
    UPDATE calls SET version = ?3, status = ?4, started_at_ms = ?5, ended_at_ms = ?6,
        end_reason = ?7, session = ?8
    WHERE id = ?1 AND version = ?2";

const SWAP_ALL: &str = "
    UPDATE calls SET version = ?3, status = ?4, started_at_ms = ?5, ended_at_ms = ?6,
        end_reason = ?7, session = ?8
    WHERE id = ?1 AND version = ?2;
    INSERT INTO call_participants (user_id, initiated_at_ms, call_id, chat_id, call_type, status,
        is_outgoing, duration_s, avg_bitrate, packet_loss, jitter)
    SELECT value, ?13, ?1, ?9, ?10, ?4, value = ?11, ?15, ?16, ?17, ?18
    FROM json_each(?14) WHERE changes() > 0
    ON CONFLICT DO UPDATE SET status = excluded.status, duration_s = excluded.duration_s,
        avg_bitrate = excluded.avg_bitrate, packet_loss = excluded.packet_loss,
        jitter = excluded.jitter";

const PUT_CHAT: &str = "
    INSERT INTO chats (id, name) VALUES (?1, ?2)
    ON CONFLICT DO UPDATE SET name = excluded.name;
    DELETE FROM chat_members WHERE chat_id = ?1;
    INSERT OR REPLACE INTO chat_members (chat_id, user_id, position, name, avatar)
    SELECT ?1, value ->> 'id', key, value ->> 'name', value ->> 'avatar' FROM json_each(?3)";

const DELETE_CHAT: &str = "
    DELETE FROM chat_members WHERE chat_id = ?1;
    DELETE FROM chats WHERE id = ?1";

const ADD_MEMBER: &str = "
    INSERT INTO chats (id) VALUES (?1) ON CONFLICT DO NOTHING;
    INSERT INTO chat_members (chat_id, user_id, position, name, avatar)
    VALUES (?1, ?2, (SELECT count(*) FROM chat_members WHERE chat_id = ?1), ?3, ?4)
    ON CONFLICT DO UPDATE SET name = coalesce(excluded.name, name),
        avatar = coalesce(excluded.avatar, avatar)";

impl CallRow {
    fn new(session: &Arc<CallSession>, with_participants: bool) -> StoreResult<Self> {
        let id = session.id().as_str();
        let participants = session.participants().iter();
        let users: Vec<_> = participants.map(|one| one.user().as_str()).collect();
        Ok(Self {
            json: json(id, &**session)?,
            users: if with_participants {
                json(id, &users)?
            } else {
                String::new()
            },
            session: Arc::clone(session),
        })
    }

    /// Binds ?1 to ?8: what a change writes.
    fn bind<'q>(&'q self, query: Query<'q>, expected_version: i64) -> Query<'q> {
        let ending = self.session.state().ending();
        let started_at = self.session.state().started_at();
        query
            .bind(self.session.id().as_str())
            .bind(expected_version)
            .bind(to_i64(self.session.version()))
            .bind(self.session.status().as_str())
            .bind(started_at.map(|at| to_i64(at.as_ms())))
            .bind(ending.map(|ending| to_i64(ending.ended_at.as_ms())))
            .bind(ending.map(|ending| ending.reason.as_str()))
            .bind(&self.json)
    }

    /// Binds ?9 to ?14: what never changes, and who takes part.
    fn bind_fixed<'q>(&'q self, query: Query<'q>) -> Query<'q> {
        query
            .bind(self.session.chat().id.as_str())
            .bind(self.session.call_type().as_str())
            .bind(self.session.caller().as_str())
            .bind(self.session.request_id().map(AsRef::<str>::as_ref))
            .bind(to_i64(self.session.initiated_at().as_ms()))
            .bind(&self.users)
    }

    fn create(&self) -> Query<'_> {
        self.bind_fixed(self.bind(sqlx::query(CREATE_CALL), 0))
    }

    /// Binds ?15 to ?18 as well: what the statistics need.
    fn swap_all(&self, expected_version: i64) -> Query<'_> {
        let duration = self.session.state().ending().and_then(Ending::duration_s);
        let quality = self.session.quality().means();
        self.bind_fixed(self.bind(sqlx::query(SWAP_ALL), expected_version))
            .bind(duration.map(to_i64))
            .bind(quality.as_ref().map(|means| means.avg_bitrate))
            .bind(quality.as_ref().map(|means| means.packet_loss))
            .bind(quality.as_ref().map(|means| means.jitter))
    }
}

fn json<T: serde::Serialize + ?Sized>(id: &str, value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt {
        id: id.to_owned(),
        source: Arc::new(error),
    })
}

/// SQLite's integers are signed; times and versions stay far below the limit.
pub(super) fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
