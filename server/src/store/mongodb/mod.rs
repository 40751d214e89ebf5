//! MongoDB: a store that several nodes share.
//!
//! A call is one document: a transition, and what it has to tell, is one atomic update, so that
//! neither transactions nor a replica set are needed. Nothing is mirrored in memory.

mod archive;
mod calls;
mod chats;
mod history;
mod outbox;
mod quality;
mod schema;
mod statistics;

use std::sync::Arc;

use mongodb::bson::{Bson, Document, doc};
use mongodb::{Client, Collection};
use ringback_protocol::rest::{CallRecord, CallStatistics, Chat, ChatMember, LinkTimeline};
use ringback_protocol::{CallRequestId, ChatId, LinkReport, SessionId, UserId};

use super::{
    Archive, ArchivedCall, ArchivedChat, CallStore, Created, Database, Directory, Erasure,
    HistoryPage, HistoryQuery, Letter, LetterId, Migration, Outbox, StatisticsQuery, Store,
    StoreError, StoreResult, Swap, Waiting,
};
use crate::calls::ports::BoxFuture;
use crate::calls::{CallSession, Timestamp};

pub(super) use schema::inspect;

/// Calls and chats in a MongoDB database.
#[derive(Debug)]
pub struct MongoStore {
    client: Client,
    database: mongodb::Database,
    store: Collections,
    migration: Migration,
}

/// The collections.
#[derive(Debug)]
struct Collections {
    calls: Collection<Document>,
    chats: Collection<Document>,
    quality: Collection<Document>,
}

impl MongoStore {
    /// Connects to the database and makes its indexes.
    ///
    /// # Errors
    /// When the address is not understood, or the database cannot be reached.
    pub async fn open(url: &str) -> StoreResult<Self> {
        let (client, database, migration) = schema::open(url).await?;
        let store = Collections {
            calls: database.collection("calls"),
            chats: database.collection("chats"),
            quality: database.collection("quality"),
        };
        Ok(Self {
            client,
            database,
            store,
            migration,
        })
    }
}

impl CallStore for MongoStore {
    fn create(&self, session: Arc<CallSession>) -> BoxFuture<'_, StoreResult<Created>> {
        Box::pin(async move {
            if calls::create(&self.store.calls, &session).await? {
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
        Box::pin(async move { calls::swap(&self.store.calls, &session, expected_version).await })
    }

    fn load<'a>(
        &'a self,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(calls::load(&self.store.calls, id))
    }

    fn find_by_request<'a>(
        &'a self,
        caller: &'a UserId,
        request: &'a CallRequestId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(calls::find_by_request(&self.store.calls, caller, request))
    }

    fn live_calls_of<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, StoreResult<Vec<Arc<CallSession>>>> {
        Box::pin(calls::live(&self.store.calls, Some(users)))
    }

    fn live_calls(&self) -> BoxFuture<'_, StoreResult<Vec<Arc<CallSession>>>> {
        Box::pin(calls::live(&self.store.calls, None))
    }

    fn due(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<SessionId>>> {
        Box::pin(calls::due(&self.store.calls, now))
    }

    fn history<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a HistoryQuery,
    ) -> BoxFuture<'a, StoreResult<HistoryPage>> {
        Box::pin(history::history(&self.store.calls, user, query))
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
        Box::pin(async move { quality::add(&self.store.quality, call, from, at, &links).await })
    }

    fn quality<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, StoreResult<Vec<LinkTimeline>>> {
        Box::pin(quality::read(&self.store.quality, call))
    }

    fn statistics<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a StatisticsQuery,
    ) -> BoxFuture<'a, StoreResult<CallStatistics>> {
        Box::pin(statistics::statistics(&self.store.calls, user, query))
    }
}

impl Directory for MongoStore {
    fn chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<Option<Arc<Chat>>>> {
        Box::pin(chats::read(&self.store.chats, id))
    }

    fn put_chat<'a>(&'a self, id: &'a ChatId, chat: Chat) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { chats::put(&self.store.chats, id, &chat).await })
    }

    fn delete_chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(chats::delete(&self.store.chats, id))
    }

    fn add_member<'a>(
        &'a self,
        id: &'a ChatId,
        member: ChatMember,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { chats::add_member(&self.store.chats, id, &member).await })
    }
}

impl Outbox for MongoStore {
    fn take_letters(
        &self,
        now: Timestamp,
        again: Timestamp,
        most: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Letter>>> {
        Box::pin(outbox::take(&self.store.calls, now, again, most))
    }

    fn put_off_letter<'a>(
        &'a self,
        id: &'a LetterId,
        until: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(outbox::put_off(&self.store.calls, id, until))
    }

    fn remove_letter<'a>(&'a self, id: &'a LetterId) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { outbox::remove(&self.store.calls, id).await.map(|_| ()) })
    }

    fn waiting_letters(&self) -> BoxFuture<'_, StoreResult<Waiting>> {
        Box::pin(outbox::waiting(&self.store.calls))
    }

    fn drop_oldest_letters(&self, keep: u64, most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(outbox::drop_oldest(&self.store.calls, keep, most))
    }
}

impl Archive for MongoStore {
    fn count_calls(&self) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move { Ok(self.store.calls.count_documents(doc! {}).await?) })
    }

    fn archived_calls<'a>(
        &'a self,
        after: Option<&'a SessionId>,
        most: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<ArchivedCall>>> {
        Box::pin(archive::calls(&self.store, after, most))
    }

    fn archived_chats<'a>(
        &'a self,
        after: Option<&'a ChatId>,
        most: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<ArchivedChat>>> {
        Box::pin(archive::chats(&self.store.chats, after, most))
    }

    fn import_calls(&self, calls: Vec<ArchivedCall>) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(archive::import(&self.store, calls))
    }

    fn purge(&self, ended_before: Timestamp, most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(archive::purge(&self.store, ended_before, most))
    }

    fn chats_of<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, StoreResult<Vec<ArchivedChat>>> {
        Box::pin(archive::chats_of(&self.store.chats, user))
    }

    fn leave_chats<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, StoreResult<u64>> {
        Box::pin(archive::leave_chats(&self.store.chats, user))
    }

    fn erase_from_call<'a>(&'a self, erasure: &'a Erasure) -> BoxFuture<'a, StoreResult<Swap>> {
        Box::pin(archive::erase(&self.store, erasure))
    }
}

impl Database for MongoStore {
    fn migration(&self) -> Migration {
        self.migration
    }
}

impl Store for MongoStore {
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.client.clone().shutdown().await })
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.database.run_command(doc! {"ping": 1}).await?;
            Ok(())
        })
    }
}

/// BSON's integers are signed; times and versions stay far below the limit.
fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn ms(time: Timestamp) -> i64 {
    to_i64(time.as_ms())
}

/// Reads a count, a sum or a time, in whichever number type the database chose; none is negative.
fn to_u64(number: &Bson) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers, far below 2^52"
    )]
    let from_double = || to_f64(number) as u64;
    let whole = number.as_i64().or(number.as_i32().map(i64::from));
    whole.map_or_else(from_double, |whole| u64::try_from(whole).unwrap_or(0))
}

fn to_f64(number: &Bson) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a sum of measurements")]
    let from_whole = || number.as_i64().map(|whole| whole as f64);
    let known = number.as_f64().or(number.as_i32().map(f64::from));
    known.or_else(from_whole).unwrap_or(0.0)
}
