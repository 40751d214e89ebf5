//! Offers, answers and candidates of other participants.

use ringback_protocol::{DeviceId, ParticipantStatus, UserId, server};

use super::Call;
use crate::core::context::Context;
use crate::core::link::Link;

impl Call {
    /// `webrtc:offer`
    pub(in crate::core) fn offer(&mut self, cx: &mut Context, event: server::WebrtcOffer) {
        if self.active().is_none() {
            return self.offered_ahead(cx, event);
        }
        if cx.signaling.is_me(&event.from_user_id) {
            return;
        }
        let at = self.enlist(&event.from_user_id, ParticipantStatus::Joined);
        self.mark(at, |_| true, ParticipantStatus::Joined);
        let moved = self.moved(at, event.from_device_id.as_ref());
        let has_link = self
            .participants
            .get(at)
            .is_some_and(|other| other.link().is_some());
        if moved || !has_link {
            self.open_answering_link(cx, at);
        }
        self.take_offer(cx, at, event.offer);
    }

    /// `webrtc:answer`
    pub(in crate::core) fn answer(&mut self, cx: &mut Context, event: server::WebrtcAnswer) {
        if self.is_ahead() {
            self.answered_ahead(cx, event);
        } else if let Some(at) = self.reachable(&event.from_user_id, event.from_device_id.as_ref())
        {
            if self
                .link_mut(at)
                .is_some_and(|link| link.is_foreign(&event.answer))
            {
                // A page that was reloaded meanwhile took the offer: it cannot go on where the old one was.
                return self.open_offering_link(cx, at);
            }
            self.drive(cx, at, |link, out| link.answer_received(event.answer, out));
        }
    }

    /// `webrtc:ice-candidate`
    pub(in crate::core) fn candidate(
        &mut self,
        cx: &mut Context,
        event: server::WebrtcIceCandidate,
    ) {
        if self.is_ahead() {
            self.candidate_ahead(cx, event);
        } else if let Some(at) = self.reachable(&event.from_user_id, event.from_device_id.as_ref())
        {
            self.drive(cx, at, |link: &mut Link, out| {
                link.candidate_received(event.candidate, out);
            });
        }
    }

    /// Notes the device of a participant and tells whether it is another one than before.
    pub(super) fn moved(&mut self, at: usize, device: Option<&DeviceId>) -> bool {
        let (Some(participant), Some(device)) = (self.participants.get_mut(at), device) else {
            return false;
        };
        let former = participant.device.replace(device.clone());
        let moved = former.is_some_and(|former| former != *device);
        if moved {
            // It begins anew there: nothing was said of its sound and its picture.
            participant.forget_media();
        }
        moved
    }

    /// Returns the position of a participant on the device that is in the call.
    fn reachable(&self, user: &UserId, device: Option<&DeviceId>) -> Option<usize> {
        self.active()?;
        let at = self.position(user)?;
        let known = self.participants.get(at)?.device.as_ref();
        let is_other = known
            .zip(device)
            .is_some_and(|(known, device)| known != device);
        (!is_other).then_some(at)
    }
}
