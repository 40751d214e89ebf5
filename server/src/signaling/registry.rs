//! Who is connected: user, device, sockets. Carries the domain's events to them.

use std::future::ready;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use foldhash::HashMap;
use ringback_protocol::{DeviceId, ErrorCode, Failure, UserId, limits};
use tokio::sync::Notify;

use super::outlet::{Outlet, OutletId, Sent};
use super::packet::{self, Text};
use crate::calls::ports::{Actor, BoxFuture, Emitter, Recipient};
use crate::events::ServerEvent;
use crate::metrics::Metrics;

/// When a user with too many sockets may try again: those that are dead are gone by then.
const FULL_WAIT_MS: u64 = 15_000;

/// Serialises what the call domain is told of the coming and going of one device.
pub(super) type PresenceLock = Arc<tokio::sync::Mutex<()>>;

/// One signed-in socket.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Whose it is.
    pub(super) actor: Arc<Actor>,
    /// Which one it is.
    pub(super) id: OutletId,
    /// The way to it.
    pub(super) outlet: Arc<dyn Outlet>,
}

/// What is left of a device after one of its sockets closed.
#[derive(Debug)]
pub(super) enum Remaining {
    /// The socket that is in use stays.
    SameSocket,
    /// An older socket of the same device is in use again.
    OlderSocket(Member, PresenceLock),
    /// None: the device is gone, unless it comes back at once.
    Nothing(PresenceLock),
}

/// A user has as many sockets as one may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManySockets {
    most: usize,
}

impl From<TooManySockets> for Failure {
    fn from(TooManySockets { most }: TooManySockets) -> Self {
        let text = format!("This user has {most} sockets on this server already: close some.");
        Self {
            retry_after_ms: Some(FULL_WAIT_MS),
            ..Self::new(ErrorCode::RateLimited, text)
        }
    }
}

/// Who is connected, on this server.
#[derive(Debug)]
pub struct Registry {
    metrics: Arc<Metrics>,
    users: RwLock<HashMap<UserId, Vec<Device>>>,
    /// The most sockets of one user.
    most_sockets: usize,
    /// Wakes whoever waits for the last device to go.
    shrunk: Notify,
}

#[derive(Debug)]
struct Device {
    id: DeviceId,
    /// Its sockets; the newest, which is last, gets the events. An older one is usually one whose
    /// end has not been noticed yet.
    sockets: Vec<Member>,
    presence: PresenceLock,
    /// Whether it signed in to another node since: the sockets here may be dead without knowing it.
    is_elsewhere: bool,
}

/// On which nodes the devices of a recipient are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// On this one alone.
    ThisNode,
    /// Perhaps on others.
    AnyNode,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new(limits::SOCKETS_PER_USER, Arc::default())
    }
}

impl Registry {
    /// Makes an empty one, in which a user may have so many sockets.
    #[must_use]
    pub fn new(most_sockets: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            users: RwLock::default(),
            most_sockets,
            shrunk: Notify::new(),
        }
    }

    /// Takes a socket in and says so to its client; from now on it gets the events of its device.
    ///
    /// # Errors
    /// When the user has as many as one may have, and none of them is an older one of this device:
    /// the newcomer is turned away, because any of the others may be the one that is in a call.
    pub(super) fn add(
        &self,
        member: Member,
        welcome: Text,
    ) -> Result<PresenceLock, TooManySockets> {
        let mut users = self.write();
        let devices = users.entry(member.actor.user.clone()).or_default();
        make_room(devices, &member.actor.device, self.most_sockets)?;
        // Under the lock: no event may overtake the word that it is in.
        member.outlet.send(welcome);
        let at = devices
            .iter()
            .position(|device| device.id == member.actor.device);
        let at = at.unwrap_or_else(|| {
            devices.push(Device::new(member.actor.device.clone()));
            devices.len() - 1
        });
        let device = &mut devices[at];
        device.sockets.push(member);
        device.is_elsewhere = false;
        Ok(Arc::clone(&device.presence))
    }

    /// Forgets a socket that closed.
    pub(super) fn remove(&self, actor: &Actor, id: OutletId) -> Remaining {
        let mut users = self.write();
        let device = users
            .get_mut(&actor.user)
            .and_then(|devices| devices.iter_mut().find(|device| device.id == actor.device));
        let Some(device) = device else {
            return Remaining::SameSocket;
        };
        let was_in_use = device.current().is_some_and(|member| member.id == id);
        device.sockets.retain(|member| member.id != id);
        let presence = Arc::clone(&device.presence);
        match device.current() {
            Some(_) if !was_in_use => Remaining::SameSocket,
            Some(older) => Remaining::OlderSocket(older.clone(), presence),
            None => Remaining::Nothing(presence),
        }
    }

    /// Forgets a device whose end was told to the call domain, unless it is back.
    pub(super) fn forget(&self, actor: &Actor) {
        let mut users = self.write();
        let Some(devices) = users.get_mut(&actor.user) else {
            return;
        };
        devices.retain(|device| device.id != actor.device || !device.sockets.is_empty());
        if devices.is_empty() {
            users.remove(&actor.user);
            self.shrunk.notify_waiters();
        }
    }

    /// Tells whether the device has a socket.
    pub(super) fn has_device(&self, actor: &Actor) -> bool {
        self.read().get(&actor.user).is_some_and(|devices| {
            let mut connected = devices.iter().filter(|device| device.is_connected());
            connected.any(|device| device.id == actor.device)
        })
    }

    /// Tells whether that very socket is still there.
    pub(super) fn has_socket(&self, actor: &Actor, id: OutletId) -> bool {
        self.read().get(&actor.user).is_some_and(|devices| {
            let mut sockets = devices.iter().flat_map(|device| &device.sockets);
            sockets.any(|member| member.id == id)
        })
    }

    /// Sends to every socket.
    pub(super) fn broadcast(&self, event: &ServerEvent) {
        let message = packet::event(event);
        for device in self.read().values().flatten() {
            for member in &device.sockets {
                member.outlet.send(message.clone());
            }
        }
    }

    /// Closes every socket.
    pub(super) fn close_all(&self) {
        let members = self.read();
        for device in members.values().flatten() {
            for member in &device.sockets {
                member.outlet.close();
            }
        }
    }

    /// Tells whether nobody is connected.
    pub(super) fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// Returns when nobody is connected.
    pub(super) async fn emptied(&self) {
        loop {
            let shrunk = self.shrunk.notified();
            if self.is_empty() {
                return;
            }
            shrunk.await;
        }
    }

    /// Counts that an event was sent to so many devices.
    pub(crate) fn count(&self, event: &ServerEvent, devices: usize) {
        self.metrics.sent(event, devices);
    }

    fn deliver(&self, to: &Recipient, packet: impl FnOnce() -> Text) -> usize {
        let (Recipient::User(user) | Recipient::Device(user, _) | Recipient::OtherDevices(user, _)) =
            to;
        let users = self.read();
        let Some(devices) = users.get(user) else {
            return 0;
        };
        let meant = devices.iter().filter(|device| device.is_meant_by(to));
        let mut members = meant.filter_map(Device::current);
        let Some(mut last) = members.next() else {
            return 0;
        };
        // Made once, for the first device that wants it; nearly always that is the only one.
        let message = packet();
        let mut reached = 0;
        for member in members {
            reached += usize::from(last.outlet.send(message.clone()) == Sent::Queued);
            last = member;
        }
        reached + usize::from(last.outlet.send(message) == Sent::Queued)
    }

    /// Sends an event to the devices of this node, and returns how many were reached.
    fn deliver_here(&self, to: &Recipient, event: &ServerEvent) -> usize {
        let reached = self.deliver(to, || packet::event(event));
        self.count(event, reached);
        reached
    }

    fn connected_devices(&self, user: &UserId) -> Vec<DeviceId> {
        let users = self.read();
        let devices = users.get(user).into_iter().flatten();
        devices
            .filter(|device| device.is_connected())
            .map(|device| device.id.clone())
            .collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<UserId, Vec<Device>>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<UserId, Vec<Device>>> {
        self.users.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the devices of other nodes need.
#[cfg(feature = "redis")]
impl Registry {
    /// Makes the text of an event, which is the same for every device.
    pub(crate) fn packet(event: &ServerEvent) -> Text {
        packet::event(event)
    }

    /// Sends the text of an event to the devices of this node, and returns how many were reached.
    pub(crate) fn deliver_packet(&self, to: &Recipient, packet: &Text) -> usize {
        self.deliver(to, || packet.clone())
    }

    /// Sends what another node said to the devices of this node, and counts it.
    pub(crate) fn deliver_foreign(&self, to: &Recipient, packet: &Text) {
        let reached = self.deliver_packet(to, packet);
        if let Some(event) = packet::event_name(packet) {
            self.metrics.sent_by_name(event, reached);
        }
    }

    /// Tells where the devices of a recipient may be.
    pub(crate) fn within(&self, to: &Recipient) -> Within {
        let Recipient::Device(user, device) = to else {
            return Within::AnyNode;
        };
        let users = self.read();
        let devices = users.get(user).into_iter().flatten();
        let mut here = devices.filter(|one| one.is_connected() && !one.is_elsewhere);
        if here.any(|one| one.id == *device) {
            Within::ThisNode
        } else {
            Within::AnyNode
        }
    }

    /// A device signed in to another node.
    pub(crate) fn moved(&self, user: &UserId, device: &DeviceId) {
        let mut users = self.write();
        let mut devices = users.get_mut(user).into_iter().flatten();
        if let Some(device) = devices.find(|one| one.id == *device) {
            device.is_elsewhere = true;
        }
    }
}

/// Sees to it that one more socket of that device fits, if need be in place of its oldest one.
fn make_room(devices: &mut [Device], id: &DeviceId, most: usize) -> Result<(), TooManySockets> {
    let sockets: usize = devices.iter().map(|device| device.sockets.len()).sum();
    if sockets < most {
        return Ok(());
    }
    let device = devices.iter_mut().find(|device| device.id == *id);
    match device.filter(|device| device.is_connected()) {
        Some(device) => {
            device.sockets.remove(0).outlet.close();
            Ok(())
        }
        None => Err(TooManySockets { most }),
    }
}

impl Device {
    fn new(id: DeviceId) -> Self {
        Self {
            id,
            sockets: Vec::new(),
            presence: PresenceLock::default(),
            is_elsewhere: false,
        }
    }

    fn current(&self) -> Option<&Member> {
        self.sockets.last()
    }

    fn is_connected(&self) -> bool {
        !self.sockets.is_empty()
    }

    fn is_meant_by(&self, to: &Recipient) -> bool {
        match to {
            Recipient::User(_) => true,
            Recipient::Device(_, device) => self.id == *device,
            Recipient::OtherDevices(_, device) => self.id != *device,
        }
    }
}

impl Emitter for Registry {
    fn emit<'a>(&'a self, to: &'a Recipient, event: &'a ServerEvent) -> BoxFuture<'a, usize> {
        Box::pin(ready(self.deliver_here(to, event)))
    }

    /// All devices are those of this process: without Redis there is no other one.
    fn is_here(&self, _to: &Recipient) -> bool {
        true
    }

    fn pass_here(&self, to: &Recipient, event: &ServerEvent) -> bool {
        self.deliver_here(to, event) > 0
    }

    fn devices<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Vec<DeviceId>> {
        Box::pin(ready(self.connected_devices(user)))
    }
}

#[cfg(test)]
mod tests;
