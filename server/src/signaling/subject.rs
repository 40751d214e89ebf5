//! What an answer is about, for events that carry no ack.

use std::borrow::Cow;

use ringback_protocol::SessionId;

use super::decode::{self, Undecodable};
use crate::events::ClientEvent;

/// What an answer is about, for events that carry no ack.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    /// The event.
    pub(super) event: Cow<'static, str>,
    /// The call that it names.
    pub(super) session_id: Option<SessionId>,
}

impl Subject {
    /// Reads the name alone, of an event that is not looked at any further.
    pub(super) fn peeked(body: &str) -> Self {
        Self {
            event: decode::peek_name(body).into(),
            session_id: None,
        }
    }
}

impl From<&ClientEvent> for Subject {
    fn from(event: &ClientEvent) -> Self {
        Self {
            event: event.name().into(),
            session_id: session_of(event).cloned(),
        }
    }
}

impl From<&Undecodable> for Subject {
    fn from(undecodable: &Undecodable) -> Self {
        Self {
            event: undecodable.event.clone().into(),
            session_id: undecodable.session_id.clone(),
        }
    }
}

fn session_of(event: &ClientEvent) -> Option<&SessionId> {
    match event {
        ClientEvent::WebrtcConfigGet(_)
        | ClientEvent::AuthRefresh(_)
        | ClientEvent::CallInitiate(_)
        | ClientEvent::CallSync(_) => None,
        ClientEvent::CallAccept(event) => Some(&event.session_id),
        ClientEvent::CallReject(event) => Some(&event.session_id),
        ClientEvent::WebrtcOffer(event) => Some(&event.session_id),
        ClientEvent::WebrtcAnswer(event) => Some(&event.session_id),
        ClientEvent::WebrtcIceCandidate(event) => Some(&event.session_id),
        ClientEvent::CallQuality(event) => Some(&event.session_id),
        ClientEvent::CallToggleAudio(event) => Some(&event.session_id),
        ClientEvent::CallToggleVideo(event) => Some(&event.session_id),
        ClientEvent::CallEnd(event) => Some(&event.session_id),
        ClientEvent::CallLeave(event) => Some(&event.session_id),
        ClientEvent::CallJoin(event) => Some(&event.session_id),
        ClientEvent::CallInvite(event) => Some(&event.session_id),
        ClientEvent::CallResume(event) => Some(&event.session_id),
    }
}
