//! Rules of a call that take more than one step to show.

use ringback_protocol::{CallStatus, EndReason, ErrorCode, QualityReport};
use ringback_server::calls::CallSession;
use ringback_server::calls::session::{Input, ParticipantState, QualitySums, Reach};

use crate::support::{
    GRACE_MS, RING_MS, START, call_to, callee, device, new_call, offer, person, session_id, show,
    show_call, state_of, user,
};

fn accept(who: &str, on: &str) -> Input {
    Input::Accept {
        user: user(who),
        device: device(on),
        answer: None,
    }
}

fn reject(who: &str, reason: Option<EndReason>) -> Input {
    Input::Reject {
        user: user(who),
        device: device("x1"),
        reason,
    }
}

fn leave(who: &str, on: &str) -> Input {
    Input::Leave {
        user: user(who),
        device: device(on),
    }
}

fn end(who: &str, on: &str, reason: Option<EndReason>) -> Input {
    Input::End {
        user: user(who),
        device: device(on),
        reason,
    }
}

#[test]
fn a_new_call_rings_connected_targets_and_keeps_calling_the_others() {
    let callees = vec![
        callee("bob", Reach::Connected),
        callee("carol", Reach::Offline),
    ];
    let (session, effects) = CallSession::initiate(START, new_call(callees));
    assert_eq!(
        show(&effects),
        "bob* incoming from alice/a1; carol* incoming from alice/a1; alice/a1 ringing [bob]"
    );
    assert_eq!(
        show_call(&session),
        "ringing: alice/a1 joined, bob ringing, carol invited"
    );
    assert_eq!(session.version(), 1);
    assert_eq!(session.next_deadline(), Some(START.plus_ms(RING_MS)));
}

#[test]
fn an_offer_travels_with_the_call_to_a_single_target_and_is_not_kept() {
    let mut call = new_call(vec![callee("bob", Reach::Connected)]);
    call.offer = Some(offer("v=0"));
    let (session, effects) = CallSession::initiate(START, call.clone());
    assert_eq!(
        show(&effects),
        "bob* incoming from alice/a1 with offer; alice/a1 ringing [bob]"
    );
    assert!(!serde_json::to_string(&session).unwrap().contains("v=0"));

    call.callees.push(callee("carol", Reach::Connected));
    let (_, effects) = CallSession::initiate(START, call);
    assert!(!show(&effects).contains("with offer"));
}

#[test]
fn a_call_to_busy_people_alone_is_over_at_once() {
    let callees = vec![callee("bob", Reach::Busy), callee("carol", Reach::Busy)];
    let (session, effects) = CallSession::initiate(START, new_call(callees));
    assert_eq!(
        show(&effects),
        "alice/a1 rejected by bob busy; alice/a1 rejected by carol busy; \
         alice* ended by carol busy"
    );
    assert_eq!(session.status(), CallStatus::Rejected);
    assert_eq!(session.version(), 1);
}

#[test]
fn a_call_is_rejected_once_everyone_has_rejected_it() {
    let mut session = call_to(&["bob", "carol"]);
    let first = session.handle(START, reject("bob", None)).unwrap();
    assert_eq!(
        show(&first),
        "alice/a1 rejected by bob declined; bob*-x1 answered-elsewhere Rejected on x1; \
         bob*-x1 ended by bob declined"
    );
    let reason = EndReason::try_from("in a meeting".to_owned()).unwrap();
    let last = session
        .handle(START, reject("carol", Some(reason)))
        .unwrap();
    assert_eq!(
        show(&last),
        "alice/a1 rejected by carol in a meeting; \
         carol*-x1 answered-elsewhere Rejected on x1; \
         alice* ended by carol in a meeting; carol* ended by carol in a meeting"
    );
    assert_eq!(session.status(), CallStatus::Rejected);
}

#[test]
fn a_call_that_some_rejected_and_some_missed_is_missed() {
    let mut session = call_to(&["bob", "carol"]);
    session.handle(START, reject("bob", None)).unwrap();
    let late = START.plus_ms(RING_MS);
    let effects = session.handle(late, Input::Timeout).unwrap();
    assert_eq!(
        show(&effects),
        "alice/a1 missed from alice; carol* missed from alice; \
         alice* ended by alice missed; carol* ended by alice missed"
    );
    assert_eq!(
        show_call(&session),
        "missed: alice joined, bob rejected, carol missed"
    );
}

#[test]
fn each_target_rings_for_its_own_time() {
    let mut session = call_to(&["bob"]);
    let invite = Input::Invite {
        user: user("alice"),
        device: device("a1"),
        callees: vec![callee("carol", Reach::Connected)],
    };
    session.handle(START.plus_ms(10_000), invite).unwrap();
    let effects = session
        .handle(START.plus_ms(RING_MS), Input::Timeout)
        .unwrap();
    assert_eq!(
        show(&effects),
        "alice/a1 rejected by bob missed; bob* missed from alice; bob* ended by alice missed"
    );
    assert_eq!(session.status(), CallStatus::Ringing);
    assert_eq!(
        session.next_deadline(),
        Some(START.plus_ms(10_000 + RING_MS))
    );
}

#[test]
fn a_full_call_lets_nobody_in_until_someone_leaves() {
    let mut call = new_call(vec![
        callee("bob", Reach::Connected),
        callee("carol", Reach::Connected),
    ]);
    call.rules.max_participants = 2;
    let mut session = CallSession::initiate(START, call).0;
    session.handle(START, accept("bob", "b1")).unwrap();
    let refused = session.handle(START, accept("carol", "c1"));
    assert_eq!(refused, Err(ErrorCode::CallFull));
    session.handle(START, leave("bob", "b1")).unwrap();
    session.handle(START, accept("carol", "c1")).unwrap();
    assert_eq!(
        show_call(&session),
        "ongoing: alice/a1 joined, bob left, carol/c1 joined"
    );
}

#[test]
fn a_group_call_goes_on_until_one_is_left() {
    let mut session = call_to(&["bob", "carol"]);
    session.handle(START, accept("bob", "b1")).unwrap();
    session.handle(START, accept("carol", "c1")).unwrap();
    // The caller leaves the others to it.
    session.handle(START, leave("alice", "a1")).unwrap();
    assert_eq!(session.status(), CallStatus::Ongoing);
    let effects = session.handle(START, leave("bob", "b1")).unwrap();
    assert_eq!(
        show(&effects),
        "carol/c1 participant-left bob completed; \
         bob* ended by bob completed; carol* ended by bob completed"
    );
}

#[test]
fn whoever_leaves_while_it_rings_for_them_rejects_and_ends_it_for_nobody() {
    let mut session = call_to(&["bob", "carol"]);
    session.handle(START, accept("bob", "b1")).unwrap();
    session.handle(START, accept("carol", "c1")).unwrap();
    session.handle(START, leave("alice", "a1")).unwrap();
    let again = Input::Invite {
        user: user("bob"),
        device: device("b1"),
        callees: vec![callee("alice", Reach::Connected)],
    };
    session.handle(START, again).unwrap();
    assert_eq!(
        show_call(&session),
        "ongoing: alice ringing, bob/b1 joined, carol/c1 joined"
    );
    // Their answer was lost, or is on its way: they are the caller all the same.
    session.handle(START, leave("alice", "a1")).unwrap();
    assert_eq!(
        show_call(&session),
        "ongoing: alice rejected, bob/b1 joined, carol/c1 joined"
    );
}

#[test]
fn someone_who_waits_for_a_ringing_target_is_not_alone() {
    let mut session = call_to(&["bob", "carol"]);
    session.handle(START, accept("bob", "b1")).unwrap();
    session.handle(START, leave("bob", "b1")).unwrap();
    assert_eq!(session.status(), CallStatus::Ongoing);
    let effects = session.handle(START, reject("carol", None)).unwrap();
    assert_eq!(session.status(), CallStatus::Ended);
    assert!(
        show(&effects)
            .ends_with("alice* ended by carol completed; carol* ended by carol completed")
    );
}

#[test]
fn a_dropped_participant_leaves_when_the_grace_is_over() {
    let mut session = call_to(&["bob", "carol"]);
    session.handle(START, accept("bob", "b1")).unwrap();
    session.handle(START, accept("carol", "c1")).unwrap();
    let drop = Input::DeviceDropped {
        user: user("bob"),
        device: device("b1"),
    };
    session.handle(START, drop).unwrap();
    let until = START.plus_ms(GRACE_MS);
    assert_eq!(session.next_deadline(), Some(until));
    let effects = session.handle(until, Input::Timeout).unwrap();
    assert_eq!(
        show(&effects),
        "alice/a1 participant-left bob disconnected; carol/c1 participant-left bob disconnected; \
         bob*-b1 ended by bob disconnected"
    );
    assert_eq!(
        *state_of(&session, "bob"),
        ParticipantState::Left {
            at: until,
            reason: EndReason::Disconnected
        }
    );
}

#[test]
fn when_both_drop_the_call_ends_once() {
    let mut session = call_to(&["bob"]);
    session.handle(START, accept("bob", "b1")).unwrap();
    for (who, on) in [("alice", "a1"), ("bob", "b1")] {
        let input = Input::DeviceDropped {
            user: user(who),
            device: device(on),
        };
        session.handle(START, input).unwrap();
    }
    let until = START.plus_ms(GRACE_MS);
    let effects = session.handle(until, Input::Timeout).unwrap();
    assert_eq!(
        show(&effects),
        "bob/b1 participant-left alice disconnected; \
         alice* ended by alice disconnected; bob* ended by alice disconnected"
    );
    assert_eq!(session.handle(until, Input::Timeout), Ok(vec![]));
    assert_eq!(session.next_deadline(), None);
}

#[test]
fn a_reason_that_a_client_gives_is_kept() {
    let mut session = call_to(&["bob"]);
    session.handle(START, accept("bob", "b1")).unwrap();
    let later = START.plus_ms(61_500);
    session
        .handle(later, end("bob", "b1", Some(EndReason::Failed)))
        .unwrap();
    let record = session.record_for(&user("alice")).unwrap();
    assert_eq!(record.status, CallStatus::Ended);
    assert_eq!(record.end_reason, Some(EndReason::Failed));
    assert_eq!(record.duration, 61);
}

#[test]
fn the_record_shows_the_call_from_the_askers_side() {
    let mut session = call_to(&["bob", "carol"]);
    session
        .handle(START.plus_ms(5_000), accept("bob", "b1"))
        .unwrap();
    session
        .handle(START.plus_ms(330_000), end("alice", "a1", None))
        .unwrap();
    let of_alice = session.record_for(&user("alice")).unwrap();
    assert!(of_alice.is_outgoing && !of_alice.is_incoming);
    assert_eq!(of_alice.duration, 325);
    assert_eq!(of_alice.caller, person("alice"));
    assert_eq!(of_alice.chat_id.name.as_deref(), Some("Team"));
    let of_carol = session.record_for(&user("carol")).unwrap();
    assert!(of_carol.is_incoming && !of_carol.is_outgoing);
    assert_eq!(of_carol.user_status.as_str(), "missed");
    let bob = &of_carol.participants[1];
    assert_eq!(bob.joined_at, Some(START.plus_ms(5_000).to_iso()));
    assert_eq!(bob.left_at, Some(START.plus_ms(330_000).to_iso()));
    assert_eq!(session.record_for(&user("mallory")), None);
}

#[test]
fn quality_is_the_mean_of_all_reports() {
    let mut session = call_to(&["bob"]);
    session.handle(START, accept("bob", "b1")).unwrap();
    assert_eq!(session.quality().means(), None);
    for (who, on, figure) in [
        ("alice", "a1", 1.0),
        ("alice", "a1", 3.0),
        ("bob", "b1", 5.0),
    ] {
        let report = QualityReport {
            avg_bitrate: figure * 1_000.0,
            packet_loss: figure,
            jitter: figure * 10.0,
        };
        let input = Input::Quality {
            user: user(who),
            device: device(on),
            report,
            links: vec![],
        };
        assert_eq!(session.handle(START, input), Ok(vec![]));
    }
    let means = QualityReport {
        avg_bitrate: 3_000.0,
        packet_loss: 3.0,
        jitter: 30.0,
    };
    assert_eq!(session.quality().means(), Some(means));
    assert_eq!(QualitySums::default().means(), None);
}

#[test]
fn a_session_survives_being_stored_as_json() {
    let mut call = new_call(vec![
        callee("bob", Reach::Connected),
        callee("carol", Reach::Busy),
        callee("dave", Reach::Offline),
    ]);
    call.id = session_id("another");
    let mut session = CallSession::initiate(START, call).0;
    session.handle(START, accept("bob", "b1")).unwrap();
    let drop = Input::DeviceDropped {
        user: user("bob"),
        device: device("b1"),
    };
    session.handle(START, drop).unwrap();
    for _ in 0..2 {
        let json = serde_json::to_string(&session).unwrap();
        assert_eq!(serde_json::from_str::<CallSession>(&json).unwrap(), session);
        session.handle(START, end("alice", "a1", None)).ok();
    }
}
