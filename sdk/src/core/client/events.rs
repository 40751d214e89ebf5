//! What the server says.

use ringback_protocol::{EndReason, ServerEvent, SessionDescription, SessionId, UserId, server};

use super::finish::incoming_view;
use super::{Announcement, Client, Slot, Waiting};
use crate::core::call::{
    Call, Flow, GOES_ON, Parting, Since, caller, early_offer, elsewhere_reason, session_of,
};
use crate::core::context::Context;
use crate::core::output::Notification;

impl Client {
    pub(super) fn event(&mut self, event: ServerEvent) {
        self.name_by(&event);
        let is_current = session_of(&event).is_some_and(|session| self.is_current(session));
        let is_return_over = self.ends_return(&event);
        match event {
            ServerEvent::CallIncoming(event) => self.incoming(event),
            ServerEvent::CallState(event) => self.call_state(event),
            // Whoever made the socket holds the token.
            ServerEvent::ServerDraining(_) | ServerEvent::AuthExpiring(_) => {}
            ServerEvent::CallError(event) => self.call_error(event, is_current),
            event @ (ServerEvent::CallRinging(_)
            | ServerEvent::CallAccepted(_)
            | ServerEvent::CallRejected(_)
            | ServerEvent::CallMissed(_)
            | ServerEvent::CallEnded(_)
            | ServerEvent::CallParticipantJoined(_)
            | ServerEvent::CallParticipantLeft(_)
            | ServerEvent::WebrtcOffer(_)
            | ServerEvent::WebrtcAnswer(_)
            | ServerEvent::WebrtcIceCandidate(_)
            | ServerEvent::CallParticipantAudioToggle(_)
            | ServerEvent::CallParticipantVideoToggle(_)
            | ServerEvent::CallAnsweredElsewhere(_)
            | ServerEvent::CallParticipantReconnecting(_)
            | ServerEvent::CallParticipantReconnected(_)) => {
                if is_current {
                    self.with_call(|call, cx| dispatch(call, cx, event));
                } else {
                    self.event_of_waiting(event);
                }
            }
        }
        if is_return_over {
            self.cx.options.kept = None;
            self.promote();
        }
    }

    /// Tells whether the call that the page was in before its reload is over, or goes on elsewhere.
    fn ends_return(&self, event: &ServerEvent) -> bool {
        let kept = self.cx.options.kept.as_ref();
        kept.is_some_and(|kept| session_of(event) == Some(&kept.session))
            && silenced(event).is_some()
    }

    /// What a target does may overtake the ack that names the call.
    fn name_by(&mut self, event: &ServerEvent) {
        let (session, chat) = match event {
            ServerEvent::CallRinging(event) => (&event.session_id, &event.chat_id),
            ServerEvent::CallAccepted(event) => (&event.session_id, &event.chat_id),
            ServerEvent::CallRejected(event) => (&event.session_id, &event.chat_id),
            ServerEvent::CallIncoming(_)
            | ServerEvent::CallMissed(_)
            | ServerEvent::CallEnded(_)
            | ServerEvent::CallParticipantJoined(_)
            | ServerEvent::CallParticipantLeft(_)
            | ServerEvent::WebrtcOffer(_)
            | ServerEvent::WebrtcAnswer(_)
            | ServerEvent::WebrtcIceCandidate(_)
            | ServerEvent::CallParticipantAudioToggle(_)
            | ServerEvent::CallParticipantVideoToggle(_)
            | ServerEvent::CallAnsweredElsewhere(_)
            | ServerEvent::CallParticipantReconnecting(_)
            | ServerEvent::CallParticipantReconnected(_)
            | ServerEvent::CallState(_)
            | ServerEvent::CallError(_)
            | ServerEvent::ServerDraining(_)
            | ServerEvent::AuthExpiring(_) => return,
        };
        let is_of_another = self.farewells.concern(session)
            || self.ended.contains(session)
            || self.cx.signaling.awaits_abandoned();
        let is_ours = self.live().is_some_and(|call| call.chat() == chat);
        if is_ours && !is_of_another {
            self.with_call(|call, cx| {
                call.named_by_event(cx, session);
                GOES_ON
            });
        }
    }

    fn incoming(&mut self, incoming: server::CallIncoming) {
        let session = &incoming.session_id;
        let is_known = self.is_current(session)
            || self.waiting_position(session).is_some()
            || self.farewells.concern(session);
        if is_known || self.cx.signaling.is_me(&incoming.caller_id) {
            return;
        }
        let waiting = Waiting {
            announcement: Announcement::Withheld,
            incoming,
        };
        match &self.slot {
            // The call that the page was in may come back: then this one rings behind it.
            Slot::Idle | Slot::Ended(_) if self.is_returning() => self.wait(waiting),
            Slot::Idle | Slot::Ended(_) => self.ring(waiting),
            Slot::Live(_) => self.wait(waiting),
            Slot::Disposed(_) => {}
        }
    }

    fn wait(&mut self, mut waiting: Waiting) {
        let (chat, caller) = (&waiting.incoming.chat_id, &waiting.incoming.caller_id);
        if self.live().is_some_and(|call| call.crosses(chat, caller)) {
            self.waiting.push(waiting);
            self.settle_crossing();
        } else {
            waiting.announcement = Announcement::Made;
            self.cx
                .notify(Notification::Incoming(incoming_view(&waiting)));
            self.waiting.push(waiting);
        }
    }

    /// Both dialled and the server made two calls of it: the one with the smaller id stays.
    pub(super) fn settle_crossing(&mut self) {
        let Some(call) = self.live() else {
            return;
        };
        let Some(own) = call.session() else {
            // The ack will show whether the server made one call of the two.
            return;
        };
        let crossing = self.waiting.iter().position(|waiting| {
            let incoming = &waiting.incoming;
            call.crosses(&incoming.chat_id, &incoming.caller_id) && incoming.session_id < *own
        });
        if let Some(position) = crossing {
            let other = self.waiting.remove(position).incoming;
            self.cross_over(other);
        }
    }

    /// Leaves one's own call for the one that the other side placed.
    fn cross_over(&mut self, other: server::CallIncoming) {
        let Slot::Live(call) = &mut self.slot else {
            return;
        };
        let farewell = call.farewell(Parting::End(Some(EndReason::Replaced)));
        call.cross_over(&mut self.cx, other);
        self.part(farewell, None);
    }

    pub(super) fn call_state(&mut self, state: server::CallState) {
        if self.cx.signaling.user.is_none() {
            // Who does not know itself cannot tell which of them is meant.
            self.unread = state.calls;
            return;
        }
        self.end_orphans(&state.calls);
        self.orphans.clear();
        self.leave_ghosts(&state.calls);
        for snapshot in state.calls {
            self.with_call(|call, cx| {
                if call.is_entered() {
                    call.apply(cx, snapshot, Since::Before)
                } else {
                    GOES_ON
                }
            });
        }
    }

    fn call_error(&mut self, event: server::CallError, is_current: bool) {
        if is_current {
            self.with_call(|call, cx| call.refused(cx, event));
        } else if event.session_id.is_none() {
            self.cx.notify(Notification::Error(event.into()));
        }
    }

    /// A call that rings behind the current one stops ringing; of other calls nothing is known.
    fn event_of_waiting(&mut self, event: ServerEvent) {
        let position = session_of(&event).and_then(|session| self.waiting_position(session));
        let Some(position) = position else {
            return;
        };
        let Some((reason, by)) = silenced(&event) else {
            return;
        };
        let waiting = self.waiting.remove(position);
        if waiting.announcement == Announcement::Made {
            self.cx.notify(Notification::Event(event));
        }
        self.tell_ended(&waiting, reason, by);
    }

    /// Tells the application that a call stopped ringing, if it was told that it rang.
    pub(super) fn tell_ended(&mut self, waiting: &Waiting, reason: EndReason, by: Option<UserId>) {
        if waiting.announcement == Announcement::Made {
            self.cx.notify(Notification::Ended {
                session_id: Some(waiting.incoming.session_id.clone()),
                chat_id: waiting.incoming.chat_id.clone(),
                ended_by: by,
                reason,
                duration_ms: 0,
            });
        }
    }

    /// Takes a call out of those that wait, and lets the current one learn who is behind it.
    /// Returns the offer that came with it, if it can be answered.
    pub(super) fn forget_waiting(&mut self, session: &SessionId) -> Option<SessionDescription> {
        let position = self.waiting_position(session)?;
        let incoming = self.waiting.remove(position).incoming;
        let known = caller(&incoming);
        if let Slot::Live(call) = &mut self.slot {
            call.learn(known);
        }
        early_offer(&self.cx, incoming)
    }
}

/// Returns why, and by whose act, a call stops ringing; none for an event that does not stop it.
fn silenced(event: &ServerEvent) -> Option<(EndReason, Option<UserId>)> {
    match event {
        ServerEvent::CallMissed(event) => Some((EndReason::Missed, Some(event.caller_id.clone()))),
        ServerEvent::CallEnded(event) => Some((event.reason.clone(), Some(event.ended_by.clone()))),
        ServerEvent::CallAnsweredElsewhere(event) => {
            let reason = elsewhere_reason(event.action);
            Some((EndReason::Other(reason.into()), None))
        }
        ServerEvent::CallIncoming(_)
        | ServerEvent::CallRinging(_)
        | ServerEvent::CallAccepted(_)
        | ServerEvent::CallRejected(_)
        | ServerEvent::CallParticipantJoined(_)
        | ServerEvent::CallParticipantLeft(_)
        | ServerEvent::WebrtcOffer(_)
        | ServerEvent::WebrtcAnswer(_)
        | ServerEvent::WebrtcIceCandidate(_)
        | ServerEvent::CallParticipantAudioToggle(_)
        | ServerEvent::CallParticipantVideoToggle(_)
        | ServerEvent::CallParticipantReconnecting(_)
        | ServerEvent::CallParticipantReconnected(_)
        | ServerEvent::CallState(_)
        | ServerEvent::CallError(_)
        | ServerEvent::ServerDraining(_)
        | ServerEvent::AuthExpiring(_) => None,
    }
}

/// Hands an event to the call that it is about.
fn dispatch(call: &mut Call, cx: &mut Context, event: ServerEvent) -> Flow {
    match event {
        ServerEvent::CallRinging(event) => call.rings(cx, event),
        ServerEvent::CallAccepted(event) => call.answered(cx, event),
        ServerEvent::CallRejected(event) => return call.rejected(cx, event),
        ServerEvent::CallMissed(event) => return call.missed(cx, event),
        ServerEvent::CallEnded(event) => return call.ended(event),
        ServerEvent::CallParticipantJoined(event) => call.joined(cx, event),
        ServerEvent::CallParticipantLeft(event) => return call.participant_left(cx, event),
        ServerEvent::WebrtcOffer(event) => call.offer(cx, event),
        ServerEvent::WebrtcAnswer(event) => call.answer(cx, event),
        ServerEvent::WebrtcIceCandidate(event) => call.candidate(cx, event),
        ServerEvent::CallParticipantAudioToggle(event) => call.audio_toggled(cx, event),
        ServerEvent::CallParticipantVideoToggle(event) => call.video_toggled(cx, event),
        ServerEvent::CallAnsweredElsewhere(event) => return call.elsewhere(cx, event),
        ServerEvent::CallParticipantReconnecting(event) => call.participant_away(cx, event),
        ServerEvent::CallParticipantReconnected(event) => call.participant_back(cx, event),
        // Not about one call, or dealt with before.
        ServerEvent::CallIncoming(_)
        | ServerEvent::CallState(_)
        | ServerEvent::CallError(_)
        | ServerEvent::ServerDraining(_)
        | ServerEvent::AuthExpiring(_) => {}
    }
    GOES_ON
}
