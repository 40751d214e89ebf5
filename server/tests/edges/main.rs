//! The edges of the server, over real connections: HTTP, and Socket.IO over the polling transport.

mod http;
mod sockets;
mod support;
