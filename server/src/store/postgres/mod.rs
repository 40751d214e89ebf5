//! PostgreSQL: the store that several nodes share.
//!
//! Nothing is mirrored in memory, because other nodes write too: each answer is what the database
//! holds. One transition is one statement and one round trip (`calls`).

mod archive;
mod calls;
mod chats;
mod history;
mod look;
mod outbox;
#[cfg(test)]
mod plans;
mod quality;
mod schema;
mod statistics;

use std::sync::Arc;

use ringback_protocol::rest::{CallRecord, CallStatistics, Chat, ChatMember, LinkTimeline};
use ringback_protocol::{CallRequestId, CallStatus, ChatId, LinkReport, SessionId, UserId};
use sqlx::PgPool;

use super::{
    Archive, ArchivedCall, ArchivedChat, CallStore, Created, Database, Directory, Erasure,
    HistoryPage, HistoryQuery, Letter, LetterId, Migration, Outbox, StatisticsQuery, Store,
    StoreError, StoreResult, Swap, Waiting,
};
use crate::calls::ports::BoxFuture;
use crate::calls::{CallSession, Timestamp};

use look::Attempts;
pub(super) use schema::inspect;

/// Calls and chats in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    pool: PgPool,
    migration: Migration,
    attempts: Attempts,
}

impl PostgresStore {
    /// Connects to the database and brings its schema up to date.
    ///
    /// # Errors
    /// When the address is not understood, or the database cannot be reached or migrated.
    pub async fn open(url: &str) -> StoreResult<Self> {
        let (pool, migration) = schema::open(url).await?;
        Ok(Self {
            pool,
            migration,
            attempts: Attempts::default(),
        })
    }
}

impl CallStore for PostgresStore {
    fn create(&self, session: Arc<CallSession>) -> BoxFuture<'_, StoreResult<Created>> {
        Box::pin(async move {
            if calls::create(&self.pool, &session).await? {
                return Ok(Created::New);
            }
            let earlier = match session.request_id() {
                Some(request) => self.find_by_request(session.caller(), request).await?,
                None => None,
            };
            // Without a request id only the call's own id can be taken: a bug, not a repeat.
            earlier
                .map(Created::Duplicate)
                .ok_or_else(|| StoreError::IdTaken(session.id().clone()))
        })
    }

    fn compare_and_set(
        &self,
        session: Arc<CallSession>,
        expected_version: u64,
    ) -> BoxFuture<'_, StoreResult<Swap>> {
        Box::pin(async move { calls::swap(&self.pool, &session, expected_version).await })
    }

    fn load<'a>(
        &'a self,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(calls::load(&self.pool, id))
    }

    fn find_by_request<'a>(
        &'a self,
        caller: &'a UserId,
        request: &'a CallRequestId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(calls::find_by_request(&self.pool, caller, request))
    }

    fn live_calls_of<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, StoreResult<Vec<Arc<CallSession>>>> {
        Box::pin(calls::live_of(&self.pool, users))
    }

    fn live_calls(&self) -> BoxFuture<'_, StoreResult<Vec<Arc<CallSession>>>> {
        Box::pin(calls::live(&self.pool))
    }

    fn live_counts(&self) -> BoxFuture<'_, StoreResult<Vec<(CallStatus, u64)>>> {
        Box::pin(calls::live_counts(&self.pool))
    }

    fn due(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<SessionId>>> {
        Box::pin(calls::due(&self.pool, now))
    }

    fn history<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a HistoryQuery,
    ) -> BoxFuture<'a, StoreResult<HistoryPage>> {
        Box::pin(history::history(&self.pool, user, query))
    }

    fn record<'a>(
        &'a self,
        user: &'a UserId,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<CallRecord>>> {
        Box::pin(async move {
            let session = self.load(id).await?;
            Ok(session.and_then(|session| session.record_for(user)))
        })
    }

    fn add_quality<'a>(
        &'a self,
        call: &'a SessionId,
        from: &'a UserId,
        at: Timestamp,
        links: Vec<LinkReport>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { quality::add(&self.pool, call, from, at, &links).await })
    }

    fn quality<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, StoreResult<Vec<LinkTimeline>>> {
        Box::pin(quality::read(&self.pool, call))
    }

    fn statistics<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a StatisticsQuery,
    ) -> BoxFuture<'a, StoreResult<CallStatistics>> {
        Box::pin(statistics::statistics(&self.pool, user, query))
    }
}

impl Directory for PostgresStore {
    fn chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<Option<Arc<Chat>>>> {
        Box::pin(chats::read(&self.pool, id))
    }

    fn put_chat<'a>(&'a self, id: &'a ChatId, chat: Chat) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(chats::put(&self.pool, id, chat))
    }

    fn delete_chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(chats::delete(&self.pool, id))
    }

    fn add_member<'a>(
        &'a self,
        id: &'a ChatId,
        member: ChatMember,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(chats::add_member(&self.pool, id, member))
    }
}

impl Outbox for PostgresStore {
    fn take_letters(
        &self,
        now: Timestamp,
        again: Timestamp,
        most: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Letter>>> {
        Box::pin(outbox::take(&self.pool, now, again, most))
    }

    fn put_off_letter<'a>(
        &'a self,
        id: &'a LetterId,
        until: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(outbox::put_off(&self.pool, id, until))
    }

    fn remove_letter<'a>(&'a self, id: &'a LetterId) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(outbox::remove(&self.pool, id))
    }

    fn waiting_letters(&self) -> BoxFuture<'_, StoreResult<Waiting>> {
        Box::pin(outbox::waiting(&self.pool))
    }

    fn drop_oldest_letters(&self, keep: u64, most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(outbox::drop_oldest(&self.pool, keep, most))
    }
}

impl Archive for PostgresStore {
    fn count_calls(&self) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(archive::count(&self.pool))
    }

    fn archived_calls<'a>(
        &'a self,
        after: Option<&'a SessionId>,
        most: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<ArchivedCall>>> {
        Box::pin(archive::calls(&self.pool, after, most))
    }

    fn archived_chats<'a>(
        &'a self,
        after: Option<&'a ChatId>,
        most: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<ArchivedChat>>> {
        Box::pin(archive::chats(&self.pool, after, most))
    }

    fn import_calls(&self, calls: Vec<ArchivedCall>) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(archive::import(&self.pool, calls))
    }

    fn settle(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(archive::settle(&self.pool))
    }

    fn purge(&self, ended_before: Timestamp, most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(archive::purge(&self.pool, ended_before, most))
    }

    fn chats_of<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, StoreResult<Vec<ArchivedChat>>> {
        Box::pin(archive::chats_of(&self.pool, user))
    }

    fn leave_chats<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, StoreResult<u64>> {
        Box::pin(archive::leave_chats(&self.pool, user))
    }

    fn erase_from_call<'a>(&'a self, erasure: &'a Erasure) -> BoxFuture<'a, StoreResult<Swap>> {
        Box::pin(archive::erase(&self.pool, erasure))
    }
}

impl Database for PostgresStore {
    fn migration(&self) -> Migration {
        self.migration
    }
}

impl Store for PostgresStore {
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(look::look(&self.pool, &self.attempts))
    }
}

/// PostgreSQL's integers are signed; times and versions stay far below the limit.
fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a count or a sum, which are never negative.
fn to_u64(number: Option<i64>) -> u64 {
    number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}
