//! A scene to play in: people with devices, a server, and nothing left to chance.

use ringback_protocol::{CallStatus, ChatId, ClientEvent, SessionId, UserId};
use ringback_sdk::core::Command;
use ringback_sdk::core::view::CallState;
use ringback_server::calls::CallSettings;
use ringback_sim::store;
use ringback_sim::story::Story;
use ringback_sim::world::{Nature, Place, World};

/// How long a message takes at most.
pub(crate) const HOP_MS: u64 = 20;
/// Time enough for a call to be answered and connected, or for anything to be said.
pub(crate) const WHILE_MS: u64 = 1_500;

/// One scene.
pub(crate) struct Play {
    pub(crate) world: World,
    chat: ChatId,
}

impl Play {
    /// Brings these devices on, `"alice's phone"`; everyone is in one chat and connected.
    pub(crate) async fn with(devices: &[&str]) -> Self {
        Self::under(CallSettings::default(), devices).await
    }

    pub(crate) async fn under(settings: CallSettings, devices: &[&str]) -> Self {
        let mut world = World::new(1, Story::kept(), settings);
        world.nature = Nature {
            latency_ms: HOP_MS,
            ..Nature::default()
        };
        let chat = ChatId::new("team").unwrap();
        let mut users: Vec<UserId> = Vec::new();
        for name in devices {
            let (user, kind) = name.split_once("'s ").unwrap();
            let user = UserId::new(user).unwrap();
            world.add_device(&user, kind);
            if !users.contains(&user) {
                users.push(user);
            }
        }
        world.put_chat(&chat, &users.iter().collect::<Vec<_>>());
        let mut play = Self { world, chat };
        play.pass(WHILE_MS).await;
        play
    }

    /// A call of alice's phone with bob's phone that is connected; others stand by.
    pub(crate) async fn talking(others: &[&str]) -> Self {
        let mut devices = vec!["alice's phone", "bob's phone"];
        devices.extend(others);
        let mut play = Self::with(&devices).await;
        play.calls("alice's phone", &["bob"]);
        play.pass(WHILE_MS).await;
        play.asks("bob's phone", Command::Accept(None, None));
        play.pass(WHILE_MS).await;
        play.are(&["alice's phone", "bob's phone"], CallState::Connected);
        play
    }

    pub(crate) fn place(&self, device: &str) -> Place {
        let mut devices = self.world.devices.iter();
        devices.position(|one| one.name == device).unwrap()
    }

    pub(crate) fn calls(&mut self, device: &str, targets: &[&str]) {
        let (place, chat) = (self.place(device), self.chat.clone());
        self.world.place_call(place, &chat, Some(users(targets)));
    }

    pub(crate) fn asks(&mut self, device: &str, command: Command) {
        let place = self.place(device);
        self.world.ask(place, command);
    }

    pub(crate) fn invites(&mut self, device: &str, targets: &[&str]) {
        self.asks(device, Command::Invite(users(targets)));
    }

    /// Joins the only call that goes on.
    pub(crate) fn joins(&mut self, device: &str) {
        let session = self.session();
        self.asks(device, Command::Join(session, false));
    }

    pub(crate) fn accepts(&mut self, device: &str) {
        self.asks(device, Command::Accept(None, None));
    }

    pub(crate) fn rejects(&mut self, device: &str) {
        self.asks(device, Command::Reject(None, None));
    }

    pub(crate) fn hangs_up(&mut self, device: &str) {
        self.asks(device, Command::End(None));
    }

    pub(crate) fn leaves(&mut self, device: &str) {
        self.asks(device, Command::Leave);
    }

    pub(crate) fn drops(&mut self, device: &str) {
        let place = self.place(device);
        self.world.drop_socket(place);
    }

    pub(crate) fn reloads(&mut self, device: &str, after_ms: u64) {
        let place = self.place(device);
        self.world.reload(place, after_ms);
    }

    /// The next event that this matches breaks the connection that it goes over.
    pub(crate) fn loses(&mut self, matches: fn(Place, &ClientEvent) -> bool) {
        self.world.sniper = Some(matches);
    }

    pub(crate) async fn pass(&mut self, ms: u64) {
        self.world.run(ms).await;
        self.must_be_sound();
    }

    fn must_be_sound(&self) {
        if let Some(breach) = &self.world.breach {
            panic!("{breach}\n{}", self.world.story.lines().join("\n"));
        }
    }

    pub(crate) fn state(&self, device: &str) -> CallState {
        let page = self.world.page(self.place(device)).unwrap();
        page.client.state()
    }

    /// Checks where these devices stand.
    pub(crate) fn are(&self, devices: &[&str], state: CallState) {
        for device in devices {
            assert_eq!(
                self.state(device),
                state,
                "{device}\n{}",
                self.world.story.lines().join("\n")
            );
        }
    }

    /// Returns why the last call on that device ended.
    pub(crate) fn ended_with(&self, device: &str) -> &str {
        let place = self.place(device);
        let mut ends = self.world.ends.iter().rev();
        let end = ends.find(|(at, ..)| *at == place);
        end.map_or("it did not end", |(_, _, reason)| reason)
    }

    /// Returns how often that device was told that a call ended.
    pub(crate) fn ends(&self, device: &str) -> usize {
        let place = self.place(device);
        self.world
            .ends
            .iter()
            .filter(|(at, ..)| *at == place)
            .count()
    }

    pub(crate) fn session(&self) -> SessionId {
        let live = self.world.live_calls();
        assert_eq!(live.len(), 1, "there is one call that goes on");
        live[0].id().clone()
    }

    /// Returns how the calls stand, in the order in which they were placed.
    pub(crate) fn statuses(&self) -> Vec<CallStatus> {
        let disk = store::open(&self.world.disk);
        disk.calls().map(|call| call.status()).collect()
    }

    /// Lets everything come to rest, and checks that all agree; then everyone hangs up.
    pub(crate) async fn comes_to_rest(&mut self) {
        self.pass(100_000).await;
        self.world.check_agreement();
        self.must_be_sound();
    }

    pub(crate) async fn ends_well(mut self) {
        self.comes_to_rest().await;
        for place in 0..self.world.devices.len() {
            if self.world.page(place).is_some_and(|page| !page.is_free()) {
                self.world.ask(place, Command::Leave);
            }
        }
        self.pass(60_000).await;
        self.world.check_end();
        self.must_be_sound();
    }
}

fn users(names: &[&str]) -> Vec<UserId> {
    names
        .iter()
        .map(|name| UserId::new(*name).unwrap())
        .collect()
}
