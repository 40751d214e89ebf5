//! The directory of chats: one document a chat.

use std::sync::Arc;

use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use ringback_protocol::rest::{Chat, ChatMember};
use ringback_protocol::{ChatId, UserId};
use serde::Deserialize;

use super::schema::is_duplicate;
use crate::store::archive::ArchivedChat;
use crate::store::{StoreError, StoreResult};

#[derive(Debug, Deserialize)]
pub(super) struct StoredChat {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
struct Member {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    avatar: Option<String>,
}

pub(super) async fn read(
    chats: &Collection<Document>,
    id: &ChatId,
) -> StoreResult<Option<Arc<Chat>>> {
    let chats = chats.clone_with_type::<StoredChat>();
    let found = chats.find_one(doc! {"_id": id.as_str()}).await?;
    let chat = found.map(archived).transpose()?;
    Ok(chat.map(|found| Arc::new(found.chat)))
}

/// Reads a stored chat.
pub(super) fn archived(stored: StoredChat) -> StoreResult<ArchivedChat> {
    let corrupt = |error| StoreError::Corrupt {
        id: stored.id.clone(),
        source: Arc::new(error),
    };
    let member = |member: Member| {
        Ok(ChatMember {
            id: UserId::new(member.id).map_err(corrupt)?,
            name: member.name,
            avatar: member.avatar,
        })
    };
    let participants = stored.members.into_iter().map(member);
    Ok(ArchivedChat {
        chat: Chat {
            name: stored.name,
            participants: participants.collect::<StoreResult<_>>()?,
        },
        id: ChatId::new(stored.id.clone()).map_err(corrupt)?,
    })
}

pub(super) async fn put(chats: &Collection<Document>, id: &ChatId, chat: &Chat) -> StoreResult<()> {
    let members: Vec<_> = chat.participants.iter().map(known).collect();
    let mut stored = doc! {"_id": id.as_str(), "members": members};
    if let Some(name) = &chat.name {
        stored.insert("name", name);
    }
    let put = || {
        chats
            .replace_one(doc! {"_id": id.as_str()}, &stored)
            .upsert(true)
    };
    match put().await {
        // Someone else made the chat at this very moment: now it is there.
        Err(error) if is_duplicate(&error) => put().await?,
        other => other?,
    };
    Ok(())
}

pub(super) async fn delete(chats: &Collection<Document>, id: &ChatId) -> StoreResult<bool> {
    let deleted = chats.delete_one(doc! {"_id": id.as_str()}).await?;
    Ok(deleted.deleted_count > 0)
}

pub(super) async fn add_member(
    chats: &Collection<Document>,
    id: &ChatId,
    member: &ChatMember,
) -> StoreResult<()> {
    let steps = vec![
        doc! {"$set": {"members": {"$ifNull": ["$members", []]}}},
        doc! {"$set": {"members": with_member(&known(member))}},
    ];
    let add = || {
        chats
            .update_one(doc! {"_id": id.as_str()}, steps.clone())
            .upsert(true)
    };
    match add().await {
        // Someone else made the chat at this very moment: now it is there.
        Err(error) if is_duplicate(&error) => add().await?,
        other => other?,
    };
    Ok(())
}

/// Returns the expression for the members with that one: what is not said again is kept.
fn with_member(member: &Document) -> Document {
    let id = doc! {"$literal": member.get("id").cloned().unwrap_or(Bson::Null)};
    let renewed = doc! {"$mergeObjects": ["$$this", {"$literal": member}]};
    let renew = doc! {"$cond": [{"$eq": ["$$this.id", &id]}, renewed, "$$this"]};
    doc! {"$cond": [
        {"$in": [id, "$members.id"]},
        {"$map": {"input": "$members", "in": renew}},
        {"$concatArrays": ["$members", [{"$literal": member}]]},
    ]}
}

/// Returns a member with what is known of them.
fn known(member: &ChatMember) -> Document {
    let mut known = doc! {"id": member.id.as_str()};
    for (field, value) in [("name", &member.name), ("avatar", &member.avatar)] {
        if let Some(value) = value {
            known.insert(field, value);
        }
    }
    known
}
