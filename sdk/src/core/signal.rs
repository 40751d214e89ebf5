//! What a link says and asks for, and how it is spoken to.

use ringback_protocol::{IceCandidate, SessionDescription};

use super::output::PeerCommand;

/// What a link has to say to the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signal {
    /// `webrtc:offer`
    Offer(SessionDescription),
    /// `webrtc:answer`
    Answer(SessionDescription),
    /// `webrtc:ice-candidate`
    Candidate(IceCandidate),
}

/// What a link asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LinkOutput {
    /// Of its peer connection.
    Do(PeerCommand),
    /// Of signaling.
    Send(Signal),
}

/// Which side gives way when both offer at once (webrtc-pc section 10.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manners {
    /// This side takes its own offer back.
    Polite,
    /// This side ignores the other's offer.
    Impolite,
}

/// What became of an offer that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    /// It is dealt with.
    Done,
    /// It takes a new peer connection: another one made it than the one this link is connected to, or
    /// this one made an offer of its own before it ever had a description of the other side.
    Foreign(SessionDescription),
}

/// Where a report of the peer connection leaves the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on.
    Under,
    /// Negotiation broke down: what the peer connection holds is not known any more.
    Broken,
}
