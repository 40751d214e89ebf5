//! One seed played out: people who act at random, and a world that gets in their way.

use ringback_protocol::{ChatId, UserId};
use ringback_sdk::core::view::CallState;
use ringback_sdk::core::{Command, MediaKind, Preconnect};
use ringback_server::calls::CallSettings;

use crate::dice::Dice;
use crate::page::Page;
use crate::story::Story;
use crate::world::{Nature, Place, World};

/// How long everyone may take to agree once nothing disturbs any more, in milliseconds.
const AGREES_MS: u64 = 100_000;
/// How long the end of everything may take, in milliseconds.
const ENDS_MS: u64 = 60_000;
/// The names of the people.
const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What must not be, and was; none is as it should be.
    pub breach: Option<String>,
    /// What happened, when it was asked for.
    pub story: Vec<String>,
    /// How many calls there were.
    pub calls: u64,
    /// How many of them were answered.
    pub answered: u64,
    /// How many pairs heard each other at the end.
    pub pairs: u64,
    /// How much virtual time passed, in milliseconds.
    pub passed_ms: u64,
    /// A number that two runs share only when everything in them was the same.
    pub fingerprint: u64,
}

/// How rough the world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Calm,
    Windy,
    Stormy,
}

/// One run.
struct Drama {
    world: World,
    dice: Dice,
    chat: ChatId,
    people: Vec<UserId>,
    weather: Weather,
}

/// Plays a seed out.
#[must_use]
pub fn play(seed: u64, is_told: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O can be built");
    runtime.block_on(async {
        let story = if is_told {
            Story::kept()
        } else {
            Story::default()
        };
        let mut drama = Drama::new(seed, story);
        drama.run().await;
        drama.outcome()
    })
}

impl Drama {
    fn new(seed: u64, story: Story) -> Self {
        let mut dice = Dice::new(seed).fork(2);
        let settings = CallSettings {
            call_waiting: dice.percent(20),
            ..CallSettings::default()
        };
        let mut world = World::new(seed, story, settings);
        let weather = match dice.roll(10) {
            0 | 1 => Weather::Calm,
            2..=6 => Weather::Windy,
            _ => Weather::Stormy,
        };
        world.nature = Nature {
            latency_ms: dice.between(5, 200),
            duplicates: if weather == Weather::Calm {
                0
            } else {
                dice.roll(10)
            },
            notices_late: weather != Weather::Calm && dice.percent(60),
            microphone_ms: dice.between(10, 2_000),
            preconnect: match dice.roll(4) {
                0 => Preconnect::Direct,
                1 => Preconnect::Relayed,
                _ => Preconnect::Never,
            },
        };
        let count = if dice.percent(40) {
            2
        } else {
            dice.between(3, 5)
        };
        let people: Vec<_> = NAMES
            .iter()
            .take(usize::try_from(count).unwrap_or(2))
            .map(|name| UserId::new(*name).expect("names are short"))
            .collect();
        let chat = ChatId::new("team").expect("a short name");
        world.put_chat(&chat, &people.iter().collect::<Vec<_>>());
        for user in &people {
            world.add_device(user, "phone");
        }
        for user in &people {
            if world.devices.len() < 8 && dice.percent(35) {
                world.add_device(user, "laptop");
            }
        }
        for one in 0..world.devices.len() {
            for other in 0..one {
                if dice.percent(50) {
                    world.set_strict(one, other);
                }
            }
        }
        Self {
            world,
            dice,
            chat,
            people,
            weather,
        }
    }

    async fn run(&mut self) {
        self.world.run(2_000).await;
        self.act_out().await;
        self.calm_down();
        self.world.run(AGREES_MS).await;
        if self.world.breach.is_none() {
            self.world.check_agreement();
        }
        self.say_goodbye();
        self.world.run(ENDS_MS).await;
        if self.world.breach.is_none() {
            self.world.check_end();
        }
    }

    async fn act_out(&mut self) {
        let end = self.world.now + self.dice.between(15_000, 90_000);
        let devices = self.world.devices.len();
        while self.world.now < end && self.world.breach.is_none() {
            let pause = if self.dice.percent(30) {
                // Many things at once are where it gets interesting.
                self.dice.roll(60)
            } else {
                self.dice.between(50, 3_000)
            };
            self.world.run(pause).await;
            let disturbs = match self.weather {
                Weather::Calm => false,
                Weather::Windy => self.dice.percent(20),
                Weather::Stormy => self.dice.percent(45),
            };
            if disturbs {
                self.disturb();
            } else {
                let place = self.dice.index(devices);
                self.act(place);
            }
        }
    }

    // People.

    fn act(&mut self, place: Place) {
        let Some(page) = self.world.page(place) else {
            return;
        };
        if page.is_disposed {
            if self.dice.percent(50) {
                self.world.reload(place, 500);
            }
            return;
        }
        if self.dice.percent(1) {
            self.world.ask(place, Command::Dispose);
            return;
        }
        match page.client.state() {
            CallState::Idle | CallState::Ended => self.act_idle(place),
            CallState::Outgoing => self.act_calling(place),
            CallState::Incoming => self.act_ringing(place),
            CallState::Connecting | CallState::Connected | CallState::Reconnecting => {
                self.act_talking(place);
            }
        }
    }

    fn act_idle(&mut self, place: Place) {
        match self.dice.roll(100) {
            0..=44 => {
                let targets = self.targets(place);
                let chat = self.chat.clone();
                self.world.place_call(place, &chat, targets.clone());
                if self.dice.percent(5) {
                    // A double click.
                    self.world.place_call(place, &chat, targets);
                }
            }
            45..=64 => self.join(place),
            65..=72 => {
                let muted = self.dice.percent(50);
                self.world.ask(place, Command::SetMuted(muted));
            }
            73..=76 => {
                self.world.ask(place, Command::LiveCalls);
            }
            _ => {}
        }
    }

    fn targets(&mut self, place: Place) -> Option<Vec<UserId>> {
        if self.dice.percent(25) {
            return None;
        }
        let own = self.world.devices[place].actor.user.clone();
        let mut others: Vec<_> = self
            .people
            .iter()
            .filter(|user| **user != own)
            .cloned()
            .collect();
        let count = if self.dice.percent(60) {
            1
        } else {
            self.dice.between(1, 4)
        };
        while others.len() as u64 > count {
            others.remove(self.dice.index(others.len()));
        }
        Some(others)
    }

    /// Joins a call that goes on, or moves the own one here.
    fn join(&mut self, place: Place) {
        let live = self.world.live_calls();
        if let Some(call) = self.dice.pick(&live) {
            let session = call.id().clone();
            self.world.ask(place, Command::Join(session, false));
        }
    }

    fn act_calling(&mut self, place: Place) {
        match self.dice.roll(100) {
            0..=11 => {
                self.world.ask(place, Command::End(None));
            }
            12..=15 => {
                self.world.ask(place, Command::Leave);
            }
            16..=22 => self.toggle(place),
            _ => {}
        }
    }

    fn act_ringing(&mut self, place: Place) {
        match self.dice.roll(100) {
            0..=59 => {
                self.world.ask(place, Command::Accept(None, None));
                if self.dice.percent(5) {
                    self.world.ask(place, Command::Accept(None, None));
                }
            }
            60..=69 => {
                self.world.ask(place, Command::Reject(None, None));
            }
            70..=75 => self.toggle(place),
            76..=85 => {
                self.world.ask(place, Command::PrepareToAccept);
            }
            _ => {}
        }
    }

    fn act_talking(&mut self, place: Place) {
        match self.dice.roll(100) {
            0..=29 => self.toggle(place),
            30..=36 => {
                self.world.ask(place, Command::Leave);
            }
            37..=42 => {
                self.world.ask(place, Command::End(None));
            }
            43..=58 => {
                if let Some(targets) = self.targets(place) {
                    self.world.ask(place, Command::Invite(targets));
                }
            }
            59..=68 => {
                let on = self.dice.percent(60);
                self.world.ask(place, Command::SetCamera(Some(on)));
            }
            69..=71 => {
                self.world.ask(place, Command::SetScreen(None));
            }
            72..=75 => {
                // Another call rings behind this one.
                self.world.ask(place, Command::Accept(None, None));
            }
            _ => {}
        }
    }

    fn toggle(&mut self, place: Place) {
        let muted = self
            .world
            .page(place)
            .is_some_and(|page| page.client.is_muted());
        self.world.ask(place, Command::SetMuted(!muted));
    }

    // The world that gets in their way.

    fn disturb(&mut self) {
        let place = self.dice.index(self.world.devices.len());
        let other = self.dice.index(self.world.devices.len());
        match self.dice.roll(100) {
            0..=19 => self.world.drop_socket(place),
            20..=27 => {
                let ms = self.dice.between(500, 40_000);
                self.world.take_offline(place, ms);
            }
            28..=37 => {
                let ms = self.dice.between(100, 8_000);
                self.world.stall(place, ms);
            }
            38..=49 if place != other => {
                let is_cut = self.world.is_cut(place, other);
                self.world.set_cut(place, other, !is_cut);
            }
            50..=57 => {
                let is_told = self.dice.percent(60);
                self.world.change_network(place, is_told);
            }
            58..=65 => {
                let ms = self.dice.between(300, 5_000);
                self.world.reload(place, ms);
            }
            66..=70 => {
                let kind = *self
                    .dice
                    .pick(&[MediaKind::Microphone, MediaKind::Camera, MediaKind::Screen])
                    .unwrap_or(&MediaKind::Microphone);
                self.world.unplug(place, kind);
            }
            71..=73 => {
                let device = &mut self.world.devices[place];
                device.is_microphone_broken = !device.is_microphone_broken;
            }
            74..=79 => {
                let ms = self.dice.between(500, 30_000);
                self.world.put_to_sleep(place, ms);
            }
            80..=86 => self.crash(),
            87..=89 => {
                use std::sync::atomic::Ordering;
                self.world
                    .say(|_| "the server is to die after its next change".to_owned());
                let mood = &self.world.nodes[0].mood;
                mood.dies_after_swap.store(true, Ordering::SeqCst);
            }
            90..=94 => {
                let (slowness, failures) = (self.dice.roll(800), self.dice.roll(30));
                self.world
                    .say(|_| format!("the store takes up to {slowness} ms, {failures} % fail"));
                self.world.trouble_store(slowness, failures);
            }
            _ => {
                self.world.say(|_| "the store is well again".to_owned());
                self.world.trouble_store(3, 0);
            }
        }
    }

    fn crash(&mut self) {
        if self.world.nodes[0].is_alive() {
            let down = self.dice.between(100, 10_000);
            self.world.crash(0, down);
        }
    }

    /// From here on nothing is disturbed any more.
    fn calm_down(&mut self) {
        self.world
            .say(|_| "-- from here on nothing is disturbed --".to_owned());
        self.world.nature.duplicates = 0;
        self.world.nature.notices_late = false;
        self.world.lay_all();
        self.world.trouble_store(3, 0);
        for node in &self.world.nodes {
            use std::sync::atomic::Ordering;
            node.mood.dies_after_swap.store(false, Ordering::SeqCst);
        }
        let now = self.world.now;
        for device in &mut self.world.devices {
            device.offline_until = device.offline_until.min(now);
            device.asleep_until = device.asleep_until.min(now);
            device.is_microphone_broken = false;
        }
    }

    fn say_goodbye(&mut self) {
        self.world.say(|_| "-- everyone hangs up --".to_owned());
        for place in 0..self.world.devices.len() {
            let in_call = self.world.page(place).is_some_and(Page::is_talking);
            if in_call {
                let command = if self.dice.percent(50) {
                    Command::Leave
                } else {
                    Command::End(None)
                };
                self.world.ask(place, command);
            }
        }
    }

    fn outcome(self) -> Outcome {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let disk = crate::store::open(&self.world.disk);
        let mut hasher = DefaultHasher::new();
        self.world.emitted.hash(&mut hasher);
        self.world.ends.hash(&mut hasher);
        self.world.settled.hash(&mut hasher);
        for call in disk.calls() {
            format!("{call:?}").hash(&mut hasher);
        }
        Outcome {
            breach: self.world.breach.clone(),
            story: self.world.story.lines().to_vec(),
            calls: disk.calls().count() as u64,
            answered: disk
                .calls()
                .filter(|call| {
                    let joined = |one: &&_| is_joined(one);
                    call.participants().iter().filter(joined).count() > 1
                })
                .count() as u64,
            pairs: 0,
            passed_ms: self.world.now,
            fingerprint: hasher.finish(),
        }
    }
}

const fn is_joined(participant: &ringback_server::calls::session::Participant) -> bool {
    participant.joined_at.is_some()
}
