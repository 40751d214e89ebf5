//! When something is tried again.

/// After the first failure.
const FIRST_MS: u64 = 1_000;
/// After many of them.
const LONGEST_MS: u64 = 300_000;

/// Returns how long to wait after so many attempts that failed, in milliseconds.
///
/// It doubles up to five minutes. `chance`, from 0 to 255, takes off up to a quarter, so that what
/// failed together does not come back together.
pub(super) fn pause_ms(attempts: u32, chance: u8) -> u64 {
    let doublings = attempts.saturating_sub(1).min(16);
    let pause = (FIRST_MS << doublings).min(LONGEST_MS);
    pause - pause / 4 * u64::from(chance) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_five_minutes() {
        let pauses: Vec<_> = (1..=11).map(|attempts| pause_ms(attempts, 0)).collect();
        assert_eq!(
            pauses,
            [
                1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000,
                300_000
            ]
        );
        assert_eq!(pause_ms(u32::MAX, 0), 300_000);
    }

    #[test]
    fn chance_shortens_it_by_a_quarter_at_most() {
        assert_eq!(pause_ms(1, 255), 750);
        assert!((750..=1_000).contains(&pause_ms(1, 100)));
    }
}
