//! The pure client machine: `handle(now, input) -> outputs`. No browser, no clock, no promise.

pub mod error;
pub mod ids;
mod input;
mod output;
pub mod quality;
pub mod time;
pub mod view;

pub use input::{
    AckBody, AckFailure, Command, ConnectionState, DeviceInput, Input, MicrophoneError, PeerInput,
    Permission, Request, SignalingInput,
};
pub use output::{MediaCommand, Notification, Output, PeerCommand, Settled};
