//! The signaling edge: Socket.IO over the Engine.IO of `engineioxide`.
//!
//! Every event of every client passes one place, [`hub`]: rate, size, shape, limits. Then
//! it is done in the order in which its socket sent it ([`inbox`]) and answered once ([`answer`]).
//!
//! Socket.IO itself is spoken here ([`packet`]) and not by `socketioxide`: that runs each message
//! in a task of its own, which loses their order, and cannot send the `data` of a `connect_error`.

mod answer;
mod connection;
mod decode;
mod direct;
mod drain;
mod expiry;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod handshake;
mod hub;
mod inbox;
mod meter;
mod outlet;
mod packet;
mod polls;
mod presence;
pub(crate) mod rate;
mod registry;
mod sizes;
mod socket;
mod subject;
mod unsigned;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::Request;
use engineioxide::config::EngineIoConfig;
use engineioxide::handler::EngineIoHandler;
use engineioxide::service::EngineIoService;
use engineioxide::socket::{DisconnectReason, Sid};
use engineioxide::{ProtocolVersion, Str};
use ringback_protocol::Failure;
use ringback_protocol::limits;

use self::connection::Stage;
use self::hub::Hub;
use self::outlet::Outlet;
use self::packet::Packet;
use self::polls::Polls;
use self::socket::{Carried, EngineSocket, Socket};
use crate::admission::Quotas;
use crate::auth::Auth;
use crate::calls::ports::Calls;
use crate::events::server::ServerDraining;
use crate::ice::IceConfig;
use crate::metrics::Metrics;

pub use self::polls::OpenPoll;
pub use self::registry::{Registry, Within};

/// Where Socket.IO clients connect unless they are told otherwise.
pub const PATH: &str = "/socket.io";

const PING_INTERVAL: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a socket may take to say who it is.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(10);
/// How many bytes are heard of somebody who has not signed in: a token has room, and many together
/// fill no memory.
const UNSIGNED_BYTES: usize = 32 * 1024;
/// How long the last messages to closed sockets may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The most messages that wait to be sent to one socket: several bursts of several peers.
const SEND_BUFFER: usize = 2048;
/// How much is read of a socket at once; each keeps a buffer of this size.
const READ_BUFFER: usize = 1024;
/// What the engine accepts at all: above the limit for one message, which gets a coded answer.
const MOST_RECEIVED_BYTES: usize = 4 * limits::MESSAGE_BYTES;

/// The signaling edge, as the engine drives it.
#[derive(Clone)]
pub struct Signaling {
    hub: Arc<Hub>,
    polls: Polls,
}

impl Signaling {
    /// Makes the edge of a call domain; `registry` is the emitter that the domain was given.
    #[must_use]
    pub fn new(
        auth: Arc<Auth>,
        quotas: Arc<Quotas>,
        calls: Arc<dyn Calls>,
        registry: Arc<Registry>,
        ice: Arc<IceConfig>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let hub = Hub::new(auth, quotas, calls, registry, ice, metrics);
        Self {
            hub: Arc::new(hub),
            polls: Polls::default(),
        }
    }

    /// Returns the HTTP service that sockets connect to.
    #[must_use]
    pub fn service(&self) -> EngineIoService<Self> {
        let config = EngineIoConfig::builder()
            .req_path(PATH)
            .ping_interval(PING_INTERVAL)
            .ping_timeout(PING_TIMEOUT)
            .max_buffer_size(SEND_BUFFER)
            .max_payload(MOST_RECEIVED_BYTES as u64)
            .ws_read_buffer_size(READ_BUFFER)
            .ws_max_message_size(MOST_RECEIVED_BYTES)
            .ws_max_frame_size(MOST_RECEIVED_BYTES)
            .build();
        EngineIoService::with_config(Arc::new(self.clone()), config)
    }

    /// Watches over a poll; none when the request names no session.
    #[must_use]
    pub fn watch_poll(&self, request: &Request) -> Option<OpenPoll> {
        Some(self.polls.watch(session_of(request)?))
    }

    /// Checks whether a socket may begin here.
    ///
    /// # Errors
    /// `DRAINING` when the server goes down.
    pub fn may_begin(&self) -> Result<(), Failure> {
        self.hub.drain.check()
    }

    /// Tells whether this server goes down.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.hub.drain.has_begun()
    }

    /// Announces the end of this server, lets the signals under way through, and closes all sockets.
    ///
    /// Live calls stay as they are: their devices come back to the next server.
    pub async fn drain(&self) {
        self.hub.drain.begin();
        self.hub.metrics.draining();
        let notice = ServerDraining {
            retry_after_ms: drain::RETRY_AFTER_MS,
        };
        self.hub.registry.broadcast(&notice.into());
        if !self.hub.registry.is_empty() {
            self.hub.drain.quiet().await;
        }
        self.hub.registry.close_all();
    }

    /// Closes what is still open and waits until the sockets have sent their last messages.
    pub async fn closed(&self) {
        self.hub.registry.close_all();
        let emptied = self.hub.registry.emptied();
        if tokio::time::timeout(CLOSE_TIMEOUT, emptied).await.is_err() {
            tracing::warn!("some sockets did not close in time");
        }
    }
}

/// Returns the session that a request goes on with.
fn session_of(request: &Request) -> Option<Sid> {
    let mut parameters = request.uri().query()?.split('&');
    let sid = parameters.find_map(|parameter| parameter.strip_prefix("sid="))?;
    sid.parse().ok()
}

/// Closes the socket unless somebody signs in soon.
fn expect_sign_in(socket: &Arc<Socket>) {
    let socket = Arc::downgrade(socket);
    tokio::spawn(async move {
        tokio::time::sleep(SIGN_IN_TIMEOUT).await;
        if let Some(socket) = socket.upgrade().filter(|socket| socket.data.is_waiting()) {
            socket.end(DisconnectReason::TransportClose);
        }
    });
}

impl Signaling {
    /// A socket is open.
    fn opened(&self, socket: &Arc<Socket>) {
        self.hub.metrics.connected();
        expect_sign_in(socket);
    }

    /// A socket is closed.
    fn ended(&self, socket: &Arc<Socket>) {
        self.hub.metrics.disconnected();
        // Not only when the last one lets go of it: work that it asked for may still be under way.
        socket.leave_place();
        match socket.data.close() {
            Stage::SignedIn(actor, id) => self.hub.leave(socket, actor, id),
            Stage::Waiting | Stage::Closed => {}
        }
    }

    /// A socket sent a packet of Socket.IO.
    fn message(&self, socket: &Arc<Socket>, message: &str) {
        if socket.data.is_given_up() {
            return;
        }
        match Packet::parse(message) {
            Ok(Packet::Event(frame)) => self.hub.event(socket, frame, message.len()),
            Ok(Packet::BinaryEvent(frame)) => self.hub.refuse_binary(socket, frame),
            Err(packet::Malformed) => socket.end(DisconnectReason::PacketParsingError),
            // An event that is one too many gets an answer; these have none.
            Ok(_) if socket.data.is_flooded(Instant::now(), message.len()) => {
                socket.end(DisconnectReason::TransportError);
            }
            Ok(Packet::Disconnect) => self.hub.sign_out(socket),
            Ok(Packet::Connect(auth)) => self.hub.connect(socket, auth),
            Ok(Packet::ConnectElsewhere(namespace)) => {
                socket.send(packet::no_such_namespace(namespace));
            }
            Ok(Packet::Ignored) => {}
        }
    }

    /// Attachments were refused with the event that announced them; what comes of them is dropped.
    fn binary(&self, socket: &Socket, bytes: usize) {
        if socket.data.is_flooded(Instant::now(), bytes) {
            socket.end(DisconnectReason::TransportError);
        }
    }
}

impl EngineIoHandler for Signaling {
    type Data = Carried;

    fn on_connect(self: Arc<Self>, engine: Arc<EngineSocket>) {
        if engine.protocol != ProtocolVersion::V4 {
            return engine.close(DisconnectReason::TransportClose);
        }
        self.polls.add(&engine);
        self.opened(&Socket::carried_by(&engine));
    }

    fn on_disconnect(&self, engine: Arc<EngineSocket>, _reason: DisconnectReason) {
        self.polls.remove(engine.id);
        if let Some(socket) = engine.data.get() {
            self.ended(socket);
        }
    }

    fn on_message(self: &Arc<Self>, message: Str, engine: Arc<EngineSocket>) {
        if let Some(socket) = engine.data.get() {
            self.message(socket, &message);
        }
    }

    fn on_binary(self: &Arc<Self>, data: Bytes, engine: Arc<EngineSocket>) {
        if let Some(socket) = engine.data.get() {
            self.binary(socket, data.len());
        }
    }
}

impl fmt::Debug for Signaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signaling").finish_non_exhaustive()
    }
}
