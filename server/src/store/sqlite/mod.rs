//! SQLite: the embedded store.
//!
//! One connection writes, and commits what came together in one transaction (`writer`); a few
//! connections read. This process is the only one that writes the file, so the live calls and the
//! chats in use are mirrored in memory (`live`, `chats`) and cost no query. Participants have rows of
//! calls that are over; what is read of a user's calls puts the live ones beside them.

mod archive;
mod chats;
mod live;
mod outbox;
mod place;
#[cfg(test)]
mod plans;
mod quality;
mod read;
mod readers;
mod schema;
mod statistics;
mod write;
mod writer;

use std::sync::Arc;

use ringback_protocol::rest::{CallRecord, CallStatistics, Chat, ChatMember, LinkTimeline};
use ringback_protocol::{CallRequestId, ChatId, LinkReport, SessionId, UserId};
use rusqlite::Connection;

use super::{
    Archive, ArchivedCall, ArchivedChat, CallStore, Created, Database, Directory, Erasure,
    HistoryPage, HistoryQuery, Letter, LetterId, Migration, Outbox, StatisticsQuery, Store,
    StoreError, StoreResult, Swap, Waiting,
};
use crate::calls::ports::BoxFuture;
use crate::calls::{CallSession, Timestamp};
use archive::Change;
use chats::ChatCache;
use live::LiveCalls;
use outbox::LetterChange;
use place::Place;
use readers::Readers;
use write::Write;
use writer::Writer;

pub(super) use schema::inspect;

/// Calls and chats in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    readers: Readers,
    writer: Writer,
    mirror: Arc<Mirror>,
    place: Arc<Place>,
    migration: Migration,
}

/// What the process knows of the file without asking it.
#[derive(Debug, Default)]
struct Mirror {
    live: LiveCalls,
    chats: ChatCache,
}

impl SqliteStore {
    /// Opens the file, makes it when there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// When the address is not one of a file, or the file cannot be opened or migrated.
    pub async fn open(url: &str) -> StoreResult<Self> {
        let file = schema::file_of(url)?;
        let opened = tokio::task::spawn_blocking(move || {
            let (connection, migration) = schema::open_writer(&file)?;
            let place = Place::of(&file)?;
            let live = read::live_calls(&connection)?;
            StoreResult::Ok((Arc::new(place), connection, migration, live))
        });
        let (place, connection, migration, live) = opened
            .await
            .map_err(|error| StoreError::Database(Arc::new(error)))??;
        let mirror = Arc::new(Mirror::default());
        mirror.live.fill(live);
        Ok(Self {
            readers: Readers::new(Arc::clone(&place)),
            writer: Writer::start(connection, Arc::clone(&mirror))?,
            mirror,
            place,
            migration,
        })
    }

    /// Returns which of these calls live, here or there.
    fn concerns_mirror(&self, calls: &[ArchivedCall]) -> Vec<SessionId> {
        let ids = calls
            .iter()
            .filter(|one| one.call.is_live() || self.mirror.live.call(one.call.id()).is_some());
        ids.map(|one| one.call.id().clone()).collect()
    }

    async fn read_call(&self, id: &SessionId) -> StoreResult<Option<Arc<CallSession>>> {
        let id = id.clone();
        self.readers.read(move |from| read::load(from, &id)).await
    }
}

impl CallStore for SqliteStore {
    fn create(&self, session: Arc<CallSession>) -> BoxFuture<'_, StoreResult<Created>> {
        Box::pin(async move {
            if self.writer.write(Write::create(&session)?).await? > 0 {
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
        Box::pin(async move {
            let write = Write::swap(&session, expected_version)?;
            let touched = self.writer.write(write).await?;
            Ok(if touched > 0 {
                Swap::Stored
            } else {
                Swap::Conflict
            })
        })
    }

    fn load<'a>(
        &'a self,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(async move {
            match self.mirror.live.call(id) {
                Some(session) => Ok(Some(session)),
                None => self.read_call(id).await,
            }
        })
    }

    fn find_by_request<'a>(
        &'a self,
        caller: &'a UserId,
        request: &'a CallRequestId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        let (caller, request) = (caller.clone(), request.clone());
        let find = move |from: &Connection| read::find_by_request(from, &caller, &request);
        Box::pin(self.readers.read(find))
    }

    fn live_calls_of<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, StoreResult<Vec<Arc<CallSession>>>> {
        Box::pin(async move { Ok(self.mirror.live.of(users)) })
    }

    fn live_calls(&self) -> BoxFuture<'_, StoreResult<Vec<Arc<CallSession>>>> {
        Box::pin(async move { Ok(self.mirror.live.all()) })
    }

    fn due(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<SessionId>>> {
        Box::pin(async move { Ok(self.mirror.live.due(now)) })
    }

    fn history<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a HistoryQuery,
    ) -> BoxFuture<'a, StoreResult<HistoryPage>> {
        let (mirror, user, query) = (Arc::clone(&self.mirror), user.clone(), query.clone());
        let read = move |from: &Connection| read::history(from, &mirror.live, &user, &query);
        Box::pin(self.readers.read(read))
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
        Box::pin(async move {
            let rows = quality::rows(call, from, at, &links)?;
            self.writer.write(Write::AddQuality(rows)).await?;
            Ok(())
        })
    }

    fn quality<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, StoreResult<Vec<LinkTimeline>>> {
        let call = call.clone();
        Box::pin(self.readers.read(move |from| quality::read(from, &call)))
    }

    fn statistics<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a StatisticsQuery,
    ) -> BoxFuture<'a, StoreResult<CallStatistics>> {
        let (mirror, user, query) = (Arc::clone(&self.mirror), user.clone(), query.clone());
        let read =
            move |from: &Connection| statistics::statistics(from, &mirror.live, &user, &query);
        Box::pin(self.readers.read(read))
    }
}

impl Directory for SqliteStore {
    fn chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<Option<Arc<Chat>>>> {
        Box::pin(chats::chat(&self.readers, &self.mirror.chats, id))
    }

    fn put_chat<'a>(&'a self, id: &'a ChatId, chat: Chat) -> BoxFuture<'a, StoreResult<()>> {
        let id = id.clone();
        Box::pin(async move {
            self.writer.write(Write::PutChat { id, chat }).await?;
            Ok(())
        })
    }

    fn delete_chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<bool>> {
        let delete = Write::DeleteChat(id.clone());
        Box::pin(async move { Ok(self.writer.write(delete).await? > 0) })
    }

    fn add_member<'a>(
        &'a self,
        id: &'a ChatId,
        member: ChatMember,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let id = id.clone();
        Box::pin(async move {
            self.writer.write(Write::AddMember { id, member }).await?;
            Ok(())
        })
    }
}

impl Outbox for SqliteStore {
    fn take_letters(
        &self,
        now: Timestamp,
        again: Timestamp,
        most: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Letter>>> {
        Box::pin(async move {
            let due = move |from: &Connection| outbox::due(from, now, most);
            let letters = self.readers.read(due).await?;
            if !letters.is_empty() {
                let taken = letters.iter().map(|letter| letter.id.clone()).collect();
                let take = Write::Letters(LetterChange::Take(taken, again));
                self.writer.write(take).await?;
            }
            Ok(letters)
        })
    }

    fn put_off_letter<'a>(
        &'a self,
        id: &'a LetterId,
        until: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let put_off = Write::Letters(LetterChange::PutOff(id.clone(), until));
        Box::pin(async move { self.writer.write(put_off).await.map(|_| ()) })
    }

    fn remove_letter<'a>(&'a self, id: &'a LetterId) -> BoxFuture<'a, StoreResult<()>> {
        let remove = Write::Letters(LetterChange::Remove(id.clone()));
        Box::pin(async move { self.writer.write(remove).await.map(|_| ()) })
    }

    fn waiting_letters(&self) -> BoxFuture<'_, StoreResult<Waiting>> {
        Box::pin(self.readers.read(outbox::waiting))
    }

    fn drop_oldest_letters(&self, keep: u64, most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        let drop = Write::Letters(LetterChange::DropOldest { keep, most });
        Box::pin(async move { Ok(self.writer.write(drop).await? as u64) })
    }
}

impl Archive for SqliteStore {
    fn count_calls(&self) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.readers.read(archive::count))
    }

    fn archived_calls<'a>(
        &'a self,
        after: Option<&'a SessionId>,
        most: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<ArchivedCall>>> {
        let after = after.cloned();
        let read = move |from: &Connection| archive::calls(from, after.as_ref(), most);
        Box::pin(self.readers.read(read))
    }

    fn archived_chats<'a>(
        &'a self,
        after: Option<&'a ChatId>,
        most: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<ArchivedChat>>> {
        let after = after.cloned();
        let read = move |from: &Connection| archive::chats(from, after.as_ref(), most);
        Box::pin(self.readers.read(read))
    }

    fn import_calls(&self, calls: Vec<ArchivedCall>) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            let concerned = self.concerns_mirror(&calls);
            let import = Change::import(calls)?;
            let new = self.writer.write(Write::Archive(import)).await?;
            for id in concerned {
                if let Some(stored) = self.read_call(&id).await? {
                    self.mirror.live.put(&stored);
                }
            }
            Ok(new as u64)
        })
    }

    fn purge(&self, ended_before: Timestamp, most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        let purge = Write::Archive(Change::Purge { ended_before, most });
        Box::pin(async move { Ok(self.writer.write(purge).await? as u64) })
    }

    fn chats_of<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, StoreResult<Vec<ArchivedChat>>> {
        let user = user.clone();
        Box::pin(
            self.readers
                .read(move |from| archive::chats_of(from, &user)),
        )
    }

    fn leave_chats<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, StoreResult<u64>> {
        let leave = Write::Archive(Change::LeaveChats(user.clone()));
        Box::pin(async move { Ok(self.writer.write(leave).await? as u64) })
    }

    fn erase_from_call<'a>(&'a self, erasure: &'a Erasure) -> BoxFuture<'a, StoreResult<Swap>> {
        Box::pin(async move {
            let erase = Change::erase(erasure)?;
            let touched = self.writer.write(Write::Archive(erase)).await?;
            Ok(if touched > 0 {
                Swap::Stored
            } else {
                Swap::Conflict
            })
        })
    }
}

impl Database for SqliteStore {
    fn migration(&self) -> Migration {
        self.migration
    }
}

impl Store for SqliteStore {
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.writer.stop().await;
            self.readers.close().await;
        })
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let place = Arc::clone(&self.place);
            let look = move |from: &Connection| {
                place.examine()?;
                from.prepare_cached("SELECT 1")?.query_row([], |_| Ok(()))?;
                Ok(())
            };
            self.readers.read(look).await?;
            self.writer.try_again().await
        })
    }
}
