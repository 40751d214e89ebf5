//! Reads `CallOptions`.

use ringback_protocol::{SessionId, UserId};
use wasm_bindgen::prelude::*;

use super::error::invalid_argument;
use crate::core::{ClientOptions, KeptCall, Preconnect};
use crate::platform::{check_options, get, random_seed};

/// Reads what the machine needs.
///
/// # Errors
/// When an option does not have its documented shape.
pub(super) fn read(options: &JsValue) -> Result<ClientOptions, JsValue> {
    check_options(options)?;
    let user_id = get(options, "userId").as_string().map(UserId::new);
    let user_id = user_id
        .transpose()
        .map_err(|_| invalid_argument("userId is not a user id."))?;
    Ok(ClientOptions {
        user_id,
        supplied_microphone: !is_absent(&get(options, "localStream")),
        kept: read_kept(&get(options, "kept")),
        audio_bitrate: read_bitrate(options, "audioBitrate"),
        video_bitrate: read_bitrate(options, "videoBitrate"),
        fast_setup: get(options, "fastSetup").as_bool().unwrap_or(true),
        preconnect: read_preconnect(&get(options, "preconnect"))?,
        seed: random_seed(),
    })
}

fn read_preconnect(value: &JsValue) -> Result<Preconnect, JsValue> {
    match (value.as_bool(), value.as_string().as_deref()) {
        (Some(true), _) => Ok(Preconnect::Direct),
        (_, Some("relay")) => Ok(Preconnect::Relayed),
        (Some(false), _) => Ok(Preconnect::Never),
        (None, None) if is_absent(value) => Ok(Preconnect::Never),
        (None, _) => Err(invalid_argument(
            "preconnect is neither true, false nor 'relay'.",
        )),
    }
}

/// Reads what the page kept over a reload; what is not as it was written is as good as nothing.
fn read_kept(kept: &JsValue) -> Option<KeptCall> {
    let session = get(kept, "sessionId").as_string().map(SessionId::new);
    Some(KeptCall {
        session: session?.ok()?,
        muted: get(kept, "muted").as_bool()?,
        video: get(kept, "video").as_bool()?,
    })
}

/// Reads a number of bits per second.
fn read_bitrate(options: &JsValue, name: &str) -> Option<u32> {
    let bitrate = get(options, name).as_f64();
    bitrate
        .filter(|bitrate| *bitrate >= 1.0)
        .map(|bitrate| bitrate as u32)
}

fn is_absent(value: &JsValue) -> bool {
    value.is_undefined() || value.is_null()
}
