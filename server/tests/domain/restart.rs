//! A server that ends and starts again on the same file.

use ringback_protocol::{CallRequestId, ErrorCode};
use ringback_server::calls::ports::CallAck;

use crate::support::{GRACE_MS, RING_MS, World, accept, end, initiate, resume};

#[tokio::test]
async fn a_ringing_call_is_missed_even_when_its_time_ran_out_while_the_server_was_down() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let id = alice.call("chat", &[]).await;
    let world = world.restart(RING_MS + 1).await;
    let alice = world.connect("alice/a1").await;
    // Whatever the order of sweep and arrival, she learns that it is over.
    let mut stored = world.stored(&id).await;
    while stored.starts_with("ringing") {
        world.clock.advance(1);
        tokio::task::yield_now().await;
        stored = world.stored(&id).await;
    }
    assert_eq!(stored, "missed: alice joined, bob missed");
    assert_eq!(alice.refused(resume(&id)).await, ErrorCode::CallEnded);
}

#[tokio::test]
async fn a_ringing_call_goes_on_ringing_after_a_restart() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    world.connect("bob/b1").await;
    let id = alice.call("chat", &[]).await;
    let world = world.restart(5_000).await;
    let alice = world.connect("alice/a1").await;
    let bob = world.connect("bob/b1").await;
    assert_eq!(
        bob.until("incoming from alice/a1").await[0],
        "incoming from alice/a1"
    );
    alice.send(resume(&id)).await.unwrap();
    bob.send(accept(&id)).await.unwrap();
    alice.until("accepted by bob/b1").await;
}

#[tokio::test]
async fn the_ring_time_goes_on_across_a_restart() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let id = alice.call("chat", &[]).await;
    let world = world.restart(5_000).await;
    let alice = world.connect("alice/a1").await;
    alice.send(resume(&id)).await.unwrap();
    world.clock.advance(RING_MS - 5_000);
    let got = alice.until("ended by alice missed").await;
    assert!(got.contains(&"missed from alice".to_owned()));
}

#[tokio::test]
async fn a_running_call_is_taken_up_where_it_was() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    // Longer than the grace: nobody could come back while the server was down.
    let world = world.restart(GRACE_MS * 2).await;
    let alice = world.connect("alice/a1").await;
    let bob = world.connect("bob/b1").await;
    assert!(
        alice
            .got()
            .last()
            .unwrap()
            .starts_with("state ongoing: alice")
    );
    alice.send(resume(&id)).await.unwrap();
    bob.send(resume(&id)).await.unwrap();
    assert_eq!(
        world.stored(&id).await,
        "ongoing: alice/a1 joined, bob/b1 joined"
    );
    alice.send(end(&id)).await.unwrap();
    bob.until("ended by alice completed").await;
}

#[tokio::test]
async fn who_does_not_come_back_after_a_restart_is_given_up_after_the_grace() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    bob.accept(&id).await;
    let world = world.restart(1_000).await;
    let alice = world.connect("alice/a1").await;
    alice.send(resume(&id)).await.unwrap();
    // Taking up may come after her return: then only bob is marked.
    while !world.stored(&id).await.contains("bob/b1 reconnecting") {
        tokio::task::yield_now().await;
    }
    world.clock.advance(GRACE_MS);
    let got = alice.until("ended by bob disconnected").await;
    assert!(got.contains(&"participant-left bob disconnected".to_owned()));
}

#[tokio::test]
async fn a_stored_accept_whose_effects_were_lost_is_seen_on_return() {
    let world = World::new().await;
    let (alice, bob) = (
        world.connect("alice/a1").await,
        world.connect("bob/b1").await,
    );
    let id = alice.call("chat", &[]).await;
    // The accept is stored and acked, but the caller's socket is gone: as if the process had ended
    // between the two.
    world
        .recorder
        .unplug(&alice.actor.user, &alice.actor.device);
    bob.accept(&id).await;
    let world = world.restart(1_000).await;
    let alice = world.connect("alice/a1").await;
    let state = alice.got();
    let state = state.last().unwrap();
    assert!(state.starts_with("state ongoing: alice/a1"), "{state}");
    assert!(state.contains("bob/b1"), "{state}");
}

#[tokio::test]
async fn a_repeated_request_finds_its_call_after_a_restart() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let mut event = initiate("chat", &[]);
    event.request_id = Some(CallRequestId::new("attempt-1").unwrap());
    let Ok(CallAck::Initiate(first)) = alice.send(event.clone()).await else {
        panic!("the call is placed");
    };
    let world = world.restart(1_000).await;
    let alice = world.connect("alice/a1").await;
    let Ok(CallAck::Initiate(again)) = alice.send(event.clone()).await else {
        panic!("the repeat is acked");
    };
    assert_eq!(again.session_id, first.session_id);
    // Also when that call is over by now.
    alice.send(end(&first.session_id)).await.unwrap();
    let Ok(CallAck::Initiate(late)) = alice.send(event).await else {
        panic!("the late repeat is acked");
    };
    assert_eq!(late.session_id, first.session_id);
}
