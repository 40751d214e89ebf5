//! What the server says about the current call.

use ringback_protocol::server::ElsewhereAction;
use ringback_protocol::{
    EndReason, ErrorCode, ParticipantStatus, ServerEvent, SessionId, UserId, server,
};

use super::end::Parting;
use super::{Call, End, Entry, Flow, GOES_ON, Named, Stage, Whom, is_own_device};
use crate::core::context::Context;
use crate::core::output::Notification;
use crate::core::signaling::is_gone;

impl Call {
    /// `call:ringing`
    pub(in crate::core) fn rings(&mut self, cx: &mut Context, event: server::CallRinging) {
        for target in &event.target_user_ids {
            if !cx.signaling.is_me(target) {
                let at = self.enlist(target, ParticipantStatus::Ringing);
                self.mark(
                    at,
                    ParticipantStatus::is_pending,
                    ParticipantStatus::Ringing,
                );
            }
        }
        cx.notify(Notification::Event(ServerEvent::CallRinging(event)));
    }

    /// `call:accepted`
    pub(in crate::core) fn answered(&mut self, cx: &mut Context, mut event: server::CallAccepted) {
        if cx.signaling.is_me(&event.accepted_by) {
            return;
        }
        let whom = Whom {
            user: event.accepted_by.clone(),
            device: event.device_id.clone(),
        };
        let answer = event.answer.take();
        match &self.stage {
            Stage::Calling(Named { session, .. }) => {
                let session = session.clone();
                self.activate(cx, session, super::Answering::Done);
                self.offer_to(cx, &whom, answer);
            }
            Stage::Active(_) => self.offer_to(cx, &whom, answer),
            // Not ours to hear of.
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. } => return,
        }
        cx.notify(Notification::Event(ServerEvent::CallAccepted(event)));
    }

    /// `call:rejected`
    pub(in crate::core) fn rejected(
        &mut self,
        cx: &mut Context,
        event: server::CallRejected,
    ) -> Flow {
        let (by, reason) = (event.rejected_by.clone(), event.reason.clone());
        let status = match &reason {
            EndReason::Busy => ParticipantStatus::Busy,
            EndReason::Missed => ParticipantStatus::Missed,
            EndReason::Completed
            | EndReason::Cancelled
            | EndReason::Declined
            | EndReason::Failed
            | EndReason::Disconnected
            | EndReason::Replaced
            | EndReason::Server
            | EndReason::Other(_) => ParticipantStatus::Rejected,
        };
        let at = self.enlist(&by, status);
        self.mark(at, ParticipantStatus::is_pending, status);
        cx.notify(Notification::Event(ServerEvent::CallRejected(event)));
        if !self.is_deserted()
            && let Some(other) = self.participants.get(at)
            && !other.status.is_in_call()
        {
            // What was made for them ahead is of no use any more.
            self.close_link(cx, at);
        }
        match &self.stage {
            Stage::Calling(_) if self.is_deserted() => End::told(reason, Some(by)),
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => GOES_ON,
        }
    }

    /// `call:ended`
    pub(in crate::core) fn ended(&self, event: server::CallEnded) -> Flow {
        let mut flow = End::told(event.reason, Some(event.ended_by));
        if let (Flow::Break(end), Some(Entry::Join(_))) = (&mut flow, self.unheard_entry()) {
            // It may have ended for the device that is to be relieved alone.
            end.parting = Parting::Leave;
        }
        flow
    }

    /// `call:missed`
    pub(in crate::core) fn missed(&self, cx: &mut Context, event: server::CallMissed) -> Flow {
        let caller = event.caller_id.clone();
        cx.notify(Notification::Event(ServerEvent::CallMissed(event)));
        match &self.stage {
            Stage::Calling(_) | Stage::Ringing { .. } | Stage::Accepting { .. } => {
                End::told(EndReason::Missed, Some(caller))
            }
            // A group call goes on although somebody missed it.
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => GOES_ON,
        }
    }

    /// `call:answered-elsewhere`
    pub(in crate::core) fn elsewhere(
        &self,
        cx: &mut Context,
        event: server::CallAnsweredElsewhere,
    ) -> Flow {
        let is_here = cx.signaling.device.is_some() && is_own_device(cx, Some(&event.device_id));
        if self.is_entering() {
            // What that device did came first: the ack will show what became of this one.
            return GOES_ON;
        }
        let reason = match (&self.stage, event.action) {
            (Stage::Ringing { .. } | Stage::Accepting { .. }, action) => elsewhere_reason(action),
            (Stage::Active(_) | Stage::Calling(_), ElsewhereAction::Accepted) => "moved-elsewhere",
            (Stage::Active(_) | Stage::Calling(_), ElsewhereAction::Rejected)
            | (Stage::Preparing { .. } | Stage::Placing { .. } | Stage::Joining { .. }, _) => {
                return GOES_ON;
            }
        };
        if is_here {
            return GOES_ON;
        }
        if reason != "moved-elsewhere" {
            cx.notify(Notification::Event(ServerEvent::CallAnsweredElsewhere(
                event,
            )));
        }
        End::elsewhere(reason)
    }

    /// `call:participant-joined`
    pub(in crate::core) fn joined(
        &mut self,
        cx: &mut Context,
        event: server::CallParticipantJoined,
    ) {
        if self.is_myself(cx, &event.user_id) {
            return;
        }
        let whom = Whom {
            user: event.user_id.clone(),
            device: event.device_id.clone(),
        };
        match &self.stage {
            Stage::Active(_) => self.offer_to(cx, &whom, None),
            // The caller hears of its callee by `call:accepted`, which may carry the answer; on a
            // device that only rings, somebody else came in.
            Stage::Calling(_) | Stage::Ringing { .. } | Stage::Accepting { .. } => {
                let at = self.enlist(&whom.user, ParticipantStatus::Joined);
                self.mark(at, |_| true, ParticipantStatus::Joined);
            }
            Stage::Preparing { .. } | Stage::Placing { .. } | Stage::Joining { .. } => return,
        }
        cx.notify(Notification::Event(ServerEvent::CallParticipantJoined(
            event,
        )));
    }

    /// A server that does not say who this is may tell this side of its own coming.
    fn is_myself(&self, cx: &Context, user: &UserId) -> bool {
        match &cx.signaling.user {
            Some(own) => own == user,
            None => self.direction == super::Direction::Incoming && self.position(user).is_none(),
        }
    }

    /// `call:participant-left`
    pub(in crate::core) fn participant_left(
        &mut self,
        cx: &mut Context,
        event: server::CallParticipantLeft,
    ) -> Flow {
        let (user, reason) = (event.user_id.clone(), event.reason.clone());
        cx.notify(Notification::Event(ServerEvent::CallParticipantLeft(event)));
        self.left(cx, &user, reason)
    }

    /// `call:participant-reconnecting`
    pub(in crate::core) fn participant_away(
        &mut self,
        cx: &mut Context,
        event: server::CallParticipantReconnecting,
    ) {
        if let Some(at) = self.position(&event.user_id) {
            self.mark(
                at,
                ParticipantStatus::is_in_call,
                ParticipantStatus::Reconnecting,
            );
        }
        cx.notify(Notification::Event(
            ServerEvent::CallParticipantReconnecting(event),
        ));
    }

    /// `call:participant-reconnected`
    pub(in crate::core) fn participant_back(
        &mut self,
        cx: &mut Context,
        event: server::CallParticipantReconnected,
    ) {
        if let Some(at) = self.position(&event.user_id) {
            self.mark(at, ParticipantStatus::is_in_call, ParticipantStatus::Joined);
            let moved = self.moved(at, event.device_id.as_ref());
            if event.fresh {
                self.forget_media(at);
            }
            if (moved || event.fresh) && self.active().is_some() {
                self.close_link(cx, at);
                self.open_offering_link(cx, at);
            } else {
                if !self.is_missed(at) {
                    self.flush(cx, at);
                }
                self.mend_after_absence(cx, at);
            }
            self.tell_newcomer(cx);
        }
        cx.notify(Notification::Event(
            ServerEvent::CallParticipantReconnected(event),
        ));
    }

    /// `call:participant-audio-toggle`
    pub(in crate::core) fn audio_toggled(
        &mut self,
        cx: &mut Context,
        event: server::CallParticipantAudioToggle,
    ) {
        if let Some(participant) = self.participant_mut(&event.user_id) {
            participant.muted = event.muted;
            cx.notify(Notification::Event(
                ServerEvent::CallParticipantAudioToggle(event),
            ));
        }
    }

    /// `call:error`: an event of ours that carried no ack failed.
    pub(in crate::core) fn refused(&self, cx: &mut Context, event: server::CallError) -> Flow {
        if is_gone(event.code) {
            // `call:ended` says it better, if it is on its way.
            self.resume_soon(cx);
            return GOES_ON;
        }
        // A participant who is away is reached again by the link's own means.
        if event.code != ErrorCode::TargetUnreachable {
            cx.notify(Notification::Error(event.into()));
        }
        GOES_ON
    }

    /// The server did not say in time that nobody answered.
    pub(in crate::core) fn rang_out(&self, cx: &Context) -> Flow {
        let parting = match &self.stage {
            Stage::Calling(_) => Parting::End(Some(EndReason::Missed)),
            Stage::Ringing { .. } | Stage::Accepting { .. } => Parting::Silent,
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => return GOES_ON,
        };
        let mut end = self.hang_up(cx, None, parting);
        end.reason = EndReason::Missed;
        end.by = None;
        Flow::Break(end)
    }

    /// Changes how a participant stands, if they stand as they must for it.
    pub(super) fn mark(
        &mut self,
        at: usize,
        from: fn(ParticipantStatus) -> bool,
        to: ParticipantStatus,
    ) {
        if let Some(participant) = self.participants.get_mut(at)
            && from(participant.status)
        {
            participant.status = to;
        }
    }
}

/// Returns the reason with which a call stops ringing because of another device of this user.
pub(in crate::core) const fn elsewhere_reason(action: ElsewhereAction) -> &'static str {
    match action {
        ElsewhereAction::Accepted => "answered-elsewhere",
        ElsewhereAction::Rejected => "rejected-elsewhere",
    }
}

/// Returns the call that an event is about; none for an event about no call in particular.
pub(in crate::core) fn session_of(event: &ServerEvent) -> Option<&SessionId> {
    match event {
        ServerEvent::CallIncoming(event) => Some(&event.session_id),
        ServerEvent::CallRinging(event) => Some(&event.session_id),
        ServerEvent::CallAccepted(event) => Some(&event.session_id),
        ServerEvent::CallRejected(event) => Some(&event.session_id),
        ServerEvent::CallMissed(event) => Some(&event.session_id),
        ServerEvent::CallEnded(event) => Some(&event.session_id),
        ServerEvent::CallParticipantJoined(event) => Some(&event.session_id),
        ServerEvent::CallParticipantLeft(event) => Some(&event.session_id),
        ServerEvent::WebrtcOffer(event) => Some(&event.session_id),
        ServerEvent::WebrtcAnswer(event) => Some(&event.session_id),
        ServerEvent::WebrtcIceCandidate(event) => Some(&event.session_id),
        ServerEvent::CallParticipantAudioToggle(event) => Some(&event.session_id),
        ServerEvent::CallParticipantVideoToggle(event) => Some(&event.session_id),
        ServerEvent::CallAnsweredElsewhere(event) => Some(&event.session_id),
        ServerEvent::CallParticipantReconnecting(event) => Some(&event.session_id),
        ServerEvent::CallParticipantReconnected(event) => Some(&event.session_id),
        ServerEvent::CallError(event) => event.session_id.as_ref(),
        ServerEvent::CallState(_)
        | ServerEvent::ServerDraining(_)
        | ServerEvent::AuthExpiring(_) => None,
    }
}
