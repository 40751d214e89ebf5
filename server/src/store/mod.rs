//! What must outlive the process: calls, and the directory of chats.
//!
//! The traits say what a store can do, without a word of SQL; each database has its own folder.

pub mod archive;
pub mod cursor;
mod health;
mod measured;
#[cfg(feature = "mongodb")]
pub mod mongodb;
pub mod outbox;
#[cfg(feature = "postgres")]
pub mod postgres;
mod quality;
mod query;
pub mod sqlite;
mod statistics;
pub mod user_data;

use std::sync::Arc;

use ringback_protocol::rest::{CallRecord, CallStatistics, Chat, ChatMember, LinkTimeline};
use ringback_protocol::{CallRequestId, CallStatus, ChatId, LinkReport, SessionId, UserId};

use crate::calls::ports::BoxFuture;
use crate::calls::{CallSession, Timestamp};

pub use archive::{Archive, ArchivedCall, ArchivedChat, ArchivedSample, Erasure};
pub use health::Absence;
pub use measured::MeasuredStore;
pub use outbox::{Letter, LetterId, Outbox, Waiting};
pub use query::{HistoryPage, HistoryQuery, StatisticsQuery, Timeframe};

/// Why the store could not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The address in `DATABASE_URL` names no database.
    #[error(
        "{0:?} is not a database address: use sqlite://path/to/file.db, postgres://user@host/name or mongodb://host/name"
    )]
    UnknownUrl(String),
    /// The address names a database that this build was made without.
    #[error(
        "this build has no {database}: build it with `cargo build --release -p ringback-server --features {feature}`"
    )]
    NotBuiltIn {
        /// Which database.
        database: &'static str,
        /// The cargo feature that brings it.
        feature: &'static str,
    },
    /// The database failed, or could not be reached.
    #[error("the database failed: {0}")]
    Database(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The database lets nobody in.
    #[error("{why} ({source})")]
    Away {
        /// Why, in words that name nobody.
        why: Absence,
        /// What was tried.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// No connection to the database came free in time.
    #[error("no connection to the database could be had in time")]
    NoConnection,
    /// The database took too long to say that it is there.
    #[error("the database takes too long to answer")]
    TooSlow,
    /// There is no room for what is to be written.
    #[error("the database takes no writes: its disk is full")]
    DiskFull,
    /// The file under the running server is another one than it opened.
    #[error(
        "the file of the database was deleted or replaced: what is written is lost when the server ends, unless the file comes back to its place"
    )]
    Displaced,
    /// A stored call does not read: it was written by another version, or by hand.
    #[error("the stored call {id} does not read: {source}")]
    Corrupt {
        /// Which call.
        id: String,
        /// What is wrong with it.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A new call got the id of a stored one.
    #[error("there is a call {0} already")]
    IdTaken(SessionId),
    /// The database was made by a newer version of the server.
    #[error("the database was made by a newer version of ringback-server: run that one")]
    Newer,
    /// The database is there, and may only be read.
    #[error("the database takes no writes: it is a standby, or was set read-only")]
    ReadOnly,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// What the store answers.
pub type StoreResult<T> = Result<T, StoreError>;

/// What came of storing a new call.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// It is stored.
    New,
    /// The same caller placed this one with the same request id before; nothing was stored.
    Duplicate(Arc<CallSession>),
}

/// What came of a compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// It is stored.
    Stored,
    /// The stored call has another version, or is gone; nothing was stored.
    Conflict,
}

/// Keeps calls.
pub trait CallStore: Send + Sync + 'static {
    /// Stores a new call; when this returns, it outlives the process.
    ///
    /// What it has to tell the host application ([`CallSession::notices`]) goes into the [`Outbox`]
    /// with it, both or neither.
    fn create(&self, session: Arc<CallSession>) -> BoxFuture<'_, StoreResult<Created>>;

    /// Replaces a call, provided that the stored one has the expected version.
    ///
    /// What the change has to tell goes into the [`Outbox`] with it, both or neither.
    fn compare_and_set(
        &self,
        session: Arc<CallSession>,
        expected_version: u64,
    ) -> BoxFuture<'_, StoreResult<Swap>>;

    /// Returns one call.
    fn load<'a>(
        &'a self,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>>;

    /// Returns the call that the caller placed with that request id.
    fn find_by_request<'a>(
        &'a self,
        caller: &'a UserId,
        request: &'a CallRequestId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>>;

    /// Returns the live calls that any of these users has a part in, each once, oldest first.
    fn live_calls_of<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, StoreResult<Vec<Arc<CallSession>>>>;

    /// Returns all live calls.
    fn live_calls(&self) -> BoxFuture<'_, StoreResult<Vec<Arc<CallSession>>>>;

    /// Returns how many live calls there are of each live status.
    fn live_counts(&self) -> BoxFuture<'_, StoreResult<Vec<(CallStatus, u64)>>> {
        Box::pin(async move { Ok(counted(&self.live_calls().await?)) })
    }

    /// Returns the live calls whose next deadline is not after `now`.
    fn due(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<SessionId>>>;

    /// Returns a page of the calls of a user, newest first.
    fn history<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a HistoryQuery,
    ) -> BoxFuture<'a, StoreResult<HistoryPage>>;

    /// Returns one call as that user sees it; none when they had no part in it.
    fn record<'a>(
        &'a self,
        user: &'a UserId,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<CallRecord>>>;

    /// Keeps what one participant measured of its links at that time.
    ///
    /// Of a long call, fewer of the older measurements are kept.
    fn add_quality<'a>(
        &'a self,
        call: &'a SessionId,
        from: &'a UserId,
        at: Timestamp,
        links: Vec<LinkReport>,
    ) -> BoxFuture<'a, StoreResult<()>>;

    /// Returns what was measured in a call, by link, in the order of time.
    fn quality<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, StoreResult<Vec<LinkTimeline>>>;

    /// Returns the statistics of the calls of a user.
    fn statistics<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a StatisticsQuery,
    ) -> BoxFuture<'a, StoreResult<CallStatistics>>;
}

/// Keeps the chats of the host application and who is in them.
pub trait Directory: Send + Sync + 'static {
    /// Returns a chat.
    fn chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<Option<Arc<Chat>>>>;

    /// Stores a chat, in place of what was stored before.
    fn put_chat<'a>(&'a self, id: &'a ChatId, chat: Chat) -> BoxFuture<'a, StoreResult<()>>;

    /// Removes a chat and tells whether there was one. Its calls stay.
    fn delete_chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<bool>>;

    /// Adds a member, or renews what is known of them; makes the chat when there is none.
    fn add_member<'a>(
        &'a self,
        id: &'a ChatId,
        member: ChatMember,
    ) -> BoxFuture<'a, StoreResult<()>>;
}

/// The version of a database's schema, before and after it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// What was found; 0 for a database that was empty.
    pub found: u32,
    /// What it is now.
    pub current: u32,
}

/// How a database was found by somebody who changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspection {
    /// There is no file of that name yet.
    Absent,
    /// It answers; `current` is the version that this server needs.
    Answers(Migration),
}

/// Everything that must outlive the process.
pub trait Store: CallStore + Directory + Outbox {
    /// Writes what is under way and closes the database.
    fn close(&self) -> BoxFuture<'_, ()>;

    /// Tells whether the database answers, and may be written to.
    fn ping(&self) -> BoxFuture<'_, StoreResult<()>>;
}

/// A store, with what an operator needs of it beyond running calls.
pub trait Database: Store + Archive {
    /// Tells what opening did to the schema.
    fn migration(&self) -> Migration;
}

/// Counts calls by their status; the live ones always, others when there are any.
fn counted(calls: &[Arc<CallSession>]) -> Vec<(CallStatus, u64)> {
    let live = CallStatus::ALL.iter().filter(|status| status.is_live());
    let count = |status: CallStatus| {
        let with_it = calls.iter().filter(|call| call.status() == status);
        (status, with_it.count() as u64)
    };
    live.map(|status| count(*status)).collect()
}

/// The databases that this build can use.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mongodb")]
    Mongodb,
}

impl Kind {
    fn of(url: &str) -> StoreResult<Self> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            #[cfg(feature = "postgres")]
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            #[cfg(not(feature = "postgres"))]
            Some("postgres" | "postgresql") => Err(StoreError::NotBuiltIn {
                database: "PostgreSQL",
                feature: "postgres",
            }),
            #[cfg(feature = "mongodb")]
            Some("mongodb" | "mongodb+srv") => Ok(Self::Mongodb),
            #[cfg(not(feature = "mongodb"))]
            Some("mongodb" | "mongodb+srv") => Err(StoreError::NotBuiltIn {
                database: "MongoDB",
                feature: "mongodb",
            }),
            Some(_) | None => Err(StoreError::UnknownUrl(url.to_owned())),
        }
    }
}

/// Checks that an address names a database that this build can use, and asks nothing of it.
///
/// # Errors
/// When it does not.
pub fn check_address(url: &str) -> StoreResult<()> {
    Kind::of(url).map(drop)
}

/// Opens the database at that address and brings its schema up to date.
///
/// # Errors
/// When the address is not understood, or the database cannot be opened.
pub async fn open(url: &str) -> StoreResult<Arc<dyn Database>> {
    match Kind::of(url)? {
        Kind::Sqlite => Ok(Arc::new(sqlite::SqliteStore::open(url).await?)),
        #[cfg(feature = "postgres")]
        Kind::Postgres => Ok(Arc::new(postgres::PostgresStore::open(url).await?)),
        #[cfg(feature = "mongodb")]
        Kind::Mongodb => Ok(Arc::new(mongodb::MongoStore::open(url).await?)),
    }
}

/// Looks at the database at that address and makes nothing: no file, no table, no index.
///
/// # Errors
/// When the address is not understood, the database cannot be reached, or a newer server made it.
pub async fn inspect(url: &str) -> StoreResult<Inspection> {
    match Kind::of(url)? {
        Kind::Sqlite => sqlite::inspect(url).await,
        #[cfg(feature = "postgres")]
        Kind::Postgres => postgres::inspect(url).await,
        #[cfg(feature = "mongodb")]
        Kind::Mongodb => mongodb::inspect(url).await,
    }
}

/// Says what was found, unless a newer server made it.
fn inspected(found: u32, current: u32) -> StoreResult<Inspection> {
    if found > current {
        return Err(StoreError::Newer);
    }
    Ok(Inspection::Answers(Migration { found, current }))
}
