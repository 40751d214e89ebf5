//! The only place that touches the browser: it does what it is told and reports what happened.
//!
//! Nothing here decides anything. What is written in JavaScript (`peers.js`, `captures.js`,
//! `playback.js`) drives the browser's media objects, which a page does in a third of the bytes that
//! a module needs for it. Whatever is opened here is owned here and released in `Drop`; callbacks
//! only put what happened into the [`Inbox`].

mod captures;
mod clock;
#[cfg(test)]
mod codec_tests;
mod decode;
mod encode;
mod js;
mod peers;
mod playback;
mod report;
mod socket;

use std::rc::Weak;

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MediaStream;

use crate::core::error::ClientError;
use crate::core::{
    AckBody, DeviceInput, Input, MediaCommand, MediaKind, SignalingInput, VideoSource,
};

pub(crate) use clock::Clock;
pub(crate) use js::{array, get, named, object, random_seed, record, set};
pub(crate) use socket::Socket;
pub use socket::SocketIo;

use captures::Captures;
use encode::encode;
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

/// Everything of the browser that one client holds until it is disposed.
pub(crate) struct Platform {
    /// The peer connections.
    pub(crate) peers: Peers,
    /// Where remote audio plays.
    pub(crate) playback: Playback,
    captures: Captures,
    _report: js::Callback,
    _ears: Ears,
}

impl Platform {
    /// Takes the application's options and begins to listen.
    pub(crate) fn new(options: &JsValue, socket: &Socket, inbox: &Inbox) -> Self {
        let inbox = inbox.clone();
        let report = js::callback(move |told| report::put(&inbox, &told));
        let told = &tapped(options, report.as_ref());
        let playback = Playback::new(&get(options, "audioElement"), told);
        let peers = Peers::new(&get(options, "rtcConfiguration"), &playback, told);
        Self {
            captures: Captures::new(options, &peers, told),
            peers,
            playback,
            _report: report,
            _ears: socket.listen(),
        }
    }

    /// Takes note of what the platform itself needs of an input, before the machine sees it.
    pub(crate) fn observe(&self, input: &Input) {
        match input {
            Input::Signaling(SignalingInput::Ack(_, Ok(AckBody::Config(ack)))) => {
                if let Some(media) = ack.media.as_ref().map(encode) {
                    self.captures.set_defaults(&media);
                }
            }
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
            MediaCommand::QueryPermission => self.captures.query_permission(),
            MediaCommand::Open(kind, id, device) => {
                self.captures.open(kind.as_str(), id.0, device.as_deref());
            }
            MediaCommand::Close(kind) => self.captures.close(kind.as_str()),
            MediaCommand::SetMicrophoneEnabled(enabled) => self.captures.enable(enabled),
            MediaCommand::SendVideo(source) => self.captures.send_video(source.as_str()),
            MediaCommand::SetSpeaker(request, device) => {
                self.playback.set_speaker(request.0, device.as_deref());
            }
        }
    }

    /// Returns the picture that is sent.
    pub(crate) fn video_stream(&self, source: VideoSource) -> Option<MediaStream> {
        self.captures.stream(source.as_str())
    }

    /// Returns what a device gives while it is open.
    pub(crate) fn stream(&self, kind: MediaKind) -> Option<MediaStream> {
        self.captures.stream(kind.as_str())
    }

    /// Returns the label of the device in use; empty when there is none.
    pub(crate) fn label(&self, kind: MediaKind) -> JsValue {
        self.captures.label(kind.as_str())
    }
}

/// Returns the function that reports go to: past the recorder, when there is one.
fn tapped(options: &JsValue, report: &JsValue) -> JsValue {
    let tap: Result<Function, JsValue> = get(options, "tap").dyn_into();
    let tapped = tap.and_then(|tap| tap.call1(&JsValue::UNDEFINED, report));
    tapped.unwrap_or_else(|_| report.clone())
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.captures.dispose();
        self.peers.dispose();
        self.playback.dispose();
    }
}
