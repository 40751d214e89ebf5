//! `GET` and `DELETE /api/users/{id}/data`: the host application asks for all that is stored of a
//! person, or has it erased.

use axum::Json;
use axum::extract::State;
use ringback_protocol::UserId;
use ringback_protocol::rest::{ChatRef, Success};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RestState;
use super::calls::{cursor_of, limit};
use super::error::{ApiError, ApiResult};
use super::extract::{Id, Parameters, Service};
use crate::store::cursor::cursor;
use crate::store::user_data::{self, Erased, UserCall};

/// `?limit=&cursor=`
#[derive(Deserialize, JsonSchema)]
pub(super) struct PageParameters {
    /// How many calls at most; 50 unless given.
    #[schemars(with = "Option<u32>", range(min = 1, max = 100))]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    #[schemars(regex(pattern = r"^[0-9]{1,15}:[!-~]{1,128}$"))]
    cursor: Option<String>,
}

/// A page of what is stored of a person.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserData {
    /// Who.
    user_id: UserId,
    /// The chats that they are in.
    chats: Vec<ChatRef>,
    /// Their calls, newest first.
    calls: Vec<UserCall>,
    /// Where the next page begins, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Returns a page of what is stored of a person.
pub(super) async fn show(
    Service: Service,
    State(state): State<RestState>,
    Id(id): Id<UserId>,
    Parameters(parameters): Parameters<PageParameters>,
) -> ApiResult<Json<Success<UserData>>> {
    let user_id = id.ok_or_else(not_an_id)?;
    let (after, limit) = (cursor_of(parameters.cursor)?, limit(parameters.limit)?);
    let store = &*state.database;
    let chats = user_data::chats(store, &user_id).await?;
    let page = user_data::calls(store, &user_id, after, limit).await?;
    Ok(Json(Success::new(UserData {
        user_id,
        chats,
        calls: page.calls,
        next_cursor: page.next.as_ref().map(cursor),
    })))
}

/// Erases a person and returns what that came to. It may be asked again.
pub(super) async fn erase(
    Service: Service,
    State(state): State<RestState>,
    Id(id): Id<UserId>,
) -> ApiResult<Json<Success<Erased>>> {
    let user_id = id.ok_or_else(not_an_id)?;
    let erased = user_data::erase(&*state.database, &user_id).await?;
    Ok(Json(Success::new(erased)))
}

fn not_an_id() -> ApiError {
    ApiError::invalid("The id of a user has 1 to 128 characters and no control characters.")
}
