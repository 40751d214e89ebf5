//! Writing and reading calls. A call is one document, and a transition one update of it.

use std::sync::Arc;

use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Document, doc};
use ringback_protocol::{CallRequestId, SessionId, UserId};
use serde::Deserialize;

use super::outbox;
use super::schema::is_duplicate;
use super::{ms, to_i64};
use crate::calls::session::Ending;
use crate::calls::{CallSession, Timestamp};
use crate::store::{StoreError, StoreResult, Swap};

/// A call as it is read: its id, and the whole of it as JSON.
#[derive(Debug, Deserialize)]
pub(super) struct Stored {
    #[serde(rename = "_id")]
    pub(super) id: String,
    session: String,
}

/// What of the document a [`Stored`] is made of.
pub(super) fn stored() -> Document {
    doc! {"session": 1}
}

/// Stores a new call; false when its id, or its caller's request id, is taken.
pub(super) async fn create(
    calls: &Collection<Document>,
    session: &CallSession,
) -> StoreResult<bool> {
    let mut call = document(session)?;
    call.extend(outbox::of_new(session)?);
    match calls.insert_one(call).await {
        Ok(_) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Replaces a call, provided that the stored one has the expected version.
pub(super) async fn swap(
    calls: &Collection<Document>,
    session: &CallSession,
    expected_version: u64,
) -> StoreResult<Swap> {
    let mut fields = document(session)?;
    fields.remove("_id");
    // What is no longer so has to go.
    let gone = ["live", "deadline"]
        .into_iter()
        .filter(|field| !fields.contains_key(field));
    let gone: Vec<_> = gone.collect();
    let which = doc! {"_id": session.id().as_str(), "version": to_i64(expected_version)};
    let letters = outbox::letters(session)?;
    let update = if letters.is_empty() {
        let gone: Document = gone
            .iter()
            .map(|field| ((*field).to_owned(), "".into()))
            .collect();
        let mut update = doc! {"$set": fields};
        if !gone.is_empty() {
            update.insert("$unset", gone);
        }
        calls.update_one(which, update).await?
    } else {
        let mut steps = vec![doc! {"$set": literally(fields)}];
        if !gone.is_empty() {
            steps.push(doc! {"$unset": gone});
        }
        steps.extend(outbox::append(letters));
        calls.update_one(which, steps).await?
    };
    Ok(if update.matched_count > 0 {
        Swap::Stored
    } else {
        Swap::Conflict
    })
}

/// Protects values from being taken for expressions: a text may begin with a dollar sign.
fn literally(fields: Document) -> Document {
    fields
        .into_iter()
        .map(|(name, value)| (name, doc! {"$literal": value}.into()))
        .collect()
}

/// Returns the document of a call, without what it has to tell.
pub(super) fn document(session: &CallSession) -> StoreResult<Document> {
    let participants = session.participants().iter();
    let users: Vec<&str> = participants.map(|one| one.user().as_str()).collect();
    let mut call = doc! {
        "_id": session.id().as_str(),
        "version": to_i64(session.version()),
        "chatId": session.chat().id.as_str(),
        "callType": session.call_type().as_str(),
        "status": session.status().as_str(),
        "callerId": session.caller().as_str(),
        "users": users,
        "initiatedAt": ms(session.initiated_at()),
        "session": json(session)?,
    };
    if let Some(request) = session.request_id() {
        call.insert("requestId", request.as_str());
    }
    if let Some(started_at) = session.state().started_at() {
        call.insert("startedAt", ms(started_at));
    }
    call.extend(session.state().ending().map(ended).unwrap_or_default());
    call.extend(while_live(session));
    call.extend(measured(session));
    Ok(call)
}

fn ended(ending: &Ending) -> Document {
    let mut fields = doc! {
        "endedAt": ms(ending.ended_at),
        "endReason": ending.reason.as_str(),
    };
    if let Some(duration) = ending.duration_s() {
        fields.insert("durationS", to_i64(duration));
    }
    fields
}

/// These are there as long as the call lives, for the indexes that hold live calls alone.
fn while_live(session: &CallSession) -> Document {
    let mut fields = Document::new();
    if session.is_live() {
        fields.insert("live", true);
    }
    if let Some(deadline) = session.next_deadline() {
        fields.insert("deadline", ms(deadline));
    }
    fields
}

fn measured(session: &CallSession) -> Document {
    session
        .quality()
        .means()
        .map_or_else(Document::new, |means| {
            doc! {
                "avgBitrate": means.avg_bitrate,
                "packetLoss": means.packet_loss,
                "jitter": means.jitter,
            }
        })
}

pub(super) async fn load(
    calls: &Collection<Document>,
    id: &SessionId,
) -> StoreResult<Option<Arc<CallSession>>> {
    one(calls, doc! {"_id": id.as_str()}).await
}

pub(super) async fn find_by_request(
    calls: &Collection<Document>,
    caller: &UserId,
    request: &CallRequestId,
) -> StoreResult<Option<Arc<CallSession>>> {
    let which = doc! {"callerId": caller.as_str(), "requestId": request.as_str()};
    one(calls, which).await
}

async fn one(
    calls: &Collection<Document>,
    which: Document,
) -> StoreResult<Option<Arc<CallSession>>> {
    let calls = calls.clone_with_type::<Stored>();
    let found = calls.find_one(which).projection(stored()).await?;
    found.map(session).transpose()
}

// Session ids sort by the time of the call.
pub(super) async fn live(
    calls: &Collection<Document>,
    of: Option<&[UserId]>,
) -> StoreResult<Vec<Arc<CallSession>>> {
    let mut which = doc! {"live": true};
    if let Some(users) = of {
        let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
        which.insert("users", doc! {"$in": users});
    }
    let calls = calls.clone_with_type::<Stored>();
    let found = calls
        .find(which)
        .projection(stored())
        .sort(doc! {"_id": 1})
        .await?;
    let found: Vec<Stored> = found.try_collect().await?;
    found.into_iter().map(session).collect()
}

pub(super) async fn due(
    calls: &Collection<Document>,
    now: Timestamp,
) -> StoreResult<Vec<SessionId>> {
    #[derive(Deserialize)]
    struct Due {
        #[serde(rename = "_id")]
        id: String,
    }
    let which = doc! {"live": true, "deadline": {"$lte": ms(now)}};
    let calls = calls.clone_with_type::<Due>();
    let due = calls
        .find(which)
        .projection(doc! {"_id": 1})
        .sort(doc! {"deadline": 1})
        .await?;
    let due: Vec<Due> = due.try_collect().await?;
    due.into_iter().map(|due| session_id(due.id)).collect()
}

/// Reads a stored call.
pub(super) fn session(stored: Stored) -> StoreResult<Arc<CallSession>> {
    match serde_json::from_str(&stored.session) {
        Ok(session) => Ok(Arc::new(session)),
        Err(error) => Err(StoreError::Corrupt {
            id: stored.id,
            source: Arc::new(error),
        }),
    }
}

fn session_id(id: String) -> StoreResult<SessionId> {
    SessionId::new(id.clone()).map_err(|error| StoreError::Corrupt {
        id,
        source: Arc::new(error),
    })
}

pub(super) fn json(session: &CallSession) -> StoreResult<String> {
    serde_json::to_string(session).map_err(|error| StoreError::Corrupt {
        id: session.id().to_string(),
        source: Arc::new(error),
    })
}
