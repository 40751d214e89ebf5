//! The directory of chats, with those in use kept in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_protocol::rest::{Chat, ChatMember};
use ringback_protocol::{ChatId, UserId};
use rusqlite::{Connection, Row};

use super::readers::Readers;
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

    /// Forgets all of them: many changed at once.
    pub(super) fn forget_all(&self) {
        let mut kept = self.lock();
        kept.generation += 1;
        kept.chats.clear();
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
    readers: &Readers,
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
    let asked = id.clone();
    let chat = readers.read(move |from| read_chat(from, &asked)).await?;
    let chat = chat.map(Arc::new);
    if let Some(chat) = &chat {
        cache.keep(id, chat, generation);
    }
    Ok(chat)
}

/// A chat without members is one row with no member in it.
pub(super) const CHAT: &str = "
    SELECT chats.name, user_id, chat_members.name, avatar
    FROM chats LEFT JOIN chat_members ON chat_members.chat_id = chats.id
    WHERE chats.id = ?1
    ORDER BY position, user_id";

pub(super) fn read_chat(from: &Connection, id: &ChatId) -> StoreResult<Option<Chat>> {
    let mut query = from.prepare_cached(CHAT)?;
    let mut rows = query.query([id.as_str()])?;
    let mut chat = None;
    while let Some(row) = rows.next()? {
        let name = row.get(0)?;
        let chat = chat.get_or_insert_with(|| Chat {
            name,
            participants: Vec::new(),
        });
        chat.participants.extend(member(id, row)?);
    }
    Ok(chat)
}

fn member(chat: &ChatId, row: &Row<'_>) -> StoreResult<Option<ChatMember>> {
    let Some(user) = row.get::<_, Option<String>>(1)? else {
        return Ok(None);
    };
    Ok(Some(ChatMember {
        id: UserId::new(user).map_err(|error| StoreError::Corrupt {
            id: chat.to_string(),
            source: Arc::new(error),
        })?,
        name: row.get(2)?,
        avatar: row.get(3)?,
    }))
}
