//! The live calls, mirrored in memory: every commit passes here before anyone hears of it.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use foldhash::HashMap;
use ringback_protocol::{SessionId, UserId};
use serde_json::Value;

use crate::calls::session::Participant;
use crate::calls::{CallSession, Timestamp};

/// The live calls by id, by user and by deadline.
#[derive(Debug, Default)]
pub(super) struct LiveCalls(RwLock<Index>);

#[derive(Debug, Default)]
struct Index {
    calls: HashMap<SessionId, Arc<CallSession>>,
    // Ordered: session ids sort by the time of the call.
    by_user: HashMap<UserId, BTreeSet<SessionId>>,
    deadlines: BTreeSet<(Timestamp, SessionId)>,
}

impl LiveCalls {
    pub(super) fn fill(&self, sessions: Vec<Arc<CallSession>>) {
        for session in sessions {
            self.put(&session);
        }
    }

    /// Takes in what was stored: a live call replaces its earlier version, a call that is over goes.
    ///
    /// A version older than the known one is a late report of a conflict and changes nothing.
    pub(super) fn put(&self, session: &Arc<CallSession>) {
        let mut index = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = index.calls.get(session.id());
        if known.is_some_and(|known| known.version() > session.version()) {
            return;
        }
        if session.is_live() {
            index.insert(session);
        } else {
            index.remove(session.id());
        }
    }

    pub(super) fn call(&self, id: &SessionId) -> Option<Arc<CallSession>> {
        self.read().calls.get(id).cloned()
    }

    pub(super) fn of(&self, users: &[UserId]) -> Vec<Arc<CallSession>> {
        let index = self.read();
        let ids: BTreeSet<_> = users
            .iter()
            .filter_map(|user| index.by_user.get(user))
            .flatten()
            .collect();
        ids.into_iter()
            .filter_map(|id| index.calls.get(id).cloned())
            .collect()
    }

    /// Returns the ids of the live calls of a user as a JSON array, for a query.
    ///
    /// They are asked for before the query is: a call that ends in between has its participants'
    /// rows by then, and the query finds it there.
    pub(super) fn ids_of(&self, user: &UserId) -> String {
        let index = self.read();
        let ids = index.by_user.get(user).into_iter().flatten();
        ids.map(SessionId::as_str).collect::<Value>().to_string()
    }

    pub(super) fn all(&self) -> Vec<Arc<CallSession>> {
        self.read().calls.values().cloned().collect()
    }

    pub(super) fn due(&self, now: Timestamp) -> Vec<SessionId> {
        self.read()
            .deadlines
            .iter()
            .take_while(|(deadline, _)| *deadline <= now)
            .map(|(_, id)| id.clone())
            .collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    /// Takes in a live call, or a later version of one: most change nothing of who is found by what.
    fn insert(&mut self, session: &Arc<CallSession>) {
        let id = session.id();
        let before = self.calls.insert(id.clone(), Arc::clone(session));
        let before = before.as_deref();
        for participant in newcomers(session, before) {
            let calls = self.by_user.entry(participant.clone()).or_default();
            calls.insert(id.clone());
        }
        if let Some(before) = before {
            for participant in newcomers(before, Some(session)) {
                self.forget(participant, id);
            }
        }
        let due = session.next_deadline();
        let was_due = before.and_then(CallSession::next_deadline);
        if due != was_due {
            self.deadlines.extend(due.map(|due| (due, id.clone())));
            self.undo_deadline(was_due, id);
        }
    }

    fn remove(&mut self, id: &SessionId) {
        let Some(session) = self.calls.remove(id) else {
            return;
        };
        for participant in session.participants() {
            self.forget(participant.user(), id);
        }
        self.undo_deadline(session.next_deadline(), id);
    }

    fn forget(&mut self, user: &UserId, id: &SessionId) {
        if let Some(calls) = self.by_user.get_mut(user) {
            calls.remove(id);
            if calls.is_empty() {
                self.by_user.remove(user);
            }
        }
    }

    fn undo_deadline(&mut self, deadline: Option<Timestamp>, id: &SessionId) {
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, id.clone()));
        }
    }
}

/// Returns who takes part in a call, and not in that version of it.
fn newcomers<'a>(
    session: &'a CallSession,
    known: Option<&'a CallSession>,
) -> impl Iterator<Item = &'a UserId> {
    let is_known =
        move |user: &UserId| known.is_some_and(|known| known.participant(user).is_some());
    let users = session.participants().iter().map(Participant::user);
    users.filter(move |user| !is_known(user))
}
