//! What only `--dev` has: chats and tokens on the fly, for trying things out without a host application.

use axum::Json;
use axum::extract::State;
use ringback_protocol::rest::{ChatMember, DevJoin, DevToken, Success};
use ringback_protocol::{Ack, ChatId, ErrorCode, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::RestState;
use super::error::ApiResult;
use super::extract::{Body, Id, Person};
use crate::auth::User;
use crate::calls::ports::Presence as Online;

/// How long a token of the development mode is good for.
const TOKEN_LASTS_S: u64 = 7 * 24 * 3600;

/// Makes the chat and the member on the fly and returns a token.
pub(super) async fn join(
    State(state): State<RestState>,
    Body(join): Body<DevJoin>,
) -> ApiResult<Json<Ack<DevToken>>> {
    let member = ChatMember {
        id: join.user_id.clone(),
        name: join.name.clone(),
        avatar: join.avatar.clone(),
    };
    state.store.add_member(&join.chat_id, member).await?;
    let user = User {
        id: join.user_id,
        name: join.name,
        picture: join.avatar,
    };
    let token = state.auth.sign(&user, TOKEN_LASTS_S)?;
    Ok(Json(Ack::Success(DevToken { token })))
}

/// The members of a chat, and who of them is connected.
#[derive(Serialize, JsonSchema)]
pub(super) struct Members {
    participants: Vec<Presence>,
}

/// One member of a chat.
#[derive(Serialize, JsonSchema)]
struct Presence {
    id: UserId,
    name: Option<String>,
    avatar: Option<String>,
    online: bool,
}

/// Returns who is in a chat of the asker, for the demo page.
pub(super) async fn members(
    Person(user): Person,
    State(state): State<RestState>,
    Id(id): Id<ChatId>,
) -> ApiResult<Json<Success<Members>>> {
    let id = id.ok_or(ErrorCode::ChatNotFound)?;
    let chat = state
        .store
        .chat(&id)
        .await?
        .ok_or(ErrorCode::ChatNotFound)?;
    if !chat.participants.iter().any(|member| member.id == user.id) {
        return Err(ErrorCode::ChatNotFound.into());
    }
    let mut participants = Vec::with_capacity(chat.participants.len());
    for member in &chat.participants {
        participants.push(Presence {
            id: member.id.clone(),
            name: member.name.clone(),
            avatar: member.avatar.clone(),
            online: state.emitter.presence(&member.id, None).await == Online::Connected,
        });
    }
    Ok(Json(Success::new(Members { participants })))
}
