//! One input being applied: the call, the time, and the effects so far.

use ringback_protocol::rest::UserRef;
use ringback_protocol::{DeviceId, EndReason, ErrorCode, LinkReport, QualityReport, UserId};

use super::membership::TWO_PARTY;
use super::notice::News;
use super::participant::{Participant, ParticipantState};
use super::{CallSession, CallState, Effect, Input};
use crate::calls::ports::Recipient;
use crate::calls::time::Timestamp;
use crate::events::ServerEvent;
use crate::events::server::{self, CallParticipantJoined, CallRejected, CallRinging};

/// One input being applied. Checks come before the first change: a step that fails changes nothing.
pub(super) struct Step<'a> {
    pub(super) session: &'a mut CallSession,
    pub(super) now: Timestamp,
    /// Those whose part in the call was settled by this very step: they hear of its end as well.
    pub(super) settled: Vec<UserId>,
    /// Whether it changed who may still come, which no event tells those who did not call.
    pub(super) roster_changed: bool,
    /// What the host application may want to know of it.
    pub(super) news: News,
    effects: Vec<Effect>,
    changed: bool,
}

impl<'a> Step<'a> {
    pub(super) fn new(session: &'a mut CallSession, now: Timestamp) -> Self {
        session.notices.clear();
        Self {
            news: News::of(session),
            session,
            now,
            settled: Vec::new(),
            roster_changed: false,
            effects: Vec::new(),
            changed: false,
        }
    }

    pub(super) fn finish(mut self) -> Vec<Effect> {
        if self.changed {
            self.session.version += 1;
            self.news.write(self.session, self.now);
        }
        if self.roster_changed && matches!(self.session.state, CallState::Ongoing { .. }) {
            self.tell_roster();
        }
        self.effects
    }

    /// Shows everyone in the call how it stands.
    fn tell_roster(&mut self) {
        let state = server::CallState {
            calls: vec![self.session.snapshot(self.now)],
        };
        let in_call = self.session.in_call();
        let all: Vec<_> = in_call
            .map(|(user, device)| Recipient::Device(user.clone(), device.clone()))
            .collect();
        for to in all {
            self.tell(to, state.clone());
        }
    }

    pub(super) fn take(&mut self, input: Input) -> Result<(), ErrorCode> {
        match input {
            Input::Reached { user } => self.reached(&user),
            Input::Accept {
                user,
                device,
                answer,
            } => return self.accept(&user, device, answer),
            Input::Reject {
                user,
                device,
                reason,
            } => return self.reject(&user, device, reason),
            Input::End {
                user,
                device,
                reason,
            } => return self.end(&user, device, reason),
            Input::Leave { user, device } => return self.leave(&user, device),
            Input::Join { person, device } => return self.join(person, device),
            Input::Invite {
                user,
                device,
                callees,
            } => return self.invite(&user, &device, callees),
            Input::Resume {
                user,
                device,
                fresh,
            } => return self.resume(&user, device, fresh),
            Input::OfferedAgain { user, device } => return self.offered_again(&user, &device),
            Input::DeviceDropped { user, device } => self.device_dropped(&user, &device),
            Input::Orphaned { devices } => self.orphaned(&devices),
            Input::Abandoned { user } => self.abandoned(&user),
            Input::Quality {
                user,
                device,
                report,
                links,
            } => return self.quality(&user, &device, &report, &links),
            Input::Replaced => return self.replaced(),
            Input::EndedByOperator => return self.ended_by_operator(),
            Input::Timeout => self.timeout(),
        }
        Ok(())
    }

    fn quality(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        report: &QualityReport,
        links: &[LinkReport],
    ) -> Result<(), ErrorCode> {
        let who = self.live_participant(user)?;
        if self.session.participants[who].device() != Some(device) {
            return Err(ErrorCode::NotInCall);
        }
        // One link leads to each other participant: more would only be there to fill the store.
        let are_plausible = links.len() < self.session.participants.len()
            && links.iter().all(LinkReport::is_plausible);
        if !report.is_plausible() || !are_plausible {
            return Err(ErrorCode::InvalidPayload);
        }
        self.session.quality.add(report);
        self.note_links(user, links);
        self.changed = true;
        Ok(())
    }

    // What stands where.

    pub(super) fn find(&self, user: &UserId) -> Option<usize> {
        self.session
            .participants
            .iter()
            .position(|one| one.is(user))
    }

    /// Finds a participant of a live call.
    pub(super) fn live_participant(&self, user: &UserId) -> Result<usize, ErrorCode> {
        let who = self.find(user).ok_or(ErrorCode::NotInCall)?;
        self.must_be_live()?;
        Ok(who)
    }

    pub(super) const fn must_be_live(&self) -> Result<(), ErrorCode> {
        match self.session.state {
            CallState::Ringing | CallState::Ongoing { .. } => Ok(()),
            CallState::Over(_) => Err(ErrorCode::CallEnded),
        }
    }

    pub(super) fn in_call_count(&self) -> usize {
        self.session.in_call().count()
    }

    pub(super) fn pending_count(&self) -> usize {
        let pending = |one: &&Participant| one.ring_until().is_some();
        self.session.participants.iter().filter(pending).count()
    }

    // What changes.

    pub(super) fn set(&mut self, who: usize, state: ParticipantState) {
        let former = std::mem::replace(&mut self.session.participants[who].state, state);
        self.changed = true;
        self.note_change(who, Some(&former));
        let participant = &self.session.participants[who];
        if matches!(participant.state, ParticipantState::Missed { .. }) {
            self.news.missed.push(participant.user().clone());
        }
    }

    pub(super) fn set_call(&mut self, state: CallState) {
        self.session.state = state;
        // It was for the ringing alone.
        self.session.early_offer = None;
        self.changed = true;
    }

    /// Another early offer takes the place of the first, or none does.
    pub(super) const fn set_early_offer(&mut self, version: Option<u64>) {
        self.session.early_offer = version;
        self.changed = true;
    }

    pub(super) fn add(&mut self, person: UserRef, state: ParticipantState) {
        self.session.participants.push(Participant {
            person,
            invited_at: self.now,
            joined_at: None,
            state,
        });
        self.changed = true;
        if self.session.participants.len() > TWO_PARTY {
            self.session.early_offer = None;
        }
        self.note_change(self.session.participants.len() - 1, None);
    }

    /// Puts a participant into the call; the first callee to enter starts it.
    pub(super) fn enter(&mut self, who: usize, device: DeviceId) {
        self.session.participants[who]
            .joined_at
            .get_or_insert(self.now);
        self.set(who, ParticipantState::Joined { device });
        match self.session.state {
            CallState::Ringing => self.set_call(CallState::Ongoing {
                started_at: self.now,
            }),
            CallState::Ongoing { .. } | CallState::Over(_) => {}
        }
    }

    // What is told to whom.

    pub(super) fn tell(&mut self, to: Recipient, event: impl Into<ServerEvent>) {
        self.effects.push(Effect {
            to,
            event: event.into(),
        });
    }

    pub(super) fn tell_user(&mut self, user: &UserId, event: impl Into<ServerEvent>) {
        self.tell(Recipient::User(user.clone()), event);
    }

    /// Tells the caller's device in the call; a caller who left is told nothing.
    pub(super) fn tell_caller(&mut self, event: impl Into<ServerEvent>) {
        let caller = self.session.participant(&self.session.caller);
        if let Some(device) = caller.and_then(Participant::device).cloned() {
            self.tell(
                Recipient::Device(self.session.caller.clone(), device),
                event,
            );
        }
    }

    /// Tells everyone in the call but that user.
    pub(super) fn tell_others(&mut self, user: &UserId, event: impl Into<ServerEvent>) {
        let event = event.into();
        let others: Vec<_> = self
            .session
            .in_call()
            .filter(|(other, _)| *other != user)
            .map(|(other, device)| Recipient::Device(other.clone(), device.clone()))
            .collect();
        for to in others {
            self.tell(to, event.clone());
        }
    }

    pub(super) fn tell_ringing(&mut self, targets: Vec<UserId>) {
        if !targets.is_empty() {
            self.tell_caller(CallRinging {
                session_id: self.session.id.clone(),
                chat_id: self.session.chat.id.clone(),
                target_user_ids: targets,
            });
        }
    }

    pub(super) fn tell_rejected(&mut self, user: UserId, reason: EndReason) {
        self.tell_caller(CallRejected {
            session_id: self.session.id.clone(),
            chat_id: self.session.chat.id.clone(),
            rejected_by: user,
            reason,
        });
    }

    pub(super) fn tell_joined(&mut self, user: &UserId, device: DeviceId) {
        self.tell_others(
            user,
            CallParticipantJoined {
                session_id: self.session.id.clone(),
                chat_id: self.session.chat.id.clone(),
                user_id: user.clone(),
                device_id: Some(device),
            },
        );
    }
}
