//! Everything that the client waits for, by name, and when.

use super::ids::{AckId, LinkId};
use super::media::MediaKind;
use super::time::Instant;

/// What a point in time is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The server should have acked this event by now.
    Ack(AckId),
    /// The early offer, or the early answer, should have been made by now.
    Early,
    /// The socket should have come back by now, for `call:initiate` to be repeated.
    Lost,
    /// The server should have said by now that nobody answered.
    Ring,
    /// `call:resume` may be asked again.
    Resume,
    /// The farewells that the server could not take may be said again.
    Farewell,
    /// The links are sampled.
    Sample,
    /// The quality is reported to the server.
    Report,
    /// A link that the browser calls disconnected has had its time to recover by itself.
    Waver(LinkId),
    /// The next attempt to bring a link up begins, or the running one is over.
    Attempt(LinkId),
    /// A link that did not come up is given up.
    GiveUp(LinkId),
    /// The other side should have answered an offer by now.
    Answer(LinkId),
    /// A link that was given up is tried anew.
    Again(LinkId),
    /// The next attempt to have a device again that stopped by itself.
    Reacquire(MediaKind),
    /// Plugging in and unplugging has settled.
    Devices,
    /// The levels are read.
    Levels,
    /// The microphone was made ready for an answer that did not come.
    Prepared,
    /// The credentials of the relay are to be renewed.
    Credentials,
}

impl Timer {
    /// Tells whether the timer ends with the call that it serves.
    const fn belongs_to_call(self) -> bool {
        match self {
            // Acks of farewells, and of a call that was given up, outlive their call.
            Self::Ack(_) | Self::Farewell | Self::Devices | Self::Credentials => false,
            Self::Early
            | Self::Lost
            | Self::Ring
            | Self::Resume
            | Self::Sample
            | Self::Report
            | Self::Waver(_)
            | Self::Attempt(_)
            | Self::GiveUp(_)
            | Self::Answer(_)
            | Self::Again(_)
            | Self::Reacquire(_)
            | Self::Levels
            | Self::Prepared => true,
        }
    }

    /// Tells whether the timer ends with this link.
    fn belongs_to(self, link: LinkId) -> bool {
        match self {
            Self::Waver(id)
            | Self::Attempt(id)
            | Self::GiveUp(id)
            | Self::Answer(id)
            | Self::Again(id) => id == link,
            Self::Ack(_)
            | Self::Early
            | Self::Lost
            | Self::Ring
            | Self::Resume
            | Self::Farewell
            | Self::Sample
            | Self::Report
            | Self::Reacquire(_)
            | Self::Devices
            | Self::Levels
            | Self::Prepared
            | Self::Credentials => false,
        }
    }
}

/// The running timers.
#[derive(Debug, Default)]
pub(super) struct Timers(Vec<(Timer, Instant)>);

impl Timers {
    /// Starts a timer, in place of its former run.
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.stop(timer);
        self.0.push((timer, at));
    }

    /// Stops a timer, if it runs.
    pub(super) fn stop(&mut self, timer: Timer) {
        self.0.retain(|(other, _)| *other != timer);
    }

    /// Stops every timer of a link.
    pub(super) fn stop_link(&mut self, link: LinkId) {
        self.0.retain(|(timer, _)| !timer.belongs_to(link));
    }

    /// Stops every timer that ends with the call.
    pub(super) fn stop_call(&mut self) {
        self.0.retain(|(timer, _)| !timer.belongs_to_call());
    }

    /// Stops everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns when a timer is due, if it runs.
    pub(super) fn due(&self, timer: Timer) -> Option<Instant> {
        let running = self.0.iter().find(|(other, _)| *other == timer);
        running.map(|(_, at)| *at)
    }

    /// Returns when the next timer is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().map(|(_, at)| *at).min()
    }

    /// Takes out the timer that has been due the longest, and tells since when.
    pub(super) fn expire(&mut self, now: Instant) -> Option<(Timer, Instant)> {
        let due = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, (_, at))| *at <= now)
            .min_by_key(|(_, (_, at))| *at)
            .map(|(position, _)| position)?;
        Some(self.0.remove(due))
    }
}
