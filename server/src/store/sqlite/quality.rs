//! What was measured of the links of a call.

use ringback_protocol::rest::LinkTimeline;
use ringback_protocol::{LinkReport, SessionId, UserId};
use rusqlite::{Connection, params};

use super::write::to_i64;
use crate::calls::Timestamp;
use crate::store::StoreResult;
use crate::store::archive::{ArchivedSample, sample_json};
use crate::store::quality::{MOST_SAMPLES, encode, links, sample};

/// One measurement, ready to be written.
#[derive(Debug)]
pub(super) struct QualityRow {
    call: SessionId,
    from: UserId,
    to: UserId,
    at: Timestamp,
    sample: String,
}

pub(super) const ADD: &str = "
    INSERT INTO call_quality (call_id, from_user, to_user, at_ms, sample)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET sample = excluded.sample";

pub(super) const COUNT: &str =
    "SELECT count(*) FROM call_quality WHERE call_id = ?1 AND from_user = ?2 AND to_user = ?3";

pub(super) const THIN_OUT: &str = "
    DELETE FROM call_quality
    WHERE call_id = ?1 AND from_user = ?2 AND to_user = ?3 AND at_ms IN (
        SELECT at_ms FROM (
            SELECT at_ms, row_number() OVER (ORDER BY at_ms) AS place FROM call_quality
            WHERE call_id = ?1 AND from_user = ?2 AND to_user = ?3
        )
        WHERE place % 2 = 0
    )";

pub(super) const READ: &str = "
    SELECT from_user, to_user, sample FROM call_quality WHERE call_id = ?1
    ORDER BY from_user, to_user, at_ms";

pub(super) fn rows(
    call: &SessionId,
    from: &UserId,
    at: Timestamp,
    links: &[LinkReport],
) -> StoreResult<Vec<QualityRow>> {
    let row = |link: &LinkReport| {
        Ok(QualityRow {
            call: call.clone(),
            from: from.clone(),
            to: link.user_id.clone(),
            at,
            sample: encode(call, &sample(at, link))?,
        })
    };
    links.iter().map(row).collect()
}

impl QualityRow {
    /// Makes a row of a measurement of another database.
    pub(super) fn archived(call: &SessionId, archived: ArchivedSample) -> StoreResult<Self> {
        Ok(Self {
            call: call.clone(),
            sample: sample_json(call, &archived)?,
            from: archived.from,
            to: archived.to,
            at: archived.at_ms,
        })
    }

    /// Adds the row without a look at how many there are.
    pub(super) fn put(&self, to: &Connection) -> rusqlite::Result<usize> {
        to.prepare_cached(ADD)?.execute(params![
            self.call.as_str(),
            self.from.as_str(),
            self.to.as_str(),
            to_i64(self.at.as_ms()),
            self.sample,
        ])
    }

    pub(super) fn add(&self, to: &Connection) -> rusqlite::Result<usize> {
        let link = params![self.call.as_str(), self.from.as_str(), self.to.as_str()];
        let rows = self.put(to)?;
        let count: i64 = to
            .prepare_cached(COUNT)?
            .query_row(link, |row| row.get(0))?;
        if count > MOST_SAMPLES {
            to.prepare_cached(THIN_OUT)?.execute(link)?;
        }
        Ok(rows)
    }
}

pub(super) fn read(from: &Connection, call: &SessionId) -> StoreResult<Vec<LinkTimeline>> {
    let mut query = from.prepare_cached(READ)?;
    let rows = query.query_map([call.as_str()], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    links(call, rows.collect::<Result<Vec<_>, _>>()?)
}
