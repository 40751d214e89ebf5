//! What the answers say of themselves.

use super::inputs::content;
use crate::rest::error::{ApiError, RestFailure};
use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response};

impl OperationOutput for ApiError {
    type Inner = Self;

    fn inferred_responses(
        context: &mut GenContext,
        _: &mut Operation,
    ) -> Vec<(Option<u16>, Response)> {
        vec![
            refusal(
                context,
                429,
                "Too many requests: `retryAfterMs` says when to go on.",
            ),
            refusal(context, 500, "The server failed."),
            refusal(
                context,
                503,
                "The database does not answer, or the server goes down.",
            ),
        ]
    }
}

/// Returns a refusal with that status, as all of them are formed.
pub(super) fn refusal(
    context: &mut GenContext,
    status: u16,
    description: &str,
) -> (Option<u16>, Response) {
    let json_schema = context.schema.subschema_for::<RestFailure<'_>>();
    let response = Response {
        description: description.to_owned(),
        content: [("application/json".to_owned(), content(json_schema))]
            .into_iter()
            .collect(),
        ..Response::default()
    };
    (Some(status), response)
}
