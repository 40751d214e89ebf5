//! A page that is reloaded in a call takes it up again.

use ringback_protocol::{CallStatus, ErrorCode, ParticipantStatus};

use super::*;
use crate::core::KeptCall;
use crate::core::view::CallState;

const JOINED: ParticipantStatus = ParticipantStatus::Joined;

/// Alice's page was reloaded in the call s1, and the socket is there again.
fn reloaded(muted: bool, features: ConfigAck) -> (Rig, Vec<String>) {
    let mut rig = Rig::new(ClientOptions {
        kept: Some(KeptCall {
            session: session("s1"),
            muted,
            video: false,
        }),
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    let lines = rig.acked(AckBody::Config(features));
    (rig, lines)
}

fn ongoing() -> CallSnapshot {
    let mut call = snapshot("s1", CallStatus::Ongoing, JOINED, JOINED);
    call.started_at_ms = Some(1);
    call.elapsed_ms = 500;
    call
}

#[test]
fn a_reloaded_page_is_back_in_its_call_at_once_and_waits_for_new_offers() {
    let (mut rig, lines) = reloaded(false, config("alice", "a1"));
    assert_eq!(lines, ["call:resume?"]);
    assert_eq!(
        rig.acked(Rig::resume_ack(Some(ongoing()))),
        [
            "microphone on",
            "open microphone",
            "tell resumed s1",
            "link1 create answerer",
            "link1 send media",
            "link1 play",
            "tell connecting"
        ]
    );
    let view = rig.client.call().unwrap();
    assert_eq!(view.started_at, Some(Instant(500)));
    assert!(!view.is_incoming);
    rig.event(remote_offer("s1", offer("b", "b9")));
    assert_eq!(rig.state(ConnectionState::Connected), ["tell connected"]);
}

#[test]
fn who_mutes_while_the_page_comes_back_is_muted_in_the_call() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    rig.ask(Command::SetMuted(true));
    rig.acked(Rig::resume_ack(Some(ongoing())));
    assert!(rig.client.is_muted());
}

#[test]
fn who_was_muted_before_the_reload_is_muted_after_it() {
    let (mut rig, _) = reloaded(true, config("alice", "a1"));
    let lines = rig.acked(Rig::resume_ack(Some(ongoing())));
    assert_eq!(lines.first().map(String::as_str), Some("microphone off"));
    assert!(lines.contains(&"call:toggle-audio true".to_owned()));
    assert!(rig.client.is_muted());
}

#[test]
fn a_server_that_cannot_tell_the_others_is_helped_by_an_offer() {
    let mut older = config("alice", "a1");
    if let Some(protocol) = &mut older.protocol {
        protocol.features.retain(|name| name != "fresh-resume");
    }
    let (mut rig, lines) = reloaded(false, older);
    assert_eq!(lines, ["call:resume?"]);
    let lines = rig.acked(Rig::resume_ack(Some(ongoing())));
    assert!(
        lines.contains(&"link1 create offer".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_reference_server_is_asked_nothing() {
    let (_, lines) = reloaded(false, reference_config());
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn a_call_that_is_over_is_forgotten_without_a_word() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    assert!(rig.refused(Some(ErrorCode::NotInCall)).is_empty());
    assert_eq!(rig.client.state(), CallState::Idle);
    rig.signaling(SignalingInput::Disconnected);
    let lines = rig.signaling(SignalingInput::Connected);
    assert!(!lines.contains(&"call:resume?".to_owned()), "{lines:?}");
}

#[test]
fn a_socket_lost_before_the_answer_asks_again() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    rig.signaling(SignalingInput::Disconnected);
    rig.signaling(SignalingInput::Connected);
    let lines = rig.acked(AckBody::Config(config("alice", "a1")));
    assert_eq!(lines, ["call:resume?"]);
}

#[test]
fn a_call_placed_before_the_answer_wins_over_the_old_one() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    let lines = rig.dial();
    assert_eq!(lines.first().map(String::as_str), Some("call:leave?"));
    assert_eq!(rig.client.state(), CallState::Outgoing);
}

#[test]
fn a_caller_whose_call_still_rings_goes_on_calling() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    let ringing = snapshot(
        "s1",
        CallStatus::Ringing,
        JOINED,
        ParticipantStatus::Ringing,
    );
    rig.acked(Rig::resume_ack(Some(ringing)));
    assert_eq!(rig.client.state(), CallState::Outgoing);
    // The early offer went with the page: the answer to it is of no use.
    let lines = rig.event(accepted("s1", Some(answer("b", "b1"))));
    assert!(
        lines.contains(&"link1 create offer".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn the_other_side_of_a_reload_offers_anew() {
    let mut rig = Rig::active();
    let lines = rig.event(ServerEvent::CallParticipantReconnected(
        server::CallParticipantReconnected {
            session_id: session("s1"),
            user_id: user("bob"),
            device_id: Some(device("b1")),
            fresh: true,
        },
    ));
    assert_eq!(
        lines,
        [
            "link1 close",
            "link2 create offerer",
            "link2 send media",
            "link2 play",
            "link2 create offer",
            "tell call:participant-reconnected",
            "tell connecting"
        ]
    );
}

#[test]
fn a_page_that_goes_for_good_before_the_answer_does_not_stay_in_the_call() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    let lines = rig.ask(Command::Dispose);
    assert!(lines.contains(&"call:leave?".to_owned()), "{lines:?}");
}

#[test]
fn a_call_that_rings_during_the_reload_rings_behind_the_one_that_comes_back() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    let resume = rig.last_ack();
    assert_eq!(
        rig.event(incoming("s2", "carol", None)),
        ["tell incoming s2"]
    );
    rig.signaling(SignalingInput::Ack(
        resume,
        Ok(Rig::resume_ack(Some(ongoing()))),
    ));
    assert_eq!(rig.client.state(), CallState::Connecting);
    assert_eq!(
        rig.ask(Command::Reject(Some(session("s2")), None)),
        ["call:reject?", "tell ended declined"]
    );
}

#[test]
fn a_call_that_rings_during_the_reload_rings_when_there_is_none_to_come_back_to() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    let resume = rig.last_ack();
    rig.event(incoming("s2", "carol", None));
    let over = AckFailure {
        code: Some(ErrorCode::CallEnded),
        message: String::new(),
        retry_after_ms: None,
    };
    rig.signaling(SignalingInput::Ack(resume, Err(over)));
    assert_eq!(rig.client.state(), CallState::Incoming);
}

#[test]
fn an_answer_during_the_reload_turns_to_the_call_that_rings() {
    let (mut rig, _) = reloaded(false, config("alice", "a1"));
    let resume = rig.last_ack();
    rig.grant();
    rig.event(incoming("s2", "carol", None));
    let lines = rig.ask(Command::Accept(None, None));
    let leave = lines.iter().position(|line| line == "call:leave?");
    let accept = lines.iter().position(|line| line == "call:accept?");
    assert!(leave.is_some() && leave < accept, "{lines:?}");
    let lines = rig.signaling(SignalingInput::Ack(
        resume,
        Ok(Rig::resume_ack(Some(ongoing()))),
    ));
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn an_answer_of_a_page_that_was_reloaded_meanwhile_makes_a_new_link() {
    let mut rig = Rig::active();
    rig.device(DeviceInput::NetworkChanged);
    rig.offer_made("a2");
    let lines = rig.event(remote_answer("s1", answer("b-reloaded", "b2")));
    assert_eq!(
        lines,
        [
            "link1 close",
            "link2 create offerer",
            "link2 send media",
            "link2 play",
            "link2 create offer",
            "tell connecting"
        ]
    );
}

/// Alice's page was reloaded in the call s1; its socket is there, the configuration is not.
fn unconfigured() -> Rig {
    let mut rig = Rig::new(ClientOptions {
        kept: Some(KeptCall {
            session: session("s1"),
            muted: false,
            video: false,
        }),
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    rig
}

#[test]
fn a_call_that_ends_before_the_configuration_is_not_asked_for() {
    let mut rig = unconfigured();
    rig.event(ended("s1", EndReason::Completed));
    let lines = rig.acked(AckBody::Config(config("alice", "a1")));
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn what_rang_behind_a_call_that_ended_meanwhile_rings_at_once() {
    let mut rig = unconfigured();
    rig.event(incoming("s2", "carol", None));
    assert_eq!(rig.client.state(), CallState::Idle);
    rig.event(ended("s1", EndReason::Completed));
    assert_eq!(rig.client.state(), CallState::Incoming);
}

#[test]
fn a_call_that_rings_before_it_is_taken_back_does_not_ring_behind_itself() {
    let mut rig = unconfigured();
    rig.event(incoming("s1", "bob", None));
    rig.acked(AckBody::Config(config("alice", "a1")));
    rig.acked(Rig::resume_ack(Some(ongoing())));
    rig.ask(Command::Leave);
    assert_eq!(rig.client.state(), CallState::Ended);
}

#[test]
fn a_server_that_says_nothing_of_itself_does_not_keep_a_call_from_ringing() {
    let mut rig = Rig::new(ClientOptions {
        kept: Some(KeptCall {
            session: session("s1"),
            muted: false,
            video: false,
        }),
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    rig.event(incoming("s2", "carol", None));
    assert_eq!(rig.client.state(), CallState::Idle);
    rig.wait(3_000);
    assert_eq!(rig.client.state(), CallState::Incoming);
}
