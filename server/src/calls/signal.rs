//! What devices say to each other to connect: it is passed on as it came, and stored nowhere.

use ringback_protocol::{ChatId, DeviceId, SessionId, UserId};

use super::ports::Actor;
use crate::events::{ClientEvent, ServerEvent, client, server};

/// One of the three signals.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// `webrtc:offer`
    Offer(client::WebrtcOffer),
    /// `webrtc:answer`
    Answer(client::WebrtcAnswer),
    /// `webrtc:ice-candidate`
    Candidate(client::WebrtcIceCandidate),
}

/// Where a signal belongs, and whom it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address<'a> {
    pub(super) call: &'a SessionId,
    pub(super) chat: Option<&'a ChatId>,
    pub(super) user: Option<&'a UserId>,
    pub(super) device: Option<&'a DeviceId>,
}

impl Signal {
    /// Returns the signal that an event is.
    ///
    /// # Errors
    /// The event, when it is none.
    pub fn of(event: ClientEvent) -> Result<Self, ClientEvent> {
        match event {
            ClientEvent::WebrtcOffer(offer) => Ok(Self::Offer(offer)),
            ClientEvent::WebrtcAnswer(answer) => Ok(Self::Answer(answer)),
            ClientEvent::WebrtcIceCandidate(candidate) => Ok(Self::Candidate(candidate)),
            other @ (ClientEvent::WebrtcConfigGet(_)
            | ClientEvent::CallInitiate(_)
            | ClientEvent::CallAccept(_)
            | ClientEvent::CallReject(_)
            | ClientEvent::CallQuality(_)
            | ClientEvent::CallToggleAudio(_)
            | ClientEvent::CallToggleVideo(_)
            | ClientEvent::CallEnd(_)
            | ClientEvent::CallLeave(_)
            | ClientEvent::CallJoin(_)
            | ClientEvent::CallInvite(_)
            | ClientEvent::CallResume(_)
            | ClientEvent::CallSync(_)
            | ClientEvent::AuthRefresh(_)) => Err(other),
        }
    }

    pub(super) const fn address(&self) -> Address<'_> {
        macro_rules! address {
            ($signal:ident) => {
                Address {
                    call: &$signal.session_id,
                    chat: $signal.chat_id.as_ref(),
                    user: $signal.target_user_id.as_ref(),
                    device: $signal.target_device_id.as_ref(),
                }
            };
        }
        match self {
            Self::Offer(signal) => address!(signal),
            Self::Answer(signal) => address!(signal),
            Self::Candidate(signal) => address!(signal),
        }
    }

    /// Returns what the other side is told.
    pub(super) fn passed_on(self, from: &Actor, chat: &ChatId) -> ServerEvent {
        let chat_id = Some(chat.clone());
        let from_user_id = from.user.clone();
        let from_device_id = Some(from.device.clone());
        match self {
            Self::Offer(signal) => server::WebrtcOffer {
                session_id: signal.session_id,
                offer: signal.offer,
                chat_id,
                from_user_id,
                from_device_id,
            }
            .into(),
            Self::Answer(signal) => server::WebrtcAnswer {
                session_id: signal.session_id,
                answer: signal.answer,
                chat_id,
                from_user_id,
                from_device_id,
            }
            .into(),
            Self::Candidate(signal) => server::WebrtcIceCandidate {
                session_id: signal.session_id,
                candidate: signal.candidate,
                chat_id,
                from_user_id,
                from_device_id,
            }
            .into(),
        }
    }
}

impl From<Signal> for ClientEvent {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Offer(offer) => offer.into(),
            Signal::Answer(answer) => answer.into(),
            Signal::Candidate(candidate) => candidate.into(),
        }
    }
}
