//! The client: one input in, the outputs that follow from it out.

mod acks;
mod devices;
mod events;
mod finish;
mod requests;
mod socket;

use std::rc::Rc;

use ringback_protocol::{CallSnapshot, ChatId, SessionId, server};

use super::call::{Call, Flow, GOES_ON};
use super::context::{ClientOptions, Context};
use super::farewell::Farewells;
use super::input::Input;
use super::media::VideoSource;
use super::output::{Notification, Output};
use super::time::Instant;
use super::timers::Timer;
use super::view::{CallState, CallView};

/// A machine whose timers are later than this was asleep, and may wake up in another network.
const SLEPT_MS: u64 = 10_000;

/// The call that the application sees as the current one.
#[derive(Debug)]
enum Slot {
    /// There was none yet.
    Idle,
    /// There is one.
    Live(Box<Call>),
    /// There was one.
    Ended(Rc<CallView>),
    /// The client was disposed, in or after this call.
    Disposed(Option<Rc<CallView>>),
}

/// Whether the application was told of a call that waits behind the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Announcement {
    /// It was.
    Made,
    /// It was not: the one who calls is being called, and one of the two calls will go.
    Withheld,
}

/// A call that rings here while there is another one.
#[derive(Debug)]
struct Waiting {
    incoming: server::CallIncoming,
    announcement: Announcement,
}

/// The whole client as a machine: no browser, no clock, no promise.
///
/// Feed it everything that happens through [`Client::handle`], perform the outputs in order, and
/// call it with [`Input::Timeout`] when [`Client::next_deadline`] has come.
#[derive(Debug)]
pub struct Client {
    cx: Context,
    slot: Slot,
    waiting: Vec<Waiting>,
    farewells: Farewells,
    /// Chats of calls that were given up before the server had named them.
    orphans: Vec<ChatId>,
    /// What the server said of live calls before it said which device this is.
    unread: Vec<CallSnapshot>,
    /// The calls that ended last, for events of them that come late.
    ended: Vec<SessionId>,
    /// What the application was last told of the current call.
    told: Option<Rc<CallView>>,
}

impl Client {
    /// Makes a client whose socket is not connected.
    #[must_use]
    pub fn new(options: ClientOptions) -> Self {
        Self {
            cx: Context::new(options),
            slot: Slot::Idle,
            waiting: Vec::new(),
            farewells: Farewells::default(),
            orphans: Vec::new(),
            unread: Vec::new(),
            ended: Vec::new(),
            told: None,
        }
    }

    /// Takes note of something that happened and returns what is to be done, in order.
    pub fn handle(&mut self, now: Instant, input: Input) -> Vec<Output> {
        // A clock that jumps back must not make anything fire twice.
        self.cx.now = self.cx.now.max(now);
        match input {
            Input::App(request) => self.request(request),
            Input::Signaling(input) => self.signaling(input),
            Input::Peer(link, input) => self.with_call(|call, cx| call.peer(cx, link, input)),
            Input::Device(input) => self.device(input),
            Input::Timeout => self.expire(),
        }
        self.announce();
        self.cx.take_outputs()
    }

    /// Returns when [`Input::Timeout`] is next due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.cx.timers.next()
    }

    /// Returns the current call, or the last one; none before the first.
    #[must_use]
    pub fn call(&self) -> Option<Rc<CallView>> {
        match &self.slot {
            Slot::Idle => None,
            Slot::Live(call) => Some(Rc::new(call.view(&self.cx.media))),
            Slot::Ended(view) => Some(Rc::clone(view)),
            Slot::Disposed(view) => view.clone(),
        }
    }

    /// Returns where the current call stands.
    #[must_use]
    pub fn state(&self) -> CallState {
        match &self.slot {
            Slot::Idle => CallState::Idle,
            Slot::Live(call) => call.state(),
            Slot::Ended(_) | Slot::Disposed(Some(_)) => CallState::Ended,
            Slot::Disposed(None) => CallState::Idle,
        }
    }

    /// Tells whether the microphone is muted, or will be in the next call.
    #[must_use]
    pub const fn is_muted(&self) -> bool {
        self.cx.media.muted
    }

    /// Returns the picture that is sent.
    #[must_use]
    pub const fn video(&self) -> VideoSource {
        self.cx.media.video()
    }

    /// Returns the microphone, the camera and the loudspeaker that were chosen.
    #[must_use]
    pub fn choices(&self) -> [Option<&str>; 3] {
        let media = &self.cx.media;
        [
            media.microphone.choice.as_deref(),
            media.camera.choice.as_deref(),
            media.speaker.as_deref(),
        ]
    }

    fn live(&self) -> Option<&Call> {
        match &self.slot {
            Slot::Live(call) => Some(call),
            Slot::Idle | Slot::Ended(_) | Slot::Disposed(_) => None,
        }
    }

    /// Lets the current call act, and ends it when it says so.
    fn with_call(&mut self, act: impl FnOnce(&mut Call, &mut Context) -> Flow) {
        let Slot::Live(call) = &mut self.slot else {
            return;
        };
        let flow = act(call, &mut self.cx);
        self.follow(flow);
    }

    /// Out of line: what follows is the same, whatever the call did.
    #[inline(never)]
    fn follow(&mut self, flow: Flow) {
        match (flow, &mut self.slot) {
            (Flow::Continue(()), Slot::Live(call)) => call.take_turns(&mut self.cx),
            (Flow::Continue(()), Slot::Idle | Slot::Ended(_) | Slot::Disposed(_)) => {}
            (Flow::Break(end), _) => self.finish(*end),
        }
    }

    /// Tells the application when something in the view changed.
    fn announce(&mut self) {
        let view = self.call();
        if view != self.told {
            let previous = self
                .told
                .as_ref()
                .map_or(CallState::Idle, |view| view.state);
            self.told = view;
            let state = self.state();
            self.cx.notify(Notification::State { state, previous });
        }
    }

    /// Another network, or the same after a sleep: nothing that was connected has to be still.
    fn network_changed(&mut self) {
        self.with_call(|call, cx| {
            call.network_changed(cx);
            GOES_ON
        });
        match self.slot {
            Slot::Idle | Slot::Live(_) | Slot::Ended(_) => self.cx.probe(),
            Slot::Disposed(_) => {}
        }
    }

    fn expire(&mut self) {
        let now = self.cx.now;
        while let Some((timer, due)) = self.cx.timers.expire(now) {
            if timer == Timer::Sample && now.since(due) > SLEPT_MS {
                self.network_changed();
            }
            self.timer(timer);
        }
    }

    fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Ack(id) => self.ack_overdue(id),
            Timer::Farewell => self.farewells_due(),
            Timer::Reacquire(kind) => self.reacquire(kind),
            Timer::Devices => self.devices_due(),
            Timer::Credentials => self.cx.fetch_config(),
            Timer::Prepared => self.not_answered(),
            Timer::Early
            | Timer::Lost
            | Timer::Ring
            | Timer::Resume
            | Timer::Sample
            | Timer::Report
            | Timer::Waver(_)
            | Timer::Attempt(_)
            | Timer::GiveUp(_)
            | Timer::Answer(_)
            | Timer::Again(_)
            | Timer::Levels => self.with_call(|call, cx| call.timer(cx, timer)),
        }
    }
}
