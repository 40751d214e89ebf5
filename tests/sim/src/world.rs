//! The world: devices, networks and servers, in virtual time.

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

    // Time.

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

    // Pages.

    /// Opens a page on a device that has none.
    pub fn open_page(&mut self, place: Place) {
        let seed = self.dice.next();
        let device = &mut self.devices[place];
        if device.page.is_some() {
            return;
        }
        device.lives += 1;
        let (life, kept) = (device.lives, device.kept.take());
        let permission = device.permission;
        let client = Client::new(ClientOptions {
            fast_setup: true,
            user_id: None,
            supplied_microphone: false,
            kept,
            preconnect: self.nature.preconnect,
            audio_bitrate: None,
            video_bitrate: None,
            seed,
        });
        device.page = Some(Page::new(life, client));
        self.say(|world| format!("{}: the page opens", world.devices[place].name));
        self.after(
            1,
            Happening::Tell(place, life, DeviceInput::Permission(permission)),
        );
        self.after(2, Happening::Dial(place, life));
    }

    /// Closes a page as a reload does: nothing is said to anyone.
    pub fn close_page(&mut self, place: Place) {
        let Some(page) = self.devices[place].page.take() else {
            return;
        };
        self.say(|world| format!("{}: the page is gone", world.devices[place].name));
        self.devices[place].kept = kept(&page).filter(|_| !page.is_disposed);
        match page.wire {
            Wire::Up(socket) | Wire::Dialling(socket) => self.break_socket(socket),
            Wire::Down => {}
        }
        self.look_at_all_paths();
    }

    /// Reloads a page; the next one opens after a while.
    pub fn reload(&mut self, place: Place, after_ms: u64) {
        self.close_page(place);
        self.after(after_ms, Happening::OpenPage(place));
    }

    /// Asks the client for something, as its application.
    pub fn ask(&mut self, place: Place, command: Command) -> Option<RequestId> {
        self.say(|world| {
            let name = &world.devices[place].name;
            format!("{name}: {}", story::command(&command))
        });
        let page = self.devices[place].page.as_mut()?;
        page.requests += 1;
        let id = RequestId(page.requests);
        page.owed.insert(id, format!("{command:?}"));
        let life = page.life;
        let ends = matches!(command, Command::Dispose);
        match &command {
            Command::Dispose => page.is_disposed = true,
            // A call that is entered anew may end anew.
            Command::Join(session, _) => {
                page.over.remove(session);
            }
            _ => {}
        }
        self.give(place, Input::App(Request { id, command }));
        if ends {
            // `connect()` takes its socket along.
            self.after(2_000, Happening::CloseSocket(place, life));
        }
        Some(id)
    }

    /// Places a call.
    pub fn place_call(
        &mut self,
        place: Place,
        chat: &ChatId,
        targets: Option<Vec<UserId>>,
    ) -> Option<RequestId> {
        let command = Command::Initiate {
            chat_id: chat.clone(),
            call_type: CallType::Voice,
            targets,
            video: None,
        };
        self.ask(place, command)
    }

    /// Hands an input to a client and performs what it asks for.
    fn give(&mut self, place: Place, input: Input) {
        let now = Instant(self.now);
        let Some(page) = self.devices[place].page.as_mut() else {
            return;
        };
        let life = page.life;
        let outputs = page.client.handle(now, input);
        page.deadline = page.client.next_deadline();
        if page.deadline.is_some_and(|at| at <= now) {
            // A timer of the past would stop the world.
            page.deadline = Some(now.after(1));
        }
        for output in outputs {
            self.perform(place, life, output);
        }
        let clean = self.page(place).map_or(Ok(()), Page::is_clean);
        if let Err(error) = clean {
            self.accuse(place, &error);
        }
    }

    fn accuse(&mut self, place: Place, error: &str) {
        let text = format!("{} {error}", self.devices[place].name);
        self.breach(text);
    }

    fn perform(&mut self, place: Place, life: u32, output: Output) {
        match output {
            Output::Emit(event, ack) => self.emit(place, life, event, ack),
            Output::Reconnect => self.hang_up_socket(place),
            Output::Peer(link, command) => self.command_peer(place, life, link, command),
            Output::Media(command) => self.command_media(place, life, command),
            Output::Settle(id, result) => {
                self.say(|world| {
                    let name = &world.devices[place].name;
                    let text = story::settled(&result);
                    format!("{name}: {text}")
                });
                let text = story::settled(&result);
                self.settled.push((place, id, text));
                let page = self.devices[place].page.as_mut();
                if page.is_some_and(|page| page.owed.remove(&id).is_none()) {
                    self.accuse(place, &format!("settled request {} twice", id.0));
                }
            }
            Output::Notify(notification) => {
                if let Some(line) = story::notification(&notification) {
                    self.say(|world| format!("{}: {line}", world.devices[place].name));
                }
                if let Some((session, reason)) = story::end(&notification) {
                    self.ends.push((place, session, reason));
                }
                let told = self.devices[place]
                    .page
                    .as_mut()
                    .map_or(Ok(()), |page| page.told(&notification));
                if let Err(error) = told {
                    self.accuse(place, &error);
                }
            }
        }
    }

    // Sockets.

    fn emit(&mut self, place: Place, life: u32, event: ClientEvent, ack: Option<AckId>) {
        *self.emitted.entry(event.name()).or_default() += 1;
        let Some(page) = self.page_mut(place, life) else {
            return;
        };
        let allowed = page.may_emit(&event);
        match page.wire {
            Wire::Up(socket) => self.send_up(socket, Up::Event(event, ack)),
            Wire::Down | Wire::Dialling(_) if page.is_disposed => page.buffered.push((event, ack)),
            Wire::Down | Wire::Dialling(_) => {
                let error = format!("emitted {} without a socket", event.name());
                self.accuse(place, &error);
            }
        }
        if let Err(error) = allowed {
            self.accuse(place, &error);
        }
    }

    fn send_up(&mut self, id: SocketId, up: Up) {
        let hop = self.hop(id);
        let shot = match (&up, self.sniper, self.sockets.get(&id)) {
            (Up::Event(event, _), Some(sniper), Some(socket)) => sniper(socket.place, event),
            _ => false,
        };
        if shot {
            self.sniper = None;
            self.say(|_| "the connection breaks, and that with it".to_owned());
            self.break_socket(id);
        }
        let now = self.now;
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.up_last = socket.up_last.max(now + hop);
            let at = socket.up_last;
            self.at(at, Happening::ToServer(id, up));
        }
    }

    fn send_down(&mut self, id: SocketId, down: Down) {
        let hop = self.hop(id);
        let now = self.now;
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.down_last = socket.down_last.max(now + hop);
            let at = socket.down_last;
            if let Down::Event(event) = &down
                && self.dice.percent(self.nature.duplicates)
            {
                self.at(at, Happening::ToClient(id, Down::Event(event.clone())));
            }
            self.at(at, Happening::ToClient(id, down));
        }
    }

    fn hop(&mut self, id: SocketId) -> u64 {
        let base = self.sockets.get(&id).map_or(1, |socket| socket.latency_ms);
        base / 2 + self.dice.roll(base + 1)
    }

    /// Hands on what the servers sent.
    fn collect(&mut self) {
        for (socket, down) in self.edge.take_sent() {
            self.send_down(socket, down);
        }
        // A process that died by itself is buried.
        for index in 0..self.nodes.len() {
            if !self.nodes[index].is_alive() {
                self.bury(index);
            }
        }
    }

    fn dial(&mut self, place: Place, life: u32) {
        let now = self.now;
        let is_offline = self.devices[place].offline_until > now;
        let node = self.node_for(place);
        let Some(page) = self.page_mut(place, life) else {
            return;
        };
        let is_done = page.is_disposed && page.buffered.is_empty();
        if page.wire != Wire::Down || is_done {
            return;
        }
        let (false, Some(node)) = (is_offline, node) else {
            let pause = self.dice.between(500, 3_000);
            return self.after(pause, Happening::Dial(place, life));
        };
        self.order += 1;
        let id = SocketId(u32::try_from(self.order).unwrap_or(u32::MAX));
        if let Some(page) = self.page_mut(place, life) {
            page.wire = Wire::Dialling(id);
        }
        let latency_ms = self.dice.between(1, self.nature.latency_ms);
        self.sockets.insert(
            id,
            Socket {
                place,
                life,
                node,
                is_broken: false,
                up_last: 0,
                down_last: 0,
                latency_ms,
            },
        );
        self.send_up(id, Up::Hello);
    }

    fn node_for(&self, place: Place) -> Option<usize> {
        let index = place % self.nodes.len();
        self.nodes[index].is_alive().then_some(index)
    }

    fn reach_server(&mut self, id: SocketId, up: Up) {
        let Some(socket) = self.sockets.get(&id).filter(|socket| !socket.is_broken) else {
            return;
        };
        let (place, node) = (socket.place, socket.node);
        match up {
            Up::Hello => {
                if !self.nodes[node].is_alive() {
                    return self.break_socket(id);
                }
                let actor = self.devices[place].actor.clone();
                self.nodes[node].connect(id, &actor);
            }
            Up::Event(event, ack) => {
                self.say(|world| {
                    let name = &world.devices[place].name;
                    format!("server <- {name}: {}", story::client_event(&event))
                });
                self.nodes[node].receive(id, event, ack);
            }
        }
    }

    fn reach_client(&mut self, id: SocketId, down: Down) {
        let Some(socket) = self.sockets.get(&id).filter(|socket| !socket.is_broken) else {
            return;
        };
        let (place, life) = (socket.place, socket.life);
        let Some(page) = self.page_mut(place, life) else {
            return;
        };
        let input = match (down, page.wire) {
            (Down::Welcome, Wire::Dialling(dialled)) if dialled == id => {
                page.wire = Wire::Up(id);
                let buffered = std::mem::take(&mut page.buffered);
                for (event, ack) in buffered {
                    self.send_up(id, Up::Event(event, ack));
                }
                self.say(|world| format!("{}: connected", world.devices[place].name));
                SignalingInput::Connected
            }
            (Down::Event(event), Wire::Up(used)) if used == id => {
                self.say(|world| {
                    let name = &world.devices[place].name;
                    format!("{name} <- server: {}", story::server_event(&event))
                });
                self.rang(place, &event);
                SignalingInput::Event(event)
            }
            (Down::Ack(ack, body), Wire::Up(used)) if used == id => {
                self.say(|world| {
                    let name = &world.devices[place].name;
                    format!("{name} <- server: {}", story::ack(&body))
                });
                // Both dialled at once: it is a call that rang here.
                if let (Ok(AckBody::Initiate(ack)), Some(page)) =
                    (&body, self.devices[place].page.as_mut())
                {
                    page.over.remove(&ack.session_id);
                }
                SignalingInput::Ack(ack, body)
            }
            (Down::Welcome | Down::Event(_) | Down::Ack(..), _) => return,
        };
        self.give(place, Input::Signaling(input));
    }

    /// A call that rings anew may end anew.
    fn rang(&mut self, place: Place, event: &ServerEvent) {
        if let (ServerEvent::CallIncoming(event), Some(page)) =
            (event, self.devices[place].page.as_mut())
        {
            page.over.remove(&event.session_id);
        }
    }

    /// Cuts a connection; what is in flight is lost, and both ends notice in their own time.
    pub fn break_socket(&mut self, id: SocketId) {
        let late = self.nature.notices_late;
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if std::mem::replace(&mut socket.is_broken, true) {
            return;
        }
        let most = if late { 15_000 } else { 200 };
        let (client, server) = (self.dice.roll(most), self.dice.roll(most));
        self.after(client, Happening::ClientNotices(id));
        self.after(server, Happening::ServerNotices(id));
    }

    /// Cuts the connection of a device.
    pub fn drop_socket(&mut self, place: Place) {
        if let Some(socket) = self.page(place).and_then(Page::socket) {
            self.say(|world| format!("the connection of {} breaks", world.devices[place].name));
            self.break_socket(socket);
        }
    }

    /// The page itself gives its connection up.
    fn hang_up_socket(&mut self, place: Place) {
        if let Some(id) = self.page(place).and_then(Page::socket) {
            self.say(|world| format!("{}: makes a new connection", world.devices[place].name));
            self.break_socket(id);
            self.after(0, Happening::ClientNotices(id));
        }
    }

    /// Takes a device off the network for a while.
    pub fn take_offline(&mut self, place: Place, ms: u64) {
        self.devices[place].offline_until = self.now + ms;
        self.drop_socket(place);
    }

    /// Holds up what a device sends and gets from now on.
    pub fn stall(&mut self, place: Place, ms: u64) {
        let until = self.now + ms;
        if let Some(id) = self.page(place).and_then(Page::socket)
            && let Some(socket) = self.sockets.get_mut(&id)
        {
            socket.up_last = socket.up_last.max(until);
            socket.down_last = socket.down_last.max(until);
            self.say(|world| {
                format!(
                    "the connection of {} stalls for {ms} ms",
                    world.devices[place].name
                )
            });
        }
    }

    fn client_notices(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        let (place, life) = (socket.place, socket.life);
        let Some(page) = self.page_mut(place, life) else {
            return;
        };
        let was_up = match page.wire {
            Wire::Up(used) if used == id => true,
            Wire::Dialling(used) if used == id => false,
            Wire::Up(_) | Wire::Dialling(_) | Wire::Down => return,
        };
        page.wire = Wire::Down;
        let pause = self.dice.between(300, 1_500);
        self.after(pause, Happening::Dial(place, life));
        if was_up {
            self.say(|world| format!("{}: disconnected", world.devices[place].name));
            self.give(place, Input::Signaling(SignalingInput::Disconnected));
        }
    }

    fn server_notices(&mut self, id: SocketId) {
        if let Some(socket) = self.sockets.get(&id) {
            let (place, node) = (socket.place, socket.node);
            self.say(|world| {
                format!(
                    "the server notices that a connection of {} is gone",
                    world.devices[place].name
                )
            });
            self.nodes[node].disconnect(id);
        }
    }

    // Servers.

    /// Kills a server process; another one starts after a while.
    pub fn crash(&mut self, index: usize, down_ms: u64) {
        self.say(|_| "the server crashes".to_owned());
        self.nodes[index].is_replaced = true;
        self.bury(index);
        self.after(down_ms, Happening::StartNode(index));
    }

    fn bury(&mut self, index: usize) {
        self.nodes[index].kill();
        let died_by_itself = !self.nodes[index].is_replaced;
        self.nodes[index].is_replaced = true;
        let held: Vec<_> = self
            .sockets
            .iter()
            .filter(|(_, socket)| socket.node == index && !socket.is_broken)
            .map(|(id, _)| *id)
            .collect();
        for id in held {
            self.break_socket(id);
        }
        if died_by_itself {
            self.say(|_| "the server dies after it stored a change".to_owned());
            let down = self.dice.between(200, 3_000);
            self.after(down, Happening::StartNode(index));
        }
    }

    /// Sets how slow the store is, and how many of a hundred accesses fail.
    pub fn trouble_store(&self, slowness_ms: u64, failures: u64) {
        for node in &self.nodes {
            node.mood.slowness_ms.store(slowness_ms, Ordering::SeqCst);
            node.mood.failures.store(failures, Ordering::SeqCst);
        }
    }

    // Microphone, camera, screen.

    fn command_media(&mut self, place: Place, life: u32, command: MediaCommand) {
        let permission = self.devices[place].permission;
        let broken = self.devices[place].is_microphone_broken;
        match command {
            MediaCommand::QueryPermission => {
                self.after(
                    1,
                    Happening::Tell(place, life, DeviceInput::Permission(permission)),
                );
            }
            MediaCommand::Open(kind, id, _) => {
                let Some(page) = self.page_mut(place, life) else {
                    return;
                };
                let capture = &mut page.captures[slot(kind)];
                let former = match *capture {
                    Capture::Closed => None,
                    Capture::Opening { former, .. } => former,
                    Capture::Open(id) => Some(id),
                };
                *capture = Capture::Opening { id, former };
                let takes = self.dice.between(2, self.nature.microphone_ms);
                let fails = broken && kind == MediaKind::Microphone;
                let error = fails.then_some(CaptureError::InUse);
                self.after(takes, Happening::Captured(place, life, kind, id, error));
            }
            MediaCommand::Close(kind) => {
                if let Some(page) = self.page_mut(place, life) {
                    page.captures[slot(kind)] = Capture::Closed;
                }
            }
            MediaCommand::SetMicrophoneEnabled(enabled) => {
                if let Some(page) = self.page_mut(place, life) {
                    page.is_microphone_enabled = enabled;
                }
            }
            MediaCommand::SendVideo(source) => self.send_video(place, life, source.is_on()),
            _ => {}
        }
    }

    fn captured(
        &mut self,
        place: Place,
        life: u32,
        kind: MediaKind,
        id: MediaId,
        error: Option<CaptureError>,
    ) {
        let Some(page) = self.page_mut(place, life) else {
            return;
        };
        let capture = &mut page.captures[slot(kind)];
        let Capture::Opening {
            id: awaited,
            former,
        } = *capture
        else {
            return;
        };
        if awaited != id {
            return;
        }
        if kind == MediaKind::Microphone {
            page.is_microphone_missing = error.is_some();
        }
        let capture = &mut page.captures[slot(kind)];
        let input = match error {
            Some(error) => {
                *capture = former.map_or(Capture::Closed, Capture::Open);
                DeviceInput::Failed(kind, id, error, String::new())
            }
            None => {
                *capture = Capture::Open(id);
                DeviceInput::Opened(kind, id)
            }
        };
        self.say(|world| {
            let name = &world.devices[place].name;
            let what = if error.is_some() {
                "does not open"
            } else {
                "is open"
            };
            format!("{name}: the {} {what}", kind.as_str())
        });
        self.give(place, Input::Device(input));
    }

    /// A device is unplugged.
    pub fn unplug(&mut self, place: Place, kind: MediaKind) {
        let Some(page) = self.devices[place].page.as_mut() else {
            return;
        };
        if let Capture::Open(id) = page.captures[slot(kind)] {
            self.say(|world| {
                format!(
                    "{}: the {} is unplugged",
                    world.devices[place].name,
                    kind.as_str()
                )
            });
            self.give(place, Input::Device(DeviceInput::Ended(kind, id)));
        }
    }

    fn send_video(&mut self, place: Place, life: u32, is_on: bool) {
        let Some(page) = self.page_mut(place, life) else {
            return;
        };
        let links: Vec<_> = page.peers.keys().copied().collect();
        for link in links {
            let Some(peer) = self.peer_mut(place, life, link) else {
                continue;
            };
            peer.wants_video |= is_on && peer.sends;
            if peer.needs_negotiation() {
                self.report(place, life, link, PeerInput::NegotiationNeeded);
            }
        }
    }

    // Peer connections.

    fn command_peer(&mut self, place: Place, life: u32, link: LinkId, command: PeerCommand) {
        match command {
            PeerCommand::Create {
                call_type, offerer, ..
            } => {
                let origin = format!("{place}-{life}-{}", link.0);
                let peer = Peer::new(origin, offerer && call_type == CallType::Video);
                let former = self
                    .page_mut(place, life)
                    .and_then(|page| page.peers.insert(link, peer));
                if former.is_some() {
                    self.accuse(place, &format!("made link {} twice", link.0));
                }
                if offerer {
                    self.report(place, life, link, PeerInput::NegotiationNeeded);
                }
            }
            PeerCommand::Close => {
                let closed = self
                    .page_mut(place, life)
                    .and_then(|page| page.peers.remove(&link));
                match closed {
                    Some(_) => self.look_at_all_paths(),
                    None => self.accuse(place, &format!("closed link {} twice", link.0)),
                }
            }
            command => {
                if self.peer(place, life, link).is_none() {
                    let error = format!("uses link {}, which is not open: {command:?}", link.0);
                    return self.accuse(place, &error);
                }
                self.command_open_peer(place, life, link, command);
            }
        }
    }

    fn command_open_peer(&mut self, place: Place, life: u32, link: LinkId, command: PeerCommand) {
        let is_showing = self.page_of(place, life).is_some_and(|page| {
            let [_, camera, screen] = page.captures;
            camera.is_live() || screen.is_live()
        });
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        let operation = match command {
            PeerCommand::CreateOffer {
                generation,
                ice_restart,
            } => Operation::CreateOffer(generation, ice_restart),
            PeerCommand::ApplyOffer(generation, text)
            | PeerCommand::ApplyAnswer(generation, text) => Operation::SetRemote(generation, text),
            PeerCommand::CreateAnswer(generation) => Operation::CreateAnswer(generation),
            PeerCommand::AddCandidate(candidate) => {
                let may = peer.add_candidate(&candidate);
                if !may {
                    let error = format!("adds a candidate to link {} too early", link.0);
                    self.accuse(place, &error);
                }
                return self.ice_of_both(place, life, link);
            }
            PeerCommand::SendMedia => {
                peer.sends = true;
                peer.wants_video |= is_showing;
                if peer.needs_negotiation() && peer.local.is_some() {
                    self.report(place, life, link, PeerInput::NegotiationNeeded);
                }
                return;
            }
            PeerCommand::Play => {
                peer.plays = true;
                return;
            }
            PeerCommand::SampleStats => return self.sample(place, life, link),
            _ => return,
        };
        if peer.chain(operation) {
            let takes = self.dice.between(1, 8);
            self.after(takes, Happening::Operation(place, life, link));
        }
    }

    fn report(&mut self, place: Place, life: u32, link: LinkId, report: PeerInput) {
        self.after(1, Happening::Report(place, life, link, report));
    }

    fn sample(&mut self, place: Place, life: u32, link: LinkId) {
        let hears = self.hears(place, life, link);
        if let Some(peer) = self.peer_mut(place, life, link) {
            if hears {
                peer.packets += 50;
            }
            let packets = f64::from(peer.packets);
            let sample = ringback_sdk::core::quality::StatsSample {
                packets_received: packets,
                bytes_received: packets * 80.0,
                total_samples_received: packets * 960.0,
                ..Default::default()
            };
            self.report(place, life, link, PeerInput::Stats(sample));
        }
    }

    /// Tells whether sound arrives over a link at this moment.
    fn hears(&self, place: Place, life: u32, link: LinkId) -> bool {
        let Some((other, other_life, other_link)) = self.partner(place, life, link) else {
            return false;
        };
        let sends = self
            .peer(other, other_life, other_link)
            .is_some_and(|peer| peer.sends);
        let is_open = self
            .page_of(other, other_life)
            .is_some_and(|page| page.captures[0].is_live());
        sends && is_open && self.is_alive(place, life, link)
    }

    fn operate(&mut self, place: Place, life: u32, link: LinkId) {
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        let (done, goes_on) = peer.finish();
        let needs_negotiation = peer.needs_negotiation() && done.is_new_generation;
        if goes_on {
            let takes = self.dice.between(1, 8);
            self.after(takes, Happening::Operation(place, life, link));
        }
        for report in done.reports {
            self.report(place, life, link, report);
        }
        if needs_negotiation {
            self.report(place, life, link, PeerInput::NegotiationNeeded);
        }
        if let Some(ufrag) = done.gathers {
            self.gather(place, life, link, &ufrag);
        }
        if done.is_new_generation {
            self.generation_changed(place, life, link);
        }
        self.ice_of_both(place, life, link);
    }

    fn gather(&mut self, place: Place, life: u32, link: LinkId, ufrag: &str) {
        self.ufrags.insert(ufrag.to_owned(), (place, life, link));
        let network = self.devices[place].network;
        let mut after = 1;
        for _ in 0..self.dice.between(1, 2) {
            after += self.dice.between(1, 60);
            let found = Happening::Gathered(place, life, link, ufrag.to_owned(), network);
            self.after(after, found);
        }
    }

    fn gathered(&mut self, place: Place, life: u32, link: LinkId, ufrag: String, network: u32) {
        let candidate = Candidate { ufrag, network }.write(1);
        self.report(place, life, link, PeerInput::CandidateFound(candidate));
    }

    fn generation_changed(&mut self, place: Place, life: u32, link: LinkId) {
        let is_alive = self.is_alive(place, life, link);
        let now = self.now;
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        // Packets go on over the former pair until there is a new one, or none is found.
        peer.ice.sought_since = Some(now);
        if !is_alive {
            peer.ice.nominated = None;
            peer.ice.dead_since = None;
            self.connection(place, life, link, ConnectionState::Connecting);
        }
    }

    fn connection(&mut self, place: Place, life: u32, link: LinkId, state: ConnectionState) {
        if let Some(peer) = self.peer_mut(place, life, link)
            && peer.ice.state != state
        {
            peer.ice.state = state;
            self.report(place, life, link, PeerInput::ConnectionState(state));
        }
    }

    /// Returns the peer connection at the other end, once both have each other's generation.
    fn partner(&self, place: Place, life: u32, link: LinkId) -> Option<(Place, u32, LinkId)> {
        let peer = self.peer(place, life, link)?;
        let (local, remote) = (peer.local.as_ref()?, peer.remote.as_ref()?);
        let found = *self.ufrags.get(&remote.ufrag)?;
        let other = self.peer(found.0, found.1, found.2)?;
        let is_mutual = other.local.as_ref()?.ufrag == remote.ufrag
            && other.remote.as_ref()?.ufrag == local.ufrag
            && remote.origin == other.origin()
            && other.remote.as_ref()?.origin == peer.origin();
        is_mutual.then_some(found)
    }

    /// Returns the path that checks would find now.
    fn usable(&self, place: Place, life: u32, link: LinkId) -> Option<Nominated> {
        let (other, other_life, other_link) = self.partner(place, life, link)?;
        if self.is_cut(place, other) {
            return None;
        }
        let knows = |at: (Place, u32, LinkId), of: Place| {
            let peer = self.peer(at.0, at.1, at.2);
            peer.is_some_and(|peer| {
                let ufrag = peer.remote.as_ref().map(|remote| &remote.ufrag);
                peer.candidates.iter().any(|candidate| {
                    Some(&candidate.ufrag) == ufrag && candidate.network == self.devices[of].network
                })
            })
        };
        let here = knows((place, life, link), other);
        let there = knows((other, other_life, other_link), place);
        let is_strict = self.strict.contains(&ordered(place, other));
        let is_found = if is_strict {
            here && there
        } else {
            here || there
        };
        let peer = self.peer(place, life, link)?;
        is_found.then(|| Nominated {
            local: peer
                .local
                .as_ref()
                .map_or_else(String::new, |one| one.ufrag.clone()),
            remote: peer
                .remote
                .as_ref()
                .map_or_else(String::new, |one| one.ufrag.clone()),
            networks: (self.devices[place].network, self.devices[other].network),
        })
    }

    /// Tells whether packets pass over the nominated pair.
    fn is_alive(&self, place: Place, life: u32, link: LinkId) -> bool {
        let Some(nominated) = self
            .peer(place, life, link)
            .and_then(|peer| peer.ice.nominated.as_ref())
        else {
            return false;
        };
        let Some((other, other_life, other_link)) = self.ufrags.get(&nominated.remote) else {
            return false;
        };
        self.peer(*other, *other_life, *other_link).is_some()
            && !self.is_cut(place, *other)
            && nominated.networks == (self.devices[place].network, self.devices[*other].network)
    }

    /// Tells whether two devices do not reach each other.
    #[must_use]
    pub fn is_cut(&self, one: Place, other: Place) -> bool {
        let asleep = |place: Place| self.devices[place].asleep_until > self.now;
        self.cuts.contains(&ordered(one, other)) || asleep(one) || asleep(other)
    }

    /// Cuts the path between two devices, or lays it again.
    pub fn set_cut(&mut self, one: Place, other: Place, is_cut: bool) {
        if is_cut {
            self.cuts.insert(ordered(one, other));
        } else {
            self.cuts.remove(&ordered(one, other));
        }
        self.say(|world| {
            let (one, other) = (&world.devices[one].name, &world.devices[other].name);
            let what = if is_cut { "is cut" } else { "is back" };
            format!("the path between {one} and {other} {what}")
        });
        self.look_at_all_paths();
    }

    /// Lays every path again.
    pub fn lay_all(&mut self) {
        self.cuts.clear();
        self.look_at_all_paths();
    }

    /// From now on these two need each other's candidates.
    pub fn set_strict(&mut self, one: Place, other: Place) {
        self.strict.insert(ordered(one, other));
    }

    /// Moves a device into another network; the page may be told.
    pub fn change_network(&mut self, place: Place, is_told: bool) {
        self.devices[place].network += 1;
        self.say(|world| format!("{}: comes into another network", world.devices[place].name));
        self.look_at_all_paths();
        if is_told && self.devices[place].page.is_some() {
            self.give(place, Input::Device(DeviceInput::NetworkChanged));
        }
    }

    /// Closes the lid of a device for a while.
    pub fn put_to_sleep(&mut self, place: Place, ms: u64) {
        self.say(|world| format!("{}: falls asleep for {ms} ms", world.devices[place].name));
        self.devices[place].asleep_until = self.now + ms;
        if ms > 3_000 {
            self.drop_socket(place);
        }
        self.look_at_all_paths();
    }

    /// Looks at every connection anew.
    pub fn look_at_all_paths(&mut self) {
        let mut all = Vec::new();
        for (place, device) in self.devices.iter().enumerate() {
            if let Some(page) = &device.page {
                all.extend(page.peers.keys().map(|link| (place, page.life, *link)));
            }
        }
        for (place, life, link) in all {
            self.after(0, Happening::Ice(place, life, link));
        }
    }

    /// What one side learns may help the other side, too.
    fn ice_of_both(&mut self, place: Place, life: u32, link: LinkId) {
        self.ice(place, life, link);
        if let Some((other, other_life, other_link)) = self.partner(place, life, link) {
            self.after(0, Happening::Ice(other, other_life, other_link));
        }
    }

    /// Moves a connection on, as far as it goes at this moment.
    fn ice(&mut self, place: Place, life: u32, link: LinkId) {
        let usable = self.usable(place, life, link);
        let now = self.now;
        let takes = self.dice.between(5, 80);
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        let ice = &mut peer.ice;
        if usable.is_some() && ice.nominated != usable {
            let is_checked =
                ice.checked.as_ref().map(|(pair, _)| Some(pair)) == Some(usable.as_ref());
            if !is_checked {
                ice.checked = usable.map(|pair| (pair, now + takes));
                self.after(takes, Happening::Ice(place, life, link));
            } else if let Some((pair, at)) = ice.checked.clone()
                && at <= now
            {
                ice.nominated = Some(pair);
                ice.sought_since = None;
            }
        }
        let is_alive = self.is_alive(place, life, link);
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        let is_described = peer.local.is_some() && peer.remote.is_some();
        let ice = &mut peer.ice;
        if is_alive {
            ice.dead_since = None;
            let (state, next) = match ice.sought_since {
                Some(sought) if now >= sought + SEEKS_MS => {
                    ice.nominated = None;
                    (ConnectionState::Failed, None)
                }
                Some(sought) => (ConnectionState::Connected, Some(sought + SEEKS_MS)),
                None => (ConnectionState::Connected, None),
            };
            return self.wait(place, life, link, Some(state), next);
        }
        if ice.nominated.is_some() {
            let dead = *ice.dead_since.get_or_insert(now);
            let (state, next) = if now >= dead + FAILS_MS {
                (Some(ConnectionState::Failed), None)
            } else if now >= dead + MISSES_MS {
                (Some(ConnectionState::Disconnected), Some(dead + FAILS_MS))
            } else {
                (None, Some(dead + MISSES_MS))
            };
            return self.wait(place, life, link, state, next);
        }
        if is_described {
            let sought = *ice.sought_since.get_or_insert(now);
            let (state, next) = if now >= sought + SEEKS_MS {
                (ConnectionState::Failed, None)
            } else {
                (ConnectionState::Connecting, Some(sought + SEEKS_MS))
            };
            self.wait(place, life, link, Some(state), next);
        }
    }

    fn wait(
        &mut self,
        place: Place,
        life: u32,
        link: LinkId,
        state: Option<ConnectionState>,
        next: Option<u64>,
    ) {
        if let Some(state) = state {
            self.connection(place, life, link, state);
        }
        if let Some(next) = next {
            self.at(next, Happening::Ice(place, life, link));
        }
    }

    /// Returns whether two devices hear each other, or why not.
    pub fn hear_each_other(&self, one: Place, other: Place) -> Result<(), String> {
        let (a, b) = (&self.devices[one], &self.devices[other]);
        let (Some(page), Some(other_page)) = (&a.page, &b.page) else {
            return Err("a page is missing".to_owned());
        };
        let mut found = Vec::new();
        for link in page.peers.keys() {
            if let Some((place, life, other_link)) = self.partner(one, page.life, *link)
                && (place, life) == (other, other_page.life)
            {
                found.push((*link, other_link));
            }
        }
        let [(link, other_link)] = found[..] else {
            return Err(format!(
                "{} and {} have {} connections to each other that fit together",
                a.name,
                b.name,
                found.len()
            ));
        };
        for (at, link) in [(one, link), (other, other_link)] {
            self.is_carrying(at, link)?;
        }
        Ok(())
    }

    fn is_carrying(&self, place: Place, link: LinkId) -> Result<(), String> {
        let device = &self.devices[place];
        let (Some(page), name) = (&device.page, &device.name) else {
            return Ok(());
        };
        let Some(peer) = page.peers.get(&link) else {
            return Ok(());
        };
        if !self.is_alive(place, page.life, link) {
            return Err(format!("no packets pass over link {} of {name}", link.0));
        }
        if peer.ice.state != ConnectionState::Connected {
            return Err(format!("link {} of {name} is {:?}", link.0, peer.ice.state));
        }
        if !peer.sends || !peer.plays {
            return Err(format!(
                "link {} of {name} does not send, or is not heard",
                link.0
            ));
        }
        if !page.captures[0].is_live() && !page.is_microphone_missing {
            return Err(format!("{name} has no microphone open"));
        }
        Ok(())
    }
}

const fn ordered(one: Place, other: Place) -> (Place, Place) {
    if one < other {
        (one, other)
    } else {
        (other, one)
    }
}

/// What a tab keeps of its call, as `kept.ts` does.
fn kept(page: &Page) -> Option<KeptCall> {
    use ringback_sdk::core::view::CallState;
    let call = page.client.call()?;
    let is_in_call = match call.state {
        CallState::Outgoing
        | CallState::Connecting
        | CallState::Connected
        | CallState::Reconnecting => true,
        CallState::Idle | CallState::Incoming | CallState::Ended => false,
    };
    let session = call.session_id.clone().filter(|_| is_in_call)?;
    Some(KeptCall {
        session,
        muted: call.muted,
        video: false,
    })
}
