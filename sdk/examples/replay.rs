//! Replays what `exportDiagnostics()` of the npm package returned, through the same machine.
//!
//! `cargo run -p ringback-sdk --example replay file.json` prints the states that the machine comes
//! to, and fails when they are others than in the browser.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "JSON has one kind of number; these are small and whole"
)]

use std::process::ExitCode;

use ringback_protocol::{
    CallType, ChatId, EndReason, ErrorCode, IceCandidate, Outcome, ServerEvent, SessionDescription,
    SessionId, UserId,
};
use ringback_sdk::core::ids::{AckId, Generation, LinkId, MediaId, RequestId};
use ringback_sdk::core::quality::StatsSample;
use ringback_sdk::core::time::Instant;
use ringback_sdk::core::{
    AckBody, AckFailure, CaptureError, Client, ClientOptions, Command, ConnectionState,
    DeviceInput, Input, KeptCall, MediaKind, Notification, Output, PeerInput, Permission,
    Preconnect, Request, SignalingInput, SpeakerError,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn main() -> ExitCode {
    match std::env::args().nth(1).ok_or_else(no_file).and_then(load) {
        Ok(file) => {
            let mut replay = Replay::new(&file["options"]);
            for entry in file["entries"].as_array().into_iter().flatten() {
                replay.entry(entry);
            }
            replay.verdict(&file["dropped"])
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn no_file() -> String {
    "Name the file that exportDiagnostics() made.".to_owned()
}

fn load(path: String) -> Result<Value, String> {
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let file: Value = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    if file["format"] == "ringback-diagnostics" && file["version"] == 1 {
        Ok(file)
    } else {
        Err(format!(
            "{path} is not what exportDiagnostics() of this version makes."
        ))
    }
}

struct Replay {
    client: Client,
    now: u64,
    requests: u32,
    /// The events that were emitted with an ack, in order.
    asked: Vec<(&'static str, AckId)>,
    /// The states that the machine comes to now, each once in a row.
    reached: Vec<String>,
    /// Those that it came to in the browser.
    recorded: Vec<String>,
    unread: Vec<String>,
}

impl Replay {
    fn new(options: &Value) -> Self {
        let number = |name: &str| options[name].as_u64().and_then(|n| u32::try_from(n).ok());
        let options = ClientOptions {
            fast_setup: options["fastSetup"].as_bool().unwrap_or(true),
            preconnect: match &options["preconnect"] {
                Value::Bool(true) => Preconnect::Direct,
                Value::String(_) => Preconnect::Relayed,
                Value::Null
                | Value::Bool(false)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_) => Preconnect::Never,
            },
            user_id: text(&options["userId"]).and_then(|id| UserId::new(id).ok()),
            supplied_microphone: options["suppliedMicrophone"] == true,
            kept: kept(&options["kept"]),
            audio_bitrate: number("audioBitrate"),
            video_bitrate: number("videoBitrate"),
            // It only names attempts to call, on the wire.
            seed: 0,
        };
        Self {
            client: Client::new(options),
            now: 0,
            requests: 0,
            asked: Vec::new(),
            reached: vec!["idle".to_owned()],
            recorded: vec!["idle".to_owned()],
            unread: Vec::new(),
        }
    }

    fn entry(&mut self, entry: &Value) {
        self.pass_time(entry[0].as_f64().unwrap_or(0.0).max(0.0) as u64);
        if entry[1] == "state" {
            note(&mut self.recorded, entry[2].as_str().unwrap_or_default());
            return;
        }
        if entry[1] == "refused" {
            // It never came to the machine.
            return;
        }
        match self.input(entry) {
            Some(input) => self.handle(input),
            // Socket.IO tries again by itself: that is nothing to the machine.
            None if entry[2] == "connect_error" => {}
            None => self.unread.push(format!("{} {}", entry[1], entry[2])),
        }
    }

    /// Lets the timers fire that were due before that time.
    fn pass_time(&mut self, until: u64) {
        while let Some(deadline) = self.client.next_deadline().filter(|at| at.0 <= until) {
            self.now = self.now.max(deadline.0);
            self.handle(Input::Timeout);
        }
        self.now = self.now.max(until);
    }

    fn handle(&mut self, input: Input) {
        for output in self.client.handle(Instant(self.now), input) {
            match output {
                Output::Emit(event, Some(id)) => self.asked.push((event.name(), id)),
                Output::Notify(Notification::State { state, .. }) => {
                    if self
                        .reached
                        .last()
                        .is_none_or(|last| last != state.as_str())
                    {
                        println!(
                            "{:>8}.{:03} s  {}",
                            self.now / 1000,
                            self.now % 1000,
                            state.as_str()
                        );
                    }
                    note(&mut self.reached, state.as_str());
                }
                Output::Emit(_, None)
                | Output::Reconnect
                | Output::Peer(..)
                | Output::Media(_)
                | Output::Settle(..)
                | Output::Notify(_) => {}
            }
        }
    }

    fn input(&mut self, entry: &Value) -> Option<Input> {
        match entry[1].as_str()? {
            "ask" => {
                self.requests += 1;
                let id = RequestId(self.requests);
                let command = command(entry[2].as_str()?, &entry[3])?;
                Some(Input::App(Request { id, command }))
            }
            "event" => event(entry[2].as_str()?, &entry[3]).map(Input::Signaling),
            "ack" => {
                let (name, id) = *self.asked.get(usize::try_from(entry[2].as_u64()?).ok()?)?;
                let ack = SignalingInput::Ack(id, ack(name, &entry[4]));
                Some(Input::Signaling(ack))
            }
            "report" => report(&entry[2]),
            _ => None,
        }
    }

    fn verdict(self, dropped: &Value) -> ExitCode {
        for entry in &self.unread {
            eprintln!("This entry could not be read: {entry}");
        }
        if *dropped != 0 {
            eprintln!("The recording was full: {dropped} later entries are not in it.");
        }
        if self.unread.is_empty() && self.reached == self.recorded {
            println!(
                "The same states as in the browser: {}",
                self.reached.join(", ")
            );
            return ExitCode::SUCCESS;
        }
        eprintln!("in the browser: {}", self.recorded.join(", "));
        eprintln!("now:            {}", self.reached.join(", "));
        ExitCode::FAILURE
    }
}

fn note(states: &mut Vec<String>, state: &str) {
    if states.last().is_none_or(|last| last != state) {
        states.push(state.to_owned());
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn kept(value: &Value) -> Option<KeptCall> {
    Some(KeptCall {
        session: SessionId::new(text(&value["sessionId"])?).ok()?,
        muted: value["muted"].as_bool()?,
        video: value["video"].as_bool()?,
    })
}

fn command(name: &str, with: &Value) -> Option<Command> {
    let on = with["on"].as_bool();
    let session = || text(&with["sessionId"]).and_then(|id| SessionId::new(id).ok());
    let reason = || text(&with["reason"]).and_then(|text| EndReason::try_from(text).ok());
    let targets = || read::<Vec<UserId>>(&with["targetUserIds"]);
    Some(match name {
        "initiate" => Command::Initiate {
            chat_id: ChatId::new(text(&with["chatId"])?).ok()?,
            targets: targets(),
            call_type: CallType::parse(with["callType"].as_str()?)?,
            video: with["video"].as_bool(),
        },
        "prepareToAccept" => Command::PrepareToAccept,
        "accept" => Command::Accept(session(), with["video"].as_bool()),
        "join" => Command::Join(session()?, with["video"] == true),
        "invite" => Command::Invite(targets().unwrap_or_default()),
        "liveCalls" => Command::LiveCalls,
        "reject" => Command::Reject(session(), reason()),
        "end" => Command::End(reason()),
        "leave" => Command::Leave,
        "setMuted" => Command::SetMuted(on == Some(true)),
        "setVideo" => Command::SetCamera(on),
        "shareScreen" => Command::SetScreen(on),
        "setDevice" => {
            let id = text(&with["mediaDeviceId"]).map(Into::into);
            match with["kind"].as_str()? {
                "speaker" => Command::SetSpeaker(id),
                name => Command::SetDevice(kind(name)?, id),
            }
        }
        "setPushToTalk" => Command::SetPushToTalk(on == Some(true)),
        "talk" => Command::Talk(on == Some(true)),
        "dispose" => Command::Dispose,
        _ => return None,
    })
}

fn event(name: &str, payload: &Value) -> Option<SignalingInput> {
    Some(match name {
        "connect" => SignalingInput::Connected,
        "disconnect" => SignalingInput::Disconnected,
        "connect_error" => {
            let code = payload["data"]["code"].as_str().and_then(ErrorCode::parse);
            SignalingInput::Refused(code?)
        }
        name => SignalingInput::Event(ServerEvent::decode(name, payload.clone()).ok()?),
    })
}

fn ack(event: &str, response: &Value) -> Result<AckBody, AckFailure> {
    let malformed = || AckFailure {
        code: None,
        message: String::new(),
        retry_after_ms: None,
    };
    let response = match response {
        Value::Object(_) => response.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Value::Object(serde_json::Map::default())
        }
    };
    let outcome: Outcome = read(&response).ok_or_else(malformed)?;
    if !outcome.success {
        return Err(AckFailure {
            code: outcome.code.as_deref().and_then(ErrorCode::parse),
            message: outcome.error.unwrap_or_default(),
            retry_after_ms: outcome.retry_after_ms,
        });
    }
    let body = match event {
        "webrtc:config:get" => read(&response).map(AckBody::Config),
        "call:initiate" => read(&response).map(AckBody::Initiate),
        "call:accept" | "call:join" | "call:resume" => read(&response).map(AckBody::Join),
        "call:sync" => read(&response).map(AckBody::State),
        _ => Some(AckBody::Empty),
    };
    body.ok_or_else(malformed)
}

fn number(value: &Value) -> u32 {
    value.as_f64().unwrap_or(0.0) as u32
}

fn report(told: &Value) -> Option<Input> {
    let what = told[0].as_str()?;
    if let Some(input) = of_link(what, told) {
        return Some(Input::Peer(LinkId(number(&told[1])), input));
    }
    let capture = || Some((kind(told[1].as_str()?)?, MediaId(number(&told[2]))));
    let input = match what {
        "permission" => DeviceInput::Permission(match told[1].as_str()? {
            "granted" => Permission::Granted,
            "denied" => Permission::Denied,
            _ => Permission::Prompt,
        }),
        "captureOpened" => capture().map(|(kind, id)| DeviceInput::Opened(kind, id))?,
        "captureFailed" => {
            let (kind, id) = capture()?;
            DeviceInput::Failed(kind, id, capture_error(told[3].as_str()?), String::new())
        }
        "captureEnded" => capture().map(|(kind, id)| DeviceInput::Ended(kind, id))?,
        "interrupted" => {
            let (kind, id) = capture()?;
            DeviceInput::Interrupted(kind, id, told[3] == true)
        }
        "devices" => DeviceInput::DevicesChanged,
        "network" => DeviceInput::NetworkChanged,
        "blocked" => DeviceInput::PlaybackBlocked(LinkId(number(&told[1]))),
        "speaker" => DeviceInput::SpeakerSet(RequestId(number(&told[1])), speaker(&told[2])),
        _ => return None,
    };
    Some(Input::Device(input))
}

fn speaker(failure: &Value) -> Result<(), SpeakerError> {
    match failure.as_str().unwrap_or_default() {
        "" => Ok(()),
        "unsupported" => Err(SpeakerError::Unsupported),
        _ => Err(SpeakerError::NotFound),
    }
}

fn of_link(what: &str, told: &Value) -> Option<PeerInput> {
    let generation = Generation(number(&told[2]));
    let described = |done: fn(Generation, SessionDescription) -> PeerInput| {
        read(&told[3]).map(|description| done(generation, description))
    };
    Some(match what {
        "offer" => described(PeerInput::OfferCreated)?,
        "answer" => described(PeerInput::AnswerCreated)?,
        "offerApplied" => PeerInput::OfferApplied(generation),
        "answerApplied" => PeerInput::AnswerApplied(generation),
        "failed" => PeerInput::NegotiationFailed(generation, String::new()),
        "candidate" => PeerInput::CandidateFound(read::<IceCandidate>(&told[2])?),
        "state" => PeerInput::ConnectionState(connection_state(told[2].as_str()?)?),
        "negotiate" => PeerInput::NegotiationNeeded,
        "tracks" => PeerInput::RemoteTrack,
        "video" => PeerInput::RemoteVideo,
        "level" => PeerInput::Level(told[2].as_f64()),
        "stats" => PeerInput::Stats(sample(&told[2])),
        // No connection could be made: the link counts as failed.
        "unsupported" => PeerInput::ConnectionState(ConnectionState::Failed),
        _ => return None,
    })
}

fn connection_state(name: &str) -> Option<ConnectionState> {
    Some(match name {
        "new" => ConnectionState::New,
        "connecting" => ConnectionState::Connecting,
        "connected" => ConnectionState::Connected,
        "disconnected" => ConnectionState::Disconnected,
        "failed" => ConnectionState::Failed,
        "closed" => ConnectionState::Closed,
        _ => return None,
    })
}

fn sample(figures: &Value) -> StatsSample {
    let figure = |at: usize| figures[at].as_f64().unwrap_or(0.0);
    StatsSample {
        bytes_received: figure(0),
        packets_received: figure(1),
        packets_lost: figure(2),
        total_samples_received: figure(3),
        concealed_samples: figure(4),
        jitter_s: figure(5),
        audio_level: figure(6),
        round_trip_s: figures[7].as_f64(),
        candidate_type: read(&figures[8]),
    }
}

fn kind(name: &str) -> Option<MediaKind> {
    Some(match name {
        "microphone" => MediaKind::Microphone,
        "camera" => MediaKind::Camera,
        "screen" => MediaKind::Screen,
        _ => return None,
    })
}

fn capture_error(reason: &str) -> CaptureError {
    match reason {
        "denied" => CaptureError::Denied,
        "notFound" => CaptureError::NotFound,
        "inUse" => CaptureError::InUse,
        "insecure" => CaptureError::InsecureContext,
        _ => CaptureError::Failed,
    }
}
