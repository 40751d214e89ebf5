//! What participants said of their microphones and pictures: kept in memory, for those who come later.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_protocol::{CallSnapshot, UserId, VideoState};

use super::CallManager;
use super::cache::LiveCall;
use crate::calls::ports::{Hearing, Said};
use crate::calls::session::CallSession;
use crate::events::ServerEvent;

/// What the participants of one call said last.
#[derive(Debug, Default)]
pub(super) struct MediaStates(Mutex<Vec<(UserId, Said)>>);

impl MediaStates {
    /// Someone muted or unmuted; returns all that they said.
    pub(super) fn muted(&self, user: &UserId, muted: bool) -> Said {
        self.change(user, |said| said.muted = Some(muted))
    }

    /// Somebody's picture went on or off; returns all that they said.
    pub(super) fn video(&self, user: &UserId, video: VideoState) -> Said {
        self.change(user, |said| said.video = Some(video))
    }

    /// Takes in what someone said, here or on another node.
    fn set(&self, user: &UserId, what: Said) {
        self.change(user, |said| *said = what);
    }

    /// Writes what is known into a snapshot, of those who are in the call.
    fn complete(&self, snapshot: &mut CallSnapshot) {
        let all = self.lock();
        for participant in &mut snapshot.participants {
            let in_call = participant.status.is_in_call();
            let said = all.iter().find(|(user, _)| *user == participant.user_id);
            if let Some((_, said)) = said.filter(|_| in_call) {
                participant.muted = said.muted;
                participant.video = said.video;
            }
        }
    }

    fn change(&self, user: &UserId, change: impl FnOnce(&mut Said)) -> Said {
        let mut all = self.lock();
        let at = all.iter().position(|(known, _)| known == user);
        let at = at.unwrap_or_else(|| {
            all.push((user.clone(), Said::default()));
            all.len() - 1
        });
        change(&mut all[at].1);
        all[at].1
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(UserId, Said)>> {
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
        call.media.set(user, Said::default());
        // Other nodes are not left with what was said before.
        self.tell_said(call, user, Said::default());
    }

    /// Tells the other nodes what someone said of themselves.
    pub(super) fn tell_said(&self, call: &LiveCall, user: &UserId, said: Said) {
        self.peers.said(call.session().id(), user, said);
    }

    /// Takes in what participants said of themselves on other nodes, for whoever is shown the call.
    pub(super) async fn learn_said(&self, call: &LiveCall) {
        if self.peers.hearing() == Hearing::Alone {
            return;
        }
        let all = self.peers.all_said(call.session().id()).await;
        for (user, said) in all.unwrap_or_default() {
            call.media.set(&user, said);
        }
    }
}
