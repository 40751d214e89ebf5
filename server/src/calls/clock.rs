//! The one place where the call domain learns what time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::ports::BoxFuture;
use super::time::Timestamp;

/// Tells the time and waits for it; tests bring their own.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;

    /// Waits until that time, or somewhat less: the caller looks at [`Clock::now`] again.
    fn sleep_until(&self, time: Timestamp) -> BoxFuture<'_, ()>;

    /// Returns a name for a call that begins now: one that nobody guesses and that sorts by time.
    fn name_call(&self) -> String {
        Uuid::now_v7().to_string()
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// How long one sleep lasts at most: the wall clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock before 1970 reads as 1970: every deadline then lies ahead, none is lost.
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_ms(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    fn sleep_until(&self, time: Timestamp) -> BoxFuture<'_, ()> {
        let wait = time.since(self.now()).min(LONGEST_SLEEP);
        Box::pin(tokio::time::sleep(wait))
    }
}
