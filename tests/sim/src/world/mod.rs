//! The world: devices, networks and servers, in virtual time.

mod media;
mod pages;
mod paths;
mod peers;
mod sockets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ringback_protocol::rest::ChatMember;
use ringback_protocol::{CallType, ChatId, ClientEvent, DeviceId, ServerEvent, SessionId, UserId};
use ringback_sdk::core::ids::{AckId, LinkId, MediaId, RequestId};
use ringback_sdk::core::time::Instant;
use ringback_sdk::core::{
    AckBody, CaptureError, Client, ClientOptions, Command, ConnectionState, DeviceInput, Input,
    KeptCall, MediaCommand, MediaKind, Output, PeerCommand, PeerInput, Permission, Preconnect,
    Request, SignalingInput,
};
use ringback_server::calls::CallSettings;
use ringback_server::calls::ports::Actor;

use crate::dice::Dice;
use crate::node::{Down, Edge, Node, SocketId};
use crate::page::{Capture, Page, Wire, slot};
use crate::peer::{Candidate, Nominated, Operation, Peer};
use crate::store::{self, Disk};
use crate::story::{self, Story};

/// How long ICE seeks a path before it gives up, in milliseconds.
const SEEKS_MS: u64 = 15_000;
/// How long packets may stay away before a connection is `disconnected`, in milliseconds.
const MISSES_MS: u64 = 4_000;
/// How long packets may stay away before a connection is `failed`, in milliseconds.
const FAILS_MS: u64 = 14_000;

/// Which device; an index into the world's devices.
pub type Place = usize;

/// One device of one person.
#[derive(Debug)]
pub struct Device {
    /// `alice's phone`.
    pub name: String,
    /// Whose it is.
    pub actor: Actor,
    /// What the browser says about the microphone.
    pub permission: Permission,
    /// The page that is open, if one is.
    pub page: Option<Page>,
    /// How many pages there were.
    pub lives: u32,
    /// What the tab remembers of its call over a reload.
    pub kept: Option<KeptCall>,
    /// The network that it is in; another number, another address.
    pub network: u32,
    /// From when on it reaches the server again.
    pub offline_until: u64,
    /// From when on it does anything again: its lid is closed until then.
    pub asleep_until: u64,
    /// The microphone cannot be opened.
    pub is_microphone_broken: bool,
}

/// One socket, over one connection.
#[derive(Debug)]
struct Socket {
    place: Place,
    life: u32,
    node: usize,
    /// Nothing gets through any more: what is in flight is lost.
    is_broken: bool,
    /// When the last message in each direction arrives: they keep their order.
    up_last: u64,
    down_last: u64,
    latency_ms: u64,
}

/// What goes up a socket.
#[derive(Debug)]
enum Up {
    Hello,
    Event(ClientEvent, Option<AckId>),
}

/// One thing that is going to happen.
#[derive(Debug)]
enum Happening {
    ToServer(SocketId, Up),
    ToClient(SocketId, Down),
    ClientNotices(SocketId),
    ServerNotices(SocketId),
    Dial(Place, u32),
    OpenPage(Place),
    CloseSocket(Place, u32),
    Operation(Place, u32, LinkId),
    Gathered(Place, u32, LinkId, String, u32),
    Ice(Place, u32, LinkId),
    Report(Place, u32, LinkId, PeerInput),
    Captured(Place, u32, MediaKind, MediaId, Option<CaptureError>),
    Tell(Place, u32, DeviceInput),
    StartNode(usize),
}

/// How the world treats what passes through it.
#[derive(Debug, Clone)]
pub struct Nature {
    /// How long a message takes at most, in milliseconds.
    pub latency_ms: u64,
    /// How many of a hundred events arrive twice.
    pub duplicates: u64,
    /// Whether a page may take long to notice that its socket is gone.
    pub notices_late: bool,
    /// How long the microphone takes at most to open, in milliseconds.
    pub microphone_ms: u64,
    /// Whether media paths are made while it rings.
    pub preconnect: Preconnect,
}

impl Default for Nature {
    fn default() -> Self {
        Self {
            latency_ms: 40,
            duplicates: 0,
            notices_late: false,
            microphone_ms: 60,
            preconnect: Preconnect::Never,
        }
    }
}

/// Everything.
pub struct World {
    /// The virtual time, in milliseconds since the beginning.
    pub now: u64,
    started: tokio::time::Instant,
    order: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    /// Chance for everything that the world decides.
    pub dice: Dice,
    /// How the world treats what passes through it.
    pub nature: Nature,
    /// All devices.
    pub devices: Vec<Device>,
    sockets: BTreeMap<SocketId, Socket>,
    ufrags: BTreeMap<String, (Place, u32, LinkId)>,
    /// Pairs of devices that do not reach each other, the smaller first.
    cuts: BTreeSet<(Place, Place)>,
    /// Pairs of devices that need candidates of both sides to reach each other.
    strict: BTreeSet<(Place, Place)>,
    /// The disk of the servers.
    pub disk: Disk,
    edge: Arc<Edge>,
    /// The server processes, dead ones too.
    pub nodes: Vec<Node>,
    settings: CallSettings,
    /// What happened, for people to read.
    pub story: Story,
    /// What must not be, if it came to be.
    pub breach: Option<String>,
    /// How many events the clients emitted, by name.
    pub emitted: BTreeMap<&'static str, u64>,
    /// The ends of calls as applications were told of them: where, which, why.
    pub ends: Vec<(Place, Option<SessionId>, String)>,
    /// The promises that were settled: where, what, with what.
    pub settled: Vec<(Place, RequestId, String)>,
    /// Called for each client event on its way up; true loses it together with its socket.
    pub sniper: Option<fn(Place, &ClientEvent) -> bool>,
}

impl World {
    /// Makes a world with one server and nobody in it. Must be called in a paused Tokio runtime.
    #[must_use]
    pub fn new(seed: u64, story: Story, settings: CallSettings) -> Self {
        let dice = Dice::new(seed);
        let mut world = Self {
            now: 0,
            started: tokio::time::Instant::now(),
            order: 0,
            queue: BTreeMap::new(),
            dice: dice.fork(1),
            nature: Nature::default(),
            devices: Vec::new(),
            sockets: BTreeMap::new(),
            ufrags: BTreeMap::new(),
            cuts: BTreeSet::new(),
            strict: BTreeSet::new(),
            disk: Disk::default(),
            edge: Arc::default(),
            nodes: Vec::new(),
            settings,
            story,
            breach: None,
            emitted: BTreeMap::new(),
            ends: Vec::new(),
            settled: Vec::new(),
            sniper: None,
        };
        world.add_node();
        world
    }

    /// Starts one more server process over the same disk.
    pub fn add_node(&mut self) {
        let node = self.make_node();
        self.nodes.push(node);
    }

    fn make_node(&mut self) -> Node {
        let dice = Dice::new(self.dice.next());
        Node::start(
            &self.disk,
            &self.edge,
            self.started,
            self.settings.clone(),
            dice,
        )
    }

    /// Makes a chat of these people.
    pub fn put_chat(&self, id: &ChatId, members: &[&UserId]) {
        let member = |id: &&UserId| ChatMember {
            id: (*id).clone(),
            name: Some(id.to_string()),
            avatar: None,
        };
        store::put_chat(&self.disk, id, members.iter().map(member).collect());
    }

    /// Gives a person one more device; its page opens at once.
    pub fn add_device(&mut self, user: &UserId, kind: &str) -> Place {
        let place = self.devices.len();
        let device = DeviceId::new(format!("{user}-{kind}")).expect("names are short");
        self.devices.push(Device {
            name: format!("{user}'s {kind}"),
            actor: Actor {
                user: user.clone(),
                device,
                name: None,
                avatar: None,
            },
            permission: Permission::Granted,
            page: None,
            lives: 0,
            kept: None,
            network: 1,
            offline_until: 0,
            asleep_until: 0,
            is_microphone_broken: false,
        });
        self.open_page(place);
        place
    }

    /// Writes a line of the story.
    pub fn say(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.story.is_told() {
            let line = line(self);
            self.story.tell(self.now, &line);
        }
    }

    /// Notes that something is that must not be; the first one counts.
    pub fn breach(&mut self, what: String) {
        self.say(|_| format!("!! {what}"));
        self.breach.get_or_insert(what);
    }

    /// Returns a page that is open.
    #[must_use]
    pub fn page(&self, place: Place) -> Option<&Page> {
        self.devices.get(place)?.page.as_ref()
    }

    fn page_of(&self, place: Place, life: u32) -> Option<&Page> {
        self.page(place).filter(|page| page.life == life)
    }

    fn page_mut(&mut self, place: Place, life: u32) -> Option<&mut Page> {
        let page = self.devices.get_mut(place)?.page.as_mut()?;
        (page.life == life).then_some(page)
    }

    fn peer_mut(&mut self, place: Place, life: u32, link: LinkId) -> Option<&mut Peer> {
        self.page_mut(place, life)?.peers.get_mut(&link)
    }

    fn peer(&self, place: Place, life: u32, link: LinkId) -> Option<&Peer> {
        self.page_of(place, life)?.peers.get(&link)
    }

    fn after(&mut self, ms: u64, happening: Happening) {
        self.at(self.now + ms, happening);
    }

    fn at(&mut self, at: u64, happening: Happening) {
        self.order += 1;
        self.queue.insert((at.max(self.now), self.order), happening);
    }

    /// Lets time pass up to that moment, or until something is that must not be.
    pub async fn run_until(&mut self, until: u64) {
        while self.breach.is_none() {
            // What was handed to the server is taken up before the next thing happens.
            tokio::task::yield_now().await;
            self.collect();
            let next = self.next_at().min(until);
            let at = self.started + Duration::from_millis(next);
            if next > self.now {
                let stirred = {
                    let edge = Arc::clone(&self.edge);
                    let stirred = edge.stirred.notified();
                    tokio::select! {
                        biased;
                        () = stirred => true,
                        () = tokio::time::sleep_until(at) => false,
                    }
                };
                let passed = self.started.elapsed().as_millis();
                self.now = u64::try_from(passed).unwrap_or(self.now);
                if stirred {
                    continue;
                }
            }
            if self.next_at() > self.now {
                if self.now >= until {
                    self.collect();
                    return;
                }
                continue;
            }
            self.step();
        }
    }

    /// Lets so much time pass.
    pub async fn run(&mut self, ms: u64) {
        self.run_until(self.now + ms).await;
    }

    fn next_at(&self) -> u64 {
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        let deadlines = self.devices.iter().filter_map(|device| {
            let at = device.page.as_ref()?.deadline?;
            Some(at.0.max(device.asleep_until))
        });
        deadlines.chain(queued).min().unwrap_or(u64::MAX)
    }

    fn step(&mut self) {
        if let Some(entry) = self.queue.first_entry()
            && entry.key().0 <= self.now
        {
            let happening = entry.remove();
            return self.happen(happening);
        }
        for place in 0..self.devices.len() {
            let device = &self.devices[place];
            let is_due = device
                .page
                .as_ref()
                .and_then(|page| page.deadline)
                .is_some_and(|at| at.0.max(device.asleep_until) <= self.now);
            if is_due {
                self.give(place, Input::Timeout);
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        if let Some(place) = self.place_of(&happening)
            && self.devices[place].asleep_until > self.now
        {
            return self.at(self.devices[place].asleep_until, happening);
        }
        match happening {
            Happening::ToServer(socket, up) => self.reach_server(socket, up),
            Happening::ToClient(socket, down) => self.reach_client(socket, down),
            Happening::ClientNotices(socket) => self.client_notices(socket),
            Happening::ServerNotices(socket) => self.server_notices(socket),
            Happening::Dial(place, life) => self.dial(place, life),
            Happening::OpenPage(place) => self.open_page(place),
            Happening::CloseSocket(place, life) => {
                if self.page_of(place, life).is_some() {
                    self.hang_up_socket(place);
                }
            }
            Happening::Operation(place, life, link) => self.operate(place, life, link),
            Happening::Gathered(place, life, link, ufrag, network) => {
                self.gathered(place, life, link, ufrag, network);
            }
            Happening::Ice(place, life, link) => self.ice(place, life, link),
            Happening::Report(place, life, link, report) => {
                if self.peer(place, life, link).is_some() {
                    self.say(|world| {
                        let name = &world.devices[place].name;
                        format!("{name}: link {} {}", link.0, story::report(&report))
                    });
                    self.give(place, Input::Peer(link, report));
                }
            }
            Happening::Captured(place, life, kind, id, error) => {
                self.captured(place, life, kind, id, error);
            }
            Happening::Tell(place, life, input) => {
                if self.page_of(place, life).is_some() {
                    self.give(place, Input::Device(input));
                }
            }
            Happening::StartNode(index) => {
                store::open(&self.disk).reread();
                self.say(|_| "the server starts again".to_owned());
                let node = self.make_node();
                self.nodes[index] = node;
            }
        }
    }

    fn place_of(&self, happening: &Happening) -> Option<Place> {
        match happening {
            Happening::ToClient(socket, _) | Happening::ClientNotices(socket) => {
                self.sockets.get(socket).map(|socket| socket.place)
            }
            Happening::Dial(place, _)
            | Happening::OpenPage(place)
            | Happening::CloseSocket(place, _)
            | Happening::Operation(place, ..)
            | Happening::Gathered(place, ..)
            | Happening::Report(place, ..)
            | Happening::Captured(place, ..)
            | Happening::Tell(place, ..) => Some(*place),
            Happening::ToServer(..)
            | Happening::ServerNotices(_)
            | Happening::Ice(..)
            | Happening::StartNode(_) => None,
        }
    }
}
