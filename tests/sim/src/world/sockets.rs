//! Sockets and servers: what is said over them, and how they break.

use super::*;

impl World {
    pub(super) fn emit(&mut self, place: Place, life: u32, event: ClientEvent, ack: Option<AckId>) {
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

    pub(super) fn send_up(&mut self, id: SocketId, up: Up) {
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

    pub(super) fn send_down(&mut self, id: SocketId, down: Down) {
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

    pub(super) fn hop(&mut self, id: SocketId) -> u64 {
        let base = self.sockets.get(&id).map_or(1, |socket| socket.latency_ms);
        base / 2 + self.dice.roll(base + 1)
    }

    /// Hands on what the servers sent.
    pub(super) fn collect(&mut self) {
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

    pub(super) fn dial(&mut self, place: Place, life: u32) {
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

    pub(super) fn node_for(&self, place: Place) -> Option<usize> {
        let index = place % self.nodes.len();
        self.nodes[index].is_alive().then_some(index)
    }

    pub(super) fn reach_server(&mut self, id: SocketId, up: Up) {
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

    pub(super) fn reach_client(&mut self, id: SocketId, down: Down) {
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
    pub(super) fn rang(&mut self, place: Place, event: &ServerEvent) {
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
    pub(super) fn hang_up_socket(&mut self, place: Place) {
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

    pub(super) fn client_notices(&mut self, id: SocketId) {
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

    pub(super) fn server_notices(&mut self, id: SocketId) {
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

    /// Kills a server process; another one starts after a while.
    pub fn crash(&mut self, index: usize, down_ms: u64) {
        self.say(|_| "the server crashes".to_owned());
        self.nodes[index].is_replaced = true;
        self.bury(index);
        self.after(down_ms, Happening::StartNode(index));
    }

    pub(super) fn bury(&mut self, index: usize) {
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
}
