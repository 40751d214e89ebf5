//! The calls that this process has at hand.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use foldhash::HashMap;
use ringback_protocol::SessionId;

use super::media::MediaStates;
use crate::calls::ports::EarlyOffer;
use crate::calls::session::CallSession;
use crate::calls::time::Timestamp;
use crate::events::SessionDescription;

/// How many calls that are over are kept for the signals that come late.
const RETIRED: usize = 1_024;

/// One call at hand.
#[derive(Debug)]
pub(super) struct LiveCall {
    /// Held while the call changes and its effects are emitted.
    pub(super) gate: tokio::sync::Mutex<()>,
    /// What the participants said of their microphones and pictures. It is never stored.
    pub(super) media: MediaStates,
    session: RwLock<Arc<CallSession>>,
    /// The newest version that another node told of.
    heard: AtomicU64,
    /// Whether another node told that it is over.
    over: AtomicBool,
    /// When it was compared with the store last, in milliseconds.
    checked_ms: AtomicU64,
    /// The caller's early offer, for devices that ring later. It is never stored.
    offer: Mutex<Option<EarlyOffer>>,
}

impl LiveCall {
    pub(super) fn new(session: Arc<CallSession>, offer: Option<SessionDescription>) -> Self {
        let version = session.early_offer();
        let offer = version.zip(offer);
        Self {
            gate: tokio::sync::Mutex::default(),
            media: MediaStates::default(),
            session: RwLock::new(session),
            heard: AtomicU64::new(0),
            over: AtomicBool::new(false),
            checked_ms: AtomicU64::new(0),
            offer: Mutex::new(offer.map(|(version, offer)| EarlyOffer { version, offer })),
        }
    }

    /// Returns the call as it last was stored.
    pub(super) fn session(&self) -> Arc<CallSession> {
        Arc::clone(&self.session.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in a stored version, and tells whether it is the newest so far.
    pub(super) fn set(&self, session: Arc<CallSession>) -> bool {
        let mut known = self.session.write().unwrap_or_else(PoisonError::into_inner);
        let is_newest = session.version() >= known.version();
        if is_newest {
            *known = session;
        }
        is_newest
    }

    /// Another node stored that version.
    pub(super) fn heard(&self, version: u64) {
        self.heard.fetch_max(version, Ordering::Relaxed);
    }

    /// Another node ended it.
    pub(super) fn heard_end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Tells whether it is over, as far as this node knows or heard.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed) || !self.session().is_live()
    }

    /// Tells whether another node stored a newer version.
    pub(super) fn is_behind(&self) -> bool {
        self.heard.load(Ordering::Relaxed) > self.session().version()
    }

    /// It was compared with the store.
    pub(super) fn checked(&self, now: Timestamp) {
        self.checked_ms.store(now.as_ms(), Ordering::Relaxed);
    }

    /// Returns when it was compared with the store last.
    pub(super) fn checked_at(&self) -> Timestamp {
        Timestamp::from_ms(self.checked_ms.load(Ordering::Relaxed))
    }

    /// Returns the early offer, if it is the one that holds.
    pub(super) fn offer(&self) -> Option<SessionDescription> {
        let version = self.session().early_offer()?;
        let copy = self.lock_offer();
        let copy = copy.as_ref().filter(|copy| copy.version == version);
        copy.map(|copy| copy.offer.clone())
    }

    /// Keeps an early offer, unless none holds any more.
    pub(super) fn keep_offer(&self, offer: SessionDescription) {
        let version = self.session().early_offer();
        *self.lock_offer() = version.map(|version| EarlyOffer { version, offer });
    }

    /// Lets go of the early offer.
    pub(super) fn forget_offer(&self) {
        self.lock_offer().take();
    }

    fn lock_offer(&self) -> MutexGuard<'_, Option<EarlyOffer>> {
        self.offer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The calls at hand, by id: all live ones that were touched, and the last that ended.
#[derive(Debug, Default)]
pub(super) struct CallCache(RwLock<Kept>);

#[derive(Debug, Default)]
struct Kept {
    calls: HashMap<SessionId, Arc<LiveCall>>,
    retired: VecDeque<SessionId>,
}

impl CallCache {
    pub(super) fn find(&self, id: &SessionId) -> Option<Arc<LiveCall>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.calls.get(id).cloned()
    }

    /// Takes a call in, and returns the one that stays: there is never a second gate for a call.
    pub(super) fn keep(&self, call: LiveCall) -> Arc<LiveCall> {
        let session = call.session();
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let call = kept
            .calls
            .entry(session.id().clone())
            .or_insert_with(|| Arc::new(call));
        Arc::clone(call)
    }

    /// Returns the calls at hand that are not known to be over.
    pub(super) fn live(&self) -> Vec<Arc<LiveCall>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let live = kept.calls.values().filter(|call| call.session().is_live());
        live.cloned().collect()
    }

    /// Removes a call that never came to be.
    pub(super) fn forget(&self, id: &SessionId) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.calls.remove(id);
    }

    /// Lets go of a call that is over, after a while.
    pub(super) fn retire(&self, id: &SessionId) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.retired.push_back(id.clone());
        if kept.retired.len() > RETIRED
            && let Some(oldest) = kept.retired.pop_front()
        {
            kept.calls.remove(&oldest);
        }
    }
}
