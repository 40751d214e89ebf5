//! What is asked of every store.

pub(super) use super::statistics::*;
use super::*;
pub(super) use crate::archive::*;
pub(super) use crate::history::*;
pub(super) use crate::outbox::*;

/// A call of alice to bob, placed at that time, and its effects.
pub(super) fn call(
    id: &str,
    at: ringback_server::calls::Timestamp,
) -> (CallSession, Vec<ringback_server::calls::session::Effect>) {
    let mut call = new_call(vec![callee("bob", Reach::Connected)]);
    call.id = session_id(id);
    CallSession::initiate(at, call)
}

pub(super) fn accepted(session: &Arc<CallSession>) -> (Arc<CallSession>, Arc<CallSession>) {
    let mut next = CallSession::clone(session);
    let accept = Input::Accept {
        user: user("bob"),
        device: device("b1"),
        answer: None,
    };
    next.handle(session.initiated_at(), accept).unwrap();
    (Arc::clone(session), Arc::new(next))
}

/// Applies inputs and stores each step, as the manager does.
pub(super) async fn run(
    store: &dyn Store,
    mut session: CallSession,
    inputs: Vec<(u64, Input)>,
) -> Arc<CallSession> {
    let placed = session.initiated_at();
    let created = store.create(Arc::new(session.clone())).await.unwrap();
    assert_eq!(created, Created::New);
    for (after_ms, input) in inputs {
        let version = session.version();
        session.handle(placed.plus_ms(after_ms), input).unwrap();
        let next = Arc::new(session.clone());
        let swapped = store.compare_and_set(next, version).await.unwrap();
        assert_eq!(swapped, Swap::Stored);
    }
    Arc::new(session)
}

pub(super) fn accept() -> Input {
    Input::Accept {
        user: user("bob"),
        device: device("b1"),
        answer: None,
    }
}

pub(super) fn end() -> Input {
    Input::End {
        user: user("alice"),
        device: device("a1"),
        reason: None,
    }
}

pub(super) fn reject() -> Input {
    Input::Reject {
        user: user("bob"),
        device: device("b1"),
        reason: None,
    }
}

pub(super) fn quality(packet_loss: f64) -> Input {
    Input::Quality {
        user: user("alice"),
        device: device("a1"),
        report: QualityReport {
            avg_bitrate: 1_000.0,
            packet_loss,
            jitter: 2.0 * packet_loss,
        },
        links: vec![],
    }
}

pub(super) async fn store_ended(
    store: &dyn Store,
    id: &str,
    at: ringback_server::calls::Timestamp,
    talk_ms: u64,
) -> Arc<CallSession> {
    let inputs = vec![(0, accept()), (talk_ms, end())];
    run(store, call(id, at).0, inputs).await
}

pub(super) fn query(limit: u32) -> HistoryQuery {
    HistoryQuery {
        limit,
        ..HistoryQuery::default()
    }
}

async fn ids(store: &dyn Store, who: &str, query: &HistoryQuery) -> Vec<String> {
    let page = store.history(&user(who), query).await.unwrap();
    page.calls.iter().map(|call| call.id.to_string()).collect()
}

pub(super) async fn a_created_call_is_loaded_as_it_was(store: &dyn Store) {
    let session = Arc::new(call("one", START).0);
    assert_eq!(store.load(session.id()).await.unwrap(), None);
    let created = store.create(Arc::clone(&session)).await.unwrap();
    assert_eq!(created, Created::New);
    assert_eq!(
        store.load(session.id()).await.unwrap(),
        Some(session.clone())
    );
    let taken = store.create(session).await;
    assert!(matches!(taken, Err(StoreError::IdTaken(_))));
}

pub(super) async fn a_call_is_replaced_only_at_the_expected_version(store: &dyn Store) {
    let first = Arc::new(call("one", START).0);
    let (_, second) = accepted(&first);
    let swap =
        |session: &Arc<CallSession>, expected| store.compare_and_set(Arc::clone(session), expected);
    assert_eq!(
        swap(&second, 1).await.unwrap(),
        Swap::Conflict,
        "not there yet"
    );
    store.create(Arc::clone(&first)).await.unwrap();
    assert_eq!(swap(&second, 1).await.unwrap(), Swap::Stored);
    assert_eq!(swap(&second, 1).await.unwrap(), Swap::Conflict);
    assert_eq!(store.load(first.id()).await.unwrap(), Some(second));
}

pub(super) async fn of_many_writers_at_one_version_one_wins(store: &dyn Store) {
    let first = Arc::new(call("one", START).0);
    store.create(Arc::clone(&first)).await.unwrap();
    let swaps = (0..8).map(|_| {
        let (_, second) = accepted(&first);
        store.compare_and_set(second, 1)
    });
    let mut stored = 0;
    for swap in join_all(swaps.collect()).await {
        stored += usize::from(swap.unwrap() == Swap::Stored);
    }
    assert_eq!(stored, 1);
}

/// Polls all futures together, so that their writes may meet in one transaction.
pub(super) async fn join_all<T>(
    mut futures: Vec<ringback_server::calls::ports::BoxFuture<'_, T>>,
) -> Vec<T> {
    let mut done: BTreeMap<usize, T> = BTreeMap::new();
    std::future::poll_fn(|context| {
        for (index, future) in futures.iter_mut().enumerate() {
            if !done.contains_key(&index)
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                done.insert(index, value);
            }
        }
        if done.len() == futures.len() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_values().collect()
}

pub(super) async fn a_repeated_request_finds_the_first_call(store: &dyn Store) {
    let request = CallRequestId::new("attempt").unwrap();
    let with_request = |id: &str, caller: &str| {
        let mut call = new_call(vec![callee("bob", Reach::Connected)]);
        call.id = session_id(id);
        call.caller = person(caller);
        call.request_id = Some(request.clone());
        Arc::new(CallSession::initiate(START, call).0)
    };
    let first = with_request("first", "alice");
    store.create(Arc::clone(&first)).await.unwrap();
    let repeat = store.create(with_request("second", "alice")).await.unwrap();
    assert_eq!(repeat, Created::Duplicate(Arc::clone(&first)));
    assert_eq!(store.load(&session_id("second")).await.unwrap(), None);
    assert_eq!(
        store.history(&user("bob"), &query(9)).await.unwrap().total,
        1
    );
    let found = store.find_by_request(&user("alice"), &request).await;
    assert_eq!(found.unwrap(), Some(first));
    // The same name of somebody else is another attempt.
    let other = store.create(with_request("third", "carol")).await.unwrap();
    assert_eq!(other, Created::New);
}

pub(super) async fn live_calls_are_found_by_user_until_they_are_over(store: &dyn Store) {
    let first = Arc::new(call("1", START).0);
    store.create(Arc::clone(&first)).await.unwrap();
    store_ended(store, "2", START, 1_000).await;
    let rejected = call("3", START).0;
    let second = {
        let mut call = new_call(vec![callee("carol", Reach::Connected)]);
        call.id = session_id("4");
        Arc::new(CallSession::initiate(START, call).0)
    };
    store.create(Arc::clone(&second)).await.unwrap();
    let of = |who: &str| {
        let who: Vec<_> = who.split(' ').map(user).collect();
        async move { store.live_calls_of(&who).await.unwrap() }
    };
    assert_eq!(of("alice").await, [first.clone(), second.clone()]);
    assert_eq!(of("bob carol").await, [first.clone(), second.clone()]);
    assert_eq!(of("carol").await, std::slice::from_ref(&second));
    assert_eq!(of("nobody").await, []);
    run(store, rejected, vec![(0, reject())]).await;
    assert_eq!(of("bob").await, [first]);
    assert_eq!(store.live_calls().await.unwrap().len(), 2);
}

pub(super) async fn calls_are_due_when_their_deadline_has_come(store: &dyn Store) {
    let first = Arc::new(call("1", START).0);
    let later = call("2", START.plus_ms(1_000)).0;
    store.create(Arc::clone(&first)).await.unwrap();
    run(store, later, vec![]).await;
    store_ended(store, "3", START, 1_000).await;
    let due = |ms| async move { store.due(START.plus_ms(ms)).await.unwrap() };
    assert_eq!(due(RING_MS - 1).await, [] as [SessionId; 0]);
    assert_eq!(due(RING_MS).await, [session_id("1")]);
    assert_eq!(due(RING_MS + 1_000).await.len(), 2);
    // Answered: nothing runs out any more.
    let (_, second) = accepted(&first);
    store.compare_and_set(second, 1).await.unwrap();
    assert_eq!(due(RING_MS).await, [] as [SessionId; 0]);
}

pub(super) async fn history_is_filtered_and_newest_first(store: &dyn Store) {
    store_ended(store, "a", START, 1_000).await;
    run(store, call("b", START.plus_ms(1)).0, vec![(0, reject())]).await;
    let mut video = new_call(vec![callee("carol", Reach::Connected)]);
    video.id = session_id("c");
    video.call_type = CallType::Video;
    video.chat.id = chat_id("group");
    run(
        store,
        CallSession::initiate(START.plus_ms(2), video).0,
        vec![],
    )
    .await;
    // Placed at the same time: the greater id comes first.
    store_ended(store, "d", START.plus_ms(1), 1_000).await;

    assert_eq!(ids(store, "alice", &query(10)).await, ["c", "d", "b", "a"]);
    assert_eq!(ids(store, "bob", &query(10)).await, ["d", "b", "a"]);
    assert_eq!(ids(store, "carol", &query(10)).await, ["c"]);
    assert_eq!(ids(store, "mallory", &query(10)).await, [""; 0]);
    let in_group = HistoryQuery {
        chat_id: Some(chat_id("group")),
        ..query(10)
    };
    assert_eq!(ids(store, "alice", &in_group).await, ["c"]);
    let voice = HistoryQuery {
        call_type: Some(CallType::Voice),
        ..query(10)
    };
    assert_eq!(ids(store, "alice", &voice).await, ["d", "b", "a"]);
    let ended = HistoryQuery {
        status: Some(CallStatus::Ended),
        call_type: Some(CallType::Voice),
        chat_id: Some(chat_id("chat")),
        ..query(1)
    };
    let page = store.history(&user("bob"), &ended).await.unwrap();
    assert_eq!(page.total, 2);
    assert_eq!(page.calls[0].id, session_id("d"));
    assert!(page.calls[0].is_incoming);
}

pub(super) async fn history_pages_neither_overlap_nor_miss_a_call(store: &dyn Store) {
    for index in 0..7 {
        // Pairs share their time.
        store_ended(store, &index.to_string(), START.plus_ms(index / 2), 1_000).await;
    }
    let all = ids(store, "bob", &query(100)).await;
    assert_eq!(all, ["6", "5", "4", "3", "2", "1", "0"]);
    let mut by_offset = Vec::new();
    for offset in [0, 3, 6, 9] {
        let page = HistoryQuery { offset, ..query(3) };
        by_offset.extend(ids(store, "bob", &page).await);
    }
    assert_eq!(by_offset, all);
    let (mut by_cursor, mut after) = (Vec::new(), None);
    loop {
        let query = HistoryQuery { after, ..query(3) };
        let page = store.history(&user("bob"), &query).await.unwrap();
        assert_eq!(page.total, 7);
        by_cursor.extend(page.calls.iter().map(|call| call.id.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(by_cursor, all);
}

pub(super) async fn records_are_seen_by_participants_alone(store: &dyn Store) {
    let ended = store_ended(store, "one", START, 61_000).await;
    let live = run(store, call("two", START).0, vec![]).await;
    let record = |who: &str, id: &SessionId| {
        let (who, id) = (user(who), id.clone());
        async move { store.record(&who, &id).await.unwrap() }
    };
    let of_bob = record("bob", ended.id()).await.unwrap();
    assert_eq!(of_bob.duration, 61);
    assert_eq!(of_bob.end_reason, Some(EndReason::Completed));
    assert_eq!(
        record("bob", live.id()).await.unwrap().status,
        CallStatus::Ringing
    );
    assert_eq!(record("mallory", ended.id()).await, None);
    assert_eq!(record("bob", &session_id("none")).await, None);
}

pub(super) async fn chats_are_stored_changed_and_removed(store: &dyn Store) {
    let id = chat_id("team");
    assert_eq!(store.chat(&id).await.unwrap(), None);
    let member = |id: &str, name: Option<&str>| ChatMember {
        id: user(id),
        name: name.map(str::to_owned),
        avatar: name.map(|name| format!("https://pictures.example/{name}.png")),
    };
    let mut chat = Chat {
        name: Some("Team \"A\"".to_owned()),
        participants: vec![member("zoe", Some("Zoë")), member("adam", None)],
    };
    for _ in 0..2 {
        store.put_chat(&id, chat.clone()).await.unwrap();
        assert_eq!(*store.chat(&id).await.unwrap().unwrap(), chat);
        assert_eq!(*store.chat(&id).await.unwrap().unwrap(), chat);
        // The second time without a name and with other people.
        chat.name = None;
        chat.participants = vec![member("bob", Some("Bob"))];
    }
    chat.participants.clear();
    store.put_chat(&id, chat.clone()).await.unwrap();
    assert_eq!(*store.chat(&id).await.unwrap().unwrap(), chat);
    assert!(store.delete_chat(&id).await.unwrap());
    assert_eq!(store.chat(&id).await.unwrap(), None);
    assert!(!store.delete_chat(&id).await.unwrap());
}

pub(super) async fn members_are_added_to_chats_that_may_not_exist(store: &dyn Store) {
    let id = chat_id("fresh");
    let member = |id: &str, name: Option<&str>| ChatMember {
        id: user(id),
        name: name.map(str::to_owned),
        avatar: None,
    };
    store.add_member(&id, member("zoe", None)).await.unwrap();
    store
        .add_member(&id, member("adam", Some("Adam")))
        .await
        .unwrap();
    // What is not said again is kept.
    store.add_member(&id, member("adam", None)).await.unwrap();
    store
        .add_member(&id, member("zoe", Some("Zoë")))
        .await
        .unwrap();
    let chat = store.chat(&id).await.unwrap().unwrap();
    assert_eq!(chat.name, None);
    let expected = [member("zoe", Some("Zoë")), member("adam", Some("Adam"))];
    assert_eq!(chat.participants, expected);
}
