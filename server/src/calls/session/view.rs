//! What others see of a call: snapshots, `call:incoming`, the record of the history.

use ringback_protocol::rest::{CallParticipant, CallRecord, UserRef};
use ringback_protocol::webhook::WebhookCall;
use ringback_protocol::{CallSnapshot, ParticipantSnapshot, UserId};

use super::participant::{Participant, ParticipantState};
use super::{CallSession, CallState, Ending};
use crate::calls::time::Timestamp;
use crate::events::SessionDescription;
use crate::events::server::CallIncoming;

impl CallSession {
    /// Returns the whole of the call, as its participants may see it.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> CallSnapshot {
        CallSnapshot {
            session_id: self.id.clone(),
            chat_id: self.chat.id.clone(),
            call_type: self.call_type,
            status: self.status(),
            caller_id: self.caller.clone(),
            participants: self
                .participants
                .iter()
                .map(|one| self.participant_snapshot(one))
                .collect(),
            version: self.version,
            initiated_at_ms: self.initiated_at.as_ms(),
            started_at_ms: self.state.started_at().map(Timestamp::as_ms),
            elapsed_ms: self.elapsed_ms(now),
            end_reason: self.state.ending().map(|ending| ending.reason.clone()),
        }
    }

    fn participant_snapshot(&self, one: &Participant) -> ParticipantSnapshot {
        ParticipantSnapshot {
            user_id: one.user().clone(),
            name: one.person.name.clone(),
            avatar: one.person.avatar.clone(),
            status: one.status(),
            device_id: one.device().filter(|_| self.is_live()).cloned(),
            // What was told of them is known to who passes it on.
            muted: None,
            video: None,
        }
    }

    fn elapsed_ms(&self, now: Timestamp) -> u64 {
        let until = self.state.ending().map_or(now, |ending| ending.ended_at);
        self.state
            .started_at()
            .map_or(0, |started| until.ms_since(started))
    }

    /// Returns `call:incoming` for someone who is being called; none for anyone else.
    #[must_use]
    pub fn incoming_for(
        &self,
        user: &UserId,
        now: Timestamp,
        offer: Option<SessionDescription>,
    ) -> Option<CallIncoming> {
        let ring_until = self.participant(user)?.ring_until()?;
        let caller = self.caller_of(user)?;
        Some(CallIncoming {
            session_id: self.id.clone(),
            chat_id: self.chat.id.clone(),
            call_type: self.call_type,
            caller_id: caller.user().clone(),
            caller_name: caller.person.name.clone(),
            caller_avatar: caller.person.avatar.clone(),
            caller_device_id: caller.device().cloned(),
            target_user_ids: self.targets(),
            offer,
            ring_timeout_ms: Some(ring_until.ms_since(now)),
            preconnect: self.preconnect,
        })
    }

    /// Returns who calls that user: whoever placed the call, unless it is they who are called back.
    fn caller_of(&self, user: &UserId) -> Option<&Participant> {
        if *user != self.caller {
            return self.participant(&self.caller);
        }
        self.participants.iter().find(|one| one.device().is_some())
    }

    /// Returns everyone but the caller.
    #[must_use]
    pub fn targets(&self) -> Vec<UserId> {
        self.participants
            .iter()
            .filter(|one| !one.is(&self.caller))
            .map(|one| one.user().clone())
            .collect()
    }

    /// Returns the call as that user sees it in the history; none when they have no part in it.
    #[must_use]
    pub fn record_for(&self, user: &UserId) -> Option<CallRecord> {
        let asker = self.participant(user)?;
        let is_outgoing = asker.is(&self.caller);
        let ending = self.state.ending();
        Some(CallRecord {
            id: self.id.clone(),
            chat_id: self.chat.clone(),
            call_type: self.call_type,
            status: self.status(),
            is_incoming: !is_outgoing,
            is_outgoing,
            caller: self.person(&self.caller),
            participants: self
                .participants
                .iter()
                .map(|one| self.participant_record(one))
                .collect(),
            user_status: asker.status(),
            initiated_at: self.initiated_at.to_iso(),
            started_at: self.state.started_at().map(Timestamp::to_iso),
            ended_at: ending.map(|ending| ending.ended_at.to_iso()),
            duration: ending.and_then(Ending::duration_s).unwrap_or(0),
            end_reason: ending.map(|ending| ending.reason.clone()),
            quality: self.quality.means(),
        })
    }

    /// Returns the call as the host application is told of it.
    pub(super) fn for_application(&self) -> WebhookCall {
        let ending = self.state.ending();
        WebhookCall {
            id: self.id.clone(),
            chat_id: self.chat.clone(),
            call_type: self.call_type,
            status: self.status(),
            caller: self.person(&self.caller),
            participants: self
                .participants
                .iter()
                .map(|one| self.participant_record(one))
                .collect(),
            initiated_at: self.initiated_at.to_iso(),
            started_at: self.state.started_at().map(Timestamp::to_iso),
            ended_at: ending.map(|ending| ending.ended_at.to_iso()),
            duration: ending.and_then(Ending::duration_s).unwrap_or(0),
            end_reason: ending.map(|ending| ending.reason.clone()),
        }
    }

    fn person(&self, user: &UserId) -> UserRef {
        self.participant(user).map_or_else(
            || UserRef {
                id: user.clone(),
                name: user.to_string(),
                avatar: None,
            },
            |one| one.person.clone(),
        )
    }

    fn participant_record(&self, one: &Participant) -> CallParticipant {
        CallParticipant {
            user: one.person.clone(),
            status: one.status(),
            joined_at: one.joined_at.map(Timestamp::to_iso),
            left_at: self.left_at(one).map(Timestamp::to_iso),
        }
    }

    /// Whoever was in the call at its end left it then.
    fn left_at(&self, one: &Participant) -> Option<Timestamp> {
        match (&one.state, &self.state) {
            (ParticipantState::Left { at, .. }, _) => Some(*at),
            (ParticipantState::Joined { .. }, CallState::Over(ending)) => Some(ending.ended_at),
            (ParticipantState::Joined { .. }, CallState::Ringing | CallState::Ongoing { .. })
            | (
                ParticipantState::Invited { .. }
                | ParticipantState::Ringing { .. }
                | ParticipantState::Reconnecting { .. }
                | ParticipantState::Rejected { .. }
                | ParticipantState::Busy
                | ParticipantState::Missed { .. },
                _,
            ) => None,
        }
    }
}
