//! How far behind the host application is, as the database said at the last scrape.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use crate::calls::Timestamp;
use crate::store::Waiting;

/// What waits to be told and for how long; left out where that is not known, so that nothing old is taken for it.
#[derive(Debug, Default, Clone)]
pub(super) struct Backlog(Arc<Mutex<Option<Seen>>>);

#[derive(Debug, Clone, Copy)]
struct Seen {
    letters: i64,
    longest_s: f64,
}

impl Backlog {
    pub(super) fn set(&self, waiting: Option<Waiting>, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = waiting.map(|waiting| Seen {
            letters: i64::try_from(waiting.letters).unwrap_or(i64::MAX),
            longest_s: now.since(waiting.oldest.unwrap_or(now)).as_secs_f64(),
        });
    }
}

impl Collector for Backlog {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Seen { letters, longest_s }) = seen else {
            return Ok(());
        };
        let waiting = encoder.encode_descriptor(
            "webhooks_waiting",
            "Webhooks in the database that the application has not taken yet.",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(letters).encode(waiting)?;
        let longest = encoder.encode_descriptor(
            "webhooks_longest_wait",
            "How long the oldest of them has waited.",
            Some(&Unit::Seconds),
            MetricType::Gauge,
        )?;
        ConstGauge::new(longest_s).encode(longest)
    }
}

#[cfg(test)]
mod tests {
    use ringback_protocol::CallStatus;

    use super::super::Metrics;
    use super::*;

    #[test]
    fn what_waits_is_left_out_when_it_is_not_known_any_more() {
        let metrics = Metrics::default();
        let said = |name: &str| {
            let name = format!("ringback_{name} ");
            let text = metrics.render(None);
            let line = text.lines().find_map(|line| line.strip_prefix(&name));
            line.map(ToOwned::to_owned)
        };
        assert_eq!(said("webhooks_waiting"), None);
        let waiting = Waiting {
            letters: 2,
            oldest: Some(Timestamp::from_ms(1_000)),
        };
        metrics.waiting(Some(waiting), Timestamp::from_ms(3_500));
        assert_eq!(said("webhooks_waiting").unwrap(), "2");
        assert_eq!(said("webhooks_longest_wait_seconds").unwrap(), "2.5");
        metrics.waiting(None, Timestamp::from_ms(4_000));
        assert_eq!(said("webhooks_waiting"), None);
        assert_eq!(said("webhooks_longest_wait_seconds"), None);
    }

    #[test]
    fn live_calls_are_left_out_when_they_are_not_known_any_more() {
        let metrics = Metrics::default();
        let series = "ringback_calls{status=\"ongoing\"} ";
        let counted = metrics.render(Some(&[(CallStatus::Ongoing, 3)]));
        assert!(counted.contains(&format!("{series}3\n")));
        assert!(!metrics.render(None).contains(series));
    }
}
