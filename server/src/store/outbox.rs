//! What the host application is still to be told.

use std::sync::Arc;

use ringback_protocol::SessionId;

use super::{StoreError, StoreResult};
use crate::calls::ports::BoxFuture;
use crate::calls::session::Notice;
use crate::calls::{CallSession, Timestamp};

/// The longest that something may be told anew, in milliseconds: 30 days.
///
/// A call that ended longer ago is purged with what was never told of it: webhooks were turned off.
pub const LONGEST_KEEP_MS: u64 = 2_592_000_000;

/// Which of the things to tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LetterId {
    /// The call that it is about.
    pub call: SessionId,
    /// Its place among those of the call, from 1 on.
    pub sequence: u64,
}

/// Something to tell the host application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Which.
    pub id: LetterId,
    /// The body, as JSON.
    pub body: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// How often it was taken out to be told, this time included.
    pub attempts: u32,
}

/// What waits to be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many letters.
    pub letters: u64,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
}

/// Keeps what the host application is to be told until it was told.
///
/// It is written by [`CallStore`](super::CallStore), with the change that it tells of.
pub trait Outbox: Send + Sync + 'static {
    /// Returns what is due, oldest first, at most so many, and puts it off until `again`.
    ///
    /// Of each call only the first comes out: they are told in order. Of several nodes that ask at
    /// the same time one gets it; should that one break down, it is due at `again`.
    fn take_letters(
        &self,
        now: Timestamp,
        again: Timestamp,
        most: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Letter>>>;

    /// Puts one off.
    fn put_off_letter<'a>(
        &'a self,
        id: &'a LetterId,
        until: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>>;

    /// Removes one that was told, or given up.
    fn remove_letter<'a>(&'a self, id: &'a LetterId) -> BoxFuture<'a, StoreResult<()>>;

    /// Returns how much waits to be told, whether it is due or not.
    fn waiting_letters(&self) -> BoxFuture<'_, StoreResult<Waiting>>;

    /// Drops all but the `keep` that were written last, at most `most` at once, and returns how many.
    ///
    /// What follows a dropped one of the same call may be taken out. Several nodes may do it at once.
    fn drop_oldest_letters(&self, keep: u64, most: u32) -> BoxFuture<'_, StoreResult<u64>>;
}

/// What a change has to tell, as it is kept.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) sequence: u64,
    pub(super) body: String,
    pub(super) written_at: Timestamp,
}

/// Returns what the last change of a call has to tell.
pub(super) fn drafts(session: &CallSession) -> StoreResult<Vec<Draft>> {
    let draft = |notice: &Notice| {
        let body = serde_json::to_string(&notice.event).map_err(|error| StoreError::Corrupt {
            id: session.id().to_string(),
            source: Arc::new(error),
        })?;
        Ok(Draft {
            sequence: notice.event.data.sequence,
            body,
            written_at: notice.at,
        })
    };
    session.notices().iter().map(draft).collect()
}

/// Makes the id of a stored one.
pub(super) fn letter_id(call: String, sequence: u64) -> StoreResult<LetterId> {
    match SessionId::new(call.clone()) {
        Ok(call) => Ok(LetterId { call, sequence }),
        Err(error) => Err(StoreError::Corrupt {
            id: call,
            source: Arc::new(error),
        }),
    }
}
