//! What is counted of calls: read off the stored change, never decided here.

use std::time::Duration;

use ringback_protocol::rest::CallHappening;
use ringback_protocol::{CallStatus, EndReason, LinkReport};

use super::Metrics;
use crate::calls::ports::Observer;
use crate::calls::{CallSession, Entry, Timestamp};

/// The usual ways for a call to end.
pub(super) const ENDINGS: &[(CallStatus, &str)] = &[
    (CallStatus::Ended, "completed"),
    (CallStatus::Ended, "disconnected"),
    (CallStatus::Missed, "missed"),
    (CallStatus::Missed, "cancelled"),
    (CallStatus::Rejected, "declined"),
    (CallStatus::Rejected, "busy"),
    (CallStatus::Failed, "failed"),
];

/// The labels of the phases.
pub(super) const PHASES: [&str; 3] = ["ringing", "accepted", "connected"];

/// What a call went through on its way to the first sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// From placing it to the first device that rings.
    Ringing,
    /// From placing it to the first accept.
    Accepted,
    /// From the first accept to the first report of a connected link.
    Connected,
}

impl Observer for Metrics {
    fn changed(&self, before: Option<&CallSession>, after: &CallSession) {
        match before {
            None => {
                let kind = [("type", after.call_type().as_str())];
                self.placed.get_or_create(&kind).inc();
                self.recent.note(|minute| minute.placed += 1);
            }
            Some(before) => {
                self.set_up(before, after);
                self.is_over(before, after);
            }
        }
        for entry in new_entries(before, after) {
            self.happened(entry);
        }
    }

    fn rang(&self, took: Duration) {
        self.observe_setup(Phase::Ringing, took);
    }

    fn measured(&self, links: &[LinkReport]) {
        self.recent.note(|minute| {
            links
                .iter()
                .filter_map(|link| link.mos)
                .for_each(|mos| minute.mos.add(mos));
            let losses = links.iter().filter_map(|link| link.packet_loss);
            losses.for_each(|percent| minute.packet_loss.add(percent));
        });
        for link in links {
            if let Some(mos) = link.mos {
                self.mos.observe(mos);
            }
            if let Some(percent) = link.packet_loss {
                self.packet_loss.observe(percent / 100.0);
            }
            if let Some(ms) = link.round_trip_time {
                self.round_trip.observe(ms / 1_000.0);
            }
        }
    }
}

impl Metrics {
    fn set_up(&self, before: &CallSession, after: &CallSession) {
        let placed = after.initiated_at();
        if let Some(rang) = first(before, after, CallHappening::Ringing) {
            self.observe_setup(Phase::Ringing, since(placed, rang));
        }
        let Some(started) = after.state().started_at() else {
            return;
        };
        if before.state().started_at().is_none() {
            self.observe_setup(Phase::Accepted, since(placed, started));
        }
        if let Some(connected) = first(before, after, CallHappening::LinkConnected) {
            self.observe_setup(Phase::Connected, since(started, connected));
        }
    }

    fn is_over(&self, before: &CallSession, after: &CallSession) {
        let Some(ending) = after.state().ending().filter(|_| before.is_live()) else {
            return;
        };
        let labels = [
            ("status", after.status().as_str().to_owned()),
            ("reason", reason(&ending.reason).to_owned()),
        ];
        self.ended.get_or_create(&labels).inc();
        self.recent.note(|minute| minute.over(after.status()));
        if let (CallStatus::Ended, Some(started)) = (after.status(), ending.started_at) {
            let lasted = since(started, ending.ended_at);
            self.duration.observe(lasted.as_secs_f64());
        }
    }

    fn happened(&self, entry: &Entry) {
        match entry.happening() {
            CallHappening::LinkFailed => {
                self.link_failures.inc();
                self.recent.note(|minute| minute.link_failures += 1);
            }
            CallHappening::LinkConnected => {
                let path = entry
                    .candidate_type()
                    .map_or("unknown", |path| path.as_str());
                self.paths.get_or_create(&[("candidate", path)]).inc();
            }
            CallHappening::Reconnecting => {
                self.reconnections.inc();
                self.recent.note(|minute| minute.reconnections += 1);
            }
            CallHappening::Initiated
            | CallHappening::Ringing
            | CallHappening::Accepted
            | CallHappening::Rejected
            | CallHappening::Missed
            | CallHappening::Invited
            | CallHappening::Joined
            | CallHappening::Moved
            | CallHappening::Left
            | CallHappening::Reconnected
            | CallHappening::Ended => {}
        }
    }

    fn observe_setup(&self, phase: Phase, took: Duration) {
        self.recent.note(|minute| match phase {
            Phase::Ringing => minute.ringing.add_time(took),
            Phase::Connected => minute.connected.add_time(took),
            // Mostly people's time.
            Phase::Accepted => {}
        });
        let phase = match phase {
            Phase::Ringing => "ringing",
            Phase::Accepted => "accepted",
            Phase::Connected => "connected",
        };
        let histogram = self.setup.get_or_create(&[("phase", phase)]);
        histogram.observe(took.as_secs_f64());
    }
}

/// Returns what was noted by a change; nothing once a timeline is so full that it loses entries.
fn new_entries<'a>(before: Option<&CallSession>, after: &'a CallSession) -> &'a [Entry] {
    let known = before.map_or(0, |before| before.timeline().len());
    after.timeline().get(known..).unwrap_or(&[])
}

/// Returns when it happened for the first time, provided that this change was it.
fn first(before: &CallSession, after: &CallSession, what: CallHappening) -> Option<Timestamp> {
    let happened = |entry: &&Entry| entry.happening() == what;
    if before.timeline().iter().any(|entry| happened(&entry)) {
        return None;
    }
    let entry = new_entries(Some(before), after).iter().find(happened)?;
    Some(entry.at())
}

fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(to.ms_since(from))
}

/// A text that a client gave is no label: there may be any number of them.
fn reason(reason: &EndReason) -> &str {
    match reason {
        EndReason::Other(_) => "other",
        EndReason::Completed
        | EndReason::Cancelled
        | EndReason::Declined
        | EndReason::Busy
        | EndReason::Missed
        | EndReason::Failed
        | EndReason::Disconnected
        | EndReason::Replaced
        | EndReason::Server => reason.as_str(),
    }
}
