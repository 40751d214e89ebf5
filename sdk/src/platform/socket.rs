//! The application's Socket.IO client socket (protocol v5).

use js_sys::{Array, Function};
use ringback_protocol::{ClientEvent, ErrorCode, Outcome, ServerEvent};
use wasm_bindgen::prelude::*;

use super::decode::{Malformed, Read, decode, server_event};
use super::encode::{Encoder, written};
use super::{Inbox, js};
use crate::core::error::{ClientCode, ClientError};
use crate::core::ids::AckId;
use crate::core::{AckBody, AckFailure, SignalingInput};

#[wasm_bindgen]
extern "C" {
    /// What the SDK needs of a Socket.IO v4 client socket, by shape.
    #[derive(Clone)]
    pub type SocketIo;

    #[wasm_bindgen(method, getter)]
    fn connected(this: &SocketIo) -> bool;
    #[wasm_bindgen(method, catch)]
    fn on(this: &SocketIo, event: &str, listener: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn off(this: &SocketIo, event: &str, listener: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, variadic)]
    fn emit(this: &SocketIo, event: &str, arguments: &Array) -> Result<JsValue, JsValue>;
}

/// The way out: emits events and takes their acks.
pub(crate) struct Socket {
    io: SocketIo,
    inbox: Inbox,
}

impl Socket {
    /// Takes a socket, connected or not.
    pub(crate) const fn new(io: SocketIo, inbox: Inbox) -> Self {
        Self { io, inbox }
    }

    /// Tells whether the socket is connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.io.connected()
    }

    /// Begins to listen; see [`Ears`].
    pub(crate) fn listen(&self) -> Ears {
        let mut ears = Ears {
            io: self.io.clone(),
            listeners: Vec::new(),
        };
        ears.listen(&self.inbox, "connect", |inbox, _| {
            inbox.put_signaling(SignalingInput::Connected);
        });
        ears.listen(&self.inbox, "disconnect", |inbox, _| {
            inbox.put_signaling(SignalingInput::Disconnected);
        });
        ears.listen(&self.inbox, "connect_error", refused);
        for name in ServerEvent::NAMES.iter().copied() {
            ears.listen(&self.inbox, name, move |inbox, payload| {
                received(inbox, name, payload);
            });
        }
        ears
    }

    /// Emits an event; with an id, its ack is reported under it.
    pub(crate) fn emit(&self, event: &ClientEvent, ack: Option<AckId>) {
        let arguments = Array::new();
        if let Some(payload) = payload(event) {
            arguments.push(&payload);
        }
        if let Some(id) = ack {
            arguments.push(&self.ack_callback(id, AckKind::of(event)));
        }
        if let Err(error) = self.io.emit(event.name(), &arguments) {
            self.inbox.fail(internal(js::error_text(&error)));
        }
    }

    /// Closes the connection below the socket, which Socket.IO then makes anew.
    pub(crate) fn reconnect(&self) {
        let engine = js::get(&js::get(&self.io, "io"), "engine");
        if let Ok(close) = js::get(&engine, "close").dyn_into::<Function>() {
            // Another client than Socket.IO's own notices the loss by itself, later.
            let _closed = close.call0(&engine);
        }
    }

    /// Makes the function that the socket calls with the ack.
    ///
    /// It belongs to the garbage collector: an ack may come late, or never.
    fn ack_callback(&self, id: AckId, kind: AckKind) -> JsValue {
        let inbox = self.inbox.clone();
        let callback = js::callback(move |value| {
            inbox.put_signaling(SignalingInput::Ack(id, decode_ack(kind, value)));
        });
        callback.into_js_value()
    }
}

/// Our listeners on a socket; dropping it takes them off and leaves the others alone.
#[must_use = "the listeners are taken off when this is dropped"]
pub(crate) struct Ears {
    io: SocketIo,
    listeners: Vec<Listening>,
}

/// A listener of ours and the event that it listens to.
struct Listening {
    event: &'static str,
    closure: js::Callback,
}

impl Ears {
    fn listen(
        &mut self,
        inbox: &Inbox,
        event: &'static str,
        handle: impl Fn(&Inbox, JsValue) + 'static,
    ) {
        let owner = inbox.clone();
        let closure = js::callback(move |value| handle(&owner, value));
        if let Err(error) = self.io.on(event, closure.as_ref()) {
            inbox.fail(internal(js::error_text(&error)));
        }
        self.listeners.push(Listening { event, closure });
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        for Listening { event, closure } in &self.listeners {
            // A socket that cannot take a listener off keeps one that does nothing.
            let _off = self.io.off(event, closure.as_ref());
        }
    }
}

fn received(inbox: &Inbox, name: &'static str, payload: JsValue) {
    match server_event(name, payload) {
        Ok(event) => inbox.put_signaling(SignalingInput::Event(event)),
        Err(Malformed) => inbox.fail(malformed_event(name)),
    }
}

/// `connect_error`: with a code, the server refused; without, Socket.IO tries again by itself.
fn refused(inbox: &Inbox, error: JsValue) {
    let code = js::text(&js::get(&error, "data"), "code").and_then(|code| ErrorCode::parse(&code));
    if let Some(code) = code {
        inbox.put_signaling(SignalingInput::Refused(code));
    }
}

/// Encodes the payload; the events without one have the ack as their only argument.
fn payload(event: &ClientEvent) -> Option<JsValue> {
    match event {
        ClientEvent::WebrtcConfigGet(_) | ClientEvent::CallSync(_) => None,
        ClientEvent::CallInitiate(_)
        | ClientEvent::CallAccept(_)
        | ClientEvent::CallReject(_)
        | ClientEvent::WebrtcOffer(_)
        | ClientEvent::WebrtcAnswer(_)
        | ClientEvent::WebrtcIceCandidate(_)
        | ClientEvent::CallQuality(_)
        | ClientEvent::CallToggleAudio(_)
        | ClientEvent::CallToggleVideo(_)
        | ClientEvent::CallEnd(_)
        | ClientEvent::CallLeave(_)
        | ClientEvent::CallJoin(_)
        | ClientEvent::CallInvite(_)
        | ClientEvent::CallResume(_)
        | ClientEvent::AuthRefresh(_) => Some(written(event.encode(Encoder))),
    }
}

/// Which body the ack of an event has.
#[derive(Clone, Copy)]
enum AckKind {
    Empty,
    Config,
    Initiate,
    Join,
    State,
}

impl AckKind {
    const fn of(event: &ClientEvent) -> Self {
        match event {
            ClientEvent::WebrtcConfigGet(_) => Self::Config,
            ClientEvent::CallInitiate(_) => Self::Initiate,
            ClientEvent::CallAccept(_) | ClientEvent::CallJoin(_) | ClientEvent::CallResume(_) => {
                Self::Join
            }
            ClientEvent::CallSync(_) => Self::State,
            ClientEvent::CallReject(_)
            | ClientEvent::WebrtcOffer(_)
            | ClientEvent::WebrtcAnswer(_)
            | ClientEvent::WebrtcIceCandidate(_)
            | ClientEvent::CallQuality(_)
            | ClientEvent::CallToggleAudio(_)
            | ClientEvent::CallToggleVideo(_)
            | ClientEvent::CallEnd(_)
            | ClientEvent::CallLeave(_)
            | ClientEvent::CallInvite(_)
            // What comes back is nobody's business here: `connect()` sends it, not the machine.
            | ClientEvent::AuthRefresh(_) => Self::Empty,
        }
    }
}

fn decode_ack(kind: AckKind, value: JsValue) -> Result<AckBody, AckFailure> {
    // A reference server may call the ack with nothing at all.
    let value = if value.is_object() {
        value
    } else {
        js::object(&[])
    };
    let outcome: Outcome = decode(value.clone()).map_err(malformed_ack)?;
    if !outcome.success {
        return Err(AckFailure {
            code: outcome.code.as_deref().and_then(ErrorCode::parse),
            message: outcome.error.unwrap_or_default(),
            retry_after_ms: outcome.retry_after_ms,
        });
    }
    match kind {
        AckKind::Empty => Ok(AckBody::Empty),
        AckKind::Config => body(value, AckBody::Config),
        AckKind::Initiate => body(value, AckBody::Initiate),
        AckKind::Join => body(value, AckBody::Join),
        AckKind::State => body(value, AckBody::State),
    }
}

fn body<T: Read>(value: JsValue, of: fn(T) -> AckBody) -> Result<AckBody, AckFailure> {
    decode(value).map(of).map_err(malformed_ack)
}

fn malformed_ack(_error: Malformed) -> AckFailure {
    AckFailure {
        code: None,
        message: "The server's ack is malformed.".into(),
        retry_after_ms: None,
    }
}

fn malformed_event(event: &str) -> ClientError {
    internal(["The server sent a malformed ", event].concat())
}

fn internal(detail: String) -> ClientError {
    ClientError {
        detail: Some(detail),
        ..ClientCode::InternalError.into()
    }
}
