//! The quality of one link, as one side of it measured it.

use serde::{Deserialize, Serialize};

use crate::UserId;

/// Where the media path to a participant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LinkStatus {
    /// Media can flow.
    Connected,
    /// It was lost and is being mended.
    Reconnecting,
    /// It was given up for now.
    Failed,
}

/// How good a link is, to a person; the worse one is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LinkGrade {
    /// Nothing to hear of the network.
    Excellent,
    /// Now and then something.
    Good,
    /// Hard to follow.
    Poor,
    /// Nothing arrives.
    Lost,
}

impl LinkGrade {
    /// Returns the grade as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Poor => "poor",
            Self::Lost => "lost",
        }
    }
}

/// The type of an ICE candidate (RFC 8445 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CandidateType {
    /// An address of the machine.
    Host,
    /// The machine as STUN sees it.
    Srflx,
    /// The machine as the peer sees it.
    Prflx,
    /// A TURN relay.
    Relay,
}

impl CandidateType {
    /// Returns the type as it stands on the wire, and in the statistics of a browser.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Srflx => "srflx",
            Self::Prflx => "prflx",
            Self::Relay => "relay",
        }
    }
}

/// One link in `call:quality`: what arrived since the last report, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkReport {
    /// Who is at the other end.
    pub user_id: UserId,
    /// Where it stands.
    pub state: LinkStatus,
    /// How good it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub grade: Option<LinkGrade>,
    /// Mean opinion score from 1 to 4.5, an estimate (ITU-T G.107).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 5.0)))]
    pub mos: Option<f64>,
    /// Mean bit rate received, in bits per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1e10)))]
    pub avg_bitrate: Option<f64>,
    /// Packets lost, in percent (0 to 100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 100.0)))]
    pub packet_loss: Option<f64>,
    /// Interarrival jitter (RFC 3550), in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 600_000.0)))]
    pub jitter: Option<f64>,
    /// In milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 600_000.0)))]
    pub round_trip_time: Option<f64>,
    /// Type of the local candidate in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub candidate_type: Option<CandidateType>,
}

impl LinkReport {
    /// Tells whether every figure is finite and within what can be true.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        let within = |figure: Option<f64>, most: f64| {
            figure.is_none_or(|figure| (0.0..=most).contains(&figure))
        };
        within(self.mos, 5.0)
            && within(self.avg_bitrate, 1e10)
            && within(self.packet_loss, 100.0)
            && within(self.jitter, 600_000.0)
            && within(self.round_trip_time, 600_000.0)
    }
}
