//! Client to server: the 12 events of the reference, then the added ones.

use serde::{Deserialize, Deserializer, Serialize};

use crate::ack::is_false;
use crate::events::events;
use crate::{
    CallRequestId, CallType, ChatId, DeviceId, EndReason, IceCandidate, LinkReport, QualityReport,
    SessionDescription, SessionId, UserId, VideoSource,
};

events! {
    /// Everything that a client may say. Every one accepts an optional ack.
    Event;
    /// Asks for the `RTCConfiguration`.
    "webrtc:config:get" => WebrtcConfigGet,
    /// Places a call.
    "call:initiate" => CallInitiate<Text>,
    /// Answers a ringing call on this device.
    "call:accept" => CallAccept<Text>,
    /// Rejects a ringing call for the user, on all devices.
    "call:reject" => CallReject,
    /// Passes an offer to a participant.
    "webrtc:offer" => WebrtcOffer<Text>,
    /// Passes an answer to a participant.
    "webrtc:answer" => WebrtcAnswer<Text>,
    /// Passes an ICE candidate to a participant.
    "webrtc:ice-candidate" => WebrtcIceCandidate<Text>,
    /// Reports the quality as this participant measured it.
    "call:quality" => CallQuality,
    /// Tells the others that this participant muted or unmuted.
    "call:toggle-audio" => CallToggleAudio,
    /// Tells the others that this participant's camera went on or off.
    "call:toggle-video" => CallToggleVideo,
    /// Ends the call (in a group, unless by its caller, leaves it).
    "call:end" => CallEnd,
    /// Leaves the call without ending it for others.
    "call:leave" => CallLeave,
    /// Enters a running call, or moves it to this device. Added.
    "call:join" => CallJoin,
    /// Calls more people into a call. Added.
    "call:invite" => CallInvite,
    /// Takes up a call again after a reconnect or reload. Added.
    "call:resume" => CallResume,
    /// Asks which live calls concern this user. Added.
    "call:sync" => CallSync,
    /// Shows a new token before the old one expires. Added.
    "auth:refresh" => AuthRefresh,
}

macro_rules! no_payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
        pub struct $name {}

        impl<'de> Deserialize<'de> for $name {
            /// Accepts whatever stands where the payload would, or nothing.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self {})
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                crate::schema::NO_PAYLOAD.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!(true)
            }
        }
    };
}

no_payload!(
    /// `webrtc:config:get`: no payload, only an ack.
    WebrtcConfigGet
);
no_payload!(
    /// `call:sync`: no payload, only an ack.
    CallSync
);

/// `call:initiate`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(concrete(Text = Box<str>), bound = "Text: 'static"))]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CallInitiate")
)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "Text: Deserialize<'de>"))]
pub struct CallInitiate<Text = Box<str>> {
    /// The chat to call in.
    pub chat_id: ChatId,
    /// Voice or video.
    pub call_type: CallType,
    /// Whom to call; absent: every member of the chat but the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub target_user_ids: Option<Vec<UserId>>,
    /// The offer, made ahead of the answer, when there is one target (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub offer: Option<SessionDescription<Text>>,
    /// A repeat with the same id returns the same call (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub request_id: Option<CallRequestId>,
    /// True when the media path may be made while it rings, with devices that want it too (added).
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub preconnect: bool,
}

/// `call:accept`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(concrete(Text = Box<str>), bound = "Text: 'static"))]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CallAccept")
)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "Text: Deserialize<'de>"))]
pub struct CallAccept<Text = Box<str>> {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
    /// The answer to the offer that came with `call:incoming` (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub answer: Option<SessionDescription<Text>>,
}

/// `call:reject`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallReject {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
    /// Why; absent: `declined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reason: Option<EndReason>,
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
    /// For whom; may be absent with exactly one other participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target_user_id: Option<UserId>,
    /// The device it is meant for: one that is no longer in the call makes it fail (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target_device_id: Option<DeviceId>,
    /// The offer.
    pub offer: SessionDescription<Text>,
    /// The chat of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
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
    /// For whom; may be absent with exactly one other participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target_user_id: Option<UserId>,
    /// The device it is meant for (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target_device_id: Option<DeviceId>,
    /// The answer.
    pub answer: SessionDescription<Text>,
    /// The chat of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
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
    /// For whom; may be absent with exactly one other participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target_user_id: Option<UserId>,
    /// The device it is meant for (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target_device_id: Option<DeviceId>,
    /// The candidate.
    pub candidate: IceCandidate<Text>,
    /// The chat of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
}

/// `call:quality`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallQuality {
    /// The call.
    pub session_id: SessionId,
    /// What was measured since the last report.
    pub quality: QualityReport,
    /// The same for the link to each participant (added).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<LinkReport>>", optional))]
    pub links: Vec<LinkReport>,
}

/// `call:toggle-audio`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallToggleAudio {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
    /// Whether the microphone is now muted.
    pub muted: bool,
}

/// `call:toggle-video`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallToggleVideo {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
    /// Whether the camera is now on.
    pub enabled: bool,
    /// What the picture shows, while there is one (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub source: Option<VideoSource>,
}

/// `call:end`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallEnd {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
    /// Why; absent: `completed`, or `cancelled` before anyone answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reason: Option<EndReason>,
}

/// `call:leave`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallLeave {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
}

/// `call:join`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallJoin {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chat_id: Option<ChatId>,
}

/// `call:invite`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallInvite {
    /// The call.
    pub session_id: SessionId,
    /// Whom to call into it.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub target_user_ids: Vec<UserId>,
}

/// `call:resume`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallResume {
    /// The call.
    pub session_id: SessionId,
    /// True when the device lost its peer connections, as by a reload: the others offer anew (added).
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub fresh: bool,
}

/// `auth:refresh`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthRefresh {
    /// A token of the same user.
    pub token: String,
}
