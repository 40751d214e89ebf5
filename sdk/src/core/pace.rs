//! How much picture a link is given: less in a larger group, less where sound suffers.

use super::media::VideoSource;
use super::output::VideoLimit;
use super::quality::Grade;

/// How many seconds in a row must be poor before a link is given less.
const POOR_FOR: u8 = 4;
/// How many seconds in a row must be good before it is given more again.
const GOOD_FOR: u8 = 10;
/// The last step: no picture.
const PAUSED: u8 = 3;

/// How far a link was turned down because its sound suffered: sound comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pace {
    step: u8,
    poor_for: u8,
    good_for: u8,
}

impl Pace {
    /// Takes in what the last second sounded like.
    pub(super) const fn graded(&mut self, grade: Grade) {
        match grade {
            Grade::Poor | Grade::Lost => {
                self.good_for = 0;
                self.poor_for += 1;
                if self.poor_for >= POOR_FOR {
                    self.poor_for = 0;
                    if self.step < PAUSED {
                        self.step += 1;
                    }
                }
            }
            Grade::Excellent | Grade::Good => {
                self.poor_for = 0;
                self.good_for += 1;
                if self.good_for >= GOOD_FOR {
                    self.good_for = 0;
                    self.step = self.step.saturating_sub(1);
                }
            }
        }
    }

    /// Returns what a link is given that is one of so many; `cap` is the application's, in bits per second.
    pub(super) fn limit(self, source: VideoSource, links: usize, cap: Option<u32>) -> VideoLimit {
        let (bitrate, scale_down_by, max_framerate) = match source {
            VideoSource::Off | VideoSource::Camera => camera(links),
            VideoSource::Screen => screen(links),
        };
        let (bitrate, shrunk, max_framerate) = match (self.step, source) {
            (0, _) => (bitrate, 1.0, max_framerate),
            // Text stays readable: fewer pictures, not smaller ones.
            (_, VideoSource::Screen) => (bitrate / 2, 1.0, 3),
            (1, VideoSource::Off | VideoSource::Camera) => (bitrate / 2, 1.5, max_framerate),
            (_, VideoSource::Off | VideoSource::Camera) => (bitrate / 4, 2.0, 12),
        };
        VideoLimit {
            active: self.step < PAUSED,
            max_bitrate: cap.map_or(bitrate, |cap| bitrate.min(cap)),
            scale_down_by: scale_down_by * shrunk,
            max_framerate,
        }
    }
}

/// Of a camera of 720 lines: bits per second, what divides its sides, pictures per second.
const fn camera(links: usize) -> (u32, f64, u32) {
    match links {
        0 | 1 => (1_500_000, 1.0, 30),
        2 => (800_000, 1.5, 30),
        3 | 4 => (400_000, 2.0, 24),
        _ => (220_000, 3.0, 20),
    }
}

/// The same of a screen, of which every line counts.
const fn screen(links: usize) -> (u32, f64, u32) {
    match links {
        0 | 1 => (2_500_000, 1.0, 15),
        2 => (1_500_000, 1.0, 15),
        3 | 4 => (900_000, 1.0, 8),
        _ => (600_000, 1.0, 5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(grades: &[(Grade, u32)]) -> VideoLimit {
        let mut pace = Pace::default();
        for (grade, seconds) in grades {
            for _ in 0..*seconds {
                pace.graded(*grade);
            }
        }
        pace.limit(VideoSource::Camera, 1, None)
    }

    #[test]
    fn the_larger_the_group_the_smaller_the_picture() {
        let limits = [1, 2, 3, 4, 5, 11].map(|links| {
            let limit = Pace::default().limit(VideoSource::Camera, links, None);
            (limit.max_bitrate, limit.scale_down_by)
        });
        assert!(limits.is_sorted_by(|a, b| a.0 >= b.0 && a.1 <= b.1));
        let uplink = limits[4].0 * 5;
        assert!(uplink <= 1_500_000, "six people send no more than two do");
    }

    #[test]
    fn a_poor_link_gets_less_and_then_nothing() {
        assert_eq!(after(&[(Grade::Poor, 3)]), after(&[]));
        assert_eq!(after(&[(Grade::Poor, 4)]).max_bitrate, 750_000);
        assert_eq!(after(&[(Grade::Lost, 8)]).max_bitrate, 375_000);
        assert!(after(&[(Grade::Poor, 11)]).active);
        assert!(!after(&[(Grade::Poor, 60)]).active);
    }

    #[test]
    fn one_poor_second_among_good_ones_takes_nothing_away() {
        let grades = [(Grade::Poor, 3), (Grade::Good, 1)].repeat(5);
        assert_eq!(after(&grades), after(&[]));
    }

    #[test]
    fn a_link_recovers_slowly() {
        let paused = (Grade::Poor, 12);
        assert!(!after(&[paused, (Grade::Good, 9)]).active);
        assert!(after(&[paused, (Grade::Good, 10)]).active);
        assert_ne!(after(&[paused, (Grade::Excellent, 29)]), after(&[]));
        assert_eq!(after(&[paused, (Grade::Excellent, 30)]), after(&[]));
    }

    #[test]
    fn the_application_may_ask_for_less_and_not_for_more() {
        let limit = |cap| {
            Pace::default()
                .limit(VideoSource::Camera, 1, cap)
                .max_bitrate
        };
        assert_eq!(limit(Some(300_000)), 300_000);
        assert_eq!(limit(Some(9_000_000)), limit(None));
    }

    #[test]
    fn a_screen_is_never_made_smaller() {
        let mut pace = Pace::default();
        (0..8).for_each(|_| pace.graded(Grade::Poor));
        let limit = pace.limit(VideoSource::Screen, 5, None);
        assert!((limit.scale_down_by - 1.0).abs() < f64::EPSILON);
    }
}
