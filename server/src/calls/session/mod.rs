//! One call as a value: `(now, input) -> effects`. No clock, no I/O, no randomness.
//!
//! `state` and `participant` say how a call stands, `input` what may happen to it, `step` and its
//! neighbours what then changes, `view` what others see of it.

mod answering;
mod ending;
mod erasure;
mod initiate;
mod input;
mod membership;
mod notice;
mod participant;
mod presence;
mod quality;
mod state;
mod step;
mod timeline;
mod view;

use ringback_protocol::rest::ChatRef;
use ringback_protocol::{
    CallRequestId, CallStatus, CallType, DeviceId, ErrorCode, ParticipantStatus, SessionId, UserId,
};
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

pub use initiate::{Callee, NewCall, Reach};
pub use input::{Effect, Input};
pub use notice::{Notice, Notices};
pub use participant::{Participant, ParticipantState};
pub use quality::QualitySums;
pub use state::{CallState, Ending, Outcome};
pub use timeline::Entry;

use step::Step;

/// The rules that a call was placed under; they do not change while it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRules {
    /// How long a target rings, in milliseconds.
    pub ring_timeout_ms: u64,
    /// How long a dropped device may take to resume, in milliseconds.
    pub reconnect_grace_ms: u64,
    /// The most people who may be in it at once.
    pub max_participants: usize,
    /// Whether the host application is told of it.
    #[serde(default, skip_serializing_if = "Notices::are_off")]
    pub notices: Notices,
}

/// One call, from the first ring to the end: a value that a store keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallSession {
    id: SessionId,
    version: u64,
    chat: ChatRef,
    call_type: CallType,
    caller: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<CallRequestId>,
    rules: CallRules,
    initiated_at: Timestamp,
    state: CallState,
    /// The caller first, then in the order of invitation; nobody twice.
    participants: Vec<Participant>,
    #[serde(default, skip_serializing_if = "QualitySums::is_empty")]
    quality: QualitySums,
    /// Whether the caller would make the media path while it rings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    preconnect: bool,
    /// The version by which the caller's early offer was made, while it rings one target, and as long
    /// as the page that made the offer can be answered. The offer itself is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    early_offer: Option<u64>,
    /// What happened, in order.
    #[serde(default)]
    timeline: Vec<Entry>,
    /// How many notices there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    noticed: u64,
    /// What the last change has to tell the host application. It is stored beside the call, with
    /// that change.
    #[serde(skip)]
    notices: Vec<Notice>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl CallSession {
    /// Applies an input and returns what is to be told to whom, in order.
    ///
    /// The version grows by one when anything changed, and not at all otherwise. An input that
    /// merely repeats what is already so succeeds without effects.
    ///
    /// # Errors
    /// When the call does not allow the input; nothing has changed then.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Result<Vec<Effect>, ErrorCode> {
        let mut step = Step::new(self, now);
        step.take(input)?;
        Ok(step.finish())
    }

    /// Returns when [`Input::Timeout`] is due next; none once the call is over.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self.state {
            CallState::Ringing | CallState::Ongoing { .. } => self
                .participants
                .iter()
                .filter_map(Participant::deadline)
                .min(),
            CallState::Over(_) => None,
        }
    }

    /// Returns the id of the call.
    #[must_use]
    pub const fn id(&self) -> &SessionId {
        &self.id
    }

    /// Returns the version: 1 when placed, one more with each change.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Returns the chat, as it was known when the call was placed.
    #[must_use]
    pub const fn chat(&self) -> &ChatRef {
        &self.chat
    }

    /// Returns whether it is a voice or a video call.
    #[must_use]
    pub const fn call_type(&self) -> CallType {
        self.call_type
    }

    /// Returns who placed the call.
    #[must_use]
    pub const fn caller(&self) -> &UserId {
        &self.caller
    }

    /// Returns the caller's own name for the attempt, when it gave one.
    #[must_use]
    pub const fn request_id(&self) -> Option<&CallRequestId> {
        self.request_id.as_ref()
    }

    /// Returns when the call was placed.
    #[must_use]
    pub const fn initiated_at(&self) -> Timestamp {
        self.initiated_at
    }

    /// Returns how the call stands, with what belongs to that.
    #[must_use]
    pub const fn state(&self) -> &CallState {
        &self.state
    }

    /// Returns how the call stands, as the wire and the store name it.
    #[must_use]
    pub const fn status(&self) -> CallStatus {
        self.state.status()
    }

    /// Tells whether the call still rings or goes on.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.status().is_live()
    }

    /// Returns everyone who was called or is in it, the caller first.
    #[must_use]
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// Returns the participant who is that user.
    #[must_use]
    pub fn participant(&self, user: &UserId) -> Option<&Participant> {
        self.participants.iter().find(|one| one.is(user))
    }

    /// Returns those who are in the call, connected or reconnecting, with their devices.
    pub fn in_call(&self) -> impl Iterator<Item = (&UserId, &DeviceId)> {
        self.participants
            .iter()
            .filter_map(|one| one.device().map(|device| (one.user(), device)))
    }

    /// Tells whether the live call concerns that user: they are in it or are being called.
    #[must_use]
    pub fn concerns(&self, user: &UserId) -> bool {
        self.is_live()
            && self
                .participant(user)
                .is_some_and(|one| one.device().is_some() || one.ring_until().is_some())
    }

    /// Tells whether that user is busy with this live call: in it, or a device of theirs rings.
    #[must_use]
    pub fn occupies(&self, user: &UserId) -> bool {
        let status = self.participant(user).map(Participant::status);
        self.is_live()
            && status.is_some_and(|status| match status {
                ParticipantStatus::Joined
                | ParticipantStatus::Reconnecting
                | ParticipantStatus::Ringing => true,
                ParticipantStatus::Invited
                | ParticipantStatus::Left
                | ParticipantStatus::Rejected
                | ParticipantStatus::Busy
                | ParticipantStatus::Missed => false,
            })
    }

    /// Tells whether this call rings `callee` alone, placed by `caller` in the same chat.
    #[must_use]
    pub fn rings_only(&self, caller: &UserId, callee: &UserId) -> bool {
        matches!(self.state, CallState::Ringing)
            && self.caller == *caller
            && self.participants.len() == 2
            && self
                .participant(callee)
                .is_some_and(|one| one.ring_until().is_some())
    }

    /// Tells whether that user's ringing devices and the caller's may make their path already.
    #[must_use]
    pub fn preconnects(&self, user: &UserId) -> bool {
        self.preconnect
            && self.is_live()
            && self.participant(user).map(Participant::status) == Some(ParticipantStatus::Ringing)
    }

    /// Returns the version by which the caller's early offer was made; none when none holds.
    #[must_use]
    pub const fn early_offer(&self) -> Option<u64> {
        self.early_offer
    }

    /// Returns the device whose early offer can be answered: it is in the call, and not on its way back.
    #[must_use]
    pub fn offering_device(&self) -> Option<&DeviceId> {
        self.early_offer?;
        let caller = self.participant(&self.caller)?;
        caller
            .device()
            .filter(|_| caller.status() == ParticipantStatus::Joined)
    }

    /// Returns how much longer anybody rings, in milliseconds.
    #[must_use]
    pub fn ring_left_ms(&self, now: Timestamp) -> u64 {
        let ringing = self.participants.iter().filter_map(Participant::ring_until);
        ringing.max().map_or(0, |until| until.ms_since(now))
    }

    /// Returns what the last change has to tell the host application; nothing once it was read back
    /// from a store, which keeps that apart.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Returns what happened, in order; of a long call, fewer of the older entries.
    #[must_use]
    pub fn timeline(&self) -> &[Entry] {
        &self.timeline
    }

    /// Returns the means of all quality reports.
    #[must_use]
    pub const fn quality(&self) -> &QualitySums {
        &self.quality
    }
}
