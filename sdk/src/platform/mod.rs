//! The only place that touches the browser: it does what it is told and reports what happened.
//!
//! Nothing here decides anything. Whatever is opened here is owned here and released in `Drop`;
//! callbacks hold weak references and only put what happened into the [`Inbox`].

mod clock;
#[cfg(test)]
mod codec_tests;
mod decode;
mod encode;
mod js;
mod listener;
mod microphone;
mod network;
mod peer;
mod peers;
mod playback;
mod socket;
mod stats;

use std::rc::Weak;

use web_sys::HtmlAudioElement;

use crate::core::error::ClientError;
use crate::core::{AckBody, DeviceInput, Input, MediaCommand, PeerInput, SignalingInput};

pub(crate) use clock::Clock;
pub(crate) use js::{array, get, object, random_seed, set};
pub(crate) use microphone::Source;
pub(crate) use socket::Socket;
pub use socket::SocketIo;

use microphone::Microphone;
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
    pub(crate) microphone: wasm_bindgen::JsValue,
    /// Where the local audio comes from.
    pub(crate) source: Source,
    /// `RTCConfiguration` over that of the server, or undefined.
    pub(crate) rtc_configuration: wasm_bindgen::JsValue,
}

/// Everything of the browser that one client holds until it is disposed.
pub(crate) struct Platform {
    /// The peer connections.
    pub(crate) peers: Peers,
    /// The microphone.
    pub(crate) microphone: Microphone,
    _network: Network,
    _ears: Ears,
}

impl Platform {
    /// Takes the resources and begins to listen.
    pub(crate) fn new(resources: Resources, socket: &Socket, inbox: &Inbox) -> Self {
        let playback = Playback::new(resources.audio_element, inbox.clone());
        Self {
            peers: Peers::new(resources.rtc_configuration, playback, inbox.clone()),
            microphone: Microphone::new(resources.source, resources.microphone, inbox.clone()),
            _network: Network::new(inbox),
            _ears: socket.listen(),
        }
    }

    /// Takes note of what the platform itself needs of an input, before the machine sees it.
    pub(crate) fn observe(&self, input: &Input) {
        match input {
            Input::Signaling(SignalingInput::Ack(_, Ok(AckBody::Config(ack)))) => {
                self.microphone.set_defaults(ack.media.as_ref());
            }
            Input::Device(DeviceInput::MicrophoneOpened(_)) => {
                self.peers.send_track(self.microphone.track());
            }
            Input::Peer(link, PeerInput::OfferApplied(_)) => self.peers.resend(*link),
            Input::App(_)
            | Input::Signaling(_)
            | Input::Peer(..)
            | Input::Device(_)
            | Input::Timeout => {}
        }
    }

    /// Does something with the microphone.
    pub(crate) fn media(&self, command: MediaCommand) {
        match command {
            MediaCommand::QueryPermission => self.microphone.query_permission(),
            MediaCommand::OpenMicrophone(id) => self.microphone.open(id),
            MediaCommand::CloseMicrophone => {
                self.microphone.close();
                self.peers.send_track(None);
            }
            MediaCommand::SetMicrophoneEnabled(enabled) => self.microphone.set_enabled(enabled),
        }
    }
}
