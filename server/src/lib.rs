//! Ringback's server as a library; the binary only reads its configuration and runs it.
//!
//! `calls` is the call domain and knows no socket; `signaling` and `rest` are the edges, `net` the
//! connections below them, `cli` the command line; `store` keeps what must outlive the process.

pub mod admission;
pub mod app;
pub mod auth;
pub mod calls;
pub mod cli;
#[cfg(feature = "redis")]
pub mod cluster;
pub mod config;
pub mod events;
#[cfg(feature = "http")]
pub mod host;
#[cfg(feature = "http")]
pub mod http;
pub mod ice;
pub mod lookout;
pub mod metrics;
mod net;
pub mod node;
mod outside;
pub mod rest;
pub mod retention;
pub mod signaling;
pub mod store;
pub mod telemetry;
#[cfg(feature = "turn")]
pub mod turn;
