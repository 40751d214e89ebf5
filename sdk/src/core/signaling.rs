//! The socket, what is known of the server behind it, and the acks that it owes.

use ringback_protocol::{
    ChatId, ConfigAck, DeviceId, ErrorCode, QualityThresholds, RtcConfiguration, SessionId, UserId,
    limits,
};

use super::context::KeptCall;
use super::error::{ClientCode, ClientError, Code};
use super::ids::{AckId, RequestId};
use super::input::AckFailure;
use super::time::Instant;

/// How long the server may take to ack, in milliseconds.
pub(super) const ACK_TIMEOUT_MS: u64 = 10_000;
/// How long a call waits for the first configuration before it goes without, in milliseconds.
pub(super) const CONFIG_TIMEOUT_MS: u64 = 3_000;
/// TURN credentials expire: a configuration older than this is fetched again, in milliseconds.
pub(super) const CONFIG_STALE_MS: u64 = 5 * 60_000;

/// Whether the signaling socket is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Socket {
    /// It is not; Socket.IO tries to bring it back.
    Down,
    /// It is.
    Up,
}

/// What an ack is awaited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The configuration.
    Config,
    /// The current call was placed.
    Initiate,
    /// A call was placed that is already over on this device: it must be ended on the server.
    Abandoned(ChatId),
    /// The current call was entered: accepted or joined.
    Enter,
    /// The current call was taken up again.
    Resume,
    /// The call that the page was in before it was reloaded was taken up again.
    TakeBack(KeptCall),
    /// Whether the current call still rings.
    Sync,
    /// An act that ended a call on this device.
    Farewell,
    /// Whether the socket still leads anywhere.
    Probe,
    /// The application asked for something that changes nothing here.
    Asked(RequestId),
}

/// What the server can do beyond the reference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Features {
    /// It says that it is no reference server: events carry optional added fields.
    pub(super) extended: bool,
    /// It passes an offer inside `call:initiate`.
    pub(super) early_offer: bool,
    /// It knows `call:join`.
    pub(super) join: bool,
    /// It knows `call:invite`.
    pub(super) invite: bool,
    /// It knows `call:resume`.
    pub(super) resume: bool,
    /// It knows `fresh` in `call:resume`.
    pub(super) fresh_resume: bool,
    /// It knows `call:sync`.
    pub(super) sync: bool,
    /// It knows `source` in `call:toggle-video`.
    pub(super) video_source: bool,
    /// It passes signals ahead of the answer.
    pub(super) preconnect: bool,
    /// It keeps what participants said of sound and picture.
    pub(super) media_state: bool,
    /// It knows `links` in `call:quality`.
    pub(super) link_quality: bool,
}

/// What is known of the server.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Server {
    /// What peer connections are made with.
    pub(super) config: RtcConfiguration,
    /// When it was fetched.
    pub(super) fetched_at: Instant,
    /// Where the grades of quality begin.
    pub(super) thresholds: QualityThresholds,
    /// How long a target rings, in milliseconds.
    pub(super) ring_timeout_ms: u64,
    /// What it can do beyond the reference.
    pub(super) features: Features,
}

impl Server {
    /// Returns what is believed of a server that does not answer `webrtc:config:get`.
    pub(super) fn unknown(now: Instant) -> Self {
        Self {
            config: RtcConfiguration::default(),
            fetched_at: now,
            thresholds: default_thresholds(),
            ring_timeout_ms: limits::RING_TIMEOUT_MS,
            features: Features::default(),
        }
    }

    /// Reads what the server said of itself.
    pub(super) fn from_ack(now: Instant, ack: ConfigAck) -> Self {
        let names = ack.protocol.as_ref().map(|protocol| &protocol.features);
        let has = |name: &str| names.is_some_and(|names| names.iter().any(|known| known == name));
        Self {
            features: Features {
                extended: names.is_some(),
                early_offer: has("early-offer"),
                join: has("join"),
                invite: has("invite"),
                resume: has("resume"),
                fresh_resume: has("fresh-resume"),
                sync: has("sync"),
                video_source: has("video-source"),
                media_state: has("media-state"),
                link_quality: has("link-quality"),
                preconnect: has("preconnect"),
            },
            config: ack.config,
            fetched_at: now,
            thresholds: ack.quality.unwrap_or_else(default_thresholds),
            ring_timeout_ms: ack
                .timeouts
                .map_or(limits::RING_TIMEOUT_MS, |timeouts| timeouts.ring_timeout_ms),
        }
    }
}

/// "Satisfied" and "some users dissatisfied" of ITU-T G.107 Annex B (R of 80 and 70).
const fn default_thresholds() -> QualityThresholds {
    QualityThresholds {
        excellent_mos: 4.03,
        good_mos: 3.6,
    }
}

/// An ack that is awaited.
#[derive(Debug)]
struct Awaited {
    id: AckId,
    purpose: Purpose,
    since: Instant,
}

/// The socket, the server and the acks.
#[derive(Debug)]
pub(super) struct Signaling {
    /// Whether the socket is there.
    pub(super) socket: Socket,
    /// What is known of the server, once it is.
    pub(super) server: Option<Server>,
    /// Who the server takes this user to be; from the options until it says.
    pub(super) user: Option<UserId>,
    /// Which device it takes this to be, once it says.
    pub(super) device: Option<DeviceId>,
    /// How long the server took to answer last, in milliseconds.
    round_trip_ms: u64,
    acks: Vec<Awaited>,
}

impl Signaling {
    /// Returns the state before the first connection.
    pub(super) const fn new(user: Option<UserId>) -> Self {
        Self {
            socket: Socket::Down,
            server: None,
            user,
            device: None,
            round_trip_ms: 0,
            acks: Vec::new(),
        }
    }

    /// Tells whether events can be emitted now.
    pub(super) const fn is_up(&self) -> bool {
        match self.socket {
            Socket::Up => true,
            Socket::Down => false,
        }
    }

    /// Tells whether this is the signed-in user.
    pub(super) fn is_me(&self, user: &UserId) -> bool {
        self.user.as_ref() == Some(user)
    }

    /// Returns what the server can do, as far as is known.
    pub(super) fn features(&self) -> Features {
        self.server
            .as_ref()
            .map_or_else(Features::default, |server| server.features)
    }

    /// Notes that an ack is awaited.
    pub(super) fn expect(&mut self, now: Instant, id: AckId, purpose: Purpose) {
        self.acks.push(Awaited {
            id,
            purpose,
            since: now,
        });
    }

    /// Returns how long a socket that may be dead has to show that it is not, in milliseconds.
    pub(super) fn probe_ms(&self) -> u64 {
        (self.round_trip_ms * 4).clamp(300, 2_000)
    }

    /// Notes that the server answered.
    pub(super) fn answered(&mut self, now: Instant, id: AckId) {
        if let Some(awaited) = self.acks.iter().find(|awaited| awaited.id == id) {
            self.round_trip_ms = now.since(awaited.since);
        }
    }

    /// Takes out what an ack was awaited for; none when it is not any more.
    pub(super) fn take(&mut self, id: AckId) -> Option<Purpose> {
        let position = self.acks.iter().position(|awaited| awaited.id == id)?;
        Some(self.acks.swap_remove(position).purpose)
    }

    /// Tells whether an ack for this purpose is awaited.
    pub(super) fn awaits(&self, purpose: &Purpose) -> bool {
        self.acks.iter().any(|awaited| awaited.purpose == *purpose)
    }

    /// Tells whether a call that is already over here was placed and not yet acked.
    pub(super) fn awaits_abandoned(&self) -> bool {
        self.acks.iter().any(|awaited| match awaited.purpose {
            Purpose::Abandoned(_) => true,
            Purpose::Config
            | Purpose::Initiate
            | Purpose::Enter
            | Purpose::Resume
            | Purpose::TakeBack(_)
            | Purpose::Sync
            | Purpose::Probe
            | Purpose::Farewell
            | Purpose::Asked(_) => false,
        })
    }

    /// Takes out the promises that only an ack would settle.
    pub(super) fn take_asked(&mut self) -> Vec<RequestId> {
        let mut asked = Vec::new();
        self.acks.retain(|awaited| match &awaited.purpose {
            Purpose::Asked(request) => {
                asked.push(*request);
                false
            }
            Purpose::Config
            | Purpose::Initiate
            | Purpose::Abandoned(_)
            | Purpose::Enter
            | Purpose::Resume
            | Purpose::TakeBack(_)
            | Purpose::Sync
            | Purpose::Probe
            | Purpose::Farewell => true,
        });
        asked
    }

    /// Tells whether it is open whether the page is in a call again after its reload.
    pub(super) fn awaits_return(&self) -> bool {
        self.acks.iter().any(|awaited| match awaited.purpose {
            Purpose::TakeBack(_) => true,
            Purpose::Config
            | Purpose::Initiate
            | Purpose::Abandoned(_)
            | Purpose::Enter
            | Purpose::Resume
            | Purpose::Sync
            | Purpose::Probe
            | Purpose::Farewell
            | Purpose::Asked(_) => false,
        })
    }

    /// Takes out the call that the page was about to be in again.
    pub(super) fn take_return(&mut self) -> Option<(AckId, SessionId)> {
        let mut found = None;
        self.acks.retain(|awaited| match &awaited.purpose {
            Purpose::TakeBack(kept) => {
                found = Some((awaited.id, kept.session.clone()));
                false
            }
            Purpose::Config
            | Purpose::Initiate
            | Purpose::Abandoned(_)
            | Purpose::Enter
            | Purpose::Resume
            | Purpose::Sync
            | Purpose::Probe
            | Purpose::Farewell
            | Purpose::Asked(_) => true,
        });
        found
    }

    /// Forgets what is awaited for this purpose.
    pub(super) fn forget(&mut self, purpose: &Purpose) {
        self.acks.retain(|one| one.purpose != *purpose);
    }

    /// Lets the acks of a call that is over here outlive it, or be forgotten.
    pub(super) fn abandon(&mut self, chat: &ChatId) {
        self.acks.retain_mut(|awaited| match &mut awaited.purpose {
            purpose @ Purpose::Initiate => {
                *purpose = Purpose::Abandoned(chat.clone());
                true
            }
            Purpose::Enter | Purpose::Resume => false,
            // It is about the calls that wait behind it, too.
            Purpose::Sync
            | Purpose::Config
            | Purpose::Abandoned(_)
            | Purpose::TakeBack(_)
            | Purpose::Probe
            | Purpose::Farewell
            | Purpose::Asked(_) => true,
        });
    }

    /// Takes out everything that will not be acked because the socket is gone.
    pub(super) fn drop_acks(&mut self) -> Vec<(AckId, Purpose)> {
        let acks = std::mem::take(&mut self.acks);
        acks.into_iter()
            .map(|awaited| (awaited.id, awaited.purpose))
            .collect()
    }
}

/// Returns the error that the application sees for a failed ack.
pub(super) fn ack_error(failure: AckFailure) -> ClientError {
    ClientError {
        code: failure
            .code
            .map_or(Code::Client(ClientCode::ServerError), Code::Server),
        detail: (!failure.message.is_empty()).then_some(failure.message),
        retry_after_ms: failure.retry_after_ms,
    }
}

/// Tells whether a refusal means that the call does not exist for this device any more.
pub(super) const fn is_gone(code: ErrorCode) -> bool {
    match code {
        ErrorCode::CallNotFound | ErrorCode::CallEnded | ErrorCode::NotInCall => true,
        ErrorCode::Unauthenticated
        | ErrorCode::TokenExpired
        | ErrorCode::Forbidden
        | ErrorCode::NotAMember
        | ErrorCode::ChatNotFound
        | ErrorCode::AlreadyInCall
        | ErrorCode::AlreadyAnswered
        | ErrorCode::NoTargets
        | ErrorCode::CallFull
        | ErrorCode::TargetUnreachable
        | ErrorCode::InvalidPayload
        | ErrorCode::PayloadTooLarge
        | ErrorCode::UnknownEvent
        | ErrorCode::RateLimited
        | ErrorCode::Draining
        | ErrorCode::Internal => false,
    }
}
