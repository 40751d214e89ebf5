//! What the extractors say of themselves: who may ask, parameters, bodies, and how each refuses.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{
    MediaType, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathStyle,
    QueryStyle, RequestBody, Response, SchemaObject,
};
use aide::operation::{add_parameters, set_body};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::outputs::refusal;
use super::{SERVICE_TOKEN, USER_TOKEN};
use crate::rest::extract::{Body, Id, Parameters, Person, Service};

type Refusals = Vec<(Option<u16>, Response)>;

impl OperationInput for Person {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        secure(operation, USER_TOKEN);
    }

    fn inferred_early_responses(context: &mut GenContext, _: &mut Operation) -> Refusals {
        signed_in(context, "The token is not one of a person.")
    }
}

impl OperationInput for Service {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        secure(operation, SERVICE_TOKEN);
    }

    fn inferred_early_responses(context: &mut GenContext, _: &mut Operation) -> Refusals {
        signed_in(
            context,
            "The token is not one of the host application's backend.",
        )
    }
}

impl<T: JsonSchema> OperationInput for Id<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let json_schema = context.schema.subschema_for::<T>();
        let parameter = Parameter::Path {
            parameter_data: parameter("id", json_schema, true),
            style: PathStyle::Simple,
        };
        add_parameters(context, operation, [parameter]);
    }

    fn inferred_early_responses(context: &mut GenContext, _: &mut Operation) -> Refusals {
        vec![
            refusal(
                context,
                400,
                "What is asked for does not read; `error` says why.",
            ),
            refusal(
                context,
                404,
                "There is none with that id that the asker may see.",
            ),
        ]
    }
}

impl<T: JsonSchema> OperationInput for Parameters<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let reference = context.schema.subschema_for::<T>();
        let object = context.resolve_schema(&reference).clone();
        // The object itself is no part of the contract.
        context.schema.definitions_mut().remove(&*T::schema_name());
        let properties = object.get("properties").and_then(Value::as_object).cloned();
        let parameters = properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| Parameter::Query {
                parameter_data: parameter(&name, without_null(schema), false),
                allow_reserved: false,
                style: QueryStyle::Form,
                allow_empty_value: None,
            });
        let parameters: Vec<_> = parameters.collect();
        add_parameters(context, operation, parameters);
    }

    fn inferred_early_responses(context: &mut GenContext, _: &mut Operation) -> Refusals {
        vec![refusal(
            context,
            400,
            "A parameter does not have the documented shape.",
        )]
    }
}

impl<T: JsonSchema> OperationInput for Body<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let json_schema = context.schema.subschema_for::<T>();
        let body = RequestBody {
            description: None,
            content: [("application/json".to_owned(), content(json_schema))]
                .into_iter()
                .collect(),
            required: true,
            extensions: Default::default(),
        };
        set_body(context, operation, body);
    }

    fn inferred_early_responses(context: &mut GenContext, _: &mut Operation) -> Refusals {
        vec![
            refusal(context, 400, "The body does not have the documented shape."),
            refusal(context, 413, "The body is larger than 1 MiB."),
        ]
    }
}

fn secure(operation: &mut Operation, scheme: &str) {
    let requirement = [(scheme.to_owned(), Vec::new())];
    operation.security.push(requirement.into_iter().collect());
}

fn signed_in(context: &mut GenContext, forbidden: &str) -> Refusals {
    vec![
        refusal(context, 401, "The token is missing, not valid or expired."),
        refusal(context, 403, forbidden),
    ]
}

fn parameter(name: &str, json_schema: Schema, required: bool) -> ParameterData {
    let description = json_schema.get("description").and_then(Value::as_str);
    ParameterData {
        name: name.to_owned(),
        description: description.map(str::to_owned),
        required,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(SchemaObject {
            json_schema,
            external_docs: None,
            example: None,
        }),
        example: None,
        examples: Default::default(),
        explode: None,
        extensions: Default::default(),
    }
}

pub(super) fn content(json_schema: Schema) -> MediaType {
    MediaType {
        schema: Some(SchemaObject {
            json_schema,
            external_docs: None,
            example: None,
        }),
        ..MediaType::default()
    }
}

/// A parameter that is left out is not there: in a query nothing is null.
fn without_null(mut schema: Value) -> Schema {
    let is_null = |schema: &Value| schema["type"] == "null";
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let choices: Vec<_> = choices
            .iter()
            .filter(|choice| !is_null(choice))
            .cloned()
            .collect();
        if let [only] = choices.as_slice()
            && let (Some(object), Some(only)) = (schema.as_object().cloned(), only.as_object())
        {
            let mut merged = object;
            merged.remove("anyOf");
            merged.extend(only.clone());
            schema = Value::Object(merged);
        }
    }
    Schema::try_from(schema).unwrap_or_default()
}
