//! What handlers take: who asks, and parsed input. Each says in our own form what is wrong.

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ringback_protocol::ErrorCode;
use serde::de::DeserializeOwned;

use super::RestState;
use super::error::ApiError;
use crate::auth::{Auth, AuthError, Principal, User};

/// The person whose token the request carries.
pub(super) struct Person(pub(super) User);

/// The proof that the request carries a token of the host application's backend.
pub(super) struct Service;

impl FromRequestParts<RestState> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &RestState) -> Result<Self, ApiError> {
        match principal(&parts.headers, &state.auth).await? {
            Principal::User(user) => {
                let taken = state.quotas.request(&user.id, Instant::now());
                taken.inspect_err(|failure| state.metrics.refused(failure.code))?;
                Ok(Self(user))
            }
            Principal::Service => Err(ErrorCode::Forbidden.into()),
        }
    }
}

impl FromRequestParts<RestState> for Service {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &RestState) -> Result<Self, ApiError> {
        match principal(&parts.headers, &state.auth).await? {
            Principal::Service => Ok(Self),
            Principal::User(_) => Err(ErrorCode::Forbidden.into()),
        }
    }
}

async fn principal(headers: &HeaderMap, auth: &Auth) -> Result<Principal, AuthError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or(AuthError::Missing)?;
    let text = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(AuthError::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::Missing);
    }
    let pass = auth.admit(token.trim()).await?;
    Ok(pass.principal)
}

/// The `{id}` of the path; `None` when it cannot be an id at all, and so names nothing.
pub(super) struct Id<T>(pub(super) Option<T>);

impl<T, S> FromRequestParts<S> for Id<T>
where
    T: TryFrom<String> + Send,
    S: Send + Sync,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(
            text.ok().and_then(|Path(text)| T::try_from(text).ok()),
        ))
    }
}

/// The parameters behind the `?`.
pub(super) struct Parameters<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for Parameters<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(parameters)| Self(parameters))
            .map_err(|error| {
                ApiError::invalid(format!("The query does not parse: {}.", error.body_text()))
            })
    }
}

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<RestState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &RestState) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::invalid(
                "Send the body with Content-Type: application/json.",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(unreadable)?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut json)
            .map(Self)
            .map_err(|error| ApiError::invalid(format!("The body does not parse: {error}.")))
    }
}

/// A form of another page cannot send this type without asking first (CORS).
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("application/json"))
}

fn unreadable(error: BytesRejection) -> ApiError {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return ErrorCode::PayloadTooLarge.into();
    }
    ApiError::invalid("The body cannot be read.")
}
