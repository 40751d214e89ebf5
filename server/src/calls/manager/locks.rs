//! Locks by user, for what must not happen twice to one person at the same time.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ringback_protocol::UserId;
use tokio::sync::{Mutex, OwnedMutexGuard};

const STRIPES: usize = 256;

/// A fixed number of locks that all users share; two users may meet on one, which only waits.
#[derive(Debug)]
pub(super) struct UserLocks(Vec<Arc<Mutex<()>>>);

impl Default for UserLocks {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Arc::default()).collect())
    }
}

impl UserLocks {
    /// Locks users until the guards are dropped, always in the same order: no two can wait in a ring.
    pub(super) async fn lock<'a>(
        &self,
        users: impl IntoIterator<Item = &'a UserId>,
    ) -> Vec<OwnedMutexGuard<()>> {
        let stripes: BTreeSet<usize> = users.into_iter().map(stripe).collect();
        let mut guards = Vec::with_capacity(stripes.len());
        for stripe in stripes {
            guards.push(Arc::clone(&self.0[stripe]).lock_owned().await);
        }
        guards
    }
}

fn stripe(user: &UserId) -> usize {
    let mut hasher = DefaultHasher::new();
    user.hash(&mut hasher);
    // The remainder is below the number of stripes.
    usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or_default()
}
