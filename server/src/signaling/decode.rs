//! From the text of an event to the event, in one pass; what is wrong with it, in a second one.

use std::fmt;

use ringback_protocol::{DecodeError, ErrorCode, Failure, SessionId};
use serde::de::value::UnitDeserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::events::{ClientEvent, Unescaped, without_position};

/// The longest part of a client's text that is repeated back to it, in characters.
const MOST_ECHOED: usize = 200;

/// An event that could not be decoded, and what to say about it.
#[derive(Debug, PartialEq)]
pub(super) struct Undecodable {
    /// The name, as far as there is one.
    pub(super) event: String,
    /// The call that it names, if it does.
    pub(super) session_id: Option<SessionId>,
    /// What is wrong.
    pub(super) failure: Failure,
}

/// Decodes `["name", payload, ...]`.
///
/// # Errors
/// When it is no such array, nobody knows the name, or the payload does not fit.
pub(super) fn decode(body: &str) -> Result<ClientEvent, Box<Undecodable>> {
    let mut json = serde_json::Deserializer::from_str(body);
    json.deserialize_seq(EventVisitor)
        .and_then(|event| json.end().map(|()| event))
        .map_err(|_| Box::new(explain(body)))
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = ClientEvent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array that starts with the name of an event")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ClientEvent, A::Error> {
        let name: Unescaped<'de> = seq
            .next_element()?
            .ok_or_else(|| A::Error::custom("empty"))?;
        let event = match seq.next_element_seed(Payload(&name.0))? {
            Some(event) => event,
            None => without_payload(&name.0)?,
        };
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(event)
    }
}

struct Payload<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Payload<'_> {
    type Value = ClientEvent;

    fn deserialize<D: Deserializer<'de>>(self, payload: D) -> Result<ClientEvent, D::Error> {
        ClientEvent::decode(self.0, payload).map_err(|error| match error {
            DecodeError::UnknownEvent => D::Error::custom("unknown event"),
            DecodeError::InvalidPayload(error) => error,
        })
    }
}

fn without_payload<E: serde::de::Error>(name: &str) -> Result<ClientEvent, E> {
    let nothing: UnitDeserializer<E> = ().into_deserializer();
    Payload(name).deserialize(nothing)
}

/// Says what is wrong with a body that does not decode.
fn explain(body: &str) -> Undecodable {
    let Some((event, payload)) = split(body) else {
        return Undecodable {
            event: String::new(),
            session_id: None,
            failure: Failure::new(
                ErrorCode::InvalidPayload,
                "An event is a JSON array that starts with its name.",
            ),
        };
    };
    Undecodable {
        session_id: payload.and_then(session_id),
        failure: what_is_wrong(&event, payload),
        event: shorten(event),
    }
}

/// Splits off the name; the payload stays text.
fn split(body: &str) -> Option<(String, Option<&str>)> {
    let parts: Vec<&RawValue> = serde_json::from_str(body).ok()?;
    let name = serde_json::from_str(parts.first()?.get()).ok()?;
    Some((name, parts.get(1).map(|payload| payload.get())))
}

/// Reads the name of an event that is too large to be decoded, without reading the rest.
pub(super) fn peek_name(body: &str) -> String {
    let name = body.strip_prefix('[').and_then(|elements| {
        let mut elements =
            serde_json::Deserializer::from_str(elements).into_iter::<Unescaped<'_>>();
        elements.next()?.ok()
    });
    shorten(name.map(|name| name.0.into_owned()).unwrap_or_default())
}

fn session_id(payload: &str) -> Option<SessionId> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Call {
        session_id: SessionId,
    }
    let call: Call = serde_json::from_str(payload).ok()?;
    Some(call.session_id)
}

fn what_is_wrong(event: &str, payload: Option<&str>) -> Failure {
    if !ClientEvent::NAMES.contains(&event) {
        let text = format!(
            "The server does not know the event {:?}.",
            shorten(event.to_owned())
        );
        return Failure::new(ErrorCode::UnknownEvent, text);
    }
    let text = match payload {
        Some(payload) => wrong_field(event, payload),
        None => "it needs a payload".to_owned(),
    };
    Failure::new(ErrorCode::InvalidPayload, format!("{event}: {text}."))
}

/// Decodes once more, keeping track of where in the payload it is.
fn wrong_field(event: &str, payload: &str) -> String {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_str(payload);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let problem = match ClientEvent::decode(event, tracked) {
        Ok(_) => "what follows the payload is not JSON".to_owned(),
        Err(error) => clean(&error.to_string()),
    };
    match track.path().to_string().as_str() {
        "." => problem,
        path => format!("{}: {problem}", shorten(path.to_owned())),
    }
}

/// Takes out of serde's text what means nothing to whoever wrote the payload.
fn clean(error: &str) -> String {
    let without_position = without_position(error);
    let text = match without_position.split_once("expected struct ") {
        Some((found, _)) => format!("{found}expected an object"),
        None => without_position.to_owned(),
    };
    shorten(text)
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(MOST_ECHOED) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(body: &str) -> (ErrorCode, String) {
        let undecodable = decode(body).unwrap_err();
        (undecodable.failure.code, undecodable.failure.error)
    }

    fn invalid(text: &str) -> (ErrorCode, String) {
        (ErrorCode::InvalidPayload, text.to_owned())
    }

    #[test]
    fn an_event_without_payload_decodes_with_and_without_something_in_its_place() {
        for body in [
            r#"["call:sync"]"#,
            r#"["call:sync",null]"#,
            r#"["call:sync",{"a":[1]},"more"]"#,
        ] {
            assert_eq!(decode(body).unwrap().name(), "call:sync");
        }
    }

    #[test]
    fn an_escaped_name_is_the_same_name() {
        assert_eq!(decode(r#"["call:\u0073ync"]"#).unwrap().name(), "call:sync");
    }

    #[test]
    fn a_missing_field_is_named() {
        assert_eq!(
            failure(r#"["call:accept",{}]"#),
            invalid("call:accept: missing field `sessionId`.")
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_with_its_place() {
        assert_eq!(
            failure(r#"["call:accept",{"sessionId":5}]"#),
            invalid("call:accept: sessionId: invalid type: integer `5`, expected a string.")
        );
        assert_eq!(
            failure(r#"["call:initiate",{"chatId":"c","callType":"fax"}]"#),
            invalid("call:initiate: callType: unknown variant `fax`, expected `voice` or `video`.")
        );
        assert_eq!(
            failure(r#"["call:invite",{"sessionId":"s","targetUserIds":["a",""]}]"#),
            invalid("call:invite: targetUserIds[1]: an id must not be empty.")
        );
    }

    #[test]
    fn a_text_that_is_only_passed_on_is_checked_like_any_other() {
        let sdp = |json: &str| {
            failure(&format!(
                r#"["webrtc:offer",{{"sessionId":"s","offer":{{"type":"offer","sdp":{json}}}}}]"#
            ))
        };
        assert_eq!(
            sdp("5"),
            invalid("webrtc:offer: offer.sdp: invalid type: integer `5`, expected a string.")
        );
        assert_eq!(
            sdp(r#""\ud83d""#),
            invalid("webrtc:offer: offer.sdp: unexpected end of hex escape.")
        );
        assert_eq!(
            failure(r#"["webrtc:ice-candidate",{"sessionId":"s","candidate":{"sdpMid":"0"}}]"#),
            invalid("webrtc:ice-candidate: candidate: missing field `candidate`.")
        );
    }

    #[test]
    fn a_payload_that_is_no_object_or_absent_is_said_to_be() {
        assert_eq!(
            failure(r#"["call:accept","s"]"#),
            invalid("call:accept: invalid type: string \"s\", expected an object.")
        );
        assert_eq!(
            failure(r#"["call:accept"]"#),
            invalid("call:accept: it needs a payload.")
        );
    }

    #[test]
    fn an_unknown_event_is_called_unknown_by_name() {
        let (code, text) = failure(r#"["call:dance",{"sessionId":"s"}]"#);
        assert_eq!(code, ErrorCode::UnknownEvent);
        assert_eq!(text, "The server does not know the event \"call:dance\".");
    }

    #[test]
    fn the_call_that_a_bad_payload_names_is_found() {
        let undecodable =
            decode(r#"["call:toggle-audio",{"sessionId":"s1","muted":1}]"#).unwrap_err();
        assert_eq!(undecodable.event, "call:toggle-audio");
        assert_eq!(undecodable.session_id, Some(SessionId::new("s1").unwrap()));
    }

    #[test]
    fn what_is_no_array_with_a_name_is_invalid() {
        for body in [
            "",
            "{}",
            "[]",
            "[5]",
            "[\"call:sync\"",
            "null",
            "[\"call:sync\"]x",
        ] {
            assert_eq!(failure(body).0, ErrorCode::InvalidPayload, "{body}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_overflows_nothing() {
        let deep = "[".repeat(60_000);
        for body in [
            format!(r#"["call:sync",{deep}"#),
            format!(r#"["call:accept",{{"sessionId":{deep}"#),
            format!(r#"["call:accept",{deep}{}]"#, "]".repeat(60_000)),
            deep,
        ] {
            assert_eq!(failure(&body).0, ErrorCode::InvalidPayload);
        }
    }

    #[test]
    fn long_texts_are_not_repeated_in_full() {
        let long = "x".repeat(5_000);
        let (_, text) = failure(&format!(
            r#"["call:toggle-audio",{{"sessionId":"s","muted":"{long}"}}]"#
        ));
        assert!(text.len() < 300, "{text}");
        assert!(decode(&format!(r#"["{long}"]"#)).unwrap_err().event.len() < 300);
    }

    #[test]
    fn the_name_of_an_oversized_event_is_read_without_the_rest() {
        assert_eq!(peek_name(r#"["webrtc:offer",{"broken"#), "webrtc:offer");
        assert_eq!(peek_name("nothing"), "");
    }
}
