//! The early offer: whom it is handed to while it rings, and when it holds no more.

use ringback_protocol::{CallRequestId, SessionId};
use ringback_server::events::{ServerEvent, SessionDescription, client};

use crate::support::{Device, World, initiate, join, offer, resume, user};

fn attempt(offered: &str) -> client::CallInitiate {
    client::CallInitiate {
        offer: Some(offer(offered)),
        request_id: Some(CallRequestId::new("attempt").unwrap()),
        ..initiate("chat", &["bob"])
    }
}

async fn ringing<'a>(world: &'a World) -> (Device<'a>, SessionId) {
    let alice = world.connect("alice/a1").await;
    let id = alice.place(attempt("first")).await;
    (alice, id)
}

/// Connects a device of bob, which rings, and returns the offer that it is handed.
async fn handed_to(world: &World, device: &str) -> Option<SessionDescription> {
    let events = world.connect(&format!("bob/{device}")).await.got_events();
    let Some(ServerEvent::CallIncoming(incoming)) = events.first() else {
        panic!("it rings first: {events:?}");
    };
    incoming.offer.clone()
}

fn resume_fresh(id: &SessionId) -> client::CallResume {
    client::CallResume {
        fresh: true,
        ..resume(id)
    }
}

#[tokio::test]
async fn every_device_that_begins_to_ring_is_handed_it() {
    let world = World::new().await;
    let (_alice, _) = ringing(&world).await;
    for device in ["b1", "b2"] {
        assert_eq!(handed_to(&world, device).await, Some(offer("first")));
    }
}

#[tokio::test]
async fn a_caller_whose_page_began_anew_is_not_answered_by_it() {
    let world = World::new().await;
    let (alice, id) = ringing(&world).await;
    alice.disconnect().await;
    let alice = world.connect("alice/a1").await;
    alice.send(resume_fresh(&id)).await.unwrap();
    assert_eq!(handed_to(&world, "b1").await, None);
}

#[tokio::test]
async fn nor_when_nobody_noticed_that_the_page_was_gone() {
    let world = World::new().await;
    let (alice, id) = ringing(&world).await;
    alice.send(resume_fresh(&id)).await.unwrap();
    assert_eq!(handed_to(&world, "b1").await, None);
}

#[tokio::test]
async fn while_the_callers_device_is_away_it_is_held_back() {
    let world = World::new().await;
    let (alice, id) = ringing(&world).await;
    alice.disconnect().await;
    assert_eq!(handed_to(&world, "b1").await, None);
    let alice = world.connect("alice/a1").await;
    alice.resumed(&id).await;
    assert_eq!(handed_to(&world, "b2").await, Some(offer("first")));
}

#[tokio::test]
async fn a_caller_who_goes_over_to_another_device_leaves_it_behind() {
    let world = World::new().await;
    let (alice, id) = ringing(&world).await;
    let other = world.connect("alice/a2").await;
    other.send(join(&id)).await.unwrap();
    assert_eq!(handed_to(&world, "b1").await, None);
    alice.send(join(&id)).await.unwrap();
    assert_eq!(handed_to(&world, "b2").await, None);
}

#[tokio::test]
async fn one_of_several_who_are_called_is_not_handed_it() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let mut event = initiate("group", &["bob", "carol"]);
    event.offer = Some(offer("for whom?"));
    alice.place(event).await;
    assert_eq!(handed_to(&world, "b1").await, None);
}

#[tokio::test]
async fn nor_is_anybody_once_another_was_invited() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let mut event = initiate("group", &["bob"]);
    event.offer = Some(offer("for bob"));
    let id = alice.place(event).await;
    let invite = client::CallInvite {
        session_id: id,
        target_user_ids: vec![user("carol")],
    };
    alice.send(invite).await.unwrap();
    assert_eq!(handed_to(&world, "b1").await, None);
}

#[tokio::test]
async fn an_attempt_that_is_repeated_with_another_offer_replaces_it() {
    let world = World::new().await;
    let (alice, id) = ringing(&world).await;
    let version = |world: &World| {
        let stored = world.store.clone();
        let id = id.clone();
        async move { stored.load(&id).await.unwrap().unwrap().version() }
    };
    assert_eq!(alice.place(attempt("first")).await, id);
    assert_eq!(version(&world).await, 1, "it is the same: nothing changed");
    assert_eq!(alice.place(attempt("second")).await, id);
    assert_eq!(handed_to(&world, "b1").await, Some(offer("second")));
}

#[tokio::test]
async fn another_device_replaces_nothing() {
    let world = World::new().await;
    let (_alice, id) = ringing(&world).await;
    let other = world.connect("alice/a2").await;
    assert_eq!(other.place(attempt("second")).await, id);
    assert_eq!(handed_to(&world, "b1").await, Some(offer("first")));
}

#[tokio::test]
async fn the_stored_call_forgets_it_with_the_ringing() {
    let world = World::new().await;
    let (_alice, id) = ringing(&world).await;
    let bob = world.connect("bob/b1").await;
    let held = || async { world.store.load(&id).await.unwrap().unwrap().early_offer() };
    assert_eq!(held().await, Some(1));
    bob.accept(&id).await;
    assert_eq!(held().await, None);
}
