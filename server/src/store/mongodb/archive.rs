//! Export, import, purge, erase.

use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use ringback_protocol::{ChatId, SessionId, UserId};
use serde::Deserialize;

use super::calls::{self, Stored};
use super::chats::{StoredChat, archived};
use super::schema::is_duplicate;
use super::{Collections, ms, quality, to_i64};
use crate::calls::Timestamp;
use crate::store::archive::{ArchivedCall, ArchivedChat, Erasure, archived_sample, sample_json};
use crate::store::outbox::LONGEST_KEEP_MS;
use crate::store::{StoreResult, Swap};

pub(super) async fn calls(
    store: &Collections,
    after: Option<&SessionId>,
    most: u32,
) -> StoreResult<Vec<ArchivedCall>> {
    let which = after.map_or_else(Document::new, |id| doc! {"_id": {"$gt": id.as_str()}});
    let found = store
        .calls
        .clone_with_type::<Stored>()
        .find(which)
        .projection(calls::stored())
        .sort(doc! {"_id": 1})
        .limit(i64::from(most))
        .await?;
    let found: Vec<Stored> = found.try_collect().await?;
    let ids: Vec<&str> = found.iter().map(|stored| stored.id.as_str()).collect();
    let samples = quality::of(&store.quality, &ids).await?;
    let mut samples = samples.into_iter().peekable();
    let mut archived = Vec::with_capacity(found.len());
    for stored in found {
        let call = calls::session(stored)?;
        let mut quality = Vec::new();
        while let Some(row) = samples.next_if(|row| row.call_id == call.id().as_str()) {
            let at = row.at_ms();
            let row = (row.from, row.to, at, row.sample.as_str());
            quality.push(archived_sample(call.id().as_str(), row)?);
        }
        let call = (*call).clone();
        archived.push(ArchivedCall { call, quality });
    }
    Ok(archived)
}

pub(super) async fn chats(
    chats: &Collection<Document>,
    after: Option<&ChatId>,
    most: u32,
) -> StoreResult<Vec<ArchivedChat>> {
    let which = after.map_or_else(Document::new, |id| doc! {"_id": {"$gt": id.as_str()}});
    let found = chats
        .clone_with_type::<StoredChat>()
        .find(which)
        .sort(doc! {"_id": 1})
        .limit(i64::from(most))
        .await?;
    let found: Vec<StoredChat> = found.try_collect().await?;
    found.into_iter().map(archived).collect()
}

/// Stores calls one by one; `_id` and version make a repetition harmless.
pub(super) async fn import(store: &Collections, calls: Vec<ArchivedCall>) -> StoreResult<u64> {
    let mut new = 0;
    for ArchivedCall { call, quality } in calls {
        for sample in &quality {
            let link = doc! {
                "callId": call.id().as_str(),
                "from": sample.from.as_str(),
                "to": sample.to.as_str(),
            };
            let json = sample_json(call.id(), sample)?;
            quality::put(&store.quality, link, sample.at_ms, json).await?;
        }
        let earlier = doc! {
            "_id": call.id().as_str(),
            "version": {"$lt": to_i64(call.version())},
        };
        let document = calls::document(&call)?;
        match store
            .calls
            .replace_one(earlier, document)
            .upsert(true)
            .await
        {
            Ok(stored) => new += u64::from(stored.upserted_id.is_some()),
            // It is there, in this version or a later one.
            Err(error) if is_duplicate(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(new)
}

#[derive(Deserialize)]
struct OnlyId {
    #[serde(rename = "_id")]
    id: String,
}

pub(super) async fn purge(
    store: &Collections,
    ended_before: Timestamp,
    most: u32,
) -> StoreResult<u64> {
    // What the application is still to be told of is kept until it was.
    let which = doc! {
        "endedAt": {"$lt": ms(ended_before)},
        "$or": [
            {"letterDue": {"$exists": false}},
            {"endedAt": {"$lt": ms(ended_before.minus_ms(LONGEST_KEEP_MS))}},
        ],
    };
    let old = store
        .calls
        .clone_with_type::<OnlyId>()
        .find(which)
        .projection(doc! {"_id": 1})
        .sort(doc! {"endedAt": 1})
        .limit(i64::from(most))
        .await?;
    let old: Vec<OnlyId> = old.try_collect().await?;
    delete(store, old.into_iter().map(|call| call.id).collect()).await
}

async fn delete(store: &Collections, ids: Vec<String>) -> StoreResult<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    // The measurements first: should this be cut short, the calls are found again.
    let measured = doc! {"callId": {"$in": &ids}};
    store.quality.delete_many(measured).await?;
    let deleted = store.calls.delete_many(doc! {"_id": {"$in": ids}}).await?;
    Ok(deleted.deleted_count)
}

pub(super) async fn chats_of(
    chats: &Collection<Document>,
    user: &UserId,
) -> StoreResult<Vec<ArchivedChat>> {
    let found = chats
        .clone_with_type::<StoredChat>()
        .find(doc! {"members.id": user.as_str()})
        .sort(doc! {"_id": 1})
        .await?;
    let found: Vec<StoredChat> = found.try_collect().await?;
    found.into_iter().map(archived).collect()
}

pub(super) async fn leave_chats(chats: &Collection<Document>, user: &UserId) -> StoreResult<u64> {
    let left = chats
        .update_many(
            doc! {"members.id": user.as_str()},
            doc! {"$pull": {"members": {"id": user.as_str()}}},
        )
        .await?;
    Ok(left.modified_count)
}

pub(super) async fn erase(store: &Collections, erasure: &Erasure) -> StoreResult<Swap> {
    let call = &erasure.call;
    let id = call.id().as_str();
    let (user, stand_in) = (erasure.user.as_str(), erasure.stand_in.as_str());
    let which = doc! {"_id": id, "version": to_i64(erasure.expected_version)};
    let known = store.calls.count_documents(which.clone()).await?;
    if known == 0 {
        return Ok(Swap::Conflict);
    }
    // The measurements first: should this be cut short, the call is still found by its user.
    for field in ["from", "to"] {
        let of_user = doc! {"callId": id, field: user};
        let renamed = doc! {"$set": {field: stand_in}};
        store.quality.update_many(of_user, renamed).await?;
    }
    let update = doc! {
        "$set": {
            "version": to_i64(call.version()),
            "callerId": call.caller().as_str(),
            "session": calls::json(call)?,
        },
        "$pull": {"users": user},
        "$unset": {"letters": Bson::Null, "letterDue": Bson::Null, "requestId": Bson::Null},
    };
    let erased = store.calls.update_one(which, update).await?;
    if erased.matched_count == 0 {
        return Ok(Swap::Conflict);
    }
    let of_nobody = doc! {"_id": id, "users": {"$size": 0}};
    if store.calls.delete_one(of_nobody).await?.deleted_count > 0 {
        store.quality.delete_many(doc! {"callId": id}).await?;
    }
    Ok(Swap::Stored)
}
