//! Against a server that was written from the reference: its events, and no others.

use super::*;
use crate::core::view::CallState;

/// As the reference's server says it: nothing added.
fn bare_incoming() -> ServerEvent {
    ServerEvent::CallIncoming(server::CallIncoming {
        session_id: session("s1"),
        chat_id: chat(),
        call_type: CallType::Voice,
        caller_id: user("bob"),
        caller_name: "Bob".to_owned(),
        caller_avatar: None,
        caller_device_id: None,
        target_user_ids: Vec::new(),
        offer: None,
        ring_timeout_ms: None,
        preconnect: false,
    })
}

fn bare_accepted() -> ServerEvent {
    ServerEvent::CallAccepted(server::CallAccepted {
        session_id: session("s1"),
        chat_id: chat(),
        accepted_by: user("bob"),
        device_id: None,
        answer: None,
    })
}

fn bare_initiate_ack() -> AckBody {
    AckBody::Initiate(InitiateAck {
        session_id: session("s1"),
        target_user_ids: Vec::new(),
        joined: false,
        call: None,
    })
}

fn from_bob(event: ServerEvent) -> ServerEvent {
    match event {
        ServerEvent::WebrtcOffer(event) => ServerEvent::WebrtcOffer(server::WebrtcOffer {
            from_device_id: None,
            ..event
        }),
        ServerEvent::WebrtcAnswer(event) => ServerEvent::WebrtcAnswer(server::WebrtcAnswer {
            from_device_id: None,
            ..event
        }),
        ServerEvent::WebrtcIceCandidate(event) => {
            ServerEvent::WebrtcIceCandidate(server::WebrtcIceCandidate {
                from_device_id: None,
                ..event
            })
        }
        other => other,
    }
}

fn joined(name: &str) -> ServerEvent {
    ServerEvent::CallParticipantJoined(server::CallParticipantJoined {
        session_id: session("s1"),
        chat_id: chat(),
        user_id: user(name),
        device_id: None,
    })
}

fn callee() -> Rig {
    let mut rig = Rig::at_reference();
    rig.event(bare_incoming());
    rig.ask(Command::Accept(None, None));
    rig.microphone_opens();
    rig
}

fn caller() -> Rig {
    let mut rig = Rig::at_reference();
    rig.dial();
    rig.microphone_opens();
    rig.offer_made("a1");
    rig.acked(bare_initiate_ack());
    rig
}

#[test]
fn the_caller_says_what_the_reference_says_and_no_more() {
    let mut rig = Rig::at_reference();
    rig.dial();
    rig.microphone_opens();
    assert_eq!(rig.offer_made("a1"), ["call:initiate?"]);
    rig.peer(PeerInput::CandidateFound(candidate("a1")));
    assert_eq!(rig.acked(bare_initiate_ack()), ["resolve 1", "tell change"]);
    assert_eq!(
        rig.event(bare_accepted()),
        [
            "link1 play",
            "webrtc:offer",
            "webrtc:ice-candidate",
            "tell call:accepted",
            "tell connecting"
        ]
    );
    let answered = rig.event(from_bob(remote_answer("s1", answer("b", "b1"))));
    assert_eq!(answered, ["link1 apply answer"]);
    rig.answer_applied();
    let added = rig.event(from_bob(remote_candidate("s1", "b1")));
    assert_eq!(added, ["link1 add candidate"]);
    assert_eq!(rig.state(ConnectionState::Connected), ["tell connected"]);
}

#[test]
fn no_added_field_goes_to_a_server_that_did_not_ask_for_it() {
    let mut rig = Rig::at_reference();
    rig.dial();
    rig.microphone_opens();
    let generation = rig.last_generation();
    let made = Input::Peer(
        rig.link.unwrap(),
        PeerInput::OfferCreated(generation, offer("a", "a1")),
    );
    let outputs = rig.client.handle(Instant(rig.now), made);
    let bare = ringback_protocol::client::CallInitiate {
        chat_id: chat(),
        call_type: CallType::Voice,
        target_user_ids: Some(vec![user("bob")]),
        offer: None,
        request_id: None,
        preconnect: false,
    };
    assert!(outputs.iter().any(|output| match output {
        Output::Emit(ClientEvent::CallInitiate(event), Some(_)) => *event == bare,
        _ => false,
    }));
}

#[test]
fn the_callee_says_what_the_reference_says_and_no_more() {
    let mut rig = Rig::at_reference();
    assert_eq!(
        rig.event(bare_incoming()),
        ["tell incoming s1", "tell incoming"]
    );
    rig.ask(Command::Accept(None, None));
    assert_eq!(
        rig.microphone_opens(),
        [
            "call:accept?",
            "link1 create answerer",
            "link1 send media",
            "link1 play",
            "tell change"
        ]
    );
    assert_eq!(rig.acked(AckBody::Empty), ["resolve 1"]);
    let offered = rig.event(from_bob(remote_offer("s1", offer("b", "b1"))));
    assert_eq!(offered, ["link1 apply offer"]);
    assert_eq!(rig.offer_applied(), ["link1 create answer"]);
    assert_eq!(rig.answer_made("a1"), ["webrtc:answer"]);
}

#[test]
fn the_word_of_ones_own_coming_makes_no_link_to_oneself() {
    let mut rig = callee();
    assert_eq!(rig.event(joined("alice")), [""; 0]);
    assert_eq!(rig.client.call().unwrap().participants.len(), 1);
}

#[test]
fn the_word_of_the_callees_coming_makes_no_second_link() {
    let mut rig = caller();
    rig.event(bare_accepted());
    assert_eq!(rig.event(joined("bob")), ["tell call:participant-joined"]);
}

#[test]
fn a_call_whose_last_other_participant_left_is_ended() {
    let mut rig = caller();
    rig.event(bare_accepted());
    let left = ServerEvent::CallParticipantLeft(server::CallParticipantLeft {
        session_id: session("s1"),
        chat_id: chat(),
        user_id: user("bob"),
        reason: EndReason::Disconnected,
    });
    assert_eq!(
        rig.event(left),
        [
            "tell call:participant-left",
            "link1 close",
            "close microphone",
            "call:end?",
            "tell ended",
            "tell ended disconnected"
        ]
    );
}

#[test]
fn a_lost_socket_loses_a_call_that_was_not_acked() {
    let mut rig = Rig::at_reference();
    rig.dial();
    rig.microphone_opens();
    rig.offer_made("a1");
    let lines = rig.signaling(SignalingInput::Disconnected);
    assert_eq!(
        lines.first().map(String::as_str),
        Some("reject 1 SIGNALING_LOST")
    );
}

#[test]
fn a_call_goes_on_after_the_socket_was_away_without_asking_the_server() {
    let mut rig = caller();
    rig.event(bare_accepted());
    rig.event(from_bob(remote_answer("s1", answer("b", "b1"))));
    rig.answer_applied();
    rig.state(ConnectionState::Connected);
    rig.signaling(SignalingInput::Disconnected);
    rig.peer(PeerInput::CandidateFound(candidate("a1")));
    assert_eq!(
        rig.signaling(SignalingInput::Connected),
        [
            "query permission",
            "webrtc:config:get?",
            "webrtc:ice-candidate",
            "tell signaling true"
        ]
    );
    assert_eq!(rig.client.state(), CallState::Connected);
}

#[test]
fn a_server_that_acks_nothing_does_not_hold_up_a_hang_up() {
    let mut rig = caller();
    rig.event(bare_accepted());
    let lines = rig.ask(Command::End(None));
    assert!(lines.contains(&"close microphone".to_owned()));
    assert_eq!(rig.wait(10_000), ["resolve 2"]);
}

#[test]
fn both_sides_agree_who_gives_way_when_nobody_knows_their_own_id() {
    // The caller ignores an offer that crosses its own; the callee takes its own back.
    let mut calls = caller();
    calls.event(bare_accepted());
    let crossing = calls.event(from_bob(remote_offer("s1", offer("b", "b1"))));
    assert_eq!(crossing, [""; 0]);

    let mut called = callee();
    called.event(from_bob(remote_offer("s1", offer("b", "b1"))));
    called.offer_applied();
    called.answer_made("a1");
    called.state(ConnectionState::Connected);
    called.device(DeviceInput::NetworkChanged);
    let crossing = called.event(from_bob(remote_offer("s1", offer("b", "b2"))));
    assert_eq!(crossing, ["link1 apply offer"]);
}

#[test]
fn without_fast_setup_the_offer_is_made_after_the_answer() {
    let mut rig = Rig::new(ClientOptions {
        fast_setup: false,
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    rig.acked(AckBody::Config(config("alice", "a1")));
    rig.dial();
    assert_eq!(rig.microphone_opens(), ["call:initiate?"]);
    rig.acked(Rig::initiate_ack("s1"));
    assert_eq!(
        rig.event(accepted("s1", None)),
        [
            "link1 create offerer",
            "link1 send media",
            "link1 play",
            "link1 create offer",
            "tell call:accepted",
            "tell connecting"
        ]
    );
    assert_eq!(rig.offer_made("a1"), ["webrtc:offer"]);
}
