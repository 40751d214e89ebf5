//! Connecting, and the migrations that bring the schema up to date.

use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgExecutor};
use tokio::time::timeout;

use crate::store::{Absence, Inspection, Migration, StoreError, StoreResult, inspected};

/// Every migration, in order; the first makes version 1. They are never edited once released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_calls_and_chats.sql"),
    include_str!("migrations/0002_quality.sql"),
    include_str!("migrations/0003_webhook_outbox.sql"),
    include_str!("migrations/0004_purge_and_erase.sql"),
    include_str!("migrations/0005_autovacuum.sql"),
    include_str!("migrations/0006_webhook_age.sql"),
];

/// Held while a node migrates, so that nodes which start together do it one after the other.
const MIGRATION_LOCK: i64 = 0x7269_6e67_6261_636b;

/// How many connections one process holds at most.
const MOST_CONNECTIONS: u32 = 20;

/// How long a query waits for a connection: when the database is away, callers are told soon.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A statement that takes longer is given up by the database.
const STATEMENT_TIMEOUT: &str = "10s";

/// Connects and brings the schema up to date.
pub(super) async fn open(url: &str) -> StoreResult<(PgPool, Migration)> {
    let pool = connect(options(url)?).await?;
    let migration = migrate(&mut *pool.acquire().await?).await?;
    Ok((pool, migration))
}

async fn connect(options: PgConnectOptions) -> sqlx::Result<PgPool> {
    let pool = PgPoolOptions::new()
        .max_connections(MOST_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone());
    let result = pool.await;
    if !matches!(result, Err(sqlx::Error::PoolTimedOut)) {
        return result;
    }
    // The pool says only that it tried in vain. One attempt of our own says why.
    let attempt = timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options));
    match attempt.await {
        Ok(Err(cause)) => Err(cause),
        Ok(Ok(_)) | Err(_) => result,
    }
}

fn options(url: &str) -> StoreResult<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("ringback-server")
        .options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            // That a table is there already is no news at each start.
            ("client_min_messages", "warning"),
        ]);
    Ok(options)
}

/// Connects and looks at the version of the schema, in transactions that may change nothing.
pub(in crate::store) async fn inspect(url: &str) -> StoreResult<Inspection> {
    let mut connection = PgConnection::connect_with(&options(url)?).await?;
    may_write(&mut connection).await?;
    connection
        .execute("SET default_transaction_read_only = on")
        .await?;
    let is_made: bool = sqlx::query_scalar("SELECT to_regclass('ringback_schema') IS NOT NULL")
        .fetch_one(&mut connection)
        .await?;
    let seen: Option<i64> = if is_made {
        sqlx::query_scalar("SELECT max(version) FROM ringback_schema")
            .fetch_one(&mut connection)
            .await?
    } else {
        None
    };
    connection.close().await?;
    let seen = u32::try_from(seen.unwrap_or(0)).unwrap_or(u32::MAX);
    inspected(seen, u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX))
}

/// Asks the database whether it takes writes: after a failover, a standby may answer in its place.
///
/// # Errors
/// When it does not answer, and `ReadOnly` when it may only be read.
pub(super) async fn may_write(database: impl PgExecutor<'_>) -> StoreResult<()> {
    let is_read_only: bool =
        sqlx::query_scalar("SELECT current_setting('transaction_read_only')::boolean")
            .fetch_one(database)
            .await?;
    if is_read_only {
        return Err(StoreError::ReadOnly);
    }
    Ok(())
}

/// Runs the migrations that the database has not seen, all or none.
async fn migrate(connection: &mut PgConnection) -> StoreResult<Migration> {
    let mut migration = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *migration)
        .await?;
    migration
        .execute("CREATE TABLE IF NOT EXISTS ringback_schema (version BIGINT NOT NULL)")
        .await?;
    let seen: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM ringback_schema")
        .fetch_one(&mut *migration)
        .await?;
    let seen = seen.unwrap_or(0);
    let mut version = 0;
    for sql in MIGRATIONS {
        version += 1;
        if version > seen {
            migration.execute(*sql).await?;
            sqlx::query("INSERT INTO ringback_schema (version) VALUES ($1)")
                .bind(version)
                .execute(&mut *migration)
                .await?;
        }
    }
    if seen > version {
        return Err(StoreError::Newer);
    }
    migration.commit().await?;
    let whole = |version: i64| u32::try_from(version).unwrap_or(0);
    Ok(Migration {
        found: whole(seen),
        current: whole(version),
    })
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolClosed) {
            return Self::Closed;
        }
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::NoConnection;
        }
        let why = absence(&error);
        let source = Arc::new(error);
        match why {
            Some(why) => Self::Away { why, source },
            None => Self::Database(source),
        }
    }
}

/// Returns why the database lets nobody in, if that is what is wrong.
fn absence(error: &sqlx::Error) -> Option<Absence> {
    if let sqlx::Error::Io(error) = error {
        let is_refused = error.kind() == io::ErrorKind::ConnectionRefused;
        return Some(if is_refused {
            Absence::Refused
        } else {
            Absence::Unreachable
        });
    }
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    match error.as_database_error()?.code()?.as_ref() {
        "28000" | "28P01" => Some(Absence::Credentials),
        "3D000" => Some(Absence::NoSuchDatabase),
        "53300" => Some(Absence::TooManyClients),
        "57P01" | "57P02" | "57P03" => Some(Absence::StartingOrStopping),
        _ => None,
    }
}
