//! The socket goes and comes back; links are lost and mended.

use ringback_protocol::{CallStatus, ErrorCode, ParticipantStatus, StateAck};

use super::*;
use crate::core::view::CallState;

const JOINED: ParticipantStatus = ParticipantStatus::Joined;

fn drop_and_return(rig: &mut Rig) -> Vec<String> {
    rig.signaling(SignalingInput::Disconnected);
    rig.now += 500;
    rig.signaling(SignalingInput::Connected)
}

fn config_acked(rig: &mut Rig) {
    // The configuration is asked for at every connection, before anything else.
    rig.signaling(SignalingInput::Ack(AckId(0), Ok(AckBody::Empty)));
}

#[test]
fn a_call_placed_without_a_socket_is_refused() {
    let mut rig = Rig::new(options());
    assert_eq!(rig.dial(), ["reject 1 NOT_CONNECTED"]);
}

#[test]
fn a_socket_lost_between_initiate_and_ack_repeats_the_attempt() {
    let mut rig = Rig::placing();
    let lines = drop_and_return(&mut rig);
    assert_eq!(
        lines,
        [
            "query permission",
            "webrtc:config:get?",
            "call:initiate? +offer",
            "tell signaling true"
        ]
    );
    assert_eq!(
        rig.acked(Rig::initiate_ack("s1")),
        ["resolve 1", "tell change"]
    );
}

#[test]
fn a_socket_that_stays_away_gives_the_attempt_up() {
    let mut rig = Rig::placing();
    rig.signaling(SignalingInput::Disconnected);
    let lines = rig.wait(30_000);
    assert_eq!(
        lines.first().map(String::as_str),
        Some("reject 1 SIGNALING_LOST")
    );
    assert_eq!(rig.client.state(), CallState::Ended);
}

#[test]
fn an_attempt_that_was_given_up_is_ended_when_the_server_shows_it() {
    let mut rig = Rig::placing();
    rig.signaling(SignalingInput::Disconnected);
    rig.ask(Command::End(None));
    rig.signaling(SignalingInput::Connected);
    let state = ServerEvent::CallState(server::CallState {
        calls: vec![snapshot(
            "s1",
            CallStatus::Ringing,
            JOINED,
            ParticipantStatus::Ringing,
        )],
    });
    assert_eq!(rig.event(state), ["call:end? cancelled"]);
}

#[test]
fn an_end_without_a_socket_is_immediate_and_reaches_the_server_later() {
    let mut rig = Rig::active();
    rig.signaling(SignalingInput::Disconnected);
    assert_eq!(
        rig.ask(Command::End(None)),
        [
            "link1 close",
            "close microphone",
            "tell ended",
            "tell ended completed"
        ]
    );
    assert_eq!(rig.wait(10_000), ["resolve 2"]);
    assert_eq!(
        rig.signaling(SignalingInput::Connected),
        [
            "query permission",
            "webrtc:config:get?",
            "call:end?",
            "tell signaling true"
        ]
    );
    assert_eq!(rig.acked(AckBody::Empty), [""; 0]);
}

#[test]
fn an_end_that_was_not_acked_is_said_again_on_the_next_socket() {
    let mut rig = Rig::active();
    rig.ask(Command::End(None));
    let lines = drop_and_return(&mut rig);
    assert!(lines.contains(&"call:end?".to_owned()));
    assert_eq!(rig.acked(AckBody::Empty), ["resolve 2"]);
}

#[test]
fn an_end_that_the_server_could_not_take_is_repeated_until_it_can() {
    let mut rig = Rig::active();
    rig.ask(Command::End(None));
    assert_eq!(rig.refused(Some(ErrorCode::RateLimited)), ["resolve 2"]);
    assert_eq!(rig.wait(1_000), ["call:end?"]);
    assert_eq!(rig.refused(Some(ErrorCode::Internal)), [""; 0]);
    assert_eq!(rig.wait(1_000), ["call:end?"]);
    rig.acked(AckBody::Empty);
    assert_eq!(rig.client.next_deadline(), None);
}

#[test]
fn an_end_that_the_server_refuses_for_good_is_done() {
    let mut rig = Rig::active();
    rig.ask(Command::End(None));
    assert_eq!(rig.refused(Some(ErrorCode::CallEnded)), ["resolve 2"]);
    assert_eq!(rig.client.next_deadline(), None);
}

#[test]
fn media_goes_on_without_the_socket_and_the_last_mute_wins() {
    let mut rig = Rig::active();
    rig.signaling(SignalingInput::Disconnected);
    assert_eq!(rig.client.state(), CallState::Connected);
    for muted in [true, false, true] {
        rig.ask(Command::SetMuted(muted));
    }
    rig.signaling(SignalingInput::Connected);
    let snapshot = snapshot("s1", CallStatus::Ongoing, JOINED, JOINED);
    let lines = rig.acked(Rig::resume_ack(Some(snapshot)));
    let toggles = lines
        .iter()
        .filter(|line| line.starts_with("call:toggle-audio"));
    assert_eq!(toggles.collect::<Vec<_>>(), ["call:toggle-audio true"]);
}

#[test]
fn an_unmute_without_the_socket_is_told_too() {
    let mut rig = Rig::active();
    rig.ask(Command::SetMuted(true));
    rig.signaling(SignalingInput::Disconnected);
    rig.ask(Command::SetMuted(false));
    rig.signaling(SignalingInput::Connected);
    assert_eq!(
        rig.acked(Rig::resume_ack(None)),
        ["call:toggle-audio false"]
    );
}

#[test]
fn signals_wait_until_the_call_was_taken_up_again() {
    let mut rig = Rig::active();
    rig.signaling(SignalingInput::Disconnected);
    rig.peer(PeerInput::CandidateFound(candidate("a1")));
    let lines = rig.signaling(SignalingInput::Connected);
    assert!(!lines.contains(&"webrtc:ice-candidate".to_owned()));
    assert_eq!(rig.acked(Rig::resume_ack(None)), ["webrtc:ice-candidate"]);
}

#[test]
fn a_call_that_ended_meanwhile_ends_on_return() {
    for code in [
        ErrorCode::CallEnded,
        ErrorCode::CallNotFound,
        ErrorCode::NotInCall,
    ] {
        let mut rig = Rig::active();
        drop_and_return(&mut rig);
        let lines = rig.refused(Some(code));
        assert_eq!(
            lines.last().map(String::as_str),
            Some("tell ended disconnected")
        );
    }
    let mut rig = Rig::active();
    drop_and_return(&mut rig);
    let mut over = snapshot("s1", CallStatus::Ended, JOINED, ParticipantStatus::Left);
    over.end_reason = Some(EndReason::Completed);
    let lines = rig.acked(Rig::resume_ack(Some(over)));
    assert_eq!(
        lines.last().map(String::as_str),
        Some("tell ended completed")
    );
}

#[test]
fn a_resume_that_fails_for_the_moment_is_asked_again() {
    let mut rig = Rig::active();
    drop_and_return(&mut rig);
    assert_eq!(rig.refused(Some(ErrorCode::Internal)), [""; 0]);
    assert!(rig.wait(2_000).contains(&"call:resume?".to_owned()));
    rig.acked(Rig::resume_ack(None));
    assert_eq!(rig.client.state(), CallState::Connected);
}

#[test]
fn an_answer_that_came_while_the_caller_was_away_is_found_in_the_snapshot() {
    let mut rig = Rig::calling();
    drop_and_return(&mut rig);
    let snapshot = snapshot("s1", CallStatus::Ongoing, JOINED, JOINED);
    assert_eq!(
        rig.acked(Rig::resume_ack(Some(snapshot))),
        ["link1 play", "webrtc:offer", "tell connecting"]
    );
}

#[test]
fn an_accept_whose_ack_was_lost_is_settled_or_repeated() {
    let mut heard = Rig::answering();
    drop_and_return(&mut heard);
    assert!(
        heard
            .acked(Rig::resume_ack(None))
            .contains(&"resolve 1".to_owned())
    );

    let mut unheard = Rig::answering();
    drop_and_return(&mut unheard);
    let lines = unheard.refused(Some(ErrorCode::NotInCall));
    assert!(lines.contains(&"call:accept? +answer".to_owned()));
    assert_eq!(unheard.acked(Rig::resume_ack(None)), ["resolve 1"]);
}

#[test]
fn a_call_that_stopped_ringing_meanwhile_ends_on_return() {
    let mut rig = Rig::ringing();
    drop_and_return(&mut rig);
    let lines = rig.acked(AckBody::State(StateAck { calls: Vec::new() }));
    assert_eq!(lines.last().map(String::as_str), Some("tell ended missed"));

    let mut rings_on = Rig::ringing();
    drop_and_return(&mut rings_on);
    let ringing = snapshot(
        "s1",
        CallStatus::Ringing,
        ParticipantStatus::Ringing,
        JOINED,
    );
    rings_on.acked(AckBody::State(StateAck {
        calls: vec![ringing],
    }));
    assert_eq!(rings_on.client.state(), CallState::Incoming);
}

#[test]
fn a_link_that_recovers_within_two_seconds_is_left_alone() {
    let mut rig = Rig::active();
    assert_eq!(rig.state(ConnectionState::Disconnected), [""; 0]);
    rig.now += 1_900;
    assert_eq!(rig.state(ConnectionState::Connected), [""; 0]);
    assert!(!rig.wait(2_000).contains(&"link1 create restart".to_owned()));
}

#[test]
fn a_link_that_stays_disconnected_is_restarted_after_two_seconds() {
    let mut rig = Rig::active();
    rig.state(ConnectionState::Disconnected);
    let lines = rig.wait(2_000);
    assert!(lines.contains(&"link1 create restart".to_owned()));
    assert_eq!(rig.client.state(), CallState::Reconnecting);
    assert_eq!(rig.offer_made("a2"), ["webrtc:offer"]);
    rig.event(remote_answer("s1", answer("b", "b2")));
    rig.answer_applied();
    assert_eq!(rig.state(ConnectionState::Connected), ["tell connected"]);
}

#[test]
fn attempts_back_off_rebuild_once_and_are_given_up_after_thirty_seconds() {
    let mut rig = Rig::active();
    let began = rig.now;
    let mut lines = rig.state(ConnectionState::Failed);
    let mut attempts = Vec::new();
    while rig.client.state() == CallState::Reconnecting {
        let begins =
            |line: &&String| line.contains("create offer") || line.contains("create restart");
        if let Some(line) = lines.iter().find(begins) {
            attempts.push((rig.now - began, line.clone()));
            // Nobody answers.
            rig.offer_made("a2");
        }
        lines = rig.wait(500);
    }
    let attempts: Vec<_> = attempts
        .iter()
        .map(|(at, line)| (*at, line.as_str()))
        .collect();
    let expected = [
        (0, "link1 create restart"),
        (5_000, "link1 create restart"),
        (11_000, "link1 create restart"),
        (19_000, "link2 create offerer"),
        (27_000, "link2 create restart"),
    ];
    assert_eq!(attempts, expected);
    assert_eq!(rig.now - began, 30_000);
    assert!(lines.contains(&"tell error CONNECTION_FAILED".to_owned()));
    assert!(lines.contains(&"call:end? failed".to_owned()));
}

#[test]
fn a_link_that_never_comes_up_is_given_up_after_twenty_seconds() {
    let mut rig = Rig::calling();
    rig.event(accepted("s1", Some(answer("b", "b1"))));
    rig.answer_applied();
    rig.wait(19_999);
    assert_eq!(rig.client.state(), CallState::Connecting);
    let lines = rig.wait(1);
    assert_eq!(lines.last().map(String::as_str), Some("tell ended failed"));
}

#[test]
fn a_lost_link_waits_for_the_socket() {
    let mut rig = Rig::active();
    rig.signaling(SignalingInput::Disconnected);
    rig.state(ConnectionState::Failed);
    assert!(!rig.wait(8_000).iter().any(|line| line.contains("create")));
    rig.signaling(SignalingInput::Connected);
    assert_eq!(rig.acked(Rig::resume_ack(None)), ["link1 create restart"]);
}

fn away() -> ServerEvent {
    ServerEvent::CallParticipantReconnecting(server::CallParticipantReconnecting {
        session_id: session("s1"),
        user_id: user("bob"),
    })
}

fn back() -> ServerEvent {
    ServerEvent::CallParticipantReconnected(server::CallParticipantReconnected {
        fresh: false,
        session_id: session("s1"),
        user_id: user("bob"),
        device_id: Some(device("b1")),
    })
}

#[test]
fn a_lost_link_waits_for_the_other_side_to_come_back() {
    let mut rig = Rig::active();
    rig.event(away());
    rig.state(ConnectionState::Failed);
    assert!(!rig.wait(3_000).iter().any(|line| line.contains("create")));
    let lines = rig.event(back());
    assert!(lines.contains(&"link1 create restart".to_owned()));
}

#[test]
fn a_link_is_not_given_up_while_the_other_side_is_away_nor_as_soon_as_it_is_back() {
    let mut rig = Rig::calling();
    rig.event(accepted("s1", Some(answer("b", "b1"))));
    rig.answer_applied();
    rig.event(away());
    rig.wait(29_000);
    assert_eq!(rig.client.state(), CallState::Connecting);
    rig.event(back());
    rig.wait(19_999);
    assert_eq!(rig.client.state(), CallState::Connecting);
    let lines = rig.wait(1);
    assert_eq!(lines.last().map(String::as_str), Some("tell ended failed"));
}

/// Bob was called and his link does not come up; he has been away for a while.
fn connecting_with_bob_away() -> Rig {
    let mut rig = Rig::calling();
    rig.event(accepted("s1", Some(answer("b", "b1"))));
    rig.answer_applied();
    rig.event(away());
    rig.wait(22_000);
    rig
}

#[test]
fn a_link_gets_time_too_when_the_other_side_came_back_while_this_one_was_away() {
    let mut rig = connecting_with_bob_away();
    rig.signaling(SignalingInput::Disconnected);
    rig.wait(500);
    rig.signaling(SignalingInput::Connected);
    let both = snapshot("s1", CallStatus::Ongoing, JOINED, JOINED);
    rig.acked(Rig::resume_ack(Some(both)));
    rig.wait(19_999);
    assert_eq!(rig.client.state(), CallState::Connecting);
    let lines = rig.wait(1);
    assert_eq!(lines.last().map(String::as_str), Some("tell ended failed"));
}

#[test]
fn a_link_is_not_given_up_while_both_sides_are_away_but_not_for_ever() {
    let mut rig = connecting_with_bob_away();
    rig.signaling(SignalingInput::Disconnected);
    rig.wait(20_000);
    assert_eq!(rig.client.state(), CallState::Connecting);
    rig.wait(60_000);
    assert_eq!(rig.client.state(), CallState::Ended);
}

#[test]
fn a_link_is_given_up_although_the_other_side_comes_back_again_and_again() {
    let mut rig = Rig::calling();
    rig.event(accepted("s1", Some(answer("b", "b1"))));
    rig.answer_applied();
    let mut flaps = 0;
    while rig.client.state() == CallState::Connecting && flaps < 60 {
        flaps += 1;
        rig.event(away());
        rig.wait(1_000);
        rig.event(back());
        rig.wait(4_000);
    }
    assert_eq!(rig.client.state(), CallState::Ended);
}

#[test]
fn another_network_restarts_what_works_and_hurries_what_does_not() {
    let mut works = Rig::active();
    assert_eq!(
        works.device(DeviceInput::NetworkChanged),
        ["link1 create restart", "call:sync?"]
    );
    let mut pausing = Rig::active();
    pausing.state(ConnectionState::Failed);
    pausing.offer_made("a2");
    pausing.state(ConnectionState::Failed);
    assert_eq!(
        pausing.device(DeviceInput::NetworkChanged),
        ["link1 create restart", "call:sync?"]
    );
}

#[test]
fn media_that_stops_restarts_the_path_once_although_ice_says_all_is_well() {
    let mut rig = Rig::active();
    let mut packets = 0.0;
    let mut restarts = Vec::new();
    for second in 0..12 {
        rig.now += 1_000;
        packets += if second < 5 { 50.0 } else { 0.0 };
        let sample = crate::core::quality::StatsSample {
            packets_received: packets,
            bytes_received: packets * 100.0,
            ..Default::default()
        };
        if rig
            .peer(PeerInput::Stats(sample))
            .contains(&"link1 create restart".to_owned())
        {
            restarts.push(second);
        }
    }
    // The third second without a packet.
    assert_eq!(restarts, [7]);
}

#[test]
fn a_machine_that_was_asleep_looks_for_the_path_anew() {
    let mut awake = Rig::active();
    awake.now += 3_000;
    assert_eq!(awake.input(Input::Timeout), ["link1 sample"]);
    let mut asleep = Rig::active();
    asleep.now += 60_000;
    let lines = asleep.input(Input::Timeout);
    assert_eq!(
        lines.first().map(String::as_str),
        Some("link1 create restart")
    );
}

#[test]
fn a_participant_who_comes_back_on_another_device_gets_a_new_link() {
    let mut rig = Rig::active();
    let moved = ServerEvent::CallParticipantReconnected(server::CallParticipantReconnected {
        fresh: false,
        session_id: session("s1"),
        user_id: user("bob"),
        device_id: Some(device("b2")),
    });
    assert_eq!(
        rig.event(moved),
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
    // What the former device still had to say does not count.
    assert_eq!(rig.event(remote_answer("s1", answer("b", "b9"))), [""; 0]);
}

#[test]
fn an_offer_of_a_rebuilt_connection_is_met_with_a_new_one() {
    let mut rig = Rig::active();
    assert_eq!(
        rig.event(remote_offer("s1", offer("b-rebuilt", "b2"))),
        [
            "link1 close",
            "link2 create answerer",
            "link2 send media",
            "link2 play",
            "link2 apply offer",
            "tell connecting"
        ]
    );
}

#[test]
fn a_refused_socket_is_told_with_its_reason() {
    let mut rig = Rig::new(options());
    config_acked(&mut rig);
    let refused = SignalingInput::Refused(ErrorCode::Unauthenticated);
    assert_eq!(rig.signaling(refused), ["tell error UNAUTHENTICATED"]);
}

#[test]
fn a_server_that_gives_no_configuration_is_worked_with_all_the_same() {
    let mut rig = Rig::new(options());
    rig.signaling(SignalingInput::Connected);
    rig.dial();
    rig.microphone_opens();
    let lines = rig.wait(3_000);
    assert!(lines.contains(&"link1 create offerer".to_owned()));
    assert_eq!(rig.offer_made("a1"), ["call:initiate?"]);
}

#[test]
fn a_call_rings_before_the_configuration_and_is_prepared_after_it() {
    let mut rig = Rig::new(options());
    rig.signaling(SignalingInput::Connected);
    let lines = rig.event(incoming("s1", "bob", Some(offer("b", "b1"))));
    assert_eq!(lines, ["tell incoming s1", "tell incoming"]);
    let lines = rig.acked(AckBody::Config(config("alice", "a1")));
    assert_eq!(
        lines,
        ["link1 create answerer", "link1 apply offer", "tell change"]
    );
}

#[test]
fn an_old_configuration_is_fetched_anew_without_holding_up_the_call() {
    let mut rig = Rig::connected();
    rig.now += 6 * 60_000;
    let lines = rig.dial();
    assert!(lines.contains(&"webrtc:config:get?".to_owned()));
    assert!(lines.contains(&"link1 create offer".to_owned()));
}

/// Reads the level of the link that many times, 200 ms apart.
fn levels(rig: &mut Rig, level: Option<f64>, times: u32) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in 0..times {
        rig.now += 200;
        lines.extend(rig.peer(PeerInput::Level(level)));
    }
    lines
}

#[test]
fn a_path_that_breaks_is_looked_for_anew_within_a_second_and_the_socket_is_tried() {
    let mut rig = Rig::active();
    assert!(levels(&mut rig, Some(0.5), 60).is_empty());
    assert_eq!(
        levels(&mut rig, None, 10),
        ["link1 create restart", "call:sync?"]
    );
    // The browser agrees at last: nothing is waited for.
    let lines = rig.state(ConnectionState::Disconnected);
    assert_eq!(lines, ["tell reconnecting"], "the restart is under way");
}

#[test]
fn a_socket_that_does_not_answer_is_made_anew() {
    let mut rig = Rig::active();
    rig.device(DeviceInput::NetworkChanged);
    let lines = rig.wait(1_000);
    assert!(lines.contains(&"reconnect".to_owned()), "{lines:?}");
}

#[test]
fn a_socket_that_answers_is_left_alone() {
    let mut rig = Rig::active();
    rig.device(DeviceInput::NetworkChanged);
    rig.acked(AckBody::State(StateAck { calls: Vec::new() }));
    let lines = rig.wait(2_000);
    assert!(!lines.contains(&"reconnect".to_owned()), "{lines:?}");
}

#[test]
fn a_page_without_a_call_tries_its_socket_too_when_the_network_changed() {
    let mut rig = Rig::connected();
    assert_eq!(rig.device(DeviceInput::NetworkChanged), ["call:sync?"]);
    assert_eq!(rig.wait(1_000), ["reconnect"]);
}

#[test]
fn a_path_that_broke_together_with_the_socket_is_replaced_when_it_is_back() {
    let mut rig = Rig::active();
    levels(&mut rig, Some(0.5), 60);
    levels(&mut rig, None, 10);
    rig.signaling(SignalingInput::Disconnected);
    rig.offer_made("a7");
    rig.signaling(SignalingInput::Connected);
    let lines = rig.acked(Rig::resume_ack(None));
    assert_eq!(
        lines,
        [
            "link1 close",
            "link2 create offerer",
            "link2 send media",
            "link2 play",
            "link2 create offer",
            "tell reconnecting"
        ]
    );
}

/// The server's answer, with credentials that are good for an hour.
fn expiring(credential: &str) -> AckBody {
    let relay = ringback_protocol::IceServer {
        urls: ringback_protocol::IceUrls::One("turn:relay".to_owned()),
        username: Some("3600:id".to_owned()),
        credential: Some(credential.to_owned()),
    };
    let mut config = config("alice", "a1");
    config.config.ice_servers = vec![relay];
    config.ttl = Some(3_600);
    AckBody::Config(config)
}

#[test]
fn credentials_of_a_relay_are_renewed_before_they_expire_and_given_to_the_links() {
    let mut rig = Rig::active();
    drop_and_return(&mut rig);
    let given = rig.configured(expiring("first"));
    assert!(given.contains(&"link1 reconfigure".to_owned()), "{given:?}");
    rig.acked(Rig::resume_ack(None));
    let asks = |lines: &[String]| {
        let asks = lines.iter().filter(|line| *line == "webrtc:config:get?");
        asks.count()
    };
    assert_eq!(asks(&rig.wait(2_699_000)), 0);
    assert_eq!(asks(&rig.wait(2_000)), 1);
    let renewed = rig.configured(expiring("second"));
    assert!(
        renewed.contains(&"link1 reconfigure".to_owned()),
        "{renewed:?}"
    );
}
