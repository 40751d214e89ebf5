//! The shapes of the messages that a client reads, field by field.

use ringback_protocol::server::{
    AuthExpiring, CallAccepted, CallAnsweredElsewhere, CallEnded, CallError, CallIncoming,
    CallMissed, CallParticipantAudioToggle, CallParticipantJoined, CallParticipantLeft,
    CallParticipantReconnected, CallParticipantReconnecting, CallParticipantVideoToggle,
    CallRejected, CallRinging, CallState, ServerDraining, WebrtcAnswer, WebrtcIceCandidate,
    WebrtcOffer,
};
use ringback_protocol::{
    CallSnapshot, ConfigAck, IceCandidate, IceServer, IceUrls, Identity, InitiateAck, JoinAck,
    MediaConstraints, MediaDefaults, Outcome, ParticipantSnapshot, ProtocolInfo, QualityThresholds,
    RtcConfiguration, ServerEvent, SessionDescription, StateAck, Timeouts,
};
use wasm_bindgen::prelude::*;

use super::{Fields, Malformed, Read, Reading, decode};

/// Returns how many bytes a `snake_case` name has in `camelCase`.
const fn camel_length(snake: &str) -> usize {
    let (mut at, mut length) = (0, snake.len());
    while at < snake.len() {
        if snake.as_bytes()[at] == b'_' {
            length -= 1;
        }
        at += 1;
    }
    length
}

/// Returns a `snake_case` name in `camelCase`.
const fn camel<const LENGTH: usize>(snake: &str) -> [u8; LENGTH] {
    let (mut camel, mut from, mut to) = ([0; LENGTH], 0, 0);
    while from < snake.len() {
        let mut byte = snake.as_bytes()[from];
        if byte == b'_' {
            from += 1;
            byte = snake.as_bytes()[from].to_ascii_uppercase();
        }
        camel[to] = byte;
        from += 1;
        to += 1;
    }
    camel
}

/// The name of a field on the wire.
macro_rules! wire_name {
    ($field:ident) => {{
        const SNAKE: &str = stringify!($field);
        const CAMEL: [u8; camel_length(SNAKE)] = camel(SNAKE);
        const NAME: &str = match str::from_utf8(&CAMEL) {
            Ok(name) => name,
            Err(_) => SNAKE,
        };
        NAME
    }};
}

macro_rules! read_field {
    ($fields:ident, $reading:ident, $field:ident) => {
        $fields.field(wire_name!($field), $reading)
    };
    ($fields:ident, $reading:ident, $field:ident, $absent:expr) => {
        $fields.field_or(wire_name!($field), $absent, $reading)
    };
}

/// Each type with its fields; behind `=`, what an absent one is taken for.
macro_rules! shapes {
    ($($type:ident { $($field:ident $(= $absent:expr)?,)* })*) => {
        $(impl Read for $type {
            fn read(value: JsValue, reading: &mut Reading) -> Self {
                let fields = Fields::of(value, reading);
                Self { $($field: read_field!(fields, reading, $field $(, $absent)?),)* }
            }
        })*
    };
}

/// The events of the server, by name.
macro_rules! events {
    ($($name:literal => $type:ident,)*) => {
        /// Reads the payload of a server event.
        ///
        /// # Errors
        /// When no event has that name, or the payload does not have its shape.
        pub(crate) fn server_event(name: &str, payload: JsValue) -> Result<ServerEvent, Malformed> {
            match name {
                $($name => decode(payload).map(ServerEvent::$type),)*
                _ => Err(Malformed),
            }
        }
    };
}

events! {
    "call:incoming" => CallIncoming,
    "call:ringing" => CallRinging,
    "call:accepted" => CallAccepted,
    "call:rejected" => CallRejected,
    "call:missed" => CallMissed,
    "call:ended" => CallEnded,
    "call:participant-joined" => CallParticipantJoined,
    "call:participant-left" => CallParticipantLeft,
    "webrtc:offer" => WebrtcOffer,
    "webrtc:answer" => WebrtcAnswer,
    "webrtc:ice-candidate" => WebrtcIceCandidate,
    "call:participant-audio-toggle" => CallParticipantAudioToggle,
    "call:participant-video-toggle" => CallParticipantVideoToggle,
    "call:answered-elsewhere" => CallAnsweredElsewhere,
    "call:participant-reconnecting" => CallParticipantReconnecting,
    "call:participant-reconnected" => CallParticipantReconnected,
    "call:state" => CallState,
    "call:error" => CallError,
    "server:draining" => ServerDraining,
    "auth:expiring" => AuthExpiring,
}

shapes! {
    CallIncoming {
        session_id, chat_id, call_type, caller_id, caller_name, caller_avatar, caller_device_id,
        target_user_ids = Vec::new(), offer, ring_timeout_ms, preconnect = false,
    }
    CallRinging { session_id, chat_id, target_user_ids, }
    CallAccepted { session_id, chat_id, accepted_by, device_id, answer, }
    CallRejected { session_id, chat_id, rejected_by, reason, }
    CallMissed { session_id, chat_id, caller_id, }
    CallEnded { session_id, chat_id, ended_by, reason, }
    CallParticipantJoined { session_id, chat_id, user_id, device_id, }
    CallParticipantLeft { session_id, chat_id, user_id, reason, }
    WebrtcOffer { session_id, offer, chat_id, from_user_id, from_device_id, }
    WebrtcAnswer { session_id, answer, chat_id, from_user_id, from_device_id, }
    WebrtcIceCandidate { session_id, candidate, chat_id, from_user_id, from_device_id, }
    CallParticipantAudioToggle { session_id, user_id, muted, }
    CallParticipantVideoToggle { session_id, user_id, enabled, source, }
    CallAnsweredElsewhere { session_id, chat_id, action, device_id, }
    CallParticipantReconnecting { session_id, user_id, }
    CallParticipantReconnected { session_id, user_id, device_id, fresh = false, }
    CallState { calls, }
    CallError { event, session_id, code, error, retry_after_ms, }
    ServerDraining { retry_after_ms, }
    AuthExpiring { expires_at, expires_in_ms, }

    Outcome { success = true, error, code, retry_after_ms, }
    InitiateAck { session_id, target_user_ids = Vec::new(), joined = false, call, }
    JoinAck { call, }
    StateAck { calls, }
    ConfigAck { config, media, quality, timeouts, protocol, you, ttl, }
    ProtocolInfo { version, features = Vec::new(), }
    Identity { user_id, device_id, }
    MediaDefaults { voice, video, }
    MediaConstraints {
        echo_cancellation, noise_suppression, auto_gain_control, width, height, frame_rate,
    }
    QualityThresholds { excellent_mos, good_mos, }
    Timeouts { ring_timeout_ms, reconnect_grace_ms, }
    RtcConfiguration {
        ice_servers = Vec::new(), ice_transport_policy, bundle_policy, ice_candidate_pool_size,
    }
    IceServer { urls, username, credential, }
    IceCandidate { candidate, sdp_mid, sdp_m_line_index, username_fragment, }

    CallSnapshot {
        session_id, chat_id, call_type, status, caller_id, participants, version, initiated_at_ms,
        started_at_ms, elapsed_ms = 0, end_reason,
    }
    ParticipantSnapshot { user_id, name, avatar, status, device_id, muted, video, }
}

impl Read for SessionDescription {
    fn read(value: JsValue, reading: &mut Reading) -> Self {
        let fields = Fields::of(value, reading);
        Self {
            kind: fields.field("type", reading),
            sdp: fields.field("sdp", reading),
        }
    }
}

impl Read for IceUrls {
    fn read(value: JsValue, reading: &mut Reading) -> Self {
        match value.as_string() {
            Some(url) => Self::One(url),
            None => Self::Many(Read::read(value, reading)),
        }
    }
}
