//! What participants said of their microphones and pictures: kept in memory, for those who come later.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_protocol::{CallSnapshot, ServerEvent, UserId, VideoState};

use super::CallManager;
use super::cache::LiveCall;
use crate::calls::session::CallSession;

/// What the participants of one call said last.
#[derive(Debug, Default)]
pub(super) struct MediaStates(Mutex<Vec<Said>>);

#[derive(Debug)]
struct Said {
    user: UserId,
    muted: Option<bool>,
    video: Option<VideoState>,
}

impl MediaStates {
    /// Someone muted or unmuted.
    pub(super) fn muted(&self, user: &UserId, muted: bool) {
        self.of(user, |said| said.muted = Some(muted));
    }

    /// Somebody's picture went on or off.
    pub(super) fn video(&self, user: &UserId, video: VideoState) {
        self.of(user, |said| said.video = Some(video));
    }

    /// Someone entered with a device that has not said anything.
    pub(super) fn forget(&self, user: &UserId) {
        self.lock().retain(|said| said.user != *user);
    }

    /// Writes what is known into a snapshot, of those who are in the call.
    fn complete(&self, snapshot: &mut CallSnapshot) {
        let all = self.lock();
        for participant in &mut snapshot.participants {
            let in_call = participant.status.is_in_call();
            let said = all.iter().find(|said| said.user == participant.user_id);
            if let Some(said) = said.filter(|_| in_call) {
                participant.muted = said.muted;
                participant.video = said.video;
            }
        }
    }

    fn of(&self, user: &UserId, change: impl FnOnce(&mut Said)) {
        let mut all = self.lock();
        if !all.iter().any(|said| said.user == *user) {
            all.push(Said {
                user: user.clone(),
                muted: None,
                video: None,
            });
        }
        if let Some(said) = all.iter_mut().find(|said| said.user == *user) {
            change(said);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Said>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallManager {
    /// Returns the whole of a call, with what its participants said of themselves.
    pub(super) fn snapshot(&self, session: &CallSession) -> CallSnapshot {
        let mut snapshot = session.snapshot(self.clock.now());
        self.complete_snapshot(&mut snapshot);
        snapshot
    }

    /// Writes what participants said of themselves into the snapshots of an event.
    pub(super) fn complete(&self, event: &mut ServerEvent) {
        if let ServerEvent::CallState(state) = event {
            for snapshot in &mut state.calls {
                self.complete_snapshot(snapshot);
            }
        }
    }

    fn complete_snapshot(&self, snapshot: &mut CallSnapshot) {
        if let Some(call) = self.calls.find(&snapshot.session_id) {
            call.media.complete(snapshot);
        }
    }

    /// Somebody enters a call: what they said in it before does not hold any more.
    pub(super) fn enters(&self, call: &LiveCall, user: &UserId) {
        call.media.forget(user);
    }
}
