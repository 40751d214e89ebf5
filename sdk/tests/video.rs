//! Cameras and screens between two people, with real peer connections.

#![cfg(target_arch = "wasm32")]

mod page;

use page::{Page, Person, REFERENCE, RINGBACK, done, failure_code, text};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Alice calls bob by video, who answers.
async fn video_call(page: &Page) -> (Person, Person) {
    let (alice, bob) = page.connect();
    let placed = alice.place("video");
    bob.next("incoming").await;
    done(bob.engine.accept(None, None)).await;
    done(placed).await;
    (alice, bob)
}

#[wasm_bindgen_test]
async fn in_a_video_call_both_see_each_other_from_the_start() {
    for features in [RINGBACK, REFERENCE] {
        let page = Page::new(features);
        let (alice, bob) = video_call(&page).await;

        alice.sees("bob", "camera").await;
        bob.sees("alice", "camera").await;
        alice.sound().await;
        assert!(alice.engine.local_video().is_some());
        done(alice.engine.end(None)).await;
        bob.next("ended").await;
        assert!(alice.engine.local_video().is_none());
        page.assert_nothing_is_open();
    }
}

#[wasm_bindgen_test]
async fn a_camera_that_fails_lets_the_call_go_on_with_sound() {
    for (exception, code) in [
        ("NotAllowedError", "CAMERA_DENIED"),
        ("NotFoundError", "CAMERA_NOT_FOUND"),
        ("NotReadableError", "CAMERA_IN_USE"),
        ("TypeError", "CAMERA_FAILED"),
    ] {
        let page = Page::new(RINGBACK);
        page.spy.refuse("camera", Some(exception));
        let (alice, bob) = video_call(&page).await;
        assert_eq!(text(&alice.next("error").await, "code"), code);
        alice.sound().await;
        bob.sound().await;
        assert_eq!(failure_code(alice.engine.set_video(None)).await, code);

        page.spy.refuse("camera", None);
        alice.camera(true).await;
        bob.sees("alice", "camera").await;
    }
}

#[wasm_bindgen_test]
async fn a_camera_comes_into_a_voice_call_and_goes_without_another_negotiation() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    alice.sound().await;

    alice.camera(true).await;
    bob.next_toggle(true).await;
    bob.sees("alice", "camera").await;
    assert!(!alice.is_shown("bob"), "bob's camera is off");
    let offers = alice.sent("webrtc:offer") + bob.sent("webrtc:offer");

    bob.camera(true).await;
    alice.sees("bob", "camera").await;
    alice.camera(false).await;
    bob.next_toggle(false).await;
    assert!(!bob.is_shown("alice"));
    alice.camera(true).await;
    bob.sees("alice", "camera").await;
    assert_eq!(
        alice.sent("webrtc:offer") + bob.sent("webrtc:offer"),
        offers,
        "tracks are replaced"
    );
}

#[wasm_bindgen_test]
async fn both_turn_the_camera_on_at_once_and_see_each_other_in_one_section() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    alice.sound().await;

    page.relay.cross_offers();
    let one = alice.engine.set_video(Some(true));
    let other = bob.engine.set_video(Some(true));
    done(one).await;
    done(other).await;

    alice.sees("bob", "camera").await;
    bob.sees("alice", "camera").await;
    alice.sound().await;
    assert_eq!(
        (alice.sent("webrtc:offer"), bob.sent("webrtc:offer")),
        (1, 1)
    );
    assert_eq!(page.spy.video_sections(), [1, 1]);
}

#[wasm_bindgen_test]
async fn the_screen_takes_the_place_of_the_camera_and_gives_it_back() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = video_call(&page).await;
    bob.sees("alice", "camera").await;

    assert_eq!(done(alice.engine.share_screen(None)).await, true);
    let shown = alice.shows("screen").await;
    assert!(shown.is_object());
    bob.sees("alice", "screen").await;
    assert_eq!(done(alice.engine.share_screen(None)).await, false);
    bob.sees("alice", "camera").await;
}

#[wasm_bindgen_test]
async fn the_browsers_own_button_ends_the_sharing() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = video_call(&page).await;
    done(alice.engine.share_screen(Some(true))).await;
    alice.shows("screen").await;
    bob.sees("alice", "screen").await;

    page::end_tracks(&alice.engine.local_video().expect("the screen is shared"));
    alice.shows("camera").await;
    bob.sees("alice", "camera").await;
    assert_eq!(done(alice.engine.share_screen(Some(false))).await, false);
}

#[wasm_bindgen_test]
async fn a_screen_without_a_camera_appears_and_goes() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    done(alice.engine.share_screen(Some(true))).await;
    bob.sees("alice", "screen").await;

    assert_eq!(done(alice.engine.share_screen(None)).await, false);
    bob.next_toggle(false).await;
    assert!(!bob.is_shown("alice"));
    assert!(alice.engine.local_video().is_none());
}

#[wasm_bindgen_test]
async fn a_picker_that_is_cancelled_changes_nothing() {
    let page = Page::new(RINGBACK);
    let (alice, _bob) = page.call().await;
    page.spy.refuse("screen", Some("NotAllowedError"));
    let refused = alice.engine.share_screen(Some(true));
    assert_eq!(failure_code(refused).await, "SCREEN_DENIED");
    page.spy.refuse("screen", Some("NotSupportedError"));
    let refused = alice.engine.share_screen(Some(true));
    assert_eq!(failure_code(refused).await, "SCREEN_FAILED");
    alice.sound().await;
}

#[wasm_bindgen_test]
async fn without_a_call_there_is_no_camera_to_turn_on() {
    let page = Page::new(RINGBACK);
    let (alice, _bob) = page.connect();
    assert_eq!(failure_code(alice.engine.set_video(None)).await, "NO_CALL");
    assert_eq!(
        failure_code(alice.engine.share_screen(None)).await,
        "NO_CALL"
    );
    page.assert_nothing_is_open();
}
