//! Deletes calls that are older than the operator wants to keep, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::calls::{Clock as _, SystemClock, Timestamp};
use crate::store::{Database, StoreResult};

/// How often it looks for old calls.
const EVERY: Duration = Duration::from_secs(3_600);

/// How many calls one transaction deletes: others who write wait for no more than that.
const BATCH: u32 = 500;

/// How many calls one look deletes at most.
const MOST: u64 = 200_000;

/// Lets others write between two batches.
const PAUSE: Duration = Duration::from_millis(20);

/// The job; it ends when this is dropped. A batch that is under way is finished or rolled back.
#[derive(Debug)]
#[must_use = "the job ends when this is dropped"]
pub struct Retention(JoinHandle<()>);

impl Retention {
    /// Looks for old calls now and every hour. Several nodes may do it at once.
    pub fn start(store: Arc<dyn Database>, age: Duration) -> Self {
        Self(tokio::spawn(async move {
            loop {
                sweep(&*store, age).await;
                tokio::time::sleep(EVERY).await;
            }
        }))
    }
}

impl Drop for Retention {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn sweep(store: &dyn Database, age: Duration) {
    match purge(store, before(SystemClock.now(), age), MOST).await {
        Ok(0) => {}
        Ok(calls) => tracing::info!(calls, "deleted calls that were to be kept no longer"),
        Err(error) => tracing::warn!(%error, "old calls could not be deleted; tried again later"),
    }
}

/// Returns the time before which a call has to have ended.
#[must_use]
pub fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.minus_ms(u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
}

/// Deletes calls that ended before that time, at most so many, and returns how many it were.
///
/// # Errors
/// When the database fails; what was deleted before stays deleted.
pub async fn purge(store: &dyn Database, until: Timestamp, most: u64) -> StoreResult<u64> {
    let mut purged = 0;
    while purged < most {
        let batch = store.purge(until, BATCH).await?;
        purged += batch;
        if batch < u64::from(BATCH) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(purged)
}
