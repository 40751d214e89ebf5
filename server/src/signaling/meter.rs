//! How much somebody may send: one socket, and once somebody has signed in, all of theirs together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ringback_protocol::UserId;

use super::rate::{BYTES, Bucket, MESSAGES};

/// How many meters are kept before those that nobody needs are looked for.
const FEW: usize = 1_024;

/// Counts messages and their bytes.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    messages: Bucket,
    bytes: Bucket,
}

impl Meter {
    /// Takes one message of so many bytes.
    ///
    /// # Errors
    /// When it is one too many: how long to wait.
    pub(super) fn take(&self, now: Instant, bytes: usize) -> Result<(), Duration> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut buckets = self.lock();
        buckets.messages.take(now, &MESSAGES, 1)?;
        buckets.bytes.take(now, &BYTES, bytes)
    }

    /// Tells whether it is as good as a new one.
    fn is_full(&self, now: Instant) -> bool {
        let buckets = self.lock();
        buckets.messages.is_full(now) && buckets.bytes.is_full(now)
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The meters of users.
///
/// They outlive the sockets: whoever comes again goes on where they were.
#[derive(Debug, Default)]
pub(super) struct Meters(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_user: HashMap<UserId, Arc<Meter>>,
    /// At how many those that nobody needs are looked for again.
    clean_at: usize,
}

impl Meters {
    /// Returns the meter of a user.
    pub(super) fn of(&self, user: &UserId, now: Instant) -> Arc<Meter> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = kept.by_user.get(user) {
            return Arc::clone(meter);
        }
        if kept.by_user.len() >= kept.clean_at {
            kept.clean(now);
        }
        Arc::clone(kept.by_user.entry(user.clone()).or_default())
    }
}

impl Kept {
    /// Forgets those that no socket has and that are as good as new.
    fn clean(&mut self, now: Instant) {
        self.by_user
            .retain(|_, meter| Arc::strong_count(meter) > 1 || !meter.is_full(now));
        self.clean_at = FEW.max(2 * self.by_user.len());
    }
}

#[cfg(test)]
mod tests {
    use ringback_protocol::limits;

    use super::*;

    fn user(n: usize) -> UserId {
        UserId::new(format!("u{n}")).unwrap()
    }

    #[test]
    fn the_sockets_of_one_user_share_a_meter_and_whoever_comes_again_finds_it() {
        let (meters, now) = (Meters::default(), Instant::now());
        let (one, other) = (meters.of(&user(1), now), meters.of(&user(1), now));
        for _ in 0..limits::MESSAGE_BURST / 2 {
            assert_eq!(one.take(now, 1), Ok(()));
            assert_eq!(other.take(now, 1), Ok(()));
        }
        drop((one, other));
        assert!(meters.of(&user(1), now).take(now, 1).is_err());
        assert_eq!(meters.of(&user(2), now).take(now, 1), Ok(()));
    }

    #[test]
    fn bytes_count_beside_messages() {
        let (meter, now) = (Meter::default(), Instant::now());
        assert_eq!(meter.take(now, limits::BYTE_BURST as usize), Ok(()));
        assert!(meter.take(now, 1).is_err());
    }

    #[test]
    fn those_who_are_gone_and_quiet_are_forgotten_and_the_others_are_not() {
        let (meters, now) = (Meters::default(), Instant::now());
        let connected = meters.of(&user(0), now);
        meters
            .of(&user(1), now)
            .take(now, limits::BYTE_BURST as usize)
            .unwrap();
        for n in 2..10 * FEW {
            meters.of(&user(n), now);
        }
        let kept = meters.0.lock().unwrap();
        assert!(kept.by_user.len() <= FEW, "{}", kept.by_user.len());
        assert!(Arc::ptr_eq(&kept.by_user[&user(0)], &connected));
        assert!(kept.by_user.contains_key(&user(1)));
    }
}
