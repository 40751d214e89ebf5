//! Server to client: the 13 events of the reference, then the added ones.

use serde::{Deserialize, Serialize};

use crate::ack::is_false;
use crate::events::events;
use crate::rest::IsoTime;
use crate::{
    CallSnapshot, CallType, ChatId, DeviceId, EndReason, ErrorCode, IceCandidate,
    SessionDescription, SessionId, UserId, VideoSource,
};

events! {
    /// Everything that the server may say.
    Event;
    /// A call rings on this device.
    "call:incoming" => CallIncoming<Text>,
    /// To the caller: at least one device of these targets rings.
    "call:ringing" => CallRinging,
    /// To the caller: a target answered.
    "call:accepted" => CallAccepted<Text>,
    /// To the caller: a target rejected, or was busy.
    "call:rejected" => CallRejected,
    /// To caller and targets: nobody answered in time.
    "call:missed" => CallMissed,
    /// To everyone concerned: the call is over. Always the last event of a call.
    "call:ended" => CallEnded,
    /// To everyone in the call: somebody entered it.
    "call:participant-joined" => CallParticipantJoined,
    /// To everyone in the call: somebody left it.
    "call:participant-left" => CallParticipantLeft,
    /// An offer from a participant.
    "webrtc:offer" => WebrtcOffer<Text>,
    /// An answer from a participant.
    "webrtc:answer" => WebrtcAnswer<Text>,
    /// An ICE candidate from a participant.
    "webrtc:ice-candidate" => WebrtcIceCandidate<Text>,
    /// A participant muted or unmuted.
    "call:participant-audio-toggle" => CallParticipantAudioToggle,
    /// A participant's camera went on or off.
    "call:participant-video-toggle" => CallParticipantVideoToggle,
    /// To the user's other devices: stop ringing. Added.
    "call:answered-elsewhere" => CallAnsweredElsewhere,
    /// A participant's device dropped and may come back. Added.
    "call:participant-reconnecting" => CallParticipantReconnecting,
    /// A participant's device came back. Added.
    "call:participant-reconnected" => CallParticipantReconnected,
    /// After connecting: the live calls that concern this user. Added.
    "call:state" => CallState,
    /// An event without an ack failed. Added.
    "call:error" => CallError,
    /// The server is about to restart. Added.
    "server:draining" => ServerDraining,
    /// The token of this socket expires soon: answer with `auth:refresh`. Added.
    "auth:expiring" => AuthExpiring,
}

/// `call:incoming`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(concrete(Text = Box<str>), bound = "Text: 'static"))]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CallIncoming")
)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "Text: Deserialize<'de>"))]
pub struct CallIncoming<Text = Box<str>> {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Voice or video.
    pub call_type: CallType,
    /// Who calls.
    pub caller_id: UserId,
    /// Their display name; their id when none is known.
    pub caller_name: String,
    /// Address of their picture.
    #[serde(default)]
    pub caller_avatar: Option<String>,
    /// The caller's device (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub caller_device_id: Option<DeviceId>,
    /// Everyone who is called (added).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<UserId>>", optional))]
    pub target_user_ids: Vec<UserId>,
    /// The caller's offer, to prepare the answer while ringing (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub offer: Option<SessionDescription<Text>>,
    /// For how much longer it rings, in milliseconds (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub ring_timeout_ms: Option<u64>,
    /// True when the caller would make the media path while it rings (added).
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub preconnect: bool,
}

/// `call:ringing`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallRinging {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// The targets whose devices ring since the last such event.
    pub target_user_ids: Vec<UserId>,
}

/// `call:accepted`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(concrete(Text = Box<str>), bound = "Text: 'static"))]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CallAccepted")
)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "Text: Deserialize<'de>"))]
pub struct CallAccepted<Text = Box<str>> {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Who answered.
    pub accepted_by: UserId,
    /// On which device (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device_id: Option<DeviceId>,
    /// Their answer to the offer of `call:initiate` (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub answer: Option<SessionDescription<Text>>,
}

/// `call:rejected`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallRejected {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Who rejected.
    pub rejected_by: UserId,
    /// Why: `declined`, `busy`, or the text that they gave.
    pub reason: EndReason,
}

/// `call:missed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallMissed {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Who called.
    pub caller_id: UserId,
}

/// `call:ended`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallEnded {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Whose act or absence ended it; the caller when nobody answered.
    pub ended_by: UserId,
    /// Why.
    pub reason: EndReason,
}

/// `call:participant-joined`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallParticipantJoined {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Who entered.
    pub user_id: UserId,
    /// On which device (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device_id: Option<DeviceId>,
}

/// `call:participant-left`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallParticipantLeft {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Who left.
    pub user_id: UserId,
    /// Why.
    pub reason: EndReason,
}

/// `webrtc:offer`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(concrete(Text = Box<str>), bound = "Text: 'static"))]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "WebrtcOffer")
)]
#[serde(rename_all = "camelCase")]
pub struct WebrtcOffer<Text = Box<str>> {
    /// The call.
    pub session_id: SessionId,
    /// The offer.
    pub offer: SessionDescription<Text>,
    /// The chat of the call. A reference server may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
    /// From whom.
    pub from_user_id: UserId,
    /// From which of their devices (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from_device_id: Option<DeviceId>,
}

/// `webrtc:answer`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(concrete(Text = Box<str>), bound = "Text: 'static"))]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "WebrtcAnswer")
)]
#[serde(rename_all = "camelCase")]
pub struct WebrtcAnswer<Text = Box<str>> {
    /// The call.
    pub session_id: SessionId,
    /// The answer.
    pub answer: SessionDescription<Text>,
    /// The chat of the call. A reference server may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
    /// From whom.
    pub from_user_id: UserId,
    /// From which of their devices (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from_device_id: Option<DeviceId>,
}

/// `webrtc:ice-candidate`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(concrete(Text = Box<str>), bound = "Text: 'static"))]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "WebrtcIceCandidate")
)]
#[serde(rename_all = "camelCase")]
pub struct WebrtcIceCandidate<Text = Box<str>> {
    /// The call.
    pub session_id: SessionId,
    /// The candidate.
    pub candidate: IceCandidate<Text>,
    /// The chat of the call. A reference server may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
    /// From whom.
    pub from_user_id: UserId,
    /// From which of their devices (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from_device_id: Option<DeviceId>,
}

/// `call:participant-audio-toggle`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallParticipantAudioToggle {
    /// The call.
    pub session_id: SessionId,
    /// Who.
    pub user_id: UserId,
    /// Whether their microphone is now muted.
    pub muted: bool,
}

/// `call:participant-video-toggle`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallParticipantVideoToggle {
    /// The call.
    pub session_id: SessionId,
    /// Who.
    pub user_id: UserId,
    /// Whether their camera is now on.
    pub enabled: bool,
    /// What the picture shows, while there is one (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub source: Option<VideoSource>,
}

/// What another device of the user did with a ringing call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ElsewhereAction {
    /// It answered, or took the call over.
    Accepted,
    /// It rejected.
    Rejected,
}

impl ElsewhereAction {
    /// Returns the action that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "accepted" => Some(Self::Accepted),
            "rejected" => Some(Self::Rejected),
            _ => None,
        }
    }
}

/// `call:answered-elsewhere`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallAnsweredElsewhere {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// What the other device did.
    pub action: ElsewhereAction,
    /// Which device it was.
    pub device_id: DeviceId,
}

/// `call:participant-reconnecting`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallParticipantReconnecting {
    /// The call.
    pub session_id: SessionId,
    /// Who.
    pub user_id: UserId,
}

/// `call:participant-reconnected`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallParticipantReconnected {
    /// The call.
    pub session_id: SessionId,
    /// Who.
    pub user_id: UserId,
    /// On which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device_id: Option<DeviceId>,
    /// True when it lost its peer connections: offer anew (added).
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub fresh: bool,
}

/// `call:state`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CallState {
    /// Every live call that concerns the user.
    pub calls: Vec<CallSnapshot>,
}

/// `call:error`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallError {
    /// The event that failed.
    pub event: String,
    /// The call it was about, when it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session_id: Option<SessionId>,
    /// Stable code.
    pub code: ErrorCode,
    /// Text for a person.
    pub error: String,
    /// With `RATE_LIMITED` and `DRAINING`: how long to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub retry_after_ms: Option<u64>,
}

/// `server:draining`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerDraining {
    /// When to connect again, in milliseconds from now.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub retry_after_ms: u64,
}

/// `auth:expiring`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuthExpiring {
    /// When the token expires, by the clock of the server.
    pub expires_at: IsoTime,
    /// The same in milliseconds from now.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub expires_in_ms: u64,
}
