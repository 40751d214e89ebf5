//! What WebRTC itself passes: descriptions, candidates, configuration, quality.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Voice or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CallType {
    /// Audio alone.
    Voice,
    /// Audio and video.
    Video,
}

impl CallType {
    /// Returns the type as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Video => "video",
        }
    }

    /// Returns the type that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "voice" => Some(Self::Voice),
            "video" => Some(Self::Video),
            _ => None,
        }
    }
}

/// The kind of a session description (`RTCSdpType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SdpType {
    /// An offer.
    Offer,
    /// A provisional answer.
    Pranswer,
    /// An answer.
    Answer,
    /// Back to the last stable state.
    Rollback,
}

impl SdpType {
    /// Returns the kind that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "offer" => Some(Self::Offer),
            "pranswer" => Some(Self::Pranswer),
            "answer" => Some(Self::Answer),
            "rollback" => Some(Self::Rollback),
            _ => None,
        }
    }
}

/// A session description (`RTCSessionDescriptionInit`); its text passes unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "SessionDescription")
)]
pub struct SessionDescription<Text = Box<str>> {
    /// Offer or answer.
    #[serde(rename = "type")]
    pub kind: SdpType,
    /// The SDP text (RFC 8866), untouched.
    pub sdp: Text,
}

/// An ICE candidate (`RTCIceCandidateInit`); its texts pass unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IceCandidate")
)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "Text: Deserialize<'de>"))]
pub struct IceCandidate<Text = Box<str>> {
    /// The candidate line (RFC 8839), empty at the end of candidates.
    pub candidate: Text,
    /// The media section it belongs to, by `mid`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("default" = null)))]
    pub sdp_mid: Option<Text>,
    /// The media section it belongs to, by index.
    #[serde(default, rename = "sdpMLineIndex")]
    pub sdp_m_line_index: Option<u16>,
    /// The ICE generation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<Text>,
}

/// One address or several (`RTCIceServer.urls`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum IceUrls {
    /// One URL.
    One(String),
    /// Several URLs.
    Many(Vec<String>),
}

/// Written out: what serde derives for untagged enums weighs kilobytes in the browser.
impl<'de> Deserialize<'de> for IceUrls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IceUrlsVisitor)
    }
}

struct IceUrlsVisitor;

impl<'de> Visitor<'de> for IceUrlsVisitor {
    type Value = IceUrls;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a URL or a list of URLs")
    }

    fn visit_str<E: de::Error>(self, url: &str) -> Result<IceUrls, E> {
        Ok(IceUrls::One(url.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, urls: A) -> Result<IceUrls, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(urls)).map(IceUrls::Many)
    }
}

/// A STUN or TURN server (`RTCIceServer`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IceServer {
    /// Where it is (RFC 7064, RFC 7065).
    pub urls: IceUrls,
    /// The user name for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// What a peer connection is made with (`RTCConfiguration`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RtcConfiguration {
    /// STUN and TURN servers.
    #[serde(default)]
    pub ice_servers: Vec<IceServer>,
    /// `all` or `relay`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ice_transport_policy: Option<String>,
    /// `max-bundle` for one transport per connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle_policy: Option<String>,
    /// How many candidates to gather ahead of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ice_candidate_pool_size: Option<u8>,
}

/// Constraints for `getUserMedia`, for one kind of call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MediaConstraints {
    /// Removes the echo of the loudspeaker.
    pub echo_cancellation: bool,
    /// Removes steady noise.
    pub noise_suppression: bool,
    /// Evens out the level.
    pub auto_gain_control: bool,
    /// Ideal width of the picture in pixels; absent for voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub width: Option<u32>,
    /// Ideal height of the picture in pixels; absent for voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub height: Option<u32>,
    /// Ideal frames per second; absent for voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub frame_rate: Option<u32>,
}

/// Constraints for both kinds of call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediaDefaults {
    /// For voice calls.
    pub voice: MediaConstraints,
    /// For video calls.
    pub video: MediaConstraints,
}

/// Where the grades of connection quality begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QualityThresholds {
    /// At least this mean opinion score (1 to 4.5) is `excellent`.
    pub excellent_mos: f64,
    /// At least this one is `good`; below it is `poor`.
    pub good_mos: f64,
}

/// How long things may take, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Timeouts {
    /// How long a target rings.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub ring_timeout_ms: u64,
    /// How long a dropped device may take to resume.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub reconnect_grace_ms: u64,
}

/// The quality of a call as one participant measured it (`call:quality`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QualityReport {
    /// Mean bit rate received, in bits per second.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1e10)))]
    pub avg_bitrate: f64,
    /// Packets lost, in percent (0 to 100).
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 100.0)))]
    pub packet_loss: f64,
    /// Interarrival jitter (RFC 3550), in milliseconds.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 600_000.0)))]
    pub jitter: f64,
}

impl QualityReport {
    /// Tells whether every figure is finite and within what can be true.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        (0.0..=1e10).contains(&self.avg_bitrate)
            && (0.0..=100.0).contains(&self.packet_loss)
            && (0.0..=600_000.0).contains(&self.jitter)
    }
}

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum VideoSource {
    /// The camera.
    Camera,
    /// A screen, a window or a tab.
    Screen,
}

/// What the picture of a participant shows, if there is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum VideoState {
    /// There is none.
    #[default]
    Off,
    /// The camera.
    Camera,
    /// A screen, a window or a tab.
    Screen,
}

impl VideoState {
    /// Returns the state as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Camera => "camera",
            Self::Screen => "screen",
        }
    }

    /// Returns what the picture shows; none when there is no picture.
    #[must_use]
    pub const fn source(self) -> Option<VideoSource> {
        match self {
            Self::Off => None,
            Self::Camera => Some(VideoSource::Camera),
            Self::Screen => Some(VideoSource::Screen),
        }
    }

    /// Tells whether there is a picture.
    #[must_use]
    pub const fn is_on(self) -> bool {
        self.source().is_some()
    }

    /// Returns the state that `call:toggle-video` tells of.
    #[must_use]
    pub const fn of(enabled: bool, source: Option<VideoSource>) -> Self {
        match (enabled, source) {
            (false, _) => Self::Off,
            (true, Some(VideoSource::Camera) | None) => Self::Camera,
            (true, Some(VideoSource::Screen)) => Self::Screen,
        }
    }

    /// Returns the state that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "camera" => Some(Self::Camera),
            "screen" => Some(Self::Screen),
            _ => None,
        }
    }
}

impl VideoSource {
    /// Returns the source that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "camera" => Some(Self::Camera),
            "screen" => Some(Self::Screen),
            _ => None,
        }
    }
}
