//! What is stored of one user: handed out, and erased, with any database.

use std::sync::Arc;

use ringback_protocol::rest::{CallRecord, ChatRef, LinkTimeline};
use ringback_protocol::{DeviceId, SessionId, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{Database, Erasure, HistoryQuery, StoreError, StoreResult, Swap};
use crate::calls::{CallSession, Timestamp};

/// How many calls are erased between two looks at the history.
const PAGE: u32 = 100;

/// How often an erasure is tried against others who change the call.
const MOST_TRIES: u32 = 5;

/// One call of a user, with what the user's devices measured in it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UserCall {
    /// The call, as the user sees it.
    pub call: CallRecord,
    /// What the user's devices measured, link by link.
    pub quality: Vec<LinkTimeline>,
}

/// A page of what is stored of a user.
#[derive(Debug)]
pub struct UserPage {
    /// The calls, newest first.
    pub calls: Vec<UserCall>,
    /// Where the next page begins, when there is one.
    pub next: Option<(Timestamp, SessionId)>,
}

/// What an erasure came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Erased {
    /// Calls that go on without the user, or were deleted because nobody else is left in them.
    pub calls: u64,
    /// Chats that the user was in.
    pub chats: u64,
    /// Calls that are going on: the user is still in these. Erase again when they are over.
    pub live: u64,
}

/// Returns the chats that a user is in, without the other members.
///
/// # Errors
/// When the database fails.
pub async fn chats(store: &dyn Database, user: &UserId) -> StoreResult<Vec<ChatRef>> {
    let chats = store.chats_of(user).await?;
    let chats = chats.into_iter().map(|found| ChatRef {
        id: found.id,
        name: found.chat.name,
    });
    Ok(chats.collect())
}

/// Returns a page of the calls of a user.
///
/// # Errors
/// When the database fails.
pub async fn calls(
    store: &dyn Database,
    user: &UserId,
    after: Option<(Timestamp, SessionId)>,
    limit: u32,
) -> StoreResult<UserPage> {
    let query = HistoryQuery {
        after,
        limit,
        ..HistoryQuery::default()
    };
    let page = store.history(user, &query).await?;
    let mut calls = Vec::with_capacity(page.calls.len());
    for call in page.calls {
        let mut quality = store.quality(&call.id).await?;
        quality.retain(|link| link.from == *user);
        calls.push(UserCall { call, quality });
    }
    Ok(UserPage {
        calls,
        next: page.next,
    })
}

/// Takes a user out of all chats and of all calls that are over.
///
/// In each call somebody without a name stands in, another one in every call. It may be cut short
/// and done again.
///
/// # Errors
/// When the database fails.
pub async fn erase(store: &dyn Database, user: &UserId) -> StoreResult<Erased> {
    let mut erased = Erased {
        chats: store.leave_chats(user).await?,
        ..Erased::default()
    };
    let mut after = None;
    loop {
        let query = HistoryQuery {
            after,
            limit: PAGE,
            ..HistoryQuery::default()
        };
        let page = store.history(user, &query).await?;
        for call in page.calls {
            match erase_from(store, user, &call.id).await? {
                Outcome::Erased => erased.calls += 1,
                Outcome::Live => erased.live += 1,
                Outcome::Gone => {}
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(erased);
        }
    }
}

enum Outcome {
    Erased,
    Live,
    Gone,
}

async fn erase_from(store: &dyn Database, user: &UserId, id: &SessionId) -> StoreResult<Outcome> {
    for _ in 0..MOST_TRIES {
        let Some(call) = store.load(id).await? else {
            return Ok(Outcome::Gone);
        };
        if call.is_live() {
            return Ok(Outcome::Live);
        }
        let Some(erasure) = erasure(&call, user)? else {
            return Ok(Outcome::Gone);
        };
        if store.erase_from_call(&erasure).await? == Swap::Stored {
            return Ok(Outcome::Erased);
        }
    }
    // Somebody changes it again and again: it is as good as live.
    Ok(Outcome::Live)
}

fn erasure(call: &CallSession, user: &UserId) -> StoreResult<Option<Erasure>> {
    let corrupt = |error| StoreError::Corrupt {
        id: call.id().to_string(),
        source: Arc::new(error),
    };
    let stand_in = UserId::new(format!("erased-{}", Uuid::now_v7().simple())).map_err(corrupt)?;
    let device = DeviceId::new("erased").map_err(corrupt)?;
    let without = call.without(user, &stand_in, &device);
    Ok(without.map(|without| Erasure {
        user: user.clone(),
        stand_in,
        expected_version: call.version(),
        call: Arc::new(without),
    }))
}
