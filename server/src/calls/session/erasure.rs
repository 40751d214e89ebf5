//! A call without one of its people: nothing in it tells who it was.

use ringback_protocol::rest::UserRef;
use ringback_protocol::{DeviceId, UserId};

use super::participant::ParticipantState;
use super::{CallSession, CallState};

/// The name of whoever was erased.
const ERASED: &str = "Erased";

impl CallSession {
    /// Returns the call with a stand-in for that user, one version later; none while it lives, and
    /// for a user who has no part in it.
    #[must_use]
    pub fn without(&self, user: &UserId, stand_in: &UserId, device: &DeviceId) -> Option<Self> {
        if self.is_live() || self.participant(user).is_none() {
            return None;
        }
        let mut call = self.clone();
        call.version += 1;
        call.request_id.take_if(|_| self.caller == *user);
        replace(&mut call.caller, user, stand_in);
        if let CallState::Over(ending) = &mut call.state {
            replace(&mut ending.ended_by, user, stand_in);
        }
        let erased = call.participants.iter_mut().filter(|one| one.is(user));
        for participant in erased {
            participant.person = UserRef {
                id: stand_in.clone(),
                name: ERASED.to_owned(),
                avatar: None,
            };
            participant.state.forget_device(device);
        }
        for entry in &mut call.timeline {
            entry.forget(user, stand_in, device);
        }
        Some(call)
    }
}

impl ParticipantState {
    fn forget_device(&mut self, stand_in: &DeviceId) {
        match self {
            Self::Joined { device } | Self::Reconnecting { device, .. } => {
                *device = stand_in.clone();
            }
            Self::Invited { .. }
            | Self::Ringing { .. }
            | Self::Left { .. }
            | Self::Rejected { .. }
            | Self::Busy
            | Self::Missed { .. } => {}
        }
    }
}

pub(super) fn replace(known: &mut UserId, user: &UserId, stand_in: &UserId) {
    if known == user {
        *known = stand_in.clone();
    }
}
