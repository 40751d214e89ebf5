//! The suite over SQLite, and what is SQLite's own.

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
