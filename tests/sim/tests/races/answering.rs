//! What may meet while it rings.

use ringback_protocol::{CallStatus, ClientEvent};
use ringback_sdk::core::Command;
use ringback_sdk::core::view::CallState;

use super::play::{Play, WHILE_MS};

const BOTH: [&str; 2] = ["alice's phone", "bob's phone"];
const THREE: [&str; 3] = ["alice's phone", "bob's phone", "bob's laptop"];

async fn ringing(devices: &[&str]) -> Play {
    let mut play = Play::with(devices).await;
    play.calls("alice's phone", &["bob"]);
    play.pass(WHILE_MS).await;
    play.are(&["alice's phone"], CallState::Outgoing);
    play.are(&["bob's phone"], CallState::Incoming);
    play
}

#[tokio::test(start_paused = true)]
async fn an_accept_that_meets_a_cancel_ends_the_call_for_both() {
    let mut play = ringing(&BOTH).await;
    play.accepts("bob's phone");
    play.hangs_up("alice's phone");
    play.pass(WHILE_MS).await;
    play.are(&BOTH, CallState::Ended);
    assert_eq!(
        (play.ends("alice's phone"), play.ends("bob's phone")),
        (1, 1)
    );
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn of_two_devices_that_accept_at_once_one_has_the_call() {
    let mut play = ringing(&THREE).await;
    play.accepts("bob's phone");
    play.accepts("bob's laptop");
    play.pass(WHILE_MS).await;
    let states = [play.state("bob's phone"), play.state("bob's laptop")];
    assert!(states.contains(&CallState::Connected) && states.contains(&CallState::Ended));
    play.are(&["alice's phone"], CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_reject_that_meets_the_ring_timeout_ends_the_call_once_on_every_side() {
    let mut play = ringing(&BOTH).await;
    let until = play.world.now + 45_000 - WHILE_MS - 15;
    let left = until - play.world.now;
    play.pass(left).await;
    play.rejects("bob's phone");
    play.pass(WHILE_MS).await;
    play.are(&BOTH, CallState::Ended);
    assert_eq!(
        (play.ends("alice's phone"), play.ends("bob's phone")),
        (1, 1)
    );
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn both_who_dial_at_once_end_up_in_one_call() {
    let mut play = Play::with(&BOTH).await;
    play.calls("alice's phone", &["bob"]);
    play.calls("bob's phone", &["alice"]);
    play.pass(WHILE_MS).await;
    play.are(&BOTH, CallState::Connected);
    assert_eq!(play.statuses(), [CallStatus::Ongoing]);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn both_who_dial_at_once_on_two_nodes_end_up_in_one_call() {
    let mut play = Play::with(&["alice's phone"]).await;
    play.world.add_node();
    let bob = ringback_protocol::UserId::new("bob").unwrap();
    let alice = ringback_protocol::UserId::new("alice").unwrap();
    play.world.add_device(&bob, "phone");
    let chat = ringback_protocol::ChatId::new("team").unwrap();
    play.world.put_chat(&chat, &[&alice, &bob]);
    play.pass(WHILE_MS).await;
    play.calls("alice's phone", &["bob"]);
    play.calls("bob's phone", &["alice"]);
    play.pass(5 * WHILE_MS).await;
    let live = play.world.live_calls();
    assert_eq!(live.len(), 1, "one of the two calls stays");
    for device in BOTH {
        let state = play.state(device);
        let is_in = matches!(state, CallState::Connecting | CallState::Connected);
        assert!(is_in, "{device} is {}", state.as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_device_that_accepts_while_the_first_rejects_leaves_no_doubt() {
    let mut play = ringing(&THREE).await;
    play.rejects("bob's phone");
    play.accepts("bob's laptop");
    play.pass(WHILE_MS).await;
    let laptop = play.state("bob's laptop");
    assert_eq!(laptop, play.state("alice's phone"), "the two agree");
    play.are(&["bob's phone"], CallState::Ended);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_ack_and_an_initiate_that_is_repeated_make_one_call() {
    let mut play = Play::with(&BOTH).await;
    play.calls("alice's phone", &["bob"]);
    while play.statuses().is_empty() {
        play.pass(1).await;
    }
    // The call is stored, its ack is on the way.
    play.drops("alice's phone");
    play.pass(2 * WHILE_MS).await;
    play.are(&["alice's phone"], CallState::Outgoing);
    play.accepts("bob's phone");
    play.pass(WHILE_MS).await;
    play.are(&BOTH, CallState::Connected);
    assert_eq!(play.statuses(), [CallStatus::Ongoing]);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn an_initiate_that_is_lost_with_its_socket_is_said_again() {
    let mut play = Play::with(&BOTH).await;
    play.loses(|_, event| matches!(event, ClientEvent::CallInitiate(_)));
    play.calls("alice's phone", &["bob"]);
    play.pass(2 * WHILE_MS).await;
    play.are(&["bob's phone"], CallState::Incoming);
    assert_eq!(play.statuses(), [CallStatus::Ringing]);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn an_accept_that_is_lost_with_its_socket_is_said_again() {
    let mut play = ringing(&BOTH).await;
    play.loses(|_, event| matches!(event, ClientEvent::CallAccept(_)));
    play.accepts("bob's phone");
    play.pass(3 * WHILE_MS).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn an_incoming_that_comes_twice_rings_once() {
    let mut play = Play::with(&BOTH).await;
    play.world.nature.duplicates = 100;
    play.calls("alice's phone", &["bob"]);
    play.pass(WHILE_MS).await;
    play.are(&["bob's phone"], CallState::Incoming);
    play.rejects("bob's phone");
    play.pass(WHILE_MS).await;
    assert_eq!(
        (play.ends("alice's phone"), play.ends("bob's phone")),
        (1, 1)
    );
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_reloaded_while_it_rings_rings_again() {
    let mut play = ringing(&BOTH).await;
    play.reloads("bob's phone", 500);
    play.pass(2 * WHILE_MS).await;
    play.are(&["bob's phone"], CallState::Incoming);
    play.accepts("bob's phone");
    play.pass(WHILE_MS).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_drops_while_it_rings_hears_the_answer_afterwards() {
    let mut play = ringing(&BOTH).await;
    let alice = play.place("alice's phone");
    play.world.take_offline(alice, 3_000);
    play.pass(500).await;
    play.accepts("bob's phone");
    play.pass(10_000).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_reloads_while_it_rings_finds_the_call_again() {
    let mut play = ringing(&BOTH).await;
    play.reloads("alice's phone", 800);
    play.pass(2 * WHILE_MS).await;
    play.accepts("bob's phone");
    play.pass(5 * WHILE_MS).await;
    play.are(&BOTH, CallState::Connected);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_dispose_while_accepting_leaves_nobody_waiting() {
    let mut play = ringing(&BOTH).await;
    play.accepts("bob's phone");
    play.asks("bob's phone", Command::Dispose);
    play.pass(WHILE_MS).await;
    play.are(&["alice's phone"], CallState::Ended);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_a_crash_overtakes_after_it_was_stored_is_not_lost() {
    let mut play = ringing(&BOTH).await;
    let mood = std::sync::Arc::clone(&play.world.nodes[0].mood);
    mood.dies_after_swap
        .store(true, std::sync::atomic::Ordering::SeqCst);
    play.accepts("bob's phone");
    play.pass(15_000).await;
    play.are(&BOTH, CallState::Connected);
    assert_eq!(play.statuses(), [CallStatus::Ongoing]);
    play.ends_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_while_a_call_is_placed_places_it_once() {
    let mut play = Play::with(&BOTH).await;
    play.calls("alice's phone", &["bob"]);
    play.pass(85).await;
    play.world.crash(0, 700);
    play.pass(10_000).await;
    play.are(&["alice's phone"], CallState::Outgoing);
    play.are(&["bob's phone"], CallState::Incoming);
    assert_eq!(play.statuses(), [CallStatus::Ringing]);
    play.ends_well().await;
}
