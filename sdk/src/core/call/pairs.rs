//! One failing pair of a group: told, and tried again for as long as both are in the call.

use super::{Call, Flow, GOES_ON};
use crate::core::context::Context;
use crate::core::ids::LinkId;
use crate::core::output::Notification;
use crate::core::participant::Path;
use crate::core::signal::Manners;
use crate::core::timers::Timer;

/// How long a pair that cannot be reached now waits before it looks again, in milliseconds.
const BLOCKED_MS: u64 = 2_000;

impl Call {
    /// A link was given up, and the call goes on without it.
    pub(super) fn pair_failed(&mut self, cx: &mut Context, at: usize, id: LinkId) {
        self.fail_link(cx, at);
        let manners = self.manners(cx, at);
        let Some(participant) = self.participants.get_mut(at) else {
            return;
        };
        let is_first = participant.failures == 0;
        participant.failures = participant.failures.saturating_add(1);
        let after_ms = again_ms(participant.failures, manners);
        let user = participant.user.clone();
        cx.timers.set(Timer::Again(id), cx.now.after(after_ms));
        if is_first {
            cx.notify(Notification::LinkFailed(user));
        }
    }

    /// The next attempt of a pair that failed is due.
    pub(in crate::core) fn again(&mut self, cx: &mut Context, id: LinkId) -> Flow {
        let failed = |path: &Path| match path {
            Path::Failed(failed) => *failed == id,
            Path::None | Path::Link(_) => false,
        };
        let mut others = self.participants.iter();
        if let Some(at) = others.position(|other| failed(&other.path)) {
            if self.can_signal(at) {
                self.open_offering_link(cx, at);
            } else {
                cx.timers.set(Timer::Again(id), cx.now.after(BLOCKED_MS));
            }
        }
        GOES_ON
    }

    /// Tries a pair that failed without waiting: something changed for the better.
    pub(super) fn again_now(&mut self, cx: &mut Context, at: usize) {
        if let Some(Path::Failed(id)) = self.participants.get(at).map(|other| &other.path) {
            cx.timers.set(Timer::Again(*id), cx.now);
        }
    }

    /// A link is up: a pair that had failed hears each other again.
    pub(super) fn pair_is_up(&mut self, cx: &mut Context, at: usize) {
        if let Some(participant) = self.participants.get_mut(at)
            && std::mem::take(&mut participant.failures) > 0
        {
            let user = participant.user.id.clone();
            cx.notify(Notification::LinkRecovered(user));
        }
    }
}

/// Returns how long to wait before the next attempt, in milliseconds.
///
/// The polite side leaves it to the other, unless that one does not see the failure.
const fn again_ms(failures: u8, manners: Manners) -> u64 {
    let pause_ms = match failures {
        0 | 1 => 5_000,
        2 => 10_000,
        3 => 20_000,
        _ => 30_000,
    };
    match manners {
        Manners::Impolite => pause_ms,
        Manners::Polite => pause_ms + 10_000,
    }
}
