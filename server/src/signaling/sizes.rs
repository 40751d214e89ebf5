//! The limits on what one event may hold.

use std::iter;

use ringback_protocol::{ErrorCode, Failure, limits};

use crate::events::client::{CallAccept, CallInitiate};
use crate::events::{ClientEvent, IceCandidate, SessionDescription, Verbatim};

/// Checks one event against the limits of the protocol.
///
/// # Errors
/// `PAYLOAD_TOO_LARGE` for a long description or candidate, `INVALID_PAYLOAD` for too many targets
/// or a quality that cannot be.
pub(super) fn check(event: &ClientEvent) -> Result<(), Failure> {
    match event {
        ClientEvent::CallInitiate(CallInitiate {
            target_user_ids,
            offer,
            ..
        }) => {
            check_targets(target_user_ids.as_ref().map_or(0, Vec::len))?;
            check_sdp("offer", offer.as_ref())
        }
        ClientEvent::CallInvite(invite) => check_targets(invite.target_user_ids.len()),
        ClientEvent::CallAccept(CallAccept { answer, .. }) => check_sdp("answer", answer.as_ref()),
        ClientEvent::WebrtcOffer(signal) => check_sdp("offer", Some(&signal.offer)),
        ClientEvent::WebrtcAnswer(signal) => check_sdp("answer", Some(&signal.answer)),
        ClientEvent::WebrtcIceCandidate(signal) => check_candidate(&signal.candidate),
        ClientEvent::CallQuality(report) if !report.quality.is_plausible() => Err(Failure::new(
            ErrorCode::InvalidPayload,
            "call:quality: quality: a figure is negative or beyond what can be.",
        )),
        ClientEvent::CallQuality(_)
        | ClientEvent::WebrtcConfigGet(_)
        | ClientEvent::AuthRefresh(_)
        | ClientEvent::CallReject(_)
        | ClientEvent::CallToggleAudio(_)
        | ClientEvent::CallToggleVideo(_)
        | ClientEvent::CallEnd(_)
        | ClientEvent::CallLeave(_)
        | ClientEvent::CallJoin(_)
        | ClientEvent::CallResume(_)
        | ClientEvent::CallSync(_) => Ok(()),
    }
}

/// What is said about a message that is too large to be looked at.
pub(super) fn message_too_large() -> Failure {
    too_large("A message", limits::MESSAGE_BYTES)
}

fn check_targets(count: usize) -> Result<(), Failure> {
    if count <= limits::TARGETS {
        return Ok(());
    }
    let text = format!(
        "targetUserIds: at most {} people can be called at once.",
        limits::TARGETS
    );
    Err(Failure::new(ErrorCode::InvalidPayload, text))
}

fn check_sdp(field: &str, description: Option<&SessionDescription>) -> Result<(), Failure> {
    match description {
        Some(description) if !fits(iter::once(&description.sdp), limits::SDP_BYTES) => {
            Err(too_large(&format!("{field}: its sdp"), limits::SDP_BYTES))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_candidate(candidate: &IceCandidate) -> Result<(), Failure> {
    let optional = [&candidate.sdp_mid, &candidate.username_fragment];
    let texts = iter::once(&candidate.candidate).chain(optional.into_iter().flatten());
    if fits(texts, limits::CANDIDATE_BYTES) {
        return Ok(());
    }
    Err(too_large("candidate: it", limits::CANDIDATE_BYTES))
}

/// Tells whether texts have no more bytes than that together.
fn fits<'a>(texts: impl Iterator<Item = &'a Verbatim> + Clone, most: usize) -> bool {
    let in_json: usize = texts.clone().map(Verbatim::json_len).sum();
    // Nearly all do, however they are escaped.
    in_json <= most || texts.map(|text| text.text().len()).sum::<usize>() <= most
}

fn too_large(what: &str, most: usize) -> Failure {
    let text = format!("{what} must not be larger than {} KiB.", most / 1024);
    Failure::new(ErrorCode::PayloadTooLarge, text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check_json(name: &str, payload: Value) -> Result<(), ErrorCode> {
        let event = ClientEvent::decode(name, payload).unwrap();
        check(&event).map_err(|failure| failure.code)
    }

    fn sdp(bytes: usize) -> Value {
        json!({"type": "offer", "sdp": "v".repeat(bytes)})
    }

    #[test]
    fn a_description_may_have_64_kib_wherever_it_travels() {
        type Payload = fn(Value) -> Value;
        let carriers: [(&str, Payload); 4] = [
            (
                "call:initiate",
                |sdp| json!({"chatId": "c", "callType": "voice", "offer": sdp}),
            ),
            (
                "call:accept",
                |sdp| json!({"sessionId": "s", "answer": sdp}),
            ),
            (
                "webrtc:offer",
                |sdp| json!({"sessionId": "s", "offer": sdp}),
            ),
            (
                "webrtc:answer",
                |sdp| json!({"sessionId": "s", "answer": sdp}),
            ),
        ];
        for (name, payload) in carriers {
            assert_eq!(check_json(name, payload(sdp(64 * 1024))), Ok(()), "{name}");
            let over = check_json(name, payload(sdp(64 * 1024 + 1)));
            assert_eq!(over, Err(ErrorCode::PayloadTooLarge), "{name}");
        }
    }

    #[test]
    fn what_a_text_has_counts_and_not_how_it_is_escaped() {
        let offer = |lines: usize| json!({"sessionId": "s", "offer": {"type": "offer", "sdp": "\n".repeat(lines)}});
        assert_eq!(check_json("webrtc:offer", offer(64 * 1024)), Ok(()));
        let over = check_json("webrtc:offer", offer(64 * 1024 + 1));
        assert_eq!(over, Err(ErrorCode::PayloadTooLarge));
    }

    #[test]
    fn a_candidate_may_have_2_kib_with_all_its_texts() {
        let candidate = |bytes: usize| {
            json!({"sessionId": "s", "candidate": {
                "candidate": "c".repeat(bytes - 6), "sdpMid": "ab", "usernameFragment": "ufra",
            }})
        };
        let name = "webrtc:ice-candidate";
        assert_eq!(check_json(name, candidate(2048)), Ok(()));
        assert_eq!(
            check_json(name, candidate(2049)),
            Err(ErrorCode::PayloadTooLarge)
        );
    }

    #[test]
    fn thirty_two_people_may_be_called_at_once() {
        let initiate = |count: usize| {
            let targets: Vec<_> = (0..count).map(|n| format!("u{n}")).collect();
            json!({"chatId": "c", "callType": "voice", "targetUserIds": targets})
        };
        assert_eq!(check_json("call:initiate", initiate(32)), Ok(()));
        assert_eq!(
            check_json("call:initiate", initiate(33)),
            Err(ErrorCode::InvalidPayload)
        );
    }

    #[test]
    fn a_quality_that_cannot_be_is_invalid() {
        let report = |loss: f64| {
            json!({"sessionId": "s",
                "quality": {"avgBitrate": 1.0, "packetLoss": loss, "jitter": 1.0}})
        };
        assert_eq!(check_json("call:quality", report(100.0)), Ok(()));
        assert_eq!(
            check_json("call:quality", report(101.0)),
            Err(ErrorCode::InvalidPayload)
        );
    }
}
