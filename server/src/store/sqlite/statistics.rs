//! The statistics of one user, added up by the database from the participant's rows alone.

use std::collections::BTreeMap;

use ringback_protocol::rest::{
    CallRecord, CallStatistics, CallStats, CallsByDirection, CallsByType, QualityAverages,
};
use ringback_protocol::{CallStatus, CallType, UserId};
use rusqlite::{Connection, Row, params};

use super::read;
use super::write::to_i64;
use crate::calls::Timestamp;
use crate::store::{HistoryQuery, StatisticsQuery, StoreResult};

const RECENT: u64 = 10;
const MS_PER_DAY: u64 = 86_400_000;

const FIGURES: &str = "
    SELECT call_type, status, is_outgoing,
        count(*), count(duration_s), sum(duration_s), max(duration_s), min(duration_s),
        count(packet_loss), sum(packet_loss), sum(jitter), sum(avg_bitrate)
    FROM call_participants
    WHERE user_id = ?1 AND initiated_at_ms >= ?2 AND (?3 IS NULL OR chat_id = ?3)
    GROUP BY call_type, status, is_outgoing";

const PER_DAY: &str = "
    SELECT initiated_at_ms / 86400000 AS day, count(*)
    FROM call_participants
    WHERE user_id = ?1 AND initiated_at_ms >= ?2 AND (?3 IS NULL OR chat_id = ?3)
    GROUP BY day";

pub(super) fn statistics(
    from: &Connection,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<CallStatistics> {
    let since = query.timeframe.since(query.now);
    let which = params![
        user.as_str(),
        to_i64(since.as_ms()),
        query.chat_id.as_ref().map(AsRef::<str>::as_ref),
    ];
    let mut figures = Figures::default();
    let mut groups = from.prepare_cached(FIGURES)?;
    let mut rows = groups.query(which)?;
    while let Some(row) = rows.next()? {
        figures.add(row)?;
    }
    let mut per_day = from.prepare_cached(PER_DAY)?;
    let days = per_day.query_map(which, |row| {
        Ok((day(read::count(row, 0)?), read::count(row, 1)?))
    })?;
    Ok(CallStatistics {
        timeframe: query.timeframe.as_str().to_owned(),
        call_frequency: days.collect::<Result<_, _>>()?,
        quality: figures.quality(),
        stats: CallStats {
            recent_calls: recent(from, user, query)?,
            ..figures.stats()
        },
    })
}

fn recent(
    from: &Connection,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<Vec<CallRecord>> {
    let since = query.timeframe.since(query.now);
    let newest = HistoryQuery {
        chat_id: query.chat_id.clone(),
        ..HistoryQuery::default()
    };
    let sessions = read::page(from, user, &newest, RECENT)?;
    Ok(sessions
        .iter()
        .filter(|session| session.initiated_at() >= since)
        .filter_map(|session| session.record_for(user))
        .collect())
}

/// Returns a day since 1970 as `YYYY-MM-DD`.
fn day(days: u64) -> String {
    let mut date = Timestamp::from_ms(days * MS_PER_DAY).to_iso();
    date.truncate("YYYY-MM-DD".len());
    date
}

/// What the groups add up to.
#[derive(Debug, Default)]
struct Figures {
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
    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let calls = read::count(row, 3)?;
        self.total += calls;
        match CallType::parse(row.get_ref(0)?.as_str()?) {
            Some(CallType::Video) => self.by_type.video += calls,
            Some(CallType::Voice) | None => self.by_type.voice += calls,
        }
        *self.by_status.entry(row.get(1)?).or_default() += calls;
        if row.get(2)? {
            self.by_direction.outgoing += calls;
        } else {
            self.by_direction.incoming += calls;
        }
        self.add_durations(row)?;
        self.add_quality(row)
    }

    fn add_durations(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let started = read::count(row, 4)?;
        if started == 0 {
            return Ok(());
        }
        self.started += started;
        self.total_duration += read::count(row, 5)?;
        self.longest = self.longest.max(Some(read::count(row, 6)?));
        let shortest = read::count(row, 7)?;
        self.shortest = Some(self.shortest.map_or(shortest, |known| known.min(shortest)));
        Ok(())
    }

    fn add_quality(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        self.measured += read::count(row, 8)?;
        self.packet_loss += row.get::<_, Option<f64>>(9)?.unwrap_or(0.0);
        self.jitter += row.get::<_, Option<f64>>(10)?.unwrap_or(0.0);
        self.bitrate += row.get::<_, Option<f64>>(11)?.unwrap_or(0.0);
        Ok(())
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

fn rounded_mean(sum: u64, count: u64) -> u64 {
    (sum + count / 2).checked_div(count).unwrap_or(0)
}
