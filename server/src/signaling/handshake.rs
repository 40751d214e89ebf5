//! Who a socket is, from the `auth` of its CONNECT packet.

use ringback_protocol::{DeviceId, ErrorCode, Failure};
use serde::Deserialize;

use crate::auth::{Auth, AuthError, Principal};
use crate::calls::Timestamp;
use crate::calls::ports::Actor;

/// `auth: { token, deviceId? }`
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Credentials {
    token: Option<String>,
    device_id: Option<DeviceId>,
}

/// Returns who the socket belongs to, and until when; `socket_id` names the device when the client
/// does not.
///
/// # Errors
/// When the token does not verify, has expired, or belongs to no person.
pub(super) async fn identify(
    auth: &Auth,
    payload: &str,
    socket_id: &str,
) -> Result<(Actor, Timestamp), Failure> {
    let credentials = parse(payload)?;
    let token = credentials.token.ok_or(AuthError::Missing)?;
    let pass = auth.admit(&token).await?;
    match pass.principal {
        Principal::User(user) => {
            let actor = Actor {
                user: user.id,
                device: device(credentials.device_id, socket_id)?,
                name: user.name,
                avatar: user.picture,
            };
            Ok((actor, pass.expires_at))
        }
        Principal::Service => Err(Failure::new(
            ErrorCode::Forbidden,
            "A service token belongs to no person and cannot sign in a device.",
        )),
    }
}

/// Returns until when a new token lasts that a socket of that user shows.
///
/// # Errors
/// When it does not verify, has expired, or belongs to somebody else.
pub(super) async fn renew(auth: &Auth, token: &str, actor: &Actor) -> Result<Timestamp, Failure> {
    let pass = auth.admit(token).await?;
    match pass.principal {
        Principal::User(user) if user.id == actor.user => Ok(pass.expires_at),
        Principal::User(_) | Principal::Service => Err(Failure::new(
            ErrorCode::Forbidden,
            "The token belongs to somebody else than this socket.",
        )),
    }
}

fn parse(payload: &str) -> Result<Credentials, Failure> {
    if payload.is_empty() {
        return Ok(Credentials::default());
    }
    serde_json::from_str(payload).map_err(|_| {
        Failure::new(
            ErrorCode::InvalidPayload,
            "auth must be { token, deviceId? }: two texts, the second of at most 64 characters.",
        )
    })
}

fn device(given: Option<DeviceId>, socket_id: &str) -> Result<DeviceId, Failure> {
    given
        .map_or_else(|| DeviceId::new(socket_id), Ok)
        .map_err(|error| Failure::new(ErrorCode::Internal, error.to_string()))
}
