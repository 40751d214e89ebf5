//! Reads what the TypeScript side asks for: a name and its arguments.

use js_sys::Array;
use ringback_protocol::{CallType, ChatId, EndReason, SessionId, UserId, limits};
use wasm_bindgen::prelude::*;

use crate::core::{Command, MediaKind};

/// Reads a request, as `manager.ts` makes it.
///
/// # Errors
/// With a text for the developer, when an argument does not have its documented shape.
pub(super) fn read(what: &str, arguments: &Array) -> Result<Command, &'static str> {
    let flag = |at| arguments.get(at).as_bool();
    let is_set = |at| flag(at) == Some(true);
    Ok(match what {
        "initiate" => Command::Initiate {
            chat_id: chat(&arguments.get(0))?,
            targets: targets(&arguments.get(1))?,
            call_type: call_type(&arguments.get(2))?,
            video: flag(3),
        },
        "accept" => Command::Accept(session(&arguments.get(0))?, flag(1)),
        "prepareToAccept" => Command::PrepareToAccept,
        "join" => Command::Join(session(&arguments.get(0))?.ok_or(NO_SESSION)?, is_set(1)),
        "invite" => Command::Invite(targets(&arguments.get(0))?.unwrap_or_default()),
        "liveCalls" => Command::LiveCalls,
        "reject" => {
            let reason = reason(&arguments.get(0))?;
            Command::Reject(session(&arguments.get(1))?, reason)
        }
        "end" => Command::End(reason(&arguments.get(0))?),
        "leave" => Command::Leave,
        "setMuted" => Command::SetMuted(flag(0).ok_or(NO_FLAG)?),
        "setVideo" => Command::SetCamera(flag(0)),
        "shareScreen" => Command::SetScreen(flag(0)),
        "setDevice" => device(&arguments.get(0), arguments.get(1).as_string())?,
        "setPushToTalk" => Command::SetPushToTalk(flag(0).ok_or(NO_FLAG)?),
        "talk" => Command::Talk(flag(0).ok_or(NO_FLAG)?),
        "dispose" => Command::Dispose,
        _ => return Err("There is no such request."),
    })
}

const NO_FLAG: &str = "setMuted, setPushToTalk and talk take true or false.";
const NO_SESSION: &str = "sessionId has to be the id of a call: a text of 1 to 128 characters.";

fn chat(value: &JsValue) -> Result<ChatId, &'static str> {
    let chat = value.as_string().and_then(|text| ChatId::new(text).ok());
    chat.ok_or("chatId has to be the id of a chat: a text of 1 to 128 characters.")
}

fn call_type(value: &JsValue) -> Result<CallType, &'static str> {
    let call_type = value.as_string().and_then(|text| CallType::parse(&text));
    call_type.ok_or("callType is neither 'voice' nor 'video'.")
}

fn session(value: &JsValue) -> Result<Option<SessionId>, &'static str> {
    if is_absent(value) {
        return Ok(None);
    }
    let session = value.as_string().and_then(|text| SessionId::new(text).ok());
    session.ok_or(NO_SESSION).map(Some)
}

fn reason(value: &JsValue) -> Result<Option<EndReason>, &'static str> {
    if is_absent(value) {
        return Ok(None);
    }
    let reason = value
        .as_string()
        .and_then(|text| EndReason::try_from(text).ok());
    reason
        .ok_or("reason has to be a text of 1 to 64 characters.")
        .map(Some)
}

fn targets(value: &JsValue) -> Result<Option<Vec<UserId>>, &'static str> {
    const REFUSAL: &str = "targetUserIds has to be an array of at most 32 user ids, each a text of 1 to 128 characters.";
    if is_absent(value) {
        return Ok(None);
    }
    let array: Option<&Array> = value.dyn_ref();
    let is_short = |array: &&Array| array.length() as usize <= limits::TARGETS;
    let array = array.filter(is_short).ok_or(REFUSAL)?;
    let mut ids = Vec::new();
    for id in array.iter() {
        let id = id.as_string().and_then(|text| UserId::new(text).ok());
        ids.push(id.ok_or(REFUSAL)?);
    }
    Ok(Some(ids))
}

fn device(kind: &JsValue, id: Option<String>) -> Result<Command, &'static str> {
    let id = id.map(Into::into);
    match kind.as_string().as_deref() {
        Some("microphone") => Ok(Command::SetDevice(MediaKind::Microphone, id)),
        Some("camera") => Ok(Command::SetDevice(MediaKind::Camera, id)),
        Some("speaker") => Ok(Command::SetSpeaker(id)),
        _ => Err("There is no such kind of device."),
    }
}

fn is_absent(value: &JsValue) -> bool {
    value.is_undefined() || value.is_null()
}
