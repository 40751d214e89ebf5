//! Any store, each of its operations timed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ringback_protocol::rest::{CallRecord, CallStatistics, Chat, ChatMember, LinkTimeline};
use ringback_protocol::{CallRequestId, CallStatus, ChatId, LinkReport, SessionId, UserId};
use tracing::Instrument;

use super::{
    CallStore, Created, Directory, HistoryPage, HistoryQuery, Letter, LetterId, Outbox,
    StatisticsQuery, Store, StoreError, StoreResult, Swap, Waiting, health,
};
use crate::calls::ports::BoxFuture;
use crate::calls::{CallSession, Timestamp};
use crate::metrics::Metrics;

/// A store whose operations are timed.
pub struct MeasuredStore {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    /// Why the database did not answer when it was looked at last.
    away: Mutex<Option<StoreError>>,
}

impl MeasuredStore {
    /// Wraps a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            store,
            metrics,
            away: Mutex::default(),
        })
    }

    fn timed<'a, T: 'a>(
        &'a self,
        operation: &'static str,
        work: BoxFuture<'a, StoreResult<T>>,
    ) -> BoxFuture<'a, StoreResult<T>> {
        Box::pin(async move {
            let began = Instant::now();
            // For traces: in the logs it would be formatted some ten times a call, and said never.
            let span = tracing::debug_span!("store", operation);
            let result = work.instrument(span).await;
            self.metrics
                .stored(operation, began.elapsed(), result.is_err());
            result.map_err(|error| self.explained(error))
        })
    }

    /// Puts the cause in place of an operation's own error, which only says that it waited in vain.
    fn explained(&self, error: StoreError) -> StoreError {
        if !matches!(error, StoreError::NoConnection) {
            return error;
        }
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.clone().unwrap_or(error)
    }

    /// Takes note of what a look at the database finds within two seconds.
    fn look<'a>(&'a self, look: BoxFuture<'a, StoreResult<()>>) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            let found = self.timed("ping", Box::pin(health::in_time(look))).await;
            let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
            *away = found.as_ref().err().cloned();
            drop(away);
            found
        })
    }
}

impl CallStore for MeasuredStore {
    fn create(&self, session: Arc<CallSession>) -> BoxFuture<'_, StoreResult<Created>> {
        self.timed("create", self.store.create(session))
    }

    fn compare_and_set(
        &self,
        session: Arc<CallSession>,
        expected_version: u64,
    ) -> BoxFuture<'_, StoreResult<Swap>> {
        let swap = self.store.compare_and_set(session, expected_version);
        self.timed("compare_and_set", swap)
    }

    fn load<'a>(
        &'a self,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        self.timed("load", self.store.load(id))
    }

    fn find_by_request<'a>(
        &'a self,
        caller: &'a UserId,
        request: &'a CallRequestId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        let find = self.store.find_by_request(caller, request);
        self.timed("find_by_request", find)
    }

    fn live_calls_of<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, StoreResult<Vec<Arc<CallSession>>>> {
        self.timed("live_calls_of", self.store.live_calls_of(users))
    }

    fn live_calls(&self) -> BoxFuture<'_, StoreResult<Vec<Arc<CallSession>>>> {
        self.timed("live_calls", self.store.live_calls())
    }

    fn live_counts(&self) -> BoxFuture<'_, StoreResult<Vec<(CallStatus, u64)>>> {
        self.timed("live_counts", self.store.live_counts())
    }

    fn due(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<SessionId>>> {
        self.timed("due", self.store.due(now))
    }

    fn history<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a HistoryQuery,
    ) -> BoxFuture<'a, StoreResult<HistoryPage>> {
        self.timed("history", self.store.history(user, query))
    }

    fn record<'a>(
        &'a self,
        user: &'a UserId,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<CallRecord>>> {
        self.timed("record", self.store.record(user, id))
    }

    fn add_quality<'a>(
        &'a self,
        call: &'a SessionId,
        from: &'a UserId,
        at: Timestamp,
        links: Vec<LinkReport>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let add = self.store.add_quality(call, from, at, links);
        self.timed("add_quality", add)
    }

    fn quality<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, StoreResult<Vec<LinkTimeline>>> {
        self.timed("quality", self.store.quality(call))
    }

    fn statistics<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a StatisticsQuery,
    ) -> BoxFuture<'a, StoreResult<CallStatistics>> {
        self.timed("statistics", self.store.statistics(user, query))
    }
}

impl Directory for MeasuredStore {
    fn chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<Option<Arc<Chat>>>> {
        self.timed("chat", self.store.chat(id))
    }

    fn put_chat<'a>(&'a self, id: &'a ChatId, chat: Chat) -> BoxFuture<'a, StoreResult<()>> {
        self.timed("put_chat", self.store.put_chat(id, chat))
    }

    fn delete_chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<bool>> {
        self.timed("delete_chat", self.store.delete_chat(id))
    }

    fn add_member<'a>(
        &'a self,
        id: &'a ChatId,
        member: ChatMember,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.timed("add_member", self.store.add_member(id, member))
    }
}

impl Outbox for MeasuredStore {
    fn take_letters(
        &self,
        now: Timestamp,
        again: Timestamp,
        most: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Letter>>> {
        self.timed("take_letters", self.store.take_letters(now, again, most))
    }

    fn put_off_letter<'a>(
        &'a self,
        id: &'a LetterId,
        until: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.timed("put_off_letter", self.store.put_off_letter(id, until))
    }

    fn remove_letter<'a>(&'a self, id: &'a LetterId) -> BoxFuture<'a, StoreResult<()>> {
        self.timed("remove_letter", self.store.remove_letter(id))
    }

    fn waiting_letters(&self) -> BoxFuture<'_, StoreResult<Waiting>> {
        self.timed("waiting_letters", self.store.waiting_letters())
    }

    fn drop_oldest_letters(&self, keep: u64, most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        let drop = self.store.drop_oldest_letters(keep, most);
        self.timed("drop_oldest_letters", drop)
    }
}

impl Store for MeasuredStore {
    fn close(&self) -> BoxFuture<'_, ()> {
        self.store.close()
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.look(self.store.ping())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn a_look_that_takes_too_long_is_counted_and_is_the_cause_of_what_fails_then() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("calls.db").display());
        let metrics = Arc::new(Metrics::default());
        let store = crate::store::open(&url).await.unwrap();
        let store = MeasuredStore::new(store, metrics.clone());
        store.ping().await.unwrap();

        let found = store.look(Box::pin(pending())).await;
        assert!(matches!(found, Err(StoreError::TooSlow)));
        let counted = "ringback_store_failures_total{operation=\"ping\"} 1";
        assert!(metrics.render(None).lines().any(|line| line == counted));
        let cause = store.explained(StoreError::NoConnection);
        assert!(matches!(cause, StoreError::TooSlow));

        store.ping().await.unwrap();
        let cause = store.explained(StoreError::NoConnection);
        assert!(matches!(cause, StoreError::NoConnection));
    }
}
