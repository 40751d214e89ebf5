//! What every part of the client uses: the time, the outputs, the ids, the socket and the media.

use ringback_protocol::{CallRequestId, ClientEvent, RtcConfiguration, SessionId, UserId, client};

use super::error::ClientError;
use super::ids::{AckId, LinkId, MediaId, RequestId};
use super::media::Media;
use super::output::{MediaCommand, Notification, Output, PeerCommand, Settled};
use super::signaling::{
    ACK_TIMEOUT_MS, CONFIG_STALE_MS, CONFIG_TIMEOUT_MS, Purpose, Server, Signaling,
};
use super::time::Instant;
use super::timers::{Timer, Timers};

/// How the client is to behave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// Whether the offer travels with `call:initiate` and the answer with `call:accept`.
    pub fast_setup: bool,
    /// Whether the media path is made while a call rings, when both sides want it.
    pub preconnect: Preconnect,
    /// This user's id, for servers that do not say it.
    pub user_id: Option<UserId>,
    /// Whether the application supplies the audio: then there is nothing to open in its place.
    pub supplied_microphone: bool,
    /// The call that this page was in before it was reloaded.
    pub kept: Option<KeptCall>,
    /// The most that speech may take, in bits per second; none: as the browser thinks fit.
    pub audio_bitrate: Option<u32>,
    /// The most that a picture may take on each link, in bits per second.
    pub video_bitrate: Option<u32>,
    /// A random number: names this client's attempts to call, so that a repeat is recognised.
    pub seed: u64,
}

/// Whether the media path is made while a call rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preconnect {
    /// No: neither side learns an address of the other before the answer.
    Never,
    /// Yes: the other side sees this one's addresses while it rings.
    Direct,
    /// Yes, over TURN alone: a direct path is looked for after the answer.
    Relayed,
}

/// What a page remembers of its call over a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCall {
    /// The call.
    pub session: SessionId,
    /// Whether the microphone was muted.
    pub muted: bool,
    /// Whether the camera was on.
    pub video: bool,
}

/// What every part of the client uses.
#[derive(Debug)]
pub(super) struct Context {
    /// The time of the input that is being handled.
    pub(super) now: Instant,
    /// How the client is to behave.
    pub(super) options: ClientOptions,
    /// What is waited for.
    pub(super) timers: Timers,
    /// The socket and the server.
    pub(super) signaling: Signaling,
    /// Microphone, camera and screen.
    pub(super) media: Media,
    outputs: Vec<Output>,
    ack: AckId,
    link: LinkId,
    attempt_to_open: MediaId,
    attempts: u32,
}

impl Context {
    /// Returns the context of a client that has seen nothing.
    pub(super) fn new(options: ClientOptions) -> Self {
        Self {
            now: Instant(0),
            timers: Timers::default(),
            signaling: Signaling::new(options.user_id.clone()),
            options,
            media: Media::default(),
            outputs: Vec::new(),
            ack: AckId(0),
            link: LinkId(0),
            attempt_to_open: MediaId(0),
            attempts: 0,
        }
    }

    /// Takes out what is to be done.
    pub(super) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// Adds one thing to do. Out of line: a vector grows in one place, not in every caller.
    #[inline(never)]
    fn push(&mut self, output: Output) {
        self.outputs.push(output);
    }

    /// Emits an event whose ack does not matter.
    pub(super) fn emit(&mut self, event: ClientEvent) {
        self.push(Output::Emit(event, None));
    }

    /// Emits an event and awaits its ack.
    pub(super) fn ask(&mut self, event: ClientEvent, purpose: Purpose) {
        let id = self.next_ack();
        self.ask_as(id, event, purpose);
    }

    /// Emits an event and awaits its ack under an id taken before.
    pub(super) fn ask_as(&mut self, id: AckId, event: ClientEvent, purpose: Purpose) {
        let timeout_ms = match purpose {
            Purpose::Config => CONFIG_TIMEOUT_MS,
            Purpose::Probe => self.signaling.probe_ms(),
            Purpose::Initiate
            | Purpose::Abandoned(_)
            | Purpose::Enter
            | Purpose::Resume
            | Purpose::TakeBack(_)
            | Purpose::Sync
            | Purpose::Farewell
            | Purpose::Asked(_) => ACK_TIMEOUT_MS,
        };
        self.timers.set(Timer::Ack(id), self.now.after(timeout_ms));
        self.signaling.expect(self.now, id, purpose);
        self.push(Output::Emit(event, Some(id)));
    }

    /// The network may have changed: sees whether the socket still leads anywhere.
    pub(super) fn probe(&mut self) {
        let can_ask = self.signaling.is_up() && self.signaling.features().sync;
        if can_ask && !self.signaling.awaits(&Purpose::Probe) {
            self.ask(ClientEvent::CallSync(client::CallSync {}), Purpose::Probe);
        }
    }

    /// The socket leads nowhere: a new connection is to be made.
    pub(super) fn reconnect(&mut self) {
        self.push(Output::Reconnect);
    }

    /// Returns a new ack id.
    pub(super) const fn next_ack(&mut self) -> AckId {
        self.ack = self.ack.next();
        self.ack
    }

    /// Returns a new link id.
    pub(super) const fn next_link(&mut self) -> LinkId {
        self.link = self.link.next();
        self.link
    }

    /// Returns a name for an attempt to call that no other client gives.
    pub(super) fn next_attempt(&mut self) -> Option<CallRequestId> {
        self.attempts = self.attempts.wrapping_add(1);
        let mut name = String::with_capacity(25);
        push_hex(&mut name, self.options.seed);
        name.push('-');
        push_hex(&mut name, u64::from(self.attempts));
        CallRequestId::new(name).ok()
    }

    /// Does something with a peer connection.
    pub(super) fn peer(&mut self, link: LinkId, command: PeerCommand) {
        self.push(Output::Peer(link, command));
    }

    /// Settles a promise.
    pub(super) fn settle(&mut self, id: RequestId, result: Result<Settled, ClientError>) {
        self.push(Output::Settle(id, result));
    }

    /// Tells the application.
    pub(super) fn notify(&mut self, notification: Notification) {
        self.push(Output::Notify(notification));
    }

    /// Asks the browser what it says about permission.
    pub(super) fn query_permission(&mut self) {
        self.command(MediaCommand::QueryPermission);
    }

    /// Does something with local media.
    pub(super) fn command(&mut self, command: MediaCommand) {
        self.push(Output::Media(command));
    }

    /// Returns a new id for an attempt to open a device.
    pub(super) const fn next_media(&mut self) -> MediaId {
        self.attempt_to_open = self.attempt_to_open.next();
        self.attempt_to_open
    }

    /// Returns what peer connections are made with.
    pub(super) fn config(&self) -> RtcConfiguration {
        self.signaling
            .server
            .as_ref()
            .map_or_else(RtcConfiguration::default, |server| server.config.clone())
    }

    /// Fetches the configuration when there is none, or one that may have expired.
    pub(super) fn refresh_config(&mut self) {
        let fresh = self
            .signaling
            .server
            .as_ref()
            .is_some_and(|server| self.now.since(server.fetched_at) < CONFIG_STALE_MS);
        if !fresh {
            self.fetch_config();
        }
    }

    /// Fetches the configuration.
    pub(super) fn fetch_config(&mut self) {
        if self.signaling.is_up() && !self.signaling.awaits(&Purpose::Config) {
            let event = ClientEvent::WebrtcConfigGet(client::WebrtcConfigGet {});
            self.ask(event, Purpose::Config);
        }
    }

    /// Goes on without a configuration when the server does not give one.
    pub(super) fn assume_server(&mut self) {
        if self.signaling.server.is_none() {
            self.signaling.server = Some(Server::unknown(self.now));
        }
    }
}

/// Appends a number in hexadecimal, without the formatting machinery.
fn push_hex(text: &mut String, number: u64) {
    let digits = 16 - (number | 1).leading_zeros() / 4;
    for place in (0..digits).rev() {
        let digit = u8::try_from((number >> (place * 4)) & 0xf).unwrap_or(0);
        let base = if digit < 10 { b'0' } else { b'a' - 10 };
        text.push(char::from(base + digit));
    }
}
