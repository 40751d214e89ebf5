//! What is kept for each socket.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engineioxide::Str;
use engineioxide::socket::{DisconnectReason, Socket};
use ringback_protocol::{ErrorCode, Failure};
use tokio::sync::mpsc::error::TrySendError;

use super::inbox::Inbox;
use super::outlet::{Outlet, OutletId, Sent};
use super::rate::Bucket;
use crate::calls::ports::Actor;

/// A socket of the engine with what we keep for it.
pub(super) type EngineSocket = Socket<Connection>;

/// What is kept for each socket.
#[derive(Debug, Default)]
pub struct Connection {
    gate: Mutex<Gate>,
    /// What it asked and was not done yet.
    pub(super) inbox: Inbox,
    /// Whether it is being closed because it does not read its messages.
    given_up: AtomicBool,
}

#[derive(Debug, Default)]
struct Gate {
    stage: Stage,
    bucket: Bucket,
}

/// How far a socket has come.
///
/// `Waiting -> SignedIn -> Closed`, or `Waiting -> Closed`.
#[derive(Debug, Default)]
pub(super) enum Stage {
    /// It has not said who it is.
    #[default]
    Waiting,
    /// It belongs to a device.
    SignedIn(Arc<Actor>, OutletId),
    /// It is gone.
    Closed,
}

impl Connection {
    /// Returns who asks, when they may ask.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` before the sign-in, `RATE_LIMITED` when they ask too much.
    pub(super) fn admit(&self, now: Instant) -> Result<Arc<Actor>, Failure> {
        let mut gate = self.gate();
        gate.bucket.take(now).map_err(rate_limited)?;
        match &gate.stage {
            Stage::SignedIn(actor, _) => Ok(Arc::clone(actor)),
            Stage::Waiting | Stage::Closed => Err(ErrorCode::Unauthenticated.into()),
        }
    }

    /// Counts a message that is no event, and tells whether there are too many.
    pub(super) fn is_flooded(&self, now: Instant) -> bool {
        self.gate().bucket.take(now).is_err()
    }

    /// Tells whether it is being closed because it does not read: then nobody listens to it either.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Tells whether it still has to say who it is.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.gate().stage, Stage::Waiting)
    }

    /// Runs `enter` and marks the socket as signed in, unless it is so already, or gone.
    pub(super) fn sign_in<T>(
        &self,
        actor: &Arc<Actor>,
        id: OutletId,
        enter: impl FnOnce() -> T,
    ) -> Option<T> {
        let mut gate = self.gate();
        match gate.stage {
            Stage::Waiting => {
                let entered = enter();
                gate.stage = Stage::SignedIn(Arc::clone(actor), id);
                Some(entered)
            }
            Stage::SignedIn(..) | Stage::Closed => None,
        }
    }

    /// Marks the socket as gone and returns how far it had come.
    pub(super) fn close(&self) -> Stage {
        std::mem::replace(&mut self.gate().stage, Stage::Closed)
    }

    /// Returns whose it is, for the log: it never waits, so that it can be asked from everywhere.
    fn owner(&self) -> Option<Arc<Actor>> {
        match &self.gate.try_lock().ok()?.stage {
            Stage::SignedIn(actor, _) => Some(Arc::clone(actor)),
            Stage::Waiting | Stage::Closed => None,
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said to whoever sends too much.
pub(super) fn rate_limited(wait: Duration) -> Failure {
    let ms = wait.as_millis().saturating_add(1);
    Failure {
        retry_after_ms: Some(u64::try_from(ms).unwrap_or(u64::MAX)),
        ..ErrorCode::RateLimited.into()
    }
}

/// Closes a socket that does not read its messages. Said once, however much it still sends.
fn give_up(socket: &EngineSocket) {
    if socket.data.given_up.swap(true, Ordering::Relaxed) {
        return;
    }
    if let Some(actor) = socket.data.owner() {
        tracing::warn!(user = %actor.user, device = %actor.device,
            "closing a socket that does not read its messages");
    }
    socket.close(DisconnectReason::TransportError);
}

impl Outlet for EngineSocket {
    fn send(&self, message: Str) -> Sent {
        match self.emit(message) {
            Ok(()) => Sent::Queued,
            Err(TrySendError::Closed(_)) => Sent::Closed,
            Err(TrySendError::Full(_)) => {
                give_up(self);
                Sent::Closed
            }
        }
    }

    /// Not with a DISCONNECT packet: after one of those the stock client does not come back.
    fn close(&self) {
        Self::close(self, DisconnectReason::ClosingServer);
    }
}
