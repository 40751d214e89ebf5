//! Any bytes on the way through the packet parser and the event decoder, and what must hold of them.
//!
//! The fuzzer (`fuzz/`) makes the bytes. In the tests, those that it found interesting are run again.

use ringback_protocol::ErrorCode;
use serde_json::Value;

use super::packet::{Frame, Packet};
use super::subject::Subject;
use super::{decode, sizes};
use crate::events::ClientEvent;

/// The longest text of a refusal: what a client sent is not sent back in full.
const MOST_SAID: usize = 2_000;

/// Takes a message as a socket does, up to where the call domain would get it.
///
/// # Panics
/// When an invariant is broken.
pub fn message(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Packet::parse(text) {
        Ok(Packet::Event(frame) | Packet::BinaryEvent(frame)) => event(frame),
        Ok(Packet::Connect(auth)) => assert!(text.ends_with(auth)),
        Ok(Packet::ConnectElsewhere(name)) => {
            let answer = super::packet::no_such_namespace(name);
            assert!(answer.starts_with(&format!("44{name},{{")));
        }
        Ok(Packet::Disconnect | Packet::Ignored) | Err(super::packet::Malformed) => {}
    }
}

fn event(frame: Frame<'_>) {
    assert!(frame.body.starts_with('['));
    assert!(decode::peek_name(frame.body).len() <= MOST_SAID);
    match decode::decode(frame.body) {
        Ok(event) => decoded(frame.body, event),
        Err(undecodable) => {
            let failure = &undecodable.failure;
            assert!(matches!(
                failure.code,
                ErrorCode::InvalidPayload | ErrorCode::UnknownEvent
            ));
            assert!(failure.error.len() <= MOST_SAID, "{}", failure.error.len());
            let _ = Subject::from(&*undecodable);
        }
    }
}

/// What decodes is JSON, has a name of ours, and comes through its own encoding unchanged.
fn decoded(body: &str, event: ClientEvent) {
    let parts: Vec<&serde_json::value::RawValue> =
        serde_json::from_str(body).expect("what decodes is a JSON array");
    let name: String = serde_json::from_str(parts[0].get()).expect("its first part is a text");
    assert_eq!(name, event.name());
    let _ = (sizes::check(&event), Subject::from(&event));
    let payload = encode(&event);
    let again = ClientEvent::decode(&name, &payload).expect("what was encoded decodes");
    assert_eq!(encode(&again), payload);
}

fn encode(event: &ClientEvent) -> Value {
    event
        .encode(serde_json::value::Serializer)
        .expect("our own types serialize to JSON")
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn what_the_fuzzer_found_interesting_breaks_no_invariant() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/event_decoder");
        let mut count = 0;
        for seed in std::fs::read_dir(seeds).unwrap() {
            message(&std::fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0, "no seeds in {seeds}");
    }
}
