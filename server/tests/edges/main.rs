//! The edges of the server, over real connections: HTTP, and Socket.IO over the polling transport.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic as the tests themselves may"
)]

mod http;
mod sockets;
mod support;
