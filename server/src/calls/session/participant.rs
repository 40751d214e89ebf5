//! How one person stands towards a call.

use ringback_protocol::rest::UserRef;
use ringback_protocol::{DeviceId, EndReason, ParticipantStatus, UserId};
use serde::{Deserialize, Serialize};

use crate::calls::time::Timestamp;

/// One person who was called, or is in the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Who, as the directory knew them when they were called.
    pub person: UserRef,
    /// When they were called, last.
    pub invited_at: Timestamp,
    /// When they first entered the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Timestamp>,
    /// How they stand.
    pub state: ParticipantState,
}

/// How one person stands towards a call, with what belongs to that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ParticipantState {
    /// Called, but no device was reached yet.
    Invited {
        /// When calling them is given up.
        ring_until: Timestamp,
    },
    /// At least one device rings.
    Ringing {
        /// When calling them is given up.
        ring_until: Timestamp,
    },
    /// In the call; once the call is over: they were in it at the end.
    Joined {
        /// The one device that is in the call.
        device: DeviceId,
    },
    /// In the call, but the device dropped.
    Reconnecting {
        /// The device that dropped.
        device: DeviceId,
        /// When they are given up.
        until: Timestamp,
    },
    /// Was in the call and left it before its end.
    Left {
        /// When.
        at: Timestamp,
        /// Why.
        reason: EndReason,
    },
    /// Rejected the call.
    Rejected {
        /// When.
        at: Timestamp,
    },
    /// Was in another call.
    Busy,
    /// Did not answer in time.
    Missed {
        /// When calling them was given up.
        at: Timestamp,
    },
}

impl Participant {
    /// Returns who it is.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.person.id
    }

    /// Tells whether it is that user.
    #[must_use]
    pub fn is(&self, user: &UserId) -> bool {
        self.person.id == *user
    }

    /// Returns how they stand, as the wire and the store name it.
    #[must_use]
    pub const fn status(&self) -> ParticipantStatus {
        match self.state {
            ParticipantState::Invited { .. } => ParticipantStatus::Invited,
            ParticipantState::Ringing { .. } => ParticipantStatus::Ringing,
            ParticipantState::Joined { .. } => ParticipantStatus::Joined,
            ParticipantState::Reconnecting { .. } => ParticipantStatus::Reconnecting,
            ParticipantState::Left { .. } => ParticipantStatus::Left,
            ParticipantState::Rejected { .. } => ParticipantStatus::Rejected,
            ParticipantState::Busy => ParticipantStatus::Busy,
            ParticipantState::Missed { .. } => ParticipantStatus::Missed,
        }
    }

    /// Returns the device that is in the call, connected or reconnecting.
    #[must_use]
    pub const fn device(&self) -> Option<&DeviceId> {
        match &self.state {
            ParticipantState::Joined { device } | ParticipantState::Reconnecting { device, .. } => {
                Some(device)
            }
            ParticipantState::Invited { .. }
            | ParticipantState::Ringing { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => None,
        }
    }

    /// Returns when calling them is given up, while they are being called.
    #[must_use]
    pub const fn ring_until(&self) -> Option<Timestamp> {
        match self.state {
            ParticipantState::Invited { ring_until } | ParticipantState::Ringing { ring_until } => {
                Some(ring_until)
            }
            ParticipantState::Joined { .. }
            | ParticipantState::Reconnecting { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => None,
        }
    }

    /// Returns when their state changes by itself.
    #[must_use]
    pub const fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            ParticipantState::Invited { ring_until } | ParticipantState::Ringing { ring_until } => {
                Some(ring_until)
            }
            ParticipantState::Reconnecting { until, .. } => Some(until),
            ParticipantState::Joined { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => None,
        }
    }
}
