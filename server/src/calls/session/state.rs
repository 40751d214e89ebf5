//! How a call stands.

use ringback_protocol::{CallStatus, EndReason, UserId};
use serde::{Deserialize, Serialize};

use crate::calls::time::Timestamp;

/// How a call stands, with what belongs to that.
///
/// ```text
///  initiate
///     |            everyone rejected or was busy
///     v          .-----------------------------------> Over: Rejected
///  Ringing ------|  nobody answered; the caller hung up or dropped
///     |          |-----------------------------------> Over: Missed
///     |          |  another call took its place; no connection came about
///     |          '-----------------------------------> Over: Failed
///     | accept, join
///     v             end, the last but one left or dropped
///  Ongoing ------------------------------------------> Over: Ended
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallState {
    /// Nobody has answered yet.
    Ringing,
    /// Someone answered.
    Ongoing {
        /// When the first callee joined.
        started_at: Timestamp,
    },
    /// Nothing happens to it any more.
    Over(Ending),
}

/// How and when a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// What became of it.
    pub outcome: Outcome,
    /// When the first callee had joined; none when nobody did.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why.
    pub reason: EndReason,
    /// Whose act or absence ended it.
    pub ended_by: UserId,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It took place.
    Ended,
    /// Nobody answered.
    Missed,
    /// Everyone rejected or was busy.
    Rejected,
    /// It broke down, or another call took its place.
    Failed,
}

impl CallState {
    /// Returns the state as the wire and the store name it.
    #[must_use]
    pub const fn status(&self) -> CallStatus {
        match self {
            Self::Ringing => CallStatus::Ringing,
            Self::Ongoing { .. } => CallStatus::Ongoing,
            Self::Over(ending) => match ending.outcome {
                Outcome::Ended => CallStatus::Ended,
                Outcome::Missed => CallStatus::Missed,
                Outcome::Rejected => CallStatus::Rejected,
                Outcome::Failed => CallStatus::Failed,
            },
        }
    }

    /// Returns when the first callee joined.
    #[must_use]
    pub const fn started_at(&self) -> Option<Timestamp> {
        match self {
            Self::Ringing => None,
            Self::Ongoing { started_at } => Some(*started_at),
            Self::Over(ending) => ending.started_at,
        }
    }

    /// Returns how the call ended, once it has.
    #[must_use]
    pub const fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Ringing | Self::Ongoing { .. } => None,
            Self::Over(ending) => Some(ending),
        }
    }
}

impl Ending {
    /// Returns for how long the call went on, in whole seconds; none when it never started.
    #[must_use]
    pub fn duration_s(&self) -> Option<u64> {
        self.started_at
            .map(|started| self.ended_at.ms_since(started) / 1_000)
    }
}
