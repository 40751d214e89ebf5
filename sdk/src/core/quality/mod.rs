//! Quality of a link: what is sampled, and what it means to a person.

pub(super) mod emodel;
mod sampler;

pub use ringback_protocol::{CandidateType, LinkGrade as Grade};
pub(super) use sampler::{Sampler, Tally};

/// One reading of `getStats` (W3C webrtc-stats), as running totals.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StatsSample {
    /// `inbound-rtp` audio: bytes received, without headers.
    pub bytes_received: f64,
    /// `inbound-rtp` audio: packets received.
    pub packets_received: f64,
    /// `inbound-rtp` audio: packets lost; may shrink.
    pub packets_lost: f64,
    /// `inbound-rtp` audio: jitter in seconds.
    pub jitter_s: f64,
    /// `inbound-rtp` audio: samples played.
    pub total_samples_received: f64,
    /// `inbound-rtp` audio: samples made up to hide loss.
    pub concealed_samples: f64,
    /// `inbound-rtp` audio: level of the last period, 0 to 1.
    pub audio_level: f64,
    /// `candidate-pair` in use: round trip in seconds, once measured.
    pub round_trip_s: Option<f64>,
    /// Type of the local candidate in use.
    pub candidate_type: Option<CandidateType>,
}

/// One second of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkQuality {
    /// With hysteresis.
    pub grade: Grade,
    /// Estimated mean opinion score, 1 to 4.5 (ITU-T G.107).
    pub mos: f64,
    /// Received, in bits per second.
    pub bitrate: f64,
    /// Received packets lost, in percent.
    pub packet_loss: f64,
    /// In milliseconds.
    pub jitter_ms: f64,
    /// In milliseconds, once measured.
    pub round_trip_ms: Option<f64>,
    /// Type of the local candidate in use.
    pub candidate_type: Option<CandidateType>,
    /// Level of the received audio, 0 to 1.
    pub audio_level: f64,
}
