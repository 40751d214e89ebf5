//! When the tokens of sockets expire: their clients are told in time, and in the end they are closed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ringback_protocol::ErrorCode;
use tokio::sync::Notify;

use super::outlet::{Outlet, OutletId};
use super::packet;
use crate::calls::{Clock, SystemClock, Timestamp};
use crate::events::ServerEvent;
use crate::events::server::{AuthExpiring, CallError};

/// How long before the end a client is told, of a token that lasts longer than twice that.
const NOTICE_MS: u64 = 60_000;

/// What is next for a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Its client is told.
    Notice,
    /// It is closed.
    Close,
}

/// The tokens of all sockets that are signed in.
#[derive(Debug, Default)]
pub(super) struct Expiries {
    queue: Mutex<Queue>,
    /// Wakes whoever keeps time when something is due earlier than before.
    earlier: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Queue {
    by_time: BTreeSet<(Timestamp, OutletId)>,
    sockets: HashMap<OutletId, Watched>,
}

#[derive(Debug)]
struct Watched {
    outlet: Arc<dyn Outlet>,
    due_at: Timestamp,
    expires_at: Timestamp,
    next: Next,
}

impl Expiries {
    /// Starts keeping time until the value is dropped elsewhere.
    ///
    /// Must be called inside a Tokio runtime.
    pub(super) fn start() -> Arc<Self> {
        let expiries = Arc::new(Self::default());
        tokio::spawn(keep_time(
            Arc::downgrade(&expiries),
            Arc::clone(&expiries.earlier),
        ));
        expiries
    }

    /// Watches over a socket that signed in, or whose token is a new one.
    pub(super) fn watch(
        &self,
        id: OutletId,
        outlet: Arc<dyn Outlet>,
        expires_at: Timestamp,
        now: Timestamp,
    ) {
        let notice = NOTICE_MS.min(expires_at.ms_since(now) / 2);
        let watched = Watched {
            outlet,
            due_at: expires_at.minus_ms(notice),
            expires_at,
            next: Next::Notice,
        };
        if self.lock().put(id, watched) {
            self.earlier.notify_one();
        }
    }

    /// Forgets a socket that closed or signed out.
    pub(super) fn forget(&self, id: OutletId) {
        self.lock().take(id);
    }

    /// Does what is due, and returns when something is due next.
    fn work_off(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.lock().take_due(now);
        for (id, watched) in due {
            match watched.next {
                Next::Notice => self.tell(id, watched, now),
                Next::Close => close(&watched),
            }
        }
        self.lock().first()
    }

    fn tell(&self, id: OutletId, watched: Watched, now: Timestamp) {
        let event = AuthExpiring {
            expires_at: watched.expires_at.to_iso(),
            expires_in_ms: watched.expires_at.ms_since(now),
        };
        watched.outlet.send(packet::event(&event.into()));
        let close = Watched {
            due_at: watched.expires_at,
            next: Next::Close,
            ..watched
        };
        self.lock().put_unless_known(id, close);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes a socket with the reason why; its client comes back with the token that it then has.
fn close(watched: &Watched) {
    let code = ErrorCode::TokenExpired;
    let event = ServerEvent::from(CallError {
        event: "auth:refresh".to_owned(),
        session_id: None,
        code,
        error: code.message().to_owned(),
        retry_after_ms: None,
    });
    watched.outlet.send(packet::event(&event));
    watched.outlet.close();
}

impl Queue {
    /// Puts a socket in, and tells whether it is the first one due.
    fn put(&mut self, id: OutletId, watched: Watched) -> bool {
        self.take(id);
        let is_first = self.first().is_none_or(|first| watched.due_at < first);
        self.by_time.insert((watched.due_at, id));
        self.sockets.insert(id, watched);
        is_first
    }

    /// Puts a socket back, unless it has a new token meanwhile.
    fn put_unless_known(&mut self, id: OutletId, watched: Watched) {
        if !self.sockets.contains_key(&id) {
            self.put(id, watched);
        }
    }

    fn take(&mut self, id: OutletId) -> Option<Watched> {
        let watched = self.sockets.remove(&id)?;
        self.by_time.remove(&(watched.due_at, id));
        Some(watched)
    }

    fn take_due(&mut self, now: Timestamp) -> Vec<(OutletId, Watched)> {
        let mut due = Vec::new();
        while let Some(&(at, id)) = self.by_time.first()
            && at <= now
        {
            self.by_time.pop_first();
            due.extend(self.sockets.remove(&id).map(|watched| (id, watched)));
        }
        due
    }

    fn first(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }
}

async fn keep_time(expiries: Weak<Expiries>, earlier: Arc<Notify>) {
    loop {
        let Some(next) = expiries
            .upgrade()
            .map(|expiries| expiries.work_off(SystemClock.now()))
        else {
            return;
        };
        // The clock wakes now and then by itself; that is soon enough to notice the end.
        let wake = next.unwrap_or(Timestamp::from_ms(u64::MAX));
        tokio::select! {
            () = SystemClock.sleep_until(wake) => {}
            () = earlier.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::outlet::testing::Recorder;

    const START: Timestamp = Timestamp::from_ms(1_750_000_000_000);

    fn watch(expiries: &Expiries, id: u64, lasts_ms: u64) -> Arc<Recorder> {
        let outlet = Recorder::new();
        let expires_at = START.plus_ms(lasts_ms);
        expiries.watch(OutletId(id), outlet.clone(), expires_at, START);
        outlet
    }

    fn at(expiries: &Expiries, ms: u64) -> Option<u64> {
        let next = expiries.work_off(START.plus_ms(ms));
        next.map(|next| next.ms_since(START))
    }

    #[test]
    fn a_client_is_told_a_minute_before_the_end_and_closed_at_the_end() {
        let expiries = Expiries::default();
        let outlet = watch(&expiries, 1, 3_600_000);
        assert_eq!(at(&expiries, 0), Some(3_540_000));
        assert_eq!(outlet.sent(), [""; 0]);
        assert_eq!(at(&expiries, 3_540_000), Some(3_600_000));
        let told = outlet.sent();
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("auth:expiring") && told[0].contains(r#""expiresInMs":60000"#));
        assert_eq!(at(&expiries, 3_599_999), Some(3_600_000));
        assert_eq!(at(&expiries, 3_600_000), None);
        // A closed outlet of the tests has nothing left.
        assert_eq!(outlet.sent(), [""; 0]);
    }

    #[test]
    fn of_a_short_token_a_client_is_told_at_half_its_time() {
        let expiries = Expiries::default();
        watch(&expiries, 1, 10_000);
        assert_eq!(at(&expiries, 0), Some(5_000));
    }

    #[test]
    fn a_new_token_begins_anew_and_a_closed_socket_is_forgotten() {
        let expiries = Expiries::default();
        let outlet = watch(&expiries, 1, 10_000);
        at(&expiries, 5_000);
        let until = START.plus_ms(1_000_000);
        expiries.watch(OutletId(1), outlet.clone(), until, START.plus_ms(6_000));
        assert_eq!(at(&expiries, 10_000), Some(940_000));
        assert_eq!(outlet.sent().len(), 1);
        expiries.forget(OutletId(1));
        assert_eq!(at(&expiries, 2_000_000), None);
    }
}
