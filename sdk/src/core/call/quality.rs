//! Measuring the links once a second, and telling the server every ten.

use ringback_protocol::{ClientEvent, client};

use super::{Call, Standing};
use crate::core::context::Context;
use crate::core::link::Link;
use crate::core::output::{Notification, PeerCommand};
use crate::core::quality::{Grade, StatsSample, Tally};
use crate::core::repair::Health;
use crate::core::timers::Timer;

/// How often links are sampled, in milliseconds.
const SAMPLE_MS: u64 = 1_000;
/// How often the server is told, in milliseconds.
const REPORT_MS: u64 = 10_000;

impl Call {
    /// The call was answered.
    pub(super) fn start_measuring(&self, cx: &mut Context) {
        cx.timers.set(Timer::Sample, cx.now.after(SAMPLE_MS));
        cx.timers.set(Timer::Report, cx.now.after(REPORT_MS));
        self.start_listening(cx);
    }

    /// A second is over.
    pub(in crate::core) fn sample(&self, cx: &mut Context) {
        cx.timers.set(Timer::Sample, cx.now.after(SAMPLE_MS));
        for link in self.participants.iter().filter_map(|other| other.link()) {
            if link.health == Health::Connected {
                cx.peer(link.id, PeerCommand::SampleStats);
            }
        }
    }

    /// A link was read.
    pub(super) fn sampled(&mut self, cx: &mut Context, at: usize, sample: StatsSample) {
        let Some(thresholds) = cx
            .signaling
            .server
            .as_ref()
            .map(|server| &server.thresholds)
        else {
            return;
        };
        let Some(participant) = self.participants.get_mut(at) else {
            return;
        };
        let user = participant.user.id.clone();
        let Some(link) = participant.link_mut().filter(|link| link.health.is_up()) else {
            return;
        };
        let before = link.sampler.grade();
        let Some(quality) = link.sampler.read(cx.now, sample, thresholds) else {
            return;
        };
        link.pace.graded(quality.grade);
        cx.notify(Notification::Quality(user, quality));
        self.limit_video(cx);
        // Media that flowed and does not any more: the path may be gone before ICE notices.
        if quality.grade == Grade::Lost && before.is_some_and(|before| before != Grade::Lost) {
            self.drive(cx, at, Link::restart);
        }
    }

    /// Ten seconds are over.
    pub(in crate::core) fn report_due(&mut self, cx: &mut Context) {
        cx.timers.set(Timer::Report, cx.now.after(REPORT_MS));
        self.report_quality(cx);
    }

    /// Tells the server what was measured since the last time.
    pub(in crate::core) fn report_quality(&mut self, cx: &mut Context) {
        let Some(active) = self.active() else {
            return;
        };
        if active.named.standing != Standing::InStep {
            return;
        }
        let session_id = active.named.session.clone();
        let mut tally = Tally::default();
        let mut links = Vec::new();
        for other in &mut self.participants {
            links.extend(other.report_link(&mut tally));
        }
        if !cx.signaling.features().link_quality {
            links.clear();
        }
        if let Some(quality) = tally.report() {
            cx.emit(ClientEvent::CallQuality(client::CallQuality {
                session_id,
                quality,
                links,
            }));
        }
    }
}
