//! Signals ahead of the answer: only in a call that was placed for it, only between the caller's
//! device and devices that ring.

use ringback_protocol::{ErrorCode, SessionId};
use ringback_server::events::client;

use crate::support::{World, device, initiate, offer, reject, user};

async fn preconnecting(world: &World, targets: &[&str]) -> SessionId {
    let alice = world.device("alice/a1");
    let mut event = initiate("group", targets);
    event.preconnect = true;
    let id = alice.place(event).await;
    alice.got();
    id
}

fn to(id: &SessionId, user_id: Option<&str>, device_id: Option<&str>) -> client::WebrtcOffer {
    client::WebrtcOffer {
        session_id: id.clone(),
        target_user_id: user_id.map(user),
        target_device_id: device_id.map(device),
        offer: offer("v=0"),
        chat_id: None,
    }
}

#[tokio::test]
async fn a_ringing_device_and_the_callers_device_reach_each_other() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (phone, tab) = (world.connect("bob/b1").await, world.connect("bob/b2").await);
    let id = preconnecting(&world, &["bob"]).await;
    assert_eq!(phone.got(), ["incoming from alice/a1"]);
    tab.got();
    phone
        .send(to(&id, Some("alice"), Some("a1")))
        .await
        .unwrap();
    tab.send(to(&id, None, None)).await.unwrap();
    assert_eq!(alice.got().len(), 2);
    alice.send(to(&id, Some("bob"), Some("b2"))).await.unwrap();
    assert_eq!((phone.got().len(), tab.got().len()), (0, 1));
}

#[tokio::test]
async fn without_the_callers_wish_nobody_signals_ahead() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let bob = world.connect("bob/b1").await;
    let id = alice.call("chat", &["bob"]).await;
    let ahead = to(&id, Some("alice"), Some("a1"));
    assert_eq!(bob.refused(ahead).await, ErrorCode::NotInCall);
    let ahead = to(&id, Some("bob"), Some("b1"));
    assert_eq!(alice.refused(ahead).await, ErrorCode::TargetUnreachable);
}

#[tokio::test]
async fn nothing_passes_between_those_who_ring_nor_to_those_who_do_not() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let other = world.connect("alice/a2").await;
    let (bob, carol) = (
        world.connect("bob/b1").await,
        world.connect("carol/c1").await,
    );
    let dave = world.connect("dave/d1").await;
    let id = preconnecting(&world, &["bob", "carol"]).await;
    for refused in [
        to(&id, Some("carol"), Some("c1")),
        to(&id, Some("bob"), Some("b1")),
        to(&id, Some("alice"), Some("a2")),
        to(&id, Some("dave"), Some("d1")),
    ] {
        assert_eq!(bob.refused(refused).await, ErrorCode::NotInCall);
    }
    let ahead = || to(&id, Some("alice"), Some("a1"));
    assert_eq!(
        other.refused(to(&id, Some("bob"), Some("b1"))).await,
        ErrorCode::NotInCall
    );
    assert_eq!(dave.refused(ahead()).await, ErrorCode::NotInCall);
    // The caller has to name the device: the user has none in the call.
    assert_eq!(
        alice.refused(to(&id, Some("bob"), None)).await,
        ErrorCode::TargetUnreachable
    );
    assert_eq!(
        alice.refused(to(&id, Some("dave"), Some("d1"))).await,
        ErrorCode::TargetUnreachable
    );
    // A participant who is in the call is no caller: it waits for the answer of the others.
    bob.accept(&id).await;
    assert_eq!(
        bob.refused(to(&id, Some("carol"), Some("c1"))).await,
        ErrorCode::TargetUnreachable
    );
    carol.send(ahead()).await.unwrap();
}

#[tokio::test]
async fn a_device_that_stopped_ringing_is_neither_heard_nor_reached() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (phone, tab) = (world.connect("bob/b1").await, world.connect("bob/b2").await);
    let carol = world.connect("carol/c1").await;
    let id = preconnecting(&world, &["bob", "carol"]).await;
    phone.accept(&id).await;
    let ahead = || to(&id, Some("alice"), Some("a1"));
    assert_eq!(tab.refused(ahead()).await, ErrorCode::NotInCall);
    phone.send(ahead()).await.unwrap();
    assert_eq!(
        alice.refused(to(&id, Some("bob"), Some("b2"))).await,
        ErrorCode::TargetUnreachable
    );
    carol.send(reject(&id)).await.unwrap();
    assert_eq!(carol.refused(ahead()).await, ErrorCode::NotInCall);
    assert_eq!(
        alice.refused(to(&id, Some("carol"), Some("c1"))).await,
        ErrorCode::TargetUnreachable
    );
}

#[tokio::test]
async fn a_ringing_device_may_not_say_that_it_is_muted() {
    let world = World::new().await;
    let _alice = world.connect("alice/a1").await;
    let bob = world.connect("bob/b1").await;
    let id = preconnecting(&world, &["bob"]).await;
    let mute = client::CallToggleAudio {
        session_id: id.clone(),
        chat_id: None,
        muted: true,
    };
    assert_eq!(bob.refused(mute).await, ErrorCode::NotInCall);
}
