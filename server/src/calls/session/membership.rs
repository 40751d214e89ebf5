//! Entering and leaving a running call: join, invite, leave, end.

use ringback_protocol::rest::UserRef;
use ringback_protocol::{DeviceId, EndReason, ErrorCode, UserId};

use super::participant::ParticipantState;
use super::step::Step;
use super::{CallState, Callee, Outcome};
use crate::calls::ports::Recipient;
use crate::events::server::{CallAnsweredElsewhere, CallParticipantLeft, ElsewhereAction};

/// A call with more people than this is a group call: only its caller ends it for all.
pub(super) const TWO_PARTY: usize = 2;

impl Step<'_> {
    pub(super) fn join(&mut self, person: UserRef, device: DeviceId) -> Result<(), ErrorCode> {
        let Some(who) = self.find(&person.id) else {
            return self.join_anew(person, device);
        };
        self.must_be_live()?;
        match &self.session.participants[who].state {
            ParticipantState::Invited { .. } | ParticipantState::Ringing { .. } => {
                self.answer(who, device, None)
            }
            ParticipantState::Joined { device: joined } => {
                let from = joined.clone();
                self.move_to(who, &from, device);
                Ok(())
            }
            ParticipantState::Reconnecting { .. } => {
                self.come_back(who, device, true);
                Ok(())
            }
            ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => self.enter_again(who, device),
        }
    }

    /// Lets a member of the chat in who was not called; a call that only rings is not theirs.
    fn join_anew(&mut self, person: UserRef, device: DeviceId) -> Result<(), ErrorCode> {
        match self.session.state {
            CallState::Ringing => return Err(ErrorCode::NotInCall),
            CallState::Ongoing { .. } => self.must_have_room()?,
            CallState::Over(_) => return Err(ErrorCode::CallEnded),
        }
        let user = person.id.clone();
        let who = self.session.participants.len();
        self.add(
            person,
            ParticipantState::Joined {
                device: device.clone(),
            },
        );
        self.enter(who, device.clone());
        self.tell_joined(&user, device);
        Ok(())
    }

    fn enter_again(&mut self, who: usize, device: DeviceId) -> Result<(), ErrorCode> {
        match self.session.state {
            // The first to come in is an answer to the caller, who waits for one.
            CallState::Ringing => self.answer(who, device, None),
            CallState::Ongoing { .. } | CallState::Over(_) => {
                self.must_have_room()?;
                let user = self.session.participants[who].user().clone();
                self.enter(who, device.clone());
                self.tell_joined(&user, device);
                Ok(())
            }
        }
    }

    fn move_to(&mut self, who: usize, from: &DeviceId, device: DeviceId) {
        if *from == device {
            // It was started anew: whoever joins has no peer connections.
            return self.tell_back(who, device, true);
        }
        let user = self.session.participants[who].user().clone();
        self.enter_on(who, device.clone());
        let event = CallAnsweredElsewhere {
            session_id: self.session.id.clone(),
            chat_id: self.session.chat.id.clone(),
            action: ElsewhereAction::Accepted,
            device_id: device.clone(),
        };
        self.tell(Recipient::Device(user.clone(), from.clone()), event);
        self.tell_joined(&user, device);
    }

    /// Changes the device of someone who is in the call; this starts no call.
    pub(super) fn enter_on(&mut self, who: usize, device: DeviceId) {
        if self.session.participants[who].device() != Some(&device) {
            self.withdraw_offer(who);
        }
        self.set(who, ParticipantState::Joined { device });
    }

    pub(super) fn invite(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        callees: Vec<Callee>,
    ) -> Result<(), ErrorCode> {
        self.in_call_on(user, device)?;
        // Nobody should ring who could not answer.
        self.must_have_room()?;
        let absent: Vec<_> = callees
            .into_iter()
            .filter(|callee| !self.session.concerns(&callee.person.id))
            .collect();
        self.roster_changed = !absent.is_empty();
        self.call_out(absent, None);
        Ok(())
    }

    pub(super) fn leave(&mut self, user: &UserId, device: DeviceId) -> Result<(), ErrorCode> {
        let who = self.live_participant(user)?;
        if self.session.participants[who].ring_until().is_some() {
            // The answer of a callee who leaves at once was lost.
            return self.reject(user, device, None);
        }
        let who = self.in_call_on(user, &device)?;
        let reason = match self.session.state {
            CallState::Ringing => EndReason::Cancelled,
            CallState::Ongoing { .. } | CallState::Over(_) => EndReason::Completed,
        };
        self.part(who, reason);
        Ok(())
    }

    /// Takes someone out of the call, which ends it when too few are left.
    pub(super) fn part(&mut self, who: usize, reason: EndReason) {
        let device = self.session.participants[who].device().cloned();
        let user = self.take_out(who, &reason);
        self.settle_without(&user, device, &reason);
    }

    /// Takes someone out and tells the others; the call is still to be settled.
    pub(super) fn take_out(&mut self, who: usize, reason: &EndReason) -> UserId {
        let user = self.session.participants[who].user().clone();
        self.set(
            who,
            ParticipantState::Left {
                at: self.now,
                reason: reason.clone(),
            },
        );
        self.tell_others(
            &user,
            CallParticipantLeft {
                session_id: self.session.id.clone(),
                chat_id: self.session.chat.id.clone(),
                user_id: user.clone(),
                reason: reason.clone(),
            },
        );
        user
    }

    pub(super) fn end(
        &mut self,
        user: &UserId,
        device: DeviceId,
        reason: Option<EndReason>,
    ) -> Result<(), ErrorCode> {
        let who = self.live_participant(user)?;
        if self.session.participants[who].ring_until().is_some() {
            // A callee that hangs up before answering.
            return self.reject(user, device, reason);
        }
        let who_in_call = self.in_call_on(user, &device)?;
        match self.session.state {
            CallState::Ringing => self.cancel(user, reason.unwrap_or(EndReason::Cancelled)),
            CallState::Ongoing { .. } if self.ends_for_all(user) => {
                let reason = reason.unwrap_or(EndReason::Completed);
                self.over(Outcome::Ended, &reason, user);
            }
            CallState::Ongoing { .. } | CallState::Over(_) => {
                self.part(who_in_call, reason.unwrap_or(EndReason::Completed));
            }
        }
        Ok(())
    }

    fn ends_for_all(&self, user: &UserId) -> bool {
        self.session.participants.len() <= TWO_PARTY || self.session.caller == *user
    }

    fn cancel(&mut self, user: &UserId, reason: EndReason) {
        let outcome = if reason == EndReason::Failed {
            Outcome::Failed
        } else {
            Outcome::Missed
        };
        self.over(outcome, &reason, user);
    }

    /// Finds a participant who is in the call on that device.
    ///
    /// Someone whose device dropped may act from any: a client that knows no `call:resume` comes
    /// back under a new device id and must still be able to hang up.
    pub(super) fn in_call_on(&self, user: &UserId, device: &DeviceId) -> Result<usize, ErrorCode> {
        let who = self.live_participant(user)?;
        match &self.session.participants[who].state {
            ParticipantState::Joined { device: joined } if joined == device => Ok(who),
            ParticipantState::Reconnecting { .. } => Ok(who),
            ParticipantState::Joined { .. }
            | ParticipantState::Invited { .. }
            | ParticipantState::Ringing { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => Err(ErrorCode::NotInCall),
        }
    }
}
