//! Two engines in one page, with real peer connections and fake microphones, over a signaling
//! server in the page.

#![cfg(target_arch = "wasm32")]

mod page;

use page::{Page, REFERENCE, RINGBACK, done, failure_code};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn two_people_hear_each_other() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;

    for person in [&alice, &bob] {
        person.next("remoteStream").await;
        person.sound().await;
    }
    assert!(alice.engine.remote_stream("bob").is_some());
    assert!(bob.engine.remote_stream("alice").is_some());
    assert_eq!(alice.engine.state(), "connected");
    assert_eq!(
        alice.sent("webrtc:offer"),
        0,
        "the offer travels with call:initiate"
    );
    assert_eq!(
        bob.sent("webrtc:answer"),
        0,
        "the answer travels with call:accept"
    );
}

#[wasm_bindgen_test]
async fn two_people_hear_each_other_through_a_server_of_the_reference() {
    let page = Page::new(REFERENCE);
    let (alice, bob) = page.call().await;

    for person in [&alice, &bob] {
        person.sound().await;
    }
    assert_eq!(alice.sent("webrtc:offer"), 1);
    assert_eq!(bob.sent("webrtc:answer"), 1);
}

#[wasm_bindgen_test]
async fn the_end_of_a_call_leaves_nothing_open() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    alice.sound().await;

    done(alice.engine.end(None)).await;
    alice.next("ended").await;
    let ended = bob.next("ended").await;

    assert_eq!(page::text(&ended, "reason"), "completed");
    assert_eq!(page::text(&ended, "endedBy"), "alice");
    page.assert_nothing_is_open();
}

#[wasm_bindgen_test]
async fn a_disposed_engine_leaves_nothing_open_and_no_listener() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    alice.sound().await;

    alice.engine.dispose();
    bob.next("ended").await;
    bob.engine.dispose();

    page.assert_nothing_is_open();
    assert_eq!(alice.socket.listener_count(), 0);
    assert_eq!(bob.socket.listener_count(), 0);
    assert_eq!(failure_code(alice.engine.end(None)).await, "DISPOSED");
}

#[wasm_bindgen_test]
async fn a_second_call_follows_the_first() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    done(bob.engine.end(None)).await;
    alice.next("ended").await;

    let placed = alice.initiate();
    bob.next("incoming").await;
    done(bob.engine.accept(None, None)).await;
    assert_eq!(done(placed).await, JsValue::from_str("session-2"));
    alice.state("connected").await;
    bob.sound().await;
}

#[wasm_bindgen_test]
async fn a_rejected_call_ends_for_the_caller() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.connect();
    let placed = alice.initiate();
    bob.next("incoming").await;

    done(bob.engine.reject(Some("busy".into()), None)).await;
    done(placed).await;

    let rejected = alice.next("rejected").await;
    assert_eq!(page::text(&rejected, "reason"), "busy");
    alice.next("ended").await;
    page.assert_nothing_is_open();
}

#[wasm_bindgen_test]
async fn muting_silences_the_track_and_tells_the_other() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    alice.sound().await;

    done(alice.engine.set_muted(true)).await;
    let toggled = bob.next("participantAudioToggle").await;

    assert_eq!(page::text(&toggled, "userId"), "alice");
    assert!(alice.engine.muted());
    assert!(!page::is_track_enabled(&alice.engine));
    let sent = page.spy.sent_tracks();
    let silent = sent.iter().filter(|track| !track.enabled()).count();
    assert_eq!((sent.len(), silent), (2, 1), "bob still sends");
    done(alice.engine.set_muted(false)).await;
    assert!(page.spy.sent_tracks().iter().all(|track| track.enabled()));
}

#[wasm_bindgen_test]
async fn the_local_stream_is_the_one_that_is_sent() {
    let page = Page::new(RINGBACK);
    let (alice, _bob) = page.call().await;
    alice.sound().await;

    let first = alice.engine.local_stream();
    let track = page::track(&first.clone().expect("the microphone is open"));
    assert_eq!(first, alice.engine.local_stream());
    assert!(page.spy.sent_tracks().contains(&track));
}

#[wasm_bindgen_test]
async fn a_listener_may_answer_at_once_and_dispose_at_the_end() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.connect();
    bob.react("incoming", |engine| drop(engine.accept(None, None)));
    bob.react("ended", |engine| engine.dispose());

    done(alice.initiate()).await;
    alice.state("connected").await;
    bob.sound().await;
    done(alice.engine.end(None)).await;
    bob.next("ended").await;

    alice.next("ended").await;
    alice.engine.dispose();
    page.assert_nothing_is_open();
}

#[wasm_bindgen_test]
async fn a_malformed_event_is_an_error_and_harms_nothing() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.connect();
    alice
        .socket
        .deliver("call:incoming", &JsValue::from_str("nonsense"));
    alice.socket.deliver("call:state", &JsValue::NULL);

    let error = alice.next("error").await;
    assert_eq!(page::text(&error, "code"), "INTERNAL_ERROR");
    assert!(page::text(&error, "message").contains("call:incoming"));
    let placed = alice.initiate();
    bob.next("incoming").await;
    done(placed).await;
}

#[wasm_bindgen_test]
async fn a_machine_that_slept_looks_for_the_path_anew() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    alice.sound().await;
    let restarts = alice.socket.next_emit("webrtc:offer");
    let wake = page::sleep(60_000.0);
    done(restarts).await;
    wake.call0(&JsValue::UNDEFINED)
        .expect("it has no arguments");
    bob.next("quality").await;
    assert_eq!(alice.engine.state(), "connected");
}

#[wasm_bindgen_test]
async fn a_socket_that_connects_later_is_as_good() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.people();
    assert_eq!(failure_code(alice.initiate()).await, "NOT_CONNECTED");

    alice.socket.connect();
    bob.socket.connect();
    alice.next("signaling").await;
    let placed = alice.initiate();
    bob.next("incoming").await;
    done(placed).await;
}

#[wasm_bindgen_test]
async fn arguments_of_the_wrong_shape_are_refused() {
    let page = Page::new(RINGBACK);
    let (alice, _bob) = page.connect();
    let engine = &alice.engine;
    let chat = || "chat".to_string();

    for refused in [
        engine.initiate(String::new(), &JsValue::UNDEFINED, "voice", None),
        engine.initiate(chat(), &JsValue::from_str("bob"), "voice", None),
        engine.initiate(chat(), &js_sys::Array::of1(&1.into()), "voice", None),
        engine.initiate(chat(), &JsValue::UNDEFINED, "smoke signals", None),
        engine.reject(Some("x".repeat(65)), None),
        engine.accept(Some(String::new()), None),
    ] {
        assert_eq!(failure_code(refused).await, "INVALID_ARGUMENT");
    }
}
