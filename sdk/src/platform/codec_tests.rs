//! The golden messages of the protocol pass through the browser's codec unchanged.

use js_sys::JSON;
use ringback_protocol::{
    ClientEvent, ConfigAck, InitiateAck, JoinAck, Outcome, ServerEvent, StateAck,
};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::decode::{Read, decode, server_event};
use super::encode::{Encoder, encode, written};
use super::js;

wasm_bindgen_test_configure!(run_in_browser);

macro_rules! fixtures {
    ($folder:literal: $($stem:literal)*) => {
        &[$(include_str!(concat!("../../../protocol/fixtures/", $folder, "/", $stem, ".json")),)*]
    };
}

const SERVER: &[&str] = fixtures!("server":
    "auth-expiring" "call-accepted" "call-answered-elsewhere" "call-ended" "call-error"
    "call-incoming" "call-missed" "call-participant-audio-toggle" "call-participant-joined"
    "call-participant-left" "call-participant-reconnected" "call-participant-reconnecting"
    "call-participant-video-toggle" "call-rejected" "call-ringing" "call-state"
    "server-draining" "webrtc-answer" "webrtc-ice-candidate" "webrtc-offer"
);

const CLIENT: &[&str] = fixtures!("client":
    "auth-refresh" "call-accept" "call-end" "call-initiate" "call-invite" "call-join"
    "call-leave" "call-quality" "call-reject" "call-resume" "call-toggle-audio"
    "call-toggle-video" "webrtc-answer" "webrtc-ice-candidate" "webrtc-offer"
);

fn parse(fixture: &str) -> JsValue {
    JSON::parse(fixture).expect("a fixture is JSON")
}

fn name(fixture: &JsValue) -> String {
    js::text(fixture, "event").expect("a fixture names its event")
}

/// Both forms of a payload: with everything that was added, and the reference's.
fn payloads(fixture: &JsValue) -> Vec<JsValue> {
    let forms = ["payload", "reference"].map(|form| js::get(fixture, form));
    forms
        .into_iter()
        .filter(|payload| payload.is_object())
        .collect()
}

/// The JSON text of a value with the keys of every object in order.
fn canonical(value: &JsValue) -> String {
    if js_sys::Array::is_array(value) {
        let array: js_sys::Array = value.clone().into();
        let parts: Vec<_> = array.iter().map(|element| canonical(&element)).collect();
        return format!("[{}]", parts.join(","));
    }
    if !value.is_object() {
        return JSON::stringify(value).expect("a JSON value").into();
    }
    let keys = js_sys::Object::keys(value.unchecked_ref::<js_sys::Object>());
    let mut parts: Vec<_> = keys
        .iter()
        .filter_map(|key| key.as_string())
        .map(|key| format!("{key:?}:{}", canonical(&js::get(value, &key))))
        .collect();
    parts.sort();
    format!("{{{}}}", parts.join(","))
}

#[wasm_bindgen_test]
fn every_server_event_decodes_and_encodes_to_the_same_json() {
    for fixture in SERVER {
        let fixture = parse(fixture);
        let full = js::get(&fixture, "payload");
        let event = server_event(&name(&fixture), full.clone());
        let event = event.unwrap_or_else(|_| panic!("{} decodes", name(&fixture)));
        let encoded = written(event.encode(Encoder));
        assert_eq!(canonical(&encoded), canonical(&full), "{}", name(&fixture));
    }
}

#[wasm_bindgen_test]
fn every_server_event_of_a_reference_server_decodes() {
    let mut seen: Vec<String> = Vec::new();
    for fixture in SERVER {
        let fixture = parse(fixture);
        seen.push(name(&fixture));
        for payload in payloads(&fixture) {
            let event = server_event(&name(&fixture), payload);
            assert!(event.is_ok(), "{} decodes", name(&fixture));
        }
    }
    let mut names: Vec<_> = ServerEvent::NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    names.sort();
    seen.sort();
    assert_eq!(seen, names);
}

#[wasm_bindgen_test]
fn a_server_event_of_the_wrong_shape_is_an_error_and_no_panic() {
    let wrong = [
        "null",
        "1",
        "\"text\"",
        "[]",
        "{}",
        r#"{"sessionId":1}"#,
        r#"{"sessionId":""}"#,
    ];
    for name in ServerEvent::NAMES {
        for text in wrong {
            let event = server_event(name, parse(text));
            assert!(event.is_err(), "{name} refuses {text}");
        }
        assert!(server_event(name, JsValue::UNDEFINED).is_err());
    }
}

#[wasm_bindgen_test]
fn every_client_event_encodes_to_its_golden_json() {
    for fixture in CLIENT {
        let fixture = parse(fixture);
        for payload in payloads(&fixture) {
            let text = String::from(JSON::stringify(&payload).expect("a payload is JSON"));
            let mut json = serde_json::Deserializer::from_str(&text);
            let event = ClientEvent::decode(&name(&fixture), &mut json);
            let event = event.unwrap_or_else(|_| panic!("{} decodes", name(&fixture)));
            let encoded = written(event.encode(Encoder));
            assert_eq!(
                canonical(&encoded),
                canonical(&payload),
                "{}",
                name(&fixture)
            );
        }
    }
}

fn assert_ack<T: Read + Serialize>(fixture: &str) {
    let fixture = parse(fixture);
    let full = js::get(&fixture, "ack");
    let body: T = decode(full.clone()).expect("a full ack decodes");
    let encoded = encode(&body);
    js::set(&encoded, "success", &true.into());
    assert_eq!(canonical(&encoded), canonical(&full), "{}", name(&fixture));

    let reference = js::get(&fixture, "reference");
    for ack in [full, reference].iter().filter(|ack| ack.is_object()) {
        assert!(
            decode::<T>(ack.clone()).is_ok(),
            "{} decodes",
            name(&fixture)
        );
        assert!(decode::<Outcome>(ack.clone()).is_ok_and(|outcome| outcome.success));
    }
}

#[wasm_bindgen_test]
fn every_ack_that_the_client_reads_decodes() {
    assert_ack::<ConfigAck>(include_str!(
        "../../../protocol/fixtures/ack/webrtc-config-get.json"
    ));
    assert_ack::<InitiateAck>(include_str!(
        "../../../protocol/fixtures/ack/call-initiate.json"
    ));
    assert_ack::<JoinAck>(include_str!(
        "../../../protocol/fixtures/ack/call-accept.json"
    ));
    assert_ack::<JoinAck>(include_str!(
        "../../../protocol/fixtures/ack/call-resume.json"
    ));
    let sync = parse(include_str!(
        "../../../protocol/fixtures/ack/call-sync.json"
    ));
    assert!(decode::<StateAck>(js::get(&sync, "ack")).is_ok());
}
