//! The statistics of one user, added up by the database from the participant's rows and the live calls.

use std::collections::BTreeMap;

use ringback_protocol::rest::{CallRecord, CallStatistics};
use ringback_protocol::{CallType, UserId};
use rusqlite::{Connection, Row, params};

use super::live::LiveCalls;
use super::read;
use super::write::to_i64;
use crate::store::statistics::{Figures, Group, RECENT, day};
use crate::store::{StatisticsQuery, StoreResult};

// A live call is a group of its own: it has no duration, and no quality before it is over.
pub(super) const FIGURES: &str = "
    SELECT call_type, status, is_outgoing,
        count(*), count(duration_s), sum(duration_s), max(duration_s), min(duration_s),
        count(packet_loss), sum(packet_loss), sum(jitter), sum(avg_bitrate)
    FROM call_participants
    WHERE user_id = ?1 AND initiated_at_ms >= ?2 AND (?3 IS NULL OR chat_id = ?3)
    GROUP BY call_type, status, is_outgoing
    UNION ALL
    SELECT call_type, status, caller_id = ?1, 1, 0, NULL, NULL, NULL, 0, NULL, NULL, NULL
    FROM json_each(?4) AS live CROSS JOIN calls ON calls.id = live.value
    WHERE ended_at_ms IS NULL AND initiated_at_ms >= ?2 AND (?3 IS NULL OR chat_id = ?3)";

pub(super) const PER_DAY: &str = "
    SELECT initiated_at_ms / 86400000 AS day, count(*)
    FROM call_participants
    WHERE user_id = ?1 AND initiated_at_ms >= ?2 AND (?3 IS NULL OR chat_id = ?3)
    GROUP BY day
    UNION ALL
    SELECT initiated_at_ms / 86400000, 1
    FROM json_each(?4) AS live CROSS JOIN calls ON calls.id = live.value
    WHERE ended_at_ms IS NULL AND initiated_at_ms >= ?2 AND (?3 IS NULL OR chat_id = ?3)";

pub(super) fn statistics(
    from: &Connection,
    live: &LiveCalls,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<CallStatistics> {
    let since = query.timeframe.since(query.now);
    let which = params![
        user.as_str(),
        to_i64(since.as_ms()),
        query.chat_id.as_ref().map(AsRef::<str>::as_ref),
        live.ids_of(user),
    ];
    let mut figures = Figures::default();
    let mut groups = from.prepare_cached(FIGURES)?;
    let mut rows = groups.query(which)?;
    while let Some(row) = rows.next()? {
        figures.add(group(row)?);
    }
    let mut days = BTreeMap::new();
    let mut per_day = from.prepare_cached(PER_DAY)?;
    let mut rows = per_day.query(which)?;
    while let Some(row) = rows.next()? {
        *days.entry(day(read::count(row, 0)?)).or_default() += read::count(row, 1)?;
    }
    Ok(figures.answer(query, days, recent(from, live, user, query)?))
}

fn group(row: &Row<'_>) -> StoreResult<Group> {
    let sum = |column| row.get::<_, Option<f64>>(column);
    Ok(Group {
        call_type: CallType::parse(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?),
        status: row.get(1)?,
        is_outgoing: row.get(2)?,
        calls: read::count(row, 3)?,
        started: read::count(row, 4)?,
        total_duration_s: read::count(row, 5)?,
        longest_s: read::count(row, 6)?,
        shortest_s: read::count(row, 7)?,
        measured: read::count(row, 8)?,
        packet_loss: sum(9)?.unwrap_or(0.0),
        jitter: sum(10)?.unwrap_or(0.0),
        bitrate: sum(11)?.unwrap_or(0.0),
    })
}

fn recent(
    from: &Connection,
    live: &LiveCalls,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<Vec<CallRecord>> {
    let newest = read::page(from, live, user, &query.newest(), RECENT)?;
    Ok(query.recent(&newest, user))
}
