//! A server process: the real `CallManager` behind a model of the signaling edge.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_protocol::server::CallError;
use ringback_protocol::{
    ClientEvent, ConfigAck, DeviceId, FEATURES, Failure, Identity, PROTOCOL_VERSION, ProtocolInfo,
    RtcConfiguration, ServerEvent, SessionId, Timeouts, UserId,
};
use ringback_sdk::core::ids::AckId;
use ringback_sdk::core::{AckBody, AckFailure};
use ringback_server::calls::ports::{Actor, BoxFuture, CallAck, Calls, Emitter, Recipient, Reply};
use ringback_server::calls::{CallManager, CallSettings, Clock, Timestamp};
use ringback_server::events;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::dice::Dice;
use crate::store::{self, Disk, DiskStore, Life, Mood};

/// When the world begins, on the server's clock, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_750_000_000_000;

/// What holds of every event that one side makes.
const ON_THE_WIRE: &str = "each side knows the events of the other";

/// Names one socket; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// What a server sends down a socket.
#[derive(Debug, Clone)]
pub enum Down {
    /// The socket is let in.
    Welcome,
    /// An event.
    Event(ServerEvent),
    /// An ack.
    Ack(AckId, Result<AckBody, AckFailure>),
}

/// The virtual time as a server process reads it.
#[derive(Debug)]
struct NodeClock {
    started: Instant,
    life: Life,
    disk: Disk,
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        let passed = self.started.elapsed().as_millis();
        Timestamp::from_ms(EPOCH_MS + u64::try_from(passed).unwrap_or(0))
    }

    fn sleep_until(&self, time: Timestamp) -> BoxFuture<'_, ()> {
        let at = self.started + Duration::from_millis(time.as_ms().saturating_sub(EPOCH_MS));
        Box::pin(async move {
            tokio::time::sleep_until(at).await;
            self.life.go_on().await;
        })
    }

    fn name_call(&self) -> String {
        format!("call-{:03}", store::open(&self.disk).next_name())
    }
}

/// Keeps what is told of one device's coming and going in order.
type PresenceLock = Arc<tokio::sync::Mutex<()>>;

#[derive(Debug)]
struct EdgeDevice {
    id: DeviceId,
    /// The newest, which is last, gets the events.
    sockets: Vec<SocketId>,
    presence: PresenceLock,
}

/// Who is connected, for all processes that share a disk; and what they were sent.
#[derive(Debug, Default)]
pub struct Edge {
    users: Mutex<BTreeMap<UserId, Vec<EdgeDevice>>>,
    sent: Mutex<Vec<(SocketId, Down)>>,
    /// Wakes the world when there is something to deliver.
    pub stirred: Notify,
}

impl Edge {
    /// Takes out what was sent since the last time.
    pub fn take_sent(&self) -> Vec<(SocketId, Down)> {
        std::mem::take(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets every socket: the process that held them is dead.
    pub fn forget(&self, gone: &[SocketId]) {
        for devices in self.users().values_mut() {
            for device in devices.iter_mut() {
                device.sockets.retain(|socket| !gone.contains(socket));
            }
        }
    }

    fn send(&self, socket: SocketId, down: Down) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push((socket, down));
        self.stirred.notify_one();
    }

    fn users(&self) -> MutexGuard<'_, BTreeMap<UserId, Vec<EdgeDevice>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, actor: &Actor, socket: SocketId) -> PresenceLock {
        let mut users = self.users();
        let devices = users.entry(actor.user.clone()).or_default();
        let at = devices.iter().position(|device| device.id == actor.device);
        let at = at.unwrap_or_else(|| {
            devices.push(EdgeDevice {
                id: actor.device.clone(),
                sockets: Vec::new(),
                presence: PresenceLock::default(),
            });
            devices.len() - 1
        });
        devices[at].sockets.push(socket);
        Arc::clone(&devices[at].presence)
    }

    fn current(&self, actor: &Actor) -> Option<SocketId> {
        let users = self.users();
        let mut devices = users.get(&actor.user).into_iter().flatten();
        let device = devices.find(|device| device.id == actor.device)?;
        device.sockets.last().copied()
    }

    fn has_socket(&self, socket: SocketId) -> bool {
        let users = self.users();
        let mut devices = users.values().flatten();
        devices.any(|device| device.sockets.contains(&socket))
    }

    fn remove(&self, actor: &Actor, socket: SocketId) {
        if let Some(devices) = self.users().get_mut(&actor.user) {
            for device in devices.iter_mut() {
                device.sockets.retain(|one| *one != socket);
            }
        }
    }

    fn deliver(&self, to: &Recipient, event: &events::ServerEvent) -> usize {
        let (Recipient::User(user) | Recipient::Device(user, _) | Recipient::OtherDevices(user, _)) =
            to;
        let is_meant = |device: &&EdgeDevice| match to {
            Recipient::User(_) => true,
            Recipient::Device(_, id) => device.id == *id,
            Recipient::OtherDevices(_, id) => device.id != *id,
        };
        let sockets: Vec<SocketId> = self
            .users()
            .get(user)
            .into_iter()
            .flatten()
            .filter(is_meant)
            .filter_map(|device| device.sockets.last().copied())
            .collect();
        let event = carried_down(event);
        for socket in &sockets {
            self.send(*socket, Down::Event(event.clone()));
        }
        sockets.len()
    }
}

/// The way out of one process.
#[derive(Debug)]
struct NodeEmitter {
    edge: Arc<Edge>,
    life: Life,
}

impl Emitter for NodeEmitter {
    fn emit<'a>(
        &'a self,
        to: &'a Recipient,
        event: &'a events::ServerEvent,
    ) -> BoxFuture<'a, usize> {
        Box::pin(async move {
            self.life.go_on().await;
            self.edge.deliver(to, event)
        })
    }

    fn devices<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Vec<DeviceId>> {
        Box::pin(async move {
            self.life.go_on().await;
            let users = self.edge.users();
            let devices = users.get(user).into_iter().flatten();
            devices
                .filter(|device| !device.sockets.is_empty())
                .map(|device| device.id.clone())
                .collect()
        })
    }
}

enum Work {
    Event(ClientEvent, Option<AckId>),
    Gone,
}

struct Served {
    inbox: mpsc::UnboundedSender<Work>,
    task: JoinHandle<()>,
}

/// One server process.
pub struct Node {
    life: Life,
    calls: Arc<CallManager>,
    edge: Arc<Edge>,
    settings: CallSettings,
    sockets: BTreeMap<SocketId, Served>,
    /// Whether another process is on its way in its place.
    pub is_replaced: bool,
    /// What is still to be done for sockets that are gone.
    leaving: Vec<JoinHandle<()>>,
    /// How badly its store behaves.
    pub mood: Arc<Mood>,
}

impl Node {
    /// Starts a process over a disk.
    #[must_use]
    pub fn start(
        disk: &Disk,
        edge: &Arc<Edge>,
        started: Instant,
        settings: CallSettings,
        dice: Dice,
    ) -> Self {
        let life = Life::default();
        let mood = Arc::new(Mood::default());
        let store = DiskStore::new(Arc::clone(disk), life.clone(), Arc::clone(&mood), dice);
        let emitter = NodeEmitter {
            edge: Arc::clone(edge),
            life: life.clone(),
        };
        let clock = NodeClock {
            started,
            life: life.clone(),
            disk: Arc::clone(disk),
        };
        let calls = CallManager::start(
            Arc::new(store),
            Arc::new(emitter),
            Arc::new(clock),
            settings.clone(),
        );
        Self {
            life,
            calls,
            edge: Arc::clone(edge),
            settings,
            sockets: BTreeMap::new(),
            is_replaced: false,
            leaving: Vec::new(),
            mood,
        }
    }

    /// Tells whether the process lives.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.life.is_over()
    }

    /// Kills the process and returns the sockets that it held.
    pub fn kill(&mut self) -> Vec<SocketId> {
        self.life.end();
        let sockets: Vec<_> = self.sockets.keys().copied().collect();
        let served = std::mem::take(&mut self.sockets).into_values();
        for task in served
            .map(|served| served.task)
            .chain(self.leaving.drain(..))
        {
            task.abort();
        }
        self.edge.forget(&sockets);
        sockets
    }

    /// Lets a socket in.
    pub fn connect(&mut self, socket: SocketId, actor: &Actor) {
        self.edge.send(socket, Down::Welcome);
        let lock = self.edge.add(actor, socket);
        let (inbox, work) = mpsc::unbounded_channel();
        let desk = Desk {
            calls: Arc::clone(&self.calls),
            edge: Arc::clone(&self.edge),
            life: self.life.clone(),
            timeouts: timeouts(&self.settings),
            actor: actor.clone(),
            socket,
        };
        let task = tokio::spawn(desk.serve(lock, work));
        self.sockets.insert(socket, Served { inbox, task });
    }

    /// Takes in what came up a socket.
    pub fn receive(&self, socket: SocketId, event: ClientEvent, ack: Option<AckId>) {
        self.push(socket, Work::Event(event, ack));
    }

    /// A socket closed, as the server sees it.
    pub fn disconnect(&mut self, socket: SocketId) {
        self.push(socket, Work::Gone);
        if let Some(served) = self.sockets.remove(&socket) {
            self.leaving.push(served.task);
        }
    }

    fn push(&self, socket: SocketId, work: Work) {
        if let Some(served) = self.sockets.get(&socket) {
            // Its task ends only after the last work, or with the process.
            let _sent = served.inbox.send(work);
        }
    }
}

fn timeouts(settings: &CallSettings) -> Timeouts {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Timeouts {
        ring_timeout_ms: ms(settings.ring_timeout),
        reconnect_grace_ms: ms(settings.reconnect_grace),
    }
}

/// Does what one socket asks, one thing after the other.
struct Desk {
    calls: Arc<CallManager>,
    edge: Arc<Edge>,
    life: Life,
    timeouts: Timeouts,
    actor: Actor,
    socket: SocketId,
}

impl Desk {
    async fn serve(self, lock: PresenceLock, mut work: mpsc::UnboundedReceiver<Work>) {
        self.arrived(&self.actor, self.socket, &lock).await;
        while let Some(work) = work.recv().await {
            match work {
                Work::Event(ClientEvent::WebrtcConfigGet(_), ack) => self.configure(ack),
                Work::Event(event, ack) => {
                    let reply = self.reply(&event, ack);
                    let event = carried_up(&event);
                    self.calls.handle(&self.actor, event, reply).await;
                }
                Work::Gone => return self.departed(&lock).await,
            }
        }
    }

    async fn arrived(&self, actor: &Actor, socket: SocketId, lock: &PresenceLock) {
        let _guard = lock.lock().await;
        if self.edge.has_socket(socket) {
            self.calls.device_connected(actor).await;
        }
    }

    async fn departed(&self, lock: &PresenceLock) {
        let was_in_use = self.edge.current(&self.actor) == Some(self.socket);
        self.edge.remove(&self.actor, self.socket);
        match self.edge.current(&self.actor) {
            Some(older) if was_in_use => self.arrived(&self.actor, older, lock).await,
            Some(_) => {}
            None => {
                let _guard = lock.lock().await;
                if self.edge.current(&self.actor).is_none() {
                    self.calls.device_disconnected(&self.actor).await;
                }
            }
        }
    }

    fn configure(&self, ack: Option<AckId>) {
        let body = ConfigAck {
            config: RtcConfiguration::default(),
            media: None,
            quality: None,
            timeouts: Some(self.timeouts.clone()),
            protocol: Some(ProtocolInfo {
                version: PROTOCOL_VERSION,
                features: FEATURES.iter().map(|&name| name.to_owned()).collect(),
            }),
            you: Some(Identity {
                user_id: self.actor.user.clone(),
                device_id: self.actor.device.clone(),
            }),
            ttl: None,
        };
        if let Some(ack) = ack {
            self.edge
                .send(self.socket, Down::Ack(ack, Ok(AckBody::Config(body))));
        }
    }

    fn reply(&self, event: &ClientEvent, ack: Option<AckId>) -> Reply {
        let (edge, socket, life) = (Arc::clone(&self.edge), self.socket, self.life.clone());
        let (name, session_id) = (event.name(), session_of(event).cloned());
        Box::new(move |result: Result<CallAck, Failure>| {
            let down = match (ack, result) {
                _ if life.is_over() => return,
                (Some(ack), result) => Down::Ack(ack, client_side(result)),
                (None, Ok(_)) => return,
                (None, Err(failure)) => Down::Event(ServerEvent::CallError(CallError {
                    event: name.to_owned(),
                    session_id,
                    code: failure.code,
                    error: failure.error,
                    retry_after_ms: failure.retry_after_ms,
                })),
            };
            edge.send(socket, down);
        })
    }
}

/// Takes an event over the wire: the server holds what it passes on as it came.
fn carried_up(event: &ClientEvent) -> events::ClientEvent {
    let payload = event.encode(serde_json::value::Serializer);
    events::ClientEvent::decode(event.name(), payload.expect(ON_THE_WIRE)).expect(ON_THE_WIRE)
}

/// Takes an event over the wire, the other way.
fn carried_down(event: &events::ServerEvent) -> ServerEvent {
    let payload = event.encode(serde_json::value::Serializer);
    ServerEvent::decode(event.name(), payload.expect(ON_THE_WIRE)).expect(ON_THE_WIRE)
}

/// Returns the call that an event names.
#[must_use]
pub const fn session_of(event: &ClientEvent) -> Option<&SessionId> {
    match event {
        ClientEvent::WebrtcConfigGet(_)
        | ClientEvent::AuthRefresh(_)
        | ClientEvent::CallInitiate(_)
        | ClientEvent::CallSync(_) => None,
        ClientEvent::CallAccept(event) => Some(&event.session_id),
        ClientEvent::CallReject(event) => Some(&event.session_id),
        ClientEvent::WebrtcOffer(event) => Some(&event.session_id),
        ClientEvent::WebrtcAnswer(event) => Some(&event.session_id),
        ClientEvent::WebrtcIceCandidate(event) => Some(&event.session_id),
        ClientEvent::CallQuality(event) => Some(&event.session_id),
        ClientEvent::CallToggleAudio(event) => Some(&event.session_id),
        ClientEvent::CallToggleVideo(event) => Some(&event.session_id),
        ClientEvent::CallEnd(event) => Some(&event.session_id),
        ClientEvent::CallLeave(event) => Some(&event.session_id),
        ClientEvent::CallJoin(event) => Some(&event.session_id),
        ClientEvent::CallInvite(event) => Some(&event.session_id),
        ClientEvent::CallResume(event) => Some(&event.session_id),
    }
}

/// What the client's edge makes of an ack.
fn client_side(result: Result<CallAck, Failure>) -> Result<AckBody, AckFailure> {
    match result {
        Ok(CallAck::Empty(_)) => Ok(AckBody::Empty),
        Ok(CallAck::Initiate(ack)) => Ok(AckBody::Initiate(ack)),
        Ok(CallAck::Join(ack)) => Ok(AckBody::Join(ack)),
        Ok(CallAck::State(ack)) => Ok(AckBody::State(ack)),
        Err(failure) => Err(AckFailure {
            code: Some(failure.code),
            message: failure.error,
            retry_after_ms: failure.retry_after_ms,
        }),
    }
}
