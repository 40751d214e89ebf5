//! What happened lately, minute by minute, for the operator's page: on this node, or on all of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_protocol::CallStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calls::time::MS_PER_MINUTE;
use crate::calls::{Clock, SystemClock};

/// A day.
const MOST_MINUTES: usize = 24 * 60;

/// What happened in one minute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Minute {
    /// When it began, in milliseconds since 1970.
    pub at_ms: u64,
    /// Calls that were placed.
    pub placed: u64,
    /// Calls that took place and were over.
    pub ended: u64,
    /// Calls that nobody answered.
    pub missed: u64,
    /// Calls that everyone rejected.
    pub rejected: u64,
    /// Calls that broke down.
    pub failed: u64,
    /// Links that participants reported as failed.
    pub link_failures: u64,
    /// Devices that dropped out of a call.
    pub reconnections: u64,
    /// How long calls took to ring.
    pub ringing: Mean,
    /// How long calls took from the accept to the first report of a connected link.
    pub connected: Mean,
    /// Mean opinion score of links, an estimate.
    pub mos: Mean,
    /// Packet loss of links, in percent.
    pub packet_loss: Mean,
}

/// A mean with how much went into it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mean {
    /// How many values; 0: there is no mean.
    pub count: u64,
    /// Their mean; times are in milliseconds.
    pub mean: f64,
}

impl Mean {
    /// Takes a value in.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        #[expect(clippy::cast_precision_loss, reason = "a count of one minute is small")]
        let count = self.count as f64;
        self.mean += (value - self.mean) / count;
    }

    /// Takes a time in, as milliseconds.
    pub fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64() * 1_000.0);
    }

    /// Takes in what another mean is made of.
    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        if self.count > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
            let share = other.count as f64 / self.count as f64;
            self.mean += (other.mean - self.mean) * share;
        }
    }
}

impl Minute {
    /// Counts a call that was over.
    pub fn over(&mut self, status: CallStatus) {
        match status {
            CallStatus::Ended => self.ended += 1,
            CallStatus::Missed => self.missed += 1,
            CallStatus::Rejected => self.rejected += 1,
            CallStatus::Failed => self.failed += 1,
            CallStatus::Ringing | CallStatus::Ongoing => {}
        }
    }

    /// Takes in what happened in the same minute elsewhere.
    fn merge(&mut self, other: &Self) {
        for (count, more) in [
            (&mut self.placed, other.placed),
            (&mut self.ended, other.ended),
            (&mut self.missed, other.missed),
            (&mut self.rejected, other.rejected),
            (&mut self.failed, other.failed),
            (&mut self.link_failures, other.link_failures),
            (&mut self.reconnections, other.reconnections),
        ] {
            *count = count.saturating_add(more);
        }
        self.ringing.merge(other.ringing);
        self.connected.merge(other.connected);
        self.mos.merge(other.mos);
        self.packet_loss.merge(other.packet_loss);
    }
}

/// Adds up what happened on several nodes, minute by minute, the oldest first.
pub fn add_up(minutes: impl IntoIterator<Item = Minute>) -> Vec<Minute> {
    let mut by_time = BTreeMap::new();
    for minute in minutes {
        let sum = by_time.entry(minute.at_ms).or_insert_with(|| Minute {
            at_ms: minute.at_ms,
            ..Minute::default()
        });
        sum.merge(&minute);
    }
    by_time.into_values().collect()
}

/// The minutes of the last day in which something happened.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<VecDeque<Minute>>);

impl Recent {
    /// Notes something in the minute that it is.
    pub(super) fn note(&self, what: impl FnOnce(&mut Minute)) {
        self.note_at(SystemClock.now().as_ms(), what);
    }

    /// Returns the minutes since then, the oldest first; those without anything are left out.
    pub(super) fn since(&self, since_ms: u64) -> Vec<Minute> {
        let minutes = self.lock();
        let recent = minutes
            .iter()
            .filter(|minute| minute.at_ms + MS_PER_MINUTE > since_ms);
        recent.cloned().collect()
    }

    fn note_at(&self, now_ms: u64, what: impl FnOnce(&mut Minute)) {
        let at_ms = now_ms - now_ms % MS_PER_MINUTE;
        let mut minutes = self.lock();
        // A clock that was set back goes on in the newest minute.
        if minutes.back().is_none_or(|minute| minute.at_ms < at_ms) {
            minutes.push_back(Minute {
                at_ms,
                ..Minute::default()
            });
            if minutes.len() > MOST_MINUTES {
                minutes.pop_front();
            }
        }
        if let Some(minute) = minutes.back_mut() {
            what(minute);
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Minute>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_in_one_minute_stands_together() {
        let recent = Recent::default();
        for at in [60_000, 119_999, 120_000] {
            recent.note_at(at, |minute| minute.placed += 1);
        }
        let minutes = recent.since(0);
        let placed: Vec<_> = minutes
            .iter()
            .map(|minute| (minute.at_ms, minute.placed))
            .collect();
        assert_eq!(placed, [(60_000, 2), (120_000, 1)]);
        assert_eq!(recent.since(120_000).len(), 1);
    }

    #[test]
    fn no_more_than_a_day_is_kept() {
        let recent = Recent::default();
        for minute in 0..2_000 {
            recent.note_at(minute * MS_PER_MINUTE, |minute| minute.failed += 1);
        }
        let minutes = recent.since(0);
        assert_eq!(minutes.len(), MOST_MINUTES);
        assert_eq!(minutes[0].at_ms, 560 * MS_PER_MINUTE);
    }

    #[test]
    fn what_happened_on_several_nodes_adds_up() {
        let [mut here, mut there] = [60_000, 60_000].map(|at_ms| Minute {
            at_ms,
            ..Minute::default()
        });
        for value in [1.0, 2.0] {
            here.over(CallStatus::Ended);
            here.mos.add(value);
        }
        there.over(CallStatus::Ended);
        there.over(CallStatus::Missed);
        there.mos.add(6.0);
        let later = Minute {
            at_ms: 120_000,
            placed: 7,
            ..Minute::default()
        };
        let sums = add_up([later.clone(), here, there]);
        let figures = |minute: &Minute| (minute.at_ms, minute.ended, minute.missed, minute.placed);
        assert_eq!(
            sums.iter().map(figures).collect::<Vec<_>>(),
            [(60_000, 3, 1, 0), (120_000, 0, 0, 7)]
        );
        assert_eq!((sums[0].mos.count, sums[0].mos.mean), (3, 3.0));
        assert_eq!(sums[1], later);
    }

    #[test]
    fn a_mean_is_that_of_all_its_values() {
        let mut mean = Mean::default();
        for value in [1.0, 2.0, 6.0] {
            mean.add(value);
        }
        assert_eq!((mean.count, mean.mean), (3, 3.0));
    }
}
