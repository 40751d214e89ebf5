//! How much one user may ask of this server, whatever they ask it with.

use std::time::{Duration, Instant};

use ringback_protocol::{Failure, UserId, limits};

use super::limiter::{Limiter, too_many};
use crate::signaling::rate::Rate;

/// How many times as many requests as in a second may come at once.
const REQUEST_BURST: u32 = limits::REQUEST_BURST / limits::REQUESTS_PER_SECOND;

/// What an operator sets about one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLimits {
    /// The most sockets at once.
    pub sockets: usize,
    /// How often a minute they may make others ring.
    pub calls_per_minute: u32,
    /// How many REST requests a second they may make.
    pub requests_per_second: u32,
}

/// Counts what users ask that costs more than a message: it makes people ring, is stored, or keeps
/// the database busy.
#[derive(Debug)]
pub struct Quotas {
    calls: Limiter<UserId>,
    requests: Limiter<UserId>,
}

impl Quotas {
    /// Makes them as configured.
    #[must_use]
    pub fn new(limits: &UserLimits) -> Self {
        let (calls, requests) = (limits.calls_per_minute, limits.requests_per_second);
        Self {
            calls: Limiter::new(Rate::within(Duration::from_secs(60), calls, calls)),
            requests: Limiter::new(Rate::new(requests, requests * REQUEST_BURST)),
        }
    }

    /// Takes one call, or one round of invitations: each makes others ring, and is stored.
    ///
    /// # Errors
    /// `RATE_LIMITED` with how long to wait.
    pub fn call(&self, user: &UserId, now: Instant) -> Result<(), Failure> {
        let taken = self.calls.take(user.clone(), now);
        taken.map_err(|wait| too_many("Too many calls: wait a moment.", wait))
    }

    /// Takes one REST request.
    ///
    /// # Errors
    /// `RATE_LIMITED` with how long to wait.
    pub fn request(&self, user: &UserId, now: Instant) -> Result<(), Failure> {
        let taken = self.requests.take(user.clone(), now);
        taken.map_err(|wait| too_many("Too many requests: wait a moment.", wait))
    }
}

#[cfg(test)]
mod tests {
    use ringback_protocol::ErrorCode;

    use super::*;

    fn quotas() -> Quotas {
        Quotas::new(&UserLimits {
            sockets: 1,
            calls_per_minute: 6,
            requests_per_second: 2,
        })
    }

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn a_user_may_place_the_calls_of_a_minute_at_once_and_then_one_after_the_other() {
        let (quotas, now) = (quotas(), Instant::now());
        for _ in 0..6 {
            assert_eq!(quotas.call(&user("ann"), now), Ok(()));
        }
        let failure = quotas.call(&user("ann"), now).unwrap_err();
        assert_eq!(failure.code, ErrorCode::RateLimited);
        assert_eq!(failure.retry_after_ms, Some(10_001));
        assert_eq!(quotas.call(&user("bob"), now), Ok(()));
        let later = now + Duration::from_secs(10);
        assert_eq!(quotas.call(&user("ann"), later), Ok(()));
        assert!(quotas.call(&user("ann"), later).is_err());
    }

    #[test]
    fn requests_are_counted_for_themselves() {
        let (quotas, now) = (quotas(), Instant::now());
        for _ in 0..10 {
            assert_eq!(quotas.request(&user("ann"), now), Ok(()));
        }
        let failure = quotas.request(&user("ann"), now).unwrap_err();
        assert_eq!(failure.retry_after_ms, Some(501));
        assert_eq!(quotas.call(&user("ann"), now), Ok(()));
    }
}
