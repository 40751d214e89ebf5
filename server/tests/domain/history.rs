//! The live calls of a user and those that are over: every store finds both, in one order.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_protocol::rest::CallStatistics;
use ringback_protocol::{CallStatus, CallType};
use ringback_server::calls::Timestamp;
use ringback_server::calls::session::{CallSession, Input, Reach};
use ringback_server::store::user_data::{self, Erased};
use ringback_server::store::{
    Created, Database, HistoryPage, HistoryQuery, StatisticsQuery, Store, Swap, Timeframe,
};

use crate::archive::{TALK_MS, accepted, after, ended, history, placed};
use crate::support::{
    START, callee, chat_id, device, new_call, open_store, person, session_id, user,
};

const DAY_MS: u64 = 86_400_000;

async fn create(store: &dyn Store, call: &CallSession) {
    let created = store.create(Arc::new(call.clone())).await.unwrap();
    assert_eq!(created, Created::New);
}

async fn swap(store: &dyn Store, next: &CallSession) {
    let swapped = store.compare_and_set(Arc::new(next.clone()), next.version() - 1);
    assert_eq!(swapped.await.unwrap(), Swap::Stored);
}

/// Stores a call of alice and bob that rings.
async fn ringing(store: &dyn Store, id: &str, at: Timestamp) -> CallSession {
    let call = placed(id, at, &["bob"]);
    create(store, &call).await;
    call
}

/// Stores a call of alice and bob that goes on.
async fn ongoing(store: &dyn Store, id: &str, at: Timestamp) -> CallSession {
    let call = ringing(store, id, at).await;
    swap(store, &accepted(&call)).await;
    call
}

/// Stores a call of alice and bob that is over.
async fn over(store: &dyn Store, id: &str, at: Timestamp) {
    let call = ongoing(store, id, at).await;
    swap(store, &ended(&call)).await;
}

fn leave(who: &str, on: &str) -> Input {
    Input::Leave {
        user: user(who),
        device: device(on),
    }
}

/// Stores a call of bob to alice that rings: with pictures, in the group.
async fn ringing_back(store: &dyn Store, id: &str, at: Timestamp) {
    let mut call = new_call(vec![callee("alice", Reach::Connected)]);
    call.id = session_id(id);
    call.caller = person("bob");
    call.call_type = CallType::Video;
    call.chat.id = chat_id("group");
    create(store, &CallSession::initiate(at, call).0).await;
}

async fn page(store: &dyn Store, query: &HistoryQuery) -> HistoryPage {
    store.history(&user("bob"), query).await.unwrap()
}

fn ids(page: &HistoryPage) -> String {
    let ids: Vec<_> = page.calls.iter().map(|call| call.id.as_str()).collect();
    ids.join(" ")
}

/// Reads all pages of two calls, by cursor and by offset, and returns the ids.
async fn paged(store: &dyn Store, query: &HistoryQuery) -> [String; 2] {
    let (mut by_cursor, mut by_offset) = (Vec::new(), Vec::new());
    let mut next = HistoryQuery {
        limit: 2,
        ..query.clone()
    };
    loop {
        let found = page(store, &next).await;
        by_cursor.push(ids(&found));
        let by_offset_alone = HistoryQuery {
            after: None,
            offset: 2 * by_offset.len() as u64,
            ..next.clone()
        };
        by_offset.push(ids(&page(store, &by_offset_alone).await));
        next.after = found.next;
        if next.after.is_none() {
            return [by_cursor.join(" "), by_offset.join(" ")];
        }
    }
}

pub(crate) async fn live_calls_stand_among_those_that_are_over(store: &dyn Database) {
    let at = |ms| START.plus_ms(ms);
    ringing(store, "a", at(0)).await;
    over(store, "b", at(1)).await;
    ongoing(store, "c", at(2)).await;
    over(store, "d", at(2)).await;
    // Placed at the same time: the greater id comes first.
    ringing_back(store, "e", at(2)).await;
    over(store, "f", at(2)).await;
    over(store, "g", at(3)).await;

    let all = HistoryQuery::default();
    let with_status = |status| HistoryQuery {
        status: Some(status),
        ..all.clone()
    };
    let in_group = HistoryQuery {
        chat_id: Some(chat_id("group")),
        ..all.clone()
    };
    let voice = HistoryQuery {
        call_type: Some(CallType::Voice),
        ..all.clone()
    };
    let voice_that_rings = HistoryQuery {
        chat_id: Some(chat_id("chat")),
        call_type: Some(CallType::Voice),
        ..with_status(CallStatus::Ringing)
    };
    for (query, expected) in [
        (all.clone(), "g f e d c b a"),
        (with_status(CallStatus::Ended), "g f d b"),
        (with_status(CallStatus::Ringing), "e a"),
        (with_status(CallStatus::Ongoing), "c"),
        (with_status(CallStatus::Missed), ""),
        (in_group, "e"),
        (voice, "g f d c b a"),
        (voice_that_rings, "a"),
    ] {
        assert_eq!(paged(store, &query).await, [expected; 2], "{query:?}");
        let total = page(store, &query).await.total;
        assert_eq!(total, expected.split_whitespace().count() as u64);
    }
}

pub(crate) async fn a_call_that_ends_between_two_pages_is_on_one_of_them(store: &dyn Database) {
    let mut live = Vec::new();
    for n in 0..6 {
        let (id, at) = (n.to_string(), START.plus_ms(n));
        if n % 2 == 0 {
            over(store, &id, at).await;
        } else {
            live.push(ongoing(store, &id, at).await);
        }
    }
    let mut query = HistoryQuery {
        limit: 2,
        ..HistoryQuery::default()
    };
    // One was on a page already, another is still to come.
    for (expected, ending) in [("5 4", vec![2, 0]), ("3 2", vec![1]), ("1 0", vec![])] {
        let found = page(store, &query).await;
        assert_eq!((ids(&found).as_str(), found.total), (expected, 6));
        query.after = found.next;
        for n in ending {
            swap(store, &ended(&live[n])).await;
        }
    }
    assert_eq!(query.after, None);
}

pub(crate) async fn a_call_that_ends_while_the_history_is_read_is_in_it_once(store: &dyn Database) {
    let all = HistoryQuery {
        limit: 100,
        ..HistoryQuery::default()
    };
    for n in 0..50 {
        let call = ongoing(store, &format!("call-{n:02}"), START.plus_ms(n)).await;
        let over = ended(&call);
        let (found, ()) = tokio::join!(page(store, &all), swap(store, &over));
        assert_eq!((found.calls.len() as u64, found.total), (n + 1, n + 1));
        let first = &found.calls[0];
        assert_eq!(first.id, *over.id());
        assert!(matches!(
            first.status,
            CallStatus::Ongoing | CallStatus::Ended
        ));
    }
}

pub(crate) async fn everyone_who_has_a_part_in_a_call_finds_it_from_then_on(store: &dyn Database) {
    let mut call = placed("call", START, &["bob", "carol"]);
    create(store, &call).await;
    for input in [
        Input::Accept {
            user: user("bob"),
            device: device("b1"),
            answer: None,
        },
        Input::Reject {
            user: user("carol"),
            device: device("c1"),
            reason: None,
        },
        Input::Invite {
            user: user("alice"),
            device: device("a1"),
            callees: vec![callee("dave", Reach::Offline)],
        },
        Input::Join {
            person: person("erin"),
            device: device("e1"),
        },
        leave("bob", "b1"),
    ] {
        call = after(&call, 1_000, input);
        swap(store, &call).await;
    }
    let everyone = ["alice", "bob", "carol", "dave", "erin"];
    for who in everyone {
        assert_eq!(history(store, who).await, ["call"], "{who}");
    }
    assert_eq!(history(store, "mallory").await, [""; 0]);

    for input in [leave("erin", "e1"), leave("alice", "a1")] {
        call = after(&call, 2_000, input);
        swap(store, &call).await;
    }
    assert!(!call.is_live());
    for who in everyone {
        assert_eq!(history(store, who).await, ["call"], "{who}");
        let figures = statistics(store, who, Timeframe::All).await;
        assert_eq!(figures.stats.by_status["ended"], 1, "{who}");
    }
}

pub(crate) async fn a_call_that_is_over_at_once_is_found(store: &dyn Database) {
    let call = new_call(vec![callee("bob", Reach::Busy)]);
    let call = CallSession::initiate(START, call).0;
    assert_eq!(call.status(), CallStatus::Rejected);
    create(store, &call).await;
    for who in ["alice", "bob"] {
        assert_eq!(history(store, who).await, ["call"]);
        let figures = statistics(store, who, Timeframe::All).await;
        assert_eq!(figures.stats.by_status["rejected"], 1);
    }
}

pub(crate) async fn a_call_that_changes_after_its_end_is_found_as_it_is_then(store: &dyn Database) {
    over(store, "call", START).await;
    let call = store.load(&session_id("call")).await;
    let mut json = serde_json::to_value(&*call.unwrap().unwrap()).unwrap();
    let mut another = json["participants"][1].clone();
    another["person"]["id"] = "carol".into();
    json["participants"].as_array_mut().unwrap().push(another);
    json["version"] = (json["version"].as_u64().unwrap() + 1).into();
    json["state"]["over"]["outcome"] = "failed".into();
    let ended_at = START.plus_ms(2 * TALK_MS).as_ms();
    json["state"]["over"]["endedAt"] = ended_at.into();
    swap(store, &serde_json::from_value(json).unwrap()).await;
    for who in ["alice", "bob", "carol"] {
        assert_eq!(history(store, who).await, ["call"]);
        let stats = statistics(store, who, Timeframe::All).await.stats;
        assert_eq!((stats.total, stats.by_status["failed"]), (1, 1));
        assert_eq!(stats.total_duration, 2 * TALK_MS / 1_000);
    }
}

pub(crate) async fn of_whoever_is_erased_the_live_calls_stay(store: &dyn Database) {
    over(store, "1", START).await;
    let live = ongoing(store, "2", START.plus_ms(1)).await;
    over(store, "3", START.plus_ms(2)).await;
    let erased = user_data::erase(store, &user("alice")).await.unwrap();
    let expected = Erased {
        calls: 2,
        chats: 0,
        live: 1,
    };
    assert_eq!(erased, expected);
    assert_eq!(history(store, "alice").await, ["2"]);
    assert_eq!(history(store, "bob").await, ["3", "2", "1"]);

    swap(store, &ended(&live)).await;
    let erased = user_data::erase(store, &user("alice")).await.unwrap();
    assert_eq!((erased.calls, erased.live), (1, 0));
    assert_eq!(history(store, "alice").await, [""; 0]);
    assert_eq!(history(store, "bob").await, ["3", "2", "1"]);
}

async fn statistics(store: &dyn Store, who: &str, timeframe: Timeframe) -> CallStatistics {
    let query = StatisticsQuery {
        chat_id: None,
        timeframe,
        now: START.plus_ms(DAY_MS),
    };
    store.statistics(&user(who), &query).await.unwrap()
}

pub(crate) async fn statistics_count_live_calls_without_a_duration(store: &dyn Database) {
    ringing(store, "0", START.minus_ms(DAY_MS)).await;
    over(store, "1", START).await;
    ongoing(store, "2", START).await;
    ringing_back(store, "3", START.plus_ms(DAY_MS)).await;
    ringing_back(store, "4", START.plus_ms(DAY_MS)).await;

    let month = statistics(store, "bob", Timeframe::Month).await;
    let stats = &month.stats;
    assert_eq!(stats.total, 5);
    assert_eq!((stats.by_type.voice, stats.by_type.video), (3, 2));
    let directions = &stats.by_direction;
    assert_eq!((directions.incoming, directions.outgoing), (3, 2));
    assert_eq!(
        (stats.by_status["ringing"], stats.by_status["ongoing"]),
        (3, 1)
    );
    assert_eq!(stats.total_duration, TALK_MS / 1_000);
    assert_eq!(stats.average_duration, TALK_MS / 1_000);
    assert_eq!(stats.shortest_call, TALK_MS / 1_000);
    let recent: Vec<_> = stats
        .recent_calls
        .iter()
        .map(|call| call.id.as_str())
        .collect();
    assert_eq!(recent, ["4", "3", "2", "1", "0"]);
    let days = [("2025-06-14", 1), ("2025-06-15", 2), ("2025-06-16", 2)];
    let days = days.map(|(day, count)| (day.to_owned(), count));
    assert_eq!(month.call_frequency, BTreeMap::from(days));

    let day = statistics(store, "bob", Timeframe::Day).await.stats;
    assert_eq!((day.total, day.recent_calls.len()), (4, 4));
    let in_group = StatisticsQuery {
        chat_id: Some(chat_id("group")),
        timeframe: Timeframe::All,
        now: START,
    };
    let group = store.statistics(&user("bob"), &in_group).await.unwrap();
    assert_eq!((group.stats.total, group.stats.by_type.video), (2, 2));
    assert_eq!(group.call_frequency.len(), 1);
}

/// What the file holds, seen from beside the store.
mod sqlite {
    use super::*;

    fn beside(dir: &tempfile::TempDir) -> rusqlite::Connection {
        rusqlite::Connection::open(dir.path().join("calls.db")).unwrap()
    }

    /// Returns call and user of each of the participants' rows.
    fn rows(dir: &tempfile::TempDir) -> Vec<String> {
        let sql = "SELECT call_id || ' ' || user_id || ' ' || status FROM call_participants
            ORDER BY call_id, user_id";
        let file = beside(dir);
        let mut query = file.prepare(sql).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[tokio::test]
    async fn participants_get_their_rows_when_a_call_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let store = open_store(&dir).await;
        let call = ongoing(&*store, "call", START).await;
        assert_eq!(rows(&dir), [""; 0]);
        swap(&*store, &ended(&call)).await;
        assert_eq!(rows(&dir), ["call alice ended", "call bob ended"]);
    }

    #[tokio::test]
    async fn a_call_that_the_mirror_takes_for_live_counts_as_the_file_says() {
        let dir = tempfile::tempdir().unwrap();
        let (mine, theirs) = (open_store(&dir).await, open_store(&dir).await);
        ringing(&*mine, "live", START).await;
        let call = ongoing(&*mine, "over", START.plus_ms(1)).await;
        swap(&*theirs, &ended(&call)).await;
        assert_eq!(mine.live_calls().await.unwrap().len(), 2);
        assert_eq!(history(&*mine, "bob").await, ["over", "live"]);
        let figures = statistics(&*mine, "bob", Timeframe::All).await;
        let by_status = &figures.stats.by_status;
        assert_eq!((by_status["ended"], by_status["ringing"]), (1, 1));
        assert_eq!(figures.stats.total, 2);
        assert_eq!(figures.call_frequency["2025-06-15"], 2);

        // A change that meets it is refused, and the mirror knows better from then on.
        let late = mine
            .compare_and_set(Arc::new(ended(&call)), call.version())
            .await;
        assert_eq!(late.unwrap(), Swap::Conflict);
        assert_eq!(mine.live_calls().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_file_of_an_earlier_version_loses_the_rows_of_live_calls() {
        let dir = tempfile::tempdir().unwrap();
        let store = open_store(&dir).await;
        over(&*store, "over", START).await;
        ongoing(&*store, "live", START.plus_ms(1)).await;
        store.close().await;
        drop(store);
        // Version 5 wrote them for each call.
        let file = beside(&dir);
        let put = "
            INSERT INTO call_participants (user_id, initiated_at_ms, call_id, chat_id, call_type,
                status, is_outgoing)
            SELECT json_extract(value, '$.person.id'), initiated_at_ms, calls.id, chat_id,
                call_type, status, json_extract(value, '$.person.id') = caller_id
            FROM calls, json_each(session, '$.participants') WHERE calls.id = 'live'";
        assert_eq!(file.execute(put, []).unwrap(), 2);
        file.pragma_update(None, "user_version", 5).unwrap();
        drop(file);

        let store = open_store(&dir).await;
        assert_eq!(store.migration().found, 5);
        assert_eq!(rows(&dir), ["over alice ended", "over bob ended"]);
        for who in ["alice", "bob"] {
            assert_eq!(history(&*store, who).await, ["live", "over"]);
        }
    }
}
