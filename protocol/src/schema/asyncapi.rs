//! The AsyncAPI 3 document of the socket events.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::generator;
use super::messages::{Collector, Described, Direction, ack, reference};
use crate::{ClientEvent, ErrorCode, Failure, ServerEvent};

const ABOUT: &str = "\
Calls over Socket.IO 4 (Socket.IO protocol v5), default namespace, over WebSocket or polling.

The `auth` of the handshake carries `token`, a JWT, and `deviceId`, a stable id of the browser tab \
or app install. Every client event accepts a Socket.IO ack; an event that fails and carried none is \
answered by `call:error`. The messages of one socket are handled in the order in which they were \
sent. Fields that a reader does not know are to be ignored. Rules, limits and capabilities are in \
PROTOCOL.md.";

/// Everything that grows while the events are collected.
struct Parts {
    generator: SchemaGenerator,
    messages: BTreeMap<String, Value>,
    schemas: BTreeMap<String, Value>,
    operations: BTreeMap<String, Value>,
}

/// Returns the AsyncAPI 3 document: every client event with its ack, every server event, the codes.
#[must_use]
pub fn asyncapi() -> Value {
    let mut parts = Parts {
        generator: generator(),
        messages: BTreeMap::new(),
        schemas: BTreeMap::new(),
        operations: BTreeMap::new(),
    };
    let from_clients = parts.collect(Direction::ToServer);
    parts.failure();
    for event in &from_clients {
        parts.receive(event);
    }
    for event in parts.collect(Direction::ToClient) {
        parts.send(&event);
    }
    parts.document()
}

impl Parts {
    fn collect(&mut self, direction: Direction) -> Vec<Described> {
        let mut collector = Collector {
            direction,
            generator: &mut self.generator,
            messages: &mut self.messages,
            schemas: &mut self.schemas,
            events: Vec::new(),
        };
        match direction {
            Direction::ToServer => ClientEvent::describe_schemas(&mut collector),
            Direction::ToClient => ServerEvent::describe_schemas(&mut collector),
        }
        collector.events
    }

    /// An event that the server receives, and its ack.
    fn receive(&mut self, event: &Described) {
        let success = self.success_of(event.name);
        let operation = json!({
            "action": "receive",
            "title": event.name,
            "summary": event.summary,
            "channel": { "$ref": CHANNEL },
            "messages": [message(&event.message)],
            "reply": {
                "channel": { "$ref": CHANNEL },
                "messages": [message(&success), message(FAILURE)],
            },
        });
        self.operations.insert(key("receive", event), operation);
    }

    /// An event that the server sends.
    fn send(&mut self, event: &Described) {
        let operation = json!({
            "action": "send",
            "title": event.name,
            "summary": event.summary,
            "channel": { "$ref": CHANNEL },
            "messages": [message(&event.message)],
        });
        self.operations.insert(key("send", event), operation);
    }

    /// Returns the key of the message that acks a success.
    fn success_of(&mut self, event: &str) -> String {
        let (name, body) = ack(&mut self.generator, event);
        let key = format!("{name}Success");
        let payload = json!({ "allOf": [outcome(true), body] });
        self.schemas.insert(key.clone(), payload);
        let message = json!({
            "name": "ack",
            "title": "ack of a success",
            "payload": reference(&key),
        });
        self.messages.insert(key.clone(), message);
        key
    }

    fn failure(&mut self) {
        let body = self.generator.subschema_for::<Failure>();
        let payload = json!({ "allOf": [outcome(false), body] });
        self.schemas.insert(FAILURE.to_owned(), payload);
        let message = json!({
            "name": "ack",
            "title": "ack of a failure",
            "payload": reference(FAILURE),
        });
        self.messages.insert(FAILURE.to_owned(), message);
    }

    fn document(mut self) -> Value {
        self.generator.subschema_for::<ErrorCode>();
        let named = self.generator.take_definitions(true);
        self.schemas.extend(named);
        let in_channel: Map<_, _> = self.messages.keys().map(in_channel).collect();
        json!({
            "asyncapi": "3.0.0",
            "info": {
                "title": "Ringback signaling",
                "version": env!("CARGO_PKG_VERSION"),
                "description": ABOUT,
                "license": { "name": env!("CARGO_PKG_LICENSE") },
            },
            "defaultContentType": "application/json",
            "servers": { "ringback": server() },
            "channels": {
                "calls": {
                    "address": "/",
                    "title": "the default namespace",
                    "messages": in_channel,
                },
            },
            "operations": self.operations,
            "components": {
                "messages": self.messages,
                "schemas": self.schemas,
                "securitySchemes": { "token": security() },
            },
        })
    }
}

const CHANNEL: &str = "#/channels/calls";
const FAILURE: &str = "AckFailure";

fn server() -> Value {
    json!({
        "host": "localhost:3000",
        "pathname": "/socket.io",
        "protocol": "wss",
        "description": "A Ringback server, as Socket.IO clients connect to it.",
        "security": [{ "$ref": "#/components/securitySchemes/token" }],
    })
}

fn security() -> Value {
    json!({
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Travels as `auth.token` of the Socket.IO handshake.",
    })
}

fn outcome(success: bool) -> Value {
    json!({
        "type": "object",
        "required": ["success"],
        "properties": { "success": { "const": success } },
    })
}

fn message(key: &str) -> Value {
    json!({ "$ref": format!("{CHANNEL}/messages/{key}") })
}

fn in_channel(key: &String) -> (String, Value) {
    let target = format!("#/components/messages/{key}");
    (key.clone(), json!({ "$ref": target }))
}

fn key(action: &str, event: &Described) -> String {
    format!("{action}.{}", event.name.replace(':', "."))
}
