//! The statistics of one user, added up by the database.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use ringback_protocol::rest::{CallRecord, CallStatistics};
use ringback_protocol::{CallType, UserId};
use serde::Deserialize;

use super::{history, ms, to_f64, to_i64, to_u64};
use crate::calls::time::MS_PER_DAY;
use crate::store::statistics::{Figures, Group, RECENT, day};
use crate::store::{StatisticsQuery, StoreResult};

/// What the database answers: the groups, and the calls of each day.
#[derive(Debug, Default, Deserialize)]
struct Sums {
    groups: Vec<Sum>,
    days: Vec<DaySum>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sum {
    #[serde(rename = "_id")]
    of: GroupKey,
    calls: Bson,
    started: Bson,
    total_duration: Bson,
    longest: Bson,
    shortest: Bson,
    measured: Bson,
    packet_loss: Bson,
    jitter: Bson,
    bitrate: Bson,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupKey {
    call_type: String,
    status: String,
    is_outgoing: bool,
}

#[derive(Debug, Deserialize)]
struct DaySum {
    #[serde(rename = "_id")]
    day: Bson,
    calls: Bson,
}

pub(super) async fn statistics(
    calls: &Collection<Document>,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<CallStatistics> {
    let (sums, recent) = tokio::join!(sums(calls, user, query), recent(calls, user, query));
    let sums = sums?;
    let mut figures = Figures::default();
    for sum in sums.groups {
        figures.add(group(sum));
    }
    let days = sums.days.into_iter();
    let days: BTreeMap<_, _> = days
        .map(|sum| (day(to_u64(&sum.day)), to_u64(&sum.calls)))
        .collect();
    Ok(figures.answer(query, days, recent?))
}

async fn sums(
    calls: &Collection<Document>,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<Sums> {
    let since = query.timeframe.since(query.now);
    let mut which = doc! {"users": user.as_str(), "initiatedAt": {"$gte": ms(since)}};
    if let Some(chat) = &query.chat_id {
        which.insert("chatId", chat.as_str());
    }
    let steps = [
        doc! {"$match": which},
        doc! {"$facet": {"groups": groups(user), "days": days()}},
    ];
    let mut found = calls.aggregate(steps).with_type::<Sums>().await?;
    Ok(found.try_next().await?.unwrap_or_default())
}

fn groups(user: &UserId) -> Vec<Document> {
    let count = |field: &str| {
        let is_there = doc! {"$gt": [format!("${field}"), Bson::Null]};
        doc! {"$sum": {"$cond": [is_there, 1, 0]}}
    };
    let is_outgoing = doc! {"$eq": ["$callerId", {"$literal": user.as_str()}]};
    vec![doc! {"$group": {
        "_id": {"callType": "$callType", "status": "$status", "isOutgoing": is_outgoing},
        "calls": {"$sum": 1},
        "started": count("durationS"),
        "totalDuration": {"$sum": "$durationS"},
        "longest": {"$max": "$durationS"},
        "shortest": {"$min": "$durationS"},
        "measured": count("packetLoss"),
        "packetLoss": {"$sum": "$packetLoss"},
        "jitter": {"$sum": "$jitter"},
        "bitrate": {"$sum": "$avgBitrate"},
    }}]
}

fn days() -> Vec<Document> {
    let day = doc! {"$floor": {"$divide": ["$initiatedAt", to_i64(MS_PER_DAY)]}};
    vec![doc! {"$group": {"_id": day, "calls": {"$sum": 1}}}]
}

fn group(sum: Sum) -> Group {
    Group {
        call_type: CallType::parse(&sum.of.call_type),
        status: sum.of.status,
        is_outgoing: sum.of.is_outgoing,
        calls: to_u64(&sum.calls),
        started: to_u64(&sum.started),
        total_duration_s: to_u64(&sum.total_duration),
        longest_s: to_u64(&sum.longest),
        shortest_s: to_u64(&sum.shortest),
        measured: to_u64(&sum.measured),
        packet_loss: to_f64(&sum.packet_loss),
        jitter: to_f64(&sum.jitter),
        bitrate: to_f64(&sum.bitrate),
    }
}

async fn recent(
    calls: &Collection<Document>,
    user: &UserId,
    query: &StatisticsQuery,
) -> StoreResult<Vec<CallRecord>> {
    let newest = history::page(calls, user, &query.newest(), RECENT).await?;
    Ok(query.recent(&newest, user))
}
