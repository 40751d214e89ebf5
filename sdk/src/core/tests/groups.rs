//! Calls of more than two: joined late, taken over from another device, grown by invitation.

use ringback_protocol::{CallStatus, ErrorCode, ParticipantStatus, StateAck};

use super::*;
use crate::core::ids::Generation;
use crate::core::view::{CallState, LinkState};

const JOINED: ParticipantStatus = ParticipantStatus::Joined;

/// The call as the server has it: alice on a device, and these others, all in it.
fn ongoing(own_device: &str, others: &[&str]) -> CallSnapshot {
    let mut call = snapshot("s1", CallStatus::Ongoing, JOINED, JOINED);
    call.participants.truncate(1);
    call.participants[0].device_id = Some(device(own_device));
    call.caller_id = user("bob");
    call.elapsed_ms = 60_000;
    call.started_at_ms = Some(1);
    for other in others {
        call.participants.push(ParticipantSnapshot {
            user_id: user(other),
            name: other.to_uppercase(),
            avatar: None,
            status: JOINED,
            device_id: Some(device(&format!("{}1", &other[..1]))),
            muted: None,
            video: None,
        });
    }
    call
}

fn joined_on(name: &str, device_name: &str) -> ServerEvent {
    ServerEvent::CallParticipantJoined(server::CallParticipantJoined {
        session_id: session("s1"),
        chat_id: chat(),
        user_id: user(name),
        device_id: Some(device(device_name)),
    })
}

fn elsewhere(action: server::ElsewhereAction) -> ServerEvent {
    ServerEvent::CallAnsweredElsewhere(server::CallAnsweredElsewhere {
        session_id: session("s1"),
        chat_id: chat(),
        action,
        device_id: device("a2"),
    })
}

#[test]
fn a_late_comer_waits_for_the_offers_of_those_who_are_in_the_call() {
    let mut rig = Rig::joining();
    assert_eq!(rig.microphone_opens(), ["call:join?", "tell change"]);
    let lines = rig.acked(Rig::resume_ack(Some(ongoing("a1", &["bob", "carol"]))));
    assert_eq!(
        lines,
        [
            "resolve 1",
            "link1 create answerer",
            "link1 send media",
            "link1 play",
            "link2 create answerer",
            "link2 send media",
            "link2 play",
            "tell change",
        ]
    );
    let view = rig.client.call().unwrap();
    assert_eq!(view.chat_id, chat());
    // It has been going on for a minute.
    assert_eq!(view.started_at, Some(Instant(0)));
}

#[test]
fn a_full_call_refuses_with_its_code_and_nothing_stays_open() {
    let mut rig = Rig::joined();
    let lines = rig.refused(Some(ErrorCode::CallFull));
    assert_eq!(
        lines,
        [
            "reject 1 CALL_FULL",
            "close microphone",
            "tell ended",
            "tell ended failed"
        ]
    );
}

#[test]
fn a_join_whose_ack_got_lost_with_the_socket_is_said_again() {
    let mut rig = Rig::joined();
    rig.signaling(SignalingInput::Disconnected);
    let lines = rig.signaling(SignalingInput::Connected);
    assert!(lines.contains(&"call:join?".to_owned()), "{lines:?}");
    let lines = rig.acked(Rig::resume_ack(Some(ongoing("a1", &["bob"]))));
    assert_eq!(lines.first().map(String::as_str), Some("resolve 1"));
}

#[test]
fn a_join_that_got_no_answer_leaves_the_call_that_it_may_have_entered() {
    let mut rig = Rig::joined();
    let lines = rig.wait(10_000);
    assert!(lines.contains(&"reject 1 SIGNALING_TIMEOUT".to_owned()));
    assert!(lines.contains(&"call:leave?".to_owned()), "{lines:?}");
}

#[test]
fn who_joins_the_call_that_rings_answers_it() {
    let mut rig = Rig::ringing();
    rig.grant();
    let lines = rig.ask(Command::Join(session("s1"), false));
    assert!(lines.contains(&"open microphone".to_owned()), "{lines:?}");
    rig.offer_applied();
    let lines = rig.answer_made("a1");
    assert!(
        lines.iter().any(|line| line.starts_with("call:accept?")),
        "{lines:?}"
    );
}

#[test]
fn a_second_click_on_answer_is_no_failure() {
    let mut rig = Rig::accepting();
    assert_eq!(rig.ask(Command::Accept(None, None)), ["resolve 2"]);
    rig.microphone_opens();
    assert_eq!(rig.ask(Command::Accept(None, None)), ["resolve 3"]);
}

#[test]
fn a_call_that_moved_to_another_tab_ends_here_and_says_so() {
    let mut rig = Rig::active();
    let lines = rig.event(elsewhere(server::ElsewhereAction::Accepted));
    assert_eq!(
        lines,
        [
            "link1 close",
            "close microphone",
            "tell ended",
            "tell ended moved-elsewhere"
        ]
    );
}

#[test]
fn a_call_that_another_tab_rejected_does_not_look_answered() {
    let mut rig = Rig::ringing();
    let lines = rig.event(elsewhere(server::ElsewhereAction::Rejected));
    assert_eq!(
        lines.last().map(String::as_str),
        Some("tell ended rejected-elsewhere")
    );
}

#[test]
fn a_participant_who_moved_to_another_device_gets_a_new_link() {
    let mut rig = Rig::active();
    assert_eq!(
        rig.event(joined_on("bob", "b2")),
        [
            "link1 close",
            "link2 create offerer",
            "link2 send media",
            "link2 play",
            "link2 create offer",
            "tell call:participant-joined",
            "tell connecting"
        ]
    );
    // Said twice, done once.
    assert_eq!(
        rig.event(joined_on("bob", "b2")),
        ["tell call:participant-joined"]
    );
}

#[test]
fn more_people_are_called_into_a_call_that_is_there() {
    let mut rig = Rig::active();
    assert_eq!(
        rig.ask(Command::Invite(vec![user("carol")])),
        ["call:invite?"]
    );
    assert_eq!(rig.acked(AckBody::Empty), ["resolve 2"]);
    rig.ask(Command::Invite(vec![user("dave")]));
    assert_eq!(
        rig.refused(Some(ErrorCode::NotAMember)),
        ["reject 3 NOT_A_MEMBER"]
    );
    assert_eq!(
        rig.ask(Command::Invite(Vec::new())),
        ["reject 4 NO_TARGETS"]
    );
}

#[test]
fn an_invitation_that_the_socket_took_with_it_is_not_left_open() {
    let mut rig = Rig::active();
    rig.ask(Command::Invite(vec![user("carol")]));
    let lines = rig.signaling(SignalingInput::Disconnected);
    assert!(lines.contains(&"reject 2 SIGNALING_LOST".to_owned()));
    rig.signaling(SignalingInput::Connected);
    rig.ask(Command::LiveCalls);
    let lines = rig.ask(Command::Dispose);
    assert!(lines.contains(&"reject 3 DISPOSED".to_owned()), "{lines:?}");
}

#[test]
fn the_live_calls_say_which_of_them_is_here() {
    let mut rig = Rig::connected();
    let request = RequestId(7);
    rig.input(Input::App(Request {
        id: request,
        command: Command::LiveCalls,
    }));
    let calls = vec![ongoing("a1", &["bob"]), ongoing("a2", &["bob"])];
    let ack = Input::Signaling(SignalingInput::Ack(
        rig.last_ack(),
        Ok(AckBody::State(StateAck { calls })),
    ));
    let outputs = rig.client.handle(Instant(rig.now), ack);
    let [Output::Settle(id, Ok(crate::core::Settled::Calls(calls)))] = outputs.as_slice() else {
        panic!("{outputs:?}");
    };
    assert_eq!(*id, request);
    let here: Vec<_> = calls.iter().map(|call| call.here).collect();
    assert_eq!(here, [true, false]);
    assert_eq!(calls[0].started_at, Some(Instant(0)));
}

/// Alice is in a call with bob and some others, all of whom came in after her.
fn crowd(others: &[&str]) -> Rig {
    let mut rig = Rig::active();
    for other in others {
        rig.event(joined_on(other, &format!("{}1", &other[..1])));
    }
    rig
}

fn left(name: &str) -> ServerEvent {
    ServerEvent::CallParticipantLeft(server::CallParticipantLeft {
        session_id: session("s1"),
        chat_id: chat(),
        user_id: user(name),
        reason: EndReason::Completed,
    })
}

/// What a link reports; the rig's own helpers speak of the newest link.
fn report(rig: &mut Rig, link: u32, input: PeerInput) -> Vec<String> {
    rig.input(Input::Peer(LinkId(link), input))
}

fn is_up(rig: &mut Rig, link: u32) -> Vec<String> {
    report(
        rig,
        link,
        PeerInput::ConnectionState(ConnectionState::Connected),
    )
}

#[test]
fn three_links_negotiate_at_once_and_the_others_in_order() {
    let mut rig = crowd(&["carol", "dave", "erin"]);
    let offers = |lines: &[String]| lines.iter().any(|line| line.ends_with("create offer"));
    assert!(!offers(&rig.event(joined_on("frank", "f1"))), "no room");
    assert!(!offers(&rig.event(joined_on("gina", "g1"))), "no room");
    // A place becomes free by success, by a departure, or by time.
    assert_eq!(
        is_up(&mut rig, 3),
        ["link5 create offer", "tell change"],
        "frank"
    );
    let lines = rig.event(left("carol"));
    assert!(lines.contains(&"link6 create offer".to_owned()), "gina");
}

#[test]
fn a_link_that_does_not_come_up_does_not_hold_up_the_others() {
    let mut rig = crowd(&["carol", "dave", "erin", "frank"]);
    let lines = rig.wait(5_000);
    assert!(
        lines.contains(&"link5 create offer".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn the_offers_of_many_are_answered_a_few_at_a_time() {
    let mut rig = Rig::joined();
    let others = ["bob", "carol", "dave", "erin"];
    rig.acked(Rig::resume_ack(Some(ongoing("a1", &others))));
    let offered = |rig: &mut Rig, name: &str| {
        rig.event(ServerEvent::WebrtcOffer(server::WebrtcOffer {
            session_id: session("s1"),
            offer: offer(name, name),
            chat_id: None,
            from_user_id: user(name),
            from_device_id: None,
        }))
    };
    for (at, name) in others.iter().take(3).enumerate() {
        assert_eq!(
            offered(&mut rig, name),
            [format!("link{} apply offer", at + 1)]
        );
    }
    assert!(offered(&mut rig, "erin").is_empty());
    let candidate = |name: &str| {
        ServerEvent::WebrtcIceCandidate(server::WebrtcIceCandidate {
            session_id: session("s1"),
            candidate: candidate(name),
            chat_id: None,
            from_user_id: user(name),
            from_device_id: None,
        })
    };
    assert!(rig.event(candidate("erin")).is_empty(), "it is kept");
    assert_eq!(is_up(&mut rig, 2), ["link4 apply offer", "tell connected"]);
    let lines = report(&mut rig, 4, PeerInput::OfferApplied(Generation(1)));
    assert_eq!(lines, ["link4 add candidate", "link4 create answer"]);
}

#[test]
fn one_failing_pair_of_a_group_is_told_and_tried_again_while_the_call_goes_on() {
    let mut rig = crowd(&["carol"]);
    let lines = rig.wait(20_000);
    assert!(
        lines.contains(&"tell link failed carol".to_owned()),
        "{lines:?}"
    );
    assert!(!lines.iter().any(|line| line.starts_with("tell ended")));
    assert_eq!(link_of(&rig, "carol"), LinkState::Failed);
    assert_eq!(rig.client.state(), CallState::Connected);

    let lines = rig.wait(5_000);
    let last = rig.link.unwrap().0;
    assert!(lines.contains(&format!("link{last} create offer")));
    assert_eq!(link_of(&rig, "carol"), LinkState::Failed, "not yet");
    assert_eq!(
        is_up(&mut rig, last),
        ["tell link recovered carol", "tell change"]
    );
    assert_eq!(link_of(&rig, "carol"), LinkState::Connected);
}

#[test]
fn a_failing_pair_is_told_once_and_the_attempts_grow_rare() {
    let mut rig = crowd(&["carol"]);
    let mut starts = Vec::new();
    let mut told = 0;
    for second in 0..200 {
        for line in rig.wait(1_000) {
            told += usize::from(line == "tell link failed carol");
            if line.ends_with("create offer") {
                starts.push(second);
            }
        }
    }
    assert_eq!(told, 1);
    // Each attempt takes 20 s and makes a few offers; between them 5, 10, 20, 30 and 30 s pass.
    let pauses = starts.windows(2).filter(|pair| pair[1] - pair[0] > 7);
    let begins: Vec<_> = pauses.map(|pair| pair[1]).collect();
    assert_eq!(begins, [24, 54, 94, 144, 194], "{starts:?}");
}

#[test]
fn the_other_side_of_a_failing_pair_may_be_the_one_that_mends_it() {
    let mut rig = crowd(&["carol"]);
    rig.wait(20_000);
    let lines = rig.event(ServerEvent::WebrtcOffer(server::WebrtcOffer {
        session_id: session("s1"),
        offer: offer("c", "c1"),
        chat_id: None,
        from_user_id: user("carol"),
        from_device_id: Some(device("c1")),
    }));
    let last = rig.link.unwrap().0;
    assert!(lines.contains(&format!("link{last} apply offer")));
    assert!(is_up(&mut rig, last).contains(&"tell link recovered carol".to_owned()));
}

#[test]
fn nobody_is_mourned_who_left() {
    let mut rig = crowd(&["carol"]);
    rig.wait(20_000);
    rig.event(left("carol"));
    let lines = rig.wait(100_000);
    assert!(
        !lines.iter().any(|line| line.contains("create")),
        "{lines:?}"
    );
}

fn link_of(rig: &Rig, name: &str) -> LinkState {
    let view = rig.client.call().unwrap();
    let other = view
        .participants
        .iter()
        .find(|one| one.user.id == user(name));
    other.unwrap().link
}

#[test]
fn somebody_who_is_away_is_not_told_to_be_a_failing_pair() {
    let mut rig = crowd(&["carol"]);
    rig.event(ServerEvent::CallParticipantReconnecting(
        server::CallParticipantReconnecting {
            session_id: session("s1"),
            user_id: user("carol"),
        },
    ));
    let lines = rig.wait(28_000);
    assert!(
        !lines.contains(&"tell link failed carol".to_owned()),
        "{lines:?}"
    );
    rig.event(left("carol"));
    assert!(
        !rig.wait(60_000)
            .iter()
            .any(|line| line.contains("link failed"))
    );
}
