//! What was measured of the links of a call: one document a measurement.

use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use ringback_protocol::rest::LinkTimeline;
use ringback_protocol::{LinkReport, SessionId, UserId};
use serde::Deserialize;

use super::{ms, to_u64};
use crate::calls::Timestamp;
use crate::store::StoreResult;
use crate::store::quality::{MOST_SAMPLES, encode, links, sample};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredSample {
    pub(super) call_id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) at: Bson,
    pub(super) sample: String,
}

pub(super) async fn add(
    quality: &Collection<Document>,
    call: &SessionId,
    from: &UserId,
    at: Timestamp,
    links: &[LinkReport],
) -> StoreResult<()> {
    for report in links {
        let link = doc! {
            "callId": call.as_str(),
            "from": from.as_str(),
            "to": report.user_id.as_str(),
        };
        let json = encode(call, &sample(at, report))?;
        put(quality, link.clone(), at, json).await?;
        let count = quality.count_documents(link.clone()).await?;
        if i64::try_from(count).unwrap_or(i64::MAX) > MOST_SAMPLES {
            thin_out(quality, link).await?;
        }
    }
    Ok(())
}

/// Stores one measurement, in place of one of the same time.
pub(super) async fn put(
    quality: &Collection<Document>,
    mut link: Document,
    at: Timestamp,
    json: String,
) -> StoreResult<()> {
    link.insert("at", ms(at));
    let update = doc! {"$set": {"sample": json}};
    quality.update_one(link, update).upsert(true).await?;
    Ok(())
}

async fn thin_out(quality: &Collection<Document>, link: Document) -> StoreResult<()> {
    let times = quality
        .clone_with_type::<StoredSample>()
        .find(link.clone())
        .sort(doc! {"at": 1})
        .await?;
    let times: Vec<StoredSample> = times.try_collect().await?;
    let every_second: Vec<_> = times
        .into_iter()
        .skip(1)
        .step_by(2)
        .map(|sample| sample.at)
        .collect();
    let mut which = link;
    which.insert("at", doc! {"$in": every_second});
    quality.delete_many(which).await?;
    Ok(())
}

/// Returns what was measured in these calls, by call, link and time.
pub(super) async fn of(
    quality: &Collection<Document>,
    calls: &[&str],
) -> StoreResult<Vec<StoredSample>> {
    let found = quality
        .clone_with_type::<StoredSample>()
        .find(doc! {"callId": {"$in": calls}})
        .sort(doc! {"callId": 1, "from": 1, "to": 1, "at": 1})
        .await?;
    Ok(found.try_collect().await?)
}

pub(super) async fn read(
    quality: &Collection<Document>,
    call: &SessionId,
) -> StoreResult<Vec<LinkTimeline>> {
    let found = of(quality, &[call.as_str()]).await?;
    let rows = found.into_iter().map(|row| (row.from, row.to, row.sample));
    links(call, rows)
}

impl StoredSample {
    pub(super) fn at_ms(&self) -> u64 {
        to_u64(&self.at)
    }
}
