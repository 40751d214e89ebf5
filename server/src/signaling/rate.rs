//! How many messages one socket may send.

use std::time::{Duration, Instant};

use ringback_protocol::limits;

const SPACING: Duration = Duration::from_nanos(1_000_000_000 / limits::MESSAGES_PER_SECOND as u64);

/// Lets a steady rate through, and a burst after a pause (the generic cell rate algorithm).
#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// When the bucket would be full again if nothing more came.
    full_at: Option<Instant>,
}

impl Bucket {
    /// Takes one message.
    ///
    /// # Errors
    /// When the bucket is empty: how long until it holds a message again.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let debt = full_at.duration_since(now);
        let most = SPACING * (limits::MESSAGE_BURST - 1);
        if debt > most {
            return Err(debt - most);
        }
        self.full_at = Some(full_at + SPACING);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_message_does_not() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        for _ in 0..limits::MESSAGE_BURST {
            assert_eq!(bucket.take(now), Ok(()));
        }
        assert_eq!(bucket.take(now), Err(SPACING));
    }

    #[test]
    fn the_steady_rate_passes_for_ever() {
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        for n in 0..10_000 {
            assert_eq!(bucket.take(start + SPACING * n), Ok(()));
        }
    }

    #[test]
    fn after_the_wait_that_it_named_one_message_passes() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        while bucket.take(now).is_ok() {}
        let wait = bucket.take(now).unwrap_err();
        assert_eq!(bucket.take(now + wait), Ok(()));
        assert!(bucket.take(now + wait).is_err());
    }

    #[test]
    fn a_pause_fills_the_bucket_but_not_beyond_the_burst() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        while bucket.take(now).is_ok() {}
        let later = now + Duration::from_secs(3600);
        let passed = std::iter::repeat_with(|| bucket.take(later)).take_while(Result::is_ok);
        assert_eq!(passed.count() as u32, limits::MESSAGE_BURST);
    }
}
