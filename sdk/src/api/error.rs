//! Failures as plain objects, which the TypeScript side turns into `CallError`.

use wasm_bindgen::JsValue;

use crate::core::error::ClientError;
use crate::platform::record;

/// Converts a failure of the client.
pub(super) fn to_js(error: &ClientError) -> JsValue {
    plain(
        error.code(),
        error.message(),
        error.retryable(),
        error.retry_after_ms,
    )
}

/// Makes the failure of an argument that does not have its documented shape.
pub(super) fn invalid_argument(message: &str) -> JsValue {
    plain("INVALID_ARGUMENT", message, false, None)
}

fn plain(code: &str, message: &str, retryable: bool, retry_after_ms: Option<u64>) -> JsValue {
    record! {
        code: code.into(),
        message: message.into(),
        retryable: retryable.into(),
        retryAfterMs: retry_after_ms.map(|ms| ms as f64).into(),
    }
}
