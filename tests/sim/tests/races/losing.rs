//! What may be lost in the middle of a call.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ringback_protocol::{CallStatus, ClientEvent};
use ringback_sdk::core::Command;
use ringback_sdk::core::view::CallState;

use super::play::{Play, WHILE_MS};

const BOTH: [&str; 2] = ["alice's phone", "bob's phone"];

/// Alice, bob and carol talk.
async fn three() -> Play {
    let all = ["alice's phone", "bob's phone", "carol's phone"];
    let mut play = Play::with(&all).await;
    play.calls("alice's phone", &["bob", "carol"]);
    play.pass(WHILE_MS).await;
    play.accepts("bob's phone");
    play.accepts("carol's phone");
    play.pass(2 * WHILE_MS).await;
    play.are(&all, CallState::Connected);
    play
}

#[tokio::test(start_paused = true)]
async fn a_drop_between_accept_and_answer_does_not_end_the_call() {
    let mut play = Play::with(&["alice's phone", "bob's phone", "carol's phone"]).await;
    play.calls("alice's phone", &["bob", "carol"]);
    play.pass(WHILE_MS).await;
    play.loses(|_, event| matches!(event, ClientEvent::WebrtcAnswer(_)));
    play.accepts("bob's phone");
    play.pass(15_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn an_offer_that_is_lost_with_its_socket_is_made_again() {
    let mut play = Play::with(&["alice's phone", "bob's phone", "carol's phone"]).await;
    play.calls("alice's phone", &["bob", "carol"]);
    play.pass(WHILE_MS).await;
    play.loses(|_, event| matches!(event, ClientEvent::WebrtcOffer(_)));
    play.accepts("bob's phone");
    play.pass(15_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_comes_late_still_counts() {
    let mut play = Play::with(&BOTH).await;
    let bob = play.place("bob's phone");
    play.reloads("bob's phone", 300);
    play.pass(350).await;
    play.world.stall(bob, 6_000);
    play.pass(5_000).await;
    let place = play.place("bob's phone");
    assert!(play.world.page(place).is_some());
    play.pass(3_000).await;
    play.asks("bob's phone", Command::LiveCalls);
    play.calls("alice's phone", &["bob"]);
    play.pass(WHILE_MS).await;
    play.accepts("bob's phone");
    play.pass(WHILE_MS).await;
    // Only who knows the server's features comes back.
    play.reloads("bob's phone", 500);
    play.drops("alice's phone");
    play.pass(10_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_mute_that_is_lost_with_its_socket_is_told_again() {
    let mut play = Play::talking(&[]).await;
    play.loses(|_, event| matches!(event, ClientEvent::CallToggleAudio(_)));
    play.asks("bob's phone", Command::SetMuted(true));
    play.comes_to_rest().await;
    play.loses(|_, event| matches!(event, ClientEvent::CallToggleAudio(_)));
    play.asks("bob's phone", Command::SetMuted(false));
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_mute_while_offline_is_told_as_it_was_left() {
    let mut play = Play::talking(&[]).await;
    let bob = play.place("bob's phone");
    play.world.take_offline(bob, 4_000);
    play.pass(1_000).await;
    for muted in [true, false, true] {
        play.asks("bob's phone", Command::SetMuted(muted));
    }
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_reloaded_in_a_call_is_heard_again() {
    let mut play = Play::talking(&[]).await;
    play.reloads("bob's phone", 700);
    play.pass(10_000).await;
    play.are(&BOTH, CallState::Connected);
    assert_eq!(play.statuses(), [CallStatus::Ongoing]);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn both_pages_may_be_reloaded_at_once() {
    let mut play = Play::talking(&[]).await;
    play.reloads("bob's phone", 700);
    play.reloads("alice's phone", 900);
    play.pass(20_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_page_that_knows_nothing_of_the_call_leaves_it() {
    let mut play = Play::talking(&[]).await;
    let bob = play.place("bob's phone");
    play.world.close_page(bob);
    play.world.devices[bob].kept = None;
    play.world.open_page(bob);
    play.pass(5_000).await;
    play.are(&["alice's phone"], CallState::Ended);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_in_a_call_is_not_heard() {
    let mut play = Play::talking(&[]).await;
    play.world.crash(0, 2_000);
    for _ in 0..50 {
        play.pass(200).await;
        play.world.hear_each_other(0, 1).unwrap();
    }
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_a_crash_overtakes_is_said_again() {
    let mut play = Play::talking(&[]).await;
    play.drops("bob's phone");
    play.pass(250).await;
    let mood = Arc::clone(&play.world.nodes[0].mood);
    mood.dies_after_swap.store(true, Ordering::SeqCst);
    play.pass(20_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_device_in_another_network_is_heard_again_after_an_ice_restart() {
    let mut play = Play::talking(&[]).await;
    let bob = play.place("bob's phone");
    play.world.change_network(bob, true);
    play.pass(10_000).await;
    play.world.hear_each_other(0, 1).unwrap();
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_laptop_that_slept_is_back_in_its_call() {
    let mut play = Play::talking(&[]).await;
    let bob = play.place("bob's phone");
    play.world.put_to_sleep(bob, 20_000);
    play.pass(60_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_drops_while_the_store_fails_is_missed_all_the_same() {
    let mut play = three().await;
    let bob = play.place("bob's phone");
    play.world.trouble_store(0, 100);
    play.world.close_page(bob);
    play.world.devices[bob].kept = None;
    play.pass(20_000).await;
    play.world.trouble_store(0, 0);
    play.pass(45_000).await;
    play.are(&["alice's phone", "carol's phone"], CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_hears_the_end_of_its_call_after_a_reload_does_not_ask_for_it() {
    let mut play = Play::talking(&[]).await;
    let bob = play.place("bob's phone");
    play.world.close_page(bob);
    play.pass(500).await;
    // Alice's leaving is stored but told only later than bob's page is there again.
    play.world.trouble_store(300, 0);
    play.leaves("alice's phone");
    play.pass(30).await;
    play.world.open_page(bob);
    play.pass(3_000).await;
    play.world.trouble_store(0, 0);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_could_not_be_read_at_the_start_is_taken_up_later() {
    let mut play = Play::talking(&[]).await;
    let bob = play.place("bob's phone");
    play.world.crash(0, 1_000);
    play.world.close_page(bob);
    play.world.devices[bob].kept = None;
    play.world.trouble_store(0, 100);
    play.pass(10_000).await;
    play.world.trouble_store(0, 0);
    play.pass(45_000).await;
    play.are(&["alice's phone"], CallState::Ended);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn who_closes_the_page_while_the_server_is_down_is_missed_after_its_start() {
    let mut play = three().await;
    let bob = play.place("bob's phone");
    play.world.crash(0, 2_000);
    play.world.close_page(bob);
    play.world.devices[bob].kept = None;
    play.pass(45_000).await;
    play.are(&["alice's phone", "carol's phone"], CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn the_mute_of_a_device_does_not_outlive_its_place_in_the_call() {
    let mut play = Play::talking(&["bob's laptop"]).await;
    let phone = play.place("bob's phone");
    let laptop = play.place("bob's laptop");
    // The phone is away and does not hear that the call moves on.
    play.world.take_offline(phone, 20_000);
    play.pass(12_000).await;
    play.joins("bob's laptop");
    play.pass(WHILE_MS).await;
    play.asks("bob's laptop", Command::SetMuted(true));
    play.pass(WHILE_MS).await;
    play.world.take_offline(laptop, 60_000);
    play.pass(15_000).await;
    // The phone is in the call again; alice learns of it from a whole view of the call.
    play.drops("alice's phone");
    play.ends_well().await;
}
