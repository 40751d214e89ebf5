//! No query reads a whole table, whatever is stored.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgPool};

use super::{archive, calls, chats, history, outbox, quality, statistics};

const QUERIES: &[(&str, &str)] = &[
    ("load", "SELECT id, session FROM calls WHERE id = $1"),
    (
        "find_by_request",
        "SELECT id, session FROM calls WHERE caller_id = $1 AND request_id = $2",
    ),
    (
        "due",
        "SELECT id FROM calls WHERE ended_at_ms IS NULL AND deadline_ms <= $1",
    ),
    ("swap", calls::SWAP),
    ("live calls of users", calls::LIVE_OF),
    ("page", history::PAGE),
    ("total", history::TOTAL),
    ("figures", statistics::FIGURES),
    ("per day", statistics::PER_DAY),
    ("quality", quality::READ),
    ("quality added", quality::ADD),
    ("quality thinned out", quality::THIN_OUT),
    ("letters taken", outbox::TAKE),
    ("oldest letters dropped", outbox::DROP_OLDEST),
    ("chat", chats::CHAT),
    ("export of calls", archive::CALLS),
    ("export of measurements", archive::SAMPLES),
    ("export of chats", archive::CHATS),
    ("chats of a user", archive::CHATS_OF),
    ("leaving chats", archive::LEAVE_CHATS),
    ("purge", archive::PURGE),
    ("erasure", archive::ERASE),
    ("deletion of a call of nobody", archive::DELETE_OF_NOBODY),
];

/// Makes a database with the schema on the server of `POSTGRES_TEST_URI`.
async fn database() -> PgConnectOptions {
    let server = std::env::var("POSTGRES_TEST_URI")
        .expect("POSTGRES_TEST_URI names no PostgreSQL server: `npm test -- rust` starts one");
    let name = format!("plans_{}", uuid::Uuid::now_v7().simple());
    let options: PgConnectOptions = server.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connection.execute(create).await.unwrap();
    connection.close().await.unwrap();
    let options = options.database(&name);
    let url = options.to_url_lossy().to_string();
    let (pool, _) = super::schema::open(&url).await.unwrap();
    pool.close().await;
    options
}

#[tokio::test]
async fn every_query_goes_by_an_index() {
    let mut database = database().await.connect().await.unwrap();
    // A table that is empty would be read whole, because that is quickest: it is only read whole
    // now where there is no other way. Statements that are prepared show a plan without values.
    for setting in [
        "SET enable_seqscan = off",
        "SET plan_cache_mode = force_generic_plan",
    ] {
        database.execute(setting).await.unwrap();
    }
    for (number, (name, sql)) in QUERIES.iter().enumerate() {
        let prepare = format!("PREPARE query_{number} AS {sql}");
        database.execute(AssertSqlSafe(prepare)).await.unwrap();
        let count: i32 = sqlx::query_scalar(
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = $1",
        )
        .bind(format!("query_{number}"))
        .fetch_one(&mut database)
        .await
        .unwrap();
        let nulls = vec!["NULL"; usize::try_from(count).unwrap()].join(", ");
        let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE query_{number}({nulls})"));
        let plan: Vec<String> = sqlx::query_scalar(explain)
            .fetch_all(&mut database)
            .await
            .unwrap();
        let scans = plan.iter().any(|step| step.contains("Seq Scan"));
        assert!(!scans, "{name}:\n{}", plan.join("\n"));
    }
}

#[tokio::test]
async fn once_an_import_has_settled_the_index_alone_answers() {
    let pool = PgPool::connect_with(database().await).await.unwrap();
    pool.execute(
        "INSERT INTO calls (id, version, chat_id, call_type, status, caller_id, initiated_at_ms, session)
        SELECT n, 1, 'c', 'voice', 'ended', 'a', n, '{}' FROM generate_series(1, 5000) AS n;
        INSERT INTO call_participants (user_id, initiated_at_ms, call_id, chat_id, call_type, status, is_outgoing)
        SELECT 'a', n, n, 'c', 'voice', 'ended', true FROM generate_series(1, 5000) AS n",
    )
    .await
    .unwrap();
    archive::settle(&pool).await.unwrap();
    let explain = "EXPLAIN (ANALYZE) SELECT count(*) FROM call_participants WHERE user_id = 'a' AND initiated_at_ms > 4000";
    let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&pool).await.unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("Heap Fetches: 0"), "{plan}");
}
