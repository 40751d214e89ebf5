//! STUN and TURN: what tests a relay ([`probe`]), and a relay for small deployments ([`server`]).

mod credentials;
mod guard;
pub mod peers;
pub mod probe;
mod relays;
pub mod server;
mod setback;
