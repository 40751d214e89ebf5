//! Opening the file, and the migrations that bring its schema up to date.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::place::room;
use crate::store::{Inspection, Migration, StoreError, StoreResult, inspected};

/// Every migration, in order; the first makes version 1. They are never edited once released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_calls_and_chats.sql"),
    include_str!("migrations/0002_quality.sql"),
    include_str!("migrations/0003_webhook_outbox.sql"),
    include_str!("migrations/0004_purge_and_erase.sql"),
    include_str!("migrations/0005_webhook_age.sql"),
    include_str!("migrations/0006_rows_of_ended_calls.sql"),
];

/// How long a statement waits for a lock that another process holds, a backup for example.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the file that an address names: `sqlite:path`, `sqlite://path`.
pub(super) fn file_of(url: &str) -> StoreResult<PathBuf> {
    let unknown = || StoreError::UnknownUrl(url.to_owned());
    let rest = url.strip_prefix("sqlite:").ok_or_else(unknown)?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    // A database in memory would be another one for every connection.
    if path.is_empty() || path.starts_with(':') || url.contains("mode=memory") {
        return Err(unknown());
    }
    Ok(PathBuf::from(path))
}

/// Opens the connection that writes, and brings the schema up to date.
///
/// # Errors
/// When the file cannot be opened or migrated: of a full disk in plain words, where SQLite speaks of
/// its input and output.
pub(super) fn open_writer(file: &Path) -> StoreResult<(Connection, Migration)> {
    open_and_migrate(file).map_err(|error| room(file).err().unwrap_or(error))
}

fn open_and_migrate(file: &Path) -> StoreResult<(Connection, Migration)> {
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // In WAL mode a commit is in the operating system's hands when it returns: the process may be
    // killed at any point and loses nothing. Only a power cut may take the last commits, and even
    // that does not corrupt the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // 16 MiB of log: a live call changes a few times, and its pages are then copied back once.
    connection.pragma_update(None, "wal_autocheckpoint", 4_096)?;
    let migration = migrate(&mut connection)?;
    Ok((connection, migration))
}

/// Opens a connection that only reads.
pub(super) fn open_reader(file: &Path) -> StoreResult<Connection> {
    // The one that writes made the file: should it have gone, an empty one would help nobody.
    let flags = OpenFlags::default().difference(OpenFlags::SQLITE_OPEN_CREATE);
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", "ON")?;
    Ok(connection)
}

/// Looks at the file: at its version, and whether it may be written to.
pub(in crate::store) async fn inspect(url: &str) -> StoreResult<Inspection> {
    let file = file_of(url)?;
    let looked = tokio::task::spawn_blocking(move || look_at(&file));
    let inspection = looked.await;
    inspection.map_err(|error| StoreError::Database(Arc::new(error)))?
}

fn look_at(file: &Path) -> StoreResult<Inspection> {
    if !file.exists() {
        return Ok(Inspection::Absent);
    }
    let opened = OpenOptions::new().append(true).open(file);
    opened.map_err(|error| StoreError::Database(Arc::new(error)))?;
    room(file)?;
    let seen = open_untouched(file)?.pragma_query_value(None, "user_version", |row| row.get(0))?;
    inspected(seen, u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX))
}

/// Opens a connection that makes no file.
///
/// One that only reads would still make the log and its index beside the file, where nobody has it
/// open. The file is all there is then, and nobody changes it.
fn open_untouched(file: &Path) -> StoreResult<Connection> {
    let beside = |suffix: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name).exists()
    };
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if beside("-wal") && beside("-shm") {
        Connection::open_with_flags(file, read_only)?
    } else {
        let uri = format!("file:{}?immutable=1", escaped(file));
        Connection::open_with_flags(uri, read_only | OpenFlags::SQLITE_OPEN_URI)?
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Writes a path as it stands in a URI.
fn escaped(file: &Path) -> String {
    let path = file.to_string_lossy();
    path.replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

/// Runs the migrations that the file has not seen, all or none; `user_version` counts them.
fn migrate(connection: &mut Connection) -> StoreResult<Migration> {
    let migration = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let seen: u32 = migration.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let mut version = 0;
    for sql in MIGRATIONS {
        version += 1;
        if version > seen {
            migration.execute_batch(sql)?;
        }
    }
    if seen > version {
        return Err(StoreError::Newer);
    }
    migration.pragma_update(None, "user_version", version)?;
    migration.commit()?;
    Ok(Migration {
        found: seen,
        current: version,
    })
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        if code == Some(ErrorCode::DiskFull) {
            return Self::DiskFull;
        }
        if code == Some(ErrorCode::ReadOnly) {
            return Self::ReadOnly;
        }
        Self::Database(Arc::new(error))
    }
}
