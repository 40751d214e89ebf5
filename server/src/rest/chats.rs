//! `PUT`, `GET` and `DELETE /api/chats/{id}`: the host application says who is in which chat.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ringback_protocol::rest::{Chat, ChatMember, Success};
use ringback_protocol::{ChatId, Empty, ErrorCode};
use schemars::JsonSchema;
use serde::Serialize;

use super::RestState;
use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id, Service};

/// The most members of a chat.
const MOST_MEMBERS: usize = 10_000;

/// A chat with its id.
#[derive(Serialize, JsonSchema)]
pub(super) struct NamedChat {
    id: ChatId,
    #[serde(flatten)]
    chat: Chat,
}

/// Returns a chat.
pub(super) async fn show(
    Service: Service,
    State(state): State<RestState>,
    Id(id): Id<ChatId>,
) -> ApiResult<Json<Success<NamedChat>>> {
    let id = id.ok_or(ErrorCode::ChatNotFound)?;
    let chat = state
        .store
        .chat(&id)
        .await?
        .ok_or(ErrorCode::ChatNotFound)?;
    let chat = Arc::unwrap_or_clone(chat);
    Ok(Json(Success::new(NamedChat { id, chat })))
}

/// Stores a chat in place of what was stored before.
pub(super) async fn put(
    Service: Service,
    State(state): State<RestState>,
    Id(id): Id<ChatId>,
    Body(mut chat): Body<Chat>,
) -> ApiResult<Json<Success<NamedChat>>> {
    let id = id.ok_or_else(|| {
        ApiError::invalid("The id of a chat has 1 to 128 characters and no control characters.")
    })?;
    each_once(&mut chat.participants)?;
    state.store.put_chat(&id, chat.clone()).await?;
    Ok(Json(Success::new(NamedChat { id, chat })))
}

/// Removes a chat. The history of its calls stays.
pub(super) async fn remove(
    Service: Service,
    State(state): State<RestState>,
    Id(id): Id<ChatId>,
) -> ApiResult<Json<Success<Empty>>> {
    let id = id.ok_or(ErrorCode::ChatNotFound)?;
    if state.store.delete_chat(&id).await? {
        Ok(Json(Success::new(Empty {})))
    } else {
        Err(ErrorCode::ChatNotFound.into())
    }
}

/// Merges members who are named twice; the first naming counts.
fn each_once(members: &mut Vec<ChatMember>) -> ApiResult<()> {
    if members.len() > MOST_MEMBERS {
        let text = format!("participants: a chat has at most {MOST_MEMBERS} members.");
        return Err(ApiError::invalid(text));
    }
    let mut seen = HashSet::new();
    members.retain(|member| seen.insert(member.id.clone()));
    Ok(())
}
