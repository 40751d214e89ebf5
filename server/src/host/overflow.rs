//! Keeps the outbox from growing without bound while the application does not take what it is told.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::metrics::{Metrics, Untold};
use crate::store::Store;

/// How often the outbox is looked into: for so long it may hold more than it is to.
const EVERY: Duration = Duration::from_secs(5);
/// How many are dropped at once: others who write wait for no more than that.
const BATCH: u32 = 1_000;

/// Drops the oldest when more wait than are kept, until it is dropped itself.
pub(super) async fn keep_within(most: u64, store: Arc<dyn Store>, metrics: Arc<Metrics>) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let dropped = drop_excess(most, &*store).await;
        if dropped > 0 {
            metrics.untold(Untold::Excess, dropped);
            tracing::error!(
                dropped,
                most,
                "WEBHOOK_URL takes less than there is to tell: the oldest webhooks were dropped \
                 (WEBHOOK_KEEP_MOST)"
            );
        }
    }
}

async fn drop_excess(most: u64, store: &dyn Store) -> u64 {
    let mut dropped = 0;
    loop {
        match store.drop_oldest_letters(most, BATCH).await {
            Ok(batch) => {
                dropped += batch;
                if batch < u64::from(BATCH) {
                    return dropped;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be kept within its bound; tried again");
                return dropped;
            }
        }
    }
}
