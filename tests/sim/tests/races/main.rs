//! Orders in which things may meet, each played with the real clients and the real server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to stop")]

mod answering;
mod ending;
mod groups;
mod losing;
mod play;
mod renegotiating;
