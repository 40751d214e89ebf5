//! Preconnect: the media path is made while it rings.

use ringback_protocol::client;

use super::*;

/// Alice, connected, who wants it.
fn keen(preconnect: Preconnect) -> Rig {
    let mut rig = Rig::new(ClientOptions {
        preconnect,
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    rig.acked(AckBody::Config(config("alice", "a1")));
    rig
}

/// Alice calls bob, whose devices ring.
fn calling(preconnect: Preconnect) -> Rig {
    let mut rig = keen(preconnect);
    rig.dial();
    rig.microphone_opens();
    rig.offer_made("a1");
    rig.acked(Rig::initiate_ack("s1"));
    rig
}

fn answer_of(from: &str, origin: &str) -> ServerEvent {
    ServerEvent::WebrtcAnswer(server::WebrtcAnswer {
        session_id: session("s1"),
        answer: answer(origin, "r1"),
        chat_id: Some(chat()),
        from_user_id: user("bob"),
        from_device_id: Some(device(from)),
    })
}

fn candidate_of(from: &str) -> ServerEvent {
    ServerEvent::WebrtcIceCandidate(server::WebrtcIceCandidate {
        session_id: session("s1"),
        candidate: candidate("r1"),
        chat_id: Some(chat()),
        from_user_id: user("bob"),
        from_device_id: Some(device(from)),
    })
}

fn accepted_on(on: &str) -> ServerEvent {
    ServerEvent::CallAccepted(server::CallAccepted {
        session_id: session("s1"),
        chat_id: chat(),
        accepted_by: user("bob"),
        device_id: Some(device(on)),
        answer: None,
    })
}

/// A call of bob's that he would make the path for, on his device b1.
fn ringing_ahead(rig: &mut Rig) -> Vec<String> {
    let mut event = incoming("s1", "bob", Some(offer("b", "b1")));
    if let ServerEvent::CallIncoming(incoming) = &mut event {
        incoming.preconnect = true;
    }
    rig.event(event)
}

/// Everything that a rig emits for an input, whole.
fn events(rig: &mut Rig, input: Input) -> Vec<ClientEvent> {
    let outputs = rig.client.handle(Instant(rig.now), input);
    let emitted = outputs.into_iter().filter_map(|output| match output {
        Output::Emit(event, _) => Some(event),
        _ => None,
    });
    emitted.collect()
}

#[test]
fn the_caller_connects_while_it_rings_and_sends_nothing_before_the_answer() {
    let mut rig = keen(Preconnect::Direct);
    let mut lines = rig.dial();
    lines.extend(rig.microphone_opens());
    lines.extend(rig.offer_made("a1"));
    assert!(lines.contains(&"link1 create offerer".to_owned()));
    assert!(!lines.contains(&"link1 send media".to_owned()), "{lines:?}");
    rig.acked(Rig::initiate_ack("s1"));
    // What is found before anyone answered waits: nobody is known to be there.
    assert_eq!(
        rig.peer(PeerInput::CandidateFound(candidate("a1"))),
        [""; 0]
    );
    assert_eq!(
        rig.event(answer_of("b1", "b")),
        ["link1 apply answer", "webrtc:ice-candidate"]
    );
    rig.answer_applied();
    assert_eq!(rig.event(candidate_of("b1")), ["link1 add candidate"]);
    assert_eq!(
        rig.peer(PeerInput::CandidateFound(candidate("a1"))),
        ["webrtc:ice-candidate"]
    );
    rig.state(ConnectionState::Connected);
    assert_eq!(
        rig.event(accepted_on("b1")),
        [
            "link1 send media",
            "link1 play",
            "tell call:accepted",
            "tell connected"
        ]
    );
    let later = rig.wait(60_000);
    assert!(
        !later.iter().any(|line| line.contains("close")),
        "{later:?}"
    );
}

#[test]
fn the_call_says_that_it_would_connect_ahead_where_the_server_knows_of_that() {
    for (features, expected) in [(ringback_protocol::FEATURES, true), (&["acks"][..], false)] {
        let mut rig = Rig::new(ClientOptions {
            preconnect: Preconnect::Direct,
            ..options()
        });
        rig.signaling(SignalingInput::Connected);
        let mut known = config("alice", "a1");
        if let Some(protocol) = &mut known.protocol {
            protocol.features = features.iter().map(|name| (*name).to_owned()).collect();
        }
        rig.acked(AckBody::Config(known));
        rig.dial();
        rig.microphone_opens();
        let generation = rig.last_generation();
        let made = PeerInput::OfferCreated(generation, offer("a", "a1"));
        let made = Input::Peer(rig.link.unwrap(), made);
        let initiated = events(&mut rig, made)
            .into_iter()
            .find_map(|event| match event {
                ClientEvent::CallInitiate(event) => Some(event),
                _ => None,
            });
        assert_eq!(initiated.unwrap().preconnect, expected);
    }
}

#[test]
fn each_further_device_gets_a_link_of_its_own_and_the_one_that_answers_is_kept() {
    let mut rig = calling(Preconnect::Direct);
    rig.event(answer_of("b1", "b"));
    rig.answer_applied();
    rig.state(ConnectionState::Connected);
    assert_eq!(
        rig.event(answer_of("b2", "c")),
        ["link2 create offerer", "link2 create offer"]
    );
    assert_eq!(rig.offer_made("a2"), ["webrtc:offer"]);
    assert_eq!(rig.event(answer_of("b2", "d")), ["link2 apply answer"]);
    rig.answer_applied();
    assert_eq!(rig.event(candidate_of("b2")), ["link2 add candidate"]);
    rig.state(ConnectionState::Connected);
    assert_eq!(
        rig.event(accepted_on("b2")),
        [
            "link1 close",
            "tell stream bob",
            "link2 send media",
            "link2 play",
            "tell call:accepted",
            "tell connected"
        ]
    );
}

#[test]
fn a_device_whose_page_was_reloaded_gets_a_link_of_its_own_and_that_is_kept() {
    let mut rig = calling(Preconnect::Direct);
    rig.event(answer_of("b1", "b"));
    // Even before the first answer is in place.
    let anew = ["link1 close", "link2 create offerer", "link2 create offer"];
    assert_eq!(rig.event(answer_of("b1", "c")), anew);
    assert_eq!(rig.offer_made("a2"), ["webrtc:offer"]);
    assert_eq!(rig.event(answer_of("b1", "d")), ["link2 apply answer"]);
    rig.answer_applied();
    // And once more, when its path is gone already.
    rig.state(ConnectionState::Failed);
    let anew = ["link3 create offerer", "link3 create offer", "tell change"];
    assert_eq!(rig.event(answer_of("b1", "e")), anew);
    assert_eq!(rig.offer_made("a3"), ["webrtc:offer"]);
    assert_eq!(rig.event(answer_of("b1", "f")), ["link3 apply answer"]);
    rig.answer_applied();
    rig.state(ConnectionState::Connected);
    assert_eq!(
        rig.event(accepted_on("b1")),
        [
            "link3 send media",
            "link3 play",
            "tell call:accepted",
            "tell connected"
        ]
    );
}

#[test]
fn a_further_device_whose_page_was_reloaded_gets_another_link() {
    let mut rig = calling(Preconnect::Direct);
    rig.event(answer_of("b1", "b"));
    rig.answer_applied();
    rig.event(answer_of("b2", "c"));
    rig.offer_made("a2");
    rig.event(answer_of("b2", "d"));
    rig.answer_applied();
    assert_eq!(
        rig.event(answer_of("b2", "e")),
        ["link2 close", "link3 create offerer", "link3 create offer"]
    );
}

#[test]
fn a_page_that_was_reloaded_and_accepts_at_once_gets_an_offer_of_its_own() {
    let mut rig = calling(Preconnect::Direct);
    rig.event(answer_of("b1", "b"));
    rig.answer_applied();
    rig.state(ConnectionState::Connected);
    let mut accepted = accepted_on("b1");
    if let ServerEvent::CallAccepted(accepted) = &mut accepted {
        accepted.answer = Some(answer("c", "r2"));
    }
    let lines = rig.event(accepted);
    for line in ["link1 close", "link2 create offerer", "link2 create offer"] {
        assert!(lines.contains(&line.to_owned()), "{lines:?}");
    }
}

#[test]
fn the_further_links_are_closed_when_the_first_device_answers() {
    let mut rig = calling(Preconnect::Direct);
    rig.event(answer_of("b1", "b"));
    rig.answer_applied();
    rig.event(answer_of("b2", "c"));
    let lines = rig.event(accepted_on("b1"));
    assert!(lines.contains(&"link2 close".to_owned()), "{lines:?}");
    assert!(lines.contains(&"link1 send media".to_owned()), "{lines:?}");
    assert!(!lines.contains(&"link1 close".to_owned()), "{lines:?}");
}

#[test]
fn no_more_than_three_devices_get_a_link() {
    let mut rig = calling(Preconnect::Direct);
    for (from, origin) in [("b1", "b"), ("b2", "c"), ("b3", "d")] {
        rig.event(answer_of(from, origin));
    }
    assert_eq!(rig.event(answer_of("b4", "e")), [""; 0]);
    // It answers all the same: then it gets its offer the way of the reference.
    let lines = rig.event(accepted_on("b4"));
    for line in [
        "link1 close",
        "link2 close",
        "link3 close",
        "link4 create offerer",
    ] {
        assert!(
            lines.contains(&line.to_owned()),
            "{line} is not in {lines:?}"
        );
    }
}

#[test]
fn a_device_that_did_not_connect_ahead_answers_the_usual_way() {
    let mut rig = calling(Preconnect::Direct);
    let lines = rig.event(accepted("s1", Some(answer("b", "b1"))));
    assert_eq!(
        lines,
        [
            "link1 send media",
            "link1 play",
            "link1 apply answer",
            "tell call:accepted",
            "tell connecting"
        ]
    );
}

#[test]
fn the_end_of_the_call_closes_every_link_that_was_made_ahead() {
    let mut rig = calling(Preconnect::Direct);
    rig.event(answer_of("b1", "b"));
    rig.event(answer_of("b2", "c"));
    let lines = rig.ask(Command::End(None));
    for line in ["link1 close", "link2 close"] {
        assert!(
            lines.contains(&line.to_owned()),
            "{line} is not in {lines:?}"
        );
    }
}

#[test]
fn a_path_that_breaks_while_it_rings_is_made_anew_after_the_answer() {
    let mut rig = calling(Preconnect::Direct);
    rig.event(answer_of("b1", "b"));
    rig.answer_applied();
    rig.state(ConnectionState::Connected);
    assert_eq!(
        rig.state(ConnectionState::Failed),
        ["link1 close", "tell change"]
    );
    let lines = rig.event(accepted_on("b1"));
    assert!(
        lines.contains(&"link2 create offerer".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_ringing_device_answers_ahead_and_sends_nothing_before_the_person_does() {
    let mut rig = keen(Preconnect::Direct);
    rig.grant();
    let mut lines = ringing_ahead(&mut rig);
    lines.extend(rig.offer_applied());
    let answered = rig.answer_made("a1");
    assert_eq!(answered, ["webrtc:answer"]);
    lines.extend(rig.peer(PeerInput::CandidateFound(candidate("a1"))));
    assert!(
        lines.contains(&"webrtc:ice-candidate".to_owned()),
        "{lines:?}"
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("media") || line.contains("play"))
    );
    assert_eq!(
        rig.event(remote_candidate("s1", "b1")),
        ["link1 add candidate"]
    );
    rig.state(ConnectionState::Connected);
    let lines = rig.ask(Command::Accept(None, None));
    assert!(
        lines.contains(&"call:accept?".to_owned()),
        "the answer is there already: {lines:?}"
    );
    for line in ["link1 send media", "link1 play", "tell connected"] {
        assert!(
            lines.contains(&line.to_owned()),
            "{line} is not in {lines:?}"
        );
    }
}

#[test]
fn who_accepts_before_the_configuration_is_there_answers_all_the_same() {
    let mut rig = Rig::new(ClientOptions {
        preconnect: Preconnect::Direct,
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    ringing_ahead(&mut rig);
    let mut lines = rig.ask(Command::Accept(None, None));
    lines.extend(rig.microphone_opens());
    assert!(!lines.contains(&"call:accept?".to_owned()), "{lines:?}");
    let lines = rig.configured(AckBody::Config(config("alice", "a1")));
    assert_eq!(
        lines,
        ["link1 create answerer", "link1 apply offer", "tell change"]
    );
    rig.offer_applied();
    let accepts = Input::Peer(
        rig.link.unwrap(),
        PeerInput::AnswerCreated(rig.last_generation(), answer("a", "a1")),
    );
    let accepted = events(&mut rig, accepts);
    assert!(
        matches!(
            &accepted[..],
            [ClientEvent::WebrtcAnswer(_), ClientEvent::CallAccept(_)]
        ),
        "{accepted:?}"
    );
}

#[test]
fn who_accepts_and_gets_no_configuration_in_time_accepts_without_an_answer() {
    let mut rig = Rig::new(ClientOptions {
        preconnect: Preconnect::Direct,
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    ringing_ahead(&mut rig);
    rig.ask(Command::Accept(None, None));
    rig.microphone_opens();
    assert!(rig.wait(3_000).contains(&"call:accept?".to_owned()));
}

#[test]
fn what_a_ringing_device_signals_is_for_the_callers_device_alone() {
    let mut rig = keen(Preconnect::Direct);
    ringing_ahead(&mut rig);
    rig.offer_applied();
    let generation = rig.last_generation();
    let made = PeerInput::AnswerCreated(generation, answer("a", "a1"));
    let made = Input::Peer(rig.link.unwrap(), made);
    let sent = events(&mut rig, made);
    let [
        ClientEvent::WebrtcAnswer(client::WebrtcAnswer {
            target_user_id,
            target_device_id,
            ..
        }),
    ] = &sent[..]
    else {
        panic!("one answer: {sent:?}");
    };
    assert_eq!(target_user_id, &Some(user("bob")));
    assert_eq!(target_device_id, &Some(device("b1")));
}

#[test]
fn a_device_that_was_not_the_first_takes_the_offer_that_is_made_for_it() {
    let mut rig = keen(Preconnect::Direct);
    ringing_ahead(&mut rig);
    rig.offer_applied();
    rig.answer_made("a1");
    let lines = rig.event(remote_offer("s1", offer("bb", "b2")));
    assert_eq!(
        lines,
        ["link1 close", "link2 create answerer", "link2 apply offer"]
    );
    rig.offer_applied();
    assert_eq!(rig.answer_made("a2"), ["webrtc:answer"]);
}

#[test]
fn a_device_that_does_not_want_it_shows_no_address_while_it_rings() {
    let mut rig = keen(Preconnect::Never);
    let mut lines = ringing_ahead(&mut rig);
    lines.extend(rig.offer_applied());
    lines.extend(rig.answer_made("a1"));
    lines.extend(rig.peer(PeerInput::CandidateFound(candidate("a1"))));
    assert!(
        !lines.iter().any(|line| line.starts_with("webrtc:")),
        "{lines:?}"
    );
}

#[test]
fn over_relays_alone_a_direct_path_is_looked_for_after_the_answer() {
    let mut rig = keen(Preconnect::Relayed);
    rig.dial();
    rig.microphone_opens();
    rig.offer_made("a1");
    rig.acked(Rig::initiate_ack("s1"));
    rig.event(answer_of("b1", "b"));
    rig.answer_applied();
    rig.state(ConnectionState::Connected);
    let lines = rig.event(accepted_on("b1"));
    assert_eq!(
        lines,
        [
            "link1 reconfigure",
            "link1 send media",
            "link1 play",
            "link1 create restart",
            "tell call:accepted",
            "tell connected"
        ]
    );
}

#[test]
fn over_relays_alone_no_other_candidates_are_gathered_while_it_rings() {
    let mut rig = keen(Preconnect::Relayed);
    let outputs = rig.client.handle(
        Instant(rig.now),
        Input::App(Request {
            id: RequestId(9),
            command: Command::Initiate {
                chat_id: chat(),
                call_type: CallType::Voice,
                targets: Some(vec![user("bob")]),
                video: None,
            },
        }),
    );
    let policy = outputs.into_iter().find_map(|output| match output {
        Output::Peer(_, PeerCommand::Create { config, .. }) => config.ice_transport_policy,
        _ => None,
    });
    assert_eq!(policy.as_deref(), Some("relay"));
}
