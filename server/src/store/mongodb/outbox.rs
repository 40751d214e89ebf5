//! What the host application is still to be told: a part of the call's own document, so that both
//! are written by one update. `letterDue` says when the first of them is due.

use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use serde::Deserialize;

use super::{ms, to_i64, to_u64};
use crate::calls::{CallSession, Timestamp};
use crate::store::outbox::{drafts, letter_id};
use crate::store::{Letter, LetterId, StoreResult, Waiting};

/// Returns what the last change of a call has to tell, as documents.
pub(super) fn letters(session: &CallSession) -> StoreResult<Vec<Document>> {
    let letter = |draft: crate::store::outbox::Draft| {
        doc! {
            "sequence": to_i64(draft.sequence),
            "body": draft.body,
            "writtenAt": ms(draft.written_at),
            "attempts": 0_i64,
        }
    };
    Ok(drafts(session)?.into_iter().map(letter).collect())
}

/// Returns the fields of a call that is placed.
pub(super) fn of_new(session: &CallSession) -> StoreResult<Document> {
    let letters = letters(session)?;
    let due = letters.first().and_then(|letter| letter.get("writtenAt"));
    Ok(match due.cloned() {
        Some(due) => doc! {"letters": letters, "letterDue": due},
        None => Document::new(),
    })
}

/// Returns the steps that add letters to those that wait. Whoever delivers the first is not hurried.
pub(super) fn append(letters: Vec<Document>) -> [Document; 2] {
    let waiting = doc! {"$ifNull": ["$letters", []]};
    let all = doc! {"$concatArrays": [waiting, {"$literal": letters}]};
    let due = doc! {"$ifNull": ["$letterDue", first_due()]};
    [
        doc! {"$set": {"letters": all}},
        doc! {"$set": {"letterDue": due}},
    ]
}

fn first_due() -> Document {
    doc! {"$arrayElemAt": ["$letters.writtenAt", 0]}
}

#[derive(Debug, Deserialize)]
struct Told {
    #[serde(rename = "_id")]
    call: String,
    letters: Vec<StoredLetter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredLetter {
    sequence: Bson,
    body: String,
    written_at: Bson,
    attempts: Bson,
}

/// Takes them out one by one: of several nodes that ask, each letter goes to one.
pub(super) async fn take(
    calls: &Collection<Document>,
    now: Timestamp,
    again: Timestamp,
    most: usize,
) -> StoreResult<Vec<Letter>> {
    let calls = calls.clone_with_type::<Told>();
    let mut letters = Vec::new();
    while letters.len() < most {
        let due = doc! {"letterDue": {"$lte": ms(now)}};
        let taken = doc! {"$set": {"letterDue": ms(again)}, "$inc": {"letters.0.attempts": 1_i64}};
        let told = calls
            .find_one_and_update(due, taken)
            .sort(doc! {"letterDue": 1, "_id": 1})
            .projection(doc! {"letters": 1})
            .return_document(mongodb::options::ReturnDocument::After)
            .await?;
        let Some(told) = told else {
            break;
        };
        letters.extend(first(told).transpose()?);
    }
    Ok(letters)
}

fn first(told: Told) -> Option<StoreResult<Letter>> {
    let first = told.letters.into_iter().next()?;
    let letter = |id| Letter {
        id,
        body: first.body,
        written_at: Timestamp::from_ms(to_u64(&first.written_at)),
        attempts: u32::try_from(to_u64(&first.attempts)).unwrap_or(u32::MAX),
    };
    Some(letter_id(told.call, to_u64(&first.sequence)).map(letter))
}

pub(super) async fn put_off(
    calls: &Collection<Document>,
    id: &LetterId,
    until: Timestamp,
) -> StoreResult<()> {
    let first = doc! {"_id": id.call.as_str(), "letters.0.sequence": to_i64(id.sequence)};
    calls
        .update_one(first, doc! {"$set": {"letterDue": ms(until)}})
        .await?;
    Ok(())
}

/// All that wait, as an aggregation yields them.
#[derive(Debug, Deserialize)]
struct Sum {
    letters: Bson,
    oldest: Bson,
}

pub(super) async fn waiting(calls: &Collection<Document>) -> StoreResult<Waiting> {
    let steps = [
        doc! {"$match": {"letterDue": {"$exists": true}}},
        doc! {"$project": {"letters.writtenAt": 1}},
        doc! {"$unwind": "$letters"},
        doc! {"$group": {
            "_id": Bson::Null,
            "letters": {"$sum": 1},
            "oldest": {"$min": "$letters.writtenAt"},
        }},
    ];
    let mut found = calls.aggregate(steps).with_type::<Sum>().await?;
    // Of nothing there is no group.
    let Some(sum) = found.try_next().await? else {
        return Ok(Waiting::default());
    };
    Ok(Waiting {
        letters: to_u64(&sum.letters),
        oldest: Some(Timestamp::from_ms(to_u64(&sum.oldest))),
    })
}

/// Which letter, as an aggregation yields it.
#[derive(Debug, Deserialize)]
struct Oldest {
    #[serde(rename = "_id")]
    call: String,
    sequence: Bson,
}

pub(super) async fn drop_oldest(
    calls: &Collection<Document>,
    keep: u64,
    most: u32,
) -> StoreResult<u64> {
    let steps = [
        doc! {"$match": {"letterDue": {"$exists": true}}},
        doc! {"$project": {"letters.sequence": 1, "letters.writtenAt": 1}},
        doc! {"$unwind": "$letters"},
        doc! {"$project": {"sequence": "$letters.sequence", "writtenAt": "$letters.writtenAt"}},
        doc! {"$sort": {"writtenAt": -1, "_id": -1, "sequence": -1}},
        doc! {"$skip": to_i64(keep)},
        doc! {"$limit": i64::from(most)},
    ];
    let oldest = calls.aggregate(steps).with_type::<Oldest>().await?;
    let oldest: Vec<Oldest> = oldest.try_collect().await?;
    let mut dropped = 0;
    for letter in oldest {
        let id = letter_id(letter.call, to_u64(&letter.sequence))?;
        dropped += remove(calls, &id).await?;
    }
    Ok(dropped)
}

/// Removes one and returns how many it were: none when it was gone.
pub(super) async fn remove(calls: &Collection<Document>, id: &LetterId) -> StoreResult<u64> {
    let sequence = to_i64(id.sequence);
    let which = doc! {"_id": id.call.as_str(), "letters.sequence": sequence};
    let others =
        doc! {"$filter": {"input": "$letters", "cond": {"$ne": ["$$this.sequence", sequence]}}};
    let none_left = doc! {"$eq": ["$letters", []]};
    let due = doc! {"$cond": [none_left, "$$REMOVE", first_due()]};
    let steps = vec![
        doc! {"$set": {"letters": others}},
        doc! {"$set": {"letterDue": due}},
    ];
    Ok(calls.update_one(which, steps).await?.modified_count)
}
