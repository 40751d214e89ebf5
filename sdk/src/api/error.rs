//! Failures as plain objects, which the TypeScript side turns into `CallError`.

use wasm_bindgen::JsValue;

use crate::core::error::ClientError;
use crate::platform::record;

/// Converts a failure of the client.
pub(super) fn to_js(error: &ClientError) -> JsValue {
    plain(error.code(), error.message(), error.retryable())
}

/// Makes the failure of an argument that does not have its documented shape.
pub(super) fn invalid_argument(message: &str) -> JsValue {
    plain("INVALID_ARGUMENT", message, false)
}

fn plain(code: &str, message: &str, retryable: bool) -> JsValue {
    record! {
        code: code.into(),
        message: message.into(),
        retryable: retryable.into(),
    }
}
