//! How loud everyone is, five times a second, and who speaks.

use super::Call;
use crate::core::context::Context;
use crate::core::output::{Notification, PeerCommand};
use crate::core::repair::Health;
use crate::core::timers::Timer;

/// How often the levels are read, in milliseconds.
const LEVELS_MS: u64 = 200;

impl Call {
    /// The call was answered.
    pub(super) fn start_listening(&self, cx: &mut Context) {
        cx.timers.set(Timer::Levels, cx.now.after(LEVELS_MS));
    }

    /// Tells what was read since the last time, and reads anew.
    pub(in crate::core) fn levels_due(&mut self, cx: &mut Context) {
        self.start_listening(cx);
        let mut levels = Vec::new();
        for other in &self.participants {
            if let Some(link) = other.link()
                && link.health == Health::Connected
            {
                levels.push((other.user.id.clone(), link.level));
                cx.peer(link.id, PeerCommand::ReadLevel);
            }
        }
        let is_other = self.speaker.hear(&levels);
        if !levels.is_empty() {
            cx.notify(Notification::Levels(self.speaker.loudness().to_vec()));
        }
        if is_other {
            let speaker = self.speaker.current().cloned();
            cx.notify(Notification::ActiveSpeaker(speaker));
        }
    }

    /// A level was read.
    pub(super) fn level_read(&mut self, at: usize, level: f64) {
        if let Some(link) = self.link_mut(at) {
            link.level = level;
        }
    }

    /// The call is over: nobody speaks.
    pub(super) fn stop_listening(&self, cx: &mut Context) {
        if self.speaker.current().is_some() {
            cx.notify(Notification::ActiveSpeaker(None));
        }
    }
}
