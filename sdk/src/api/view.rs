//! The state of the client as plain objects, in the shapes of `types.ts`.

use ringback_protocol::{DeviceId, ParticipantSnapshot, SessionId, UserId};
use wasm_bindgen::JsValue;

use crate::core::quality::LinkQuality;
use crate::core::view::{CallView, IncomingView, LiveCallView, ParticipantView, UserView};
use crate::platform::{Clock, array, record, set};

/// Converts to `Call`.
pub(super) fn call(view: &CallView) -> JsValue {
    let direction = if view.is_incoming {
        "incoming"
    } else {
        "outgoing"
    };
    let started_at = view.started_at.map(Clock::to_date);
    record! {
        sessionId: optional(view.session_id.as_ref().map(SessionId::as_str)),
        chatId: view.chat_id.as_str().into(),
        callType: view.call_type.as_str().into(),
        direction: direction.into(),
        state: view.state.as_str().into(),
        muted: view.muted.into(),
        video: view.video.as_str().into(),
        pushToTalk: view.push_to_talk.into(),
        participants: array(view.participants.iter().map(participant)),
        startedAt: optional(started_at),
        reason: optional(view.reason.as_ref().map(|reason| reason.as_str())),
    }
}

/// Converts to `IncomingCall`.
pub(super) fn incoming(view: &IncomingView) -> JsValue {
    record! {
        sessionId: view.session_id.as_str().into(),
        chatId: view.chat_id.as_str().into(),
        callType: view.call_type.as_str().into(),
        caller: user(&view.caller),
        targetUserIds: users(&view.targets),
    }
}

/// Converts to `LiveCall[]`.
pub(super) fn live_calls(calls: &[LiveCallView]) -> JsValue {
    array(calls.iter().map(live_call))
}

fn live_call(view: &LiveCallView) -> JsValue {
    let call = &view.call;
    record! {
        sessionId: call.session_id.as_str().into(),
        chatId: call.chat_id.as_str().into(),
        callType: call.call_type.as_str().into(),
        status: call.status.as_str().into(),
        startedAt: optional(view.started_at.map(Clock::to_date)),
        participants: array(call.participants.iter().map(live_participant)),
        here: view.here.into(),
    }
}

fn live_participant(one: &ParticipantSnapshot) -> JsValue {
    let device_id = one.device_id.as_ref().map(DeviceId::as_str);
    record! {
        id: one.user_id.as_str().into(),
        name: one.name.as_str().into(),
        avatar: optional(one.avatar.as_deref()),
        status: one.status.as_str().into(),
        deviceId: optional(device_id),
    }
}

/// Converts to `LinkQuality`.
pub(super) fn quality(user: &UserId, quality: &LinkQuality) -> JsValue {
    let candidate_type = quality.candidate_type.map(|kind| kind.as_str());
    record! {
        userId: user.as_str().into(),
        grade: quality.grade.as_str().into(),
        mos: quality.mos.into(),
        bitrate: quality.bitrate.into(),
        packetLoss: quality.packet_loss.into(),
        jitter: quality.jitter_ms.into(),
        roundTripTime: optional(quality.round_trip_ms),
        candidateType: optional(candidate_type),
        audioLevel: quality.audio_level.into(),
    }
}

/// Converts a list of ids.
pub(super) fn users(ids: &[UserId]) -> JsValue {
    array(ids.iter().map(|id| id.as_str().into()))
}

/// Converts an absent value to null.
pub(super) fn optional<T: Into<JsValue>>(value: Option<T>) -> JsValue {
    value.map_or(JsValue::NULL, Into::into)
}

fn user(view: &UserView) -> JsValue {
    record! {
        id: view.id.as_str().into(),
        name: view.name.as_str().into(),
        avatar: optional(view.avatar.as_deref()),
    }
}

fn participant(view: &ParticipantView) -> JsValue {
    let participant = user(&view.user);
    let put = |name, value: JsValue| set(&participant, name, &value);
    put("status", view.status.as_str().into());
    put("muted", view.muted.into());
    put("video", view.video.as_str().into());
    put("videoEnabled", view.video.is_on().into());
    put("link", view.link.as_str().into());
    put(
        "quality",
        optional(view.quality.map(|grade| grade.as_str())),
    );
    participant
}
