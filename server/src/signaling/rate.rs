//! How much may come in how short a time.

use std::time::{Duration, Instant};

use ringback_protocol::limits;

/// How much may come: steadily, and at once after a pause.
#[derive(Debug)]
pub(crate) struct Rate {
    spacing: Duration,
    burst: u32,
}

/// Messages of one user.
pub(super) const MESSAGES: Rate = Rate::new(limits::MESSAGES_PER_SECOND, limits::MESSAGE_BURST);
/// Bytes of one user: what they send may have to wait in memory for somebody who does not read.
pub(super) const BYTES: Rate = Rate::new(limits::BYTES_PER_SECOND, limits::BYTE_BURST);
/// Messages of one socket that are refused for their number: beyond, the socket is closed.
pub(super) const REFUSALS: Rate = Rate::new(limits::MESSAGES_PER_SECOND, 5_000);

impl Rate {
    pub(crate) const fn new(per_second: u32, burst: u32) -> Self {
        Self::within(Duration::from_secs(1), per_second, burst)
    }

    /// So many in that time.
    pub(crate) const fn within(time: Duration, count: u32, burst: u32) -> Self {
        Self {
            spacing: Duration::from_nanos(time.as_nanos() as u64 / count as u64),
            burst,
        }
    }
}

/// Lets a steady rate through, and a burst after a pause (the generic cell rate algorithm).
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// When the bucket would be full again if nothing more came.
    full_at: Option<Instant>,
}

impl Bucket {
    /// Takes so much, which is no more than a burst.
    ///
    /// # Errors
    /// When the bucket holds less: how long until it holds as much.
    pub(crate) fn take(&mut self, now: Instant, rate: &Rate, amount: u32) -> Result<(), Duration> {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let debt = full_at.duration_since(now);
        let most = rate.spacing * rate.burst.saturating_sub(amount);
        if debt > most {
            return Err(debt - most);
        }
        self.full_at = Some(full_at + rate.spacing * amount);
        Ok(())
    }

    /// Tells whether it holds a whole burst, as a new one does.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACING: Duration = MESSAGES.spacing;

    fn take(bucket: &mut Bucket, now: Instant) -> Result<(), Duration> {
        bucket.take(now, &MESSAGES, 1)
    }

    #[test]
    fn a_burst_passes_and_the_next_message_does_not() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        for _ in 0..limits::MESSAGE_BURST {
            assert_eq!(take(&mut bucket, now), Ok(()));
        }
        assert_eq!(take(&mut bucket, now), Err(SPACING));
    }

    #[test]
    fn the_steady_rate_passes_for_ever() {
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        for n in 0..10_000 {
            assert_eq!(take(&mut bucket, start + SPACING * n), Ok(()));
        }
    }

    #[test]
    fn after_the_wait_that_it_named_one_message_passes() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        while take(&mut bucket, now).is_ok() {}
        let wait = take(&mut bucket, now).unwrap_err();
        assert_eq!(take(&mut bucket, now + wait), Ok(()));
        assert!(take(&mut bucket, now + wait).is_err());
    }

    #[test]
    fn a_pause_fills_the_bucket_but_not_beyond_the_burst() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        while take(&mut bucket, now).is_ok() {}
        let later = now + Duration::from_secs(3600);
        let passed = std::iter::repeat_with(|| take(&mut bucket, later)).take_while(Result::is_ok);
        assert_eq!(passed.count() as u32, limits::MESSAGE_BURST);
    }

    #[test]
    fn a_burst_of_bytes_passes_in_parts_of_any_size_and_not_a_byte_more() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        assert_eq!(bucket.take(now, &BYTES, limits::BYTE_BURST - 5), Ok(()));
        assert_eq!(bucket.take(now, &BYTES, 5), Ok(()));
        let wait = bucket.take(now, &BYTES, 1_000).unwrap_err();
        assert!(bucket.take(now, &BYTES, 1).is_err());
        assert_eq!(bucket.take(now + wait, &BYTES, 1_000), Ok(()));
    }
}
