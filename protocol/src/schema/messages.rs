//! The messages of the document: events, each with what it is acked with.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::{EventVisitor, NO_PAYLOAD};
use crate::{ConfigAck, Empty, InitiateAck, JoinAck, RefreshAck, StateAck};

/// Which way an event goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From a client to the server.
    ToServer,
    /// From the server to a client.
    ToClient,
}

/// One event as it stands in the document.
pub(super) struct Described {
    /// Its name on the wire.
    pub(super) name: &'static str,
    /// What it says, in a sentence.
    pub(super) summary: String,
    /// The key of its message.
    pub(super) message: String,
}

/// Collects the events of one direction, with their messages and schemas.
pub(super) struct Collector<'a> {
    pub(super) direction: Direction,
    pub(super) generator: &'a mut SchemaGenerator,
    pub(super) messages: &'a mut BTreeMap<String, Value>,
    pub(super) schemas: &'a mut BTreeMap<String, Value>,
    pub(super) events: Vec<Described>,
}

impl EventVisitor for Collector<'_> {
    fn event<T: JsonSchema>(&mut self, name: &'static str, docs: &[&str]) {
        let lines: Vec<_> = docs.iter().map(|line| line.trim()).collect();
        let summary = lines.join(" ").trim_end_matches(" Added.").to_owned();
        let message = self.direction.message_key(name);
        let mut body = json!({ "name": name, "title": name, "summary": summary });
        if T::schema_name() != NO_PAYLOAD {
            let schema = T::json_schema(self.generator);
            self.schemas.insert(message.clone(), schema.to_value());
            body["payload"] = reference(&message);
        }
        self.messages.insert(message.clone(), body);
        self.events.push(Described {
            name,
            summary,
            message,
        });
    }
}

impl Direction {
    /// Returns the key of an event's message, as the TypeScript types name its payload.
    fn message_key(self, event: &str) -> String {
        let words = event.split([':', '-']).map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        });
        let suffix = match self {
            Self::ToServer => "Request",
            Self::ToClient => "Event",
        };
        words.collect::<String>() + suffix
    }
}

/// Returns the schema of the ack of a success, by the name of its event.
pub(super) fn ack(generator: &mut SchemaGenerator, event: &str) -> (&'static str, Schema) {
    match event {
        "webrtc:config:get" => ("ConfigAck", generator.subschema_for::<ConfigAck>()),
        "call:initiate" => ("InitiateAck", generator.subschema_for::<InitiateAck>()),
        "call:accept" | "call:join" | "call:resume" => {
            ("JoinAck", generator.subschema_for::<JoinAck>())
        }
        "call:sync" => ("StateAck", generator.subschema_for::<StateAck>()),
        "auth:refresh" => ("RefreshAck", generator.subschema_for::<RefreshAck>()),
        _ => ("EmptyAck", generator.subschema_for::<Empty>()),
    }
}

/// Refers to a schema of the document.
pub(super) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}
