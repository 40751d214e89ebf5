//! Says in the log when the database is away, and why, and when it is back: whether or not anybody asks.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::store::{Store, StoreError};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);

/// The job; it ends when this is dropped.
#[derive(Debug)]
#[must_use = "the job ends when this is dropped"]
pub struct Lookout(JoinHandle<()>);

impl Lookout {
    /// Looks now and every few seconds.
    pub fn start(store: Arc<dyn Store>) -> Self {
        Self(tokio::spawn(async move {
            let mut every = tokio::time::interval(EVERY);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut said = None;
            loop {
                every.tick().await;
                said = say(store.ping().await, said);
            }
        }))
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Says what is new, and returns what was said.
fn say(found: Result<(), StoreError>, said: Option<&'static str>) -> Option<&'static str> {
    let reason = found.as_ref().err().map(StoreError::reason);
    match found {
        Err(error) if reason != said => tracing::error!(%error, "the database is away"),
        Ok(()) if said.is_some() => tracing::info!("the database is back"),
        Ok(()) | Err(_) => {}
    }
    reason
}
