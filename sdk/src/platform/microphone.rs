//! The microphone: one at a time, from the browser or from the application.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Function, Promise};
use ringback_protocol::{MediaConstraints, MediaDefaults};
use wasm_bindgen::prelude::*;
use web_sys::{MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack};
use web_sys::{Navigator, PermissionState, PermissionStatus};

use super::encode::encode;
use super::listener::Listener;
use super::{Inbox, js};
use crate::core::ids::MediaId;
use crate::core::{DeviceInput, MicrophoneError, Permission};

/// Where the local audio comes from.
pub(crate) enum Source {
    /// [`getUserMedia`](https://developer.mozilla.org/docs/Web/API/MediaDevices/getUserMedia).
    Browser,
    /// A stream of the application; its tracks are not ours to stop.
    Stream(MediaStream),
    /// A function of the application that returns one, or a promise of one.
    Factory(Function),
}

impl Source {
    const fn owns_tracks(&self) -> bool {
        match self {
            Self::Browser => true,
            Self::Stream(_) | Self::Factory(_) => false,
        }
    }
}

enum State {
    Closed,
    Opening(MediaId),
    Open(Open),
}

/// An open microphone; dropping it gives it back.
struct Open {
    stream: MediaStream,
    track: MediaStreamTrack,
    /// For a track of the application: whether it was enabled when it came.
    borrowed: Option<bool>,
    _ended: Option<Listener>,
}

impl Drop for Open {
    fn drop(&mut self) {
        match self.borrowed {
            Some(enabled) => self.track.set_enabled(enabled),
            None => stop(&self.stream),
        }
    }
}

/// The microphone of one client.
pub(crate) struct Microphone(Rc<Inner>);

struct Inner {
    inbox: Inbox,
    source: Source,
    constraints: JsValue,
    defaults: RefCell<Option<MediaConstraints>>,
    state: RefCell<State>,
    enabled: Cell<bool>,
    permission: RefCell<Option<Listener>>,
}

impl Microphone {
    /// Makes a closed microphone; `constraints` go over the defaults.
    pub(crate) fn new(source: Source, constraints: JsValue, inbox: Inbox) -> Self {
        Self(Rc::new(Inner {
            inbox,
            source,
            constraints,
            defaults: RefCell::new(None),
            state: RefCell::new(State::Closed),
            enabled: Cell::new(true),
            permission: RefCell::new(None),
        }))
    }

    /// Takes the constraints that the server recommends.
    pub(crate) fn set_defaults(&self, media: Option<&MediaDefaults>) {
        *self.0.defaults.borrow_mut() = media.map(|media| media.voice.clone());
    }

    /// Asks for the microphone; reports `MicrophoneOpened` or `MicrophoneFailed`.
    pub(crate) fn open(&self, id: MediaId) {
        self.replace(State::Opening(id));
        match self.0.request() {
            Ok(promise) => {
                let inner = Rc::downgrade(&self.0);
                let owns_tracks = self.0.source.owns_tracks();
                js::settled(&promise, move |result| {
                    opened(&inner, owns_tracks, id, result)
                });
            }
            Err(error) => self.0.fail(id, &error),
        }
    }

    /// Gives the microphone back, also one that is still being opened.
    pub(crate) fn close(&self) {
        self.replace(State::Closed);
    }

    /// Lets the sound through or sends silence, now and when it is opened later.
    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.0.enabled.set(enabled);
        if let State::Open(open) = &*self.0.state.borrow() {
            open.track.set_enabled(enabled);
        }
    }

    /// Returns the track while the microphone is open.
    pub(crate) fn track(&self) -> Option<MediaStreamTrack> {
        match &*self.0.state.borrow() {
            // Not `open.track.clone()`: that is the DOM's method, which makes a second live track.
            State::Open(open) => Some(Clone::clone(&open.track)),
            State::Closed | State::Opening(_) => None,
        }
    }

    /// Returns the stream while the microphone is open.
    pub(crate) fn stream(&self) -> Option<MediaStream> {
        match &*self.0.state.borrow() {
            State::Open(open) => Some(Clone::clone(&open.stream)),
            State::Closed | State::Opening(_) => None,
        }
    }

    /// Asks what the browser says about permission; reports `Permission`, now and on change.
    pub(crate) fn query_permission(&self) {
        let Some(query) = permission_query() else {
            return self.0.report_permission(Permission::Prompt);
        };
        let inner = Rc::downgrade(&self.0);
        js::settled(&query, move |result| permission_known(&inner, result));
    }

    fn replace(&self, state: State) {
        let previous = self.0.state.replace(state);
        drop(previous);
    }
}

impl Inner {
    fn request(&self) -> Result<Promise, JsValue> {
        match &self.source {
            Source::Browser => self.get_user_media(),
            Source::Stream(stream) => js::promised(stream),
            Source::Factory(function) => js::promised(&function.call0(&JsValue::UNDEFINED)?),
        }
    }

    fn get_user_media(&self) -> Result<Promise, JsValue> {
        let devices = media_devices().ok_or(JsValue::UNDEFINED)?;
        let wanted = self.defaults.borrow().clone().unwrap_or(VOICE);
        let audio = encode(&wanted).map_err(|_| JsValue::UNDEFINED)?;
        js::merge(&audio, &self.constraints);
        let constraints = MediaStreamConstraints::new();
        constraints.set_audio(&audio);
        devices.get_user_media_with_constraints(&constraints)
    }

    fn is_opening(&self, id: MediaId) -> bool {
        match &*self.state.borrow() {
            State::Opening(awaited) => *awaited == id,
            State::Closed | State::Open(_) => false,
        }
    }

    fn fail(&self, id: MediaId, error: &JsValue) {
        if self.is_opening(id) {
            self.state.replace(State::Closed);
            let (kind, text) = (classify(error), js::error_text(error));
            self.inbox
                .put_device(DeviceInput::MicrophoneFailed(id, kind, text));
        }
    }

    fn report_permission(&self, permission: Permission) {
        self.inbox.put_device(DeviceInput::Permission(permission));
    }

    fn hold(&self, id: MediaId, stream: MediaStream, track: MediaStreamTrack) {
        let borrowed = (!self.source.owns_tracks()).then(|| track.enabled());
        track.set_enabled(self.enabled.get());
        let inbox = self.inbox.clone();
        let ended = Listener::new(&track, "ended", move |_| {
            inbox.put_device(DeviceInput::MicrophoneEnded(id));
        });
        self.state.replace(State::Open(Open {
            stream,
            track,
            borrowed,
            _ended: ended,
        }));
        self.inbox.put_device(DeviceInput::MicrophoneOpened(id));
    }
}

/// What a voice call asks for when the server recommends nothing.
const VOICE: MediaConstraints = MediaConstraints {
    echo_cancellation: true,
    noise_suppression: true,
    auto_gain_control: true,
    width: None,
    height: None,
    frame_rate: None,
};

fn opened(inner: &Weak<Inner>, owns_tracks: bool, id: MediaId, result: Result<JsValue, JsValue>) {
    let awaiting = inner.upgrade().filter(|inner| inner.is_opening(id));
    match (awaiting, result) {
        (Some(inner), Ok(value)) => match audio_of(value) {
            Some((stream, track)) => inner.hold(id, stream, track),
            None => inner.fail(id, &named_error("NotFoundError")),
        },
        (Some(inner), Err(error)) => inner.fail(id, &error),
        // Nobody waits for it any more: the light of the microphone must go out.
        (None, Ok(value)) if owns_tracks => stop(value.unchecked_ref()),
        (None, Ok(_) | Err(_)) => {}
    }
}

fn audio_of(value: JsValue) -> Option<(MediaStream, MediaStreamTrack)> {
    let stream: MediaStream = value.dyn_into().ok()?;
    let track = stream.get_audio_tracks().get(0).dyn_into().ok()?;
    Some((stream, track))
}

fn stop(stream: &MediaStream) {
    for track in stream.get_tracks().iter() {
        track.unchecked_ref::<MediaStreamTrack>().stop();
    }
}

fn named_error(name: &str) -> JsValue {
    js::object(&[("name", name.into())])
}

fn navigator() -> Option<Navigator> {
    web_sys::window().map(|window| window.navigator())
}

/// Returns `navigator.mediaDevices`, which insecure pages do not have.
fn media_devices() -> Option<MediaDevices> {
    js::get(navigator()?.as_ref(), "mediaDevices")
        .dyn_into()
        .ok()
}

fn permission_query() -> Option<Promise> {
    let permissions = navigator()?.permissions().ok()?;
    if permissions.is_undefined() {
        return None;
    }
    let descriptor = js::object(&[("name", "microphone".into())]);
    permissions.query(descriptor.unchecked_ref()).ok()
}

fn permission_known(inner: &Weak<Inner>, result: Result<JsValue, JsValue>) {
    let Some(inner) = inner.upgrade() else { return };
    // Browsers that do not know the name `microphone` reject.
    let Some(status) = result
        .ok()
        .and_then(|value| value.dyn_into::<PermissionStatus>().ok())
    else {
        return inner.report_permission(Permission::Prompt);
    };
    let weak = Rc::downgrade(&inner);
    let watched = status.clone();
    let change = Listener::new(&status, "change", move |_| {
        if let Some(inner) = weak.upgrade() {
            inner.report_permission(permission_of(&watched));
        }
    });
    inner.permission.replace(change);
    inner.report_permission(permission_of(&status));
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is the browser's, and it may grow"
)]
fn permission_of(status: &PermissionStatus) -> Permission {
    match status.state() {
        PermissionState::Granted => Permission::Granted,
        PermissionState::Denied => Permission::Denied,
        _ => Permission::Prompt,
    }
}

/// Says what a failed `getUserMedia` means (mediacapture-streams section 10.2).
fn classify(error: &JsValue) -> MicrophoneError {
    match js::error_name(error).as_str() {
        "NotAllowedError" | "SecurityError" => MicrophoneError::Denied,
        "NotFoundError" | "OverconstrainedError" => MicrophoneError::NotFound,
        "NotReadableError" | "AbortError" => MicrophoneError::InUse,
        _ if !is_secure() => MicrophoneError::InsecureContext,
        _ => MicrophoneError::Failed,
    }
}

fn is_secure() -> bool {
    web_sys::window().is_some_and(|window| window.is_secure_context())
}
