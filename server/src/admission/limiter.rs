//! How many handshakes one address may begin, in bounded memory; what a relay is asked for, too.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ringback_protocol::{ErrorCode, Failure};

use crate::signaling::rate::{Bucket, Rate};

/// How many addresses are told apart; more share one bucket.
const MOST_ADDRESSES: usize = 65_536;
/// How often those that are quiet are forgotten, when there is no room.
const CLEAN_EVERY: Duration = Duration::from_secs(1);

/// Counts handshakes by address.
#[derive(Debug)]
pub(crate) struct Limiter {
    rate: Rate,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    by_address: HashMap<IpAddr, Bucket>,
    /// Of those for whom there is no room.
    shared: Bucket,
    cleaned_at: Option<Instant>,
}

impl Limiter {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        Self {
            rate: Rate::new(per_second, burst),
            buckets: Mutex::default(),
        }
    }

    /// Takes one handshake.
    ///
    /// # Errors
    /// `RATE_LIMITED` with how long to wait.
    pub(crate) fn take(&self, address: IpAddr, now: Instant) -> Result<(), Failure> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.of(network(address), now);
        bucket.take(now, &self.rate, 1).map_err(too_many)
    }
}

impl Buckets {
    fn of(&mut self, network: IpAddr, now: Instant) -> &mut Bucket {
        let is_known = self.by_address.contains_key(&network);
        if !is_known && self.by_address.len() >= MOST_ADDRESSES {
            self.clean(now);
            if self.by_address.len() >= MOST_ADDRESSES {
                return &mut self.shared;
            }
        }
        self.by_address.entry(network).or_default()
    }

    /// Forgets whoever may begin a whole burst again: a new bucket would let them as much.
    fn clean(&mut self, now: Instant) {
        let is_soon = |at: Instant| now.saturating_duration_since(at) < CLEAN_EVERY;
        if self.cleaned_at.is_some_and(is_soon) {
            return;
        }
        self.cleaned_at = Some(now);
        self.by_address.retain(|_, bucket| !bucket.is_full(now));
    }
}

/// Returns what counts as one address: of IPv6, the network that one customer is given.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

fn too_many(wait: Duration) -> Failure {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Failure {
        retry_after_ms: Some(ms.saturating_add(1)),
        ..Failure::new(
            ErrorCode::RateLimited,
            "Too many connections from this address: wait a moment.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_a_burst_and_then_a_steady_rate() {
        let (limiter, now) = (Limiter::new(10, 3), Instant::now());
        for _ in 0..3 {
            assert!(limiter.take(address("192.0.2.1"), now).is_ok());
        }
        let failure = limiter.take(address("192.0.2.1"), now).unwrap_err();
        assert_eq!(failure.code, ErrorCode::RateLimited);
        assert_eq!(failure.retry_after_ms, Some(101));
        assert!(limiter.take(address("192.0.2.2"), now).is_ok());
        let later = now + Duration::from_millis(100);
        assert!(limiter.take(address("192.0.2.1"), later).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_mapped_ipv4_is_ipv4() {
        let (limiter, now) = (Limiter::new(1, 1), Instant::now());
        assert!(limiter.take(address("2001:db8:1:2::1"), now).is_ok());
        assert!(limiter.take(address("2001:db8:1:2:3::9"), now).is_err());
        assert!(limiter.take(address("2001:db8:1:3::1"), now).is_ok());
        assert!(limiter.take(address("192.0.2.1"), now).is_ok());
        assert!(limiter.take(address("::ffff:192.0.2.1"), now).is_err());
    }

    #[test]
    fn addresses_without_end_take_bounded_memory_and_share_what_is_left() {
        let (limiter, now) = (Limiter::new(1, 1), Instant::now());
        let numbered = |n: u32| IpAddr::V4(n.into());
        for n in 0..u32::try_from(MOST_ADDRESSES).unwrap() {
            assert!(limiter.take(numbered(n), now).is_ok());
        }
        assert!(limiter.take(numbered(4_000_000_000), now).is_ok());
        assert!(limiter.take(numbered(4_000_000_001), now).is_err());
        assert_eq!(
            limiter.buckets.lock().unwrap().by_address.len(),
            MOST_ADDRESSES
        );
        // Whoever was quiet meanwhile makes room.
        let later = now + Duration::from_secs(2);
        assert!(limiter.take(numbered(4_000_000_001), later).is_ok());
        assert_eq!(limiter.buckets.lock().unwrap().by_address.len(), 1);
    }
}
