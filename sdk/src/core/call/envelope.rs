//! What carries a signal to a participant.

use ringback_protocol::{ChatId, ClientEvent, IceCandidate, SessionDescription, SessionId, client};

use super::Whom;
use crate::core::signal::Signal;

/// Whom a signal goes to, in which call.
pub(super) struct Envelope<'a> {
    /// In which call.
    pub(super) session: &'a SessionId,
    /// In which chat.
    pub(super) chat: &'a Option<ChatId>,
    /// For whom.
    pub(super) whom: &'a Whom,
}

impl Envelope<'_> {
    /// Returns the event that carries a signal to its receiver.
    pub(super) fn seal(&self, signal: Signal) -> ClientEvent {
        match signal {
            Signal::Offer(offer) => self.offer(offer),
            Signal::Answer(answer) => self.answer(answer),
            Signal::Candidate(candidate) => self.candidate(candidate),
        }
    }

    fn offer(&self, offer: SessionDescription) -> ClientEvent {
        ClientEvent::WebrtcOffer(client::WebrtcOffer {
            session_id: self.session.clone(),
            target_user_id: Some(self.whom.user.clone()),
            target_device_id: self.whom.device.clone(),
            offer,
            chat_id: self.chat.clone(),
        })
    }

    fn answer(&self, answer: SessionDescription) -> ClientEvent {
        ClientEvent::WebrtcAnswer(client::WebrtcAnswer {
            session_id: self.session.clone(),
            target_user_id: Some(self.whom.user.clone()),
            target_device_id: self.whom.device.clone(),
            answer,
            chat_id: self.chat.clone(),
        })
    }

    fn candidate(&self, candidate: IceCandidate) -> ClientEvent {
        ClientEvent::WebrtcIceCandidate(client::WebrtcIceCandidate {
            session_id: self.session.clone(),
            target_user_id: Some(self.whom.user.clone()),
            target_device_id: self.whom.device.clone(),
            candidate,
            chat_id: self.chat.clone(),
        })
    }
}
