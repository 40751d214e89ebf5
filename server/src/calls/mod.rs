//! The call domain: what a call is, and the one place that changes it.
//!
//! [`session`] is pure: a [`CallSession`] is a value, and `handle(now, input)` says what changes and
//! what is to be told to whom. [`CallManager`] is its only caller: it loads, applies, stores with
//! compare-and-set, acks and emits. It knows no socket: the edge implements [`ports`].

pub mod clock;
pub mod manager;
pub mod ports;
pub mod session;
pub mod settings;
pub mod signal;
pub mod time;

pub use clock::{Clock, SystemClock};
pub use manager::{CallManager, Others};
pub use session::{CallSession, Entry};
pub use settings::CallSettings;
pub use signal::Signal;
pub use time::Timestamp;
