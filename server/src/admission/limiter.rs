//! How much each of very many may ask, in bounded memory: addresses, users.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ringback_protocol::{ErrorCode, Failure};

use crate::signaling::rate::{Bucket, Rate};

/// How many are told apart; more share one bucket.
const MOST_KEPT: usize = 65_536;
/// How often those that are quiet are forgotten, when there is no room.
const CLEAN_EVERY: Duration = Duration::from_secs(1);

/// Counts what is asked, by who asks.
#[derive(Debug)]
pub(crate) struct Limiter<K> {
    rate: Rate,
    buckets: Mutex<Buckets<K>>,
}

#[derive(Debug)]
struct Buckets<K> {
    kept: HashMap<K, Bucket>,
    /// Of those for whom there is no room.
    shared: Bucket,
    cleaned_at: Option<Instant>,
}

impl<K: Eq + Hash> Limiter<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        let buckets = Buckets {
            kept: HashMap::new(),
            shared: Bucket::default(),
            cleaned_at: None,
        };
        Self {
            rate,
            buckets: Mutex::new(buckets),
        }
    }

    /// Takes one.
    ///
    /// # Errors
    /// When it is one too many: how long to wait.
    pub(crate) fn take(&self, who: K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.of(who, now).take(now, &self.rate, 1)
    }
}

impl<K: Eq + Hash> Buckets<K> {
    fn of(&mut self, who: K, now: Instant) -> &mut Bucket {
        if !self.kept.contains_key(&who) && self.kept.len() >= MOST_KEPT {
            self.clean(now);
            if self.kept.len() >= MOST_KEPT {
                return &mut self.shared;
            }
        }
        self.kept.entry(who).or_default()
    }

    /// Forgets whoever may begin a whole burst again: a new bucket would let them as much.
    fn clean(&mut self, now: Instant) {
        let is_soon = |at: Instant| now.saturating_duration_since(at) < CLEAN_EVERY;
        if self.cleaned_at.is_some_and(is_soon) {
            return;
        }
        self.cleaned_at = Some(now);
        self.kept.retain(|_, bucket| !bucket.is_full(now));
    }
}

/// Says that it was one too many, and how long to wait.
pub(crate) fn too_many(text: &str, wait: Duration) -> Failure {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Failure {
        retry_after_ms: Some(ms.saturating_add(1)),
        ..Failure::new(ErrorCode::RateLimited, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_burst_and_then_a_steady_rate() {
        let (limiter, now) = (Limiter::new(Rate::new(10, 3)), Instant::now());
        for _ in 0..3 {
            assert_eq!(limiter.take("ann", now), Ok(()));
        }
        let wait = Duration::from_millis(100);
        assert_eq!(limiter.take("ann", now), Err(wait));
        assert_eq!(limiter.take("bob", now), Ok(()));
        assert_eq!(limiter.take("ann", now + wait), Ok(()));
    }

    #[test]
    fn those_without_end_take_bounded_memory_and_share_what_is_left() {
        let (limiter, now) = (Limiter::new(Rate::new(1, 1)), Instant::now());
        for who in 0..MOST_KEPT {
            assert!(limiter.take(who, now).is_ok());
        }
        assert!(limiter.take(MOST_KEPT, now).is_ok());
        assert!(limiter.take(MOST_KEPT + 1, now).is_err());
        assert_eq!(limiter.buckets.lock().unwrap().kept.len(), MOST_KEPT);
        // Whoever was quiet meanwhile makes room.
        let later = now + Duration::from_secs(2);
        assert!(limiter.take(MOST_KEPT + 1, later).is_ok());
        assert_eq!(limiter.buckets.lock().unwrap().kept.len(), 1);
    }

    #[test]
    fn a_refusal_says_how_long_to_wait() {
        let failure = too_many("wait", Duration::from_millis(100));
        assert_eq!(failure.code, ErrorCode::RateLimited);
        assert_eq!(failure.retry_after_ms, Some(101));
    }
}
