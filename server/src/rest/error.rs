//! The one form of every REST failure: `{success: false, error, code}` with its HTTP status.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use ringback_protocol::{ErrorCode, Failure};
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::AuthError;
use crate::store::StoreError;

/// A failure of a REST request.
#[derive(Debug)]
pub(super) enum ApiError {
    /// One that the protocol has a code for.
    Coded(Failure),
    /// So many are being served that there is no room, whoever asks.
    Full(Failure),
    /// There is no such path.
    NoSuchRoute(String),
    /// The path does not take this method.
    MethodNotAllowed(String),
    /// The store failed; already logged.
    Unavailable,
}

/// What a handler returns.
pub(super) type ApiResult<T> = Result<T, ApiError>;

/// What went wrong, for a program (`code`) and for a person (`error`).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RestFailure")]
pub(super) struct RestFailure<'a> {
    /// Always false.
    #[schemars(extend("const" = false))]
    success: bool,
    /// Text for a person.
    error: &'a str,
    /// Stable code.
    #[schemars(with = "ErrorCode")]
    code: &'a str,
    /// With `RATE_LIMITED` and `DRAINING`: how long to wait, in milliseconds.
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl ApiError {
    /// The request does not have the documented shape.
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::Coded(Failure::new(ErrorCode::InvalidPayload, text))
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::Coded(code.into())
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self::Coded(failure)
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        Self::Coded(error.into())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a REST request failed");
        match error {
            StoreError::Database(_)
            | StoreError::Away { .. }
            | StoreError::NoConnection
            | StoreError::TooSlow
            | StoreError::DiskFull
            | StoreError::Displaced
            | StoreError::ReadOnly
            | StoreError::Closed => Self::Unavailable,
            StoreError::UnknownUrl(_)
            | StoreError::NotBuiltIn { .. }
            | StoreError::Corrupt { .. }
            | StoreError::IdTaken(_)
            | StoreError::Newer => ErrorCode::Internal.into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::Coded(failure) => coded(status(failure.code), &failure),
            Self::Full(failure) => coded(StatusCode::SERVICE_UNAVAILABLE, &failure),
            Self::NoSuchRoute(what) => {
                let text = format!("There is nothing at {what}.");
                answer(StatusCode::NOT_FOUND, &text, "NOT_FOUND", None)
            }
            Self::MethodNotAllowed(what) => {
                let text = format!("This address does not take {what}.");
                answer(
                    StatusCode::METHOD_NOT_ALLOWED,
                    &text,
                    "METHOD_NOT_ALLOWED",
                    None,
                )
            }
            Self::Unavailable => {
                let code = ErrorCode::Internal;
                answer(
                    StatusCode::SERVICE_UNAVAILABLE,
                    code.message(),
                    code.as_str(),
                    None,
                )
            }
        }
    }
}

fn coded(status: StatusCode, failure: &Failure) -> Response {
    let (code, retry) = (failure.code.as_str(), failure.retry_after_ms);
    let mut response = answer(status, &failure.error, code, retry);
    if let Some(ms) = retry {
        let seconds = HeaderValue::from(ms.div_ceil(1_000));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

fn answer(status: StatusCode, error: &str, code: &str, retry_after_ms: Option<u64>) -> Response {
    let body = RestFailure {
        success: false,
        error,
        code,
        retry_after_ms,
    };
    (status, Json(body)).into_response()
}

const fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Unauthenticated | ErrorCode::TokenExpired => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden | ErrorCode::NotAMember => StatusCode::FORBIDDEN,
        ErrorCode::ChatNotFound | ErrorCode::CallNotFound => StatusCode::NOT_FOUND,
        ErrorCode::CallEnded
        | ErrorCode::NotInCall
        | ErrorCode::AlreadyInCall
        | ErrorCode::AlreadyAnswered
        | ErrorCode::CallFull
        | ErrorCode::TargetUnreachable => StatusCode::CONFLICT,
        ErrorCode::NoTargets | ErrorCode::InvalidPayload | ErrorCode::UnknownEvent => {
            StatusCode::BAD_REQUEST
        }
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Draining => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Answers requests for paths under `/api` that do not exist.
pub(super) async fn no_such_route(uri: Uri) -> ApiError {
    ApiError::NoSuchRoute(uri.path().to_owned())
}

/// Answers requests with a method that the path does not take.
pub(super) async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::MethodNotAllowed(method.to_string())
}
