//! One copy of each helper: people, calls in a known state, a recording emitter, a clock to turn.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_protocol::rest::{Chat, ChatMember, ChatRef, UserRef};
use ringback_protocol::{
    CallSnapshot, CallType, ChatId, DeviceId, Empty, ErrorCode, Failure, SdpType, SessionId, UserId,
};
use ringback_server::calls::ports::{Actor, BoxFuture, CallAck, Calls, Emitter, Recipient, Reply};
use ringback_server::calls::session::{
    CallRules, CallSession, Callee, Effect, NewCall, Notices, ParticipantState, Reach,
};
use ringback_server::calls::{CallManager, CallSettings, Clock, Signal, Timestamp};
use ringback_server::events::{ClientEvent, ServerEvent, SessionDescription, client};
use ringback_server::store::{Database, Store, sqlite::SqliteStore};
use tokio::sync::{Notify, watch};

pub(crate) const START: Timestamp = Timestamp::from_ms(1_750_000_000_000);
pub(crate) const RING_MS: u64 = 45_000;
pub(crate) const GRACE_MS: u64 = 30_000;

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn device(id: &str) -> DeviceId {
    DeviceId::new(id).unwrap()
}

pub(crate) fn session_id(id: &str) -> SessionId {
    SessionId::new(id).unwrap()
}

pub(crate) fn chat_id(id: &str) -> ChatId {
    ChatId::new(id).unwrap()
}

pub(crate) fn person(id: &str) -> UserRef {
    UserRef {
        id: user(id),
        name: id.to_uppercase(),
        avatar: None,
    }
}

pub(crate) fn callee(id: &str, reach: Reach) -> Callee {
    Callee {
        person: person(id),
        reach,
    }
}

pub(crate) fn sdp(kind: SdpType, text: &str) -> SessionDescription {
    SessionDescription {
        kind,
        sdp: text.into(),
    }
}

pub(crate) fn offer(text: &str) -> SessionDescription {
    sdp(SdpType::Offer, text)
}

/// A call of alice (on `a1`) in `chat` to these people.
pub(crate) fn new_call(callees: Vec<Callee>) -> NewCall {
    NewCall {
        id: session_id("call"),
        chat: ChatRef {
            id: chat_id("chat"),
            name: Some("Team".to_owned()),
        },
        call_type: CallType::Voice,
        caller: person("alice"),
        device: device("a1"),
        callees,
        request_id: None,
        offer: None,
        rules: CallRules {
            ring_timeout_ms: RING_MS,
            reconnect_grace_ms: GRACE_MS,
            max_participants: 12,
            notices: Notices::Off,
        },
        preconnect: false,
    }
}

pub(crate) fn call_to(callees: &[&str]) -> CallSession {
    let connected = |id: &&str| callee(id, Reach::Connected);
    CallSession::initiate(START, new_call(callees.iter().map(connected).collect())).0
}

/// Shows effects in one line: `alice/a1 call:accepted by bob/b1; bob*-b1 ...`.
pub(crate) fn show(effects: &[Effect]) -> String {
    let shown: Vec<_> = effects
        .iter()
        .map(|effect| format!("{} {}", show_to(&effect.to), show_event(&effect.event)))
        .collect();
    shown.join("; ")
}

pub(crate) fn show_to(to: &Recipient) -> String {
    match to {
        Recipient::User(user) => format!("{user}*"),
        Recipient::Device(user, device) => format!("{user}/{device}"),
        Recipient::OtherDevices(user, device) => format!("{user}*-{device}"),
    }
}

fn on(device: Option<&DeviceId>) -> String {
    device.map_or_else(String::new, |device| format!("/{device}"))
}

pub(crate) fn show_event(event: &ServerEvent) -> String {
    let name = event.name().trim_start_matches("call:");
    let text = match event {
        ServerEvent::CallIncoming(e) => {
            let offer = e.offer.as_ref().map_or("", |_| " with offer");
            format!(
                "from {}{}{offer}",
                e.caller_id,
                on(e.caller_device_id.as_ref())
            )
        }
        ServerEvent::CallRinging(e) => format!("{:?}", e.target_user_ids),
        ServerEvent::CallAccepted(e) => {
            let answer = e.answer.as_ref().map_or("", |_| " with answer");
            format!("by {}{}{answer}", e.accepted_by, on(e.device_id.as_ref()))
        }
        ServerEvent::CallRejected(e) => format!("by {} {}", e.rejected_by, e.reason.as_str()),
        ServerEvent::CallMissed(e) => format!("from {}", e.caller_id),
        ServerEvent::CallEnded(e) => format!("by {} {}", e.ended_by, e.reason.as_str()),
        ServerEvent::CallParticipantJoined(e) => {
            format!("{}{}", e.user_id, on(e.device_id.as_ref()))
        }
        ServerEvent::CallParticipantLeft(e) => format!("{} {}", e.user_id, e.reason.as_str()),
        ServerEvent::CallAnsweredElsewhere(e) => format!("{:?} on {}", e.action, e.device_id),
        ServerEvent::CallParticipantReconnecting(e) => e.user_id.to_string(),
        ServerEvent::CallParticipantReconnected(e) => {
            let fresh = if e.fresh { " fresh" } else { "" };
            format!("{}{}{fresh}", e.user_id, on(e.device_id.as_ref()))
        }
        ServerEvent::CallState(e) => e.calls.iter().map(show_snapshot).collect(),
        ServerEvent::WebrtcOffer(e) => format!("from {} {}", e.from_user_id, e.offer.sdp),
        ServerEvent::WebrtcAnswer(e) => format!("from {} {}", e.from_user_id, e.answer.sdp),
        ServerEvent::WebrtcIceCandidate(e) => {
            format!("from {} {}", e.from_user_id, e.candidate.candidate)
        }
        ServerEvent::CallParticipantAudioToggle(e) => format!("{} muted {}", e.user_id, e.muted),
        ServerEvent::CallParticipantVideoToggle(e) => {
            format!("{} enabled {}", e.user_id, e.enabled)
        }
        ServerEvent::CallError(e) => e.code.to_string(),
        ServerEvent::ServerDraining(_) | ServerEvent::AuthExpiring(_) => String::new(),
    };
    format!("{name} {text}").trim_end().to_owned()
}

pub(crate) fn show_snapshot(call: &CallSnapshot) -> String {
    let people: Vec<_> = call
        .participants
        .iter()
        .map(|one| {
            let device = on(one.device_id.as_ref());
            format!("{}{device} {}", one.user_id, one.status.as_str())
        })
        .collect();
    format!("{}: {}", call.status.as_str(), people.join(", "))
}

/// Shows how a call stands, in the same form.
pub(crate) fn show_call(session: &CallSession) -> String {
    show_snapshot(&session.snapshot(START))
}

/// A clock that only moves when it is turned.
#[derive(Debug, Clone)]
pub(crate) struct ManualClock {
    now: watch::Sender<Timestamp>,
    /// How often somebody has begun to wait for a time.
    waits: watch::Sender<u64>,
}

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self {
            now: watch::Sender::new(START),
            waits: watch::Sender::new(0),
        }
    }

    pub(crate) fn advance(&self, ms: u64) {
        self.now.send_modify(|now| *now = now.plus_ms(ms));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, time: Timestamp) -> BoxFuture<'_, ()> {
        self.waits.send_modify(|waits| *waits += 1);
        let mut turned = self.now.subscribe();
        Box::pin(async move {
            turned.wait_for(|now| *now >= time).await.unwrap();
        })
    }
}

/// Remembers what was emitted, in order, to each connected device.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    state: Mutex<Recorded>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Recorded {
    connected: HashMap<UserId, BTreeSet<DeviceId>>,
    /// Device, event; in the order of emission.
    events: Vec<(DeviceId, ServerEvent)>,
    /// What tests have looked at already, by device.
    taken: HashMap<DeviceId, usize>,
}

impl Recorder {
    pub(crate) fn plug(&self, user: &UserId, device: &DeviceId) {
        let mut state = self.state.lock().unwrap();
        let devices = state.connected.entry(user.clone()).or_default();
        devices.insert(device.clone());
    }

    pub(crate) fn unplug(&self, user: &UserId, device: &DeviceId) {
        let mut state = self.state.lock().unwrap();
        if let Some(devices) = state.connected.get_mut(user) {
            devices.remove(device);
        }
    }

    /// Returns what a device got since it was last asked, as text.
    pub(crate) fn take(&self, device: &DeviceId) -> Vec<String> {
        self.take_events(device).iter().map(show_event).collect()
    }

    pub(crate) fn take_events(&self, device: &DeviceId) -> Vec<ServerEvent> {
        let mut state = self.state.lock().unwrap();
        let all: Vec<_> = state
            .events
            .iter()
            .filter(|(to, _)| to == device)
            .map(|(_, event)| event.clone())
            .collect();
        let seen = state.taken.insert(device.clone(), all.len()).unwrap_or(0);
        all[seen..].to_vec()
    }

    /// Waits until a device gets an event that shows like this, and returns what came up to it.
    pub(crate) async fn until(&self, device: &DeviceId, shown: &str) -> Vec<String> {
        let mut came = Vec::new();
        let wait = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                came.extend(self.take(device));
                if came.iter().any(|event| event == shown) {
                    return;
                }
                changed.await;
            }
        };
        // A test that waits in vain says what came instead.
        if tokio::time::timeout(Duration::from_secs(20), wait)
            .await
            .is_err()
        {
            panic!("{device} never got {shown:?}, only {came:?}");
        }
        came
    }
}

impl Recorder {
    fn record(&self, to: &Recipient, event: &ServerEvent) -> usize {
        let reached = self.meant(to);
        let mut state = self.state.lock().unwrap();
        for device in &reached {
            state.events.push((device.clone(), event.clone()));
        }
        drop(state);
        self.changed.notify_waiters();
        reached.len()
    }

    fn meant(&self, to: &Recipient) -> Vec<DeviceId> {
        let (user, keeps): (_, &dyn Fn(&DeviceId) -> bool) = match to {
            Recipient::User(user) => (user, &|_| true),
            Recipient::Device(user, device) => (user, &move |one| one == device),
            Recipient::OtherDevices(user, device) => (user, &move |one| one != device),
        };
        let state = self.state.lock().unwrap();
        let devices = state.connected.get(user).cloned().unwrap_or_default();
        devices.into_iter().filter(|one| keeps(one)).collect()
    }
}

impl Emitter for Recorder {
    fn emit<'a>(&'a self, to: &'a Recipient, event: &'a ServerEvent) -> BoxFuture<'a, usize> {
        Box::pin(async move { self.record(to, event) })
    }

    /// Those that are not connected might be elsewhere.
    fn is_here(&self, to: &Recipient) -> bool {
        !self.meant(to).is_empty()
    }

    fn pass_here(&self, to: &Recipient, event: &ServerEvent) -> bool {
        self.record(to, event) > 0
    }

    fn devices<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Vec<DeviceId>> {
        Box::pin(async move {
            let state = self.state.lock().unwrap();
            let devices = state.connected.get(user).cloned().unwrap_or_default();
            devices.into_iter().collect()
        })
    }
}

/// A server without sockets: a store in a file of its own, a manager, people and their devices.
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) calls: Arc<CallManager>,
    pub(crate) dir: tempfile::TempDir,
}

pub(crate) async fn open_store(dir: &tempfile::TempDir) -> Arc<dyn Database> {
    let url = format!("sqlite://{}", dir.path().join("calls.db").display());
    Arc::new(SqliteStore::open(&url).await.unwrap())
}

pub(crate) async fn put_chat(store: &dyn Store, id: &str, members: &[&str]) {
    let chat = Chat {
        name: Some("Team".to_owned()),
        participants: members
            .iter()
            .map(|id| ChatMember {
                id: user(id),
                name: Some(id.to_uppercase()),
                avatar: None,
            })
            .collect(),
    };
    store.put_chat(&chat_id(id), chat).await.unwrap();
}

impl World {
    /// `chat` has alice and bob, `group` has carol and dave as well.
    pub(crate) async fn new() -> Self {
        Self::with(CallSettings::default()).await
    }

    pub(crate) async fn with(settings: CallSettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open_store(&dir).await;
        put_chat(&*store, "chat", &["alice", "bob"]).await;
        put_chat(&*store, "group", &["alice", "bob", "carol", "dave"]).await;
        Self::over(dir, store, ManualClock::new(), settings).await
    }

    /// Starts a process, and waits until it has taken up the stored calls: one that is placed before
    /// that would count as stored, and its grace would begin anew.
    async fn over(
        dir: tempfile::TempDir,
        store: Arc<dyn Store>,
        clock: ManualClock,
        settings: CallSettings,
    ) -> Self {
        let recorder = Arc::new(Recorder::default());
        let emitter: Arc<dyn Emitter> = Arc::clone(&recorder) as Arc<dyn Emitter>;
        let mut waits = clock.waits.subscribe();
        let calls = CallManager::start(
            Arc::clone(&store),
            emitter,
            Arc::new(clock.clone()),
            settings,
        );
        waits.changed().await.unwrap();
        Self {
            clock,
            recorder,
            store,
            calls,
            dir,
        }
    }

    /// Ends the process, as far as the domain can tell, and starts another on the same file.
    pub(crate) async fn restart(self, down_ms: u64) -> Self {
        self.calls.shutdown().await;
        self.store.close().await;
        self.clock.advance(down_ms);
        let store = open_store(&self.dir).await;
        Self::over(self.dir, store, self.clock, CallSettings::default()).await
    }

    /// Connects a device: `"bob/b1"`.
    pub(crate) async fn connect(&self, name: &str) -> Device<'_> {
        let device = self.device(name);
        self.recorder.plug(&device.actor.user, &device.actor.device);
        self.calls.device_connected(&device.actor).await;
        device
    }

    pub(crate) fn device(&self, name: &str) -> Device<'_> {
        let (user_id, device_id) = name.split_once('/').unwrap();
        Device {
            world: self,
            actor: Actor {
                user: user(user_id),
                device: device(device_id),
                name: None,
                avatar: None,
            },
        }
    }

    /// Returns how a stored call stands.
    pub(crate) async fn stored(&self, id: &SessionId) -> String {
        show_call(&self.store.load(id).await.unwrap().unwrap())
    }
}

/// One device of one person.
pub(crate) struct Device<'a> {
    world: &'a World,
    pub(crate) actor: Actor,
}

impl Device<'_> {
    pub(crate) async fn disconnect(&self) {
        let Actor { user, device, .. } = &self.actor;
        self.world.recorder.unplug(user, device);
        self.world.calls.device_disconnected(&self.actor).await;
    }

    /// Sends an event and returns its ack.
    pub(crate) async fn send(&self, event: impl Into<ClientEvent>) -> Result<CallAck, Failure> {
        send(&self.world.calls, &self.actor, event).await
    }

    /// Sends an event that must be refused, and returns the code.
    pub(crate) async fn refused(&self, event: impl Into<ClientEvent>) -> ErrorCode {
        self.send(event).await.unwrap_err().code
    }

    /// Places a call and returns its id.
    pub(crate) async fn call(&self, chat: &str, targets: &[&str]) -> SessionId {
        self.place(initiate(chat, targets)).await
    }

    /// Places a call in one's own words and returns its id.
    pub(crate) async fn place(&self, event: client::CallInitiate) -> SessionId {
        let ack = self.send(event).await.unwrap();
        let CallAck::Initiate(ack) = ack else {
            panic!("call:initiate was acked with {ack:?}");
        };
        ack.session_id
    }

    pub(crate) async fn accept(&self, id: &SessionId) -> CallSnapshot {
        self.enter(accept(id)).await
    }

    pub(crate) async fn resumed(&self, id: &SessionId) -> CallSnapshot {
        self.enter(resume(id)).await
    }

    async fn enter(&self, event: impl Into<ClientEvent>) -> CallSnapshot {
        let ack = self.send(event).await.unwrap();
        let CallAck::Join(ack) = ack else {
            panic!("entering a call was acked with {ack:?}");
        };
        ack.call.unwrap()
    }

    /// Returns what this device got since it was last asked.
    pub(crate) fn got(&self) -> Vec<String> {
        self.world.recorder.take(&self.actor.device)
    }

    pub(crate) fn got_events(&self) -> Vec<ServerEvent> {
        self.world.recorder.take_events(&self.actor.device)
    }

    pub(crate) async fn until(&self, shown: &str) -> Vec<String> {
        self.world.recorder.until(&self.actor.device, shown).await
    }
}

/// Sends an event as the edge does: a signal that has to wait for nothing is passed on at once.
pub(crate) async fn send(
    calls: &CallManager,
    actor: &Actor,
    event: impl Into<ClientEvent>,
) -> Result<CallAck, Failure> {
    let event = match Signal::of(event.into()) {
        Ok(signal) => match Calls::pass_now(calls, actor, signal) {
            Ok(passed) => return passed.map(|()| CallAck::Empty(Empty {})),
            Err(signal) => signal.into(),
        },
        Err(event) => event,
    };
    let acked = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&acked);
    let reply: Reply = Box::new(move |ack| {
        let earlier = slot.lock().unwrap().replace(ack);
        assert_eq!(earlier, None, "an event is acked once");
    });
    calls.handle(actor, event, reply).await;
    let ack = acked.lock().unwrap().take();
    ack.expect("every event is acked")
}

pub(crate) fn initiate(chat: &str, targets: &[&str]) -> client::CallInitiate {
    client::CallInitiate {
        chat_id: chat_id(chat),
        call_type: CallType::Voice,
        target_user_ids: (!targets.is_empty()).then(|| targets.iter().map(|id| user(id)).collect()),
        offer: None,
        request_id: None,
        preconnect: false,
    }
}

pub(crate) fn accept(id: &SessionId) -> client::CallAccept {
    client::CallAccept {
        session_id: id.clone(),
        chat_id: None,
        answer: None,
    }
}

pub(crate) fn reject(id: &SessionId) -> client::CallReject {
    client::CallReject {
        session_id: id.clone(),
        chat_id: None,
        reason: None,
    }
}

pub(crate) fn end(id: &SessionId) -> client::CallEnd {
    client::CallEnd {
        session_id: id.clone(),
        chat_id: None,
        reason: None,
    }
}

pub(crate) fn leave(id: &SessionId) -> client::CallLeave {
    client::CallLeave {
        session_id: id.clone(),
        chat_id: None,
    }
}

pub(crate) fn join(id: &SessionId) -> client::CallJoin {
    client::CallJoin {
        session_id: id.clone(),
        chat_id: None,
    }
}

pub(crate) fn resume(id: &SessionId) -> client::CallResume {
    client::CallResume {
        session_id: id.clone(),
        fresh: false,
    }
}

pub(crate) fn state_of<'a>(session: &'a CallSession, id: &str) -> &'a ParticipantState {
    &session.participant(&user(id)).unwrap().state
}
