//! Every golden message decodes, encodes to the same JSON, and may hold fields that nobody knows.

use std::{collections::BTreeSet, env, fmt::Debug, fs, path::PathBuf};

use ringback_protocol::{
    Ack, ClientEvent, ConfigAck, Empty, ErrorCode, Failure, InitiateAck, JoinAck, Outcome,
    RefreshAck, ServerEvent, StateAck, rest, webhook,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Maps whose keys are data: a key that nobody knows is an entry there.
const OPEN_MAPS: &[&str] = &["byStatus", "callFrequency"];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

fn read(path: &PathBuf) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn fixtures(name: &str) -> Vec<(String, Value)> {
    let entries = fs::read_dir(folder(name)).expect("the folder is there");
    let mut found: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            let stem = path.file_stem().expect("a name").to_string_lossy();
            (stem.into_owned(), read(&path))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn text<'a>(fixture: &'a Value, key: &str) -> &'a str {
    fixture[key].as_str().expect("a text")
}

/// Adds a field that nobody knows to every object.
fn with_unknown_fields(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: serde_json::Map<_, _> = fields
                .iter()
                .map(|(key, value)| {
                    let closed = !OPEN_MAPS.contains(&key.as_str());
                    let value = if closed {
                        with_unknown_fields(value)
                    } else {
                        value.clone()
                    };
                    (key.clone(), value)
                })
                .collect();
            fields.insert("fromTheFuture".into(), json!({ "deep": [1, null] }));
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(with_unknown_fields).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            scalar.clone()
        }
    }
}

fn round_trip<T: DeserializeOwned + Serialize + PartialEq + Debug>(name: &str, json: &Value) {
    let decoded: T = serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let encoded = serde_json::to_value(&decoded).expect("encodes");
    assert_eq!(&encoded, json, "{name} changes when encoded again");
    let future: T = serde_json::from_value(with_unknown_fields(json))
        .unwrap_or_else(|e| panic!("{name} with unknown fields: {e}"));
    assert_eq!(future, decoded, "{name} with unknown fields");
}

macro_rules! event_round_trip {
    ($function:ident, $events:ident) => {
        fn $function(name: &str, json: &Value) {
            let decode =
                |json: Value| $events::decode(name, json).unwrap_or_else(|e| panic!("{name}: {e}"));
            let event = decode(json.clone());
            assert_eq!(event.name(), name);
            let encoded = event
                .encode(serde_json::value::Serializer)
                .expect("encodes");
            assert_eq!(&encoded, json, "{name} changes when encoded again");
            assert_eq!(decode(with_unknown_fields(json)), event);
        }
    };
}

event_round_trip!(client_round_trip, ClientEvent);
event_round_trip!(server_round_trip, ServerEvent);

/// Checks every payload of a folder and returns the names of its events.
fn check_events(name: &str, round_trip: fn(&str, &Value)) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, fixture) in fixtures(name) {
        let event = text(&fixture, "event");
        for form in ["reference", "payload"] {
            if let Some(payload) = fixture.get(form) {
                round_trip(event, payload);
            }
        }
        names.insert(event.to_owned());
    }
    names
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn every_client_event_keeps_its_json() {
    assert_eq!(
        check_events("client", client_round_trip),
        set(ClientEvent::NAMES)
    );
}

#[test]
fn every_server_event_keeps_its_json() {
    assert_eq!(
        check_events("server", server_round_trip),
        set(ServerEvent::NAMES)
    );
}

#[test]
fn an_event_without_a_payload_takes_whatever_stands_there() {
    for (_, fixture) in fixtures("client") {
        if fixture.get("payload").is_none() {
            let event = text(&fixture, "event");
            for payload in [json!(null), json!({}), json!([1]), json!("x")] {
                assert!(ClientEvent::decode(event, payload).is_ok(), "{event}");
            }
        }
    }
}

#[test]
fn a_payload_without_its_required_fields_does_not_decode() {
    for (_, fixture) in fixtures("client") {
        if fixture.get("payload").is_some() {
            let event = text(&fixture, "event");
            assert!(ClientEvent::decode(event, json!({})).is_err(), "{event}");
        }
    }
}

#[test]
fn every_client_event_has_an_ack_that_keeps_its_json() {
    let mut names = BTreeSet::new();
    for (file, fixture) in fixtures("ack") {
        if file == "failure" {
            continue;
        }
        let event = text(&fixture, "event");
        for ack in [fixture.get("reference"), fixture.get("ack")]
            .into_iter()
            .flatten()
        {
            check_ack(event, ack);
        }
        names.insert(event.to_owned());
    }
    assert_eq!(names, set(ClientEvent::NAMES));
}

fn check_ack(event: &str, ack: &Value) {
    let outcome: Outcome = serde_json::from_value(ack.clone()).expect("an envelope");
    assert!(outcome.success, "{event}");
    match event {
        "webrtc:config:get" => ack_round_trip::<ConfigAck>(event, ack),
        "call:initiate" => ack_round_trip::<InitiateAck>(event, ack),
        "call:accept" | "call:join" | "call:resume" => ack_round_trip::<JoinAck>(event, ack),
        "call:sync" => ack_round_trip::<StateAck>(event, ack),
        "auth:refresh" => ack_round_trip::<RefreshAck>(event, ack),
        _ => ack_round_trip::<Empty>(event, ack),
    }
}

/// A reference server may leave `success` out; ours never does.
fn ack_round_trip<T: DeserializeOwned + Serialize + PartialEq + Debug>(name: &str, ack: &Value) {
    let decode = |json: Value| -> T {
        serde_json::from_value(json).unwrap_or_else(|e| panic!("the ack of {name}: {e}"))
    };
    let body = decode(ack.clone());
    assert_eq!(decode(with_unknown_fields(ack)), body);
    let mut expected = ack.clone();
    expected["success"] = json!(true);
    assert_eq!(
        serde_json::to_value(Ack::Success(body)).expect("encodes"),
        expected
    );
}

#[test]
fn a_failure_keeps_its_json_and_may_come_without_a_code() {
    let fixture = read(&folder("ack").join("failure.json"));
    let failure: Failure = serde_json::from_value(fixture["ack"].clone()).expect("a failure");
    let encoded = serde_json::to_value(Ack::<Empty>::Failure(failure)).expect("encodes");
    assert_eq!(encoded, fixture["ack"]);
    let reference: Outcome = serde_json::from_value(fixture["reference"].clone()).expect("decodes");
    assert!(!reference.success);
    assert_eq!(reference.code, None);
}

#[test]
fn every_rest_body_keeps_its_json() {
    for (name, fixture) in fixtures("rest") {
        let body = &fixture["body"];
        match text(&fixture, "type") {
            "CallHistory" => round_trip::<rest::Success<rest::CallHistory>>(&name, body),
            "CallRecord" => round_trip::<rest::Success<rest::CallRecord>>(&name, body),
            "CallTimeline" => round_trip::<rest::Success<rest::CallTimeline>>(&name, body),
            "CallQualityTimeline" => {
                round_trip::<rest::Success<rest::CallQualityTimeline>>(&name, body);
            }
            "CallStatistics" => round_trip::<rest::Success<rest::CallStatistics>>(&name, body),
            "Chat" => round_trip::<rest::Chat>(&name, body),
            "DevJoin" => round_trip::<rest::DevJoin>(&name, body),
            "DevToken" => round_trip::<rest::DevToken>(&name, body),
            "Failure" => {
                let failure: Failure = serde_json::from_value(body.clone()).expect("a failure");
                let encoded = serde_json::to_value(Ack::<Empty>::Failure(failure));
                assert_eq!(&encoded.expect("encodes"), body);
            }
            other => panic!("{name}: no Rust type is known for {other}"),
        }
    }
}

#[test]
fn what_is_said_to_the_host_application_keeps_its_json() {
    for (name, fixture) in fixtures("webhook") {
        let body = &fixture["body"];
        match text(&fixture, "type") {
            "WebhookEvent" => round_trip::<webhook::WebhookEvent>(&name, body),
            "CallHookRequest" => round_trip::<webhook::CallHookRequest>(&name, body),
            "CallHookAnswer" => round_trip::<webhook::CallHookAnswer>(&name, body),
            other => panic!("{name}: no Rust type is known for {other}"),
        }
    }
}

#[test]
fn the_table_of_error_codes_is_the_golden_one() {
    let path = folder("errors.json");
    let table: Vec<Value> = ErrorCode::ALL
        .iter()
        .map(|code| json!({ "code": code, "retryable": code.retryable(), "message": code.message() }))
        .collect();
    if env::var_os("UPDATE").is_some() {
        let text = serde_json::to_string_pretty(&table).expect("encodes");
        fs::write(&path, text + "\n").expect("writable");
    }
    assert_eq!(read(&path), Value::Array(table));
}

#[test]
fn every_error_code_is_parsed_from_what_it_is_written_as() {
    for code in ErrorCode::ALL {
        assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
        assert_eq!(json!(code), json!(code.as_str()));
    }
    assert_eq!(ErrorCode::parse("NO_SUCH_CODE"), None);
}
