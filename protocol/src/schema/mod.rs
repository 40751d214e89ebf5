//! JSON Schemas (draft 2020-12) made from the wire types, and the AsyncAPI document made of them.
//!
//! A schema says what a Ringback peer sends: a field that it always sends is required. Whoever
//! reads has to ignore fields that it does not know.

mod asyncapi;
mod messages;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};

pub use asyncapi::asyncapi;

/// The name of the schema of an event without a payload.
pub(crate) const NO_PAYLOAD: &str = "NoPayload";

/// Receives the events of one direction, in the order of their declaration.
pub(crate) trait EventVisitor {
    /// Takes an event: its payload type, its wire name and its documentation.
    fn event<T: JsonSchema>(&mut self, name: &'static str, docs: &[&str]);
}

/// Returns a generator whose schemas refer to each other as `#/components/schemas/Name`.
#[must_use]
pub fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator()
}
