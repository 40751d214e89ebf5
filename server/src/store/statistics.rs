//! The statistics of one user, out of the sums that the database made.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_protocol::rest::{
    CallRecord, CallStatistics, CallStats, CallsByDirection, CallsByType, QualityAverages,
};
use ringback_protocol::{CallStatus, CallType, UserId};

use crate::calls::time::MS_PER_DAY;
use crate::calls::{CallSession, Timestamp};
use crate::store::{HistoryQuery, StatisticsQuery};

/// How many of the newest calls stand beside the figures.
pub(super) const RECENT: u64 = 10;

impl StatisticsQuery {
    /// Asks for the newest calls, of which those in the time frame stand beside the figures.
    pub(super) fn newest(&self) -> HistoryQuery {
        HistoryQuery {
            chat_id: self.chat_id.clone(),
            ..HistoryQuery::default()
        }
    }

    /// Returns those of the newest calls that are in the time frame, as that user sees them.
    pub(super) fn recent(&self, newest: &[Arc<CallSession>], user: &UserId) -> Vec<CallRecord> {
        let since = self.timeframe.since(self.now);
        newest
            .iter()
            .filter(|session| session.initiated_at() >= since)
            .filter_map(|session| session.record_for(user))
            .collect()
    }
}

/// The sums over the calls of one type, status and direction.
#[derive(Debug)]
pub(super) struct Group {
    /// Their type; none when the database names one that this version does not know.
    pub(super) call_type: Option<CallType>,
    /// Their status, as stored.
    pub(super) status: String,
    /// Whether the user placed them.
    pub(super) is_outgoing: bool,
    /// How many there are.
    pub(super) calls: u64,
    /// How many of them were answered and are over.
    pub(super) started: u64,
    /// How long these lasted together, in seconds.
    pub(super) total_duration_s: u64,
    /// The longest of them, in seconds.
    pub(super) longest_s: u64,
    /// The shortest of them, in seconds.
    pub(super) shortest_s: u64,
    /// How many have a quality.
    pub(super) measured: u64,
    /// The sum of their losses, in percent.
    pub(super) packet_loss: f64,
    /// The sum of their jitters, in milliseconds.
    pub(super) jitter: f64,
    /// The sum of their bit rates.
    pub(super) bitrate: f64,
}

/// What the groups add up to.
#[derive(Debug, Default)]
pub(super) struct Figures {
    total: u64,
    by_type: CallsByType,
    by_status: BTreeMap<String, u64>,
    by_direction: CallsByDirection,
    started: u64,
    total_duration: u64,
    longest: Option<u64>,
    shortest: Option<u64>,
    measured: u64,
    packet_loss: f64,
    jitter: f64,
    bitrate: f64,
}

impl Figures {
    /// Adds a group.
    pub(super) fn add(&mut self, group: Group) {
        let calls = group.calls;
        self.total += calls;
        match group.call_type {
            Some(CallType::Video) => self.by_type.video += calls,
            Some(CallType::Voice) | None => self.by_type.voice += calls,
        }
        if group.is_outgoing {
            self.by_direction.outgoing += calls;
        } else {
            self.by_direction.incoming += calls;
        }
        self.add_durations(&group);
        self.measured += group.measured;
        self.packet_loss += group.packet_loss;
        self.jitter += group.jitter;
        self.bitrate += group.bitrate;
        *self.by_status.entry(group.status).or_default() += calls;
    }

    fn add_durations(&mut self, group: &Group) {
        if group.started == 0 {
            return;
        }
        self.started += group.started;
        self.total_duration += group.total_duration_s;
        self.longest = self.longest.max(Some(group.longest_s));
        let shortest = group.shortest_s;
        self.shortest = Some(self.shortest.map_or(shortest, |known| known.min(shortest)));
    }

    /// Returns the body of the answer.
    pub(super) fn answer(
        self,
        query: &StatisticsQuery,
        call_frequency: BTreeMap<String, u64>,
        recent_calls: Vec<CallRecord>,
    ) -> CallStatistics {
        CallStatistics {
            timeframe: query.timeframe.as_str().to_owned(),
            call_frequency,
            quality: self.quality(),
            stats: CallStats {
                recent_calls,
                ..self.stats()
            },
        }
    }

    fn stats(self) -> CallStats {
        let mut by_status = self.by_status;
        for always in [CallStatus::Ended, CallStatus::Missed, CallStatus::Rejected] {
            by_status.entry(always.as_str().to_owned()).or_default();
        }
        CallStats {
            total: self.total,
            by_type: self.by_type,
            by_status,
            by_direction: self.by_direction,
            total_duration: self.total_duration,
            average_duration: rounded_mean(self.total_duration, self.started),
            longest_call: self.longest.unwrap_or(0),
            shortest_call: self.shortest.unwrap_or(0),
            recent_calls: Vec::new(),
        }
    }

    fn quality(&self) -> QualityAverages {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a count of calls is far below 2^52"
        )]
        let measured = self.measured as f64;
        let mean = |sum: f64| (self.measured > 0).then(|| sum / measured);
        QualityAverages {
            avg_packet_loss: mean(self.packet_loss),
            avg_jitter: mean(self.jitter),
            avg_bitrate: mean(self.bitrate),
        }
    }
}

/// Returns a day since 1970 as `YYYY-MM-DD`.
pub(super) fn day(days: u64) -> String {
    let mut date = Timestamp::from_ms(days * MS_PER_DAY).to_iso();
    date.truncate("YYYY-MM-DD".len());
    date
}

fn rounded_mean(sum: u64, count: u64) -> u64 {
    (sum + count / 2).checked_div(count).unwrap_or(0)
}
