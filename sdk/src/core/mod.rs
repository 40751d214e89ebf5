//! The pure client machine: `handle(now, input) -> outputs`. No browser, no clock, no promise.

mod call;
mod candidates;
mod capture;
mod client;
mod context;
pub mod error;
mod farewell;
pub mod ids;
mod input;
mod link;
mod media;
mod output;
mod pace;
mod participant;
mod pulse;
pub mod quality;
mod repair;
mod sdp;
mod signal;
mod signaling;
mod speaker;
#[cfg(test)]
mod tests;
pub mod time;
mod timers;
pub mod view;

pub use client::Client;
pub use context::{ClientOptions, KeptCall, Preconnect};
pub use input::{
    AckBody, AckFailure, CaptureError, Command, ConnectionState, DeviceInput, Input, PeerInput,
    Permission, Request, SignalingInput, SpeakerError,
};
pub use media::{DeviceChange, DeviceChoice, MediaKind, VideoSource};
pub use output::{MediaCommand, Notification, Output, PeerCommand, Settled, VideoLimit};
