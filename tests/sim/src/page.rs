//! One page of one device: the real client core, what it has open, and what it owes.

use std::collections::{BTreeMap, BTreeSet};

use ringback_protocol::{ClientEvent, SessionId};
use ringback_sdk::core::ids::{AckId, LinkId, MediaId, RequestId};
use ringback_sdk::core::time::Instant;
use ringback_sdk::core::view::CallState;
use ringback_sdk::core::{Client, MediaKind, Notification};

use crate::node::{SocketId, session_of};
use crate::peer::Peer;

/// Where a microphone, camera or screen stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// Not in use.
    Closed,
    /// The browser was asked for it; what was open before still is.
    Opening {
        /// The attempt.
        id: MediaId,
        /// What is in use until then.
        former: Option<MediaId>,
    },
    /// In use.
    Open(MediaId),
}

impl Capture {
    /// Tells whether its light is on.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Closed | Self::Opening { former: None, .. } => false,
            Self::Opening {
                former: Some(_), ..
            }
            | Self::Open(_) => true,
        }
    }
}

/// The way to the server, as the page sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// There is none; it is dialled again and again.
    Down,
    /// It is being dialled.
    Dialling(SocketId),
    /// It is there, as far as the page knows.
    Up(SocketId),
}

/// One page.
#[derive(Debug)]
pub struct Page {
    /// Which page of the device; a reload makes the next one.
    pub life: u32,
    /// The real thing.
    pub client: Client,
    /// When it wants to be woken.
    pub deadline: Option<Instant>,
    /// The way to the server.
    pub wire: Wire,
    /// What was emitted without a socket: Socket.IO keeps it.
    pub buffered: Vec<(ClientEvent, Option<AckId>)>,
    /// Its peer connections.
    pub peers: BTreeMap<LinkId, Peer>,
    /// Microphone, camera, screen.
    pub captures: [Capture; 3],
    /// Whether the microphone failed when it was last opened: then one can only listen.
    pub is_microphone_missing: bool,
    /// Whether the microphone's track lets sound through.
    pub is_microphone_enabled: bool,
    /// The promises that are open, and what was asked.
    pub owed: BTreeMap<RequestId, String>,
    /// The last request.
    pub requests: u32,
    /// The calls that the application was told ring here, and that have not ended.
    pub ringing: BTreeSet<SessionId>,
    /// The calls of which the application was told that they are over.
    pub over: BTreeSet<SessionId>,
    /// The last state that the application was told.
    pub state: CallState,
    /// Whether it was disposed.
    pub is_disposed: bool,
}

/// Returns where a kind of device stands in `Page::captures`.
#[must_use]
pub const fn slot(kind: MediaKind) -> usize {
    match kind {
        MediaKind::Microphone => 0,
        MediaKind::Camera => 1,
        MediaKind::Screen => 2,
    }
}

impl Page {
    /// Opens a page with a client that knows nothing.
    #[must_use]
    pub const fn new(life: u32, client: Client) -> Self {
        Self {
            life,
            client,
            deadline: None,
            wire: Wire::Down,
            buffered: Vec::new(),
            peers: BTreeMap::new(),
            captures: [Capture::Closed; 3],
            is_microphone_missing: false,
            is_microphone_enabled: true,
            owed: BTreeMap::new(),
            requests: 0,
            ringing: BTreeSet::new(),
            over: BTreeSet::new(),
            state: CallState::Idle,
            is_disposed: false,
        }
    }

    /// Returns the socket while the page believes in it.
    #[must_use]
    pub const fn socket(&self) -> Option<SocketId> {
        match self.wire {
            Wire::Up(socket) => Some(socket),
            Wire::Down | Wire::Dialling(_) => None,
        }
    }

    /// Tells whether there is no call here.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        match self.state {
            CallState::Idle | CallState::Ended => true,
            CallState::Outgoing
            | CallState::Incoming
            | CallState::Connecting
            | CallState::Connected
            | CallState::Reconnecting => false,
        }
    }

    /// Tells whether this page is in an answered call.
    #[must_use]
    pub const fn is_talking(&self) -> bool {
        match self.state {
            CallState::Connecting | CallState::Connected | CallState::Reconnecting => true,
            CallState::Idle | CallState::Outgoing | CallState::Incoming | CallState::Ended => false,
        }
    }

    /// Checks what the application is told against what it was told before.
    pub fn told(&mut self, notification: &Notification) -> Result<(), String> {
        match notification {
            Notification::State { state, previous } => {
                if *previous != self.state {
                    return Err(format!(
                        "was told of a change from {previous:?}, but the last state was {:?}",
                        self.state
                    ));
                }
                self.state = *state;
            }
            Notification::Incoming(view) => {
                self.over.remove(&view.session_id);
                if !self.ringing.insert(view.session_id.clone()) {
                    return Err(format!("was told twice that {} rings", view.session_id));
                }
            }
            Notification::Ended {
                session_id: Some(session),
                ..
            } => {
                self.ringing.remove(session);
                if !self.over.insert(session.clone()) {
                    return Err(format!("was told twice that {session} ended"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks that nothing but a farewell is said of a call that is over here.
    pub fn may_emit(&self, event: &ClientEvent) -> Result<(), String> {
        let is_farewell = matches!(
            event,
            ClientEvent::CallReject(_)
                | ClientEvent::CallEnd(_)
                | ClientEvent::CallLeave(_)
                | ClientEvent::CallJoin(_)
        );
        if let Some(session) = session_of(event).filter(|_| !is_farewell)
            && self.over.contains(session)
        {
            return Err(format!("says {} after the end of {session}", event.name()));
        }
        Ok(())
    }

    /// Checks that nothing is open without a call.
    pub fn is_clean(&self) -> Result<(), String> {
        if !self.is_free() {
            return Ok(());
        }
        if let Some(link) = self.peers.keys().next() {
            return Err(format!("has link {} open without a call", link.0));
        }
        for (capture, name) in self.captures.iter().zip(["microphone", "camera", "screen"]) {
            if *capture != Capture::Closed {
                return Err(format!("has the {name} open without a call"));
            }
        }
        Ok(())
    }
}
