//! What the call domain needs of the world outside, and who acts in it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ringback_protocol::webhook::{CallHookData, CallHookType};
use ringback_protocol::{
    DeviceId, Empty, Failure, InitiateAck, JoinAck, LinkReport, SessionId, StateAck, UserId,
    VideoState,
};
use serde::{Deserialize, Serialize};

use super::session::CallSession;
use super::signal::Signal;
use crate::events::{ClientEvent, ServerEvent, SessionDescription};
use crate::metrics::Minute;
use crate::node::NodeState;

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

    /// Returns the devices of a user that are connected to this process.
    fn devices<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Vec<DeviceId>>;

    /// Returns the other nodes that were heard of in the last seconds.
    fn nodes(&self) -> BoxFuture<'_, Vec<NodeState>> {
        Box::pin(async { Vec::new() })
    }

    /// Returns what happened on other nodes since then, minute by minute, each with the node.
    fn recent(&self, since_ms: u64) -> BoxFuture<'_, Vec<(String, Minute)>> {
        let _ = since_ms;
        Box::pin(async { Vec::new() })
    }

    /// Tells whether the devices of other nodes are reached, as far as there are other nodes.
    fn reaches_others(&self) -> bool {
        true
    }

    /// Emits a signal, and tells whether a device was reached, on whichever node.
    fn pass<'a>(&'a self, to: &'a Recipient, event: &'a ServerEvent) -> BoxFuture<'a, bool> {
        Box::pin(async move { self.emit(to, event).await > 0 })
    }

    /// Tells whether nobody but this process has to be asked to reach these devices.
    fn is_here(&self, to: &Recipient) -> bool {
        let _ = to;
        false
    }

    /// Emits a signal to devices [of this process](Self::is_here), and tells whether one was reached.
    fn pass_here(&self, to: &Recipient, event: &ServerEvent) -> bool {
        let _ = (to, event);
        false
    }

    /// Tells whether a user, or that device of theirs, is connected, on whichever node.
    fn presence<'a>(
        &'a self,
        user: &'a UserId,
        device: Option<&'a DeviceId>,
    ) -> BoxFuture<'a, Presence> {
        Box::pin(async move {
            let devices = self.devices(user).await;
            if device.map_or(!devices.is_empty(), |device| devices.contains(device)) {
                Presence::Connected
            } else {
                Presence::Absent
            }
        })
    }
}

/// Whether somebody is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// They are, to some node.
    Connected,
    /// They are connected to none.
    Absent,
    /// They are not connected to this node, and the others cannot be asked.
    Unknown,
}

/// How much this process hears of what others do to the calls of the same store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// There are no others.
    Alone,
    /// They tell what they do.
    Hears,
    /// There are others, but what they tell does not arrive.
    Deaf,
}

/// What one participant said of their microphone and picture last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Whether they are muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// What their picture shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoState>,
}

/// A copy of a caller's early offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyOffer {
    /// The version of the call by which it was made: it holds while the stored call names the same.
    pub version: u64,
    /// The offer.
    pub offer: SessionDescription,
}

/// The other processes over the same store. None of this ever waits long for them.
pub trait Peers: Send + Sync + 'static {
    /// Returns how much is heard of them.
    fn hearing(&self) -> Hearing;

    /// Tells them that a call changed in the store.
    fn changed(&self, call: &CallSession);

    /// Tells them what a participant said of themselves.
    fn said(&self, call: &SessionId, user: &UserId, said: Said);

    /// Returns what participants said of themselves on any of them; none when it cannot be known.
    fn all_said<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, Option<Vec<(UserId, Said)>>>;

    /// Keeps the early offer of a ringing call where all of them find it, for so long at most.
    fn keep_offer(&self, call: &SessionId, offer: &EarlyOffer, lasts_ms: u64);

    /// The early offer of that call does not hold any more.
    fn forget_offer(&self, call: &SessionId);

    /// Returns the early offer that was kept of a call; none also when it cannot be known.
    fn offer_of<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, Option<EarlyOffer>>;

    /// Tells whether it is this process's turn to look for devices that a dead process left behind.
    fn may_sweep(&self) -> BoxFuture<'_, bool>;
}

/// There are no other processes.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPeers;

impl Peers for NoPeers {
    fn hearing(&self) -> Hearing {
        Hearing::Alone
    }

    fn changed(&self, _call: &CallSession) {}

    fn said(&self, _call: &SessionId, _user: &UserId, _said: Said) {}

    fn all_said<'a>(&'a self, _call: &'a SessionId) -> BoxFuture<'a, Option<Vec<(UserId, Said)>>> {
        Box::pin(std::future::ready(None))
    }

    fn keep_offer(&self, _call: &SessionId, _offer: &EarlyOffer, _lasts_ms: u64) {}

    fn forget_offer(&self, _call: &SessionId) {}

    fn offer_of<'a>(&'a self, _call: &'a SessionId) -> BoxFuture<'a, Option<EarlyOffer>> {
        Box::pin(std::future::ready(None))
    }

    fn may_sweep(&self) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(false))
    }
}

/// The host application: it may be asked before a call comes about, and told of it.
pub trait HostApp: Send + Sync + 'static {
    /// Asks whether somebody may do that.
    ///
    /// # Errors
    /// `FORBIDDEN` with the application's own words when they may not.
    fn allows(&self, kind: CallHookType, data: CallHookData) -> BoxFuture<'_, Result<(), Failure>>;

    /// Something that it is to be told was put into the outbox.
    fn has_post(&self);
}

/// A host application that wants to be neither asked nor told.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHostApp;

impl HostApp for NoHostApp {
    fn allows(&self, _: CallHookType, _: CallHookData) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn has_post(&self) {}
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

    /// Passes a signal on at once, if nothing has to be waited for.
    ///
    /// # Errors
    /// The signal, for [`handle`](Self::handle), when something has to.
    fn pass_now(&self, actor: &Actor, signal: Signal) -> Result<Result<(), Failure>, Signal> {
        let _ = actor;
        Err(signal)
    }

    /// A device signed in: it is told the live calls that concern it, and what rings for it.
    fn device_connected<'a>(&'a self, actor: &'a Actor) -> BoxFuture<'a, ()>;

    /// A device's last socket closed: its place in a call is kept for the grace time.
    fn device_disconnected<'a>(&'a self, actor: &'a Actor) -> BoxFuture<'a, ()>;
}

/// Learns what becomes of calls, to count it; it decides nothing.
pub trait Observer: Send + Sync + 'static {
    /// A change was stored; `before` is none when the call was placed by it.
    fn changed(&self, before: Option<&CallSession>, after: &CallSession);

    /// The first devices of a new call ring, so long after its caller asked.
    fn rang(&self, took: Duration);

    /// A participant measured its links.
    fn measured(&self, links: &[LinkReport]);
}

/// Whoever counts nothing.
#[derive(Debug, Clone, Copy)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn changed(&self, _before: Option<&CallSession>, _after: &CallSession) {}

    fn rang(&self, _took: Duration) {}

    fn measured(&self, _links: &[LinkReport]) {}
}
