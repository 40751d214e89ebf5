//! Tests of the client machine: one rig, readable outputs.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test picks out what it is about"
)]

mod ahead;
mod groups;
mod link;
mod media;
mod pair;
mod prepared;
mod quality;
mod races;
mod random;
mod reconnect;
mod reference;
mod reload;
mod states;

use ringback_protocol::{
    CallSnapshot, CallStatus, CallType, ChatId, ClientEvent, ConfigAck, DeviceId, EndReason,
    IceCandidate, Identity, InitiateAck, JoinAck, ParticipantSnapshot, ParticipantStatus,
    ProtocolInfo, RtcConfiguration, SdpType, ServerEvent, SessionDescription, SessionId, UserId,
    server,
};

use super::ids::{AckId, LinkId, MediaId, RequestId};
use super::time::Instant;
use super::{
    AckBody, AckFailure, Client, ClientOptions, Command, ConnectionState, DeviceInput, Input,
    MediaCommand, MediaKind, Notification, Output, PeerCommand, PeerInput, Permission, Preconnect,
    Request, SignalingInput,
};

pub(super) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub(super) fn device(name: &str) -> DeviceId {
    DeviceId::new(name).unwrap()
}

pub(super) fn session(name: &str) -> SessionId {
    SessionId::new(name).unwrap()
}

pub(super) fn chat() -> ChatId {
    ChatId::new("room").unwrap()
}

/// An SDP in miniature: which peer connection made it, and its ICE generation.
pub(super) fn sdp(kind: SdpType, origin: &str, ufrag: &str) -> SessionDescription {
    let text = format!("v=0\r\no=- {origin} 2 IN IP4 127.0.0.1\r\na=ice-ufrag:{ufrag}\r\n");
    SessionDescription {
        kind,
        sdp: text.into(),
    }
}

pub(super) fn offer(origin: &str, ufrag: &str) -> SessionDescription {
    sdp(SdpType::Offer, origin, ufrag)
}

pub(super) fn answer(origin: &str, ufrag: &str) -> SessionDescription {
    sdp(SdpType::Answer, origin, ufrag)
}

pub(super) fn candidate(ufrag: &str) -> IceCandidate {
    IceCandidate {
        candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some(ufrag.into()),
    }
}

pub(super) fn config(user_name: &str, device_name: &str) -> ConfigAck {
    ConfigAck {
        config: RtcConfiguration::default(),
        media: None,
        quality: None,
        timeouts: None,
        protocol: Some(ProtocolInfo {
            version: 1,
            features: ringback_protocol::FEATURES
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
        }),
        you: Some(Identity {
            user_id: user(user_name),
            device_id: device(device_name),
        }),
        ttl: None,
    }
}

/// What a server says that was written from the reference.
pub(super) fn reference_config() -> ConfigAck {
    ConfigAck {
        config: RtcConfiguration::default(),
        media: None,
        quality: None,
        timeouts: None,
        protocol: None,
        you: None,
        ttl: None,
    }
}

pub(super) fn options() -> ClientOptions {
    ClientOptions {
        fast_setup: true,
        preconnect: Preconnect::Never,
        user_id: None,
        supplied_microphone: false,
        kept: None,
        audio_bitrate: None,
        video_bitrate: None,
        seed: 0xabc,
    }
}

pub(super) fn incoming(name: &str, from: &str, early: Option<SessionDescription>) -> ServerEvent {
    ServerEvent::CallIncoming(server::CallIncoming {
        session_id: session(name),
        chat_id: chat(),
        call_type: CallType::Voice,
        caller_id: user(from),
        caller_name: from.to_uppercase(),
        caller_avatar: None,
        caller_device_id: Some(device("b1")),
        target_user_ids: vec![user("alice")],
        offer: early,
        ring_timeout_ms: Some(45_000),
        preconnect: false,
    })
}

pub(super) fn accepted(name: &str, early: Option<SessionDescription>) -> ServerEvent {
    ServerEvent::CallAccepted(server::CallAccepted {
        session_id: session(name),
        chat_id: chat(),
        accepted_by: user("bob"),
        device_id: Some(device("b1")),
        answer: early,
    })
}

pub(super) fn ended(name: &str, reason: EndReason) -> ServerEvent {
    ServerEvent::CallEnded(server::CallEnded {
        session_id: session(name),
        chat_id: chat(),
        ended_by: user("bob"),
        reason,
    })
}

pub(super) fn remote_offer(name: &str, description: SessionDescription) -> ServerEvent {
    ServerEvent::WebrtcOffer(server::WebrtcOffer {
        session_id: session(name),
        offer: description,
        chat_id: Some(chat()),
        from_user_id: user("bob"),
        from_device_id: Some(device("b1")),
    })
}

pub(super) fn remote_answer(name: &str, description: SessionDescription) -> ServerEvent {
    ServerEvent::WebrtcAnswer(server::WebrtcAnswer {
        session_id: session(name),
        answer: description,
        chat_id: Some(chat()),
        from_user_id: user("bob"),
        from_device_id: Some(device("b1")),
    })
}

pub(super) fn remote_candidate(name: &str, ufrag: &str) -> ServerEvent {
    ServerEvent::WebrtcIceCandidate(server::WebrtcIceCandidate {
        session_id: session(name),
        candidate: candidate(ufrag),
        chat_id: Some(chat()),
        from_user_id: user("bob"),
        from_device_id: Some(device("b1")),
    })
}

/// The call as the server has it: alice and bob, each with a status.
pub(super) fn snapshot(
    name: &str,
    status: CallStatus,
    alice: ParticipantStatus,
    bob: ParticipantStatus,
) -> CallSnapshot {
    let one = |name: &str, device_name: &str, status: ParticipantStatus| ParticipantSnapshot {
        user_id: user(name),
        name: name.to_uppercase(),
        avatar: None,
        status,
        device_id: status.is_in_call().then(|| device(device_name)),
        muted: None,
        video: None,
    };
    CallSnapshot {
        session_id: session(name),
        chat_id: chat(),
        call_type: CallType::Voice,
        status,
        caller_id: user("alice"),
        participants: vec![one("alice", "a1", alice), one("bob", "b1", bob)],
        version: 2,
        initiated_at_ms: 0,
        started_at_ms: None,
        elapsed_ms: 0,
        end_reason: None,
    }
}

/// One client, its clock, and the last ids that it gave.
pub(super) struct Rig {
    pub(super) client: Client,
    pub(super) now: u64,
    request: u32,
    ack: Option<AckId>,
    config_ack: Option<AckId>,
    pub(super) link: Option<LinkId>,
    microphone: Option<MediaId>,
    /// The last attempt to open camera or screen.
    pub(super) picture: Option<(MediaKind, MediaId)>,
    generation: Option<super::ids::Generation>,
    lines: Vec<String>,
}

impl Rig {
    pub(super) fn new(options: ClientOptions) -> Self {
        Self {
            client: Client::new(options),
            now: 1_000,
            request: 0,
            ack: None,
            config_ack: None,
            link: None,
            microphone: None,
            picture: None,
            generation: None,
            lines: Vec::new(),
        }
    }

    /// Alice on device a1, connected to Ringback's server.
    pub(super) fn connected() -> Self {
        let mut rig = Self::new(options());
        rig.signaling(SignalingInput::Connected);
        rig.acked(AckBody::Config(config("alice", "a1")));
        rig
    }

    /// Connected to a server that was written from the reference.
    pub(super) fn at_reference() -> Self {
        let mut rig = Self::new(options());
        rig.signaling(SignalingInput::Connected);
        rig.acked(AckBody::Config(reference_config()));
        rig
    }

    pub(super) fn input(&mut self, input: Input) -> Vec<String> {
        let outputs = self.client.handle(Instant(self.now), input);
        for output in &outputs {
            self.note(output);
        }
        let worth_telling = outputs.iter().filter(|output| !is_of_levels(output));
        worth_telling.map(line).collect()
    }

    fn note(&mut self, output: &Output) {
        match output {
            Output::Emit(event, Some(ack)) => {
                self.ack = Some(*ack);
                if let ClientEvent::WebrtcConfigGet(_) = event {
                    self.config_ack = Some(*ack);
                }
            }
            Output::Peer(link, command) => self.note_peer(*link, command),
            Output::Media(MediaCommand::Open(kind, id, _)) => match kind {
                MediaKind::Microphone => self.microphone = Some(*id),
                MediaKind::Camera | MediaKind::Screen => self.picture = Some((*kind, *id)),
            },
            Output::Emit(_, None)
            | Output::Reconnect
            | Output::Media(
                MediaCommand::QueryPermission
                | MediaCommand::Close(_)
                | MediaCommand::SetMicrophoneEnabled(_)
                | MediaCommand::SendVideo(_)
                | MediaCommand::SetSpeaker(..),
            )
            | Output::Settle(..)
            | Output::Notify(_) => {}
        }
    }

    fn note_peer(&mut self, link: LinkId, command: &PeerCommand) {
        match command {
            PeerCommand::Create { .. } => self.link = Some(link),
            PeerCommand::CreateOffer { generation, .. }
            | PeerCommand::ApplyOffer(generation, _)
            | PeerCommand::CreateAnswer(generation)
            | PeerCommand::ApplyAnswer(generation, _) => self.generation = Some(*generation),
            PeerCommand::AddCandidate(_)
            | PeerCommand::SendMedia
            | PeerCommand::ShowVideo(_)
            | PeerCommand::LimitVideo(_)
            | PeerCommand::ReadLevel
            | PeerCommand::Reconfigure(_)
            | PeerCommand::Play
            | PeerCommand::SampleStats
            | PeerCommand::Close => {}
        }
    }

    pub(super) fn ask(&mut self, command: Command) -> Vec<String> {
        self.request += 1;
        let id = RequestId(self.request);
        self.input(Input::App(Request { id, command }))
    }

    pub(super) fn signaling(&mut self, input: SignalingInput) -> Vec<String> {
        self.input(Input::Signaling(input))
    }

    pub(super) fn event(&mut self, event: ServerEvent) -> Vec<String> {
        self.signaling(SignalingInput::Event(event))
    }

    pub(super) fn last_ack(&self) -> AckId {
        self.ack.unwrap()
    }

    /// Answers the last question for the configuration.
    pub(super) fn configured(&mut self, body: AckBody) -> Vec<String> {
        let id = self.config_ack.unwrap();
        self.signaling(SignalingInput::Ack(id, Ok(body)))
    }

    pub(super) fn acked(&mut self, body: AckBody) -> Vec<String> {
        let id = self.last_ack();
        self.signaling(SignalingInput::Ack(id, Ok(body)))
    }

    pub(super) fn refused(&mut self, code: Option<ringback_protocol::ErrorCode>) -> Vec<String> {
        let id = self.last_ack();
        let message = "no".to_owned();
        let failure = AckFailure {
            code,
            message,
            retry_after_ms: None,
        };
        self.signaling(SignalingInput::Ack(id, Err(failure)))
    }

    pub(super) fn peer(&mut self, input: PeerInput) -> Vec<String> {
        let link = self.link.unwrap();
        self.input(Input::Peer(link, input))
    }

    pub(super) fn state(&mut self, state: ConnectionState) -> Vec<String> {
        self.peer(PeerInput::ConnectionState(state))
    }

    pub(super) fn device(&mut self, input: DeviceInput) -> Vec<String> {
        self.input(Input::Device(input))
    }

    /// The last attempt to open the microphone, if there was one.
    pub(super) fn microphone(&self) -> Option<MediaId> {
        self.microphone
    }

    pub(super) fn microphone_opens(&mut self) -> Vec<String> {
        let id = self.microphone.unwrap();
        self.device(DeviceInput::Opened(MediaKind::Microphone, id))
    }

    pub(super) fn last_generation(&self) -> super::ids::Generation {
        self.generation.unwrap()
    }

    pub(super) fn offer_made(&mut self, ufrag: &str) -> Vec<String> {
        let generation = self.last_generation();
        self.peer(PeerInput::OfferCreated(generation, offer("a", ufrag)))
    }

    pub(super) fn offer_applied(&mut self) -> Vec<String> {
        let generation = self.last_generation();
        self.peer(PeerInput::OfferApplied(generation))
    }

    pub(super) fn answer_made(&mut self, ufrag: &str) -> Vec<String> {
        let generation = self.last_generation();
        self.peer(PeerInput::AnswerCreated(generation, answer("a", ufrag)))
    }

    pub(super) fn answer_applied(&mut self) -> Vec<String> {
        let generation = self.last_generation();
        self.peer(PeerInput::AnswerApplied(generation))
    }

    /// Lets time pass, timer by timer, and returns all that was done.
    pub(super) fn wait(&mut self, ms: u64) -> Vec<String> {
        let until = self.now + ms;
        let mut lines = Vec::new();
        while let Some(deadline) = self.client.next_deadline().filter(|at| at.0 <= until) {
            self.now = self.now.max(deadline.0);
            lines.extend(self.input(Input::Timeout));
        }
        self.now = until;
        lines
    }

    /// Alice calls bob: the microphone and the offer are on their way.
    pub(super) fn preparing() -> Self {
        let mut rig = Self::connected();
        rig.dial();
        rig
    }

    pub(super) fn dial(&mut self) -> Vec<String> {
        self.ask(Command::Initiate {
            chat_id: chat(),
            call_type: CallType::Voice,
            targets: Some(vec![user("bob")]),
            video: None,
        })
    }

    /// `call:initiate` was emitted.
    pub(super) fn placing() -> Self {
        let mut rig = Self::preparing();
        rig.microphone_opens();
        rig.offer_made("a1");
        rig
    }

    pub(super) fn initiate_ack(name: &str) -> AckBody {
        AckBody::Initiate(InitiateAck {
            session_id: session(name),
            target_user_ids: vec![user("bob")],
            joined: false,
            call: None,
        })
    }

    /// Bob rings.
    pub(super) fn calling() -> Self {
        let mut rig = Self::placing();
        rig.acked(Self::initiate_ack("s1"));
        rig
    }

    /// Bob answered alice's call, and they hear each other.
    pub(super) fn active() -> Self {
        let mut rig = Self::calling();
        rig.event(accepted("s1", Some(answer("b", "b1"))));
        rig.answer_applied();
        rig.state(ConnectionState::Connected);
        rig
    }

    /// Bob calls alice.
    pub(super) fn ringing() -> Self {
        let mut rig = Self::connected();
        rig.event(incoming("s1", "bob", Some(offer("b", "b1"))));
        rig
    }

    /// Alice answers; the browser asks her for the microphone.
    pub(super) fn accepting() -> Self {
        let mut rig = Self::ringing();
        rig.offer_applied();
        rig.answer_made("a1");
        rig.ask(Command::Accept(None, None));
        rig
    }

    /// `call:accept` was emitted.
    pub(super) fn answering() -> Self {
        let mut rig = Self::accepting();
        rig.microphone_opens();
        rig
    }

    /// Alice enters a call that goes on; the browser asks her for the microphone.
    pub(super) fn joining() -> Self {
        let mut rig = Self::connected();
        rig.ask(Command::Join(session("s1"), false));
        rig
    }

    /// `call:join` was emitted.
    pub(super) fn joined() -> Self {
        let mut rig = Self::joining();
        rig.microphone_opens();
        rig
    }

    /// A call that is over.
    pub(super) fn over() -> Self {
        let mut rig = Self::active();
        rig.event(ended("s1", EndReason::Completed));
        rig
    }

    /// A client that was disposed.
    pub(super) fn disposed() -> Self {
        let mut rig = Self::connected();
        rig.ask(Command::Dispose);
        rig
    }

    /// Collects lines over several inputs.
    pub(super) fn keep_of(&mut self, act: impl FnOnce(&mut Self) -> Vec<String>) {
        let lines = act(self);
        self.lines.extend(lines);
    }

    pub(super) fn kept(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    pub(super) fn resume_ack(snapshot: Option<CallSnapshot>) -> AckBody {
        AckBody::Join(JoinAck { call: snapshot })
    }

    pub(super) fn grant(&mut self) {
        self.device(DeviceInput::Permission(Permission::Granted));
    }
}

/// Tells whether an output is of those that come five times a second.
fn is_of_levels(output: &Output) -> bool {
    matches!(
        output,
        Output::Peer(_, PeerCommand::ReadLevel) | Output::Notify(Notification::Levels(_))
    )
}

/// An output as one readable line.
pub(super) fn line(output: &Output) -> String {
    match output {
        Output::Emit(event, ack) => {
            let asks = if ack.is_some() { "?" } else { "" };
            format!("{}{asks}{}", event.name(), emitted(event))
        }
        Output::Reconnect => "reconnect".to_owned(),
        Output::Peer(link, command) => format!("link{} {}", link.0, commanded(command)),
        Output::Media(command) => match command {
            MediaCommand::QueryPermission => "query permission".to_owned(),
            MediaCommand::Open(kind, _, None) => format!("open {}", kind.as_str()),
            MediaCommand::Open(kind, _, Some(device)) => {
                format!("open {} {device}", kind.as_str())
            }
            MediaCommand::Close(kind) => format!("close {}", kind.as_str()),
            MediaCommand::SendVideo(source) => format!("send {}", source.as_str()),
            MediaCommand::SetSpeaker(_, device) => {
                format!("speaker {}", device.as_deref().unwrap_or("default"))
            }
            MediaCommand::SetMicrophoneEnabled(true) => "microphone on".to_owned(),
            MediaCommand::SetMicrophoneEnabled(false) => "microphone off".to_owned(),
        },
        Output::Settle(id, Ok(_)) => format!("resolve {}", id.0),
        Output::Settle(id, Err(error)) => format!("reject {} {}", id.0, error.code()),
        Output::Notify(notification) => format!("tell {}", told(notification)),
    }
}

fn emitted(event: &ClientEvent) -> String {
    let with = |part: &str, is: bool| {
        if is {
            format!(" +{part}")
        } else {
            String::new()
        }
    };
    match event {
        ClientEvent::CallInitiate(event) => with("offer", event.offer.is_some()),
        ClientEvent::CallAccept(event) => with("answer", event.answer.is_some()),
        ClientEvent::CallToggleAudio(event) => format!(" {}", event.muted),
        ClientEvent::CallToggleVideo(event) => format!(" {}", event.enabled),
        ClientEvent::CallEnd(event) => reason(event.reason.as_ref()),
        ClientEvent::CallReject(event) => reason(event.reason.as_ref()),
        ClientEvent::WebrtcConfigGet(_)
        | ClientEvent::WebrtcOffer(_)
        | ClientEvent::WebrtcAnswer(_)
        | ClientEvent::WebrtcIceCandidate(_)
        | ClientEvent::CallQuality(_)
        | ClientEvent::CallLeave(_)
        | ClientEvent::CallJoin(_)
        | ClientEvent::CallInvite(_)
        | ClientEvent::CallResume(_)
        | ClientEvent::CallSync(_)
        | ClientEvent::AuthRefresh(_) => String::new(),
    }
}

fn reason(reason: Option<&EndReason>) -> String {
    reason
        .map(|reason| format!(" {}", reason.as_str()))
        .unwrap_or_default()
}

fn commanded(command: &PeerCommand) -> &'static str {
    match command {
        PeerCommand::Create { offerer: true, .. } => "create offerer",
        PeerCommand::Create { offerer: false, .. } => "create answerer",
        PeerCommand::CreateOffer {
            ice_restart: false, ..
        } => "create offer",
        PeerCommand::CreateOffer {
            ice_restart: true, ..
        } => "create restart",
        PeerCommand::ApplyOffer(..) => "apply offer",
        PeerCommand::CreateAnswer(_) => "create answer",
        PeerCommand::ApplyAnswer(..) => "apply answer",
        PeerCommand::AddCandidate(_) => "add candidate",
        PeerCommand::SendMedia => "send media",
        PeerCommand::ShowVideo(true) => "show video",
        PeerCommand::ShowVideo(false) => "hide video",
        PeerCommand::LimitVideo(_) => "limit video",
        PeerCommand::ReadLevel => "read level",
        PeerCommand::Play => "play",
        PeerCommand::Reconfigure(_) => "reconfigure",
        PeerCommand::SampleStats => "sample",
        PeerCommand::Close => "close",
    }
}

fn told(notification: &Notification) -> String {
    match notification {
        Notification::Incoming(view) => format!("incoming {}", view.session_id.as_str()),
        Notification::Event(event) => event.name().to_owned(),
        Notification::Ended { reason, .. } => format!("ended {}", reason.as_str()),
        Notification::State { state, previous } if state == previous => "change".to_owned(),
        Notification::State { state, .. } => state.as_str().to_owned(),
        Notification::RemoteStream(_, user) => format!("stream {}", user.as_str()),
        Notification::LinkFailed(user) => format!("link failed {}", user.id.as_str()),
        Notification::Resumed(session) => format!("resumed {}", session.as_str()),
        Notification::LinkRecovered(user) => format!("link recovered {}", user.as_str()),
        Notification::LocalVideo(source) => format!("video {}", source.as_str()),
        Notification::DeviceChanged(kind, device, reason) => format!(
            "{} {} {}",
            kind.as_str(),
            device.as_deref().unwrap_or("default"),
            reason.as_str()
        ),
        Notification::Devices => "devices".to_owned(),
        Notification::Levels(levels) => format!("levels of {}", levels.len()),
        Notification::ActiveSpeaker(None) => "speaker nobody".to_owned(),
        Notification::ActiveSpeaker(Some(user)) => format!("speaker {}", user.as_str()),
        Notification::AudioBlocked(user) => format!("blocked {}", user.as_str()),
        Notification::Quality(_, quality) => format!("quality {}", quality.grade.as_str()),
        Notification::Signaling(is_up) => format!("signaling {is_up}"),
        Notification::Error(error) => format!("error {}", error.code()),
    }
}
