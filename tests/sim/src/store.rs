//! A store that survives crashes: what was stored is there, what was under way is lost.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_protocol::rest::{CallRecord, CallStatistics, Chat, ChatMember, LinkTimeline};
use ringback_protocol::{CallRequestId, ChatId, LinkReport, SessionId, UserId};
use ringback_server::calls::ports::BoxFuture;
use ringback_server::calls::{CallSession, Timestamp};
use ringback_server::store::{
    CallStore, Created, Directory, HistoryPage, HistoryQuery, Letter, LetterId, Outbox,
    StatisticsQuery, Store, StoreError, StoreResult, Swap, Waiting,
};

use crate::dice::Dice;

/// Whether a server process lives; what a dead one was doing never goes on.
#[derive(Debug, Clone, Default)]
pub struct Life(Arc<AtomicBool>);

impl Life {
    /// Ends the process, from one moment to the next.
    pub fn end(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Tells whether the process has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Returns only to the living.
    pub async fn go_on(&self) {
        if self.is_over() {
            pending::<()>().await;
        }
    }
}

/// What is on the disk.
#[derive(Debug, Default)]
pub struct Database {
    calls: BTreeMap<SessionId, Arc<CallSession>>,
    requests: BTreeMap<(UserId, CallRequestId), SessionId>,
    chats: BTreeMap<ChatId, Arc<Chat>>,
    named: u64,
}

impl Database {
    /// Returns the name of the next call; they sort by time.
    pub const fn next_name(&mut self) -> u64 {
        self.named += 1;
        self.named
    }

    /// Returns every call, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = &Arc<CallSession>> {
        self.calls.values()
    }

    /// Returns one call.
    #[must_use]
    pub fn call(&self, id: &SessionId) -> Option<&Arc<CallSession>> {
        self.calls.get(id)
    }

    /// Reads everything anew, as a process that starts does: what is not written down is gone.
    pub fn reread(&mut self) {
        for call in self.calls.values_mut() {
            let text = serde_json::to_string(&**call).expect("a call can be written");
            let read: CallSession = serde_json::from_str(&text).expect("a written call reads");
            assert_eq!(call.participants(), read.participants());
            assert_eq!(call.next_deadline(), read.next_deadline());
            assert_eq!(call.version(), read.version());
            *call = Arc::new(read);
        }
    }

    fn live(&self) -> impl Iterator<Item = &Arc<CallSession>> {
        self.calls.values().filter(|call| call.is_live())
    }
}

/// The disk, as all processes share it.
pub type Disk = Arc<Mutex<Database>>;

/// Locks the disk.
pub fn open(disk: &Disk) -> MutexGuard<'_, Database> {
    disk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How badly the store behaves.
#[derive(Debug, Default)]
pub struct Mood {
    /// How long one access takes at most, in milliseconds.
    pub slowness_ms: AtomicU64,
    /// How many of a hundred changes are not stored.
    pub failures: AtomicU64,
    /// The process dies right after the next change is stored, before anyone hears of it.
    pub dies_after_swap: AtomicBool,
}

/// The store as one process sees it.
#[derive(Debug)]
pub struct DiskStore {
    disk: Disk,
    life: Life,
    mood: Arc<Mood>,
    dice: Mutex<Dice>,
}

impl DiskStore {
    /// Opens the disk for a process.
    #[must_use]
    pub const fn new(disk: Disk, life: Life, mood: Arc<Mood>, dice: Dice) -> Self {
        Self {
            disk,
            life,
            mood,
            dice: Mutex::new(dice),
        }
    }

    /// Reaches the disk, does it, and comes back; the process may die on either way.
    async fn access<T>(&self, act: impl FnOnce(&mut Database) -> T + Send) -> StoreResult<T> {
        self.travel().await;
        let done = act(&mut open(&self.disk));
        self.travel().await;
        Ok(done)
    }

    /// Writes, unless the disk refuses.
    async fn write<T>(&self, act: impl FnOnce(&mut Database) -> T + Send) -> StoreResult<T> {
        if self.roll(100) < self.mood.failures.load(Ordering::SeqCst) {
            self.travel().await;
            let error = std::io::Error::other("the disk is full");
            return Err(StoreError::Database(Arc::new(error)));
        }
        self.access(act).await
    }

    async fn travel(&self) {
        let slowness = self.mood.slowness_ms.load(Ordering::SeqCst);
        let ms = self.roll(slowness + 1);
        if ms > 0 {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        self.life.go_on().await;
    }

    fn roll(&self, sides: u64) -> u64 {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        dice.roll(sides)
    }

    /// A change is on the disk: a process that is to die now does.
    fn swapped(&self) {
        if self.mood.dies_after_swap.swap(false, Ordering::SeqCst) {
            self.life.end();
        }
    }
}

impl CallStore for DiskStore {
    fn create(&self, session: Arc<CallSession>) -> BoxFuture<'_, StoreResult<Created>> {
        Box::pin(async move {
            let id = session.id().clone();
            let created = self.write(move |disk| create(disk, session)).await?;
            created.ok_or(StoreError::IdTaken(id))
        })
    }

    fn compare_and_set(
        &self,
        session: Arc<CallSession>,
        expected_version: u64,
    ) -> BoxFuture<'_, StoreResult<Swap>> {
        Box::pin(async move {
            self.write(|disk| {
                let stored = disk.calls.get(session.id());
                if stored.is_none_or(|stored| stored.version() != expected_version) {
                    return Swap::Conflict;
                }
                disk.calls.insert(session.id().clone(), session);
                self.swapped();
                Swap::Stored
            })
            .await
        })
    }

    fn load<'a>(
        &'a self,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(self.access(move |disk| disk.calls.get(id).cloned()))
    }

    fn find_by_request<'a>(
        &'a self,
        caller: &'a UserId,
        request: &'a CallRequestId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        Box::pin(self.access(move |disk| {
            let id = disk.requests.get(&(caller.clone(), request.clone()))?;
            disk.calls.get(id).cloned()
        }))
    }

    fn live_calls_of<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, StoreResult<Vec<Arc<CallSession>>>> {
        Box::pin(self.access(move |disk| {
            let concerns =
                |call: &&Arc<CallSession>| users.iter().any(|one| call.participant(one).is_some());
            disk.live().filter(concerns).cloned().collect()
        }))
    }

    fn live_calls(&self) -> BoxFuture<'_, StoreResult<Vec<Arc<CallSession>>>> {
        Box::pin(self.access(|disk| disk.live().cloned().collect()))
    }

    fn due(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<SessionId>>> {
        Box::pin(self.access(move |disk| {
            let due = |call: &&Arc<CallSession>| call.next_deadline().is_some_and(|at| at <= now);
            disk.live()
                .filter(due)
                .map(|call| call.id().clone())
                .collect()
        }))
    }

    fn history<'a>(
        &'a self,
        _user: &'a UserId,
        _query: &'a HistoryQuery,
    ) -> BoxFuture<'a, StoreResult<HistoryPage>> {
        Box::pin(async { Err(StoreError::Closed) })
    }

    fn record<'a>(
        &'a self,
        _user: &'a UserId,
        _id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<CallRecord>>> {
        Box::pin(async { Err(StoreError::Closed) })
    }

    fn add_quality<'a>(
        &'a self,
        _call: &'a SessionId,
        _from: &'a UserId,
        _at: Timestamp,
        _links: Vec<LinkReport>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.access(|_| ()))
    }

    fn quality<'a>(
        &'a self,
        _call: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Vec<LinkTimeline>>> {
        Box::pin(async { Err(StoreError::Closed) })
    }

    fn statistics<'a>(
        &'a self,
        _user: &'a UserId,
        _query: &'a StatisticsQuery,
    ) -> BoxFuture<'a, StoreResult<CallStatistics>> {
        Box::pin(async { Err(StoreError::Closed) })
    }
}

fn create(disk: &mut Database, session: Arc<CallSession>) -> Option<Created> {
    let request = session
        .request_id()
        .map(|request| (session.caller().clone(), request.clone()));
    if let Some(earlier) = request
        .as_ref()
        .and_then(|request| disk.requests.get(request))
    {
        return disk.calls.get(earlier).cloned().map(Created::Duplicate);
    }
    if disk.calls.contains_key(session.id()) {
        return None;
    }
    if let Some(request) = request {
        disk.requests.insert(request, session.id().clone());
    }
    disk.calls.insert(session.id().clone(), session);
    Some(Created::New)
}

impl Directory for DiskStore {
    fn chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<Option<Arc<Chat>>>> {
        Box::pin(self.access(move |disk| disk.chats.get(id).cloned()))
    }

    fn put_chat<'a>(&'a self, id: &'a ChatId, chat: Chat) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.access(move |disk| {
            disk.chats.insert(id.clone(), Arc::new(chat));
        }))
    }

    fn delete_chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(self.access(move |disk| disk.chats.remove(id).is_some()))
    }

    fn add_member<'a>(
        &'a self,
        id: &'a ChatId,
        member: ChatMember,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.access(move |disk| {
            let chat = disk.chats.get(id).map(|chat| Chat::clone(chat));
            let mut chat = chat.unwrap_or(Chat {
                name: None,
                participants: Vec::new(),
            });
            chat.participants.retain(|known| known.id != member.id);
            chat.participants.push(member);
            disk.chats.insert(id.clone(), Arc::new(chat));
        }))
    }
}

/// Nobody listens to the calls of the simulation: there is nothing to tell.
impl Outbox for DiskStore {
    fn take_letters(
        &self,
        _now: Timestamp,
        _again: Timestamp,
        _most: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Letter>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn put_off_letter<'a>(
        &'a self,
        _id: &'a LetterId,
        _until: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async { Ok(()) })
    }

    fn remove_letter<'a>(&'a self, _id: &'a LetterId) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async { Ok(()) })
    }

    fn waiting_letters(&self) -> BoxFuture<'_, StoreResult<Waiting>> {
        Box::pin(async { Ok(Waiting::default()) })
    }

    fn drop_oldest_letters(&self, _keep: u64, _most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async { Ok(0) })
    }
}

impl Store for DiskStore {
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// Puts a chat on the disk.
pub fn put_chat(disk: &Disk, id: &ChatId, members: Vec<ChatMember>) {
    let chat = Chat {
        name: Some("Team".to_owned()),
        participants: members,
    };
    open(disk).chats.insert(id.clone(), Arc::new(chat));
}
