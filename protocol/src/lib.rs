//! The wire protocol of Ringback, declared once.
//!
//! Everything that crosses the network between the browser SDK and the server is a type in this
//! crate: the events of both directions, their acks, the error table, the end reasons, the REST
//! bodies and the limits. Both sides compile against it, and the TypeScript types of the npm
//! package and the golden fixtures are made from it. It does no I/O and reads no clock.
//!
//! The names are those of the reference contract; what Ringback adds is optional on the wire.

mod ack;
pub mod client;
mod error;
mod events;
mod ids;
pub mod limits;
mod media;
mod name;
mod quality;
mod reason;
pub mod rest;
#[cfg(feature = "schema")]
pub mod schema;
pub mod server;
mod snapshot;
#[cfg(feature = "ts")]
pub mod typescript;
pub mod webhook;

pub use ack::{
    Ack, ConfigAck, Empty, Failure, Identity, InitiateAck, JoinAck, Outcome, ProtocolInfo,
    RefreshAck, StateAck,
};
pub use error::ErrorCode;
pub use events::DecodeError;
pub use ids::{CallRequestId, ChatId, DeviceId, IdError, SessionId, UserId};
pub use media::{
    CallType, IceCandidate, IceServer, IceUrls, MediaConstraints, MediaDefaults, QualityReport,
    QualityThresholds, RtcConfiguration, SdpType, SessionDescription, Timeouts, VideoSource,
    VideoState,
};
pub use quality::{CandidateType, LinkGrade, LinkReport, LinkStatus};
pub use reason::{CallStatus, EndReason, ParticipantStatus};
pub use snapshot::{CallSnapshot, ParticipantSnapshot};

/// Everything that a client may say, as text.
pub type ClientEvent = client::Event<Box<str>>;

/// Everything that the server may say, as text.
pub type ServerEvent = server::Event<Box<str>>;

/// The protocol version that `webrtc:config:get` announces.
pub const PROTOCOL_VERSION: u32 = 1;

/// What a server of this version can do beyond the reference, by name.
///
/// A client uses an added event or field only when the server announced its feature.
pub const FEATURES: &[&str] = &[
    "acks",
    "devices",
    "early-offer",
    "join",
    "invite",
    "resume",
    "fresh-resume",
    "sync",
    "call-error",
    "media-state",
    "video-source",
    "link-quality",
    "preconnect",
    "auth-refresh",
];
