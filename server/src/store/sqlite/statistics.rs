//! The statistics of one user, added up by the database from the participant's rows alone.

use std::collections::BTreeMap;

use ringback_protocol::rest::{
    CallStatistics, CallStats, CallsByDirection, CallsByType, QualityAverages,
};
use ringback_protocol::{CallStatus, CallType, UserId};
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};

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

pub(super) async fn statistics(
    readers: &SqlitePool,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<CallStatistics> {
    let mut figures = Figures::default();
    for row in rows(readers, FIGURES, user, query).await? {
        figures.add(&row)?;
    }
    let mut call_frequency = BTreeMap::new();
    for row in rows(readers, PER_DAY, user, query).await? {
        call_frequency.insert(day(read::count(&row, 0)?), read::count(&row, 1)?);
    }
    Ok(CallStatistics {
        timeframe: query.timeframe.as_str().to_owned(),
        quality: figures.quality(),
        stats: CallStats {
            recent_calls: recent(readers, user, query).await?,
            ..figures.stats()
        },
        call_frequency,
    })
}

async fn rows(
    readers: &SqlitePool,
    sql: &'static str,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<Vec<SqliteRow>> {
    let since = query.timeframe.since(query.now);
    Ok(sqlx::query(sql)
        .bind(user.as_str())
        .bind(to_i64(since.as_ms()))
        .bind(query.chat_id.as_ref().map(AsRef::<str>::as_ref))
        .fetch_all(readers)
        .await?)
}

async fn recent(
    readers: &SqlitePool,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<Vec<ringback_protocol::rest::CallRecord>> {
    let since = query.timeframe.since(query.now);
    let newest = HistoryQuery {
        chat_id: query.chat_id.clone(),
        ..HistoryQuery::default()
    };
    let sessions = read::page(readers, user, &newest, RECENT).await?;
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
    fn add(&mut self, row: &SqliteRow) -> StoreResult<()> {
        let calls = read::count(row, 3)?;
        self.total += calls;
        match CallType::parse(row.try_get(0)?) {
            Some(CallType::Video) => self.by_type.video += calls,
            Some(CallType::Voice) | None => self.by_type.voice += calls,
        }
        *self.by_status.entry(row.try_get(1)?).or_default() += calls;
        if row.try_get(2)? {
            self.by_direction.outgoing += calls;
        } else {
            self.by_direction.incoming += calls;
        }
        self.add_durations(row)?;
        self.add_quality(row)
    }

    fn add_durations(&mut self, row: &SqliteRow) -> StoreResult<()> {
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

    fn add_quality(&mut self, row: &SqliteRow) -> StoreResult<()> {
        self.measured += read::count(row, 8)?;
        self.packet_loss += row.try_get::<Option<f64>, _>(9)?.unwrap_or(0.0);
        self.jitter += row.try_get::<Option<f64>, _>(10)?.unwrap_or(0.0);
        self.bitrate += row.try_get::<Option<f64>, _>(11)?.unwrap_or(0.0);
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
