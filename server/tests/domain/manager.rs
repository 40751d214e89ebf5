//! The manager with a store, devices that come and go, and a clock to turn.

use ringback_protocol::{CallRequestId, ErrorCode, QualityReport, SdpType, UserId};
use ringback_server::calls::ports::CallAck;
use ringback_server::calls::{CallSettings, Timestamp};
use ringback_server::events::{ServerEvent, client};

use crate::support::{
    GRACE_MS, RING_MS, START, World, accept, device, end, initiate, join, leave, offer, put_chat,
    reject, resume, sdp, session_id, show_snapshot, user,
};

#[tokio::test]
async fn a_call_is_placed_answered_and_ended() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &["bob"]).await;
    assert_eq!(alice.got(), ["ringing [bob]"]);
    assert_eq!(bob.got(), ["incoming from alice/a1"]);

    let call = bob.accept(&id).await;
    assert_eq!(
        show_snapshot(&call),
        "ongoing: alice/a1 joined, bob/b1 joined"
    );
    assert_eq!(
        alice.got(),
        ["accepted by bob/b1", "participant-joined bob/b1"]
    );

    world.clock.advance(61_000);
    alice.send(end(&id)).await.unwrap();
    assert_eq!(alice.got(), ["ended by alice completed"]);
    assert_eq!(bob.got(), ["ended by alice completed"]);
    let record = world
        .store
        .record(&user("bob"), &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((record.status.as_str(), record.duration), ("ended", 61));
}

#[tokio::test]
async fn the_ack_says_who_is_called_and_comes_before_the_events() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let Ok(CallAck::Initiate(ack)) = alice.send(initiate("group", &[])).await else {
        panic!("the call is placed");
    };
    assert_eq!(ack.target_user_ids, ["bob", "carol", "dave"].map(user));
    assert!(!ack.joined);
    let call = ack.call.unwrap();
    assert_eq!(call.version, 1);
    assert_eq!(call.initiated_at_ms, START.as_ms());
    assert_eq!(
        show_snapshot(&call),
        "ringing: alice/a1 joined, bob invited, carol invited, dave invited"
    );
}

#[tokio::test]
async fn names_come_from_the_chat_then_from_the_token() {
    let world = World::new().await;
    let mut alice = world.connect("alice/a1").await;
    let bob = world.connect("bob/b1").await;
    alice.actor.name = Some("Alice of the token".to_owned());
    alice.call("chat", &[]).await;
    let [ServerEvent::CallIncoming(event)] = &bob.got_events()[..] else {
        panic!("bob rings");
    };
    assert_eq!(event.caller_name, "ALICE");
    assert_eq!(event.target_user_ids, [user("bob")]);
    assert_eq!(event.ring_timeout_ms, Some(RING_MS));
}

#[tokio::test]
async fn who_may_be_called_is_checked() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let stranger = world.connect("mallory/m1").await;
    put_chat(&*world.store, "alone", &["alice"]).await;
    let codes = [
        ("nowhere", &[][..], ErrorCode::ChatNotFound),
        ("chat", &["mallory"], ErrorCode::NotAMember),
        ("chat", &["alice"], ErrorCode::NoTargets),
        ("alone", &[], ErrorCode::NoTargets),
    ];
    for (chat, targets, code) in codes {
        assert_eq!(
            alice.refused(initiate(chat, targets)).await,
            code,
            "{chat} {targets:?}"
        );
    }
    assert_eq!(
        stranger.refused(initiate("chat", &[])).await,
        ErrorCode::ChatNotFound
    );
    let many: Vec<String> = (0..40).map(|n| format!("user-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    put_chat(&*world.store, "crowd", &[&["alice"], &many[..]].concat()).await;
    assert_eq!(
        alice.refused(initiate("crowd", &many)).await,
        ErrorCode::InvalidPayload
    );
    assert_eq!(
        alice.refused(initiate("crowd", &[])).await,
        ErrorCode::CallFull
    );
    alice.call("crowd", &["user-1", "user-1", "alice"]).await;
}

#[tokio::test]
async fn a_call_that_the_asker_may_not_see_does_not_exist() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (member, stranger) = (
        world.connect("carol/c1").await,
        world.connect("mallory/m1").await,
    );
    let id = alice.call("group", &["bob"]).await;
    let none = session_id("no-such-call");
    for id in [&id, &none] {
        assert_eq!(stranger.refused(accept(id)).await, ErrorCode::CallNotFound);
        assert_eq!(stranger.refused(reject(id)).await, ErrorCode::CallNotFound);
        assert_eq!(stranger.refused(end(id)).await, ErrorCode::CallNotFound);
        assert_eq!(stranger.refused(leave(id)).await, ErrorCode::CallNotFound);
        assert_eq!(stranger.refused(join(id)).await, ErrorCode::CallNotFound);
        assert_eq!(stranger.refused(resume(id)).await, ErrorCode::CallNotFound);
    }
    assert_eq!(member.refused(accept(&id)).await, ErrorCode::NotInCall);
    assert_eq!(member.refused(end(&id)).await, ErrorCode::NotInCall);
    assert_eq!(
        member.refused(join(&id)).await,
        ErrorCode::NotInCall,
        "it only rings"
    );
}

#[tokio::test]
async fn the_offer_reaches_devices_that_ring_later_too_and_the_answer_the_caller() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let mut event = initiate("chat", &["bob"]);
    event.offer = Some(offer("early offer"));
    let Ok(CallAck::Initiate(ack)) = alice.send(event).await else {
        panic!("the call is placed");
    };
    assert_eq!(alice.got(), [""; 0], "nobody rings yet");
    world.clock.advance(2_000);
    let bob = world.connect("bob/b1").await;
    let events = bob.got_events();
    let [
        ServerEvent::CallIncoming(incoming),
        ServerEvent::CallState(_),
    ] = &events[..]
    else {
        panic!("bob rings, then learns how the call stands: {events:?}");
    };
    assert_eq!(incoming.offer, Some(offer("early offer")));
    assert_eq!(incoming.ring_timeout_ms, Some(RING_MS - 2_000));
    assert_eq!(alice.got(), ["ringing [bob]"]);

    let mut answer = accept(&ack.session_id);
    answer.answer = Some(sdp(SdpType::Answer, "early answer"));
    bob.send(answer).await.unwrap();
    let events = alice.got_events();
    let ServerEvent::CallAccepted(accepted) = &events[0] else {
        panic!("alice hears of the answer first: {events:?}");
    };
    assert_eq!(accepted.answer, Some(sdp(SdpType::Answer, "early answer")));
}

#[tokio::test]
async fn a_second_device_that_connects_rings_without_the_caller_hearing_it_twice() {
    let world = World::new().await;
    let (alice, _bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    alice.call("chat", &[]).await;
    let second = world.connect("bob/b2").await;
    assert_eq!(
        second.got(),
        [
            "incoming from alice/a1",
            "state ringing: alice/a1 joined, bob ringing"
        ]
    );
    assert_eq!(alice.got(), ["ringing [bob]"]);
}

#[tokio::test]
async fn the_other_devices_stop_ringing() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (phone, tablet) = (world.connect("bob/b1").await, world.connect("bob/b2").await);
    let id = alice.call("chat", &[]).await;
    phone.got();
    tablet.got();
    phone.accept(&id).await;
    assert_eq!(tablet.got(), ["answered-elsewhere Accepted on b1"]);
    assert_eq!(phone.got(), [""; 0]);
    assert_eq!(
        tablet.refused(accept(&id)).await,
        ErrorCode::AlreadyAnswered
    );
    assert_eq!(
        tablet.refused(reject(&id)).await,
        ErrorCode::AlreadyAnswered
    );
    assert_eq!(tablet.refused(end(&id)).await, ErrorCode::NotInCall);
    alice.send(end(&id)).await.unwrap();
    assert_eq!(tablet.got(), ["ended by alice completed"]);
}

#[tokio::test]
async fn an_unanswered_call_is_missed_after_the_ring_time() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    world.clock.advance(RING_MS - 1);
    assert_eq!(
        world.stored(&id).await,
        "ringing: alice/a1 joined, bob ringing"
    );
    world.clock.advance(1);
    let got = bob.until("ended by alice missed").await;
    assert_eq!(
        got,
        [
            "incoming from alice/a1",
            "missed from alice",
            "ended by alice missed"
        ]
    );
    let got = alice.until("ended by alice missed").await;
    assert_eq!(
        got,
        [
            "ringing [bob]",
            "missed from alice",
            "ended by alice missed"
        ]
    );
    assert_eq!(bob.refused(accept(&id)).await, ErrorCode::CallEnded);
}

#[tokio::test]
async fn someone_in_a_call_is_busy_for_others_and_may_not_place_another() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let carol = world.connect("carol/c1").await;
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    alice.got();
    bob.got();

    carol.call("group", &["bob", "dave"]).await;
    assert_eq!(carol.got(), ["rejected by bob busy"]);
    assert_eq!(bob.got(), [""; 0]);
    assert_eq!(
        bob.refused(initiate("group", &["dave"])).await,
        ErrorCode::AlreadyInCall
    );
    assert_eq!(
        alice.refused(initiate("chat", &[])).await,
        ErrorCode::AlreadyInCall
    );
}

#[tokio::test]
async fn a_call_to_someone_busy_alone_ends_at_once() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let carol = world.connect("carol/c1").await;
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    let busy = carol.call("group", &["bob"]).await;
    assert_eq!(carol.got(), ["rejected by bob busy", "ended by bob busy"]);
    assert_eq!(
        world.stored(&busy).await,
        "rejected: carol joined, bob busy"
    );
    carol.call("group", &["dave"]).await;
}

#[tokio::test]
async fn with_call_waiting_a_second_call_rings() {
    let settings = CallSettings {
        call_waiting: true,
        ..CallSettings::default()
    };
    let world = World::with(settings).await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let carol = world.connect("carol/c1").await;
    let first = alice.call("chat", &[]).await;
    bob.accept(&first).await;
    bob.got();
    let second = carol.call("group", &["bob"]).await;
    assert_eq!(bob.got(), ["incoming from carol/c1"]);
    assert_eq!(bob.refused(accept(&second)).await, ErrorCode::AlreadyInCall);
    bob.send(end(&first)).await.unwrap();
    bob.accept(&second).await;
    assert_eq!(
        carol.got(),
        [
            "ringing [bob]",
            "accepted by bob/b1",
            "participant-joined bob/b1"
        ]
    );
}

#[tokio::test]
async fn a_dropped_device_resumes_within_the_grace() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    alice.got();
    bob.got();
    bob.disconnect().await;
    assert_eq!(alice.got(), ["participant-reconnecting bob"]);
    world.clock.advance(GRACE_MS - 1);
    let bob = world.connect("bob/b1").await;
    assert_eq!(
        bob.got(),
        ["state ongoing: alice/a1 joined, bob/b1 reconnecting"]
    );
    let Ok(CallAck::Join(ack)) = bob.send(resume(&id)).await else {
        panic!("the call is resumed");
    };
    assert_eq!(
        show_snapshot(&ack.call.unwrap()),
        "ongoing: alice/a1 joined, bob/b1 joined"
    );
    assert_eq!(alice.got(), ["participant-reconnected bob/b1"]);
    world.clock.advance(GRACE_MS);
    // Signals pass again, and the old deadline did no harm.
    let mute = client::CallToggleAudio {
        session_id: id.clone(),
        chat_id: None,
        muted: true,
    };
    bob.send(mute).await.unwrap();
    alice.until("participant-audio-toggle bob muted true").await;
    assert!(world.stored(&id).await.starts_with("ongoing"));
}

#[tokio::test]
async fn a_device_that_stays_away_ends_a_call_of_two() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    alice.got();
    bob.disconnect().await;
    world.clock.advance(GRACE_MS);
    assert_eq!(
        alice.until("ended by bob disconnected").await,
        [
            "participant-reconnecting bob",
            "participant-left bob disconnected",
            "ended by bob disconnected"
        ]
    );
    let bob = world.connect("bob/b1").await;
    assert_eq!(
        bob.got().last().unwrap(),
        "incoming from alice/a1",
        "nothing new"
    );
    assert_eq!(bob.refused(resume(&id)).await, ErrorCode::CallEnded);
}

#[tokio::test]
async fn a_caller_who_drops_while_it_rings_cancels_after_the_grace() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    alice.disconnect().await;
    world.clock.advance(GRACE_MS);
    let got = bob.until("ended by alice disconnected").await;
    assert_eq!(
        got,
        ["incoming from alice/a1", "ended by alice disconnected"]
    );
    assert_eq!(world.stored(&id).await, "missed: alice left, bob missed");
}

#[tokio::test]
async fn a_reloaded_page_resumes_under_a_new_device_id() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    alice.got();
    // While the old page is there, only call:join moves the call.
    let reloaded = world.connect("bob/b2").await;
    assert_eq!(
        reloaded.refused(resume(&id)).await,
        ErrorCode::AlreadyAnswered
    );
    // Its socket is gone, but nobody has told the manager yet.
    world.recorder.unplug(&user("bob"), &device("b1"));
    reloaded.send(resume(&id)).await.unwrap();
    assert_eq!(
        alice.got(),
        [
            "participant-reconnecting bob",
            "participant-reconnected bob/b2"
        ]
    );
    world.device("bob/b1").disconnect().await;
    assert_eq!(
        world.stored(&id).await,
        "ongoing: alice/a1 joined, bob/b2 joined"
    );
}

#[tokio::test]
async fn a_late_report_of_a_lost_socket_does_not_mark_a_device_that_is_back() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    use ringback_server::calls::ports::Calls;
    world.calls.device_disconnected(&bob.actor).await;
    assert_eq!(
        world.stored(&id).await,
        "ongoing: alice/a1 joined, bob/b1 joined"
    );
}

#[tokio::test]
async fn whoever_dropped_out_of_a_call_may_turn_to_another_at_once() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let carol = world.connect("carol/c1").await;
    let first = alice.call("chat", &[]).await;
    bob.accept(&first).await;
    bob.disconnect().await;
    alice.got();
    // A page that knows no call:resume comes back and dials anew.
    let bob = world.connect("bob/b2").await;
    let second = bob.call("group", &["carol"]).await;
    assert_eq!(
        alice.got(),
        [
            "participant-left bob disconnected",
            "ended by bob disconnected"
        ]
    );
    carol.accept(&second).await;
    assert_eq!(
        world.stored(&second).await,
        "ongoing: bob/b2 joined, carol/c1 joined"
    );
}

#[tokio::test]
async fn a_call_moves_to_another_device() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let tablet = world.connect("bob/b2").await;
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    alice.got();
    bob.got();
    tablet.send(join(&id)).await.unwrap();
    assert_eq!(bob.got(), ["answered-elsewhere Accepted on b2"]);
    assert_eq!(alice.got(), ["participant-joined bob/b2"]);
    // The old device going away is nobody's business any more.
    bob.disconnect().await;
    assert_eq!(alice.got(), [""; 0]);
}

#[tokio::test]
async fn members_join_and_are_invited_into_a_running_group_call() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let (carol, dave) = (
        world.connect("carol/c1").await,
        world.connect("dave/d1").await,
    );
    let id = alice.call("group", &["bob"]).await;
    bob.accept(&id).await;
    alice.got();
    bob.got();
    carol.send(join(&id)).await.unwrap();
    assert_eq!(alice.got(), ["participant-joined carol/c1"]);
    let invite = |who: &[&str]| client::CallInvite {
        session_id: id.clone(),
        target_user_ids: who.iter().map(|id| user(id)).collect(),
    };
    assert_eq!(dave.refused(invite(&["dave"])).await, ErrorCode::NoTargets);
    assert_eq!(dave.refused(invite(&["bob"])).await, ErrorCode::NotInCall);
    carol.send(invite(&["dave", "bob"])).await.unwrap();
    assert_eq!(dave.got(), ["incoming from alice/a1"]);
    assert_eq!(
        alice.got(),
        [
            "ringing [dave]",
            "state ongoing: alice/a1 joined, bob/b1 joined, carol/c1 joined, dave ringing"
        ]
    );
    assert_eq!(
        carol.refused(invite(&["mallory"])).await,
        ErrorCode::NotAMember
    );
    dave.accept(&id).await;
    // In a group, hanging up is leaving, but for the caller.
    bob.send(end(&id)).await.unwrap();
    assert!(
        dave.got()
            .contains(&"participant-left bob completed".to_owned())
    );
    alice.send(end(&id)).await.unwrap();
    assert!(dave.got().contains(&"ended by alice completed".to_owned()));
}

#[tokio::test]
async fn a_repeated_request_id_is_the_same_call() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let mut event = initiate("chat", &[]);
    event.request_id = Some(CallRequestId::new("attempt").unwrap());
    let mut ids = Vec::new();
    for _ in 0..2 {
        let Ok(CallAck::Initiate(ack)) = alice.send(event.clone()).await else {
            panic!("the call is placed");
        };
        ids.push(ack.session_id);
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(bob.got(), ["incoming from alice/a1"], "it rings once");
}

#[tokio::test]
async fn sync_answers_with_the_live_calls_that_concern_the_asker() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let sync = |calls: Result<CallAck, _>| match calls {
        Ok(CallAck::State(ack)) => ack.calls.iter().map(show_snapshot).collect::<Vec<_>>(),
        other => panic!("call:sync was acked with {other:?}"),
    };
    assert_eq!(sync(bob.send(client::CallSync {}).await), [""; 0]);
    let id = alice.call("chat", &[]).await;
    assert_eq!(
        sync(bob.send(client::CallSync {}).await),
        ["ringing: alice/a1 joined, bob ringing"]
    );
    bob.send(reject(&id)).await.unwrap();
    assert_eq!(sync(bob.send(client::CallSync {}).await), [""; 0]);
}

#[tokio::test]
async fn quality_reports_end_up_in_the_record() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    let report = |packet_loss| client::CallQuality {
        session_id: id.clone(),
        quality: QualityReport {
            avg_bitrate: 128_000.0,
            packet_loss,
            jitter: 20.0,
        },
        links: vec![],
    };
    alice.send(report(1.0)).await.unwrap();
    bob.send(report(0.0)).await.unwrap();
    assert_eq!(bob.refused(report(101.0)).await, ErrorCode::InvalidPayload);
    bob.send(end(&id)).await.unwrap();
    let record = world
        .store
        .record(&user("bob"), &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.quality.unwrap().packet_loss, 0.5);
}

#[tokio::test]
async fn the_edge_answers_for_the_configuration() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    assert_eq!(
        alice.refused(client::WebrtcConfigGet {}).await,
        ErrorCode::UnknownEvent
    );
}

#[tokio::test]
async fn many_calls_run_out_together() {
    let world = World::new().await;
    let members: Vec<String> = (0..200).map(|n| format!("user-{n}")).collect();
    let names: Vec<&str> = members.iter().map(String::as_str).collect();
    put_chat(&*world.store, "crowd", &names).await;
    let pairs: Vec<_> = names.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let mut callers = Vec::new();
    for (index, (caller, callee)) in pairs.iter().enumerate() {
        let caller = world.connect(&format!("{caller}/d{index}")).await;
        caller.call("crowd", &[*callee]).await;
        callers.push(caller);
    }
    world.clock.advance(RING_MS);
    for caller in &callers {
        let shown = format!("ended by {} missed", caller.actor.user);
        caller.until(&shown).await;
    }
    let now: Timestamp = START.plus_ms(2 * RING_MS);
    assert_eq!(world.store.due(now).await.unwrap(), []);
    let users: Vec<UserId> = names.iter().map(|name| user(name)).collect();
    assert_eq!(world.store.live_calls_of(&users).await.unwrap(), []);
}
