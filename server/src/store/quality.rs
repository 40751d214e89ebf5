//! What was measured of the links of a call, and how much of it is kept.

use std::sync::Arc;

use ringback_protocol::rest::{LinkSample, LinkTimeline};
use ringback_protocol::{LinkReport, SessionId, UserId};

use super::{StoreError, StoreResult};
use crate::calls::Timestamp;

/// How many measurements of one link, in one direction, are kept: an hour of one in ten seconds.
/// When there are more, every second one goes.
pub(super) const MOST_SAMPLES: i64 = 360;

/// Returns a measurement as it is kept.
pub(super) fn sample(at: Timestamp, link: &LinkReport) -> LinkSample {
    LinkSample {
        at: at.to_iso(),
        state: link.state,
        grade: link.grade,
        mos: link.mos,
        bitrate: link.avg_bitrate,
        packet_loss: link.packet_loss,
        jitter: link.jitter,
        round_trip_time: link.round_trip_time,
        candidate_type: link.candidate_type,
    }
}

/// Encodes a measurement.
pub(super) fn encode(call: &SessionId, sample: &LinkSample) -> StoreResult<String> {
    serde_json::to_string(sample).map_err(|error| corrupt(call, error))
}

/// Sorts rows of `from`, `to` and measurement, which come by link and time, into links.
pub(super) fn links(
    call: &SessionId,
    rows: impl IntoIterator<Item = (String, String, String)>,
) -> StoreResult<Vec<LinkTimeline>> {
    let mut links: Vec<LinkTimeline> = Vec::new();
    for (from, to, json) in rows {
        let sample = serde_json::from_str(&json).map_err(|error| corrupt(call, error))?;
        match links.last_mut() {
            Some(link) if link.from.as_str() == from && link.to.as_str() == to => {
                link.samples.push(sample);
            }
            Some(_) | None => links.push(LinkTimeline {
                from: UserId::new(from).map_err(|error| corrupt(call, error))?,
                to: UserId::new(to).map_err(|error| corrupt(call, error))?,
                samples: vec![sample],
            }),
        }
    }
    Ok(links)
}

fn corrupt(call: &SessionId, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Corrupt {
        id: call.to_string(),
        source: Arc::new(error),
    }
}
