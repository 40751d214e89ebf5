//! The TypeScript types of the npm package, made from the wire types.
//!
//! [`generate`] returns the whole of `sdk/js/src/protocol.ts`. Payloads of client events end in
//! `Request`, those of server events in `Event`: the two directions share one namespace, and no
//! payload may take the name of a class of the SDK.

mod declarations;
mod layout;

use ts_rs::{Config, TS};

use crate::rest::{
    CallHistory, CallQualityTimeline, CallRecord, CallStatistics, CallTimeline, Chat, DevJoin,
    DevToken,
};
use crate::webhook::{CallHookAnswer, CallHookRequest, WebhookEvent};
use crate::{
    ClientEvent, ConfigAck, ErrorCode, Failure, IceCandidate, InitiateAck, JoinAck, RefreshAck,
    RtcConfiguration, ServerEvent, SessionDescription, StateAck, client,
};
use declarations::Declarations;

/// Receives the events of one direction, in the order of their declaration.
pub(crate) trait EventVisitor {
    /// Takes an event: its payload type, its wire name and its documentation.
    fn event<T: TS + 'static>(&mut self, name: &'static str, docs: &[&str]);
}

/// Types that the browser has already, or that stand for no payload: named, never declared.
macro_rules! undeclared {
    ($($rust:ty $(, of $text:ident)? => $typescript:literal,)*) => {
        $(impl$(<$text: 'static>)? TS for $rust {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &Config) -> String {
                $typescript.to_owned()
            }

            fn inline(_: &Config) -> String {
                $typescript.to_owned()
            }
        })*
    };
}

undeclared! {
    SessionDescription<Text>, of Text => "RTCSessionDescriptionInit",
    IceCandidate<Text>, of Text => "RTCIceCandidateInit",
    RtcConfiguration => "RTCConfiguration",
    client::WebrtcConfigGet => "undefined",
    client::CallSync => "undefined",
}

const HEADER: &str = "\
// Made from the Rust crate `protocol` by `npm run types`: do not edit.

/**
 * The wire: every event, ack, error code and REST body.
 *
 * For an application's own socket: `Socket<ServerToClientEvents, ClientToServerEvents>`.
 *
 * @module
 */
";

const ACK: &str = "\
/** What a client event is answered with: `T` beside `success`, or a failure. */
export type Ack<T = unknown> = ({ success: true } & T) | ({ success: false } & Failure);
";

const REST: &str = "\
/** What a REST endpoint answers. */
export type RestResponse<T> = { success: true; data: T } | ({ success: false } & Failure);
";

/// Returns the text of `sdk/js/src/protocol.ts`.
#[must_use]
pub fn generate() -> String {
    let mut file = Declarations::default();
    file.text(HEADER);
    file.text(&error_codes());
    failures_and_acks(&mut file);
    client_events(&mut file);
    server_events(&mut file);
    rest(&mut file);
    webhooks(&mut file);
    file.finish()
}

fn error_codes() -> String {
    let mut text =
        "/** The stable code of a failure, the same in acks, `call:error` and REST. */\n\
        export type ErrorCode ="
            .to_owned();
    for code in ErrorCode::ALL {
        let again = if code.retryable() {
            " The same request may succeed later."
        } else {
            ""
        };
        text += &format!("\n  /** {}{again} */\n  | '{code}'", code.message());
    }
    text + ";\n"
}

fn failures_and_acks(file: &mut Declarations) {
    file.known("ErrorCode");
    file.declare::<Failure>();
    file.text(ACK);
    file.declare::<ConfigAck>();
    file.declare::<InitiateAck>();
    file.declare::<JoinAck>();
    file.declare::<StateAck>();
    file.declare::<RefreshAck>();
}

fn client_events(file: &mut Declarations) {
    let mut map = ClientMap {
        file,
        members: String::new(),
    };
    ClientEvent::describe(&mut map);
    let members = map.members;
    file.text(&format!(
        "/** Everything that a client may say. Every event accepts an ack. */\n\
         export interface ClientToServerEvents {{\n{members}}}\n"
    ));
}

struct ClientMap<'a> {
    file: &'a mut Declarations,
    members: String,
}

impl EventVisitor for ClientMap<'_> {
    fn event<T: TS + 'static>(&mut self, name: &'static str, docs: &[&str]) {
        let ack = format!("(ack: Ack<{}>) => void", ack_of(name));
        let signature = match self.file.declare_payload::<T>("Request") {
            Some(payload) => format!("(payload: {payload}, ack?: {ack}) => void"),
            None => format!("(ack: {ack}) => void"),
        };
        self.members += &layout::member(name, docs, &signature);
    }
}

/// Returns the TypeScript name of what the ack of that event carries beside `success`.
fn ack_of(event: &str) -> String {
    let cfg = Config::new();
    match event {
        "webrtc:config:get" => ConfigAck::name(&cfg),
        "call:initiate" => InitiateAck::name(&cfg),
        "call:accept" | "call:join" | "call:resume" => JoinAck::name(&cfg),
        "call:sync" => StateAck::name(&cfg),
        "auth:refresh" => RefreshAck::name(&cfg),
        _ => "unknown".to_owned(),
    }
}

fn server_events(file: &mut Declarations) {
    let mut map = ServerMap {
        file,
        members: String::new(),
    };
    ServerEvent::describe(&mut map);
    let members = map.members;
    file.text(&format!(
        "/** Everything that the server may say. */\n\
         export interface ServerToClientEvents {{\n{members}}}\n"
    ));
}

struct ServerMap<'a> {
    file: &'a mut Declarations,
    members: String,
}

impl EventVisitor for ServerMap<'_> {
    fn event<T: TS + 'static>(&mut self, name: &'static str, docs: &[&str]) {
        let signature = match self.file.declare_payload::<T>("Event") {
            Some(payload) => format!("(payload: {payload}) => void"),
            None => "() => void".to_owned(),
        };
        self.members += &layout::member(name, docs, &signature);
    }
}

fn rest(file: &mut Declarations) {
    file.text(REST);
    file.declare::<CallRecord>();
    file.declare::<CallHistory>();
    file.declare::<CallStatistics>();
    file.declare::<CallTimeline>();
    file.declare::<CallQualityTimeline>();
    file.declare::<Chat>();
    file.declare::<DevJoin>();
    file.declare::<DevToken>();
}

fn webhooks(file: &mut Declarations) {
    file.declare::<WebhookEvent>();
    file.declare::<CallHookRequest>();
    file.declare::<CallHookAnswer>();
}
