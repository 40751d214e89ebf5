//! The directory of chats, with those in use kept in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_protocol::rest::{Chat, ChatMember};
use ringback_protocol::{ChatId, UserId};
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};

use crate::store::{StoreError, StoreResult};

/// How many chats are kept in memory; when there are more, all are read anew.
const CAPACITY: usize = 10_000;

/// The chats that were read since they last changed.
#[derive(Debug, Default)]
pub(super) struct ChatCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    chats: HashMap<ChatId, Arc<Chat>>,
    /// Counts the changes: what was read before one is not kept after it.
    generation: u64,
}

impl ChatCache {
    pub(super) fn forget(&self, id: &ChatId) {
        let mut kept = self.lock();
        kept.generation += 1;
        kept.chats.remove(id);
    }

    fn keep(&self, id: &ChatId, chat: &Arc<Chat>, generation: u64) {
        let mut kept = self.lock();
        if kept.generation != generation {
            return;
        }
        if kept.chats.len() >= CAPACITY {
            kept.chats.clear();
        }
        kept.chats.insert(id.clone(), Arc::clone(chat));
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn chat(
    readers: &SqlitePool,
    cache: &ChatCache,
    id: &ChatId,
) -> StoreResult<Option<Arc<Chat>>> {
    let generation = {
        let kept = cache.lock();
        if let Some(chat) = kept.chats.get(id) {
            return Ok(Some(Arc::clone(chat)));
        }
        kept.generation
    };
    let chat = read_chat(readers, id).await?.map(Arc::new);
    if let Some(chat) = &chat {
        cache.keep(id, chat, generation);
    }
    Ok(chat)
}

/// A chat without members is one row with no member in it.
const CHAT: &str = "
    SELECT chats.name AS chat_name, user_id, chat_members.name, avatar
    FROM chats LEFT JOIN chat_members ON chat_members.chat_id = chats.id
    WHERE chats.id = ?1
    ORDER BY position, user_id";

async fn read_chat(readers: &SqlitePool, id: &ChatId) -> StoreResult<Option<Chat>> {
    let rows = sqlx::query(CHAT)
        .bind(id.as_str())
        .fetch_all(readers)
        .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let name = first.try_get("chat_name")?;
    let members: StoreResult<Vec<_>> = rows.iter().filter_map(|row| member(id, row)).collect();
    Ok(Some(Chat {
        name,
        participants: members?,
    }))
}

fn member(chat: &ChatId, row: &SqliteRow) -> Option<StoreResult<ChatMember>> {
    let parse = || -> StoreResult<Option<ChatMember>> {
        let Some(user) = row.try_get::<Option<String>, _>("user_id")? else {
            return Ok(None);
        };
        Ok(Some(ChatMember {
            id: UserId::new(user).map_err(|error| StoreError::Corrupt {
                id: chat.to_string(),
                source: Arc::new(error),
            })?,
            name: row.try_get("name")?,
            avatar: row.try_get("avatar")?,
        }))
    };
    parse().transpose()
}
