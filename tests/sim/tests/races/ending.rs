//! What may meet the end of a call.

use ringback_protocol::CallStatus;
use ringback_sdk::core::view::CallState;

use super::play::{HOP_MS, Play, WHILE_MS};

const BOTH: [&str; 2] = ["alice's phone", "bob's phone"];

#[tokio::test(start_paused = true)]
async fn an_end_while_an_offer_is_in_flight_leaves_nothing_open() {
    let mut play = Play::with(&["alice's phone", "bob's phone", "carol's phone"]).await;
    // With two targets the offer follows the answer.
    play.calls("alice's phone", &["bob", "carol"]);
    play.pass(WHILE_MS).await;
    play.accepts("bob's phone");
    play.pass(2 * HOP_MS + 10).await;
    play.hangs_up("alice's phone");
    play.pass(WHILE_MS).await;
    play.are(
        &["alice's phone", "bob's phone", "carol's phone"],
        CallState::Ended,
    );
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn both_who_hang_up_at_once_are_told_once() {
    let mut play = Play::talking(&[]).await;
    play.hangs_up("alice's phone");
    play.hangs_up("bob's phone");
    play.pass(WHILE_MS).await;
    assert_eq!(
        (play.ends("alice's phone"), play.ends("bob's phone")),
        (1, 1)
    );
    assert_eq!(play.statuses(), [CallStatus::Ended]);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_hang_up_without_the_socket_reaches_the_server_afterwards() {
    let mut play = Play::talking(&[]).await;
    let bob = play.place("bob's phone");
    play.world.take_offline(bob, 4_000);
    play.pass(1_000).await;
    play.hangs_up("bob's phone");
    play.pass(10_000).await;
    play.are(&BOTH, CallState::Ended);
    assert_eq!(play.ended_with("alice's phone"), "completed");
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_before_it_has_a_name_rings_no_longer() {
    let mut play = Play::with(&BOTH).await;
    let alice = play.place("alice's phone");
    play.calls("alice's phone", &["bob"]);
    // It is on its way to the server, and its ack is held up.
    while play.state("bob's phone") != CallState::Incoming {
        play.pass(5).await;
        if !play.statuses().is_empty() {
            play.world.stall(alice, 2_000);
        }
    }
    play.hangs_up("alice's phone");
    play.pass(4_000).await;
    play.are(&BOTH, CallState::Ended);
    assert_eq!(play.statuses(), [CallStatus::Missed]);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_join_that_meets_the_end_ends_too() {
    let mut play = Play::talking(&["carol's phone"]).await;
    play.joins("carol's phone");
    play.hangs_up("alice's phone");
    play.hangs_up("bob's phone");
    play.comes_to_rest().await;
    play.are(&["alice's phone", "bob's phone"], CallState::Ended);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_meets_the_end_of_the_grace_time_comes_out_one_way_for_both() {
    for early_ms in [0, 5, 15, 30, 60] {
        let mut play = Play::talking(&[]).await;
        let bob = play.place("bob's phone");
        play.world.take_offline(bob, 29_000 - early_ms);
        play.comes_to_rest().await;
        assert_eq!(play.state("alice's phone"), play.state("bob's phone"));
        play.ends_well().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_moves_the_call_while_the_other_side_leaves_is_not_left_in_it_alone() {
    let mut play = Play::talking(&["alice's laptop"]).await;
    play.joins("alice's laptop");
    play.leaves("bob's phone");
    play.pass(2 * WHILE_MS).await;
    play.are(
        &["alice's phone", "alice's laptop", "bob's phone"],
        CallState::Ended,
    );
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_call_that_a_crash_overtakes_is_told_afterwards() {
    let mut play = Play::talking(&[]).await;
    let mood = std::sync::Arc::clone(&play.world.nodes[0].mood);
    mood.dies_after_swap
        .store(true, std::sync::atomic::Ordering::SeqCst);
    play.hangs_up("alice's phone");
    play.pass(15_000).await;
    play.are(&BOTH, CallState::Ended);
    assert_eq!(play.statuses(), [CallStatus::Ended]);
    play.ends_well().await;
}
