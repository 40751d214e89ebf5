//! Engine.IO over WebSocket from the start: `transport=websocket` without a session.
//!
//! <https://socket.io/docs/v4/engine-io-protocol/>
//!
//! This is where signals travel: one task, one queue and one timer for each socket. Whoever begins
//! by polling, or speaks anything else, is the engine's (`engineioxide`).

mod outbox;
mod session;
mod upgrade;
mod websocket;

pub(super) use self::outbox::Outbox;
