//! The directory of chats.

use std::sync::Arc;

use ringback_protocol::rest::{Chat, ChatMember};
use ringback_protocol::{ChatId, UserId};
use sqlx::PgPool;

use super::to_i64;
use crate::store::{StoreError, StoreResult};

/// The chat's name, and one member; without members there is one row with no member in it.
type ChatRow = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

pub(super) const CHAT: &str = "
    SELECT chats.name, user_id, chat_members.name, avatar
    FROM chats LEFT JOIN chat_members ON chat_members.chat_id = chats.id
    WHERE chats.id = $1
    ORDER BY position, user_id COLLATE \"C\"";

pub(super) const PUT_CHAT: &str = "
    INSERT INTO chats (id, name) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name";

pub(super) const PUT_MEMBERS: &str = "
    INSERT INTO chat_members (chat_id, user_id, position, name, avatar)
    SELECT DISTINCT ON (user_id) $1, user_id, position, name, avatar
    FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[])
        AS member (user_id, position, name, avatar)
    ORDER BY user_id, position DESC";

pub(super) const ADD_MEMBER: &str = "
    INSERT INTO chat_members (chat_id, user_id, position, name, avatar)
    SELECT $1, $2, coalesce(max(position) + 1, 0), $3, $4 FROM chat_members WHERE chat_id = $1
    ON CONFLICT (chat_id, user_id) DO UPDATE SET
        name = coalesce(excluded.name, chat_members.name),
        avatar = coalesce(excluded.avatar, chat_members.avatar)";

pub(super) async fn read(pool: &PgPool, id: &ChatId) -> StoreResult<Option<Arc<Chat>>> {
    let rows: Vec<ChatRow> = sqlx::query_as(CHAT)
        .bind(id.as_str())
        .fetch_all(pool)
        .await?;
    let Some((name, ..)) = rows.first() else {
        return Ok(None);
    };
    let name = name.clone();
    let members = rows.into_iter().filter_map(|row| member(id, row));
    Ok(Some(Arc::new(Chat {
        name,
        participants: members.collect::<StoreResult<_>>()?,
    })))
}

fn member(chat: &ChatId, (_, user, name, avatar): ChatRow) -> Option<StoreResult<ChatMember>> {
    let id = UserId::new(user?).map_err(|error| StoreError::Corrupt {
        id: chat.to_string(),
        source: Arc::new(error),
    });
    Some(id.map(|id| ChatMember { id, name, avatar }))
}

pub(super) async fn put(pool: &PgPool, id: &ChatId, chat: Chat) -> StoreResult<()> {
    let mut change = pool.begin().await?;
    // The row of the chat is locked by this: two who put it come one after the other.
    sqlx::query(PUT_CHAT)
        .bind(id.as_str())
        .bind(&chat.name)
        .execute(&mut *change)
        .await?;
    sqlx::query("DELETE FROM chat_members WHERE chat_id = $1")
        .bind(id.as_str())
        .execute(&mut *change)
        .await?;
    let members = || chat.participants.iter();
    let positions: Vec<i64> = (0..).take(chat.participants.len()).map(to_i64).collect();
    sqlx::query(PUT_MEMBERS)
        .bind(id.as_str())
        .bind(members().map(|one| one.id.as_str()).collect::<Vec<_>>())
        .bind(positions)
        .bind(members().map(|one| one.name.as_deref()).collect::<Vec<_>>())
        .bind(
            members()
                .map(|one| one.avatar.as_deref())
                .collect::<Vec<_>>(),
        )
        .execute(&mut *change)
        .await?;
    change.commit().await?;
    Ok(())
}

pub(super) async fn delete(pool: &PgPool, id: &ChatId) -> StoreResult<bool> {
    let deleted = sqlx::query("DELETE FROM chats WHERE id = $1")
        .bind(id.as_str())
        .execute(pool)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

pub(super) async fn add_member(pool: &PgPool, id: &ChatId, member: ChatMember) -> StoreResult<()> {
    let mut change = pool.begin().await?;
    sqlx::query(
        "INSERT INTO chats (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = excluded.id",
    )
    .bind(id.as_str())
    .execute(&mut *change)
    .await?;
    sqlx::query(ADD_MEMBER)
        .bind(id.as_str())
        .bind(member.id.as_str())
        .bind(&member.name)
        .bind(&member.avatar)
        .execute(&mut *change)
        .await?;
    change.commit().await?;
    Ok(())
}
