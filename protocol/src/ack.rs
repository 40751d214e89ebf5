//! Acks: `{"success":true,...}` or `{"success":false,"error":...,"code":...}`.

use serde::{Deserialize, Serialize};

use crate::rest::IsoTime;
use crate::{
    CallSnapshot, DeviceId, ErrorCode, MediaDefaults, QualityThresholds, RtcConfiguration,
    SessionId, Timeouts, UserId,
};

/// What went wrong, for a program (`code`) and for a person (`error`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Text for a person.
    pub error: String,
    /// Stable code.
    pub code: ErrorCode,
    /// With `RATE_LIMITED` and `DRAINING`: how long to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// Makes a failure that says what exactly is wrong.
    #[must_use]
    pub fn new(code: ErrorCode, error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            code,
            retry_after_ms: None,
        }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(code, code.message())
    }
}

/// An ack as the server sends it: `T`'s fields beside `success`, or a failure's.
#[derive(Debug, Clone, PartialEq)]
pub enum Ack<T> {
    /// It was done.
    Success(T),
    /// It was not done.
    Failure(Failure),
}

impl<T: Serialize> Serialize for Ack<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a, B> {
            success: bool,
            #[serde(flatten)]
            body: &'a B,
        }
        match self {
            Self::Success(body) => Wire {
                success: true,
                body,
            }
            .serialize(serializer),
            Self::Failure(body) => Wire {
                success: false,
                body,
            }
            .serialize(serializer),
        }
    }
}

/// The schema is that of a success: a failure has a status, or a message, of its own.
#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Ack<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}Ack", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "allOf": [
                {
                    "type": "object",
                    "required": ["success"],
                    "properties": { "success": { "const": true } },
                },
                generator.subschema_for::<T>(),
            ],
        })
    }
}

/// The envelope of an ack as the client reads it, before the body of a success.
///
/// A server written from the reference may leave out `success` (in the ack of
/// `webrtc:config:get`) and `code`; both are then filled in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Whether it was done.
    #[serde(default = "yes")]
    pub success: bool,
    /// Text for a person.
    #[serde(default)]
    pub error: Option<String>,
    /// Stable code; a newer server may send one that this version does not know.
    #[serde(default)]
    pub code: Option<String>,
    /// How long to wait, in milliseconds.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
}

const fn yes() -> bool {
    true
}

/// The body of an ack that says no more than that it was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Empty {}

/// The body of the ack of `call:initiate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InitiateAck {
    /// The call: a new one, or the one that the other person placed at the same time.
    pub session_id: SessionId,
    /// Everyone who is called. Absent from a reference server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_user_ids: Vec<UserId>,
    /// True when this counted as an accept of the call that the target had placed already.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub joined: bool,
    /// The call as it now stands (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub call: Option<CallSnapshot>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) const fn is_false(value: &bool) -> bool {
    !*value
}

/// The body of the acks of `call:accept`, `call:join` and `call:resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JoinAck {
    /// The call as it now stands. Absent from a reference server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub call: Option<CallSnapshot>,
}

/// The body of the ack of `call:sync`, and the payload of `call:state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StateAck {
    /// Every live call that concerns the user.
    pub calls: Vec<CallSnapshot>,
}

/// The body of the ack of `auth:refresh`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefreshAck {
    /// When the new token expires, by the clock of the server.
    pub expires_at: IsoTime,
}

/// What the server can do beyond the reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProtocolInfo {
    /// The protocol version; 1.
    pub version: u32,
    /// What it can do, by name: `early-offer`, `resume` and so on.
    #[serde(default)]
    pub features: Vec<String>,
}

/// Who the server takes this socket to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The user, from the token.
    pub user_id: UserId,
    /// The device, from the handshake; the socket id when none was given.
    pub device_id: DeviceId,
}

/// The body of the ack of `webrtc:config:get`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigAck {
    /// What peer connections are made with.
    pub config: RtcConfiguration,
    /// Constraints for voice and video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub media: Option<MediaDefaults>,
    /// Where the grades of quality begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub quality: Option<QualityThresholds>,
    /// How long things may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub timeouts: Option<Timeouts>,
    /// Absent from a reference server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub protocol: Option<ProtocolInfo>,
    /// Who the server takes the asker to be (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub you: Option<Identity>,
    /// For how many seconds the TURN credentials in it are good; absent when they do not expire (added).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub ttl: Option<u64>,
}
