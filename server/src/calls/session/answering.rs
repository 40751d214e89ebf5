//! From the first ring to the answer: reached, accept, reject.

use ringback_protocol::rest::CallHappening;
use ringback_protocol::{DeviceId, EndReason, ErrorCode, UserId};

use super::Entry;
use super::participant::ParticipantState;
use super::step::Step;
use crate::calls::ports::Recipient;
use crate::events::SessionDescription;
use crate::events::server::{CallAccepted, CallAnsweredElsewhere, ElsewhereAction};

impl Step<'_> {
    /// The first device of a target rings: the caller hears of it once.
    pub(super) fn reached(&mut self, user: &UserId) {
        let Some(who) = self.find(user) else { return };
        match self.session.participants[who].state {
            ParticipantState::Invited { ring_until } => {
                self.set(who, ParticipantState::Ringing { ring_until });
                self.roster_changed = true;
                self.tell_ringing(vec![user.clone()]);
            }
            ParticipantState::Ringing { .. }
            | ParticipantState::Joined { .. }
            | ParticipantState::Reconnecting { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => {}
        }
    }

    pub(super) fn accept(
        &mut self,
        user: &UserId,
        device: DeviceId,
        answer: Option<SessionDescription>,
    ) -> Result<(), ErrorCode> {
        let who = self.live_participant(user)?;
        match &self.session.participants[who].state {
            ParticipantState::Invited { .. } | ParticipantState::Ringing { .. } => {
                self.answer(who, device, answer)
            }
            // A repeat, because the ack was lost.
            ParticipantState::Joined { device: joined } if *joined == device => Ok(()),
            ParticipantState::Reconnecting { device: joined, .. } if *joined == device => {
                self.come_back(who, device, false);
                Ok(())
            }
            ParticipantState::Joined { .. }
            | ParticipantState::Reconnecting { .. }
            | ParticipantState::Rejected { .. } => Err(ErrorCode::AlreadyAnswered),
            ParticipantState::Left { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => Err(ErrorCode::NotInCall),
        }
    }

    /// Lets someone in who was called: the caller hears who answered, the others who came.
    pub(super) fn answer(
        &mut self,
        who: usize,
        device: DeviceId,
        answer: Option<SessionDescription>,
    ) -> Result<(), ErrorCode> {
        self.must_have_room()?;
        let user = self.session.participants[who].user().clone();
        self.enter(who, device.clone());
        // A caller who left and was called back answers nobody.
        if user != self.session.caller {
            self.tell_caller(CallAccepted {
                session_id: self.session.id.clone(),
                chat_id: self.session.chat.id.clone(),
                accepted_by: user.clone(),
                device_id: Some(device.clone()),
                answer,
            });
        }
        self.tell_elsewhere(&user, device.clone(), ElsewhereAction::Accepted);
        self.tell_joined(&user, device);
        Ok(())
    }

    pub(super) fn must_have_room(&self) -> Result<(), ErrorCode> {
        if self.in_call_count() < self.session.rules.max_participants {
            Ok(())
        } else {
            Err(ErrorCode::CallFull)
        }
    }

    pub(super) fn reject(
        &mut self,
        user: &UserId,
        device: DeviceId,
        reason: Option<EndReason>,
    ) -> Result<(), ErrorCode> {
        let who = self.live_participant(user)?;
        match self.session.participants[who].state {
            ParticipantState::Invited { .. } | ParticipantState::Ringing { .. } => {
                self.decline(who, device, reason.unwrap_or(EndReason::Declined));
                Ok(())
            }
            ParticipantState::Rejected { .. } => Ok(()),
            ParticipantState::Joined { .. } | ParticipantState::Reconnecting { .. } => {
                Err(ErrorCode::AlreadyAnswered)
            }
            ParticipantState::Left { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => Err(ErrorCode::NotInCall),
        }
    }

    fn decline(&mut self, who: usize, device: DeviceId, reason: EndReason) {
        let user = self.session.participants[who].user().clone();
        self.set(who, ParticipantState::Rejected { at: self.now });
        let rejected = Entry::new(self.now, CallHappening::Rejected, user.clone());
        self.note(rejected.on(&device).because(&reason));
        self.roster_changed = true;
        self.tell_rejected(user.clone(), reason.clone());
        self.tell_elsewhere(&user, device.clone(), ElsewhereAction::Rejected);
        self.settle_without(&user, Some(device), &reason);
    }

    fn tell_elsewhere(&mut self, user: &UserId, device: DeviceId, action: ElsewhereAction) {
        let event = CallAnsweredElsewhere {
            session_id: self.session.id.clone(),
            chat_id: self.session.chat.id.clone(),
            action,
            device_id: device.clone(),
        };
        self.tell(Recipient::OtherDevices(user.clone(), device), event);
    }
}
