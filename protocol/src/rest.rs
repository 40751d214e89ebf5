//! REST bodies: history, details, statistics, chats.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    CallStatus, CallType, CandidateType, ChatId, DeviceId, EndReason, LinkGrade, LinkStatus,
    ParticipantStatus, QualityReport, SessionId, UserId,
};

/// A point in time as ISO 8601 in UTC with milliseconds: `2025-01-01T00:00:00.000Z`.
pub type IsoTime = String;

/// The envelope of a success: `{success: true, data}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "{T}Answer")
)]
pub struct Success<T> {
    /// Always true.
    #[cfg_attr(feature = "schema", schemars(extend("const" = true)))]
    pub success: bool,
    /// The body.
    pub data: T,
}

impl<T> Success<T> {
    /// Wraps a body.
    pub const fn new(data: T) -> Self {
        Self {
            success: true,
            data,
        }
    }
}

/// A person, as the directory knew them at call time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserRef {
    /// Who.
    pub id: UserId,
    /// Display name; the id when none is known.
    pub name: String,
    /// Address of a picture.
    #[serde(default)]
    pub avatar: Option<String>,
}

/// A chat, as the directory knew it at call time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChatRef {
    /// Which.
    pub id: ChatId,
    /// Its name, when it has one.
    #[serde(default)]
    pub name: Option<String>,
}

/// One participant of a stored call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallParticipant {
    /// Who.
    pub user: UserRef,
    /// How they stand, or stood at the end.
    pub status: ParticipantStatus,
    /// When they first entered the call.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub joined_at: Option<IsoTime>,
    /// When they left it.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub left_at: Option<IsoTime>,
}

/// A stored call, as one of its participants sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// The call's session id.
    pub id: SessionId,
    /// Its chat.
    pub chat_id: ChatRef,
    /// Voice or video.
    pub call_type: CallType,
    /// How it stands.
    pub status: CallStatus,
    /// Whether the asker was called.
    pub is_incoming: bool,
    /// Whether the asker placed it.
    pub is_outgoing: bool,
    /// Who placed it.
    pub caller: UserRef,
    /// Everyone, the caller first.
    pub participants: Vec<CallParticipant>,
    /// How the asker stands, or stood at the end.
    pub user_status: ParticipantStatus,
    /// When it was placed.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub initiated_at: IsoTime,
    /// When the first callee joined.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub started_at: Option<IsoTime>,
    /// When it ended.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub ended_at: Option<IsoTime>,
    /// From the first join to the end, in whole seconds; 0 when it never started.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub duration: u64,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
    /// Means over all reports of all participants; null when there were none.
    pub quality: Option<QualityReport>,
}

/// What happened in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CallHappening {
    /// The call was placed.
    Initiated,
    /// A device of `userId` began to ring.
    Ringing,
    /// `userId` answered.
    Accepted,
    /// `userId` rejected, or was busy.
    Rejected,
    /// `userId` did not answer in time.
    Missed,
    /// `userId` was called into the running call.
    Invited,
    /// `userId` entered.
    Joined,
    /// `userId` took the call over on another device.
    Moved,
    /// `userId` left.
    Left,
    /// The device of `userId` dropped.
    Reconnecting,
    /// It came back.
    Reconnected,
    /// Media of `targetUserId` reached `userId`.
    LinkConnected,
    /// `userId` cannot hear `targetUserId`.
    LinkFailed,
    /// The call was over.
    Ended,
}

/// One entry of the timeline of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TimelineEvent {
    /// When.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub at: IsoTime,
    /// What.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "ts", ts(rename = "type"))]
    pub happening: CallHappening,
    /// Whose act it was, or whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub user_id: Option<UserId>,
    /// On which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device_id: Option<DeviceId>,
    /// Who is at the other end of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target_user_id: Option<UserId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reason: Option<EndReason>,
    /// How the link is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub candidate_type: Option<CandidateType>,
}

/// `data` of `GET /api/calls/{id}/timeline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallTimeline {
    /// The call's session id.
    pub call_id: SessionId,
    /// In the order in which it happened.
    pub events: Vec<TimelineEvent>,
}

/// What one report said of one link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkSample {
    /// When it was reported.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub at: IsoTime,
    /// Where the link stood.
    pub state: LinkStatus,
    /// How good it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub grade: Option<LinkGrade>,
    /// Mean opinion score from 1 to 4.5, an estimate (ITU-T G.107).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub mos: Option<f64>,
    /// Mean bit rate received, in bits per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub bitrate: Option<f64>,
    /// Packets lost, in percent (0 to 100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub packet_loss: Option<f64>,
    /// Interarrival jitter (RFC 3550), in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub jitter: Option<f64>,
    /// In milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub round_trip_time: Option<f64>,
    /// Type of the local candidate in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub candidate_type: Option<CandidateType>,
}

/// One direction of one link over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkTimeline {
    /// Who measured.
    pub from: UserId,
    /// Whose media was measured.
    pub to: UserId,
    /// In the order in which they came; of a long call, fewer of the older ones.
    pub samples: Vec<LinkSample>,
}

/// `data` of `GET /api/calls/{id}/quality`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallQualityTimeline {
    /// The call's session id.
    pub call_id: SessionId,
    /// Every link that was reported, by `from` and `to`.
    pub links: Vec<LinkTimeline>,
}

/// `pagination` of a history page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Calls that match the filters.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub total: u64,
    /// The page size asked for.
    pub limit: u32,
    /// The calls skipped.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub offset: u64,
    /// Whether more follow.
    pub has_more: bool,
    /// Names the next page, when there is one: goes into `cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next_cursor: Option<String>,
}

/// `data` of `GET /api/calls`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CallHistory {
    /// Newest first.
    pub calls: Vec<CallRecord>,
    /// Where this page stands.
    pub pagination: Pagination,
}

/// `byType` of the statistics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CallsByType {
    /// Voice calls.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub voice: u64,
    /// Video calls.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub video: u64,
}

/// `byDirection` of the statistics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CallsByDirection {
    /// The asker was called.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub incoming: u64,
    /// The asker called.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub outgoing: u64,
}

/// `stats` of the statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallStats {
    /// Calls in the time frame.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub total: u64,
    /// By voice and video.
    pub by_type: CallsByType,
    /// By status: `ended`, `missed` and `rejected` always, others when there are any.
    #[cfg_attr(
        feature = "ts",
        ts(type = "{ ended: number, missed: number, rejected: number, [status: string]: number }")
    )]
    pub by_status: BTreeMap<String, u64>,
    /// By direction.
    pub by_direction: CallsByDirection,
    /// Of the calls that took place, in seconds.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub total_duration: u64,
    /// Mean of the calls that took place, in seconds; 0 when none did.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub average_duration: u64,
    /// In seconds; 0 when no call took place.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub longest_call: u64,
    /// In seconds; 0 when no call took place.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub shortest_call: u64,
    /// The newest calls of the time frame.
    pub recent_calls: Vec<CallRecord>,
}

/// `quality` of the statistics: means over the calls that had reports, null when none had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QualityAverages {
    /// In percent.
    pub avg_packet_loss: Option<f64>,
    /// In milliseconds.
    pub avg_jitter: Option<f64>,
    /// In bits per second.
    pub avg_bitrate: Option<f64>,
}

/// `data` of `GET /api/calls/stats`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallStatistics {
    /// The time frame asked for: `24h`, `7d`, `30d`, `90d`, `1y`, `all`.
    pub timeframe: String,
    /// The figures.
    pub stats: CallStats,
    /// Calls per day (UTC) with at least one, `YYYY-MM-DD`.
    #[cfg_attr(feature = "ts", ts(type = "Record<string, number>"))]
    pub call_frequency: BTreeMap<String, u64>,
    /// Means of the quality.
    pub quality: QualityAverages,
}

/// One member in a [`Chat`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChatMember {
    /// Who.
    pub id: UserId,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub name: Option<String>,
    /// Address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub avatar: Option<String>,
}

/// The body of `PUT /api/chats/{id}`; also what `GET` answers, beside the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Chat {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub name: Option<String>,
    /// Its members.
    pub participants: Vec<ChatMember>,
}

/// The body of `POST /api/dev/join`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DevJoin {
    /// The chat; made on the fly.
    pub chat_id: ChatId,
    /// The user; made a member on the fly.
    pub user_id: UserId,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub name: Option<String>,
    /// Address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub avatar: Option<String>,
}

/// The answer of `POST /api/dev/join`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DevToken {
    /// A JWT for that user.
    pub token: String,
}
