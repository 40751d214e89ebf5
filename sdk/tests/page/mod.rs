//! The page of a test: people with engines, what they are told, and what they have open.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(unreachable_pub, reason = "the crate of a test has no other reader")]

mod engine;

use std::rc::Rc;

use js_sys::{Function, Promise, Reflect};
use ringback_sdk::api::SocketIo;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlAudioElement, MediaStream, MediaStreamTrack};

pub use engine::Engine;

/// A server that can do everything that the SDK uses.
pub const RINGBACK: Option<&[&str]> = Some(&["acks", "devices", "early-offer", "video-source"]);
/// A server that knows the reference alone.
pub const REFERENCE: Option<&[&str]> = None;

#[wasm_bindgen(module = "/tests/harness.js")]
extern "C" {
    pub type Relay;
    #[wasm_bindgen(constructor)]
    fn new(features: &JsValue) -> Relay;
    #[wasm_bindgen(method)]
    fn socket(this: &Relay, user_id: &str) -> FakeSocket;
    #[wasm_bindgen(method, getter, js_name = isBusy)]
    pub fn is_busy(this: &Relay) -> bool;
    #[wasm_bindgen(method, js_name = crossOffers)]
    pub fn cross_offers(this: &Relay);

    #[derive(Clone)]
    pub type FakeSocket;
    #[wasm_bindgen(method)]
    pub fn connect(this: &FakeSocket);
    #[wasm_bindgen(method)]
    pub fn disconnect(this: &FakeSocket);
    #[wasm_bindgen(method)]
    pub fn deliver(this: &FakeSocket, event: &str, payload: &JsValue);
    #[wasm_bindgen(method, js_name = listenerCount)]
    pub fn listener_count(this: &FakeSocket) -> u32;
    #[wasm_bindgen(method, js_name = nextEmit)]
    pub fn next_emit(this: &FakeSocket, event: &str) -> Promise;
    #[wasm_bindgen(method, getter)]
    fn emitted(this: &FakeSocket) -> Vec<String>;

    type Recorder;
    #[wasm_bindgen(constructor)]
    fn new() -> Recorder;
    #[wasm_bindgen(method, getter)]
    fn notify(this: &Recorder) -> Function;
    #[wasm_bindgen(method)]
    fn next(this: &Recorder, event: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn state(this: &Recorder, state: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn sound(this: &Recorder) -> Promise;
    #[wasm_bindgen(method)]
    fn react(this: &Recorder, event: &str, react: &JsValue);

    pub type Spy;
    #[wasm_bindgen(constructor)]
    fn new() -> Spy;
    #[wasm_bindgen(method)]
    pub fn refuse(this: &Spy, kind: &str, exception: Option<&str>);
    #[wasm_bindgen(method, js_name = videoSections)]
    pub fn video_sections(this: &Spy) -> Vec<u32>;
    #[wasm_bindgen(method, js_name = askedDevices)]
    pub fn asked_devices(this: &Spy, kind: &str) -> Vec<String>;
    #[wasm_bindgen(method, js_name = closeGate)]
    pub fn close_gate(this: &Spy);
    #[wasm_bindgen(method, js_name = openGate)]
    fn open_gate_promise(this: &Spy) -> Promise;
    #[wasm_bindgen(method, js_name = stubPermission)]
    fn stub_permission_promise(this: &Spy, state: &str) -> Promise;
    #[wasm_bindgen(method, js_name = sentTracks)]
    pub fn sent_tracks(this: &Spy) -> Vec<MediaStreamTrack>;
    #[wasm_bindgen(method, js_name = openConnections)]
    fn open_connections(this: &Spy) -> u32;
    #[wasm_bindgen(method, js_name = liveTracks)]
    fn live_tracks(this: &Spy) -> u32;
    #[wasm_bindgen(method, js_name = streamCount)]
    pub fn streams(this: &Spy) -> u32;
    #[wasm_bindgen(method)]
    fn restore(this: &Spy);

    #[wasm_bindgen(js_name = blockPlayback)]
    pub fn block_playback() -> Function;
    #[wasm_bindgen(js_name = audioElements)]
    pub fn audio_elements() -> u32;
    #[wasm_bindgen(js_name = addAudioElement)]
    pub fn add_audio_element(id: &str) -> HtmlAudioElement;
    #[wasm_bindgen(js_name = nextEvent)]
    pub fn next_event(target: &HtmlAudioElement, name: &str) -> Promise;
    #[wasm_bindgen(method, js_name = remoteDescriptions)]
    pub fn remote_descriptions(this: &Spy) -> Vec<String>;
    #[wasm_bindgen(method, js_name = redundancy)]
    fn redundancy_promise(this: &Spy) -> Promise;
    #[wasm_bindgen(method, js_name = videoLimits)]
    pub fn video_limits(this: &Spy) -> Vec<f64>;

    #[wasm_bindgen(js_name = deviceId)]
    fn device_id_promise(kind: &str) -> Promise;
    #[wasm_bindgen(js_name = devicesChange)]
    pub fn devices_change();
    #[wasm_bindgen(js_name = sleep)]
    pub fn sleep(ms: f64) -> Function;
    #[wasm_bindgen(js_name = hasSinks)]
    pub fn has_sinks() -> bool;
    #[wasm_bindgen(js_name = hasRedundancy)]
    pub fn has_redundancy() -> bool;
    pub fn fire(stream: &MediaStream, event: &str);
    #[wasm_bindgen(js_name = endTracks)]
    pub fn end_tracks(stream: &MediaStream);
    #[wasm_bindgen(js_name = pictureOf)]
    fn picture_of(stream: &MediaStream, source: &str) -> Promise;
    #[wasm_bindgen(js_name = toneStream)]
    pub fn tone_stream() -> MediaStream;
}

impl Spy {
    /// Returns how many copies of former sound come with each packet, on each connection.
    pub async fn redundancy(&self) -> Vec<f64> {
        let copies: js_sys::Array = done(self.redundancy_promise()).await.into();
        copies.iter().filter_map(|share| share.as_f64()).collect()
    }

    /// Makes the browser say this about the microphone.
    pub async fn stub_permission(&self, state: &str) {
        let stubbed = done(self.stub_permission_promise(state)).await;
        assert!(stubbed.is_truthy(), "the browser knows the permission");
    }

    /// Lets the microphone open and waits until whoever waited for it has acted.
    pub async fn open_gate(&self) {
        done(self.open_gate_promise()).await;
    }
}

/// One page with its server; what the SDK opens in it is kept book of.
pub struct Page {
    pub relay: Relay,
    pub spy: Spy,
    audio_elements: u32,
}

/// A person with an engine.
pub struct Person {
    pub engine: Rc<Engine>,
    pub socket: FakeSocket,
    recorder: Recorder,
}

impl Page {
    /// Makes a page whose server announces these features.
    pub fn new(features: Option<&[&str]>) -> Self {
        let features = features.map_or(JsValue::NULL, |features| {
            features
                .iter()
                .map(|name| JsValue::from_str(name))
                .collect::<js_sys::Array>()
                .into()
        });
        Self {
            relay: Relay::new(&features),
            spy: Spy::new(),
            audio_elements: audio_elements(),
        }
    }

    /// Makes a person whose socket is not connected.
    pub fn person(&self, user_id: &str, options: &JsValue) -> Person {
        let socket = self.relay.socket(user_id);
        let recorder = Recorder::new();
        let io: SocketIo = socket.clone().unchecked_into();
        let engine = Engine::new(io, options, recorder.notify());
        Person {
            engine: Rc::new(engine),
            socket,
            recorder,
        }
    }

    /// Makes alice and bob, whose sockets are not connected.
    pub fn people(&self) -> (Person, Person) {
        let person = |name| self.person(name, &JsValue::UNDEFINED);
        (person("alice"), person("bob"))
    }

    /// Makes alice and bob and connects them.
    pub fn connect(&self) -> (Person, Person) {
        let (alice, bob) = self.people();
        alice.socket.connect();
        bob.socket.connect();
        (alice, bob)
    }

    /// Makes alice and bob; alice calls bob, who answers.
    pub async fn call(&self) -> (Person, Person) {
        let (alice, bob) = self.people();
        self.talk(&alice, &bob).await;
        (alice, bob)
    }

    /// Connects two people; the first calls the second, who answers.
    pub async fn talk(&self, caller: &Person, callee: &Person) {
        caller.socket.connect();
        callee.socket.connect();
        let placed = caller.initiate();
        let incoming = callee.next("incoming").await;
        assert_eq!(text(&incoming, "sessionId"), "session-1");
        done(callee.engine.accept(None, None)).await;
        assert_eq!(done(placed).await, JsValue::from_str("session-1"));
        caller.state("connected").await;
        callee.state("connected").await;
    }

    /// Checks that no connection, microphone or element of ours is left.
    pub fn assert_nothing_is_open(&self) {
        assert_eq!(self.spy.open_connections(), 0, "open connections");
        assert_eq!(self.spy.live_tracks(), 0, "live tracks");
        assert_eq!(audio_elements(), self.audio_elements, "audio elements");
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.spy.restore();
    }
}

impl Person {
    /// Calls bob.
    pub fn initiate(&self) -> Promise {
        self.place("voice")
    }

    /// Places a call to bob of that type.
    pub fn place(&self, call_type: &str) -> Promise {
        let targets = js_sys::Array::of1(&"bob".into());
        self.engine
            .initiate("chat".into(), &targets, call_type, None)
    }

    /// Turns the camera on or off and waits until it is.
    pub async fn camera(&self, on: bool) {
        assert_eq!(done(self.engine.set_video(Some(on))).await, on);
    }

    /// Waits until the other one's picture is there, and is a camera's or a screen's.
    pub async fn sees(&self, other: &str, source: &str) {
        loop {
            let stream = self.engine.remote_stream(other);
            match stream.filter(|stream| stream.get_video_tracks().length() > 0) {
                Some(stream) => {
                    done(picture_of(&stream, source)).await;
                    break;
                }
                None => drop(self.next("remoteStream").await),
            }
        }
    }

    /// Waits until this one sends that picture, and returns its stream.
    pub async fn shows(&self, source: &str) -> JsValue {
        loop {
            let shown = self.next("localVideo").await;
            if text(&shown, "source") == source {
                return Reflect::get(&shown, &"stream".into()).unwrap_or_default();
            }
        }
    }

    /// Waits until the other one is said to have turned the picture on or off.
    pub async fn next_toggle(&self, enabled: bool) {
        while flag(&self.next("participantVideoToggle").await, "enabled") != enabled {}
    }

    /// Tells whether the other one's stream has a picture.
    pub fn is_shown(&self, other: &str) -> bool {
        let stream = self.engine.remote_stream(other);
        stream.is_some_and(|stream| stream.get_video_tracks().length() > 0)
    }

    /// Waits for the next such event and returns its payload.
    pub async fn next(&self, event: &str) -> JsValue {
        done(self.recorder.next(event)).await
    }

    /// Waits until the call stands there.
    pub async fn state(&self, state: &str) {
        done(self.recorder.state(state)).await;
    }

    /// Waits until sound arrives.
    pub async fn sound(&self) {
        done(self.recorder.sound()).await;
    }

    /// Counts how often an event was emitted.
    pub fn sent(&self, event: &str) -> usize {
        self.socket
            .emitted()
            .iter()
            .filter(|name| *name == event)
            .count()
    }

    /// Does something with the engine inside the listener of an event.
    pub fn react(&self, event: &str, act: impl Fn(&Engine) + 'static) {
        let engine = Rc::clone(&self.engine);
        let closure = Closure::<dyn Fn(JsValue)>::new(move |_: JsValue| act(&engine));
        self.recorder.react(event, &closure.into_js_value());
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.engine.dispose();
    }
}

/// Returns the id of a device of this kind.
pub async fn device_id(kind: &str) -> String {
    let id = done(device_id_promise(kind)).await.as_string();
    id.expect("there is one")
}

/// Waits for a promise that is to be resolved.
pub async fn done(promise: Promise) -> JsValue {
    match JsFuture::from(promise).await {
        Ok(value) => value,
        Err(error) => panic!(
            "rejected: {} {}",
            text(&error, "code"),
            text(&error, "message")
        ),
    }
}

/// Waits for a promise that is to be rejected and returns the code.
pub async fn failure_code(promise: Promise) -> String {
    match JsFuture::from(promise).await {
        Ok(_) => panic!("resolved"),
        Err(error) => text(&error, "code"),
    }
}

/// Returns a property that is a text, or nothing.
pub fn text(value: &JsValue, name: &str) -> String {
    let property = Reflect::get(value, &name.into()).unwrap_or_default();
    property.as_string().unwrap_or_default()
}

/// Returns a property that is a number.
pub fn number(value: &JsValue, name: &str) -> f64 {
    let property = Reflect::get(value, &name.into()).unwrap_or_default();
    property.as_f64().expect("it is a number")
}

/// Returns a property that is true or false.
pub fn flag(value: &JsValue, name: &str) -> bool {
    let property = Reflect::get(value, &name.into()).unwrap_or_default();
    property.as_bool().expect("it is true or false")
}

/// Makes options with one entry.
pub fn options(name: &str, value: &JsValue) -> JsValue {
    let options = js_sys::Object::new();
    Reflect::set(&options, &name.into(), value).expect("a plain object");
    options.into()
}

/// Returns the audio track of a stream.
pub fn track(stream: &MediaStream) -> MediaStreamTrack {
    stream.get_audio_tracks().get(0).unchecked_into()
}

/// Tells whether the microphone of an engine lets sound through.
pub fn is_track_enabled(engine: &Engine) -> bool {
    is_stream_enabled(&engine.local_stream().expect("the microphone is open"))
}

/// Tells whether a stream lets sound through.
pub fn is_stream_enabled(stream: &MediaStream) -> bool {
    track(stream).enabled()
}

/// Tells whether a stream still runs.
pub fn is_stream_live(stream: &MediaStream) -> bool {
    track(stream).ready_state() == web_sys::MediaStreamTrackState::Live
}
