//! SQLite: the embedded store.
//!
//! One connection writes, and commits what came together in one transaction (`writer`); a few
//! connections read. This process is the only one that writes the file, so the live calls and the
//! chats in use are mirrored in memory (`live`, `chats`) and cost no query.

mod chats;
mod live;
mod read;
mod statistics;
mod write;
mod writer;

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ringback_protocol::rest::{CallRecord, CallStatistics, Chat, ChatMember};
use ringback_protocol::{CallRequestId, ChatId, SessionId, UserId};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, SqlSafeStr};

use super::{
    CallStore, Created, Directory, HistoryPage, HistoryQuery, StatisticsQuery, Store, StoreError,
    StoreResult, Swap,
};
use crate::calls::ports::BoxFuture;
use crate::calls::{CallSession, Timestamp};
use chats::ChatCache;
use live::LiveCalls;
use write::Write;
use writer::Writer;

/// Every migration, in order: version, name, SQL. They are never edited once released.
const MIGRATIONS: &[(i64, &str, &str)] = &[(
    1,
    "calls and chats",
    include_str!("migrations/0001_calls_and_chats.sql"),
)];

/// How long a statement waits for a lock that another process holds, a backup for example.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// Calls and chats in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    writer: Writer,
    mirror: Arc<Mirror>,
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
        let options = options(url)?;
        let mut connection = SqliteConnection::connect_with(&options).await?;
        migrations().run(&mut connection).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        let mirror = Arc::new(Mirror::default());
        mirror.live.fill(read::live_calls(&readers).await?);
        let writer = Writer::start(connection, Arc::clone(&mirror));
        Ok(Self {
            readers,
            writer,
            mirror,
        })
    }
}

fn options(url: &str) -> StoreResult<SqliteConnectOptions> {
    // A database in memory would be another one for every connection.
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::UnknownUrl(url.to_owned()));
    }
    Ok(SqliteConnectOptions::from_str(url)
        .map_err(|_| StoreError::UnknownUrl(url.to_owned()))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode a commit is in the operating system's hands when it returns: the process may
        // be killed at any point and loses nothing. Only a power cut may take the last commits, and
        // even that does not corrupt the file.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT))
}

fn migrations() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|&(version, name, sql)| {
        Migration::new(
            version,
            Cow::Borrowed(name),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolClosed) {
            Self::Closed
        } else {
            Self::Database(Arc::new(error))
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Database(Arc::new(error))
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
            let before = self.mirror.live.call(session.id());
            let write = Write::swap(&session, expected_version, before.as_deref())?;
            if self.writer.write(write).await? > 0 {
                return Ok(Swap::Stored);
            }
            // Somebody else wrote the file: believe it, not the mirror.
            if let Some(stored) = read::load(&self.readers, session.id()).await? {
                self.mirror.live.put(&stored);
            }
            Ok(Swap::Conflict)
        })
    }

    fn load<'a>(
        &'a self,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(async move {
            match self.mirror.live.call(id) {
                Some(session) => Ok(Some(session)),
                None => read::load(&self.readers, id).await,
            }
        })
    }

    fn find_by_request<'a>(
        &'a self,
        caller: &'a UserId,
        request: &'a CallRequestId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(read::find_by_request(&self.readers, caller, request))
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
        Box::pin(read::history(&self.readers, user, query))
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

    fn statistics<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a StatisticsQuery,
    ) -> BoxFuture<'a, StoreResult<CallStatistics>> {
        Box::pin(statistics::statistics(&self.readers, user, query))
    }
}

impl Directory for SqliteStore {
    fn chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<Option<Arc<Chat>>>> {
        Box::pin(chats::chat(&self.readers, &self.mirror.chats, id))
    }

    fn put_chat<'a>(&'a self, id: &'a ChatId, chat: Chat) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.writer.write(Write::put_chat(id, &chat)?).await?;
            Ok(())
        })
    }

    fn delete_chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move { Ok(self.writer.write(Write::delete_chat(id)).await? > 0) })
    }

    fn add_member<'a>(
        &'a self,
        id: &'a ChatId,
        member: ChatMember,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.writer.write(Write::add_member(id, member)).await?;
            Ok(())
        })
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
            sqlx::query("SELECT 1").execute(&self.readers).await?;
            Ok(())
        })
    }
}
