//! What an operator does with stored calls: export, import, purge, erase.

use std::sync::Arc;

use ringback_protocol::rest::{Chat, LinkSample};
use ringback_protocol::{ChatId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::{StoreError, StoreResult, Swap};
use crate::calls::ports::BoxFuture;
use crate::calls::{CallSession, Timestamp};

/// A whole call, as it leaves one database and enters another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArchivedCall {
    /// The call.
    pub call: CallSession,
    /// What was measured of its links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quality: Vec<ArchivedSample>,
}

/// One measurement of a link, in one direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchivedSample {
    /// Who measured.
    pub from: UserId,
    /// Whose media was measured.
    pub to: UserId,
    /// When, in milliseconds since 1970.
    pub at_ms: Timestamp,
    /// What was measured.
    pub sample: LinkSample,
}

/// A chat with its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedChat {
    /// Which.
    pub id: ChatId,
    /// What is known of it.
    pub chat: Chat,
}

/// Reads and changes what is stored in bulk, in pages: none of it grows with the database.
pub trait Archive: Send + Sync + 'static {
    /// Returns how many calls are stored.
    fn count_calls(&self) -> BoxFuture<'_, StoreResult<u64>>;

    /// Returns calls with what was measured in them, by id, at most so many.
    fn archived_calls<'a>(
        &'a self,
        after: Option<&'a SessionId>,
        most: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<ArchivedCall>>>;

    /// Returns chats by id, at most so many.
    fn archived_chats<'a>(
        &'a self,
        after: Option<&'a ChatId>,
        most: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<ArchivedChat>>>;

    /// Stores calls of another database and returns how many of them were new.
    ///
    /// A call that is there already is replaced by a later version of itself, and else left alone.
    /// Nobody is told of imported calls.
    fn import_calls(&self, calls: Vec<ArchivedCall>) -> BoxFuture<'_, StoreResult<u64>>;

    /// Lets the database take stock, once all calls of an import are in: what it does in time by
    /// itself, it does at once.
    fn settle(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Deletes calls that ended before that time, at most so many, and returns how many it were.
    ///
    /// A call stays as long as the [`Outbox`](super::Outbox) holds something about it, but no more
    /// than 30 days longer.
    fn purge(&self, ended_before: Timestamp, most: u32) -> BoxFuture<'_, StoreResult<u64>>;

    /// Returns the chats that a user is in.
    fn chats_of<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, StoreResult<Vec<ArchivedChat>>>;

    /// Takes a user out of all chats and returns how many it were.
    fn leave_chats<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, StoreResult<u64>>;

    /// Replaces a call that is over by itself without that user, provided that it has the version.
    ///
    /// The call leaves the history of the user, and is deleted when it is in nobody's any more. What
    /// the [`Outbox`](super::Outbox) holds about it is removed: it would tell of the user.
    fn erase_from_call<'a>(&'a self, erasure: &'a Erasure) -> BoxFuture<'a, StoreResult<Swap>>;
}

/// A call, and who is no longer in it.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Who is erased.
    pub user: UserId,
    /// Who stands in their place, in this call alone.
    pub stand_in: UserId,
    /// The version that has to be stored now.
    pub expected_version: u64,
    /// The call with the stand-in.
    pub call: Arc<CallSession>,
}

/// Reads one stored measurement.
pub(super) fn archived_sample(
    call: &str,
    (from, to, at_ms, json): (String, String, u64, &str),
) -> StoreResult<ArchivedSample> {
    Ok(ArchivedSample {
        from: UserId::new(from).map_err(|error| corrupt(call, error))?,
        to: UserId::new(to).map_err(|error| corrupt(call, error))?,
        at_ms: Timestamp::from_ms(at_ms),
        sample: serde_json::from_str(json).map_err(|error| corrupt(call, error))?,
    })
}

/// Encodes a measurement as it is stored.
pub(super) fn sample_json(call: &SessionId, sample: &ArchivedSample) -> StoreResult<String> {
    serde_json::to_string(&sample.sample).map_err(|error| corrupt(call.as_str(), error))
}

fn corrupt(call: &str, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Corrupt {
        id: call.to_owned(),
        source: Arc::new(error),
    }
}
