//! The whole of a call, as one participant may see it.

use serde::{Deserialize, Serialize};

use crate::{
    CallStatus, CallType, ChatId, DeviceId, EndReason, ParticipantStatus, SessionId, UserId,
    VideoState,
};

/// One participant in a [`CallSnapshot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantSnapshot {
    /// Who.
    pub user_id: UserId,
    /// Display name.
    pub name: String,
    /// Address of a picture.
    #[serde(default)]
    pub avatar: Option<String>,
    /// How they stand towards the call.
    pub status: ParticipantStatus,
    /// The device that is in the call, while one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device_id: Option<DeviceId>,
    /// Whether their microphone is muted, as they last said; absent: they never did (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub muted: Option<bool>,
    /// What their picture shows, as they last said; absent: they never did (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub video: Option<VideoState>,
}

/// The whole of a call, as one participant may see it; it replaces what the client believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallSnapshot {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Voice or video.
    pub call_type: CallType,
    /// How the call stands.
    pub status: CallStatus,
    /// Who placed it.
    pub caller_id: UserId,
    /// Everyone who was called or is in it, the caller first.
    pub participants: Vec<ParticipantSnapshot>,
    /// Grows with every change of the call: the greater one is the newer.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub version: u64,
    /// When it was placed, in milliseconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub initiated_at_ms: u64,
    /// When the first callee joined, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub started_at_ms: Option<u64>,
    /// How long the call has been going on, by the server's clock, in milliseconds.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub elapsed_ms: u64,
    /// Why it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub end_reason: Option<EndReason>,
}
