//! Notifications under the names and in the shapes of `CallEvents`.

use ringback_protocol::server::ElsewhereAction;
use ringback_protocol::{ChatId, EndReason, ServerEvent, SessionId, UserId};
use wasm_bindgen::JsValue;

use super::{error, view};
use crate::core::{Client, Notification};
use crate::platform::{Platform, array, object, record};

/// What follows the other person's name.
const LINK_FAILED: &str = " cannot hear each other. Trying again.";

/// The name of an event and its payload.
pub(super) type Told = (&'static str, JsValue);

/// Converts a notification; none when it is not for the application.
pub(super) fn describe(
    notification: &Notification,
    client: &Client,
    platform: &Platform,
) -> Option<Told> {
    Some(match notification {
        Notification::Incoming(incoming) => ("incoming", view::incoming(incoming)),
        Notification::Event(event) => describe_event(event)?,
        Notification::Ended {
            session_id,
            chat_id,
            ended_by,
            reason,
            duration_ms,
        } => {
            let session_id = view::optional(session_id.as_ref().map(SessionId::as_str));
            let ended_by = view::optional(ended_by.as_ref().map(UserId::as_str));
            let payload = record! {
                sessionId: session_id,
                chatId: chat_id.as_str().into(),
                endedBy: ended_by,
                reason: reason.as_str().into(),
                durationMs: (*duration_ms as f64).into(),
            };
            ("ended", payload)
        }
        Notification::State { state, previous } => {
            let payload = record! {
                state: state.as_str().into(),
                previous: previous.as_str().into(),
                call: view::optional(client.call().as_deref().map(view::call)),
            };
            ("state", payload)
        }
        Notification::RemoteStream(link, user) => {
            let stream = platform.peers.stream_of_link(link.0)?;
            let payload = object(&[user_id(user), ("stream", stream.into())]);
            ("remoteStream", payload)
        }
        Notification::LinkFailed(user) => {
            let message = ["You and ", &user.name, LINK_FAILED].concat();
            let payload = object(&[
                user_id(&user.id),
                ("name", user.name.as_str().into()),
                ("retrying", true.into()),
                ("message", message.into()),
            ]);
            ("linkFailed", payload)
        }
        Notification::Resumed(id) => ("resumed", object(&[session(id)])),
        Notification::LinkRecovered(user) => ("linkRecovered", object(&[user_id(user)])),
        Notification::LocalVideo(source) => {
            let payload = record! {
                stream: view::optional(platform.video_stream(*source)),
                source: source.as_str().into(),
            };
            ("localVideo", payload)
        }
        Notification::DeviceChanged(kind, device, reason) => {
            let payload = record! {
                kind: kind.as_str().into(),
                id: view::optional(device.as_deref()),
                label: platform.label(*kind),
                reason: reason.as_str().into(),
            };
            ("deviceChanged", payload)
        }
        Notification::Devices => ("devices", JsValue::UNDEFINED),
        Notification::Levels(levels) => {
            let level = |(user, level): &(UserId, f64)| {
                object(&[user_id(user), ("level", (*level).into())])
            };
            let levels = array(levels.iter().map(level));
            ("levels", object(&[("levels", levels)]))
        }
        Notification::ActiveSpeaker(user) => {
            let user = view::optional(user.as_ref().map(UserId::as_str));
            ("activeSpeaker", object(&[("userId", user)]))
        }
        Notification::AudioBlocked(user) => ("audioBlocked", object(&[user_id(user)])),
        Notification::Quality(user, quality) => ("quality", view::quality(user, quality)),
        Notification::Signaling(connected) => {
            ("signaling", object(&[("connected", (*connected).into())]))
        }
        Notification::Error(failure) => ("error", error::to_js(failure)),
    })
}

/// Converts an event of the server that the application sees under its own name.
fn describe_event(event: &ServerEvent) -> Option<Told> {
    Some(match event {
        ServerEvent::CallRinging(event) => {
            let targets = ("targetUserIds", view::users(&event.target_user_ids));
            let payload = [session(&event.session_id), chat(&event.chat_id), targets];
            ("ringing", object(&payload))
        }
        ServerEvent::CallAccepted(event) => {
            let by = ("acceptedBy", event.accepted_by.as_str().into());
            let payload = [session(&event.session_id), chat(&event.chat_id), by];
            ("accepted", object(&payload))
        }
        ServerEvent::CallRejected(event) => {
            let by = ("rejectedBy", event.rejected_by.as_str().into());
            let (session, chat) = (session(&event.session_id), chat(&event.chat_id));
            (
                "rejected",
                object(&[session, chat, by, reason(&event.reason)]),
            )
        }
        ServerEvent::CallMissed(event) => {
            let caller = ("callerId", event.caller_id.as_str().into());
            let payload = [session(&event.session_id), chat(&event.chat_id), caller];
            ("missed", object(&payload))
        }
        ServerEvent::CallAnsweredElsewhere(event) => {
            let action = ("action", elsewhere(event.action).into());
            let payload = [session(&event.session_id), chat(&event.chat_id), action];
            ("answeredElsewhere", object(&payload))
        }
        ServerEvent::CallParticipantJoined(event) => {
            let payload = [session(&event.session_id), user_id(&event.user_id)];
            ("participantJoined", object(&payload))
        }
        ServerEvent::CallParticipantLeft(event) => {
            let (session, user) = (session(&event.session_id), user_id(&event.user_id));
            (
                "participantLeft",
                object(&[session, user, reason(&event.reason)]),
            )
        }
        ServerEvent::CallParticipantReconnecting(event) => {
            let payload = [session(&event.session_id), user_id(&event.user_id)];
            ("participantReconnecting", object(&payload))
        }
        ServerEvent::CallParticipantReconnected(event) => {
            let payload = [session(&event.session_id), user_id(&event.user_id)];
            ("participantReconnected", object(&payload))
        }
        ServerEvent::CallParticipantAudioToggle(event) => {
            let muted = ("muted", event.muted.into());
            let payload = [session(&event.session_id), user_id(&event.user_id), muted];
            ("participantAudioToggle", object(&payload))
        }
        ServerEvent::CallParticipantVideoToggle(event) => {
            let enabled = ("enabled", event.enabled.into());
            let payload = [session(&event.session_id), user_id(&event.user_id), enabled];
            ("participantVideoToggle", object(&payload))
        }
        // These reach the application in another form, or not at all.
        ServerEvent::CallIncoming(_)
        | ServerEvent::CallEnded(_)
        | ServerEvent::WebrtcOffer(_)
        | ServerEvent::WebrtcAnswer(_)
        | ServerEvent::WebrtcIceCandidate(_)
        | ServerEvent::CallState(_)
        | ServerEvent::CallError(_)
        | ServerEvent::ServerDraining(_)
        | ServerEvent::AuthExpiring(_) => return None,
    })
}

type Field = (&'static str, JsValue);

fn session(id: &SessionId) -> Field {
    ("sessionId", id.as_str().into())
}

fn chat(id: &ChatId) -> Field {
    ("chatId", id.as_str().into())
}

fn user_id(id: &UserId) -> Field {
    ("userId", id.as_str().into())
}

fn reason(reason: &EndReason) -> Field {
    ("reason", reason.as_str().into())
}

const fn elsewhere(action: ElsewhereAction) -> &'static str {
    match action {
        ElsewhereAction::Accepted => "accepted",
        ElsewhereAction::Rejected => "rejected",
    }
}
