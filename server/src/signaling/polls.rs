//! Sessions that poll, and polls whose client went away before it had its answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use engineioxide::TransportType;
use engineioxide::socket::{DisconnectReason, Sid};

use super::socket::{EngineSocket, Socket};

/// The sessions that began by polling.
#[derive(Clone, Default)]
pub(super) struct Polls(Arc<Mutex<HashMap<Sid, Weak<EngineSocket>>>>);

impl Polls {
    /// Takes a session in, if it polls.
    pub(super) fn add(&self, socket: &Arc<EngineSocket>) {
        if socket.transport_type() == TransportType::Polling {
            self.lock().insert(socket.id, Arc::downgrade(socket));
        }
    }

    /// Forgets a session that ended.
    pub(super) fn remove(&self, sid: Sid) {
        self.lock().remove(&sid);
    }

    /// Returns the socket of a session that began by polling.
    pub(super) fn find(&self, sid: Sid) -> Option<Arc<Socket>> {
        let engine = self.lock().get(&sid).and_then(Weak::upgrade)?;
        engine.data.get().cloned()
    }

    /// Begins to watch over a poll.
    pub(super) fn watch(&self, sid: Sid) -> OpenPoll {
        OpenPoll {
            polls: self.clone(),
            sid: Some(sid),
        }
    }

    fn close(&self, sid: Sid) {
        let socket = self.lock().get(&sid).and_then(Weak::upgrade);
        if let Some(socket) = socket.filter(|socket| polls_still(socket)) {
            socket.close(DisconnectReason::TransportClose);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, Weak<EngineSocket>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn polls_still(socket: &EngineSocket) -> bool {
    socket.transport_type() == TransportType::Polling
}

/// A poll that waits for its answer. Dropped before that, it ends its session.
///
/// What was on its way to that client is lost: it has to come back and be told how things stand,
/// where it would otherwise miss an event without knowing.
#[must_use = "dropping it ends the session"]
pub struct OpenPoll {
    polls: Polls,
    sid: Option<Sid>,
}

impl OpenPoll {
    /// Ends the watch: the poll has its answer.
    pub fn answered(mut self) {
        self.sid = None;
    }
}

impl Drop for OpenPoll {
    fn drop(&mut self) {
        if let Some(sid) = self.sid {
            self.polls.close(sid);
        }
    }
}

impl fmt::Debug for OpenPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenPoll").finish_non_exhaustive()
    }
}
