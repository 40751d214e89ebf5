//! Whatever happens in whatever order: nothing panics, nothing stays open, nobody is kept waiting.

use std::collections::BTreeSet;

use ringback_protocol::{CallStatus, ErrorCode, ParticipantStatus, StateAck};

use super::*;
use crate::core::ids::Generation;
use crate::core::quality::StatsSample;
use crate::core::view::CallState;
use crate::core::{CaptureError, KeptCall};

/// A linear congruential generator (Knuth's MMIX constants): the same sequence for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        let sides = u32::try_from(choices.len()).unwrap();
        choices[self.roll(sides) as usize].clone()
    }

    fn name(&mut self) -> &'static str {
        self.pick(&["s1", "s1", "s1", "s2"])
    }

    fn person(&mut self) -> UserId {
        user(self.pick(&["bob", "bob", "bob", "carol", "alice"]))
    }

    fn machine(&mut self) -> Option<DeviceId> {
        self.pick(&[None, Some("b1"), Some("b1"), Some("b2"), Some("a1")])
            .map(device)
    }

    fn ufrag(&mut self) -> &'static str {
        self.pick(&["u1", "u2", "u3"])
    }

    fn reason(&mut self) -> EndReason {
        self.pick(&[EndReason::Completed, EndReason::Busy, EndReason::Replaced])
    }
}

/// What a client has open and owes, by its outputs.
#[derive(Default)]
struct Ledger {
    links: BTreeSet<LinkId>,
    /// The attempts to open a device that are under way, the newest of each kind.
    opening: Vec<(MediaKind, MediaId)>,
    /// What is open.
    open: Vec<MediaKind>,
    attempts: BTreeSet<MediaId>,
    owed: BTreeSet<RequestId>,
    acks: Vec<AckId>,
    last: Option<CallState>,
    /// What a world that works would answer.
    kind_answers: Vec<Input>,
    /// Where the client has been.
    seen: BTreeSet<&'static str>,
}

impl Ledger {
    fn enter(&mut self, outputs: &[Output]) {
        for output in outputs {
            self.kind_answers.extend(kind_answer(output));
            match output {
                Output::Emit(_, ack) => self.acks.extend(ack),
                Output::Peer(link, PeerCommand::Create { .. }) => {
                    assert!(self.links.insert(*link), "a link was made twice");
                }
                Output::Peer(link, PeerCommand::Close) => {
                    assert!(
                        self.links.remove(link),
                        "a link was closed that was not open"
                    );
                }
                Output::Peer(link, _) => assert!(self.links.contains(link), "{output:?}"),
                Output::Media(MediaCommand::Open(kind, id, _)) => {
                    assert!(self.attempts.insert(*id), "an attempt was made twice");
                    self.opening.retain(|(other, _)| other != kind);
                    self.opening.push((*kind, *id));
                }
                Output::Media(MediaCommand::Close(kind)) => {
                    self.opening.retain(|(other, _)| other != kind);
                    self.open.retain(|other| other != kind);
                }
                Output::Media(_) => {}
                Output::Settle(id, _) => {
                    assert!(
                        self.owed.remove(id),
                        "a promise was settled that was not open"
                    );
                }
                Output::Notify(Notification::State { state, previous }) => {
                    assert_eq!(self.last.unwrap_or(CallState::Idle), *previous);
                    self.last = Some(*state);
                }
                Output::Notify(_) | Output::Reconnect => {}
            }
        }
    }
}

impl Ledger {
    /// What the browser reports changes what is open, too.
    fn observe(&mut self, input: &Input) {
        match input {
            Input::Device(DeviceInput::Opened(kind, id)) if self.settle(*kind, *id) => {
                self.open.retain(|other| other != kind);
                self.open.push(*kind);
            }
            Input::Device(DeviceInput::Failed(kind, id, ..)) => {
                self.settle(*kind, *id);
            }
            _ => {}
        }
    }

    fn settle(&mut self, kind: MediaKind, id: MediaId) -> bool {
        let before = self.opening.len();
        self.opening.retain(|attempt| *attempt != (kind, id));
        self.opening.len() < before
    }

    fn assert_no_device_is_open(&self) {
        assert_eq!(self.opening, [], "a device is being opened without a call");
        assert_eq!(self.open, [], "a device is open without a call");
    }
}

/// Returns what a world that works answers to an output.
fn kind_answer(output: &Output) -> Option<Input> {
    let ack = |id: &AckId, body| Input::Signaling(SignalingInput::Ack(*id, Ok(body)));
    let join = || AckBody::Join(JoinAck { call: None });
    match output {
        Output::Emit(ClientEvent::WebrtcConfigGet(_), Some(id)) => {
            Some(ack(id, AckBody::Config(config("alice", "a1"))))
        }
        Output::Emit(ClientEvent::CallInitiate(_), Some(id)) => {
            Some(ack(id, Rig::initiate_ack("s1")))
        }
        Output::Emit(_, Some(id)) => Some(ack(id, join())),
        Output::Emit(_, None) | Output::Reconnect => None,
        Output::Peer(link, command) => {
            kind_report(command).map(|report| Input::Peer(*link, report))
        }
        Output::Media(MediaCommand::Open(kind, id, _)) => {
            Some(Input::Device(DeviceInput::Opened(*kind, *id)))
        }
        Output::Media(_) | Output::Settle(..) => None,
        Output::Notify(Notification::State {
            state: CallState::Outgoing,
            ..
        }) => Some(event(accepted("s1", Some(answer("b", "u1"))))),
        Output::Notify(_) => None,
    }
}

fn kind_report(command: &PeerCommand) -> Option<PeerInput> {
    match command {
        PeerCommand::CreateOffer { generation, .. } => {
            Some(PeerInput::OfferCreated(*generation, offer("a", "u1")))
        }
        PeerCommand::ApplyOffer(generation, _) => Some(PeerInput::OfferApplied(*generation)),
        PeerCommand::CreateAnswer(generation) => {
            Some(PeerInput::AnswerCreated(*generation, answer("a", "u1")))
        }
        PeerCommand::ApplyAnswer(generation, _) => Some(PeerInput::AnswerApplied(*generation)),
        PeerCommand::Play => Some(PeerInput::ConnectionState(ConnectionState::Connected)),
        PeerCommand::Create { .. }
        | PeerCommand::AddCandidate(_)
        | PeerCommand::SendMedia
        | PeerCommand::ShowVideo(_)
        | PeerCommand::LimitVideo(_)
        | PeerCommand::ReadLevel
        | PeerCommand::Reconfigure(_)
        | PeerCommand::SampleStats
        | PeerCommand::Close => None,
    }
}

fn preconnecting(ahead: bool, mut event: ServerEvent) -> ServerEvent {
    if let ServerEvent::CallIncoming(incoming) = &mut event {
        incoming.preconnect = ahead;
    }
    event
}

fn event(event: ServerEvent) -> Input {
    Input::Signaling(SignalingInput::Event(event))
}

fn command(dice: &mut Dice) -> Command {
    match dice.roll(24) {
        0 | 1 => Command::Initiate {
            chat_id: chat(),
            call_type: CallType::Voice,
            targets: dice.pick(&[
                None,
                Some(vec![user("bob")]),
                Some(vec![user("bob")]),
                Some(vec![user("bob"), user("carol")]),
            ]),
            video: dice.pick(&[None, Some(true)]),
        },
        2 | 3 => Command::Accept(
            dice.pick(&[None, Some(session("s2"))]),
            dice.pick(&[None, Some(true)]),
        ),
        4 => Command::Reject(None, None),
        5 => Command::End(None),
        6 => Command::Leave,
        7 => Command::Join(session(dice.name()), dice.roll(2) == 0),
        8 => Command::Invite(vec![dice.person()]),
        9 => Command::LiveCalls,
        10 => Command::SetCamera(dice.pick(&[None, Some(true), Some(false)])),
        11 => Command::SetScreen(dice.pick(&[None, Some(true), Some(false)])),
        12 => Command::SetDevice(media_kind(dice), dice.pick(&[None, Some("usb".into())])),
        13 => Command::SetSpeaker(dice.pick(&[None, Some("usb".into())])),
        14 => Command::SetPushToTalk(dice.roll(2) == 0),
        15 => Command::Talk(dice.roll(2) == 0),
        _ => Command::SetMuted(dice.roll(2) == 0),
    }
}

fn media_kind(dice: &mut Dice) -> MediaKind {
    dice.pick(&[
        MediaKind::Microphone,
        MediaKind::Microphone,
        MediaKind::Camera,
        MediaKind::Screen,
    ])
}

fn capture_input(dice: &mut Dice) -> DeviceInput {
    let id = MediaId(dice.roll(6));
    let kind = media_kind(dice);
    match dice.roll(6) {
        0..=2 => DeviceInput::Opened(kind, id),
        3 => DeviceInput::Failed(kind, id, CaptureError::InUse, String::new()),
        4 => DeviceInput::Failed(kind, id, CaptureError::NotFound, String::new()),
        _ => DeviceInput::Ended(kind, id),
    }
}

fn device_input(dice: &mut Dice) -> DeviceInput {
    match dice.roll(11) {
        0 => DeviceInput::Permission(dice.pick(&[
            Permission::Granted,
            Permission::Denied,
            Permission::Prompt,
        ])),
        1 => DeviceInput::NetworkChanged,
        2 => DeviceInput::PlaybackBlocked(LinkId(dice.roll(4))),
        3 => DeviceInput::DevicesChanged,
        4 => DeviceInput::Interrupted(media_kind(dice), MediaId(dice.roll(6)), dice.roll(2) == 0),
        _ => capture_input(dice),
    }
}

fn peer_input(dice: &mut Dice) -> PeerInput {
    let generation = Generation(dice.roll(5));
    let ufrag = dice.ufrag();
    match dice.roll(12) {
        0 | 1 => PeerInput::OfferCreated(generation, offer("a", ufrag)),
        2 => PeerInput::OfferApplied(generation),
        3 => PeerInput::AnswerCreated(generation, answer("a", ufrag)),
        4 => PeerInput::AnswerApplied(generation),
        5 => PeerInput::NegotiationFailed(generation, String::new()),
        6 => PeerInput::CandidateFound(candidate(ufrag)),
        7 => dice.pick(&[
            PeerInput::NegotiationNeeded,
            PeerInput::Level(None),
            PeerInput::Level(Some(0.5)),
        ]),
        8 => PeerInput::RemoteTrack,
        9 => PeerInput::Stats(StatsSample {
            packets_received: f64::from(dice.roll(1_000)),
            bytes_received: f64::from(dice.roll(100_000)),
            jitter_s: dice.pick(&[0.0, f64::NAN, 0.01]),
            ..StatsSample::default()
        }),
        _ => PeerInput::ConnectionState(dice.pick(&[
            ConnectionState::Connecting,
            ConnectionState::Connected,
            ConnectionState::Connected,
            ConnectionState::Disconnected,
            ConnectionState::Failed,
            ConnectionState::Closed,
        ])),
    }
}

fn random_snapshot(dice: &mut Dice) -> CallSnapshot {
    let status = [
        ParticipantStatus::Joined,
        ParticipantStatus::Joined,
        ParticipantStatus::Ringing,
        ParticipantStatus::Reconnecting,
        ParticipantStatus::Left,
    ];
    let call = dice.pick(&[CallStatus::Ringing, CallStatus::Ongoing, CallStatus::Ended]);
    let mut snapshot = snapshot(dice.name(), call, dice.pick(&status), dice.pick(&status));
    snapshot.version = u64::from(dice.roll(5));
    snapshot.elapsed_ms = u64::from(dice.roll(10_000));
    snapshot
}

fn body(dice: &mut Dice) -> AckBody {
    match dice.roll(6) {
        0 => AckBody::Empty,
        1 => AckBody::Config(dice.pick(&[config("alice", "a1"), reference_config()])),
        2 | 3 => AckBody::Initiate(InitiateAck {
            session_id: session(dice.name()),
            target_user_ids: Vec::new(),
            joined: dice.roll(3) == 0,
            call: (dice.roll(3) == 0).then(|| random_snapshot(dice)),
        }),
        4 => AckBody::Join(JoinAck {
            call: (dice.roll(2) == 0).then(|| random_snapshot(dice)),
        }),
        _ => AckBody::State(StateAck {
            calls: vec![random_snapshot(dice)],
        }),
    }
}

fn server_event(dice: &mut Dice) -> ServerEvent {
    let session_id = session(dice.name());
    let (chat_id, user_id, device_id) = (chat(), dice.person(), dice.machine());
    match dice.roll(20) {
        0 | 1 => {
            let ahead = dice.roll(2) == 0;
            preconnecting(
                ahead,
                incoming(dice.name(), dice.pick(&["bob", "carol"]), {
                    let ufrag = dice.ufrag();
                    (dice.roll(2) == 0).then(|| offer("b", ufrag))
                }),
            )
        }
        2 => ServerEvent::CallRinging(server::CallRinging {
            session_id,
            chat_id,
            target_user_ids: vec![user_id],
        }),
        3 | 4 => {
            let ufrag = dice.ufrag();
            ServerEvent::CallAccepted(server::CallAccepted {
                session_id,
                chat_id,
                accepted_by: user_id,
                device_id,
                answer: (dice.roll(2) == 0).then(|| answer("b", ufrag)),
            })
        }
        5 => ServerEvent::CallRejected(server::CallRejected {
            session_id,
            chat_id,
            rejected_by: user_id,
            reason: dice.reason(),
        }),
        6 => ended(dice.name(), dice.reason()),
        7 => ServerEvent::CallParticipantJoined(server::CallParticipantJoined {
            session_id,
            chat_id,
            user_id,
            device_id,
        }),
        8 => ServerEvent::CallParticipantLeft(server::CallParticipantLeft {
            session_id,
            chat_id,
            user_id,
            reason: dice.reason(),
        }),
        9 => ServerEvent::CallParticipantReconnecting(server::CallParticipantReconnecting {
            session_id,
            user_id,
        }),
        10 => ServerEvent::CallParticipantReconnected(server::CallParticipantReconnected {
            fresh: dice.roll(4) == 0,
            session_id,
            user_id,
            device_id,
        }),
        11 => ServerEvent::CallState(server::CallState {
            calls: vec![random_snapshot(dice)],
        }),
        12 => ServerEvent::CallError(server::CallError {
            event: String::new(),
            session_id: Some(session_id),
            code: dice.pick(&[ErrorCode::NotInCall, ErrorCode::RateLimited]),
            error: String::new(),
            retry_after_ms: None,
        }),
        13 | 14 => {
            let origin = dice.pick(&["b", "b-rebuilt"]);
            remote_offer(dice.name(), offer(origin, dice.ufrag()))
        }
        15 => remote_answer(dice.name(), answer("b", dice.ufrag())),
        16 => ServerEvent::CallMissed(server::CallMissed {
            session_id,
            chat_id,
            caller_id: user_id,
        }),
        17 => ServerEvent::CallAnsweredElsewhere(server::CallAnsweredElsewhere {
            session_id,
            chat_id,
            action: server::ElsewhereAction::Accepted,
            device_id: device_id.unwrap_or_else(|| device("a2")),
        }),
        _ => remote_candidate(dice.name(), dice.ufrag()),
    }
}

fn signaling_input(dice: &mut Dice, ledger: &mut Ledger) -> SignalingInput {
    match dice.roll(10) {
        0 => SignalingInput::Disconnected,
        1 => SignalingInput::Connected,
        2..=5 if !ledger.acks.is_empty() => {
            let last = ledger.acks.pop().unwrap();
            let result = if dice.roll(5) == 0 {
                Err(AckFailure {
                    code: dice.pick(&[None, Some(ErrorCode::Internal), Some(ErrorCode::CallEnded)]),
                    message: String::new(),
                    retry_after_ms: None,
                })
            } else {
                Ok(body(dice))
            };
            SignalingInput::Ack(last, result)
        }
        _ => SignalingInput::Event(server_event(dice)),
    }
}

fn random_input(dice: &mut Dice, ledger: &mut Ledger, request: &mut u32) -> Input {
    if dice.roll(3) != 0 && !ledger.kind_answers.is_empty() {
        return ledger.kind_answers.remove(0);
    }
    match dice.roll(10) {
        0 | 1 => {
            *request += 1;
            let id = RequestId(*request);
            ledger.owed.insert(id);
            Input::App(Request {
                id,
                command: command(dice),
            })
        }
        2 | 3 => {
            let newest = ledger.links.last().copied().unwrap_or(LinkId(1));
            Input::Peer(newest, peer_input(dice))
        }
        4 => Input::Device(device_input(dice)),
        5 => Input::Timeout,
        _ => Input::Signaling(signaling_input(dice, ledger)),
    }
}

/// Plays one sequence and returns where it went.
fn play(seed: u64, steps: u32) -> BTreeSet<&'static str> {
    let mut dice = Dice(seed);
    let mut client = Client::new(ClientOptions {
        fast_setup: dice.roll(4) != 0,
        preconnect: dice.pick(&[Preconnect::Never, Preconnect::Direct, Preconnect::Relayed]),
        kept: (dice.roll(4) == 0).then(|| KeptCall {
            session: session("s1"),
            muted: dice.roll(2) == 0,
            video: dice.roll(2) == 0,
        }),
        user_id: None,
        supplied_microphone: dice.roll(4) == 0,
        audio_bitrate: None,
        video_bitrate: None,
        seed,
    });
    let mut ledger = Ledger::default();
    let mut now = 0;
    let mut request = 0;
    let connected = Input::Signaling(SignalingInput::Connected);
    ledger.enter(&client.handle(Instant(now), connected));
    for _ in 0..steps {
        now += u64::from(dice.roll(800));
        let input = random_input(&mut dice, &mut ledger, &mut request);
        ledger.observe(&input);
        let outputs = client.handle(Instant(now), input);
        ledger.enter(&outputs);
        ledger.seen.insert(client.state().as_str());
        if !matches!(client.state(), CallState::Idle | CallState::Ended) {
            continue;
        }
        assert!(ledger.links.is_empty(), "links are open without a call");
        ledger.assert_no_device_is_open();
    }
    dispose(&mut client, &mut ledger, now, request + 1);
    ledger.seen
}

fn dispose(client: &mut Client, ledger: &mut Ledger, now: u64, request: u32) {
    let id = RequestId(request);
    ledger.owed.insert(id);
    let dispose = Input::App(Request {
        id,
        command: Command::Dispose,
    });
    ledger.enter(&client.handle(Instant(now), dispose));
    assert!(ledger.links.is_empty(), "links outlive the client");
    ledger.assert_no_device_is_open();
    assert!(
        ledger.owed.is_empty(),
        "promises stay open: {:?}",
        ledger.owed
    );
    assert_eq!(client.next_deadline(), None);
}

#[test]
fn whatever_happens_nothing_stays_open() {
    const SEEDS: u64 = 3_000;
    let mut visits: std::collections::BTreeMap<&'static str, u64> = Default::default();
    for seed in 0..SEEDS {
        let played = std::panic::catch_unwind(|| play(seed, 120));
        for state in played.unwrap_or_else(|_| panic!("seed {seed}")) {
            *visits.entry(state).or_default() += 1;
        }
    }
    // A walk that never gets anywhere would prove nothing.
    for state in [
        "idle",
        "outgoing",
        "incoming",
        "connecting",
        "connected",
        "reconnecting",
        "ended",
    ] {
        let visited = visits.get(state).copied().unwrap_or(0);
        assert!(
            visited > SEEDS / 20,
            "{state} was reached by {visited} seeds: {visits:?}"
        );
    }
}
