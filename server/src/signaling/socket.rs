//! One socket, whichever way its messages travel.

use std::sync::{Arc, OnceLock, Weak};

use engineioxide::Str;
use engineioxide::socket::DisconnectReason;
use tokio::sync::mpsc::error::TrySendError;

use super::connection::{Connection, Fault};
use super::direct::Outbox;
use super::outlet::{Outlet, Sent};
use super::packet::Text;
use crate::admission::Place;

/// A socket of the engine.
pub(super) type EngineSocket = engineioxide::socket::Socket<Carried>;

/// What a socket of the engine carries: ours, as soon as it is open.
#[derive(Debug, Default)]
pub struct Carried(OnceLock<Arc<Socket>>);

/// One socket, with what is kept for it.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) data: Connection,
    line: Line,
    /// What it holds while nobody has signed in.
    place: Option<Arc<Place>>,
}

/// The way to a client.
#[derive(Debug)]
enum Line {
    /// WebSocket from the start: see [`super::direct`].
    Direct(Outbox),
    /// The engine's: polling, or WebSocket after that.
    Engine(Weak<EngineSocket>),
}

impl Carried {
    /// Returns our socket, unless this one was never let in.
    pub(super) fn get(&self) -> Option<&Arc<Socket>> {
        self.0.get()
    }
}

impl Socket {
    /// Makes a socket that speaks WebSocket from the start.
    pub(super) fn direct(place: Option<Arc<Place>>) -> Arc<Self> {
        Arc::new(Self {
            data: Connection::default(),
            line: Line::Direct(Outbox::default()),
            place,
        })
    }

    /// Makes the socket that a socket of the engine carries.
    pub(super) fn carried_by(engine: &Arc<EngineSocket>) -> Arc<Self> {
        let make = || {
            Arc::new(Self {
                data: Connection::default(),
                line: Line::Engine(Arc::downgrade(engine)),
                place: engine.req_parts.extensions.get().cloned(),
            })
        };
        Arc::clone(engine.data.0.get_or_init(make))
    }

    /// Returns what waits to be sent, of a direct one.
    pub(super) fn outbox(&self) -> Option<&Outbox> {
        match &self.line {
            Line::Direct(outbox) => Some(outbox),
            Line::Engine(_) => None,
        }
    }

    /// Gives its place among those that wait for a sign-in to others.
    pub(super) fn leave_place(&self) {
        if let Some(place) = &self.place {
            place.give_back();
        }
    }

    /// Takes a place again for a socket that nobody has signed in on; closes it when none is left.
    pub(super) fn wait_again(&self) {
        if self.place.as_ref().is_some_and(|place| !place.retake()) {
            self.end(DisconnectReason::TransportClose);
        }
    }

    /// Closes it when all that waits has been sent.
    pub(super) fn end(&self, reason: DisconnectReason) {
        match &self.line {
            Line::Direct(outbox) => outbox.close(),
            Line::Engine(engine) => {
                if let Some(engine) = engine.upgrade() {
                    engine.close(reason);
                }
            }
        }
    }

    /// Closes it for a fault of its client's. Said once, however much it still sends.
    pub(super) fn give_up(&self, fault: Fault) {
        if self.data.give_up(fault) {
            self.end(DisconnectReason::TransportError);
        }
    }

    fn put(&self, packet: Text) -> Result<(), TrySendError<()>> {
        match &self.line {
            Line::Direct(outbox) => outbox.put(packet),
            Line::Engine(engine) => match engine.upgrade() {
                // It writes the type of a message itself.
                Some(engine) => {
                    let sent = engine.emit(Str::copy_from_slice(&packet[1..]));
                    sent.map_err(|error| match error {
                        TrySendError::Full(_) => TrySendError::Full(()),
                        TrySendError::Closed(_) => TrySendError::Closed(()),
                    })
                }
                None => Err(TrySendError::Closed(())),
            },
        }
    }
}

impl Outlet for Socket {
    fn send(&self, packet: Text) -> Sent {
        match self.put(packet) {
            Ok(()) => Sent::Queued,
            Err(TrySendError::Closed(())) => Sent::Closed,
            Err(TrySendError::Full(())) => {
                self.give_up(Fault::Deaf);
                Sent::Closed
            }
        }
    }

    /// Not with a DISCONNECT packet: after one of those the stock client does not come back.
    fn close(&self) {
        self.end(DisconnectReason::ClosingServer);
    }
}
