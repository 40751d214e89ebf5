//! The call domain and its store, tested natively: no socket, no wall clock.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic as the tests themselves may"
)]

mod ahead;
mod archive;
mod chronicle;
mod history;
mod inspection;
mod manager;
mod offers;
mod operations;
mod outbox;
mod races;
mod restart;
mod session_rules;
mod session_table;
mod signals;
mod store;
mod support;
