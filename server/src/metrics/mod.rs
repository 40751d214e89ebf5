//! What the server counts and times, in the form that Prometheus reads.
//!
//! What happens for every message is a bare atomic: its labels were looked up when the server
//! started. Only what happens a few times in a call takes a lock.

mod backlog;
mod calls;
mod figures;
mod process;
mod recent;

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use ringback_protocol::{CallStatus, CallType, ErrorCode};

use crate::calls::Timestamp;
use crate::events::{ClientEvent, ServerEvent};
use crate::store::Waiting;
use backlog::Backlog;
use figures::{SHORT, Timed, counters};
use recent::Recent;
pub use recent::{Mean, Minute, add_up};

/// What Prometheus is told about the form of the answer.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Label = [(&'static str, &'static str); 1];
type Labels = [(&'static str, String); 2];

/// Why a webhook is never told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untold {
    /// The application did not take it in time.
    Age,
    /// More waited than are kept.
    Excess,
}

impl Untold {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Excess => "excess",
        }
    }
}

/// Everything that the server counts and times.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    connections: Gauge<i64, AtomicI64>,
    sockets: Gauge<i64, AtomicI64>,
    draining: Gauge<i64, AtomicI64>,
    /// By their place in [`ClientEvent::NAMES`].
    received: Vec<Counter<u64, AtomicU64>>,
    /// By their place in [`ServerEvent::NAMES`].
    sent: Vec<Counter<u64, AtomicU64>>,
    /// By their place in [`ErrorCode::ALL`].
    refusals: Vec<Counter<u64, AtomicU64>>,
    acks: Timed,
    live: Family<Label, Gauge<i64, AtomicI64>>,
    placed: Family<Label, Counter>,
    ended: Family<Labels, Counter>,
    setup: Timed,
    duration: Histogram,
    link_failures: Counter,
    reconnections: Counter,
    paths: Family<Label, Counter>,
    mos: Histogram,
    packet_loss: Histogram,
    round_trip: Histogram,
    store: Timed,
    store_failures: Family<Label, Counter>,
    untold: Family<Label, Counter>,
    backlog: Backlog,
    fanout_lag: Histogram,
    recent: Recent,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut root = Registry::default();
        root.register_collector(Box::new(process::Process));
        let registry = root.sub_registry_with_prefix("ringback");
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The version that runs", Info::new(version));
        let mut metrics = Self {
            // Filled in below: the families register themselves in it first.
            registry: Registry::default(),
            connections: Gauge::default(),
            sockets: Gauge::default(),
            draining: Gauge::default(),
            received: counters(
                registry,
                (
                    "events_received",
                    "Events of clients that were let through, by event",
                ),
                "event",
                ClientEvent::NAMES.iter().copied(),
            ),
            sent: counters(
                registry,
                ("events_sent", "Events that were sent to devices, by event"),
                "event",
                ServerEvent::NAMES.iter().copied(),
            ),
            refusals: counters(
                registry,
                (
                    "refusals",
                    "Events, sign-ins and connections that were refused, by code",
                ),
                "code",
                ErrorCode::ALL.iter().map(|code| code.as_str()),
            ),
            acks: figures::short(),
            live: Family::default(),
            placed: Family::default(),
            ended: Family::default(),
            setup: figures::long(),
            duration: Histogram::new(figures::DURATION),
            link_failures: Counter::default(),
            reconnections: Counter::default(),
            paths: Family::default(),
            mos: Histogram::new(figures::MOS),
            packet_loss: Histogram::new(figures::PACKET_LOSS),
            round_trip: Histogram::new(figures::ROUND_TRIP),
            store: figures::short(),
            store_failures: Family::default(),
            untold: Family::default(),
            backlog: Backlog::default(),
            fanout_lag: Histogram::new(SHORT.iter().copied()),
            recent: Recent::default(),
        };
        metrics.register_sockets(registry);
        metrics.register_calls(registry);
        metrics.register_quality(registry);
        metrics.register_store(registry);
        metrics.registry = root;
        metrics.begin_at_zero();
        metrics
    }
}

impl Metrics {
    fn register_sockets(&self, registry: &mut Registry) {
        registry.register(
            "connections",
            "Open Engine.IO connections, signed in or not",
            self.connections.clone(),
        );
        registry.register("sockets", "Signed-in sockets", self.sockets.clone());
        registry.register(
            "draining",
            "1 while the server goes down, else 0",
            self.draining.clone(),
        );
        registry.register_with_unit(
            "ack",
            "From an event that changes a call to its ack, by event",
            Unit::Seconds,
            self.acks.clone(),
        );
        registry.register_with_unit(
            "fanout_lag",
            "From the sending of an event on one node to its arrival on another",
            Unit::Seconds,
            self.fanout_lag.clone(),
        );
    }

    fn register_calls(&self, registry: &mut Registry) {
        registry.register(
            "calls",
            "Live calls in the database, whichever node they are on, by status",
            self.live.clone(),
        );
        registry.register(
            "calls_placed",
            "Calls that were placed, by type",
            self.placed.clone(),
        );
        registry.register(
            "calls_ended",
            "Calls that were over, by status and reason",
            self.ended.clone(),
        );
        registry.register_with_unit(
            "call_setup",
            "How long a call took to ring (since it was placed), to be accepted (since then too), \
             and from the accept to the first report of a connected link, by phase",
            Unit::Seconds,
            self.setup.clone(),
        );
        registry.register_with_unit(
            "call_duration",
            "From the first accept of a call to its end",
            Unit::Seconds,
            self.duration.clone(),
        );
    }

    fn register_quality(&self, registry: &mut Registry) {
        registry.register(
            "link_failures",
            "Links that participants reported as failed",
            self.link_failures.clone(),
        );
        registry.register(
            "reconnections",
            "Devices that dropped out of a call",
            self.reconnections.clone(),
        );
        registry.register(
            "links_connected",
            "Links that were connected, by the type of the local candidate",
            self.paths.clone(),
        );
        registry.register(
            "link_mos",
            "Mean opinion score that participants reported of a link, an estimate",
            self.mos.clone(),
        );
        registry.register_with_unit(
            "link_packet_loss",
            "Share of packets lost that participants reported of a link",
            Unit::Ratios,
            self.packet_loss.clone(),
        );
        registry.register_with_unit(
            "link_round_trip",
            "Round trip that participants reported of a link",
            Unit::Seconds,
            self.round_trip.clone(),
        );
    }

    fn register_store(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "store",
            "How long the database took, by operation",
            Unit::Seconds,
            self.store.clone(),
        );
        registry.register(
            "store_failures",
            "Operations that the database failed, by operation",
            self.store_failures.clone(),
        );
        registry.register(
            "webhooks_dropped",
            "Webhooks that the application was never told: it did not take them in time, or too \
             many waited, by reason",
            self.untold.clone(),
        );
        registry.register_collector(Box::new(self.backlog.clone()));
    }

    /// Makes the series that every server will have: a rate needs a value from before the first event.
    fn begin_at_zero(&self) {
        for kind in [CallType::Voice, CallType::Video] {
            drop(self.placed.get_or_create(&[("type", kind.as_str())]));
        }
        for status in CallStatus::ALL.iter().filter(|status| status.is_live()) {
            drop(self.live.get_or_create(&[("status", status.as_str())]));
        }
        for (status, reason) in calls::ENDINGS {
            let labels = [
                ("status", status.as_str().to_owned()),
                ("reason", (*reason).to_owned()),
            ];
            drop(self.ended.get_or_create(&labels));
        }
        for phase in calls::PHASES {
            drop(self.setup.get_or_create(&[("phase", phase)]));
        }
        for path in ["host", "srflx", "prflx", "relay"] {
            drop(self.paths.get_or_create(&[("candidate", path)]));
        }
        drop(self.acks.get_or_create(&[("event", "call:initiate")]));
        for why in [Untold::Age, Untold::Excess] {
            drop(self.untold.get_or_create(&[("reason", why.as_str())]));
        }
        for operation in ["create", "compare_and_set", "ping"] {
            drop(self.store.get_or_create(&[("operation", operation)]));
            drop(
                self.store_failures
                    .get_or_create(&[("operation", operation)]),
            );
        }
    }

    /// A connection came.
    pub fn connected(&self) {
        self.connections.inc();
    }

    /// A connection went.
    pub fn disconnected(&self) {
        self.connections.dec();
    }

    /// A socket signed in.
    pub fn signed_in(&self) {
        self.sockets.inc();
    }

    /// A socket that was signed in went.
    pub fn signed_out(&self) {
        self.sockets.dec();
    }

    /// Returns how many sockets are signed in.
    #[must_use]
    pub fn sockets(&self) -> u64 {
        u64::try_from(self.sockets.get()).unwrap_or(0)
    }

    /// Tells whether the server goes down.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.get() != 0
    }

    /// Returns what happened since then, minute by minute; of a day at most.
    #[must_use]
    pub fn recent(&self, since_ms: u64) -> Vec<Minute> {
        self.recent.since(since_ms)
    }

    /// The server goes down.
    pub fn draining(&self) {
        self.draining.set(1);
    }

    /// An event of a client was let through.
    pub fn received(&self, event: &ClientEvent) {
        if let Some(counter) = self.received.get(event.index()) {
            counter.inc();
        }
    }

    /// An event was sent to so many devices.
    pub fn sent(&self, event: &ServerEvent, devices: usize) {
        if let Some(counter) = self.sent.get(event.index()) {
            counter.inc_by(devices as u64);
        }
    }

    /// An event of that name was sent to so many devices.
    pub fn sent_by_name(&self, event: &str, devices: usize) {
        let place = ServerEvent::NAMES.iter().position(|name| *name == event);
        if let Some(counter) = place.and_then(|place| self.sent.get(place)) {
            counter.inc_by(devices as u64);
        }
    }

    /// An event or a sign-in was refused.
    pub fn refused(&self, code: ErrorCode) {
        if let Some(counter) = self.refusals.get(code as usize) {
            counter.inc();
        }
    }

    /// An event that changes a call was acked after that time.
    pub fn acked(&self, event: &'static str, took: Duration) {
        let histogram = self.acks.get_or_create(&[("event", event)]);
        histogram.observe(took.as_secs_f64());
    }

    /// The database did something, or failed to.
    pub fn stored(&self, operation: &'static str, took: Duration, failed: bool) {
        let label = [("operation", operation)];
        self.store.get_or_create(&label).observe(took.as_secs_f64());
        if failed {
            self.store_failures.get_or_create(&label).inc();
        }
    }

    /// So many webhooks are never told.
    pub fn untold(&self, why: Untold, count: u64) {
        let counter = self.untold.get_or_create(&[("reason", why.as_str())]);
        counter.inc_by(count);
    }

    /// So much waits to be told to the application at that time, if that is known.
    pub fn waiting(&self, waiting: Option<Waiting>, now: Timestamp) {
        self.backlog.set(waiting, now);
    }

    /// An event of another node arrived so long after it was sent there.
    pub fn fanned_out(&self, lag: Duration) {
        self.fanout_lag.observe(lag.as_secs_f64());
    }

    /// Returns everything, in the form that Prometheus reads.
    ///
    /// `live` is how many calls have which status; where that is not known it is left out.
    #[must_use]
    pub fn render(&self, live: Option<&[(CallStatus, u64)]>) -> String {
        if live.is_none() {
            self.live.clear();
        }
        for (status, count) in live.into_iter().flatten() {
            let gauge = self.live.get_or_create(&[("status", status.as_str())]);
            gauge.set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
