//! Ringback's clients and server together, in virtual time, under faults, from a seed.
//!
//! The clients are the real `ringback_sdk::core::Client`, the server is the real `CallManager`.
//! Modelled are the disk, the network, the browser's peer connections and devices.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the simulation models a part of what a client may ask of its platform"
)]

pub mod check;
pub mod dice;
pub mod drama;
pub mod node;
pub mod page;
pub mod peer;
pub mod run;
pub mod store;
pub mod story;
pub mod world;
