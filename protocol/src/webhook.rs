//! What the server says to the host application over HTTP: webhooks, and the question whether a call may be.

use serde::{Deserialize, Serialize};

use crate::rest::{CallParticipant, ChatRef, IsoTime, UserRef};
use crate::{CallStatus, CallType, ChatId, DeviceId, EndReason, SessionId, UserId};

/// What a webhook tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum WebhookType {
    /// People are called.
    #[serde(rename = "call.ringing")]
    Ringing,
    /// The first callee answered.
    #[serde(rename = "call.started")]
    Started,
    /// People did not answer a call.
    #[serde(rename = "call.missed")]
    Missed,
    /// The call is over.
    #[serde(rename = "call.ended")]
    Ended,
}

/// The body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WebhookEvent {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: WebhookType,
    /// When it happened.
    pub timestamp: IsoTime,
    /// To which call.
    pub data: WebhookData,
}

/// The call that a webhook is about, as it stood then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WebhookData {
    /// The first webhook about a call is 1, and each has one more than the last.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub sequence: u64,
    /// The version of the call: grows with every change of it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub version: u64,
    /// Whom it concerns: who is called, who is in the call, who missed it; at the end, everyone.
    pub user_ids: Vec<UserId>,
    /// The call.
    pub call: WebhookCall,
}

/// A call as the host application is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WebhookCall {
    /// The call's session id.
    pub id: SessionId,
    /// Its chat.
    pub chat_id: ChatRef,
    /// Voice or video.
    pub call_type: CallType,
    /// How it stands.
    pub status: CallStatus,
    /// Who placed it.
    pub caller: UserRef,
    /// Everyone, the caller first. Someone who is `invited` has no device connected.
    pub participants: Vec<CallParticipant>,
    /// When it was placed.
    pub initiated_at: IsoTime,
    /// When the first callee joined.
    pub started_at: Option<IsoTime>,
    /// When it ended.
    pub ended_at: Option<IsoTime>,
    /// From the first join to the end, in whole seconds; 0 when it never started.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub duration: u64,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
}

/// What a user wants to do, of which the host application is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum CallHookType {
    /// Place a call.
    #[serde(rename = "call.initiate")]
    Initiate,
    /// Answer a call.
    #[serde(rename = "call.accept")]
    Accept,
    /// Enter a running call.
    #[serde(rename = "call.join")]
    Join,
    /// Call more people into a call.
    #[serde(rename = "call.invite")]
    Invite,
}

/// The body of the question whether a user may do that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallHookRequest {
    /// What they want to do.
    #[serde(rename = "type")]
    pub kind: CallHookType,
    /// When it was asked.
    pub timestamp: IsoTime,
    /// Who, and in which call.
    pub data: CallHookData,
}

/// Who wants to do something, and in which call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallHookData {
    /// Who.
    pub user_id: UserId,
    /// On which device.
    pub device_id: DeviceId,
    /// The chat.
    pub chat_id: ChatId,
    /// The call; absent while it is to be placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session_id: Option<SessionId>,
    /// Voice or video.
    pub call_type: CallType,
    /// Who is to be called; empty when nobody is.
    pub target_user_ids: Vec<UserId>,
}

/// What the host application answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallHookAnswer {
    /// Whether they may.
    pub allow: bool,
    /// Why not, for the person who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub error: Option<String>,
}
