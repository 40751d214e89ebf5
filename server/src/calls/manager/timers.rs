//! Keeping deadlines: one task sleeps until the earliest one, and looks into the store now and then.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use ringback_protocol::{ErrorCode, Failure, SessionId};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::devices::log;
use super::{CallManager, internal};
use crate::calls::ports::Hearing;
use crate::calls::session::Input;
use crate::calls::time::Timestamp;

/// How many calls are worked on at once; what is stored together is committed together.
const AT_ONCE: usize = 64;

/// The deadlines of the live calls.
#[derive(Debug, Default)]
pub(super) struct Timers {
    queue: Mutex<Queue>,
    /// Wakes the timekeeper when the earliest deadline has become earlier.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    by_time: BTreeSet<(Timestamp, SessionId)>,
    by_call: HashMap<SessionId, Timestamp>,
}

impl Timers {
    /// Sets or removes the deadline of a call.
    pub(super) fn set(&self, id: &SessionId, deadline: Option<Timestamp>) {
        let mut queue = self.lock();
        let first = queue.first();
        if let Some(old) = queue.by_call.remove(id) {
            queue.by_time.remove(&(old, id.clone()));
        }
        let Some(deadline) = deadline else { return };
        queue.by_call.insert(id.clone(), deadline);
        queue.by_time.insert((deadline, id.clone()));
        if first.is_none_or(|first| deadline < first) {
            self.earlier.notify_one();
        }
    }

    fn first(&self) -> Option<Timestamp> {
        self.lock().first()
    }

    fn take_due(&self, now: Timestamp) -> BTreeSet<SessionId> {
        let mut queue = self.lock();
        let mut due = BTreeSet::new();
        while queue.first().is_some_and(|first| first <= now) {
            if let Some((_, id)) = queue.by_time.pop_first() {
                queue.by_call.remove(&id);
                due.insert(id);
            }
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn first(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(deadline, _)| *deadline)
    }
}

/// The stored calls that are yet to be taken up after a start.
#[derive(Debug)]
enum Backlog {
    /// The store could not be read.
    Unread,
    /// These.
    Calls(BTreeSet<SessionId>),
}

/// What the timekeeper does with a call.
#[derive(Debug, Clone, Copy)]
enum Chore {
    /// Take it up after a start.
    TakeUp,
    /// Look at its deadlines.
    Expire,
}

impl CallManager {
    /// Takes up the stored calls, then keeps deadlines until it is told to stop.
    pub(super) async fn keep_time(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut backlog = Backlog::Unread;
        let mut next_sweep = self.clock.now();
        loop {
            if next_sweep <= self.clock.now() {
                backlog = self.take_up_stored(backlog).await;
            }
            next_sweep = self.work_off(next_sweep).await;
            let wake = self.timers.first().unwrap_or(next_sweep).min(next_sweep);
            // In a fixed order: what happens in the simulation is to depend on nothing but its seed.
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => return,
                () = self.clock.sleep_until(wake) => {}
                () = self.timers.earlier.notified() => {}
            }
        }
    }

    /// Takes up stored calls after a start; returns those with which it did not succeed.
    async fn take_up_stored(self: &Arc<Self>, backlog: Backlog) -> Backlog {
        let calls = match backlog {
            Backlog::Calls(calls) => calls,
            Backlog::Unread => match self.stored_calls().await {
                Ok(calls) => calls,
                Err(failure) => {
                    log(Err(failure), "the stored calls could not be read");
                    return Backlog::Unread;
                }
            },
        };
        Backlog::Calls(self.work_through(calls, Chore::TakeUp).await)
    }

    /// Applies what is due, and returns when the store is to be asked next.
    async fn work_off(self: &Arc<Self>, next_sweep: Timestamp) -> Timestamp {
        let now = self.clock.now();
        let mut due = self.timers.take_due(now);
        let sweeps = next_sweep <= now;
        if sweeps {
            self.miss_again().await;
            match self.store.due(now).await {
                Ok(stored) => due.extend(stored),
                Err(error) => log(Err(internal(error)), "the deadlines could not be read"),
            }
        }
        self.work_through(due, Chore::Expire).await;
        if sweeps {
            log(
                self.mind_nodes().await,
                "the calls of other nodes could not be looked after",
            );
            now.plus_ms(self.sweep_ms())
        } else {
            next_sweep
        }
    }

    fn sweep_ms(&self) -> u64 {
        let interval = self.settings.sweep_interval.as_millis();
        u64::try_from(interval).unwrap_or(u64::MAX).max(1)
    }

    /// Does a chore with each of these calls, and returns those with which it failed.
    async fn work_through(
        self: &Arc<Self>,
        calls: BTreeSet<SessionId>,
        chore: Chore,
    ) -> BTreeSet<SessionId> {
        let mut failed = BTreeSet::new();
        let mut under_way = JoinSet::new();
        for id in calls {
            if under_way.len() >= AT_ONCE {
                failed.extend(under_way.join_next().await.and_then(Result::ok).flatten());
            }
            let manager = Arc::clone(self);
            under_way.spawn(async move { manager.work_on(id, chore).await });
        }
        while let Some(worked) = under_way.join_next().await {
            failed.extend(worked.ok().flatten());
        }
        failed
    }

    /// Does a chore with a call, and returns it when that failed: the next sweep tries again.
    async fn work_on(&self, id: SessionId, chore: Chore) -> Option<SessionId> {
        let (result, what) = match chore {
            Chore::TakeUp => (
                self.take_up(&id).await,
                "a stored call could not be taken up",
            ),
            Chore::Expire => (self.expire(&id).await, "a deadline could not be applied"),
        };
        match result {
            // It was removed from the store meanwhile.
            Err(failure) if failure.code == ErrorCode::CallNotFound => None,
            Err(failure) => {
                log(Err(failure), what);
                Some(id)
            }
            Ok(()) => None,
        }
    }

    async fn expire(&self, id: &SessionId) -> Result<(), Failure> {
        let call = self.call(id).await?;
        let _gate = call.gate.lock().await;
        if self.peers.hearing() != Hearing::Alone {
            // What is at hand may lack a deadline that another node stored.
            self.refresh(&call, id).await?;
        }
        self.change_gated(&call, Input::Timeout, |_| {}).await?;
        // It may have been early, or another deadline of the same call may follow.
        self.timers.set(id, call.session().next_deadline());
        Ok(())
    }
}
