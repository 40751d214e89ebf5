//! What JavaScript sees of the module: one class, converted and never decided here.

mod announcer;
mod command;
mod engine;
mod error;
mod options;
mod told;
mod view;

pub use crate::platform::SocketIo;
pub use engine::Engine;
