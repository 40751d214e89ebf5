//! Whether media flows over a link, and what is done to make it flow.

use ringback_protocol::LinkStatus;

use super::input::ConnectionState;
use super::view::LinkState;

/// How long a link may be disconnected before ICE is restarted, in milliseconds.
pub(super) const WAVER_MS: u64 = 2_000;
/// How long the first negotiation may take before it is tried again, in milliseconds.
pub(super) const FIRST_TRY_MS: u64 = 5_000;
/// How long one attempt to bring a link back may take, in milliseconds.
pub(super) const TRY_MS: u64 = 4_000;
/// How long a link may take to come up for the first time, in milliseconds.
pub(super) const CONNECT_MS: u64 = 20_000;
/// How long a lost link may take to come back, in milliseconds.
pub(super) const RECOVER_MS: u64 = 30_000;
/// How much longer it may take in all while someone comes and goes, in milliseconds.
pub(super) const PATIENCE_MS: u64 = 60_000;
/// How long the other side may take to answer an offer, in milliseconds.
pub(super) const ANSWER_MS: u64 = 10_000;

/// What an attempt consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Restart ICE on the same peer connection.
    Restart,
    /// Make a new peer connection.
    Rebuild,
}

/// Where the attempts to bring a link up stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// One is under way.
    Trying,
    /// The next one begins after a while.
    Pausing,
    /// The next one begins when signaling is back.
    Blocked,
}

/// The attempts to bring a link up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effort {
    /// How many began, after the first negotiation.
    pub(super) attempts: u8,
    /// Where they stand.
    pub(super) step: Step,
    /// How much longer it may take while someone comes and goes, in milliseconds.
    patience_ms: u64,
}

impl Effort {
    /// Returns an effort in which nothing has been attempted.
    pub(super) const fn new(step: Step) -> Self {
        Self {
            attempts: 0,
            step,
            patience_ms: PATIENCE_MS,
        }
    }

    /// Returns how much of that much more time there is, in milliseconds, and counts it as spent.
    pub(super) fn spend_patience(&mut self, ms: u64) -> u64 {
        let spent = ms.min(self.patience_ms);
        self.patience_ms -= spent;
        spent
    }

    /// Begins the next attempt and returns what it consists of.
    pub(super) const fn begin(&mut self) -> Remedy {
        self.attempts = self.attempts.saturating_add(1);
        self.step = Step::Trying;
        // A peer connection that three restarts did not mend is replaced, once.
        if self.attempts == 4 {
            Remedy::Rebuild
        } else {
            Remedy::Restart
        }
    }

    /// Returns how long to wait before the next attempt, in milliseconds.
    pub(super) const fn pause_ms(self) -> u64 {
        match self.attempts {
            0 => 0,
            1 => 1_000,
            2 => 2_000,
            _ => 4_000,
        }
    }
}

/// Whether media flows over a link.
///
/// ```text
/// Connecting --connected--> Connected <--connected-- Wavering
///                             ^    \__disconnected____^   |
///                             |     \__failed___          | 2 s, failed
///                             +--connected-- Mending <----+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// It never did.
    Connecting(Effort),
    /// It does.
    Connected,
    /// It may recover by itself.
    Wavering,
    /// It did.
    Mending(Effort),
}

/// What a change of the connection's state asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// Media flows (again).
    Up,
    /// Media stopped; it may recover by itself.
    Waver,
    /// Media stopped for good.
    Lost,
    /// The attempt under way failed.
    Setback,
}

impl Health {
    /// Returns the health of a link whose first negotiation begins.
    pub(super) const fn new() -> Self {
        Self::Connecting(Effort::new(Step::Trying))
    }

    /// Returns the attempts under way; none while there is nothing to mend.
    pub(super) const fn effort(&mut self) -> Option<&mut Effort> {
        match self {
            Self::Connecting(effort) | Self::Mending(effort) => Some(effort),
            Self::Connected | Self::Wavering => None,
        }
    }

    /// Tells whether media flows, as far as is known.
    pub(super) const fn is_up(self) -> bool {
        match self {
            Self::Connected | Self::Wavering => true,
            Self::Connecting(_) | Self::Mending(_) => false,
        }
    }

    /// Returns what the server is told; none before there was a connection.
    pub(super) const fn report(self) -> Option<LinkStatus> {
        match self {
            Self::Connecting(_) => None,
            Self::Connected | Self::Wavering => Some(LinkStatus::Connected),
            Self::Mending(_) => Some(LinkStatus::Reconnecting),
        }
    }

    /// Returns what the application sees.
    pub(super) const fn view(self) -> LinkState {
        match self {
            Self::Connecting(_) => LinkState::Connecting,
            Self::Connected | Self::Wavering => LinkState::Connected,
            Self::Mending(_) => LinkState::Reconnecting,
        }
    }

    /// Takes note of `connectionState` (webrtc-pc section 4.3.3).
    pub(super) const fn changed(&mut self, state: ConnectionState) -> Change {
        match (&self, state) {
            (Self::Connected, ConnectionState::Connected)
            | (Self::Wavering, ConnectionState::Disconnected) => Change::None,
            (
                Self::Connecting(_) | Self::Wavering | Self::Mending(_),
                ConnectionState::Connected,
            ) => {
                *self = Self::Connected;
                Change::Up
            }
            (Self::Connected, ConnectionState::Disconnected) => {
                *self = Self::Wavering;
                Change::Waver
            }
            (Self::Connected | Self::Wavering, ConnectionState::Failed) => {
                *self = Self::Mending(Effort::new(Step::Pausing));
                Change::Lost
            }
            (
                Self::Connecting(Effort {
                    step: Step::Trying, ..
                })
                | Self::Mending(Effort {
                    step: Step::Trying, ..
                }),
                ConnectionState::Failed,
            ) => Change::Setback,
            (
                Self::Connecting(Effort {
                    step: Step::Pausing | Step::Blocked,
                    ..
                })
                | Self::Mending(Effort {
                    step: Step::Pausing | Step::Blocked,
                    ..
                }),
                ConnectionState::Failed,
            )
            | (Self::Connecting(_) | Self::Mending(_), ConnectionState::Disconnected)
            | (
                Self::Connecting(_) | Self::Connected | Self::Wavering | Self::Mending(_),
                ConnectionState::New | ConnectionState::Connecting | ConnectionState::Closed,
            ) => Change::None,
        }
    }
}
