//! Signals: who may send them, whom they reach, what they carry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ringback_protocol::{ErrorCode, SdpType, SessionId};
use ringback_server::events::{IceCandidate, ServerEvent, client};

use crate::support::{World, chat_id, device, end, join, offer, sdp, user};

fn webrtc_offer(id: &SessionId, to: Option<&str>) -> client::WebrtcOffer {
    client::WebrtcOffer {
        session_id: id.clone(),
        target_user_id: to.map(user),
        target_device_id: None,
        offer: offer("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"),
        chat_id: None,
    }
}

fn candidate(id: &SessionId, to: Option<&str>) -> client::WebrtcIceCandidate {
    client::WebrtcIceCandidate {
        session_id: id.clone(),
        target_user_id: to.map(user),
        target_device_id: None,
        candidate: IceCandidate {
            candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host".into(),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: None,
        },
        chat_id: None,
    }
}

fn mute(id: &SessionId, muted: bool) -> client::CallToggleAudio {
    client::CallToggleAudio {
        session_id: id.clone(),
        chat_id: None,
        muted,
    }
}

#[tokio::test]
async fn an_offer_reaches_the_device_that_joined_and_names_its_sender() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let other = world.connect("bob/b2").await;
    let id = alice.call("chat", &["bob"]).await;
    bob.accept(&id).await;
    bob.got();
    other.got();

    let sent = webrtc_offer(&id, Some("bob"));
    alice.send(sent.clone()).await.unwrap();
    let [ServerEvent::WebrtcOffer(got)] = &bob.got_events()[..] else {
        panic!("one offer was sent");
    };
    assert_eq!(got.offer, sent.offer);
    assert_eq!(got.from_user_id, user("alice"));
    assert_eq!(got.from_device_id, Some(device("a1")));
    assert_eq!(got.chat_id, Some(chat_id("chat")));
    assert_eq!(other.got(), [""; 0]);
}

#[tokio::test]
async fn answers_and_candidates_pass_both_ways_without_a_named_target() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    alice.got();
    bob.got();

    let answer = client::WebrtcAnswer {
        session_id: id.clone(),
        target_user_id: None,
        target_device_id: None,
        answer: sdp(SdpType::Answer, "v=0 answer"),
        chat_id: Some(chat_id("chat")),
    };
    bob.send(answer).await.unwrap();
    bob.send(candidate(&id, None)).await.unwrap();
    alice.send(candidate(&id, None)).await.unwrap();
    assert_eq!(
        alice.got(),
        [
            "webrtc:answer from bob v=0 answer",
            "webrtc:ice-candidate from bob candidate:1 1 udp 1 192.0.2.1 9 typ host"
        ]
    );
    assert_eq!(bob.got().len(), 1);
}

#[tokio::test]
async fn only_the_device_that_joined_may_signal() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("group", &["bob"]).await;
    // Not answered yet.
    assert_eq!(
        bob.refused(webrtc_offer(&id, None)).await,
        ErrorCode::NotInCall
    );
    bob.accept(&id).await;
    let second = world.connect("bob/b2").await;
    let member = world.connect("carol/c1").await;
    let stranger = world.connect("mallory/m1").await;
    let offer = || webrtc_offer(&id, Some("alice"));
    assert_eq!(second.refused(offer()).await, ErrorCode::NotInCall);
    assert_eq!(member.refused(offer()).await, ErrorCode::NotInCall);
    assert_eq!(stranger.refused(offer()).await, ErrorCode::CallNotFound);
    assert_eq!(
        stranger.refused(mute(&id, true)).await,
        ErrorCode::CallNotFound
    );
    alice.send(end(&id)).await.unwrap();
    assert_eq!(bob.refused(offer()).await, ErrorCode::CallEnded);
    assert_eq!(bob.refused(mute(&id, true)).await, ErrorCode::CallEnded);
    assert_eq!(stranger.refused(offer()).await, ErrorCode::CallNotFound);
}

#[tokio::test]
async fn a_target_that_cannot_be_told_apart_or_reached_is_refused() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (bob, carol) = (
        world.connect("bob/b1").await,
        world.connect("carol/c1").await,
    );
    let id = alice.call("group", &["bob", "carol"]).await;
    assert_eq!(
        alice.refused(webrtc_offer(&id, None)).await,
        ErrorCode::InvalidPayload,
        "nobody else is in the call"
    );
    assert_eq!(
        alice.refused(webrtc_offer(&id, Some("bob"))).await,
        ErrorCode::TargetUnreachable,
        "bob has not joined"
    );
    bob.accept(&id).await;
    carol.accept(&id).await;
    assert_eq!(
        alice.refused(webrtc_offer(&id, None)).await,
        ErrorCode::InvalidPayload,
        "two others are in the call"
    );
    assert_eq!(
        alice.refused(webrtc_offer(&id, Some("alice"))).await,
        ErrorCode::InvalidPayload
    );
    assert_eq!(
        alice.refused(webrtc_offer(&id, Some("dave"))).await,
        ErrorCode::TargetUnreachable
    );
    bob.disconnect().await;
    assert_eq!(
        alice.refused(candidate(&id, Some("bob"))).await,
        ErrorCode::TargetUnreachable
    );
}

#[tokio::test]
async fn a_signal_for_a_device_that_is_no_longer_in_the_call_fails() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    let tablet = world.connect("bob/b2").await;
    tablet.send(join(&id)).await.unwrap();
    let mut offer = webrtc_offer(&id, Some("bob"));
    offer.target_device_id = Some(device("b1"));
    assert_eq!(
        alice.refused(offer.clone()).await,
        ErrorCode::TargetUnreachable
    );
    offer.target_device_id = Some(device("b2"));
    alice.send(offer).await.unwrap();
    assert!(
        tablet
            .got()
            .last()
            .unwrap()
            .starts_with("webrtc:offer from alice")
    );
}

#[tokio::test]
async fn a_chat_that_contradicts_the_call_is_refused_everywhere() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    let wrong = Some(chat_id("group"));
    let mut offer = webrtc_offer(&id, None);
    offer.chat_id.clone_from(&wrong);
    let mut toggle = mute(&id, true);
    toggle.chat_id.clone_from(&wrong);
    let mut hang_up = end(&id);
    hang_up.chat_id = wrong;
    assert_eq!(alice.refused(offer).await, ErrorCode::InvalidPayload);
    assert_eq!(alice.refused(toggle).await, ErrorCode::InvalidPayload);
    assert_eq!(alice.refused(hang_up).await, ErrorCode::InvalidPayload);
}

#[tokio::test]
async fn toggles_reach_everyone_else_in_the_call() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (bob, carol) = (
        world.connect("bob/b1").await,
        world.connect("carol/c1").await,
    );
    let dave = world.connect("dave/d1").await;
    let id = alice.call("group", &[]).await;
    bob.accept(&id).await;
    carol.accept(&id).await;
    for one in [&alice, &bob, &carol, &dave] {
        one.got();
    }
    bob.send(mute(&id, true)).await.unwrap();
    let video = client::CallToggleVideo {
        session_id: id.clone(),
        chat_id: None,
        enabled: false,
        source: None,
    };
    bob.send(video).await.unwrap();
    let shown = [
        "participant-audio-toggle bob muted true",
        "participant-video-toggle bob enabled false",
    ];
    assert_eq!(alice.got(), shown);
    assert_eq!(carol.got(), shown);
    assert_eq!(bob.got(), [""; 0]);
    assert_eq!(dave.got(), [""; 0], "dave only rings");
}

#[tokio::test]
async fn signals_do_not_touch_the_store() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    // A closed store refuses everything: whatever still works does not ask it.
    world.store.close().await;
    let passed = Arc::new(AtomicUsize::new(0));
    for _ in 0..20 {
        alice.send(candidate(&id, Some("bob"))).await.unwrap();
        passed.fetch_add(1, Ordering::Relaxed);
    }
    alice.send(mute(&id, true)).await.unwrap();
    assert_eq!(bob.got_events().len(), 1 + 20 + 1);
    assert_eq!(alice.refused(end(&id)).await, ErrorCode::Internal);
}
