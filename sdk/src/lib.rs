//! The browser side of Ringback: calls over a Socket.IO connection, as WebAssembly.

pub mod core;
