//! What nodes tell each other: typed, and of a version that is checked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ringback_protocol::{CallStatus, DeviceId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::calls::ports::Recipient;
use crate::events::ServerEvent;

/// The version of these messages; one of another version is not read.
const VERSION: u32 = 1;

/// One message, with its sender.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Envelope {
    v: u32,
    /// The node that sent it: it hears its own messages too.
    pub(super) from: String,
    /// When it was sent, by the sender's clock, in microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_us: Option<u64>,
    /// What it says.
    pub(super) message: Message,
}

impl Envelope {
    /// Returns how long it was under way, as far as the clocks of both nodes agree.
    pub(super) fn lag(&self, now: SystemTime) -> Option<Duration> {
        let lag = micros(now).saturating_sub(self.at_us?);
        Some(Duration::from_micros(lag))
    }
}

fn micros(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// What nodes tell each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Message {
    /// An event for devices, as the text that is sent to them.
    Deliver {
        /// For which.
        to: To,
        /// The call that it is about, unless it may be told after the call's end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        during: Option<SessionId>,
        /// The Socket.IO packet.
        packet: String,
    },
    /// A call changed in the store.
    Changed {
        /// Which.
        call: SessionId,
        /// Its new version.
        version: u64,
        /// How it stands.
        status: CallStatus,
    },
    /// A device signed in: a socket of it on another node is an old one.
    Arrived {
        /// Whose.
        user: UserId,
        /// Which.
        device: DeviceId,
    },
    /// Messages of the sender were lost: what changed is to be looked up in the store.
    Lost,
}

/// To which devices of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct To {
    user: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    only: Option<DeviceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    but: Option<DeviceId>,
}

/// Why a message is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// It is of another version.
    #[error(
        "it is of version {0}, this node speaks {VERSION}: update the nodes one after the other"
    )]
    Version(u32),
    /// It is none of these messages.
    #[error(transparent)]
    Shape(#[from] serde_json::Error),
}

/// Writes a message.
pub(super) fn encode(from: &str, at: SystemTime, message: Message) -> String {
    let envelope = Envelope {
        v: VERSION,
        from: from.to_owned(),
        at_us: Some(micros(at)),
        message,
    };
    serde_json::to_string(&envelope).expect("a message is texts and numbers")
}

/// Reads a message.
pub(super) fn decode(text: &[u8]) -> Result<Envelope, Unreadable> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_slice::<Envelope>(text) {
        Ok(envelope) if envelope.v == VERSION => Ok(envelope),
        Ok(envelope) => Err(Unreadable::Version(envelope.v)),
        // A later version may have another shape.
        Err(error) => match serde_json::from_slice::<Version>(text) {
            Ok(Version { v }) if v != VERSION => Err(Unreadable::Version(v)),
            Ok(_) | Err(_) => Err(error.into()),
        },
    }
}

impl From<&Recipient> for To {
    fn from(to: &Recipient) -> Self {
        let (user, only, but) = match to.clone() {
            Recipient::User(user) => (user, None, None),
            Recipient::Device(user, device) => (user, Some(device), None),
            Recipient::OtherDevices(user, device) => (user, None, Some(device)),
        };
        Self { user, only, but }
    }
}

impl From<To> for Recipient {
    fn from(to: To) -> Self {
        match (to.only, to.but) {
            (Some(device), _) => Self::Device(to.user, device),
            (None, Some(device)) => Self::OtherDevices(to.user, device),
            (None, None) => Self::User(to.user),
        }
    }
}

/// Returns the call whose end an event must not follow; none for what is told of an end itself.
pub(super) fn during(event: &ServerEvent) -> Option<&SessionId> {
    match event {
        ServerEvent::WebrtcOffer(event) => Some(&event.session_id),
        ServerEvent::WebrtcAnswer(event) => Some(&event.session_id),
        ServerEvent::WebrtcIceCandidate(event) => Some(&event.session_id),
        ServerEvent::CallIncoming(event) => Some(&event.session_id),
        ServerEvent::CallRinging(event) => Some(&event.session_id),
        ServerEvent::CallAccepted(event) => Some(&event.session_id),
        ServerEvent::CallParticipantJoined(event) => Some(&event.session_id),
        ServerEvent::CallParticipantAudioToggle(event) => Some(&event.session_id),
        ServerEvent::CallParticipantVideoToggle(event) => Some(&event.session_id),
        ServerEvent::CallParticipantReconnecting(event) => Some(&event.session_id),
        ServerEvent::CallParticipantReconnected(event) => Some(&event.session_id),
        // Whoever leaves may end the call with it, and is told of first.
        ServerEvent::CallParticipantLeft(_)
        | ServerEvent::CallRejected(_)
        | ServerEvent::CallMissed(_)
        | ServerEvent::CallEnded(_)
        | ServerEvent::CallAnsweredElsewhere(_)
        | ServerEvent::CallState(_)
        | ServerEvent::CallError(_)
        | ServerEvent::ServerDraining(_)
        | ServerEvent::AuthExpiring(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipients() -> [Recipient; 3] {
        let (user, device) = (UserId::new("ann").unwrap(), DeviceId::new("tab").unwrap());
        [
            Recipient::User(user.clone()),
            Recipient::Device(user.clone(), device.clone()),
            Recipient::OtherDevices(user, device),
        ]
    }

    #[test]
    fn what_is_written_is_read_again() {
        let call = SessionId::new("call").unwrap();
        let mut messages = vec![
            Message::Changed {
                call: call.clone(),
                version: 7,
                status: CallStatus::Ongoing,
            },
            Message::Lost,
        ];
        messages.extend(recipients().iter().map(|to| Message::Deliver {
            to: to.into(),
            during: Some(call.clone()),
            packet: "42[\"x\",\"\u{2028}\\r\\n\"]".to_owned(),
        }));
        for message in messages {
            let envelope =
                decode(encode("me", SystemTime::now(), message.clone()).as_bytes()).unwrap();
            assert_eq!((envelope.from.as_str(), envelope.message), ("me", message));
        }
    }

    #[test]
    fn recipients_are_the_same_on_the_other_side() {
        for to in recipients() {
            assert_eq!(Recipient::from(To::from(&to)), to);
        }
    }

    #[test]
    fn a_message_of_another_version_is_told_from_nonsense() {
        let later = br#"{"v":2,"from":"x","message":{"somethingNew":{}}}"#;
        assert!(matches!(decode(later), Err(Unreadable::Version(2))));
        let same = encode("x", SystemTime::now(), Message::Lost).replace("\"v\":1", "\"v\":3");
        assert!(matches!(
            decode(same.as_bytes()),
            Err(Unreadable::Version(3))
        ));
        assert!(matches!(decode(b"nonsense"), Err(Unreadable::Shape(_))));
    }
}
