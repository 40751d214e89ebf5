//! The only place that touches the browser: it does what it is told and reports what happened.
//!
//! Nothing here decides anything. Whatever is opened here is owned here and released in `Drop`;
//! callbacks hold weak references and only put what happened into the [`Inbox`].

mod capture;
mod clock;
#[cfg(test)]
mod codec_tests;
mod decode;
mod encode;
mod js;
mod listener;
mod network;
mod peer;
mod peers;
mod playback;
mod socket;
mod stats;

use std::rc::Weak;

use wasm_bindgen::JsValue;
use web_sys::{HtmlAudioElement, MediaStream};

use crate::core::error::ClientError;
use crate::core::{
    AckBody, DeviceInput, Input, MediaCommand, MediaKind, PeerInput, SignalingInput, VideoSource,
};

pub(crate) use capture::{Capture, Source};
pub(crate) use clock::Clock;
pub(crate) use js::{array, get, object, random_seed, set};
pub(crate) use socket::Socket;
pub use socket::SocketIo;

use network::Network;
use peers::Peers;
use playback::Playback;
use socket::Ears;

/// Takes what happened.
pub(crate) trait Report {
    /// Takes an input of the machine.
    fn input(&self, input: Input);
    /// Takes a failure that is no input: something that the server sent cannot be read.
    fn failure(&self, error: ClientError);
}

/// Where callbacks put what happened. What comes after its owner is gone is dropped.
#[derive(Clone)]
pub(crate) struct Inbox(Weak<dyn Report>);

impl Inbox {
    /// Makes an inbox in front of its owner.
    pub(crate) fn new(owner: Weak<dyn Report>) -> Self {
        Self(owner)
    }

    fn put(&self, input: Input) {
        if let Some(owner) = self.0.upgrade() {
            owner.input(input);
        }
    }

    fn put_device(&self, input: DeviceInput) {
        self.put(Input::Device(input));
    }

    fn put_signaling(&self, input: SignalingInput) {
        self.put(Input::Signaling(input));
    }

    fn fail(&self, error: ClientError) {
        if let Some(owner) = self.0.upgrade() {
            owner.failure(error);
        }
    }
}

/// What the application gave that only the browser's side needs.
pub(crate) struct Resources {
    /// The element for the first participant's audio.
    pub(crate) audio_element: Option<HtmlAudioElement>,
    /// `MediaTrackConstraints` over those of the server, or undefined.
    pub(crate) microphone: JsValue,
    /// `MediaTrackConstraints` over those of the server, or undefined.
    pub(crate) camera: JsValue,
    /// Where the local audio comes from.
    pub(crate) source: Source,
    /// `RTCConfiguration` over that of the server, or undefined.
    pub(crate) rtc_configuration: JsValue,
}

/// Everything of the browser that one client holds until it is disposed.
pub(crate) struct Platform {
    /// The peer connections.
    pub(crate) peers: Peers,
    /// The microphone.
    pub(crate) microphone: Capture,
    camera: Capture,
    screen: Capture,
    _network: Network,
    _ears: Ears,
}

impl Platform {
    /// Takes the resources and begins to listen.
    pub(crate) fn new(resources: Resources, socket: &Socket, inbox: &Inbox) -> Self {
        let playback = Playback::new(resources.audio_element, inbox.clone());
        let capture =
            |kind, source, constraints| Capture::new(kind, source, constraints, inbox.clone());
        Self {
            peers: Peers::new(resources.rtc_configuration, playback, inbox.clone()),
            microphone: capture(
                MediaKind::Microphone,
                resources.source,
                resources.microphone,
            ),
            camera: capture(MediaKind::Camera, Source::Browser, resources.camera),
            screen: capture(MediaKind::Screen, Source::Browser, JsValue::UNDEFINED),
            _network: Network::new(inbox),
            _ears: socket.listen(),
        }
    }

    /// Takes note of what the platform itself needs of an input, before the machine sees it.
    pub(crate) fn observe(&self, input: &Input) {
        match input {
            Input::Signaling(SignalingInput::Ack(_, Ok(AckBody::Config(ack)))) => {
                let media = ack.media.as_ref();
                self.microphone
                    .set_defaults(media.map(|media| &media.voice));
                self.camera.set_defaults(media.map(|media| &media.video));
            }
            Input::Device(DeviceInput::Opened(MediaKind::Microphone, _)) => {
                self.peers.send_audio(self.microphone.track());
            }
            Input::Peer(link, PeerInput::OfferApplied(_)) => self.peers.resend(*link),
            Input::App(_)
            | Input::Signaling(_)
            | Input::Peer(..)
            | Input::Device(_)
            | Input::Timeout => {}
        }
    }

    /// Does something with local media.
    pub(crate) fn media(&self, command: MediaCommand) {
        match command {
            MediaCommand::QueryPermission => self.microphone.query_permission(),
            MediaCommand::Open(kind, id, device) => self.capture(kind).open(id, device.as_deref()),
            MediaCommand::Close(kind) => self.close(kind),
            MediaCommand::SetMicrophoneEnabled(enabled) => self.microphone.set_enabled(enabled),
            MediaCommand::SendVideo(source) => {
                let track = self.shown(source).and_then(Capture::track);
                self.peers.send_video(track);
            }
            MediaCommand::SetSpeaker(request, device) => self.peers.set_speaker(request, device),
        }
    }

    /// Returns the picture that is sent.
    pub(crate) fn video_stream(&self, source: VideoSource) -> Option<MediaStream> {
        self.shown(source)?.stream()
    }

    /// Returns the label of the device in use; empty when there is none.
    pub(crate) fn label(&self, kind: MediaKind) -> String {
        let track = self.capture(kind).track();
        track.map_or_else(String::new, |track| track.label())
    }

    fn close(&self, kind: MediaKind) {
        self.capture(kind).close();
        if kind == MediaKind::Microphone {
            self.peers.send_audio(None);
        }
    }

    const fn capture(&self, kind: MediaKind) -> &Capture {
        match kind {
            MediaKind::Microphone => &self.microphone,
            MediaKind::Camera => &self.camera,
            MediaKind::Screen => &self.screen,
        }
    }

    const fn shown(&self, source: VideoSource) -> Option<&Capture> {
        match source {
            VideoSource::Off => None,
            VideoSource::Camera => Some(&self.camera),
            VideoSource::Screen => Some(&self.screen),
        }
    }
}
