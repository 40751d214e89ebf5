//! Orders of events that have gone wrong in other clients, each by its name.

use ringback_protocol::{CallRequestId, ErrorCode};

use super::*;
use crate::core::CaptureError;

fn participant_joined(name: &str) -> ServerEvent {
    ServerEvent::CallParticipantJoined(server::CallParticipantJoined {
        session_id: session("s1"),
        chat_id: chat(),
        user_id: user(name),
        device_id: Some(device("b1")),
    })
}

fn rejected(name: &str) -> ServerEvent {
    ServerEvent::CallRejected(server::CallRejected {
        session_id: session("s1"),
        chat_id: chat(),
        rejected_by: user(name),
        reason: EndReason::Busy,
    })
}

fn joined_ack(name: &str) -> AckBody {
    AckBody::Initiate(InitiateAck {
        session_id: session(name),
        target_user_ids: vec![user("bob")],
        joined: true,
        call: None,
    })
}

#[test]
fn an_accept_that_meets_a_cancel_is_the_end_for_both() {
    let mut caller = Rig::calling();
    caller.ask(Command::End(None));
    assert_eq!(
        caller.event(accepted("s1", Some(answer("b", "b1")))),
        [""; 0]
    );
    assert_eq!(caller.event(ended("s1", EndReason::Cancelled)), [""; 0]);

    let mut callee = Rig::answering();
    assert_eq!(
        callee.event(ended("s1", EndReason::Cancelled)),
        [
            "reject 1 CANCELLED",
            "link1 close",
            "close microphone",
            "tell ended",
            "tell ended cancelled"
        ]
    );
    assert_eq!(callee.refused(Some(ErrorCode::CallEnded)), [""; 0]);
}

#[test]
fn an_end_while_the_offer_is_in_flight_leaves_nothing_behind() {
    let mut rig = Rig::preparing();
    rig.ask(Command::End(None));
    assert_eq!(rig.offer_made("a1"), [""; 0]);
    assert_eq!(rig.microphone_opens(), ["close microphone"]);
}

#[test]
fn a_microphone_that_opens_after_the_hang_up_is_closed_at_once() {
    let mut rig = Rig::accepting();
    rig.event(ended("s1", EndReason::Cancelled));
    assert_eq!(rig.microphone_opens(), ["close microphone"]);
}

#[test]
fn a_second_accept_is_no_failure_and_does_not_disturb_the_first() {
    let mut rig = Rig::accepting();
    assert_eq!(rig.ask(Command::Accept(None, None)), ["resolve 2"]);
    assert_eq!(
        rig.microphone_opens(),
        [
            "call:accept? +answer",
            "link1 send media",
            "link1 play",
            "tell change"
        ]
    );
    assert_eq!(rig.acked(Rig::resume_ack(None)), ["resolve 1"]);
}

#[test]
fn a_call_that_was_given_up_before_its_ack_is_ended_when_the_ack_comes() {
    let mut rig = Rig::placing();
    rig.ask(Command::End(None));
    assert_eq!(rig.acked(Rig::initiate_ack("s1")), ["call:end? cancelled"]);
    assert_eq!(rig.event(accepted("s1", None)), [""; 0]);
}

#[test]
fn a_call_whose_ack_comes_after_the_time_out_is_ended() {
    let mut rig = Rig::placing();
    let ack = rig.last_ack();
    let lines = rig.wait(10_000);
    assert_eq!(
        lines.first().map(String::as_str),
        Some("reject 1 SIGNALING_TIMEOUT")
    );
    let late = SignalingInput::Ack(ack, Ok(Rig::initiate_ack("s1")));
    assert_eq!(rig.signaling(late), ["call:end? cancelled"]);
}

#[test]
fn a_call_placed_after_one_that_was_given_up_is_not_taken_for_it() {
    let mut rig = Rig::placing();
    let first = rig.last_ack();
    rig.ask(Command::End(None));
    rig.dial();
    rig.microphone_opens();
    rig.offer_made("a2");
    // The first call rings meanwhile.
    let ringing = ServerEvent::CallRinging(server::CallRinging {
        session_id: session("s1"),
        chat_id: chat(),
        target_user_ids: vec![user("bob")],
    });
    assert_eq!(rig.event(ringing), [""; 0]);
    let late = SignalingInput::Ack(first, Ok(Rig::initiate_ack("s1")));
    assert_eq!(rig.signaling(late), ["call:end? cancelled"]);
    assert_eq!(rig.client.state(), crate::core::view::CallState::Outgoing);
}

#[test]
fn an_answer_that_overtakes_the_ack_of_the_call_names_it() {
    let mut rig = Rig::placing();
    let lines = rig.event(accepted("s1", Some(answer("b", "b1"))));
    assert_eq!(
        lines,
        [
            "resolve 1",
            "link1 play",
            "link1 apply answer",
            "tell call:accepted",
            "tell connecting"
        ]
    );
    assert_eq!(rig.acked(Rig::initiate_ack("s1")), [""; 0]);
}

#[test]
fn accepted_and_participant_joined_make_one_link_in_either_order() {
    let mut joined_first = Rig::calling();
    joined_first.event(participant_joined("bob"));
    assert_eq!(
        joined_first.event(accepted("s1", Some(answer("b", "b1")))),
        [
            "link1 play",
            "link1 apply answer",
            "tell call:accepted",
            "tell connecting"
        ]
    );

    let mut accepted_first = Rig::calling();
    accepted_first.event(accepted("s1", Some(answer("b", "b1"))));
    let joined = accepted_first.event(participant_joined("bob"));
    assert_eq!(joined, ["tell call:participant-joined"]);
}

#[test]
fn an_accept_that_is_told_twice_is_applied_once() {
    let mut rig = Rig::active();
    let again = rig.event(accepted("s1", Some(answer("b", "b1"))));
    assert_eq!(again, ["tell call:accepted"]);
}

#[test]
fn a_candidate_before_the_offer_waits_and_is_then_added() {
    let mut rig = Rig::connected();
    rig.event(incoming("s1", "bob", None));
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
    assert_eq!(rig.event(remote_candidate("s1", "b1")), [""; 0]);
    assert_eq!(
        rig.event(remote_offer("s1", offer("b", "b1"))),
        ["link1 apply offer"]
    );
    assert_eq!(
        rig.offer_applied(),
        ["link1 add candidate", "link1 create answer"]
    );
    assert_eq!(rig.answer_made("a1"), ["webrtc:answer"]);
}

#[test]
fn results_of_a_link_that_was_closed_are_ignored() {
    let mut rig = Rig::placing();
    let early = rig.link.unwrap();
    let generation = rig.last_generation();
    rig.acked(joined_ack("s0"));
    assert_ne!(rig.link, Some(early));
    for late in [
        PeerInput::OfferCreated(generation, offer("a", "a1")),
        PeerInput::CandidateFound(candidate("a1")),
        PeerInput::ConnectionState(ConnectionState::Failed),
        PeerInput::RemoteTrack,
    ] {
        assert_eq!(rig.input(Input::Peer(early, late)), [""; 0]);
    }
}

#[test]
fn when_both_dial_the_second_to_be_heard_answers_the_first() {
    let mut rig = Rig::placing();
    // Bob's call may reach this device before the ack says that both are one.
    assert_eq!(
        rig.event(incoming("s0", "bob", Some(offer("b", "b1")))),
        [""; 0]
    );
    assert_eq!(
        rig.acked(joined_ack("s0")),
        [
            "resolve 1",
            "link1 close",
            "link2 create answerer",
            "link2 send media",
            "link2 play",
            "link2 apply offer",
            "tell connecting"
        ]
    );
    assert_eq!(rig.offer_applied(), ["link2 create answer"]);
    assert_eq!(rig.answer_made("a1"), ["webrtc:answer"]);
    // Bob cannot know that his offer was here in time, and says it again.
    assert_eq!(
        rig.event(remote_offer("s0", offer("b", "b1"))),
        ["webrtc:answer"]
    );
}

#[test]
fn when_both_dial_an_offer_for_whichever_device_rings_first_is_awaited_once_more() {
    let mut rig = Rig::placing();
    let ServerEvent::CallIncoming(mut call) = incoming("s0", "bob", Some(offer("b", "b1"))) else {
        unreachable!()
    };
    call.preconnect = true;
    rig.event(ServerEvent::CallIncoming(call));
    assert!(
        !rig.acked(joined_ack("s0"))
            .contains(&"link2 apply offer".to_owned())
    );
    assert_eq!(
        rig.event(remote_offer("s0", offer("b", "b2"))),
        ["link2 apply offer"]
    );
}

#[test]
fn whoever_names_everyone_in_the_chat_does_not_call_themselves() {
    let mut rig = Rig::connected();
    let everyone = ["alice", "bob"].map(user).to_vec();
    let dial = |targets| Command::Initiate {
        chat_id: chat(),
        call_type: CallType::Voice,
        targets: Some(targets),
        video: None,
    };
    assert_eq!(rig.ask(dial(vec![user("alice")])), ["reject 1 NO_TARGETS"]);
    rig.ask(dial(everyone));
    let others = rig.client.call().unwrap().participants.clone();
    assert_eq!(others.len(), 1);
    // One other person: the offer travels with the call.
    assert!(rig.link.is_some());
}

#[test]
fn when_both_dial_the_first_to_be_heard_sends_its_offer_the_usual_way() {
    let mut rig = Rig::calling();
    rig.peer(PeerInput::CandidateFound(candidate("a1")));
    assert_eq!(
        rig.event(accepted("s1", None)),
        [
            "link1 play",
            "webrtc:offer",
            "webrtc:ice-candidate",
            "tell call:accepted",
            "tell connecting"
        ]
    );
}

#[test]
fn two_calls_that_cross_at_a_server_that_keeps_both_become_the_smaller_one() {
    let mut rig = Rig::placing();
    rig.event(incoming("s1", "bob", Some(offer("b", "b1"))));
    assert_eq!(
        rig.acked(Rig::initiate_ack("s2")),
        [
            "resolve 1",
            "link1 close",
            "call:accept?",
            "link2 create answerer",
            "link2 send media",
            "link2 play",
            "link2 apply offer",
            "call:end? replaced",
            "tell connecting"
        ]
    );

    let mut other = Rig::placing();
    other.event(incoming("s3", "bob", Some(offer("b", "b1"))));
    assert_eq!(
        other.acked(Rig::initiate_ack("s2")),
        ["resolve 1", "tell change"]
    );
}

#[test]
fn a_call_that_crossed_rings_once_ones_own_could_not_be_placed() {
    let mut rig = Rig::placing();
    rig.event(incoming("s0", "bob", None));
    assert_eq!(
        rig.refused(Some(ErrorCode::Internal)),
        [
            "reject 1 INTERNAL",
            "link1 close",
            "close microphone",
            "tell ended",
            "tell ended failed",
            "tell incoming s0",
            "tell incoming"
        ]
    );
}

#[test]
fn a_microphone_that_is_refused_lets_the_call_ring_on() {
    let mut rig = Rig::accepting();
    let id = rig.microphone().unwrap();
    let denied = DeviceInput::Failed(
        MediaKind::Microphone,
        id,
        CaptureError::Denied,
        String::new(),
    );
    assert_eq!(rig.device(denied), ["reject 1 MIC_DENIED", "tell incoming"]);
    rig.ask(Command::Accept(None, None));
    assert_eq!(
        rig.microphone_opens(),
        [
            "call:accept? +answer",
            "link1 send media",
            "link1 play",
            "tell change"
        ]
    );
}

#[test]
fn with_permission_the_answer_goes_out_before_the_microphone_is_open() {
    let mut rig = Rig::ringing();
    rig.grant();
    rig.offer_applied();
    rig.answer_made("a1");
    rig.peer(PeerInput::CandidateFound(candidate("a1")));
    assert_eq!(
        rig.ask(Command::Accept(None, None)),
        [
            "microphone on",
            "open microphone",
            "call:accept? +answer",
            "link1 send media",
            "link1 play",
            "webrtc:ice-candidate",
            "tell connecting"
        ]
    );
    // The promise waits for both halves.
    assert_eq!(rig.acked(Rig::resume_ack(None)), [""; 0]);
    assert_eq!(rig.microphone_opens(), ["resolve 1"]);
}

#[test]
fn a_microphone_that_fails_after_the_accept_was_sent_ends_the_call() {
    let mut rig = Rig::ringing();
    rig.grant();
    rig.offer_applied();
    rig.answer_made("a1");
    rig.ask(Command::Accept(None, None));
    let id = rig.microphone().unwrap();
    let busy = DeviceInput::Failed(
        MediaKind::Microphone,
        id,
        CaptureError::InUse,
        String::new(),
    );
    assert_eq!(
        rig.device(busy),
        [
            "reject 1 MIC_IN_USE",
            "link1 close",
            "call:end? failed",
            "tell ended",
            "tell ended failed"
        ]
    );
}

#[test]
fn candidates_found_while_it_rings_travel_inside_the_answer() {
    let mut rig = Rig::ringing();
    rig.grant();
    rig.offer_applied();
    let mut prepared = answer("a", "a1");
    prepared.sdp = [&*prepared.sdp, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"]
        .concat()
        .into();
    let generation = rig.last_generation();
    rig.peer(PeerInput::AnswerCreated(generation, prepared.clone()));
    rig.peer(PeerInput::CandidateFound(candidate("a1")));

    let accept = Input::App(Request {
        id: RequestId(1),
        command: Command::Accept(None, None),
    });
    let outputs = rig.client.handle(Instant(rig.now), accept);
    let sent: Vec<_> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Emit(event, _) => Some(event),
            _ => None,
        })
        .collect();
    let [ClientEvent::CallAccept(accept)] = sent[..] else {
        panic!("{sent:?}");
    };
    let whole = [&*prepared.sdp, "a=", &candidate("a1").candidate, "\r\n"].concat();
    assert_eq!(&*accept.answer.as_ref().unwrap().sdp, whole);

    // What is found later goes out by itself.
    let later = rig.peer(PeerInput::CandidateFound(candidate("a1")));
    assert_eq!(later, ["webrtc:ice-candidate"]);
}

#[test]
fn nothing_of_the_callee_goes_out_before_it_accepts() {
    let mut rig = Rig::ringing();
    rig.keep_of(|rig| rig.offer_applied());
    rig.keep_of(|rig| rig.answer_made("a1"));
    rig.keep_of(|rig| rig.peer(PeerInput::CandidateFound(candidate("a1"))));
    assert_eq!(rig.kept(), ["link1 create answer"]);
}

#[test]
fn an_accept_waits_for_the_answer_that_is_being_prepared_but_not_for_ever() {
    let mut in_time = Rig::ringing();
    in_time.grant();
    in_time.ask(Command::Accept(None, None));
    in_time.offer_applied();
    let lines = in_time.answer_made("a1");
    assert_eq!(
        lines.first().map(String::as_str),
        Some("call:accept? +answer")
    );

    let mut too_late = Rig::ringing();
    too_late.grant();
    too_late.ask(Command::Accept(None, None));
    assert_eq!(
        too_late.wait(3_000),
        [
            "link1 close",
            "call:accept?",
            "link2 create answerer",
            "link2 send media",
            "link2 play",
            "tell change"
        ]
    );
}

#[test]
fn an_offer_that_cannot_be_made_does_not_hold_up_the_call() {
    let mut rig = Rig::preparing();
    rig.microphone_opens();
    assert_eq!(
        rig.wait(3_000),
        ["link1 close", "call:initiate?", "tell change"]
    );
    rig.acked(Rig::initiate_ack("s1"));
    assert_eq!(
        rig.event(accepted("s1", None)),
        [
            "link2 create offerer",
            "link2 send media",
            "link2 play",
            "link2 create offer",
            "tell call:accepted",
            "tell connecting"
        ]
    );
    assert_eq!(rig.offer_made("a2"), ["webrtc:offer"]);
}

#[test]
fn a_call_that_everyone_rejected_ends_without_waiting_to_be_told() {
    let mut rig = Rig::calling();
    assert_eq!(
        rig.event(rejected("bob")),
        [
            "tell call:rejected",
            "link1 close",
            "close microphone",
            "tell ended",
            "tell ended busy"
        ]
    );
    assert_eq!(rig.event(ended("s1", EndReason::Busy)), [""; 0]);
}

#[test]
fn a_call_that_was_missed_ends_once_although_two_events_say_so() {
    let mut rig = Rig::ringing();
    let missed = ServerEvent::CallMissed(server::CallMissed {
        session_id: session("s1"),
        chat_id: chat(),
        caller_id: user("bob"),
    });
    assert_eq!(
        rig.event(missed),
        [
            "tell call:missed",
            "link1 close",
            "tell ended",
            "tell ended missed"
        ]
    );
    assert_eq!(rig.event(ended("s1", EndReason::Missed)), [""; 0]);
}

#[test]
fn a_call_that_the_server_forgot_stops_ringing_by_itself() {
    let mut callee = Rig::ringing();
    let lines = callee.wait(60_000);
    assert_eq!(lines.last().map(String::as_str), Some("tell ended missed"));
    let mut caller = Rig::calling();
    let lines = caller.wait(60_000);
    assert!(lines.contains(&"call:end? missed".to_owned()));
}

#[test]
fn a_rejected_call_that_rings_again_before_the_server_heard_is_ignored() {
    let mut rig = Rig::ringing();
    rig.ask(Command::Reject(None, None));
    assert_eq!(rig.event(incoming("s1", "bob", None)), [""; 0]);
    assert_eq!(rig.acked(AckBody::Empty), ["resolve 1"]);
}

#[test]
fn a_call_that_waits_is_answered_in_place_of_the_current_one() {
    let mut rig = Rig::active();
    assert_eq!(
        rig.event(incoming("s2", "carol", None)),
        ["tell incoming s2"]
    );
    assert_eq!(
        rig.ask(Command::Accept(Some(session("s2")), None)),
        [
            "link1 close",
            "close microphone",
            "call:end?",
            "tell ended",
            "tell ended completed",
            "microphone on",
            "open microphone",
            "tell connecting"
        ]
    );
}

#[test]
fn a_call_that_waits_rings_on_when_the_current_one_ends() {
    let mut rig = Rig::active();
    rig.event(incoming("s2", "carol", None));
    assert_eq!(
        rig.event(ended("s1", EndReason::Completed)),
        [
            "link1 close",
            "close microphone",
            "tell ended",
            "tell ended completed",
            "tell incoming"
        ]
    );
}

#[test]
fn a_call_that_waits_may_be_rejected_or_end_by_itself() {
    let mut rejecting = Rig::active();
    rejecting.event(incoming("s2", "carol", None));
    let busy = Command::Reject(Some(session("s2")), Some(EndReason::Busy));
    assert_eq!(
        rejecting.ask(busy),
        ["call:reject? busy", "tell ended busy"]
    );

    let mut ending = Rig::active();
    ending.event(incoming("s2", "carol", None));
    let lines = ending.event(ended("s2", EndReason::Cancelled));
    assert_eq!(lines, ["tell call:ended", "tell ended cancelled"]);
    assert_eq!(
        ending.client.state(),
        crate::core::view::CallState::Connected
    );
}

#[test]
fn the_answer_of_another_device_stops_the_ringing() {
    let mut rig = Rig::ringing();
    let elsewhere = ServerEvent::CallAnsweredElsewhere(server::CallAnsweredElsewhere {
        session_id: session("s1"),
        chat_id: chat(),
        action: server::ElsewhereAction::Accepted,
        device_id: device("a2"),
    });
    assert_eq!(
        rig.event(elsewhere),
        [
            "tell call:answered-elsewhere",
            "link1 close",
            "tell ended",
            "tell ended answered-elsewhere"
        ]
    );
}

#[test]
fn whoever_leaves_before_the_server_heard_of_the_answer_ends_it_for_nobody() {
    let mut rig = Rig::answering();
    rig.signaling(SignalingInput::Disconnected);
    rig.ask(Command::Leave);
    // The server may have heard it: an end by the caller of a group, called in again, is one for all.
    assert_eq!(
        rig.signaling(SignalingInput::Connected)[..3],
        ["query permission", "webrtc:config:get?", "call:leave?"]
    );
}

#[test]
fn an_accept_that_another_device_beat_ends_the_call_here_alone() {
    let mut rig = Rig::answering();
    assert_eq!(
        rig.refused(Some(ErrorCode::AlreadyAnswered)),
        [
            "reject 1 ALREADY_ANSWERED",
            "link1 close",
            "close microphone",
            "tell ended",
            "tell ended answered-elsewhere"
        ]
    );
}

#[test]
fn a_person_who_muted_before_the_call_is_never_heard() {
    let mut rig = Rig::connected();
    rig.ask(Command::SetMuted(true));
    let lines = rig.dial();
    assert_eq!(lines.first().map(String::as_str), Some("microphone off"));
    rig.microphone_opens();
    rig.offer_made("a1");
    rig.acked(Rig::initiate_ack("s1"));
    let lines = rig.event(accepted("s1", Some(answer("b", "b1"))));
    assert!(lines.contains(&"call:toggle-audio true".to_owned()));
    rig.event(ended("s1", EndReason::Completed));
    assert!(!rig.client.is_muted());
}

#[test]
fn a_newcomer_is_told_who_is_muted() {
    let mut rig = Rig::active();
    rig.ask(Command::SetMuted(true));
    let lines = rig.event(participant_joined("carol"));
    assert!(lines.contains(&"call:toggle-audio true".to_owned()));
    let mut loud = Rig::active();
    let lines = loud.event(participant_joined("carol"));
    assert!(
        !lines
            .iter()
            .any(|line| line.starts_with("call:toggle-audio"))
    );
}

#[test]
fn every_attempt_to_call_has_a_name_of_its_own() {
    let mut rig = Rig::connected();
    let mut names = Vec::new();
    for _ in 0..3 {
        rig.dial();
        rig.microphone_opens();
        let id = rig.link.unwrap();
        let generation = rig.last_generation();
        let made = PeerInput::OfferCreated(generation, offer("a", "a1"));
        let outputs = rig.client.handle(Instant(rig.now), Input::Peer(id, made));
        names.extend(outputs.iter().filter_map(request_id));
        rig.ask(Command::End(None));
    }
    let expected = ["abc-1", "abc-2", "abc-3"].map(|name| CallRequestId::new(name).unwrap());
    assert_eq!(names, expected);
}

fn request_id(output: &Output) -> Option<CallRequestId> {
    match output {
        Output::Emit(ClientEvent::CallInitiate(event), _) => event.request_id.clone(),
        _ => None,
    }
}

#[test]
fn an_empty_list_of_targets_is_refused() {
    let mut rig = Rig::connected();
    let nobody = Command::Initiate {
        chat_id: chat(),
        call_type: CallType::Voice,
        targets: Some(Vec::new()),
        video: None,
    };
    assert_eq!(rig.ask(nobody), ["reject 1 NO_TARGETS"]);
}

#[test]
fn a_group_is_called_without_an_early_offer_and_linked_as_its_members_come() {
    let mut rig = Rig::connected();
    rig.ask(Command::Initiate {
        chat_id: chat(),
        call_type: CallType::Voice,
        targets: Some(vec![user("bob"), user("carol")]),
        video: None,
    });
    assert_eq!(rig.microphone_opens(), ["call:initiate?"]);
    rig.acked(AckBody::Initiate(InitiateAck {
        session_id: session("s1"),
        target_user_ids: vec![user("bob"), user("carol")],
        joined: false,
        call: None,
    }));
    assert_eq!(
        rig.event(rejected("bob")),
        ["tell call:rejected", "tell change"]
    );
    let carol = ServerEvent::CallAccepted(server::CallAccepted {
        session_id: session("s1"),
        chat_id: chat(),
        accepted_by: user("carol"),
        device_id: Some(device("c1")),
        answer: None,
    });
    assert_eq!(
        rig.event(carol),
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

#[test]
fn the_quality_is_reported_every_ten_seconds_and_at_the_end() {
    let mut rig = Rig::active();
    let sample = |seconds: f64| {
        PeerInput::Stats(crate::core::quality::StatsSample {
            bytes_received: seconds * 5_000.0,
            packets_received: seconds * 50.0,
            ..Default::default()
        })
    };
    rig.peer(sample(0.0));
    rig.now += 1_000;
    assert_eq!(
        rig.peer(sample(1.0)),
        ["tell quality excellent", "tell change"]
    );
    let lines = rig.wait(9_000);
    assert_eq!(
        lines.iter().filter(|line| *line == "call:quality").count(),
        1
    );
    rig.peer(sample(2.0));
    let lines = rig.ask(Command::End(None));
    assert_eq!(lines.first().map(String::as_str), Some("call:quality"));
}

#[test]
fn a_call_whose_ack_says_that_the_target_is_busy_tells_the_rejection_before_the_end() {
    let mut rig = Rig::placing();
    let (joined, busy) = (ParticipantStatus::Joined, ParticipantStatus::Busy);
    let ack = AckBody::Initiate(InitiateAck {
        session_id: session("s1"),
        target_user_ids: vec![user("bob")],
        joined: false,
        call: Some(snapshot("s1", CallStatus::Rejected, joined, busy)),
    });
    assert_eq!(
        rig.acked(ack),
        [
            "resolve 1",
            "tell call:rejected",
            "link1 close",
            "close microphone",
            "tell ended",
            "tell ended busy"
        ]
    );
    assert_eq!(rig.event(rejected("bob")), [""; 0]);
    assert_eq!(rig.event(ended("s1", EndReason::Busy)), [""; 0]);
}
