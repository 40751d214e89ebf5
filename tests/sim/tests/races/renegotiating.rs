//! What may meet while media is negotiated.

use ringback_protocol::ClientEvent;
use ringback_sdk::core::Command;
use ringback_sdk::core::view::CallState;

use super::play::{HOP_MS, Play, WHILE_MS};

const BOTH: [&str; 2] = ["alice's phone", "bob's phone"];

#[tokio::test(start_paused = true)]
async fn both_who_turn_the_camera_on_at_once_agree_on_one_negotiation() {
    let mut play = Play::talking(&[]).await;
    play.asks("alice's phone", Command::SetCamera(Some(true)));
    play.asks("bob's phone", Command::SetCamera(Some(true)));
    play.pass(2 * WHILE_MS).await;
    play.are(&BOTH, CallState::Connected);
    for device in BOTH {
        let page = play.world.page(play.place(device)).unwrap();
        let has_video = |peer: &ringback_sim::peer::Peer| {
            let local = peer.local.as_ref();
            local.is_some_and(|local| local.has_video)
        };
        assert!(
            page.peers.values().all(has_video),
            "{device} sends no picture"
        );
    }
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_leave_during_glare_leaves_nothing_open() {
    let mut play = Play::talking(&[]).await;
    play.asks("alice's phone", Command::SetCamera(Some(true)));
    play.asks("bob's phone", Command::SetCamera(Some(true)));
    play.pass(100).await;
    play.leaves("alice's phone");
    play.pass(WHILE_MS).await;
    play.are(&BOTH, CallState::Ended);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn both_who_restart_ice_at_once_hear_each_other_again() {
    let mut play = Play::talking(&[]).await;
    let (alice, bob) = (play.place("alice's phone"), play.place("bob's phone"));
    play.world.change_network(alice, true);
    play.world.change_network(bob, true);
    play.pass(15_000).await;
    play.world.hear_each_other(alice, bob).unwrap();
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_of_an_old_generation_does_no_lasting_harm() {
    let mut play = Play::talking(&[]).await;
    let (alice, bob) = (play.place("alice's phone"), play.place("bob's phone"));
    play.world.stall(bob, 12_000);
    play.world.change_network(alice, true);
    play.pass(11_000).await;
    play.world.change_network(alice, true);
    play.pass(60_000).await;
    play.world.hear_each_other(alice, bob).unwrap();
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_comes_before_its_description_waits_for_it() {
    let mut play = Play::with(&["alice's phone", "bob's phone", "carol's phone"]).await;
    play.world.set_strict(0, 1);
    // Candidates of the callee trickle while its answer is still on the way.
    play.calls("alice's phone", &["bob", "carol"]);
    play.pass(WHILE_MS).await;
    play.accepts("bob's phone");
    play.pass(HOP_MS).await;
    play.world.stall(0, 300);
    play.pass(2 * WHILE_MS).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn candidates_that_are_lost_with_a_socket_are_found_again() {
    let mut play = Play::with(&BOTH).await;
    play.world.set_strict(0, 1);
    play.calls("alice's phone", &["bob"]);
    play.pass(WHILE_MS).await;
    play.loses(|_, event| matches!(event, ClientEvent::WebrtcIceCandidate(_)));
    play.accepts("bob's phone");
    play.pass(20_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_reload_in_the_middle_of_a_negotiation_begins_it_anew() {
    let mut play = Play::talking(&[]).await;
    play.asks("alice's phone", Command::SetCamera(Some(true)));
    play.pass(70).await;
    play.reloads("bob's phone", 300);
    play.pass(20_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}
