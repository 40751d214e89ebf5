//! How a call comes to its end: time runs out, too few are left, another call takes its place.

use ringback_protocol::rest::CallHappening;
use ringback_protocol::{DeviceId, EndReason, ErrorCode, UserId};

use super::participant::{Participant, ParticipantState};
use super::step::Step;
use super::{CallState, Ending, Entry, Outcome};
use crate::calls::ports::Recipient;
use crate::events::server::{CallEnded, CallMissed};

impl Step<'_> {
    /// Applies every deadline that has passed. A timer that fires early, late or twice does no harm.
    pub(super) fn timeout(&mut self) {
        if self.must_be_live().is_err() {
            return;
        }
        self.give_up_dropped();
        if self.must_be_live().is_ok() {
            self.give_up_ringing();
        }
    }

    fn give_up_dropped(&mut self) {
        for who in 0..self.session.participants.len() {
            let is_over = self.grace_until(who).is_some_and(|until| until <= self.now);
            if is_over && self.must_be_live().is_ok() {
                self.part(who, EndReason::Disconnected);
            }
        }
    }

    fn give_up_ringing(&mut self) {
        let mut missed = Vec::new();
        for who in 0..self.session.participants.len() {
            let ring_until = self.session.participants[who].ring_until();
            if ring_until.is_some_and(|until| until <= self.now) {
                self.set(who, ParticipantState::Missed { at: self.now });
                missed.push(self.session.participants[who].user().clone());
            }
        }
        if missed.is_empty() {
            return;
        }
        self.roster_changed = true;
        self.tell_missed(&missed);
        let caller = self.session.caller.clone();
        self.settled.extend(missed.iter().cloned());
        self.settle(&caller, &EndReason::Missed);
        if self.must_be_live().is_ok() {
            self.end_for(&missed);
        }
    }

    /// Tells those who did not answer, and the caller: of the whole call, or of them alone.
    fn tell_missed(&mut self, missed: &[UserId]) {
        let event = CallMissed {
            session_id: self.session.id.clone(),
            chat_id: self.session.chat.id.clone(),
            caller_id: self.session.caller.clone(),
        };
        if matches!(self.session.state, CallState::Ringing) && self.pending_count() == 0 {
            self.tell_caller(event.clone());
        } else {
            for user in missed {
                self.tell_rejected(user.clone(), EndReason::Missed);
            }
        }
        for user in missed {
            self.tell_user(user, event.clone());
        }
    }

    /// Ends the call if too few are left, else for the other devices of that user alone.
    ///
    /// Those that know no `call:answered-elsewhere` stop ringing at `call:ended` only. The device
    /// that acted has its ack, and may enter the call again before it would hear of the end.
    pub(super) fn settle_without(
        &mut self,
        user: &UserId,
        device: Option<DeviceId>,
        reason: &EndReason,
    ) {
        self.settled.push(user.clone());
        self.settle(user, reason);
        if let Some(device) = device.filter(|_| self.must_be_live().is_ok()) {
            let event = self.ended_event(reason, user);
            self.tell(Recipient::OtherDevices(user.clone(), device), event);
        }
    }

    /// The call goes on without these: for them it is over.
    fn end_for(&mut self, users: &[UserId]) {
        for user in users {
            let event = self.ended_event(&EndReason::Missed, &self.session.caller);
            self.tell_user(user, event);
        }
    }

    /// Ends the call when too few are left: nobody, or one for whom nobody rings any more.
    pub(super) fn settle(&mut self, by: &UserId, reason: &EndReason) {
        let (in_call, pending) = (self.in_call_count(), self.pending_count());
        match self.session.state {
            CallState::Ringing if in_call == 0 => self.over(Outcome::Missed, reason, by),
            CallState::Ringing if pending == 0 => self.unanswered(by, reason),
            CallState::Ongoing { .. } if in_call == 0 || (in_call == 1 && pending == 0) => {
                self.over(Outcome::Ended, &ongoing_reason(reason), by);
            }
            CallState::Ringing | CallState::Ongoing { .. } | CallState::Over(_) => {}
        }
    }

    /// Nobody is left to answer: rejected when everyone said no, missed otherwise.
    fn unanswered(&mut self, by: &UserId, reason: &EndReason) {
        let mut targets = self
            .session
            .participants
            .iter()
            .filter(|one| one.device().is_none());
        if targets.all(said_no) {
            self.over(Outcome::Rejected, reason, by);
        } else {
            let caller = self.session.caller.clone();
            self.over(Outcome::Missed, &EndReason::Missed, &caller);
        }
    }

    pub(super) fn replaced(&mut self) -> Result<(), ErrorCode> {
        match self.session.state {
            CallState::Ringing => {
                let caller = self.session.caller.clone();
                self.over(Outcome::Failed, &EndReason::Replaced, &caller);
                Ok(())
            }
            CallState::Ongoing { .. } => Err(ErrorCode::AlreadyAnswered),
            CallState::Over(_) => Err(ErrorCode::CallEnded),
        }
    }

    /// Whoever runs the server ends the call. On the wire it is somebody: the caller.
    pub(super) fn ended_by_operator(&mut self) -> Result<(), ErrorCode> {
        let outcome = match self.session.state {
            CallState::Ringing => Outcome::Failed,
            CallState::Ongoing { .. } => Outcome::Ended,
            CallState::Over(_) => return Err(ErrorCode::CallEnded),
        };
        let caller = self.session.caller.clone();
        self.over(outcome, &EndReason::Server, &caller);
        Ok(())
    }

    /// Ends the call; `call:ended` is the last that anyone hears of it.
    ///
    /// Those whose part was over before are not told again: they may be in another call by now,
    /// and a client of the reference clears whatever call it is in.
    pub(super) fn over(&mut self, outcome: Outcome, reason: &EndReason, by: &UserId) {
        let told = self.concerned();
        for who in 0..self.session.participants.len() {
            self.close_part(who);
        }
        self.set_call(CallState::Over(Ending {
            outcome,
            started_at: self.session.state.started_at(),
            ended_at: self.now,
            reason: reason.clone(),
            ended_by: by.clone(),
        }));
        self.note(Entry::new(self.now, CallHappening::Ended, by.clone()).because(reason));
        for user in told {
            let event = self.ended_event(reason, by);
            self.tell_user(&user, event);
        }
    }

    fn concerned(&self) -> Vec<UserId> {
        self.session
            .participants
            .iter()
            .filter(|one| {
                one.device().is_some()
                    || one.ring_until().is_some()
                    || self.settled.contains(one.user())
            })
            .map(|one| one.user().clone())
            .collect()
    }

    /// Settles how a participant stood at the end.
    fn close_part(&mut self, who: usize) {
        match &self.session.participants[who].state {
            ParticipantState::Invited { .. } | ParticipantState::Ringing { .. } => {
                self.set(who, ParticipantState::Missed { at: self.now });
            }
            ParticipantState::Reconnecting { device, .. } => {
                // Not that they came back: how they stood.
                let device = device.clone();
                self.session.participants[who].state = ParticipantState::Joined { device };
            }
            ParticipantState::Joined { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => {}
        }
    }

    fn ended_event(&self, reason: &EndReason, by: &UserId) -> CallEnded {
        CallEnded {
            session_id: self.session.id.clone(),
            chat_id: self.session.chat.id.clone(),
            ended_by: by.clone(),
            reason: reason.clone(),
        }
    }
}

const fn said_no(participant: &Participant) -> bool {
    match participant.state {
        ParticipantState::Rejected { .. } | ParticipantState::Busy => true,
        ParticipantState::Invited { .. }
        | ParticipantState::Ringing { .. }
        | ParticipantState::Joined { .. }
        | ParticipantState::Reconnecting { .. }
        | ParticipantState::Left { .. }
        | ParticipantState::Missed { .. } => false,
    }
}

/// A call that took place was not missed, declined or busy, whoever else did not come.
fn ongoing_reason(reason: &EndReason) -> EndReason {
    match reason {
        EndReason::Missed | EndReason::Declined | EndReason::Busy | EndReason::Cancelled => {
            EndReason::Completed
        }
        EndReason::Completed
        | EndReason::Failed
        | EndReason::Disconnected
        | EndReason::Replaced
        | EndReason::Server
        | EndReason::Other(_) => reason.clone(),
    }
}
