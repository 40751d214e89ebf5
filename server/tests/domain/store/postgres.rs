//! The suite over PostgreSQL, and what is PostgreSQL's own.

use ringback_server::store::CallStore as _;
use ringback_server::store::postgres::PostgresStore;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor};

use super::*;

/// Makes an empty database on the server of `POSTGRES_TEST_URI` and returns its address.
pub(crate) async fn empty_database() -> String {
    let server = std::env::var("POSTGRES_TEST_URI")
        .expect("POSTGRES_TEST_URI names no PostgreSQL server: `npm test -- rust` starts one");
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
