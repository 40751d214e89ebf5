//! Two clients, a server in miniature, and peer connections that only pretend: in virtual time.

use ringback_protocol::client as said;
use ringback_protocol::server::{self as wire};

use super::*;
use crate::core::Settled;
use crate::core::error::ClientError;
use crate::core::ids::Generation;
use crate::core::view::CallState;

/// How long a message takes to or from the server, in milliseconds.
const HOP_MS: u64 = 20;
/// How long a peer connection takes for one command, in milliseconds.
const PEER_MS: u64 = 3;
/// How long the microphone takes to open, in milliseconds.
const MICROPHONE_MS: u64 = 30;

const ALICE: usize = 0;
const BOB: usize = 1;
const NAMES: [&str; 2] = ["alice", "bob"];
const DEVICES: [&str; 2] = ["a1", "b1"];

/// Which server stands between the two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ringback,
    Reference,
}

/// A peer connection that pretends.
struct Pretend {
    side: usize,
    link: LinkId,
    origin: String,
    generation: u32,
    local: Option<String>,
    remote: Option<String>,
    has_candidate: bool,
    state: ConnectionState,
    sends: bool,
    plays: bool,
}

/// Something on its way.
struct Travelling {
    at: u64,
    order: u64,
    what: What,
}

enum What {
    To(usize, Input),
    FromClient(usize, ClientEvent, Option<AckId>),
}

/// The one call that the server knows.
struct Served {
    name: String,
    caller: usize,
    joined: [bool; 2],
}

struct World {
    kind: Kind,
    now: u64,
    order: u64,
    queue: Vec<Travelling>,
    clients: [Client; 2],
    online: [bool; 2],
    microphones: [Option<MediaId>; 2],
    peers: Vec<Pretend>,
    served: Option<Served>,
    calls: u32,
    requests: u32,
    settled: Vec<(RequestId, Result<Settled, ClientError>)>,
    told: [Vec<Notification>; 2],
    relayed: Vec<&'static str>,
    /// Whether the path between the two carries media.
    path: bool,
}

impl World {
    fn new(kind: Kind) -> Self {
        let client = |seed| {
            Client::new(ClientOptions {
                fast_setup: true,
                preconnect: Preconnect::Never,
                user_id: None,
                supplied_microphone: false,
                kept: None,
                audio_bitrate: None,
                video_bitrate: None,
                seed,
            })
        };
        let mut world = Self {
            kind,
            now: 0,
            order: 0,
            queue: Vec::new(),
            clients: [client(1), client(2)],
            online: [true; 2],
            microphones: [None; 2],
            peers: Vec::new(),
            served: None,
            calls: 0,
            requests: 0,
            settled: Vec::new(),
            told: [Vec::new(), Vec::new()],
            relayed: Vec::new(),
            path: true,
        };
        for side in [ALICE, BOB] {
            world.give(side, Input::Signaling(SignalingInput::Connected));
            world.give(
                side,
                Input::Device(DeviceInput::Permission(Permission::Granted)),
            );
        }
        world.run(1_000);
        world
    }

    fn send(&mut self, after_ms: u64, what: What) {
        self.order += 1;
        self.queue.push(Travelling {
            at: self.now + after_ms,
            order: self.order,
            what,
        });
    }

    fn ask(&mut self, side: usize, command: Command) -> RequestId {
        self.requests += 1;
        let id = RequestId(self.requests);
        self.give(side, Input::App(Request { id, command }));
        id
    }

    fn dial(&mut self, side: usize) -> RequestId {
        let other = user(NAMES[1 - side]);
        self.ask(
            side,
            Command::Initiate {
                chat_id: chat(),
                call_type: CallType::Voice,
                targets: Some(vec![other]),
                video: None,
            },
        )
    }

    /// Hands an input to a client and performs what it asks for.
    fn give(&mut self, side: usize, input: Input) {
        let outputs = self.clients[side].handle(Instant(self.now), input);
        for output in outputs {
            self.perform(side, output);
        }
    }

    fn perform(&mut self, side: usize, output: Output) {
        match output {
            Output::Emit(event, ack) => {
                assert!(
                    self.online[side],
                    "{} emitted without a socket",
                    event.name()
                );
                self.send(HOP_MS, What::FromClient(side, event, ack));
            }
            Output::Reconnect => {}
            Output::Peer(link, command) => self.command(side, link, command),
            Output::Media(MediaCommand::Open(MediaKind::Microphone, id, _)) => {
                self.microphones[side] = Some(id);
                let opened = Input::Device(DeviceInput::Opened(MediaKind::Microphone, id));
                self.send(MICROPHONE_MS, What::To(side, opened));
            }
            Output::Media(MediaCommand::Close(MediaKind::Microphone)) => {
                self.microphones[side] = None;
            }
            Output::Media(_) => {}
            Output::Settle(id, result) => self.settled.push((id, result)),
            Output::Notify(notification) => self.told[side].push(notification),
        }
    }

    /// Runs until nothing is due any more within that time.
    fn run(&mut self, ms: u64) {
        let until = self.now + ms;
        loop {
            let message = self.queue.iter().map(|message| message.at).min();
            let timers = self
                .clients
                .iter()
                .filter_map(|client| client.next_deadline());
            let next = timers.map(|at| at.0).chain(message).min();
            let Some(next) = next.filter(|next| *next <= until) else {
                break;
            };
            self.now = self.now.max(next);
            self.step();
        }
        self.now = until;
    }

    fn step(&mut self) {
        let due = self.queue.iter().filter(|message| message.at <= self.now);
        let first = due.map(|message| (message.at, message.order)).min();
        if let Some((_, order)) = first {
            let position = self.queue.iter().position(|message| message.order == order);
            let message = self.queue.remove(position.unwrap());
            match message.what {
                What::To(side, input) => self.arrive(side, input),
                What::FromClient(side, event, ack) => self.serve(side, event, ack),
            }
            return;
        }
        for side in [ALICE, BOB] {
            if self.clients[side]
                .next_deadline()
                .is_some_and(|at| at.0 <= self.now)
            {
                self.give(side, Input::Timeout);
            }
        }
    }

    fn arrive(&mut self, side: usize, input: Input) {
        match &input {
            Input::Signaling(SignalingInput::Event(_) | SignalingInput::Ack(..))
                if !self.online[side] => {}
            _ => self.give(side, input),
        }
    }

    // The peer connections.

    fn command(&mut self, side: usize, link: LinkId, command: PeerCommand) {
        match command {
            PeerCommand::Create { .. } => self.peers.push(Pretend {
                side,
                link,
                origin: format!("{}{}", NAMES[side], link.0),
                generation: 0,
                local: None,
                remote: None,
                has_candidate: false,
                state: ConnectionState::New,
                sends: false,
                plays: false,
            }),
            PeerCommand::Close => self
                .peers
                .retain(|peer| (peer.side, peer.link) != (side, link)),
            PeerCommand::SampleStats => {}
            command => {
                if let Some(at) = self
                    .peers
                    .iter()
                    .position(|peer| (peer.side, peer.link) == (side, link))
                {
                    let reports = self.peers[at].obey(command);
                    for report in reports {
                        self.send(PEER_MS, What::To(side, Input::Peer(link, report)));
                    }
                }
            }
        }
        self.connect();
    }

    /// Connects the pairs whose descriptions fit, and disconnects those whose path is cut.
    fn connect(&mut self) {
        let mut changes = Vec::new();
        for at in 0..self.peers.len() {
            let peer = &self.peers[at];
            let other = self.peers.iter().find(|other| {
                other.side != peer.side
                    && other.local.is_some()
                    && other.local == peer.remote
                    && other.remote == peer.local
                    && other.has_candidate
                    && peer.has_candidate
            });
            let state = match (other.is_some() && self.path, peer.state) {
                (true, _) => ConnectionState::Connected,
                (false, ConnectionState::Connected) if !self.path => ConnectionState::Disconnected,
                (false, state) => state,
            };
            if state != peer.state {
                changes.push((at, state));
            }
        }
        for (at, state) in changes {
            self.peers[at].state = state;
            let (side, link) = (self.peers[at].side, self.peers[at].link);
            let report = PeerInput::ConnectionState(state);
            self.send(PEER_MS, What::To(side, Input::Peer(link, report)));
        }
    }

    fn cut(&mut self) {
        self.path = false;
        self.connect();
    }

    /// The path is back; a connection whose candidates are of the old path does not find it.
    fn lay_anew(&mut self) {
        self.path = true;
        for peer in &mut self.peers {
            peer.has_candidate = false;
            peer.state = ConnectionState::Disconnected;
        }
    }

    // The server.

    fn emit(&mut self, side: usize, event: ServerEvent) {
        if self.online[side] {
            self.send(
                HOP_MS,
                What::To(side, Input::Signaling(SignalingInput::Event(event))),
            );
        }
    }

    fn ack(&mut self, side: usize, ack: Option<AckId>, body: Result<AckBody, AckFailure>) {
        if let Some(ack) = ack {
            self.send(
                HOP_MS,
                What::To(side, Input::Signaling(SignalingInput::Ack(ack, body))),
            );
        }
    }

    fn serve(&mut self, side: usize, event: ClientEvent, ack: Option<AckId>) {
        if !self.online[side] {
            return;
        }
        let other = 1 - side;
        match event {
            ClientEvent::WebrtcConfigGet(_) => {
                let body = match self.kind {
                    Kind::Ringback => config(NAMES[side], DEVICES[side]),
                    Kind::Reference => reference_config(),
                };
                self.ack(side, ack, Ok(AckBody::Config(body)));
            }
            ClientEvent::CallInitiate(event) => self.initiate(side, event, ack),
            ClientEvent::CallAccept(event) => self.accept(side, event, ack),
            ClientEvent::CallReject(event) => self.reject(side, event, ack),
            ClientEvent::CallEnd(event) => {
                self.end(side, event.reason.unwrap_or(EndReason::Completed), ack);
            }
            ClientEvent::CallLeave(_) => self.end(side, EndReason::Completed, ack),
            ClientEvent::CallResume(_) => match &self.served {
                Some(_) => self.ack(side, ack, Ok(AckBody::Join(JoinAck { call: None }))),
                None => {
                    let gone = AckFailure {
                        code: Some(ringback_protocol::ErrorCode::CallEnded),
                        message: String::new(),
                        retry_after_ms: None,
                    };
                    self.ack(side, ack, Err(gone));
                }
            },
            ClientEvent::CallToggleAudio(event) => {
                self.relayed.push("call:toggle-audio");
                let toggle = wire::CallParticipantAudioToggle {
                    session_id: event.session_id,
                    user_id: user(NAMES[side]),
                    muted: event.muted,
                };
                self.emit(other, ServerEvent::CallParticipantAudioToggle(toggle));
            }
            ClientEvent::WebrtcOffer(_)
            | ClientEvent::WebrtcAnswer(_)
            | ClientEvent::WebrtcIceCandidate(_) => self.relay(side, event),
            ClientEvent::CallQuality(_)
            | ClientEvent::CallToggleVideo(_)
            | ClientEvent::CallJoin(_)
            | ClientEvent::CallInvite(_)
            | ClientEvent::CallSync(_)
            | ClientEvent::AuthRefresh(_) => {}
        }
    }

    fn initiate(&mut self, side: usize, event: said::CallInitiate, ack: Option<AckId>) {
        let other = 1 - side;
        if let Some(served) = &mut self.served
            && served.caller == other
        {
            // Both dialled at once.
            served.joined = [true; 2];
            let name = served.name.clone();
            let body = InitiateAck {
                session_id: session(&name),
                target_user_ids: vec![user(NAMES[other])],
                joined: true,
                call: None,
            };
            self.ack(side, ack, Ok(AckBody::Initiate(body)));
            self.tell_accepted(side, None);
            return;
        }
        self.calls += 1;
        let name = format!("s{}", self.calls);
        self.served = Some(Served {
            name: name.clone(),
            caller: side,
            joined: [side == ALICE, side == BOB],
        });
        self.ack(
            side,
            ack,
            Ok(AckBody::Initiate(InitiateAck {
                session_id: session(&name),
                target_user_ids: Vec::new(),
                joined: false,
                call: None,
            })),
        );
        let is_ours = self.kind == Kind::Ringback;
        self.emit(
            other,
            ServerEvent::CallIncoming(wire::CallIncoming {
                session_id: session(&name),
                chat_id: chat(),
                call_type: CallType::Voice,
                caller_id: user(NAMES[side]),
                caller_name: NAMES[side].to_owned(),
                caller_avatar: None,
                caller_device_id: is_ours.then(|| device(DEVICES[side])),
                target_user_ids: Vec::new(),
                offer: event.offer.filter(|_| is_ours),
                ring_timeout_ms: None,
                preconnect: false,
            }),
        );
        self.emit(
            side,
            ServerEvent::CallRinging(wire::CallRinging {
                session_id: session(&name),
                chat_id: chat(),
                target_user_ids: vec![user(NAMES[other])],
            }),
        );
    }

    fn accept(&mut self, side: usize, event: said::CallAccept, ack: Option<AckId>) {
        let Some(served) = &mut self.served else {
            let gone = AckFailure {
                code: Some(ringback_protocol::ErrorCode::CallEnded),
                message: String::new(),
                retry_after_ms: None,
            };
            return self.ack(side, ack, Err(gone));
        };
        served.joined[side] = true;
        self.ack(side, ack, Ok(AckBody::Join(JoinAck { call: None })));
        self.tell_accepted(side, event.answer);
    }

    fn tell_accepted(&mut self, side: usize, early: Option<SessionDescription>) {
        let Some(served) = &self.served else { return };
        let (name, caller) = (session(&served.name), served.caller);
        let is_ours = self.kind == Kind::Ringback;
        self.emit(
            caller,
            ServerEvent::CallAccepted(wire::CallAccepted {
                session_id: name.clone(),
                chat_id: chat(),
                accepted_by: user(NAMES[side]),
                device_id: is_ours.then(|| device(DEVICES[side])),
                answer: early.filter(|_| is_ours),
            }),
        );
        self.emit(
            caller,
            ServerEvent::CallParticipantJoined(wire::CallParticipantJoined {
                session_id: name,
                chat_id: chat(),
                user_id: user(NAMES[side]),
                device_id: is_ours.then(|| device(DEVICES[side])),
            }),
        );
    }

    fn reject(&mut self, side: usize, event: said::CallReject, ack: Option<AckId>) {
        self.ack(side, ack, Ok(AckBody::Empty));
        let reason = event.reason.unwrap_or(EndReason::Declined);
        self.emit(
            1 - side,
            ServerEvent::CallRejected(wire::CallRejected {
                session_id: event.session_id,
                chat_id: chat(),
                rejected_by: user(NAMES[side]),
                reason: reason.clone(),
            }),
        );
        self.end(side, reason, None);
    }

    fn end(&mut self, side: usize, reason: EndReason, ack: Option<AckId>) {
        self.ack(side, ack, Ok(AckBody::Empty));
        let Some(served) = self.served.take() else {
            return;
        };
        for to in [ALICE, BOB] {
            self.emit(
                to,
                ServerEvent::CallEnded(wire::CallEnded {
                    session_id: session(&served.name),
                    chat_id: chat(),
                    ended_by: user(NAMES[side]),
                    reason: reason.clone(),
                }),
            );
        }
    }

    fn relay(&mut self, side: usize, event: ClientEvent) {
        assert!(self.served.is_some(), "{} after the end", event.name());
        self.relayed.push(event.name());
        let from_user_id = user(NAMES[side]);
        let from_device_id = (self.kind == Kind::Ringback).then(|| device(DEVICES[side]));
        let chat_id = Some(chat());
        let event = match event {
            ClientEvent::WebrtcOffer(event) => ServerEvent::WebrtcOffer(wire::WebrtcOffer {
                session_id: event.session_id,
                offer: event.offer,
                chat_id,
                from_user_id,
                from_device_id,
            }),
            ClientEvent::WebrtcAnswer(event) => ServerEvent::WebrtcAnswer(wire::WebrtcAnswer {
                session_id: event.session_id,
                answer: event.answer,
                chat_id,
                from_user_id,
                from_device_id,
            }),
            ClientEvent::WebrtcIceCandidate(event) => {
                ServerEvent::WebrtcIceCandidate(wire::WebrtcIceCandidate {
                    session_id: event.session_id,
                    candidate: event.candidate,
                    chat_id,
                    from_user_id,
                    from_device_id,
                })
            }
            _ => return,
        };
        self.emit(1 - side, event);
    }

    // What the tests look at.

    fn states(&self) -> [CallState; 2] {
        [self.clients[ALICE].state(), self.clients[BOB].state()]
    }

    fn resolved(&self, id: RequestId) -> bool {
        self.settled
            .iter()
            .any(|(other, result)| *other == id && result.is_ok())
    }

    fn count(&self, name: &str) -> usize {
        self.relayed.iter().filter(|other| **other == name).count()
    }

    fn ends_told(&self, side: usize) -> usize {
        let told = self.told[side].iter();
        told.filter(|notification| matches!(notification, Notification::Ended { .. }))
            .count()
    }

    /// Alice calls bob, who answers.
    fn connected(kind: Kind) -> Self {
        let mut world = Self::new(kind);
        world.dial(ALICE);
        world.run(1_000);
        world.ask(BOB, Command::Accept(None, None));
        world.run(1_000);
        assert_eq!(world.states(), [CallState::Connected; 2]);
        world
    }

    fn assert_all_is_let_go(&self) {
        assert_eq!(self.peers.len(), 0);
        assert_eq!(self.microphones, [None, None]);
    }
}

impl Pretend {
    fn obey(&mut self, command: PeerCommand) -> Vec<PeerInput> {
        match command {
            PeerCommand::CreateOffer {
                generation,
                ice_restart,
            } => {
                if ice_restart || self.local.is_none() {
                    self.generation += 1;
                }
                self.has_candidate = false;
                self.described(generation, SdpType::Offer, PeerInput::OfferCreated)
            }
            PeerCommand::CreateAnswer(generation) => {
                self.generation += 1;
                self.described(generation, SdpType::Answer, PeerInput::AnswerCreated)
            }
            PeerCommand::ApplyOffer(generation, offer) => {
                self.has_candidate = false;
                self.remote = fragment(&offer);
                vec![PeerInput::OfferApplied(generation)]
            }
            PeerCommand::ApplyAnswer(generation, answer) => {
                self.remote = fragment(&answer);
                vec![PeerInput::AnswerApplied(generation)]
            }
            PeerCommand::AddCandidate(candidate) => {
                let is_current = candidate.username_fragment.as_deref() == self.remote.as_deref();
                assert!(is_current, "a candidate of another generation was added");
                self.has_candidate = true;
                Vec::new()
            }
            PeerCommand::SendMedia
            | PeerCommand::ShowVideo(_)
            | PeerCommand::LimitVideo(_)
            | PeerCommand::ReadLevel => {
                self.sends = true;
                Vec::new()
            }
            PeerCommand::Play => {
                self.plays = true;
                Vec::new()
            }
            PeerCommand::Create { .. }
            | PeerCommand::Reconfigure(_)
            | PeerCommand::SampleStats
            | PeerCommand::Close => Vec::new(),
        }
    }

    fn described(
        &mut self,
        generation: Generation,
        kind: SdpType,
        done: fn(Generation, SessionDescription) -> PeerInput,
    ) -> Vec<PeerInput> {
        let ufrag = format!("{}-{}", self.origin, self.generation);
        self.local = Some(ufrag.clone());
        let description = sdp(kind, &self.origin, &ufrag);
        vec![
            done(generation, description),
            PeerInput::CandidateFound(candidate(&ufrag)),
        ]
    }
}

fn fragment(description: &SessionDescription) -> Option<String> {
    crate::core::sdp::ufrags(&description.sdp)
        .first()
        .map(|ufrag| ufrag.to_string())
}

#[test]
fn a_call_is_set_up_fast_from_end_to_end() {
    let mut world = World::new(Kind::Ringback);
    let dialled = world.dial(ALICE);
    world.run(500);
    assert_eq!(world.states(), [CallState::Outgoing, CallState::Incoming]);
    assert!(world.resolved(dialled));
    let accepted_at = world.now;
    let accept = world.ask(BOB, Command::Accept(None, None));
    while world.states() != [CallState::Connected; 2] {
        world.run(1);
        assert!(world.now - accepted_at < 1_000);
    }
    // One way to the server and one to the caller, the answer applied, one candidate there.
    assert!(world.now - accepted_at <= 2 * HOP_MS + 4 * PEER_MS + 2 * HOP_MS);
    world.run(500);
    assert!(world.resolved(accept));
    assert_eq!(world.count("webrtc:offer"), 0);
    assert_eq!(world.count("webrtc:answer"), 0);
    assert!(world.peers.iter().all(|peer| peer.sends && peer.plays));
}

#[test]
fn a_call_is_set_up_as_in_the_reference_from_end_to_end() {
    let world = World::connected(Kind::Reference);
    assert_eq!(world.count("webrtc:offer"), 1);
    assert_eq!(world.count("webrtc:answer"), 1);
    assert!(world.peers.iter().all(|peer| peer.sends && peer.plays));
}

#[test]
fn muting_reaches_the_other_side_and_hanging_up_ends_both() {
    for kind in [Kind::Ringback, Kind::Reference] {
        for hangs_up in [ALICE, BOB] {
            let mut world = World::connected(kind);
            world.ask(ALICE, Command::SetMuted(true));
            world.run(500);
            let seen = world.clients[BOB].call().unwrap().participants.clone();
            assert!(seen.first().is_some_and(|alice| alice.muted));
            let end = world.ask(hangs_up, Command::End(None));
            world.run(500);
            assert!(world.resolved(end));
            assert_eq!(world.states(), [CallState::Ended; 2]);
            assert_eq!([world.ends_told(ALICE), world.ends_told(BOB)], [1, 1]);
            world.assert_all_is_let_go();
        }
    }
}

#[test]
fn a_rejected_call_ends_on_both_sides() {
    let mut world = World::new(Kind::Ringback);
    world.dial(ALICE);
    world.run(500);
    world.ask(BOB, Command::Reject(None, Some(EndReason::Busy)));
    world.run(500);
    assert_eq!(world.states(), [CallState::Ended; 2]);
    assert_eq!([world.ends_told(ALICE), world.ends_told(BOB)], [1, 1]);
    world.assert_all_is_let_go();
}

#[test]
fn two_people_who_dial_each_other_end_up_in_one_call() {
    // How much later bob dials: before, while and after alice's call reaches the server.
    for delay_ms in [0, 5, 20, 40, 55, 60, 70] {
        let mut world = World::new(Kind::Ringback);
        let alice = world.dial(ALICE);
        world.run(delay_ms);
        if world.clients[BOB].state() == CallState::Incoming {
            continue;
        }
        let bob = world.dial(BOB);
        world.run(2_000);
        assert_eq!(
            world.states(),
            [CallState::Connected; 2],
            "{delay_ms} ms later"
        );
        assert!(world.resolved(alice) && world.resolved(bob));
        assert_eq!(world.peers.len(), 2);
        assert_eq!(world.calls, 1);
    }
}

#[test]
fn both_who_dial_at_once_are_connected_as_soon_as_if_one_had_accepted_at_once() {
    let mut world = World::new(Kind::Ringback);
    world.dial(ALICE);
    world.dial(BOB);
    let dialled_at = world.now;
    while world.states() != [CallState::Connected; 2] {
        world.run(1);
        assert!(world.now - dialled_at < 1_000);
    }
    // The call there, the answer back, and one candidate; the peer connections meanwhile.
    let took_ms = world.now - dialled_at;
    assert!(took_ms <= 5 * HOP_MS + 8 * PEER_MS, "{took_ms} ms");
}

#[test]
fn a_path_that_changes_is_found_anew_although_both_sides_restart_at_once() {
    let mut world = World::connected(Kind::Ringback);
    world.cut();
    world.run(500);
    world.lay_anew();
    for side in [ALICE, BOB] {
        world.give(side, Input::Device(DeviceInput::NetworkChanged));
    }
    world.run(3_000);
    assert_eq!(world.states(), [CallState::Connected; 2]);
    assert_eq!(world.peers.len(), 2);
}

#[test]
fn a_path_that_is_gone_for_a_while_comes_back_by_itself() {
    let mut world = World::connected(Kind::Ringback);
    world.cut();
    world.run(7_000);
    assert_eq!(world.states(), [CallState::Reconnecting; 2]);
    world.lay_anew();
    world.run(15_000);
    assert_eq!(world.states(), [CallState::Connected; 2]);
}

#[test]
fn a_path_that_stays_away_ends_the_call_on_both_sides() {
    let mut world = World::connected(Kind::Ringback);
    world.cut();
    world.run(40_000);
    assert_eq!(world.states(), [CallState::Ended; 2]);
    world.assert_all_is_let_go();
}

#[test]
fn socket_and_path_may_go_together_and_come_back_together() {
    let mut world = World::connected(Kind::Ringback);
    world.online[ALICE] = false;
    world.give(ALICE, Input::Signaling(SignalingInput::Disconnected));
    world.cut();
    world.run(6_000);
    world.lay_anew();
    world.online[ALICE] = true;
    world.give(ALICE, Input::Signaling(SignalingInput::Connected));
    world.run(15_000);
    assert_eq!(world.states(), [CallState::Connected; 2]);
}

#[test]
fn a_hang_up_without_the_socket_ends_the_call_for_both_once_it_is_back() {
    let mut world = World::connected(Kind::Ringback);
    world.online[BOB] = false;
    world.give(BOB, Input::Signaling(SignalingInput::Disconnected));
    world.ask(BOB, Command::End(None));
    world.run(2_000);
    assert_eq!(world.states(), [CallState::Connected, CallState::Ended]);
    world.online[BOB] = true;
    world.give(BOB, Input::Signaling(SignalingInput::Connected));
    world.run(500);
    assert_eq!(world.states(), [CallState::Ended; 2]);
    world.assert_all_is_let_go();
}

#[test]
fn one_call_after_the_other_works_like_the_first() {
    let mut world = World::new(Kind::Ringback);
    for round in 1..=5 {
        let (from, to) = if round % 2 == 0 {
            (ALICE, BOB)
        } else {
            (BOB, ALICE)
        };
        world.dial(from);
        world.run(500);
        world.ask(to, Command::Accept(None, None));
        world.run(500);
        assert_eq!(world.states(), [CallState::Connected; 2], "round {round}");
        world.ask(to, Command::End(None));
        world.run(500);
        assert_eq!(
            [world.ends_told(ALICE), world.ends_told(BOB)],
            [round, round]
        );
        world.assert_all_is_let_go();
    }
}
