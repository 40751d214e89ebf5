//! Microphones that fail, come late or belong to the application, and audio that may not play.

#![cfg(target_arch = "wasm32")]

mod page;

use page::{Page, RINGBACK, done, failure_code};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn a_caller_without_microphone_calls_nobody() {
    for (exception, code) in [
        ("NotAllowedError", "MIC_DENIED"),
        ("NotFoundError", "MIC_NOT_FOUND"),
        ("NotReadableError", "MIC_IN_USE"),
        ("TypeError", "MIC_FAILED"),
    ] {
        let page = Page::new(RINGBACK);
        let (alice, _bob) = page.connect();
        page.spy.refuse("microphone", Some(exception));

        assert_eq!(failure_code(alice.initiate()).await, code);
        assert_eq!(alice.sent("call:initiate"), 0);
        page.assert_nothing_is_open();
    }
}

#[wasm_bindgen_test]
async fn a_callee_who_mends_the_microphone_may_answer_again() {
    let page = Page::new(RINGBACK);
    page.spy.stub_permission("prompt").await;
    let (alice, bob) = page.connect();
    let placed = alice.initiate();
    bob.next("incoming").await;
    done(placed).await;

    page.spy.refuse("microphone", Some("NotAllowedError"));
    assert_eq!(
        failure_code(bob.engine.accept(None, None)).await,
        "MIC_DENIED"
    );
    assert_eq!(bob.engine.state(), "incoming");
    assert_eq!(bob.sent("call:accept"), 0);

    page.spy.refuse("microphone", None);
    done(bob.engine.accept(None, None)).await;
    alice.sound().await;
}

#[wasm_bindgen_test]
async fn a_granted_microphone_that_fails_after_the_answer_ends_the_call() {
    let page = Page::new(RINGBACK);
    page.spy.stub_permission("granted").await;
    let (alice, bob) = page.connect();
    let placed = alice.initiate();
    bob.next("incoming").await;
    done(placed).await;

    page.spy.close_gate();
    let accepted = bob.engine.accept(None, None);
    alice.next("accepted").await;
    page.spy.refuse("microphone", Some("NotReadableError"));
    page.spy.open_gate().await;
    assert_eq!(failure_code(accepted).await, "MIC_IN_USE");
    let ended = alice.next("ended").await;
    assert_eq!(page::text(&ended, "reason"), "failed");
    page.assert_nothing_is_open();
}

#[wasm_bindgen_test]
async fn a_microphone_that_opens_after_the_call_is_closed_at_once() {
    let page = Page::new(RINGBACK);
    let (alice, _bob) = page.connect();
    page.spy.close_gate();
    let placed = alice.initiate();

    done(alice.engine.end(None)).await;
    assert_eq!(failure_code(placed).await, "CANCELLED");
    page.spy.open_gate().await;

    assert_eq!(page.spy.streams(), 1, "the microphone did open");
    page.assert_nothing_is_open();
}

#[wasm_bindgen_test]
async fn a_stream_of_the_application_is_used_and_left_alone() {
    let page = Page::new(RINGBACK);
    let stream = page::tone_stream();
    let alice = page.person("alice", &page::options("localStream", &stream));
    let bob = page.person("bob", &JsValue::UNDEFINED);
    alice.socket.connect();
    bob.socket.connect();
    let placed = alice.initiate();
    bob.next("incoming").await;
    done(bob.engine.accept(None, None)).await;
    done(placed).await;
    bob.sound().await;
    done(alice.engine.set_muted(true)).await;
    assert!(!page::is_stream_enabled(&stream));

    done(alice.engine.end(None)).await;
    bob.next("ended").await;

    assert!(page::is_stream_live(&stream));
    assert!(
        page::is_stream_enabled(&stream),
        "it is given back as it came"
    );
    page.assert_nothing_is_open();
}

#[wasm_bindgen_test]
async fn audio_plays_in_the_given_element_which_stays_in_the_page() {
    let page = Page::new(RINGBACK);
    let element = page::add_audio_element("mine");
    let alice = page.person("alice", &page::options("audioElement", &element));
    let bob = page.person("bob", &JsValue::UNDEFINED);
    page.talk(&alice, &bob).await;

    assert!(element.src_object().is_some());
    assert!(!element.paused());
    done(bob.engine.end(None)).await;
    alice.next("ended").await;
    assert!(element.src_object().is_none());
    assert!(element.is_connected());
    element.remove();
    page.assert_nothing_is_open();
}

#[wasm_bindgen_test]
async fn the_element_is_ready_while_it_rings_and_plays_from_the_answer_on() {
    let page = Page::new(RINGBACK);
    let element = page::add_audio_element("mine");
    let alice = page.person("alice", &JsValue::UNDEFINED);
    let bob = page.person("bob", &page::options("audioElement", &element));
    alice.socket.connect();
    bob.socket.connect();
    let prepared = page::next_event(&element, "loadstart");
    let placed = alice.initiate();
    bob.next("incoming").await;
    done(prepared).await;
    assert!(element.paused());

    done(bob.engine.accept(None, None)).await;
    done(placed).await;
    bob.sound().await;
    assert!(!element.paused());
    done(alice.engine.end(None)).await;
    bob.next("ended").await;
    assert!(element.src_object().is_none());
    element.remove();
    page.assert_nothing_is_open();
}

#[wasm_bindgen_test]
async fn the_element_of_the_reference_serves_whoever_comes_first() {
    let page = Page::new(RINGBACK);
    let element = page::add_audio_element("remote-audio");
    let (alice, bob) = page.call().await;
    for person in [&alice, &bob] {
        person.sound().await;
    }

    assert!(element.src_object().is_some());
    assert_eq!(
        page::audio_elements(),
        2,
        "the other engine of this page made one"
    );
    alice.engine.dispose();
    bob.engine.dispose();
    assert_eq!(page::audio_elements(), 1);
    assert!(element.src_object().is_none());
    element.remove();
}

#[wasm_bindgen_test]
async fn audio_that_the_browser_holds_back_plays_after_a_click() {
    let page = Page::new(RINGBACK);
    let allow = page::block_playback();
    let (alice, _bob) = page.call().await;
    let blocked = alice.next("audioBlocked").await;
    assert_eq!(page::text(&blocked, "userId"), "bob");

    allow
        .call0(&JsValue::UNDEFINED)
        .expect("playback is allowed again");
    let tried: js_sys::Array = done(alice.engine.resume_audio()).await.into();
    assert_eq!(tried.length(), 1);
    assert_eq!(page::text(&tried.get(0), "status"), "fulfilled");
}
