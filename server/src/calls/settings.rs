//! What an operator may set about calls.

use std::time::Duration;

use ringback_protocol::{CallType, limits};

use super::session::{CallRules, Notices};

/// What an operator may set about calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSettings {
    /// How long a target rings.
    pub ring_timeout: Duration,
    /// How long a dropped device may take to resume.
    pub reconnect_grace: Duration,
    /// The most people in a voice call.
    pub max_voice_participants: usize,
    /// The most people in a video call.
    pub max_video_participants: usize,
    /// Whether a call rings for someone who is in another call; else they are busy.
    pub call_waiting: bool,
    /// Whether the host application is told of calls.
    pub notices: Notices,
    /// How often deadlines are read from the store, in case a timer of this process was lost.
    pub sweep_interval: Duration,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            ring_timeout: Duration::from_millis(limits::RING_TIMEOUT_MS),
            reconnect_grace: Duration::from_millis(limits::RECONNECT_GRACE_MS),
            max_voice_participants: limits::VOICE_PARTICIPANTS,
            max_video_participants: limits::VIDEO_PARTICIPANTS,
            call_waiting: false,
            notices: Notices::Off,
            sweep_interval: Duration::from_secs(5),
        }
    }
}

impl CallSettings {
    /// Returns the rules that a new call of that type is placed under.
    #[must_use]
    pub fn rules(&self, call_type: CallType) -> CallRules {
        CallRules {
            ring_timeout_ms: whole_ms(self.ring_timeout),
            reconnect_grace_ms: whole_ms(self.reconnect_grace),
            max_participants: match call_type {
                CallType::Voice => self.max_voice_participants,
                CallType::Video => self.max_video_participants,
            },
            notices: self.notices,
        }
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
