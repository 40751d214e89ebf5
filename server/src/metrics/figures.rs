//! Counters and histograms with their labels and buckets.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Label;

/// Histograms by one label.
pub(super) type Timed = Family<Label, Histogram, Buckets>;

/// Makes the histograms of a family, all with the same buckets.
pub(super) type Buckets = fn() -> Histogram;

/// For what the server and its database do, in seconds.
pub(super) const SHORT: &[f64] = &[
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];
/// For what waits for networks and people, in seconds.
const LONG: &[f64] = &[
    0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0,
];
/// For conversations, in seconds.
pub(super) const DURATION: [f64; 9] = [
    5.0, 15.0, 30.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0, 10_800.0,
];
/// For mean opinion scores.
pub(super) const MOS: [f64; 9] = [1.5, 2.0, 2.5, 3.0, 3.5, 3.8, 4.0, 4.2, 4.4];
/// For shares.
pub(super) const PACKET_LOSS: [f64; 8] = [0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25];
/// For round trips between browsers, in seconds.
pub(super) const ROUND_TRIP: [f64; 9] = [0.005, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0];

/// Makes a family of histograms for what the server and its database do.
pub(super) fn short() -> Timed {
    Family::new_with_constructor(|| Histogram::new(SHORT.iter().copied()))
}

/// Makes a family of histograms for what waits for networks and people.
pub(super) fn long() -> Timed {
    Family::new_with_constructor(|| Histogram::new(LONG.iter().copied()))
}

/// Registers counters by one label whose values are known, and returns them in that order.
pub(super) fn counters(
    registry: &mut Registry,
    (name, help): (&str, &str),
    label: &'static str,
    values: impl Iterator<Item = &'static str>,
) -> Vec<Counter> {
    let family = Family::<Label, Counter>::default();
    registry.register(name, help, family.clone());
    values
        .map(|value| family.get_or_create_owned(&[(label, value)]))
        .collect()
}
