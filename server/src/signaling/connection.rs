//! What is kept for each socket.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ringback_protocol::{ErrorCode, Failure};

use super::UNSIGNED_BYTES;
use super::inbox::Inbox;
use super::meter::Meter;
use super::outlet::OutletId;
use super::rate::{Bucket, REFUSALS};
use crate::admission::limiter::too_many;
use crate::calls::ports::Actor;
use crate::net::Allowance;

/// What is kept for each socket.
#[derive(Debug, Default)]
pub(super) struct Connection {
    gate: Mutex<Gate>,
    /// What it asked and was not done yet.
    pub(super) inbox: Inbox,
    /// Whether it is being closed for what it does, or does not do.
    given_up: AtomicBool,
}

#[derive(Debug, Default)]
struct Gate {
    stage: Stage,
    /// How much it may send: its own, until somebody signs in.
    meter: Arc<Meter>,
    refusals: Bucket,
    /// What says how much of it is heard, while that is little.
    allowance: Option<Allowance>,
}

/// Why a socket is closed that its client would keep.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// It does not read its messages.
    Deaf,
    /// It goes on sending however often it is told to slow down.
    Flooding,
}

/// How far a socket has come.
///
/// `Waiting -> SignedIn -> Waiting` as often as the client signs in and out; `Closed` from both.
#[derive(Debug, Default)]
pub(super) enum Stage {
    /// It has not said who it is, or has signed out.
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
    pub(super) fn admit(&self, now: Instant, bytes: usize) -> Result<Arc<Actor>, Failure> {
        let gate = self.gate();
        gate.meter.take(now, bytes).map_err(rate_limited)?;
        match &gate.stage {
            Stage::SignedIn(actor, _) => Ok(Arc::clone(actor)),
            Stage::Waiting | Stage::Closed => Err(ErrorCode::Unauthenticated.into()),
        }
    }

    /// Counts a message that is no event, and tells whether there are too many.
    pub(super) fn is_flooded(&self, now: Instant, bytes: usize) -> bool {
        self.gate().meter.take(now, bytes).is_err()
    }

    /// Counts a refusal, and tells whether there were too many.
    pub(super) fn is_stubborn(&self, now: Instant) -> bool {
        self.gate().refusals.take(now, &REFUSALS, 1).is_err()
    }

    /// Notes that it is closed for a fault of its client's, and tells whether that is new.
    pub(super) fn give_up(&self, fault: Fault) -> bool {
        if self.given_up.swap(true, Ordering::Relaxed) {
            return false;
        }
        if let Some(actor) = self.owner() {
            let why = match fault {
                Fault::Deaf => "closing a socket that does not read its messages",
                Fault::Flooding => "closing a socket that does not slow down",
            };
            tracing::warn!(user = %actor.user, device = %actor.device, "{why}");
        }
        true
    }

    /// Tells whether it is being closed for a fault of its own: then nobody listens to it either.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Hears little of its connection, unless somebody has signed in, and until somebody does.
    pub(super) fn limit_until_sign_in(&self, allowance: Allowance) {
        let mut gate = self.gate();
        match gate.stage {
            Stage::Waiting => {
                allowance.limit(UNSIGNED_BYTES);
                if let Some(other) = gate.allowance.replace(allowance) {
                    other.lift();
                }
            }
            Stage::SignedIn(..) | Stage::Closed => {}
        }
    }

    /// Tells whether it still has to say who it is.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.gate().stage, Stage::Waiting)
    }

    /// Counts what it sends with what the other sockets of its user do.
    ///
    /// It stays so after a sign-out, or each would be a fresh start.
    pub(super) fn count_with(&self, meter: Arc<Meter>) {
        self.gate().meter = meter;
    }

    /// Runs `enter` and marks the socket as signed in, unless it is so already, or gone.
    ///
    /// # Errors
    /// When `enter` fails.
    pub(super) fn sign_in<T, E>(
        &self,
        actor: &Arc<Actor>,
        id: OutletId,
        enter: impl FnOnce() -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut gate = self.gate();
        match gate.stage {
            Stage::Waiting => {
                let entered = enter()?;
                gate.stage = Stage::SignedIn(Arc::clone(actor), id);
                if let Some(allowance) = gate.allowance.take() {
                    allowance.lift();
                }
                Ok(Some(entered))
            }
            Stage::SignedIn(..) | Stage::Closed => Ok(None),
        }
    }

    /// Runs `act` if the socket is signed in; it cannot close or sign out meanwhile.
    pub(super) fn while_signed_in(&self, act: impl FnOnce(OutletId)) {
        let gate = self.gate();
        match &gate.stage {
            Stage::SignedIn(_, id) => act(*id),
            Stage::Waiting | Stage::Closed => {}
        }
    }

    /// Takes the socket back to where it has not said who it is, and returns whose it was.
    pub(super) fn sign_out(&self) -> Option<(Arc<Actor>, OutletId)> {
        let mut gate = self.gate();
        match std::mem::take(&mut gate.stage) {
            Stage::SignedIn(actor, id) => Some((actor, id)),
            stage @ (Stage::Waiting | Stage::Closed) => {
                gate.stage = stage;
                None
            }
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
    too_many(ErrorCode::RateLimited.message(), wait)
}
