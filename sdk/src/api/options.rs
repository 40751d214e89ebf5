//! Reads `CallOptions`, which `options.ts` has checked.

use ringback_protocol::{SessionId, UserId};
use wasm_bindgen::prelude::*;

use crate::core::{ClientOptions, KeptCall, Preconnect};
use crate::platform::{get, random_seed};

/// Reads what the machine needs.
pub(super) fn read(options: &JsValue) -> ClientOptions {
    let user_id = get(options, "userId").as_string().map(UserId::new);
    ClientOptions {
        user_id: user_id.and_then(Result::ok),
        supplied_microphone: !is_absent(&get(options, "localStream")),
        kept: read_kept(&get(options, "kept")),
        audio_bitrate: read_bitrate(options, "audioBitrate"),
        video_bitrate: read_bitrate(options, "videoBitrate"),
        fast_setup: get(options, "fastSetup").as_bool().unwrap_or(true),
        preconnect: read_preconnect(&get(options, "preconnect")),
        seed: random_seed(),
    }
}

fn read_preconnect(value: &JsValue) -> Preconnect {
    match (value.as_bool(), value.as_string().as_deref()) {
        (Some(true), _) => Preconnect::Direct,
        (_, Some("relay")) => Preconnect::Relayed,
        (Some(false) | None, _) => Preconnect::Never,
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
