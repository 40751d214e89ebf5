//! Devices that drop and come back.

use ringback_protocol::{DeviceId, EndReason, ErrorCode, UserId};

use super::participant::ParticipantState;
use super::step::Step;
use crate::calls::time::Timestamp;
use crate::events::server::{CallParticipantReconnected, CallParticipantReconnecting};

impl Step<'_> {
    pub(super) fn resume(
        &mut self,
        user: &UserId,
        device: DeviceId,
        fresh: bool,
    ) -> Result<(), ErrorCode> {
        let who = self.live_participant(user)?;
        match &self.session.participants[who].state {
            ParticipantState::Reconnecting { .. } => {
                self.come_back(who, device, fresh);
                Ok(())
            }
            // It came back before anyone noticed that it had gone: what was said to it meanwhile is lost.
            ParticipantState::Joined { device: joined } if *joined == device => {
                self.tell_back(who, device, fresh);
                Ok(())
            }
            ParticipantState::Joined { .. } => Err(ErrorCode::AlreadyAnswered),
            ParticipantState::Invited { .. }
            | ParticipantState::Ringing { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => Err(ErrorCode::NotInCall),
        }
    }

    pub(super) fn come_back(&mut self, who: usize, device: DeviceId, fresh: bool) {
        self.enter_on(who, device.clone());
        self.tell_back(who, device, fresh);
    }

    /// Tells the others that someone is back; with `fresh`, also that they are to offer anew.
    pub(super) fn tell_back(&mut self, who: usize, device: DeviceId, fresh: bool) {
        if fresh {
            self.withdraw_offer(who);
        }
        let user = self.session.participants[who].user().clone();
        self.tell_others(
            &user,
            CallParticipantReconnected {
                session_id: self.session.id.clone(),
                user_id: user.clone(),
                device_id: Some(device),
                fresh,
            },
        );
    }

    /// The page that somebody called from is gone: nobody is to answer its early offer any more.
    pub(super) fn withdraw_offer(&mut self, who: usize) {
        let is_caller = self.session.participants[who].is(&self.session.caller);
        if is_caller && self.session.early_offer.is_some() {
            self.set_early_offer(None);
        }
    }

    /// The caller's page makes another early offer in place of the one that holds.
    pub(super) fn offered_again(
        &mut self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), ErrorCode> {
        self.must_be_live()?;
        let is_callers = *user == self.session.caller && self.holder(user, device).is_some();
        if !is_callers || self.session.early_offer.is_none() {
            return Err(ErrorCode::NotInCall);
        }
        // The version that this very change makes.
        self.set_early_offer(Some(self.session.version + 1));
        Ok(())
    }

    pub(super) fn device_dropped(&mut self, user: &UserId, device: &DeviceId) {
        let Some(who) = self.holder(user, device) else {
            return;
        };
        match self.session.participants[who].state {
            ParticipantState::Joined { .. } => self.lose(who, device),
            ParticipantState::Reconnecting { .. }
            | ParticipantState::Invited { .. }
            | ParticipantState::Ringing { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => {}
        }
    }

    pub(super) fn orphaned(&mut self, devices: &[(UserId, DeviceId)]) {
        for (user, device) in devices {
            let Some(who) = self.holder(user, device) else {
                continue;
            };
            match self.session.participants[who].state {
                ParticipantState::Joined { .. } => self.lose(who, device),
                ParticipantState::Reconnecting { .. } => {
                    let state = self.reconnecting(device);
                    self.set(who, state);
                }
                ParticipantState::Invited { .. }
                | ParticipantState::Ringing { .. }
                | ParticipantState::Left { .. }
                | ParticipantState::Rejected { .. }
                | ParticipantState::Busy
                | ParticipantState::Missed { .. } => {}
            }
        }
    }

    pub(super) fn abandoned(&mut self, user: &UserId) {
        let Some(who) = self.find(user) else { return };
        if self.must_be_live().is_ok() && self.grace_until(who).is_some() {
            // They are not told: a client of the reference would clear the call that they turned to.
            let user = self.take_out(who, &EndReason::Disconnected);
            self.settle(&user, &EndReason::Disconnected);
        }
    }

    /// Finds who is in the live call on exactly that device.
    fn holder(&self, user: &UserId, device: &DeviceId) -> Option<usize> {
        let who = self.live_participant(user).ok()?;
        (self.session.participants[who].device() == Some(device)).then_some(who)
    }

    /// Returns until when the place of someone whose device dropped is kept.
    pub(super) fn grace_until(&self, who: usize) -> Option<Timestamp> {
        match self.session.participants[who].state {
            ParticipantState::Reconnecting { until, .. } => Some(until),
            ParticipantState::Joined { .. }
            | ParticipantState::Invited { .. }
            | ParticipantState::Ringing { .. }
            | ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. } => None,
        }
    }

    fn lose(&mut self, who: usize, device: &DeviceId) {
        let user = self.session.participants[who].user().clone();
        let state = self.reconnecting(device);
        self.set(who, state);
        self.tell_others(
            &user,
            CallParticipantReconnecting {
                session_id: self.session.id.clone(),
                user_id: user.clone(),
            },
        );
    }

    fn reconnecting(&self, device: &DeviceId) -> ParticipantState {
        ParticipantState::Reconnecting {
            device: device.clone(),
            until: self.now.plus_ms(self.session.rules.reconnect_grace_ms),
        }
    }
}
