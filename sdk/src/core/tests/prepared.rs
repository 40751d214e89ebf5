//! The microphone is made ready for an answer that is about to come.

use super::*;
use crate::core::CaptureError;

/// A call rings; the browser would not ask for the microphone.
fn ringing() -> Rig {
    let mut rig = Rig::ringing();
    rig.grant();
    rig.offer_applied();
    rig.answer_made("a1");
    rig
}

fn prepare(rig: &mut Rig) -> Vec<String> {
    rig.ask(Command::PrepareToAccept)
}

fn fail(rig: &mut Rig) -> Vec<String> {
    let id = rig.microphone().unwrap();
    let refused = CaptureError::Denied;
    rig.device(DeviceInput::Failed(
        MediaKind::Microphone,
        id,
        refused,
        String::new(),
    ))
}

#[test]
fn a_microphone_that_was_made_ready_is_there_when_the_call_is_accepted() {
    let mut rig = ringing();
    assert_eq!(
        prepare(&mut rig),
        ["microphone on", "open microphone", "resolve 1"]
    );
    assert_eq!(rig.microphone_opens(), [""; 0], "nobody is told");
    let lines = rig.ask(Command::Accept(None, None));
    assert_eq!(lines[0], "call:accept? +answer");
    assert!(!lines.contains(&"open microphone".to_owned()), "{lines:?}");
    let lines = rig.acked(AckBody::Join(JoinAck { call: None }));
    assert_eq!(lines, ["resolve 2"], "the ack alone was missing");
}

#[test]
fn a_microphone_that_still_opens_when_the_call_is_accepted_is_not_asked_for_twice() {
    let mut rig = ringing();
    prepare(&mut rig);
    let lines = rig.ask(Command::Accept(None, None));
    assert!(!lines.contains(&"open microphone".to_owned()), "{lines:?}");
    rig.acked(AckBody::Join(JoinAck { call: None }));
    assert_eq!(rig.microphone_opens(), ["resolve 2"]);
}

#[test]
fn whoever_would_be_asked_for_the_microphone_is_asked_when_they_accept() {
    let mut rig = Rig::ringing();
    assert_eq!(prepare(&mut rig), ["resolve 1"]);
    let lines = rig.ask(Command::Accept(None, None));
    assert!(lines.contains(&"open microphone".to_owned()), "{lines:?}");
}

#[test]
fn audio_that_the_application_supplies_asks_for_nothing() {
    let mut rig = Rig::new(ClientOptions {
        supplied_microphone: true,
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    rig.acked(AckBody::Config(config("alice", "a1")));
    rig.event(incoming("s1", "bob", None));
    assert!(prepare(&mut rig).contains(&"open microphone".to_owned()));
}

#[test]
fn without_a_call_that_rings_there_is_nothing_to_make_ready() {
    for mut rig in [Rig::connected(), Rig::calling(), Rig::over()] {
        rig.grant();
        let lines = prepare(&mut rig);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("resolve"), "{lines:?}");
    }
}

#[test]
fn an_answer_that_does_not_come_leaves_no_microphone_open() {
    let mut rig = ringing();
    prepare(&mut rig);
    rig.microphone_opens();
    assert_eq!(rig.wait(9_000), [""; 0]);
    prepare(&mut rig);
    assert_eq!(rig.wait(9_000), [""; 0], "the button was reached for again");
    assert_eq!(rig.wait(1_000), ["close microphone"]);
    let lines = rig.ask(Command::Accept(None, None));
    assert!(lines.contains(&"open microphone".to_owned()), "{lines:?}");
}

#[test]
fn a_call_that_was_accepted_keeps_its_microphone() {
    let mut rig = ringing();
    prepare(&mut rig);
    rig.microphone_opens();
    rig.ask(Command::Accept(None, None));
    rig.acked(AckBody::Join(JoinAck { call: None }));
    let lines = rig.wait(11_000);
    assert!(!lines.contains(&"close microphone".to_owned()), "{lines:?}");
}

#[test]
fn a_call_that_ends_otherwise_lets_go_of_the_microphone() {
    let ends: [fn(&mut Rig) -> Vec<String>; 3] = [
        |rig| rig.ask(Command::Reject(None, None)),
        |rig| rig.event(ended("s1", EndReason::Cancelled)),
        |rig| rig.ask(Command::Dispose),
    ];
    for end in ends {
        let mut rig = ringing();
        prepare(&mut rig);
        rig.microphone_opens();
        let lines = end(&mut rig);
        assert!(lines.contains(&"close microphone".to_owned()), "{lines:?}");
    }
}

#[test]
fn a_microphone_that_cannot_be_made_ready_is_an_error_of_the_accept() {
    let mut rig = ringing();
    prepare(&mut rig);
    assert_eq!(fail(&mut rig), [""; 0], "nobody has answered yet");
    rig.ask(Command::Accept(None, None));
    let lines = fail(&mut rig);
    assert!(
        lines.iter().any(|line| line.contains("MIC_DENIED")),
        "{lines:?}"
    );
}

#[test]
fn whoever_is_muted_stays_so_in_a_call_that_was_made_ready() {
    let mut rig = ringing();
    rig.ask(Command::SetMuted(true));
    assert_eq!(
        prepare(&mut rig),
        ["microphone off", "open microphone", "resolve 2"]
    );
}
