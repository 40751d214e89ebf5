//! Orders in which things can meet, each by name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ringback_protocol::rest::{CallRecord, CallStatistics, Chat, ChatMember, LinkTimeline};
use ringback_protocol::{CallRequestId, ChatId, ErrorCode, LinkReport, SessionId, UserId};
use ringback_server::calls::ports::{BoxFuture, CallAck, Emitter};
use ringback_server::calls::{CallManager, CallSession, CallSettings, Timestamp};
use ringback_server::store::{
    CallStore, Created, Directory, HistoryPage, HistoryQuery, Letter, LetterId, Outbox,
    StatisticsQuery, Store, StoreResult, Swap, Waiting,
};
use tokio::sync::Barrier;

use crate::support::{
    ManualClock, RING_MS, Recorder, World, accept, end, initiate, join, leave, open_store,
    put_chat, reject, send, show_call, user,
};

#[tokio::test]
async fn an_accept_that_meets_a_cancel_is_settled_for_one_of_them() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    for _ in 0..20 {
        let id = alice.call("chat", &[]).await;
        let (cancelled, accepted) = tokio::join!(alice.send(end(&id)), bob.send(accept(&id)));
        cancelled.unwrap();
        let stored = world.stored(&id).await;
        match accepted {
            Ok(_) => assert_eq!(stored, "ended: alice joined, bob joined"),
            Err(failure) => {
                assert_eq!(failure.code, ErrorCode::CallEnded);
                assert_eq!(stored, "missed: alice joined, bob missed");
            }
        }
        for one in [&alice, &bob] {
            let got = one.got();
            assert!(got.last().unwrap().starts_with("ended by alice"), "{got:?}");
        }
    }
}

#[tokio::test]
async fn of_two_devices_that_accept_at_once_one_is_in_the_call() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (phone, tablet) = (world.connect("bob/b1").await, world.connect("bob/b2").await);
    for _ in 0..20 {
        let id = alice.call("chat", &[]).await;
        let (first, second) = tokio::join!(phone.send(accept(&id)), tablet.send(accept(&id)));
        let refused: Vec<_> = [first, second]
            .into_iter()
            .filter_map(Result::err)
            .collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].code, ErrorCode::AlreadyAnswered);
        alice.send(end(&id)).await.unwrap();
    }
}

#[tokio::test]
async fn a_reject_that_meets_the_timeout_ends_the_call_once() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    for _ in 0..20 {
        let id = alice.call("chat", &[]).await;
        world.clock.advance(RING_MS);
        let rejected = bob.send(reject(&id)).await;
        let ending = match rejected {
            Ok(_) => "ended by bob declined",
            Err(failure) => {
                assert_eq!(failure.code, ErrorCode::CallEnded);
                "ended by alice missed"
            }
        };
        let got = alice.until(ending).await;
        assert_eq!(
            got.iter()
                .filter(|event| event.starts_with("ended"))
                .count(),
            1
        );
        assert_eq!(got.last().unwrap(), ending);
        bob.until(ending).await;
    }
}

#[tokio::test]
async fn when_both_hang_up_at_once_the_call_ends_once() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    alice.got();
    bob.got();
    let (first, second) = tokio::join!(alice.send(end(&id)), bob.send(end(&id)));
    assert!(first.is_ok() != second.is_ok());
    assert_eq!(alice.got().len(), 1);
    assert_eq!(bob.got().len(), 1);
}

#[tokio::test]
async fn a_leave_that_meets_a_join_leaves_a_call_that_is_whole() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let carol = world.connect("carol/c1").await;
    let id = alice.call("group", &["bob"]).await;
    bob.accept(&id).await;
    let (left, joined) = tokio::join!(bob.send(leave(&id)), carol.send(join(&id)));
    left.unwrap();
    let stored = world.stored(&id).await;
    match joined {
        Ok(_) => assert_eq!(
            stored,
            "ongoing: alice/a1 joined, bob left, carol/c1 joined"
        ),
        Err(failure) => {
            assert_eq!(failure.code, ErrorCode::CallEnded);
            assert_eq!(stored, "ended: alice joined, bob left");
        }
    }
}

#[tokio::test]
async fn when_both_dial_the_second_call_answers_the_first() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &["bob"]).await;
    alice.got();
    // Absent targets mean the same in a chat of two.
    let Ok(CallAck::Initiate(ack)) = bob.send(initiate("chat", &[])).await else {
        panic!("the second call is acked");
    };
    assert!(ack.joined);
    assert_eq!(ack.session_id, id);
    assert_eq!(ack.target_user_ids, [user("bob")]);
    assert_eq!(
        alice.got(),
        ["accepted by bob/b1", "participant-joined bob/b1"]
    );
    assert_eq!(
        world.stored(&id).await,
        "ongoing: alice/a1 joined, bob/b1 joined"
    );
}

#[tokio::test]
async fn when_both_dial_at_the_same_moment_there_is_one_call() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    for _ in 0..20 {
        let (first, second) = tokio::join!(
            alice.send(initiate("chat", &[])),
            bob.send(initiate("chat", &[]))
        );
        let acks = [first, second].map(|ack| match ack {
            Ok(CallAck::Initiate(ack)) => ack,
            other => panic!("both are acked: {other:?}"),
        });
        assert_eq!(acks[0].session_id, acks[1].session_id);
        assert!(acks[0].joined != acks[1].joined);
        assert!(
            world
                .stored(&acks[0].session_id)
                .await
                .starts_with("ongoing")
        );
        alice.send(end(&acks[0].session_id)).await.unwrap();
    }
}

#[tokio::test]
async fn dialling_back_just_after_the_caller_gave_up_is_a_new_call() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    for _ in 0..20 {
        let first = alice.call("chat", &[]).await;
        let (cancelled, dialled) =
            tokio::join!(alice.send(end(&first)), bob.send(initiate("chat", &[])));
        cancelled.unwrap();
        let Ok(CallAck::Initiate(ack)) = dialled else {
            panic!("bob's call is acked: {dialled:?}");
        };
        assert_eq!(ack.joined, ack.session_id == first);
        if !ack.joined {
            bob.send(end(&ack.session_id)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn two_people_who_call_a_third_at_once_do_not_both_get_through() {
    let world = World::new().await;
    let (alice, carol) = (
        world.connect("alice/a1").await,
        world.connect("carol/c1").await,
    );
    let bob = world.connect("bob/b1").await;
    let (first, second) =
        tokio::join!(alice.call("group", &["bob"]), carol.call("group", &["bob"]));
    let mut stored = [world.stored(&first).await, world.stored(&second).await];
    stored.sort();
    assert!(stored[0].starts_with("rejected: "), "{stored:?}");
    assert!(stored[1].starts_with("ringing: "), "{stored:?}");
    assert_eq!(bob.got().len(), 1);
}

#[tokio::test]
async fn a_user_who_accepts_two_calls_at_once_is_in_one() {
    let settings = CallSettings {
        call_waiting: true,
        ..CallSettings::default()
    };
    let world = World::with(settings).await;
    let (alice, carol) = (
        world.connect("alice/a1").await,
        world.connect("carol/c1").await,
    );
    let (phone, tablet) = (world.connect("bob/b1").await, world.connect("bob/b2").await);
    let (one, two) = (
        alice.call("group", &["bob"]).await,
        carol.call("group", &["bob"]).await,
    );
    let (first, second) = tokio::join!(phone.send(accept(&one)), tablet.send(accept(&two)));
    let refused: Vec<_> = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, ErrorCode::AlreadyInCall);
}

/// Two processes on one database: two managers whose new calls are stored at the same moment.
struct TwoNodes {
    recorder: Arc<Recorder>,
    store: Arc<Together>,
    nodes: [Arc<CallManager>; 2],
    _dir: tempfile::TempDir,
}

impl TwoNodes {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Together {
            inner: open_store(&dir).await,
            together: Barrier::new(2),
            is_armed: AtomicBool::new(true),
        });
        put_chat(&*store, "chat", &["alice", "bob"]).await;
        let recorder = Arc::new(Recorder::default());
        let start = || {
            CallManager::start(
                Arc::clone(&store) as Arc<dyn Store>,
                Arc::clone(&recorder) as Arc<dyn Emitter>,
                Arc::new(ManualClock::new()),
                CallSettings::default(),
            )
        };
        let nodes = [start(), start()];
        Self {
            recorder,
            store,
            nodes,
            _dir: dir,
        }
    }
}

#[tokio::test]
async fn two_calls_that_cross_on_two_nodes_become_the_one_with_the_smaller_id() {
    for _ in 0..20 {
        let world = TwoNodes::new().await;
        let somewhere = World::new().await;
        let (alice, bob) = (
            somewhere.device("alice/a1").actor,
            somewhere.device("bob/b1").actor,
        );
        world.recorder.plug(&alice.user, &alice.device);
        world.recorder.plug(&bob.user, &bob.device);
        let (first, second) = tokio::join!(
            send(&world.nodes[0], &alice, initiate("chat", &[])),
            send(&world.nodes[1], &bob, initiate("chat", &[])),
        );
        let [first, second] = [first, second].map(|ack| match ack {
            Ok(CallAck::Initiate(ack)) => ack.session_id,
            other => panic!("both are acked: {other:?}"),
        });
        let live = world.store.live_calls().await.unwrap();
        assert_eq!(live.len(), 1, "{first} {second}");
        assert_eq!(
            show_call(&live[0]),
            if *live[0].caller() == user("alice") {
                "ongoing: alice/a1 joined, bob/b1 joined"
            } else {
                "ongoing: bob/b1 joined, alice/a1 joined"
            }
        );
        let history = world.store.history(&user("bob"), &query()).await.unwrap();
        assert_eq!(history.calls.len(), 2);
        let replaced = history.calls.iter().find(|call| call.id != *live[0].id());
        let replaced = replaced.unwrap();
        assert!(replaced.id > *live[0].id(), "the smaller id stays");
        assert_eq!(replaced.end_reason.as_ref().unwrap().as_str(), "replaced");
    }
}

fn query() -> HistoryQuery {
    HistoryQuery {
        limit: 10,
        ..HistoryQuery::default()
    }
}

/// A store that holds the first two new calls back until both are there.
struct Together {
    inner: Arc<dyn Store>,
    together: Barrier,
    is_armed: AtomicBool,
}

impl CallStore for Together {
    fn create(&self, session: Arc<CallSession>) -> BoxFuture<'_, StoreResult<Created>> {
        Box::pin(async move {
            if self.is_armed.load(Ordering::SeqCst) {
                self.together.wait().await;
                self.is_armed.store(false, Ordering::SeqCst);
            }
            self.inner.create(session).await
        })
    }

    fn compare_and_set(
        &self,
        session: Arc<CallSession>,
        expected_version: u64,
    ) -> BoxFuture<'_, StoreResult<Swap>> {
        self.inner.compare_and_set(session, expected_version)
    }

    fn load<'a>(
        &'a self,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        self.inner.load(id)
    }

    fn find_by_request<'a>(
        &'a self,
        caller: &'a UserId,
        request: &'a CallRequestId,
    ) -> BoxFuture<'a, StoreResult<Option<Arc<CallSession>>>> {
        self.inner.find_by_request(caller, request)
    }

    fn live_calls_of<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, StoreResult<Vec<Arc<CallSession>>>> {
        self.inner.live_calls_of(users)
    }

    fn live_calls(&self) -> BoxFuture<'_, StoreResult<Vec<Arc<CallSession>>>> {
        self.inner.live_calls()
    }

    fn due(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<SessionId>>> {
        self.inner.due(now)
    }

    fn history<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a HistoryQuery,
    ) -> BoxFuture<'a, StoreResult<HistoryPage>> {
        self.inner.history(user, query)
    }

    fn record<'a>(
        &'a self,
        user: &'a UserId,
        id: &'a SessionId,
    ) -> BoxFuture<'a, StoreResult<Option<CallRecord>>> {
        self.inner.record(user, id)
    }

    fn add_quality<'a>(
        &'a self,
        call: &'a SessionId,
        from: &'a UserId,
        at: Timestamp,
        links: Vec<LinkReport>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.add_quality(call, from, at, links)
    }

    fn quality<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, StoreResult<Vec<LinkTimeline>>> {
        self.inner.quality(call)
    }

    fn statistics<'a>(
        &'a self,
        user: &'a UserId,
        query: &'a StatisticsQuery,
    ) -> BoxFuture<'a, StoreResult<CallStatistics>> {
        self.inner.statistics(user, query)
    }
}

impl Directory for Together {
    fn chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<Option<Arc<Chat>>>> {
        self.inner.chat(id)
    }

    fn put_chat<'a>(&'a self, id: &'a ChatId, chat: Chat) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.put_chat(id, chat)
    }

    fn delete_chat<'a>(&'a self, id: &'a ChatId) -> BoxFuture<'a, StoreResult<bool>> {
        self.inner.delete_chat(id)
    }

    fn add_member<'a>(
        &'a self,
        id: &'a ChatId,
        member: ChatMember,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.add_member(id, member)
    }
}

impl Outbox for Together {
    fn take_letters(
        &self,
        now: Timestamp,
        again: Timestamp,
        most: usize,
    ) -> BoxFuture<'_, StoreResult<Vec<Letter>>> {
        self.inner.take_letters(now, again, most)
    }

    fn put_off_letter<'a>(
        &'a self,
        id: &'a LetterId,
        until: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.put_off_letter(id, until)
    }

    fn remove_letter<'a>(&'a self, id: &'a LetterId) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.remove_letter(id)
    }

    fn waiting_letters(&self) -> BoxFuture<'_, StoreResult<Waiting>> {
        self.inner.waiting_letters()
    }

    fn drop_oldest_letters(&self, keep: u64, most: u32) -> BoxFuture<'_, StoreResult<u64>> {
        self.inner.drop_oldest_letters(keep, most)
    }
}

impl Store for Together {
    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.inner.ping()
    }
}
