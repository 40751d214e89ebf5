//! Whether a link that the browser calls connected still carries sound.

use super::time::Instant;

/// The least pause that is taken for a broken path, in milliseconds.
const LEAST_MS: u64 = 600;
/// The longest pause that is borne, in milliseconds.
const MOST_MS: u64 = 2_000;
/// The pauses of somebody who is silent: the codec then speaks up every 400 ms.
const USUAL_MS: u64 = 400;

/// The rhythm in which sound arrives over one link, and since when it has not.
///
/// A path that breaks is noticed seconds before ICE does. The rhythm is learned, so that somebody
/// who is silent, or a path that loses much, is not taken for a broken one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulse {
    /// Nothing has arrived yet, or since the link came up anew.
    Unfelt,
    /// It beats.
    Beating {
        /// When sound last arrived.
        last: Instant,
        /// The widest pause of late, in milliseconds; it fades.
        widest_ms: u64,
    },
    /// It stopped, and something is being done about it.
    Missed,
}

impl Pulse {
    /// Takes a reading in; tells whether the pulse has just been missed.
    pub(super) const fn read(&mut self, now: Instant, is_heard: bool) -> bool {
        match *self {
            Self::Unfelt | Self::Missed => {
                if is_heard {
                    *self = Self::Beating {
                        last: now,
                        widest_ms: USUAL_MS,
                    };
                }
                false
            }
            Self::Beating { last, widest_ms } => {
                let pause_ms = now.since(last);
                if is_heard {
                    let faded_ms = widest_ms - widest_ms / 64;
                    *self = Self::Beating {
                        last: now,
                        widest_ms: clamp(pause_ms, faded_ms, MOST_MS / 2),
                    };
                    return false;
                }
                let is_missed = pause_ms >= borne_ms(widest_ms);
                if is_missed {
                    *self = Self::Missed;
                }
                is_missed
            }
        }
    }

    /// Tells whether sound arrived before and does not now.
    pub(super) const fn is_missed(self) -> bool {
        match self {
            Self::Missed => true,
            Self::Unfelt | Self::Beating { .. } => false,
        }
    }
}

/// Returns how long a pause is borne after pauses of at most this length.
const fn borne_ms(widest_ms: u64) -> u64 {
    clamp(widest_ms * 2, LEAST_MS, MOST_MS)
}

const fn clamp(ms: u64, least_ms: u64, most_ms: u64) -> u64 {
    if ms > most_ms {
        most_ms
    } else if ms < least_ms {
        least_ms
    } else {
        ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads every 200 ms; sound is heard where the text has a stroke. Returns when it was missed.
    fn missed_at(pulse: &mut Pulse, from_ms: u64, beats: &str) -> Vec<u64> {
        let mut missed = Vec::new();
        for (at, beat) in (from_ms..).step_by(200).zip(beats.chars()) {
            if pulse.read(Instant(at), beat == '|') {
                missed.push(at);
            }
        }
        missed
    }

    #[test]
    fn a_voice_that_stops_is_missed_within_a_second_and_once() {
        let mut pulse = Pulse::Unfelt;
        let steady = "|".repeat(100);
        assert!(missed_at(&mut pulse, 0, &steady).is_empty());
        assert_eq!(missed_at(&mut pulse, 20_000, ".........."), [20_400]);
        assert!(missed_at(&mut pulse, 22_000, "|||").is_empty());
    }

    #[test]
    fn somebody_who_is_silent_is_not_missed() {
        let mut pulse = Pulse::Unfelt;
        let silent = "|.".repeat(100);
        assert!(missed_at(&mut pulse, 0, &silent).is_empty());
        // One sign of life may get lost.
        assert!(missed_at(&mut pulse, 40_000, "|...|.|.|...|.").is_empty());
        assert!(!missed_at(&mut pulse, 44_000, "..........").is_empty());
    }

    #[test]
    fn a_lossy_path_is_given_more_time() {
        let mut pulse = Pulse::Unfelt;
        let lossy = "|.|...|..".repeat(20);
        let missed = missed_at(&mut pulse, 0, &lossy);
        assert!(missed.is_empty(), "{missed:?}");
    }

    #[test]
    fn who_never_sent_anything_is_not_missed() {
        let mut pulse = Pulse::Unfelt;
        assert!(missed_at(&mut pulse, 0, &".".repeat(100)).is_empty());
    }
}
