//! A page of a user's history.

use std::sync::Arc;

use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Document, doc};
use ringback_protocol::UserId;

use super::calls::{self, Stored};
use super::ms;
use crate::calls::CallSession;
use crate::store::{HistoryPage, HistoryQuery, StoreResult};

pub(super) async fn history(
    calls: &Collection<Document>,
    user: &UserId,
    query: &HistoryQuery,
) -> StoreResult<HistoryPage> {
    // One more than the page tells whether there is a next one.
    let more = u64::from(query.limit) + 1;
    let (total, sessions) = tokio::join!(
        calls.count_documents(matching(user, query)),
        page(calls, user, query, more)
    );
    Ok(HistoryPage::cut(user, query, sessions?, total?))
}

/// Returns the calls of a page, newest first.
pub(super) async fn page(
    calls: &Collection<Document>,
    user: &UserId,
    query: &HistoryQuery,
    limit: u64,
) -> StoreResult<Vec<Arc<CallSession>>> {
    let mut which = matching(user, query);
    if let Some((at, id)) = &query.after {
        let (at, id) = (ms(*at), id.as_str());
        // The first condition is what the index is cut by; the others settle calls of one moment.
        which.insert("initiatedAt", doc! {"$lte": at});
        which.insert(
            "$or",
            [doc! {"initiatedAt": {"$lt": at}}, doc! {"_id": {"$lt": id}}].to_vec(),
        );
    }
    let found = calls
        .clone_with_type::<Stored>()
        .find(which)
        .projection(calls::stored())
        .sort(doc! {"initiatedAt": -1, "_id": -1})
        .skip(query.offset)
        .limit(super::to_i64(limit))
        .await?;
    let found: Vec<Stored> = found.try_collect().await?;
    found.into_iter().map(calls::session).collect()
}

/// Returns the condition for the calls of a user that match the filters.
fn matching(user: &UserId, query: &HistoryQuery) -> Document {
    let mut which = doc! {"users": user.as_str()};
    if let Some(chat) = &query.chat_id {
        which.insert("chatId", chat.as_str());
    }
    if let Some(call_type) = query.call_type {
        which.insert("callType", call_type.as_str());
    }
    if let Some(status) = query.status {
        which.insert("status", status.as_str());
    }
    which
}
