//! Whoever inspects a database learns how its schema is, and changes nothing.

use std::collections::BTreeSet;

use ringback_server::store::{Inspection, Migration, inspect};

use crate::support::open_store;

#[tokio::test]
async fn of_sqlite_no_file_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("calls.db");
    let url = format!("sqlite:{}", file.display());
    let names = || -> BTreeSet<_> {
        let entries = std::fs::read_dir(dir.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    assert_eq!(inspect(&url).await.unwrap(), Inspection::Absent);
    assert!(names().is_empty());

    let store = open_store(&dir).await;
    let current = store.migration().current;
    let is_current = Inspection::Answers(Migration {
        found: current,
        current,
    });
    let with_log = names();
    assert_eq!(inspect(&url).await.unwrap(), is_current);
    assert_eq!(names(), with_log);
    store.close().await;
    drop(store);
    let alone = names();
    assert_eq!(inspect(&url).await.unwrap(), is_current);
    assert_eq!(names(), alone);

    let connection = rusqlite::Connection::open(&file).unwrap();
    let behind = connection.pragma_update(None, "user_version", current - 2);
    behind.unwrap();
    drop(connection);
    let before = std::fs::read(&file).unwrap();
    let found = current - 2;
    let is_behind = Inspection::Answers(Migration { found, current });
    assert_eq!(inspect(&url).await.unwrap(), is_behind);
    assert_eq!(names(), alone);
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn of_postgresql_no_table_is_made() {
    use ringback_server::store::postgres::PostgresStore;
    use ringback_server::store::{Store as _, StoreError};
    use sqlx::postgres::PgConnectOptions;
    use sqlx::{ConnectOptions, Executor};

    let url = crate::store::postgres::empty_database().await;
    let options: PgConnectOptions = url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let Inspection::Answers(Migration { found: 0, current }) = inspect(&url).await.unwrap() else {
        panic!("it is empty");
    };
    let tables =
        "SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'public'";
    let made: i64 = sqlx::query_scalar(tables)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(made, 0);

    PostgresStore::open(&url).await.unwrap().close().await;
    let back =
        "DELETE FROM ringback_schema WHERE version = (SELECT max(version) FROM ringback_schema)";
    for found in [current, current - 1] {
        let inspected = inspect(&url).await.unwrap();
        assert_eq!(inspected, Inspection::Answers(Migration { found, current }));
        connection.execute(back).await.unwrap();
    }
    let newer = "INSERT INTO ringback_schema VALUES (1000)";
    connection.execute(newer).await.unwrap();
    let refused = inspect(&url).await;
    assert!(matches!(refused, Err(StoreError::Newer)));
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn of_postgresql_that_takes_no_writes_says_so_and_so_does_a_store_that_comes_back_to_it() {
    use ringback_server::store::postgres::PostgresStore;
    use ringback_server::store::{Store as _, StoreError};
    use sqlx::postgres::PgConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

    let url = crate::store::postgres::empty_database().await;
    let store = PostgresStore::open(&url).await.unwrap();
    store.ping().await.unwrap();

    let options: PgConnectOptions = url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let name = options.get_database().unwrap();
    let closed = format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    );
    connection.execute(AssertSqlSafe(closed)).await.unwrap();
    assert!(matches!(store.ping().await, Err(StoreError::ReadOnly)));
    assert!(matches!(inspect(&url).await, Err(StoreError::ReadOnly)));
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn of_postgresql_that_lets_nobody_in_the_cause_is_told() {
    use ringback_server::store::postgres::PostgresStore;
    use ringback_server::store::{Absence, Store as _, StoreError};
    use sqlx::postgres::PgConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

    let url = crate::store::postgres::empty_database().await;
    let options: PgConnectOptions = url.parse().unwrap();
    let name = options.get_database().unwrap().to_owned();
    let mut owner = options.clone().connect().await.unwrap();
    let guest = format!(
        "CREATE ROLE {name} LOGIN; GRANT ALL ON DATABASE {name} TO {name};
        GRANT ALL ON SCHEMA public TO {name}"
    );
    owner.execute(AssertSqlSafe(guest)).await.unwrap();
    let url = options.username(&name).to_url_lossy().to_string();
    let store = PostgresStore::open(&url).await.unwrap();
    store.ping().await.unwrap();

    for (change, cause) in [
        ("CONNECTION LIMIT 0", Absence::TooManyClients),
        ("CONNECTION LIMIT 9 NOLOGIN", Absence::Credentials),
    ] {
        let change = format!(
            "ALTER ROLE {name} {change};
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'"
        );
        owner.execute(AssertSqlSafe(change)).await.unwrap();
        let Err(StoreError::Away { why, .. }) = store.ping().await else {
            panic!("nobody is let in");
        };
        assert_eq!(why, cause);
    }
    store.close().await;
    let farewell = format!("DROP OWNED BY {name}; DROP ROLE {name}");
    owner.execute(AssertSqlSafe(farewell)).await.unwrap();
}

#[cfg(feature = "mongodb")]
#[tokio::test]
async fn of_mongodb_no_collection_is_made() {
    let Some(url) = crate::store::mongodb::empty_database() else {
        return;
    };
    let Inspection::Answers(Migration { found: 0, current }) = inspect(&url).await.unwrap() else {
        panic!("it is empty");
    };
    let client = mongodb::Client::with_uri_str(&url).await.unwrap();
    let database = client.default_database().unwrap();
    let made = database.list_collection_names().await.unwrap();
    assert!(made.is_empty(), "{made:?}");

    ringback_server::store::mongodb::MongoStore::open(&url)
        .await
        .unwrap();
    let found = current;
    let inspected = inspect(&url).await.unwrap();
    assert_eq!(inspected, Inspection::Answers(Migration { found, current }));
}
