//! What every store must do: one suite, run against each.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_protocol::rest::{CallStatistics, Chat, ChatMember};
use ringback_protocol::{
    CallRequestId, CallStatus, CallType, CandidateType, EndReason, LinkGrade, LinkReport,
    LinkStatus, QualityReport, SessionId,
};
use ringback_server::calls::session::{CallSession, Input, Reach};
use ringback_server::store::{
    Created, Database, HistoryQuery, StatisticsQuery, Store, StoreError, Swap, Timeframe,
};

use crate::support::{
    RING_MS, START, callee, chat_id, device, new_call, open_store, person, put_chat, session_id,
    user,
};

const DAY_MS: u64 = 86_400_000;

/// Runs the whole suite; `fresh` makes an empty store each time, or none where no test can run.
macro_rules! store_contract {
    ($fresh:expr) => {
        store_contract! {
            $fresh;
            a_created_call_is_loaded_as_it_was,
            a_call_is_replaced_only_at_the_expected_version,
            of_many_writers_at_one_version_one_wins,
            a_repeated_request_finds_the_first_call,
            live_calls_are_found_by_user_until_they_are_over,
            calls_are_due_when_their_deadline_has_come,
            history_is_filtered_and_newest_first,
            history_pages_neither_overlap_nor_miss_a_call,
            live_calls_stand_among_those_that_are_over,
            a_call_that_ends_between_two_pages_is_on_one_of_them,
            a_call_that_ends_while_the_history_is_read_is_in_it_once,
            everyone_who_has_a_part_in_a_call_finds_it_from_then_on,
            a_call_that_is_over_at_once_is_found,
            a_call_that_changes_after_its_end_is_found_as_it_is_then,
            of_whoever_is_erased_the_live_calls_stay,
            records_are_seen_by_participants_alone,
            statistics_add_up,
            statistics_count_live_calls_without_a_duration,
            statistics_of_nothing_are_zero,
            statistics_respect_time_frame_and_chat,
            quality_is_averaged_over_measured_calls,
            measurements_of_links_are_kept_by_link_and_time,
            of_a_long_call_fewer_of_the_older_measurements_are_kept,
            chats_are_stored_changed_and_removed,
            members_are_added_to_chats_that_may_not_exist,
            what_a_change_has_to_tell_is_stored_with_it,
            what_is_told_of_one_call_comes_out_in_order,
            what_was_taken_out_is_due_again_later,
            of_several_who_ask_one_gets_each,
            it_is_known_how_many_letters_wait_and_since_when,
            of_more_letters_than_are_kept_the_oldest_are_dropped,
            a_call_that_is_still_told_of_is_not_purged,
            a_call_of_which_nobody_was_ever_told_is_purged_with_it,
            whoever_is_erased_is_in_nothing_that_is_still_to_be_told,
            calls_and_chats_leave_a_database_and_come_back_as_they_were,
            a_later_version_of_a_call_comes_in_and_an_earlier_one_does_not,
            old_calls_are_purged_a_few_at_a_time_and_live_ones_stay,
            whoever_is_erased_leaves_no_trace_and_the_others_keep_their_calls,
            a_call_is_erased_only_at_the_expected_version,
        }
    };
    ($fresh:expr; $($test:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                let Some((store, _keep)) = $fresh.await else {
                    return;
                };
                contract::$test(&*store).await;
            }
        )*
    };
}

mod sqlite {
    use super::*;

    async fn fresh() -> (Arc<dyn Database>, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (open_store(&dir).await, dir)
    }

    store_contract!(async { Some(fresh().await) });

    #[tokio::test]
    async fn everything_outlives_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let store = open_store(&dir).await;
        let live = Arc::new(contract::call("live", START).0);
        store.create(Arc::clone(&live)).await.unwrap();
        let over = contract::store_ended(&*store, "over", START, 10_000).await;
        put_chat(&*store, "chat", &["alice"]).await;
        // As after a kill: the first store is neither closed nor dropped.
        let again = open_store(&dir).await;
        assert_eq!(again.load(live.id()).await.unwrap(), Some(live.clone()));
        assert_eq!(again.load(over.id()).await.unwrap(), Some(over));
        assert_eq!(again.live_calls().await.unwrap(), [live]);
        let chat = again.chat(&chat_id("chat")).await.unwrap();
        assert_eq!(chat.unwrap().participants.len(), 1);
    }

    #[tokio::test]
    async fn another_process_on_the_file_is_noticed_at_the_next_change() {
        let dir = tempfile::tempdir().unwrap();
        let (mine, theirs) = (open_store(&dir).await, open_store(&dir).await);
        let first = Arc::new(contract::call("shared", START).0);
        mine.create(Arc::clone(&first)).await.unwrap();
        let (_, second) = contract::accepted(&first);
        let swapped = theirs.compare_and_set(Arc::clone(&second), 1).await;
        assert_eq!(swapped.unwrap(), Swap::Stored);
        let (_, stale) = contract::accepted(&first);
        assert_eq!(
            mine.compare_and_set(stale, 1).await.unwrap(),
            Swap::Conflict
        );
        assert_eq!(mine.load(first.id()).await.unwrap(), Some(second));
    }

    #[tokio::test]
    async fn a_write_that_fails_does_not_take_its_neighbours_along() {
        let (store, dir) = fresh().await;
        let refuse = "
            CREATE TRIGGER refusal BEFORE INSERT ON calls WHEN NEW.id = 'broken'
            BEGIN SELECT RAISE(ABORT, 'refused'); END";
        let file = rusqlite::Connection::open(dir.path().join("calls.db")).unwrap();
        file.execute_batch(refuse).unwrap();
        let writes = [
            contract::call("1", START).0,
            contract::call("broken", START).0,
            contract::call("2", START).0,
        ];
        let writes = writes.map(|session| store.create(Arc::new(session)));
        let written = contract::join_all(writes.into()).await;
        assert!(matches!(written[0], Ok(Created::New)));
        assert!(matches!(written[1], Err(StoreError::Database(_))));
        assert!(matches!(written[2], Ok(Created::New)));
        let live = store.live_calls_of(&[user("bob")]).await.unwrap();
        let ids: Vec<_> = live.iter().map(|session| session.id().as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        assert_eq!(store.load(&session_id("broken")).await.unwrap(), None);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn another_file_in_the_place_of_the_one_that_was_opened_is_never_read() {
        let (store, dir) = fresh().await;
        contract::store_ended(&*store, "mine", START, 10_000).await;
        let (other, others) = fresh().await;
        contract::store_ended(&*other, "theirs", START, 10_000).await;
        other.close().await;
        let file = |dir: &tempfile::TempDir| dir.path().join("calls.db");
        std::fs::rename(file(&others), file(&dir)).unwrap();
        let read = store.load(&session_id("theirs")).await;
        assert!(matches!(read, Err(StoreError::Displaced)), "{read:?}");
        assert!(matches!(store.ping().await, Err(StoreError::Displaced)));
    }

    #[tokio::test]
    async fn an_address_that_is_not_a_file_is_refused() {
        for url in ["mysql://localhost/x", "sqlite::memory:", "calls.db"] {
            let refused = ringback_server::store::open(url).await;
            assert!(
                matches!(refused.err(), Some(StoreError::UnknownUrl(_))),
                "{url}"
            );
        }
    }

    #[tokio::test]
    async fn a_file_of_a_newer_version_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        open_store(&dir).await.close().await;
        let file = dir.path().join("calls.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection
            .pragma_update(None, "user_version", 1_000)
            .unwrap();
        drop(connection);
        let refused = ringback_server::store::open(&format!("sqlite:{}", file.display())).await;
        assert!(matches!(refused.err(), Some(StoreError::Newer)));
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_opened_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/no/such/folder/calls.db", dir.path().display());
        let refused = ringback_server::store::open(&url).await;
        assert!(matches!(refused.err(), Some(StoreError::Database(_))));
    }

    #[tokio::test]
    async fn a_closed_store_says_so() {
        let (store, _dir) = fresh().await;
        store.ping().await.unwrap();
        store.close().await;
        let call = Arc::new(contract::call("late", START).0);
        assert!(matches!(store.create(call).await, Err(StoreError::Closed)));
        assert!(matches!(store.ping().await, Err(StoreError::Closed)));
    }
}

#[cfg(feature = "postgres")]
pub(crate) mod postgres {
    use ringback_server::store::CallStore as _;
    use ringback_server::store::postgres::PostgresStore;
    use sqlx::postgres::PgConnectOptions;
    use sqlx::{ConnectOptions, Executor};

    use super::*;

    /// Makes an empty database on the server of `POSTGRES_TEST_URI` and returns its address.
    pub(crate) async fn empty_database() -> String {
        let server = std::env::var("POSTGRES_TEST_URI").expect(
            "POSTGRES_TEST_URI names no PostgreSQL server: `npm test -- stores` starts one",
        );
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        let options: PgConnectOptions = server.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        connection.execute(create).await.unwrap();
        options.database(&name).to_url_lossy().to_string()
    }

    async fn fresh() -> (Arc<dyn Database>, ()) {
        let url = empty_database().await;
        (Arc::new(PostgresStore::open(&url).await.unwrap()), ())
    }

    store_contract!(async { Some(fresh().await) });

    #[tokio::test]
    async fn nodes_that_start_together_migrate_once_and_see_each_others_calls() {
        let url = empty_database().await;
        let open = || -> ringback_server::calls::ports::BoxFuture<'_, _> {
            Box::pin(PostgresStore::open(&url))
        };
        let nodes = contract::join_all(vec![open(), open(), open(), open()]).await;
        let nodes: Vec<_> = nodes.into_iter().map(Result::unwrap).collect();
        let call = Arc::new(contract::call("shared", START).0);
        nodes[0].create(Arc::clone(&call)).await.unwrap();
        for node in &nodes {
            assert_eq!(node.load(call.id()).await.unwrap(), Some(call.clone()));
            let live = node.live_calls_of(&[user("bob")]).await.unwrap();
            assert_eq!(live, std::slice::from_ref(&call));
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_an_error() {
        use ringback_server::store::Absence;

        let refused = ringback_server::store::open("postgres://127.0.0.1:1/none").await;
        let Some(StoreError::Away { why, .. }) = refused.err() else {
            panic!("nobody listens there");
        };
        assert_eq!(why, Absence::Refused);
    }

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_left_alone() {
        let url = empty_database().await;
        PostgresStore::open(&url).await.unwrap().close().await;
        let options: PgConnectOptions = url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        connection
            .execute("INSERT INTO ringback_schema VALUES (1000)")
            .await
            .unwrap();
        let refused = ringback_server::store::open(&url).await;
        assert!(matches!(refused.err(), Some(StoreError::Newer)));
    }
}

#[cfg(feature = "mongodb")]
pub(crate) mod mongodb {
    use std::io::Write as _;

    use ringback_server::store::CallStore as _;
    use ringback_server::store::mongodb::MongoStore;

    use super::*;

    /// Returns the address of a database that nobody used, on the server of `MONGODB_TEST_URI`.
    ///
    /// There is none without that variable: MongoDB itself comes in no package that could be
    /// installed for the tests.
    pub(crate) fn empty_database() -> Option<String> {
        let Ok(server) = std::env::var("MONGODB_TEST_URI") else {
            // Past the capture of the test runner: a test that did not run is not to look like one.
            let notice =
                b"NOT RUN: a test of the MongoDB store; MONGODB_TEST_URI names no server\n";
            std::io::stderr().write_all(notice).unwrap();
            return None;
        };
        let (server, options) = server.split_once('?').unwrap_or((&server, ""));
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        Some(format!("{}/{name}?{options}", server.trim_end_matches('/')))
    }

    async fn fresh() -> Option<(Arc<dyn Database>, Dropped)> {
        let url = empty_database()?;
        let store = MongoStore::open(&url).await.unwrap();
        Some((Arc::new(store), Dropped(url)))
    }

    /// Names the database that a test used, so that its failure can be looked into.
    struct Dropped(String);

    impl Drop for Dropped {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("the database of the failed test: {}", self.0);
            }
        }
    }

    store_contract!(fresh());

    #[tokio::test]
    async fn nodes_that_start_together_make_the_indexes_once_and_see_each_others_calls() {
        let Some(url) = empty_database() else {
            return;
        };
        let open = || -> ringback_server::calls::ports::BoxFuture<'_, _> {
            Box::pin(MongoStore::open(&url))
        };
        let nodes = contract::join_all(vec![open(), open(), open()]).await;
        let nodes: Vec<_> = nodes.into_iter().map(Result::unwrap).collect();
        let call = Arc::new(contract::call("shared", START).0);
        nodes[0].create(Arc::clone(&call)).await.unwrap();
        for node in &nodes {
            let live = node.live_calls_of(&[user("bob")]).await.unwrap();
            assert_eq!(live, std::slice::from_ref(&call));
        }
        let again = MongoStore::open(&url).await.unwrap();
        assert_eq!(again.migration().found, again.migration().current);
    }

    #[tokio::test]
    async fn texts_that_look_like_expressions_are_stored_as_they_are() {
        let Some((store, _keep)) = fresh().await else {
            return;
        };
        put_chat(&*store, "$chat", &["$$ROOT", "$name"]).await;
        let chat = store.chat(&chat_id("$chat")).await.unwrap().unwrap();
        assert_eq!(chat.participants[0].id, user("$$ROOT"));
        let member = ChatMember {
            id: user("$name"),
            name: Some("$name".to_owned()),
            avatar: None,
        };
        store
            .add_member(&chat_id("$chat"), member.clone())
            .await
            .unwrap();
        let chat = store.chat(&chat_id("$chat")).await.unwrap().unwrap();
        assert_eq!(chat.participants[1], member);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_an_error() {
        let url = "mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=300";
        let refused = ringback_server::store::open(url).await;
        assert!(matches!(refused.err(), Some(StoreError::Database(_))));
    }
}

mod contract {
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
    async fn run(
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

    fn accept() -> Input {
        Input::Accept {
            user: user("bob"),
            device: device("b1"),
            answer: None,
        }
    }

    fn end() -> Input {
        Input::End {
            user: user("alice"),
            device: device("a1"),
            reason: None,
        }
    }

    fn reject() -> Input {
        Input::Reject {
            user: user("bob"),
            device: device("b1"),
            reason: None,
        }
    }

    fn quality(packet_loss: f64) -> Input {
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

    fn query(limit: u32) -> HistoryQuery {
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
        let swap = |session: &Arc<CallSession>, expected| {
            store.compare_and_set(Arc::clone(session), expected)
        };
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

    fn stats(timeframe: Timeframe) -> StatisticsQuery {
        StatisticsQuery {
            chat_id: None,
            timeframe,
            now: START.plus_ms(DAY_MS),
        }
    }

    async fn figures(store: &dyn Store, who: &str, timeframe: Timeframe) -> CallStatistics {
        let figures = store.statistics(&user(who), &stats(timeframe)).await;
        figures.unwrap()
    }

    pub(super) async fn statistics_add_up(store: &dyn Store) {
        store_ended(store, "1", START, 30_000).await;
        store_ended(store, "2", START, 1_800_000).await;
        store_ended(store, "3", START.plus_ms(DAY_MS), 900).await;
        run(store, call("4", START).0, vec![(0, reject())]).await;
        run(store, call("5", START).0, vec![(RING_MS, Input::Timeout)]).await;
        let mut back = new_call(vec![callee("alice", Reach::Connected)]);
        back.id = session_id("6");
        back.caller = person("bob");
        back.call_type = CallType::Video;
        run(store, CallSession::initiate(START, back).0, vec![]).await;

        let all = figures(store, "alice", Timeframe::Month).await;
        assert_eq!(all.timeframe, "30d");
        assert_eq!(all.stats.total, 6);
        assert_eq!((all.stats.by_type.voice, all.stats.by_type.video), (5, 1));
        let statuses = [("ended", 3), ("missed", 1), ("rejected", 1), ("ringing", 1)];
        let statuses = statuses.map(|(status, count)| (status.to_owned(), count));
        assert_eq!(all.stats.by_status, BTreeMap::from(statuses));
        let directions = &all.stats.by_direction;
        assert_eq!((directions.incoming, directions.outgoing), (1, 5));
        assert_eq!(all.stats.total_duration, 1_830);
        assert_eq!(all.stats.average_duration, 610);
        assert_eq!(
            (all.stats.longest_call, all.stats.shortest_call),
            (1_800, 0)
        );
        assert_eq!(all.stats.recent_calls.len(), 6);
        assert_eq!(all.stats.recent_calls[0].id, session_id("3"));
        // START is 2025-06-15 in the afternoon.
        let days = [("2025-06-15".to_owned(), 5), ("2025-06-16".to_owned(), 1)];
        assert_eq!(all.call_frequency, BTreeMap::from(days));
    }

    pub(super) async fn statistics_of_nothing_are_zero(store: &dyn Store) {
        let none = figures(store, "alice", Timeframe::All).await;
        assert_eq!(none.stats.total, 0);
        let statuses = ["ended", "missed", "rejected"].map(|status| (status.to_owned(), 0));
        assert_eq!(none.stats.by_status, BTreeMap::from(statuses));
        assert_eq!(
            (none.stats.average_duration, none.stats.shortest_call),
            (0, 0)
        );
        assert_eq!(none.quality.avg_jitter, None);
        assert!(none.call_frequency.is_empty() && none.stats.recent_calls.is_empty());
    }

    pub(super) async fn statistics_respect_time_frame_and_chat(store: &dyn Store) {
        for (id, days_ago) in [
            ("1", 400),
            ("2", 100),
            ("3", 31),
            ("4", 8),
            ("5", 2),
            ("6", 0),
        ] {
            let at = START.plus_ms(DAY_MS).minus_ms(days_ago * DAY_MS);
            store_ended(store, id, at, 1_000).await;
        }
        for (frame, total) in Timeframe::ALL.iter().zip([1, 2, 3, 4, 5, 6]) {
            let figures = figures(store, "bob", *frame).await;
            assert_eq!(figures.stats.total, total, "{frame:?}");
            assert_eq!(figures.stats.recent_calls.len() as u64, total, "{frame:?}");
        }
        let elsewhere = StatisticsQuery {
            chat_id: Some(chat_id("group")),
            ..stats(Timeframe::All)
        };
        let figures = store.statistics(&user("bob"), &elsewhere).await.unwrap();
        assert_eq!(figures.stats.total, 0);
        assert!(figures.call_frequency.is_empty() && figures.stats.recent_calls.is_empty());
    }

    pub(super) async fn quality_is_averaged_over_measured_calls(store: &dyn Store) {
        let measured = |figures: &[f64]| {
            let mut inputs = vec![(0, accept())];
            inputs.extend(figures.iter().map(|figure| (1_000, quality(*figure))));
            inputs.push((2_000, end()));
            inputs
        };
        run(store, call("1", START).0, measured(&[1.0, 3.0])).await;
        run(store, call("2", START).0, measured(&[4.0])).await;
        store_ended(store, "3", START, 1_000).await;
        let means = figures(store, "bob", Timeframe::All).await.quality;
        assert_eq!(means.avg_packet_loss, Some(3.0));
        assert_eq!(means.avg_jitter, Some(6.0));
        assert_eq!(means.avg_bitrate, Some(1_000.0));
    }

    fn link(to: &str, bitrate: f64) -> LinkReport {
        LinkReport {
            user_id: user(to),
            state: LinkStatus::Connected,
            grade: Some(LinkGrade::Good),
            mos: Some(3.9),
            avg_bitrate: Some(bitrate),
            packet_loss: Some(0.5),
            jitter: Some(20.0),
            round_trip_time: None,
            candidate_type: Some(CandidateType::Relay),
        }
    }

    pub(super) async fn measurements_of_links_are_kept_by_link_and_time(store: &dyn Store) {
        let (id, other) = (session_id("measured"), session_id("another"));
        for (from, at, to) in [
            ("bob", 20_000_u32, "alice"),
            ("alice", 20_000, "bob"),
            ("alice", 10_000, "bob"),
        ] {
            let links = vec![link(to, f64::from(at))];
            let at = START.plus_ms(at.into());
            store
                .add_quality(&id, &user(from), at, links)
                .await
                .unwrap();
        }
        store
            .add_quality(&other, &user("alice"), START, vec![link("carol", 1.0)])
            .await
            .unwrap();
        let links = store.quality(&id).await.unwrap();
        let found: Vec<_> = links
            .iter()
            .map(|link| {
                let rates = link.samples.iter().map(|sample| sample.bitrate.unwrap());
                (link.from.as_str(), link.to.as_str(), rates.collect())
            })
            .collect();
        let expected: [(_, _, Vec<f64>); 2] = [
            ("alice", "bob", vec![10_000.0, 20_000.0]),
            ("bob", "alice", vec![20_000.0]),
        ];
        assert_eq!(found, expected);
        let sample = &links[0].samples[0];
        assert_eq!(sample.at, START.plus_ms(10_000).to_iso());
        assert_eq!(sample.grade, Some(LinkGrade::Good));
        assert_eq!(sample.candidate_type, Some(CandidateType::Relay));
        assert_eq!(sample.round_trip_time, None);
        assert!(store.quality(&session_id("none")).await.unwrap().is_empty());
    }

    pub(super) async fn of_a_long_call_fewer_of_the_older_measurements_are_kept(store: &dyn Store) {
        let id = session_id("long");
        for count in 0..400_u32 {
            let at = START.plus_ms(u64::from(count) * 10_000);
            let links = vec![link("bob", f64::from(count))];
            store
                .add_quality(&id, &user("alice"), at, links)
                .await
                .unwrap();
        }
        let links = store.quality(&id).await.unwrap();
        let rates: Vec<_> = links[0]
            .samples
            .iter()
            .map(|sample| sample.bitrate.unwrap())
            .collect();
        assert!(rates.len() <= 360, "{}", rates.len());
        assert!(rates.is_sorted(), "out of order");
        // The first and the last are there, and the last minutes are whole.
        assert_eq!(rates[0], 0.0);
        assert_eq!(&rates[rates.len() - 3..], [397.0, 398.0, 399.0]);
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
}
