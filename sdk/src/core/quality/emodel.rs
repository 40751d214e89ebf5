//! Estimated mean opinion score: the E-model of ITU-T G.107, reduced to what a receiver can see.
//!
//! `R = 93.2 - Id - Ie,eff`, where 93.2 is what remains of `Ro - Is + A` with the default values of
//! G.107 (06/2015) table 3. The score of `R` is that of G.107 Annex B.

/// `Ro - Is` at the default values of G.107.
const BASE: f64 = 93.2;
/// Robustness against random loss of a codec that conceals it (G.113 Appendix I, G.711 with
/// concealment): there is no agreed value for Opus, whose concealment is at least as good.
const LOSS_ROBUSTNESS: f64 = 25.1;
/// Frame and look-ahead of Opus as browsers send it, in milliseconds.
const CODEC_DELAY_MS: f64 = 26.5;

/// Returns the rating factor R, from 0 to 93.2.
///
/// `delay_ms` is one way from mouth to ear, `loss` the share of audio that was lost or made up.
pub(crate) fn rating(delay_ms: f64, loss: f64) -> f64 {
    (BASE - delay_impairment(delay_ms) - loss_impairment(loss)).clamp(0.0, BASE)
}

/// Returns the mean opinion score of a rating, from 1 to 4.5 (G.107 Annex B).
pub(crate) fn mean_opinion_score(rating: f64) -> f64 {
    if rating <= 0.0 {
        return 1.0;
    }
    if rating >= 100.0 {
        return 4.5;
    }
    // The cubic dips below 1 for very small ratings; the scale begins at 1.
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).max(1.0)
}

/// Returns the delay from mouth to ear, in milliseconds: half the round trip, a playout buffer of
/// twice the jitter, and the codec.
pub(crate) fn mouth_to_ear_ms(round_trip_ms: f64, jitter_ms: f64) -> f64 {
    round_trip_ms / 2.0 + jitter_ms * 2.0 + CODEC_DELAY_MS
}

/// `Id` without echo, in the closed form of Cole and Rosenbluth, "Voice over IP performance
/// monitoring" (ACM SIGCOMM CCR 31(2), 2001), which spares the logarithms of G.107 section 7.4.
fn delay_impairment(delay_ms: f64) -> f64 {
    let beyond = (delay_ms - 177.3).max(0.0);
    0.024 * delay_ms + 0.11 * beyond
}

/// `Ie,eff` (G.107 section 7.5) with `Ie = 0` and `BurstR = 1`.
fn loss_impairment(loss: f64) -> f64 {
    let percent = loss.clamp(0.0, 1.0) * 100.0;
    95.0 * percent / (percent + LOSS_ROBUSTNESS)
}
