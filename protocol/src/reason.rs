//! How calls stand and why they end.

use serde::{Deserialize, Serialize};

use crate::limits;

/// How a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CallStatus {
    /// Nobody has answered yet.
    Ringing,
    /// At least two people are in the call.
    Ongoing,
    /// The call took place and is over.
    Ended,
    /// Nobody answered in time, or the caller hung up first.
    Missed,
    /// Everyone rejected.
    Rejected,
    /// The call broke down before it took place.
    Failed,
}

impl CallStatus {
    /// Every status.
    pub const ALL: &[Self] = &[
        Self::Ringing,
        Self::Ongoing,
        Self::Ended,
        Self::Missed,
        Self::Rejected,
        Self::Failed,
    ];

    /// Returns the status as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Ongoing => "ongoing",
            Self::Ended => "ended",
            Self::Missed => "missed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }

    /// Returns the status that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == text)
    }

    /// Tells whether the call still rings or goes on.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Ringing | Self::Ongoing => true,
            Self::Ended | Self::Missed | Self::Rejected | Self::Failed => false,
        }
    }
}

/// How one participant stands towards a call (`userStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ParticipantStatus {
    /// Called, but no device was reached yet.
    Invited,
    /// At least one device rings.
    Ringing,
    /// In the call.
    Joined,
    /// In the call, but the device dropped and may resume.
    Reconnecting,
    /// Was in the call and left it.
    Left,
    /// Rejected the call.
    Rejected,
    /// Was in another call.
    Busy,
    /// Did not answer in time.
    Missed,
}

impl ParticipantStatus {
    /// Every status.
    pub const ALL: &[Self] = &[
        Self::Invited,
        Self::Ringing,
        Self::Joined,
        Self::Reconnecting,
        Self::Left,
        Self::Rejected,
        Self::Busy,
        Self::Missed,
    ];

    /// Returns the status as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Ringing => "ringing",
            Self::Joined => "joined",
            Self::Reconnecting => "reconnecting",
            Self::Left => "left",
            Self::Rejected => "rejected",
            Self::Busy => "busy",
            Self::Missed => "missed",
        }
    }

    /// Returns the status that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == text)
    }

    /// Tells whether the participant is in the call, connected or reconnecting.
    #[must_use]
    pub const fn is_in_call(self) -> bool {
        match self {
            Self::Joined | Self::Reconnecting => true,
            Self::Invited
            | Self::Ringing
            | Self::Left
            | Self::Rejected
            | Self::Busy
            | Self::Missed => false,
        }
    }

    /// Tells whether the participant is still being called.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        match self {
            Self::Invited | Self::Ringing => true,
            Self::Joined
            | Self::Reconnecting
            | Self::Left
            | Self::Rejected
            | Self::Busy
            | Self::Missed => false,
        }
    }
}

/// Why a call ended, or why one participant left or rejected it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ts",
    derive(ts_rs::TS),
    ts(
        type = "'completed' | 'cancelled' | 'declined' | 'busy' | 'missed' | 'failed' | 'disconnected' | 'replaced' | 'server' | (string & {})"
    )
)]
#[serde(try_from = "String", into = "String")]
pub enum EndReason {
    /// Someone hung up after a conversation.
    Completed,
    /// The caller hung up before anyone answered.
    Cancelled,
    /// The callee rejected.
    Declined,
    /// The callee was in another call.
    Busy,
    /// Nobody answered in time.
    Missed,
    /// No connection came about.
    Failed,
    /// The device dropped and did not come back in time.
    Disconnected,
    /// Another call between the same people took its place.
    Replaced,
    /// The server or its operator ended it: `endedBy` is the caller.
    Server,
    /// Another text that a client gave, at most 64 characters.
    Other(Box<str>),
}

impl EndReason {
    /// Every reason that has a meaning of its own.
    const KNOWN: &[Self] = &[
        Self::Completed,
        Self::Cancelled,
        Self::Declined,
        Self::Busy,
        Self::Missed,
        Self::Failed,
        Self::Disconnected,
        Self::Replaced,
        Self::Server,
    ];

    /// Returns the reason as it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
            Self::Busy => "busy",
            Self::Missed => "missed",
            Self::Failed => "failed",
            Self::Disconnected => "disconnected",
            Self::Replaced => "replaced",
            Self::Server => "server",
            Self::Other(text) => text,
        }
    }
}

/// Why a text is not a reason: it is longer than 64 characters or empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReasonError;

impl std::fmt::Display for ReasonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a reason must have 1 to 64 characters")
    }
}

impl TryFrom<String> for EndReason {
    type Error = ReasonError;

    fn try_from(text: String) -> Result<Self, ReasonError> {
        if text.is_empty() || text.chars().nth(limits::REASON_CHARS).is_some() {
            return Err(ReasonError);
        }
        let known = Self::KNOWN.iter().find(|reason| reason.as_str() == text);
        Ok(known
            .cloned()
            .unwrap_or_else(|| Self::Other(text.into_boxed_str())))
    }
}

impl From<EndReason> for String {
    fn from(reason: EndReason) -> Self {
        reason.as_str().into()
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for EndReason {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EndReason".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let known: Vec<_> = Self::KNOWN.iter().map(Self::as_str).collect();
        schemars::json_schema!({
            "type": "string",
            "description": "Why a call ended, or why one participant left or rejected it: one of the examples, or a text that a client gave.",
            "minLength": 1,
            "maxLength": limits::REASON_CHARS,
            "examples": known,
        })
    }
}
