//! Points in time as plain numbers, passed in and never read from a clock.

use std::time::Duration;

use ringback_protocol::rest::IsoTime;
use serde::{Deserialize, Serialize};

/// How long a day lasts: leap seconds are not counted.
pub(crate) const MS_PER_DAY: u64 = 24 * MS_PER_HOUR;
/// An hour, in milliseconds.
pub(crate) const MS_PER_HOUR: u64 = 60 * MS_PER_MINUTE;
/// A minute, in milliseconds.
pub(crate) const MS_PER_MINUTE: u64 = 60_000;

/// A point in time, in milliseconds since 1970 (UTC).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Makes a point in time from milliseconds since 1970.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Returns the milliseconds since 1970.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// Returns the point in time that is this much later.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Returns the point in time that is this much earlier, at the earliest 1970.
    #[must_use]
    pub const fn minus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Returns the milliseconds from `earlier` to this, 0 when that is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the time from `earlier` to this, zero when that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.ms_since(earlier))
    }

    /// Returns ISO 8601 in UTC with milliseconds, `2025-01-01T00:00:00.000Z`.
    #[must_use]
    pub fn to_iso(self) -> IsoTime {
        let (year, month, day) = civil_from_days(self.0 / MS_PER_DAY);
        let ms = self.0 % MS_PER_DAY;
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        let milli = ms % 1_000;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

/// Converts days since 1970 into year, month and day of the proleptic Gregorian calendar.
///
/// The year is taken to begin in March, so that the leap day is its last.
const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    // Eras of 400 years, counted from 0000-03-01.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + (month <= 2) as u64;
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_are_in_utc_with_milliseconds() {
        for (ms, iso) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_735_689_605_042, "2025-01-01T00:00:05.042Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp::from_ms(ms).to_iso(), iso);
        }
    }

    #[test]
    fn differences_never_go_below_zero() {
        let (early, late) = (Timestamp::from_ms(5), Timestamp::from_ms(8));
        assert_eq!(late.ms_since(early), 3);
        assert_eq!(early.ms_since(late), 0);
        assert_eq!(early.minus_ms(9), Timestamp::from_ms(0));
    }
}
