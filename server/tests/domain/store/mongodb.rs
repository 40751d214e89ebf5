//! The suite over MongoDB, and what is MongoDB's own.

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
        let notice = b"NOT RUN: a test of the MongoDB store; MONGODB_TEST_URI names no server\n";
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
    let open =
        || -> ringback_server::calls::ports::BoxFuture<'_, _> { Box::pin(MongoStore::open(&url)) };
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
