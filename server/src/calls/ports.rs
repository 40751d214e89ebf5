//! What the call domain needs of the world outside, and who acts in it.

use std::future::Future;
use std::pin::Pin;

use ringback_protocol::{
    ClientEvent, DeviceId, Empty, Failure, InitiateAck, JoinAck, ServerEvent, StateAck, UserId,
};
use serde::Serialize;

/// A future behind a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An authenticated device: who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user, from the token.
    pub user: UserId,
    /// The device, from the handshake.
    pub device: DeviceId,
    /// Display name, from the token.
    pub name: Option<String>,
    /// Picture, from the token.
    pub avatar: Option<String>,
}

/// To which devices of one user an event goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// All connected devices of the user.
    User(UserId),
    /// One device.
    Device(UserId, DeviceId),
    /// All connected devices of the user but this one.
    OtherDevices(UserId, DeviceId),
}

/// Carries events to devices. The signaling edge implements it; the domain knows no socket.
pub trait Emitter: Send + Sync + 'static {
    /// Emits to the recipient's connected devices and returns how many were reached.
    ///
    /// Events to one device arrive in the order of the calls. It never waits for the device.
    fn emit<'a>(&'a self, to: &'a Recipient, event: &'a ServerEvent) -> BoxFuture<'a, usize>;

    /// Returns the connected devices of a user.
    fn devices<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Vec<DeviceId>>;
}

/// What a client event is acked with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CallAck {
    /// It was done.
    Empty(Empty),
    /// Of `call:initiate`.
    Initiate(InitiateAck),
    /// Of `call:accept`, `call:join` and `call:resume`.
    Join(JoinAck),
    /// Of `call:sync`.
    State(StateAck),
}

/// Sends the ack. The manager calls it once: after the change is stored, before effects are emitted.
pub type Reply = Box<dyn FnOnce(Result<CallAck, Failure>) + Send>;

/// What the signaling edge asks of the call domain.
pub trait Calls: Send + Sync + 'static {
    /// Handles one event of one device (all but `webrtc:config:get`).
    fn handle<'a>(
        &'a self,
        actor: &'a Actor,
        event: ClientEvent,
        reply: Reply,
    ) -> BoxFuture<'a, ()>;

    /// A device signed in: it is told the live calls that concern it, and what rings for it.
    fn device_connected<'a>(&'a self, actor: &'a Actor) -> BoxFuture<'a, ()>;

    /// A device's last socket closed: its place in a call is kept for the grace time.
    fn device_disconnected<'a>(&'a self, actor: &'a Actor) -> BoxFuture<'a, ()>;
}
