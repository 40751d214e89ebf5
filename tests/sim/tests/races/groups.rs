//! What may meet in a group, and between the devices of one person.

use ringback_sdk::core::Command;
use ringback_sdk::core::view::CallState;

use super::play::{HOP_MS, Play, WHILE_MS};

const ALL: [&str; 3] = ["alice's phone", "bob's phone", "carol's phone"];

async fn group() -> Play {
    let mut play = Play::with(&ALL).await;
    play.calls("alice's phone", &["bob", "carol"]);
    play.pass(WHILE_MS).await;
    play.accepts("bob's phone");
    play.accepts("carol's phone");
    play.pass(2 * WHILE_MS).await;
    play.are(&ALL, CallState::Connected);
    play
}

#[tokio::test(start_paused = true)]
async fn two_who_accept_a_group_call_at_once_hear_each_other_too() {
    let play = group().await;
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn an_invite_that_meets_a_leave_rings_only_where_a_call_goes_on() {
    let mut play = Play::talking(&["carol's phone"]).await;
    play.invites("alice's phone", &["carol"]);
    play.leaves("bob's phone");
    play.comes_to_rest().await;
    assert_ne!(play.state("carol's phone"), CallState::Incoming);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_left_and_is_called_back_rings_and_comes_in() {
    let mut play = group().await;
    play.leaves("alice's phone");
    play.pass(WHILE_MS).await;
    play.invites("bob's phone", &["alice"]);
    play.pass(WHILE_MS).await;
    play.are(&["alice's phone"], CallState::Incoming);
    play.accepts("alice's phone");
    play.pass(2 * WHILE_MS).await;
    play.are(&ALL, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_moved_while_the_socket_is_away_moves_once_it_is_back() {
    let mut play = Play::talking(&["bob's laptop"]).await;
    play.drops("bob's laptop");
    play.joins("bob's laptop");
    play.pass(4 * WHILE_MS).await;
    play.are(&["alice's phone", "bob's laptop"], CallState::Connected);
    play.are(&["bob's phone"], CallState::Ended);
    assert_eq!(play.ended_with("bob's phone"), "moved-elsewhere");
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_goes_back_and_forth_between_two_devices_has_one_of_them() {
    let mut play = Play::talking(&["bob's laptop"]).await;
    play.joins("bob's laptop");
    play.pass(HOP_MS).await;
    play.leaves("bob's phone");
    play.comes_to_rest().await;
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_target_who_comes_and_goes_while_the_caller_is_away_leaves_no_link_behind() {
    let mut play = Play::with(&ALL).await;
    play.calls("alice's phone", &["bob"]);
    play.pass(WHILE_MS).await;
    play.invites("alice's phone", &["carol"]);
    play.pass(WHILE_MS).await;
    let alice = play.place("alice's phone");
    play.world.take_offline(alice, 6_000);
    play.pass(500).await;
    play.accepts("bob's phone");
    play.accepts("carol's phone");
    play.pass(WHILE_MS).await;
    play.leaves("bob's phone");
    play.comes_to_rest().await;
    play.are(&["alice's phone", "carol's phone"], CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_behind_another_does_not_ring_on_after_it_ended_unseen() {
    let settings = ringback_server::calls::CallSettings {
        call_waiting: true,
        ..Default::default()
    };
    let mut play = Play::under(settings, &ALL).await;
    play.calls("alice's phone", &["bob"]);
    play.pass(WHILE_MS).await;
    play.accepts("bob's phone");
    play.pass(WHILE_MS).await;
    play.calls("carol's phone", &["bob"]);
    play.pass(WHILE_MS).await;
    let bob = play.place("bob's phone");
    play.world.take_offline(bob, 4_000);
    play.pass(1_000).await;
    play.hangs_up("carol's phone");
    play.pass(10_000).await;
    play.hangs_up("bob's phone");
    play.pass(WHILE_MS).await;
    play.are(&["bob's phone"], CallState::Ended);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_mute_is_forgotten_with_the_device_that_it_was_made_on() {
    let mut play = Play::talking(&["bob's laptop"]).await;
    play.asks("bob's phone", Command::SetMuted(true));
    play.pass(WHILE_MS).await;
    play.joins("bob's laptop");
    play.pass(2 * WHILE_MS).await;
    play.are(&["alice's phone", "bob's laptop"], CallState::Connected);
    play.ends_well().await;
}
