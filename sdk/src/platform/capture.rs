//! Microphone, camera and screen: one of each at a time, from the browser or from the application.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Function, Promise};
use ringback_protocol::MediaConstraints;
use wasm_bindgen::prelude::*;
use web_sys::{MediaStream, MediaStreamTrack, Navigator, PermissionState, PermissionStatus};

use super::encode::encode;
use super::listener::Listener;
use super::{Inbox, js};
use crate::core::ids::MediaId;
use crate::core::{CaptureError, DeviceInput, MediaKind, Permission};

/// Where the local audio comes from.
pub(crate) enum Source {
    /// [`getUserMedia`](https://developer.mozilla.org/docs/Web/API/MediaDevices/getUserMedia), or
    /// [`getDisplayMedia`](https://developer.mozilla.org/docs/Web/API/MediaDevices/getDisplayMedia).
    Browser,
    /// A stream of the application; its tracks are not ours to stop.
    Stream(MediaStream),
    /// A function of the application that returns one, or a promise of one.
    Factory(Function),
}

impl Source {
    /// Tells whether the tracks are ours to stop.
    pub(crate) const fn owns_tracks(&self) -> bool {
        match self {
            Self::Browser => true,
            Self::Stream(_) | Self::Factory(_) => false,
        }
    }
}

/// An open device; dropping it gives it back.
struct Open {
    stream: MediaStream,
    track: MediaStreamTrack,
    /// For a track of the application: whether it was enabled when it came.
    borrowed: Option<bool>,
    _listeners: Vec<Listener>,
}

impl Drop for Open {
    fn drop(&mut self) {
        match self.borrowed {
            Some(enabled) => self.track.set_enabled(enabled),
            None => stop(&self.stream),
        }
    }
}

/// One kind of device of one client.
pub(crate) struct Capture(Rc<Inner>);

struct Inner {
    kind: MediaKind,
    inbox: Inbox,
    source: Source,
    constraints: JsValue,
    defaults: RefCell<Option<MediaConstraints>>,
    opening: Cell<Option<MediaId>>,
    open: RefCell<Option<Open>>,
    enabled: Cell<bool>,
    permission: RefCell<Option<Listener>>,
}

impl Capture {
    /// Makes a closed one; `constraints` go over the defaults.
    pub(crate) fn new(kind: MediaKind, source: Source, constraints: JsValue, inbox: Inbox) -> Self {
        Self(Rc::new(Inner {
            kind,
            inbox,
            source,
            constraints,
            defaults: RefCell::new(None),
            opening: Cell::new(None),
            open: RefCell::new(None),
            enabled: Cell::new(true),
            permission: RefCell::new(None),
        }))
    }

    /// Takes the constraints that the server recommends.
    pub(crate) fn set_defaults(&self, defaults: Option<&MediaConstraints>) {
        *self.0.defaults.borrow_mut() = defaults.cloned();
    }

    /// Asks for a device; reports `Opened` or `Failed`. What is open stays so until then.
    pub(crate) fn open(&self, id: MediaId, device: Option<&str>) {
        self.0.opening.set(Some(id));
        match self.0.request(device) {
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

    /// Gives the device back, also one that is still being opened.
    pub(crate) fn close(&self) {
        self.0.opening.set(None);
        self.0.hold(None);
    }

    /// Lets the sound through or sends silence, now and when it is opened later.
    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.0.enabled.set(enabled);
        if let Some(open) = &*self.0.open.borrow() {
            open.track.set_enabled(enabled);
        }
    }

    /// Returns the track while the device is open.
    pub(crate) fn track(&self) -> Option<MediaStreamTrack> {
        let open = self.0.open.borrow();
        // Not `open.track.clone()`: that is the DOM's method, which makes a second live track.
        open.as_ref().map(|open| Clone::clone(&open.track))
    }

    /// Returns the stream while the device is open.
    pub(crate) fn stream(&self) -> Option<MediaStream> {
        let open = self.0.open.borrow();
        open.as_ref().map(|open| Clone::clone(&open.stream))
    }

    /// Asks what the browser says about permission; reports `Permission`, now and on change.
    pub(crate) fn query_permission(&self) {
        let Some(query) = permission_query() else {
            return self.0.report_permission(Permission::Prompt);
        };
        let inner = Rc::downgrade(&self.0);
        js::settled(&query, move |result| permission_known(&inner, result));
    }
}

impl Inner {
    fn request(&self, device: Option<&str>) -> Result<Promise, JsValue> {
        match &self.source {
            Source::Browser => self.ask(device),
            Source::Stream(stream) => js::promised(stream),
            Source::Factory(function) => js::promised(&function.call0(&JsValue::UNDEFINED)?),
        }
    }

    fn ask(&self, device: Option<&str>) -> Result<Promise, JsValue> {
        let (method, track, usual) = match self.kind {
            MediaKind::Microphone => ("getUserMedia", "audio", VOICE),
            MediaKind::Camera => ("getUserMedia", "video", CAMERA),
            MediaKind::Screen => ("getDisplayMedia", "video", SCREEN),
        };
        let wanted = self.defaults.borrow().clone().unwrap_or(usual);
        let wanted = encode(&wanted).map_err(|_| JsValue::UNDEFINED)?;
        js::merge(&wanted, &self.constraints);
        if let Some(device) = device {
            let exactly = js::object(&[("exact", device.into())]);
            js::set(&wanted, "deviceId", &exactly);
        }
        let promise = js::call(&media_devices(), method, &js::object(&[(track, wanted)]))?;
        Ok(promise.unchecked_into())
    }

    fn is_opening(&self, id: MediaId) -> bool {
        self.opening.get() == Some(id)
    }

    fn fail(&self, id: MediaId, error: &JsValue) {
        if self.is_opening(id) {
            self.opening.set(None);
            let (reason, text) = (classify(error), js::error_text(error));
            self.inbox
                .put_device(DeviceInput::Failed(self.kind, id, reason, text));
        }
    }

    fn report_permission(&self, permission: Permission) {
        self.inbox.put_device(DeviceInput::Permission(permission));
    }

    /// Takes what is open now; what was open before is given back.
    fn hold(&self, open: Option<Open>) {
        let former = self.open.replace(open);
        drop(former);
    }

    fn take(&self, id: MediaId, stream: MediaStream, track: MediaStreamTrack) {
        self.opening.set(None);
        self.hold(None);
        let borrowed = (!self.source.owns_tracks()).then(|| track.enabled());
        track.set_enabled(self.enabled.get());
        if self.kind == MediaKind::Screen {
            // Text is to stay readable when the network is slow.
            js::set(&track, "contentHint", &"detail".into());
        }
        let listeners = self.listen(&track, id);
        self.hold(Some(Open {
            stream,
            track,
            borrowed,
            _listeners: listeners,
        }));
        self.inbox.put_device(DeviceInput::Opened(self.kind, id));
    }
}

impl Inner {
    fn listen(&self, track: &MediaStreamTrack, id: MediaId) -> Vec<Listener> {
        let kind = self.kind;
        let mut events = vec![("ended", DeviceInput::Ended(kind, id))];
        // A window that is hidden is no news.
        if kind != MediaKind::Screen {
            events.push(("mute", DeviceInput::Interrupted(kind, id, true)));
            events.push(("unmute", DeviceInput::Interrupted(kind, id, false)));
        }
        let listeners = events.into_iter().filter_map(|(event, input)| {
            let inbox = self.inbox.clone();
            Listener::new(track, event, move |_| inbox.put_device(input.clone()))
        });
        listeners.collect()
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

/// What a camera is asked for when the server recommends nothing.
const CAMERA: MediaConstraints = MediaConstraints {
    width: Some(1280),
    height: Some(720),
    frame_rate: Some(30),
    ..VOICE
};

/// What a screen is asked for: every pixel, few times a second.
const SCREEN: MediaConstraints = MediaConstraints {
    frame_rate: Some(15),
    ..VOICE
};

fn opened(inner: &Weak<Inner>, owns_tracks: bool, id: MediaId, result: Result<JsValue, JsValue>) {
    let awaiting = inner.upgrade().filter(|inner| inner.is_opening(id));
    match (awaiting, result) {
        (Some(inner), Ok(value)) => match track_of(inner.kind, value) {
            Some((stream, track)) => inner.take(id, stream, track),
            None => inner.fail(id, &named_error("NotFoundError")),
        },
        (Some(inner), Err(error)) => inner.fail(id, &error),
        // Nobody waits for it any more: the light of the device must go out.
        (None, Ok(value)) if owns_tracks => stop(value.unchecked_ref()),
        (None, Ok(_) | Err(_)) => {}
    }
}

fn track_of(kind: MediaKind, value: JsValue) -> Option<(MediaStream, MediaStreamTrack)> {
    let stream: MediaStream = value.dyn_into().ok()?;
    let tracks = match kind {
        MediaKind::Microphone => stream.get_audio_tracks(),
        MediaKind::Camera | MediaKind::Screen => stream.get_video_tracks(),
    };
    let track = tracks.get(0).dyn_into().ok()?;
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

/// Returns `navigator.mediaDevices`; undefined in insecure pages.
pub(super) fn media_devices() -> JsValue {
    navigator().map_or(JsValue::UNDEFINED, |navigator| {
        js::get(&navigator, "mediaDevices")
    })
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
fn classify(error: &JsValue) -> CaptureError {
    match js::error_name(error).as_str() {
        "NotAllowedError" | "SecurityError" => CaptureError::Denied,
        "NotFoundError" | "OverconstrainedError" => CaptureError::NotFound,
        "NotReadableError" | "AbortError" => CaptureError::InUse,
        _ if !is_secure() => CaptureError::InsecureContext,
        _ => CaptureError::Failed,
    }
}

fn is_secure() -> bool {
    web_sys::window().is_some_and(|window| window.is_secure_context())
}
