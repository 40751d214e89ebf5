//! Export, import, purge and erase: what each store must do with what it keeps.

use std::sync::Arc;

use ringback_protocol::rest::Chat;
use ringback_protocol::{LinkGrade, LinkReport, LinkStatus, SessionId};
use ringback_server::calls::Timestamp;
use ringback_server::calls::session::{CallSession, Input, Reach};
use ringback_server::store::{
    ArchivedCall, ArchivedChat, Created, Database, Erasure, HistoryQuery, Swap,
};

use crate::support::{START, callee, chat_id, device, new_call, put_chat, session_id, user};

pub(crate) const TALK_MS: u64 = 60_000;

pub(crate) fn placed(id: &str, at: Timestamp, callees: &[&str]) -> CallSession {
    let callees = callees.iter().map(|id| callee(id, Reach::Connected));
    let mut call = new_call(callees.collect());
    call.id = session_id(id);
    CallSession::initiate(at, call).0
}

pub(crate) fn accepted(call: &CallSession) -> CallSession {
    after(
        call,
        0,
        Input::Accept {
            user: user("bob"),
            device: device("b1"),
            answer: None,
        },
    )
}

pub(crate) fn ended(call: &CallSession) -> CallSession {
    after(
        &accepted(call),
        TALK_MS,
        Input::End {
            user: user("alice"),
            device: device("a1"),
            reason: None,
        },
    )
}

pub(crate) fn after(call: &CallSession, ms: u64, input: Input) -> CallSession {
    let mut next = call.clone();
    next.handle(call.initiated_at().plus_ms(ms), input).unwrap();
    next
}

/// Stores a call through all its changes, with a measurement of each side.
async fn keep(store: &dyn Database, call: &CallSession) -> CallSession {
    let created = store.create(Arc::new(call.clone())).await.unwrap();
    assert_eq!(created, Created::New);
    let (answered, over) = (accepted(call), ended(call));
    for next in [&answered, &over] {
        let swapped = store.compare_and_set(Arc::new(next.clone()), next.version() - 1);
        assert_eq!(swapped.await.unwrap(), Swap::Stored);
    }
    for (from, to) in [("alice", "bob"), ("bob", "alice")] {
        let at = call.initiated_at().plus_ms(10_000);
        let links = vec![link(to)];
        let from = user(from);
        let added = store.add_quality(call.id(), &from, at, links);
        added.await.unwrap();
    }
    over
}

fn link(to: &str) -> LinkReport {
    LinkReport {
        user_id: user(to),
        state: LinkStatus::Connected,
        grade: Some(LinkGrade::Excellent),
        mos: Some(4.2),
        avg_bitrate: Some(32_000.0),
        packet_loss: Some(0.25),
        jitter: None,
        round_trip_time: None,
        candidate_type: None,
    }
}

/// Reads all calls, three at a time.
async fn all_calls(store: &dyn Database) -> Vec<ArchivedCall> {
    let mut all: Vec<ArchivedCall> = Vec::new();
    loop {
        let last = all.last().map(|one| one.call.id().clone());
        let page = store.archived_calls(last.as_ref(), 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

pub(crate) async fn history(store: &dyn Database, who: &str) -> Vec<String> {
    let query = HistoryQuery {
        limit: 100,
        ..HistoryQuery::default()
    };
    let page = store.history(&user(who), &query).await.unwrap();
    assert_eq!(page.total, page.calls.len() as u64);
    page.calls.iter().map(|call| call.id.to_string()).collect()
}

pub(crate) async fn calls_and_chats_leave_a_database_and_come_back_as_they_were(
    store: &dyn Database,
) {
    for n in 0..7_u64 {
        let at = START.plus_ms(n);
        keep(store, &placed(&format!("call-{n}"), at, &["bob"])).await;
    }
    for id in ["one", "two", "three", "zero"] {
        put_chat(store, id, &["alice", "bob"]).await;
    }
    let exported = all_calls(store).await;
    assert_eq!(store.count_calls().await.unwrap(), 7);
    let ids: Vec<_> = exported.iter().map(|one| one.call.id().as_str()).collect();
    assert!(ids.is_sorted() && ids.len() == 7, "{ids:?}");
    assert_eq!(exported[0].quality.len(), 2);
    let line = serde_json::to_string(&exported[3]).unwrap();
    assert_eq!(
        serde_json::from_str::<ArchivedCall>(&line).unwrap(),
        exported[3]
    );
    let seen = history(store, "bob").await;
    let before = statistics(store).await;

    let later = START.plus_ms(1_000_000);
    assert_eq!(store.purge(later, 100).await.unwrap(), 7);
    assert_eq!(history(store, "bob").await, [""; 0]);
    assert_eq!(store.import_calls(exported.clone()).await.unwrap(), 7);
    assert_eq!(all_calls(store).await, exported);
    assert_eq!(history(store, "bob").await, seen);
    assert_eq!(statistics(store).await, before);
    // A second time nothing is new, and nothing changes.
    assert_eq!(store.import_calls(exported.clone()).await.unwrap(), 0);
    assert_eq!(all_calls(store).await, exported);

    let chats = store.archived_chats(None, 3).await.unwrap();
    let rest = store.archived_chats(chats.last().map(|chat| &chat.id), 3);
    let all = [chats.clone(), rest.await.unwrap()].concat();
    let ids: Vec<_> = all.iter().map(|chat| chat.id.as_str()).collect();
    assert_eq!(ids, ["one", "three", "two", "zero"]);
    assert_eq!(all[0].chat.participants.len(), 2);
}

pub(crate) async fn statistics(store: &dyn Database) -> ringback_protocol::rest::CallStatistics {
    let query = ringback_server::store::StatisticsQuery {
        chat_id: None,
        timeframe: ringback_server::store::Timeframe::All,
        now: START.plus_ms(1_000_000),
    };
    store.statistics(&user("bob"), &query).await.unwrap()
}

pub(crate) async fn a_later_version_of_a_call_comes_in_and_an_earlier_one_does_not(
    store: &dyn Database,
) {
    let first = placed("call", START, &["bob"]);
    let over = ended(&first);
    let archived = |call: &CallSession| {
        vec![ArchivedCall {
            call: call.clone(),
            quality: vec![],
        }]
    };
    assert_eq!(store.import_calls(archived(&first)).await.unwrap(), 1);
    let live = store.live_calls_of(&[user("bob")]).await.unwrap();
    assert_eq!(live.len(), 1, "a call that lives goes on");
    assert_eq!(history(store, "bob").await, ["call"]);
    assert_eq!(store.import_calls(archived(&over)).await.unwrap(), 0);
    assert_eq!(store.import_calls(archived(&first)).await.unwrap(), 0);
    assert_eq!(*store.load(over.id()).await.unwrap().unwrap(), over);
    assert_eq!(store.live_calls_of(&[user("bob")]).await.unwrap(), []);
    assert_eq!(history(store, "bob").await, ["call"]);
    assert_eq!(
        statistics(store).await.stats.total_duration,
        TALK_MS / 1_000
    );
    let letters = store.take_letters(START.plus_ms(1_000_000), START, 10);
    assert_eq!(
        letters.await.unwrap(),
        [],
        "nobody is told of imported calls"
    );
    // It had ended here, but went on where it comes from.
    let mut later = serde_json::to_value(&first).unwrap();
    later["version"] = (over.version() + 1).into();
    let later: CallSession = serde_json::from_value(later).unwrap();
    assert_eq!(store.import_calls(archived(&later)).await.unwrap(), 0);
    assert_eq!(history(store, "bob").await, ["call"]);
    let stats = statistics(store).await.stats;
    assert_eq!((stats.total, stats.total_duration), (1, 0));
}

pub(crate) async fn old_calls_are_purged_a_few_at_a_time_and_live_ones_stay(store: &dyn Database) {
    for n in 0..5_u64 {
        let at = START.plus_ms(n * 1_000);
        keep(store, &placed(&format!("old-{n}"), at, &["bob", "carol"])).await;
    }
    let live = placed("live", START, &["bob"]);
    store.create(Arc::new(live)).await.unwrap();
    let until = START.plus_ms(TALK_MS + 4_000);
    // The last one ended at that very moment.
    for purged in [3, 1, 0] {
        assert_eq!(store.purge(until, 3).await.unwrap(), purged);
    }
    assert_eq!(history(store, "bob").await, ["old-4", "live"]);
    assert_eq!(history(store, "carol").await, ["old-4"]);
    assert_eq!(store.count_calls().await.unwrap(), 2);
    assert_eq!(store.load(&session_id("old-0")).await.unwrap(), None);
    assert!(
        store
            .quality(&session_id("old-0"))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.quality(&session_id("old-4")).await.unwrap().len(), 2);
}

async fn erase(store: &dyn Database, who: &str, id: &SessionId, stand_in: &str) -> Swap {
    let call = store.load(id).await.unwrap().unwrap();
    let (who, stand_in) = (user(who), user(stand_in));
    let without = call.without(&who, &stand_in, &device("erased")).unwrap();
    let erasure = Erasure {
        user: who,
        stand_in,
        expected_version: call.version(),
        call: Arc::new(without),
    };
    store.erase_from_call(&erasure).await.unwrap()
}

pub(crate) async fn whoever_is_erased_leaves_no_trace_and_the_others_keep_their_calls(
    store: &dyn Database,
) {
    let over = keep(store, &placed("call", START, &["bob"])).await;
    put_chat(store, "chat", &["alice", "bob"]).await;
    put_chat(store, "other", &["bob"]).await;
    let of_alice = store.chats_of(&user("alice")).await.unwrap();
    let ids: Vec<_> = of_alice
        .iter()
        .map(|chat: &ArchivedChat| chat.id.as_str())
        .collect();
    assert_eq!(ids, ["chat"]);

    assert_eq!(
        erase(store, "alice", over.id(), "erased-1").await,
        Swap::Stored
    );
    assert_eq!(store.leave_chats(&user("alice")).await.unwrap(), 1);
    assert_eq!(store.leave_chats(&user("alice")).await.unwrap(), 0);

    assert_eq!(history(store, "alice").await, [""; 0]);
    assert_eq!(history(store, "bob").await, ["call"]);
    let kept = all_calls(store).await;
    let text = serde_json::to_string(&kept).unwrap().to_lowercase();
    assert!(!text.contains("alice") && !text.contains("a1"), "{text}");
    let record = store
        .record(&user("bob"), over.id())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.caller.id, user("erased-1"));
    assert_eq!(record.duration, TALK_MS / 1_000);
    let links = store.quality(over.id()).await.unwrap();
    let links: Vec<_> = links
        .iter()
        .map(|link| (link.from.as_str(), link.to.as_str()))
        .collect();
    assert_eq!(links, [("bob", "erased-1"), ("erased-1", "bob")]);
    let chat = store.chat(&chat_id("chat")).await.unwrap();
    let members: Vec<_> = chat
        .iter()
        .flat_map(|chat: &Arc<Chat>| &chat.participants)
        .collect();
    assert_eq!(members.len(), 1);

    // Nobody is left who could look it up.
    assert_eq!(
        erase(store, "bob", over.id(), "erased-2").await,
        Swap::Stored
    );
    assert_eq!(store.count_calls().await.unwrap(), 0);
    assert!(store.quality(over.id()).await.unwrap().is_empty());
}

pub(crate) async fn a_call_is_erased_only_at_the_expected_version(store: &dyn Database) {
    let over = keep(store, &placed("call", START, &["bob"])).await;
    let without = over.without(&user("alice"), &user("erased-1"), &device("erased"));
    let erasure = Erasure {
        user: user("alice"),
        stand_in: user("erased-1"),
        expected_version: over.version() - 1,
        call: Arc::new(without.unwrap()),
    };
    let erased = store.erase_from_call(&erasure).await.unwrap();
    assert_eq!(erased, Swap::Conflict);
    assert_eq!(*store.load(over.id()).await.unwrap().unwrap(), over);
    assert_eq!(history(store, "alice").await, ["call"]);
}

#[test]
fn nobody_is_taken_out_of_a_call_that_lives_or_that_they_had_no_part_in() {
    let live = placed("call", START, &["bob"]);
    let without = |call: &CallSession, who: &str| {
        call.without(&user(who), &user("erased-1"), &device("erased"))
    };
    assert_eq!(without(&live, "alice"), None);
    assert_eq!(without(&ended(&live), "mallory"), None);
    assert!(without(&ended(&live), "alice").is_some());
}
