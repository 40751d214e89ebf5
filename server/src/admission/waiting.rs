//! How many sockets may be open of which nobody knows yet whose they are, over all addresses.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ringback_protocol::{ErrorCode, Failure};

/// After what time a client that found no place tries again: most places are held for moments.
const RETRY_AFTER_MS: u64 = 1_000;

/// Counts the sockets that wait for their sign-in.
#[derive(Debug, Clone)]
pub(super) struct Waiting(Arc<Places>);

#[derive(Debug)]
struct Places {
    most: u32,
    taken: AtomicU32,
}

impl Waiting {
    pub(super) fn new(most: u32) -> Self {
        let taken = AtomicU32::new(0);
        Self(Arc::new(Places { most, taken }))
    }

    /// Takes a place for a new socket.
    ///
    /// # Errors
    /// `RATE_LIMITED` with how long to wait, when there is none.
    pub(super) fn take(&self) -> Result<Place, Failure> {
        if self.0.take() {
            return Ok(Place {
                places: Arc::clone(&self.0),
                is_held: AtomicBool::new(true),
            });
        }
        Err(Failure {
            retry_after_ms: Some(RETRY_AFTER_MS),
            ..Failure::new(
                ErrorCode::RateLimited,
                "Too many connections wait for their sign-in: wait a moment.",
            )
        })
    }
}

impl Places {
    fn take(&self) -> bool {
        let one_more = |taken| (taken < self.most).then_some(taken + 1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.taken.fetch_update(set, fetch, one_more).is_ok()
    }
}

/// The place of one socket: held until it signs in, and at the latest dropped with it.
pub struct Place {
    places: Arc<Places>,
    is_held: AtomicBool,
}

impl Place {
    /// Gives the place back, unless that was done already.
    pub fn give_back(&self) {
        if self.is_held.swap(false, Ordering::Relaxed) {
            self.places.taken.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Takes the place again for a socket that signed out, and tells whether there was one.
    #[must_use]
    pub fn retake(&self) -> bool {
        if !self.places.take() {
            return false;
        }
        if self.is_held.swap(true, Ordering::Relaxed) {
            // It was held all the time.
            self.places.taken.fetch_sub(1, Ordering::Relaxed);
        }
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_held = self.is_held.load(Ordering::Relaxed);
        f.debug_struct("Place").field("is_held", &is_held).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(waiting: &Waiting) -> u32 {
        waiting.0.taken.load(Ordering::Relaxed)
    }

    #[test]
    fn a_socket_too_many_is_told_when_to_come_back() {
        let waiting = Waiting::new(2);
        let held = [waiting.take().unwrap(), waiting.take().unwrap()];
        let failure = waiting.take().unwrap_err();
        assert_eq!(failure.code, ErrorCode::RateLimited);
        assert_eq!(failure.retry_after_ms, Some(RETRY_AFTER_MS));
        assert_eq!(taken(&waiting), 2);
        drop(held);
        assert!(waiting.take().is_ok());
    }

    #[test]
    fn a_place_is_given_back_once_by_sign_in_and_end_together() {
        let waiting = Waiting::new(2);
        let _other = waiting.take().unwrap();
        let place = waiting.take().unwrap();
        place.give_back();
        place.give_back();
        assert_eq!(taken(&waiting), 1);
        drop(place);
        assert_eq!(taken(&waiting), 1);
    }

    #[test]
    fn whoever_signs_out_waits_again_if_there_is_a_place() {
        let waiting = Waiting::new(1);
        let place = waiting.take().unwrap();
        place.give_back();
        assert!(place.retake());
        assert_eq!(taken(&waiting), 1);
        place.give_back();
        let newcomer = waiting.take().unwrap();
        assert!(!place.retake());
        drop(place);
        assert_eq!(taken(&waiting), 1);
        drop(newcomer);
        assert_eq!(taken(&waiting), 0);
    }

    #[test]
    fn places_are_neither_lost_nor_made_when_many_come_and_go_at_once() {
        let waiting = Waiting::new(3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        if let Ok(place) = waiting.take() {
                            assert!(taken(&waiting) <= 3);
                            place.give_back();
                        }
                    }
                });
            }
        });
        assert_eq!(taken(&waiting), 0);
    }
}
