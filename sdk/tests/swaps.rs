//! Devices that are chosen, unplugged, lost and found again during a call.

#![cfg(target_arch = "wasm32")]

mod page;

use page::{Page, Person, RINGBACK, done, failure_code, text};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A device that is there, and one that is not.
const GONE: &str = "gone";

async fn choose(person: &Person, kind: &str, id: Option<&str>) -> JsValue {
    done(person.engine.set_device(kind, id.map(Into::into))).await;
    person.next("deviceChanged").await
}

#[wasm_bindgen_test]
async fn another_microphone_takes_the_place_of_the_first_without_negotiation() {
    let page = Page::new(RINGBACK);
    let other = page::device_id("audioinput").await;
    let (alice, bob) = page.call().await;
    bob.sound().await;
    done(alice.engine.set_muted(true)).await;
    let first = alice.engine.local_stream().expect("it is open");

    let changed = choose(&alice, "microphone", Some(&other)).await;
    assert_eq!(text(&changed, "reason"), "chosen");
    assert_eq!(text(&changed, "id"), other);
    assert!(!text(&changed, "label").is_empty());

    let second = alice.engine.local_stream().expect("it is open");
    assert_ne!(first, second);
    assert!(!page::is_stream_live(&first), "the first is given back");
    assert!(!page::is_stream_enabled(&second), "alice is still muted");
    done(alice.engine.set_muted(false)).await;
    bob.sound().await;
    assert!(page.spy.sent_tracks().contains(&page::track(&second)));
    assert_eq!(alice.sent("webrtc:offer"), 0);
}

#[wasm_bindgen_test]
async fn a_device_that_is_not_there_is_refused_and_the_former_one_stays() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    let first = alice.engine.local_stream();
    let refused = alice.engine.set_device("microphone", Some(GONE.into()));
    assert_eq!(failure_code(refused).await, "DEVICE_NOT_FOUND");
    assert_eq!(alice.engine.local_stream(), first);
    bob.sound().await;
    assert!(
        alice
            .engine
            .choices()
            .unchecked_into::<js_sys::Array>()
            .get(0)
            .is_null()
    );
}

#[wasm_bindgen_test]
async fn a_microphone_that_stops_is_opened_again_and_muted_as_before() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    done(alice.engine.set_muted(true)).await;
    let first = alice.engine.local_stream().expect("it is open");
    page::end_tracks(&first);

    let changed = alice.next("deviceChanged").await;
    assert_eq!(text(&changed, "reason"), "reacquired");
    let second = alice.engine.local_stream().expect("it is open again");
    assert_ne!(first, second);
    assert!(!page::is_stream_enabled(&second));
    done(alice.engine.set_muted(false)).await;
    bob.sound().await;
}

#[wasm_bindgen_test]
async fn a_chosen_device_that_is_gone_gives_way_to_the_default_one() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.connect();
    done(alice.engine.set_device("microphone", Some(GONE.into()))).await;
    let placed = alice.initiate();
    let changed = alice.next("deviceChanged").await;
    assert_eq!(text(&changed, "reason"), "fallback");
    bob.next("incoming").await;
    done(bob.engine.accept(None, None)).await;
    done(placed).await;
    bob.sound().await;
    assert_eq!(
        page.spy.asked_devices("microphone"),
        [GONE, "default", "default"]
    );
}

#[wasm_bindgen_test]
async fn a_microphone_that_is_lost_is_looked_for_and_found() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    bob.sound().await;
    page.spy.refuse("microphone", Some("NotFoundError"));
    page::end_tracks(&alice.engine.local_stream().expect("it is open"));

    let changed = alice.next("deviceChanged").await;
    assert_eq!(text(&changed, "reason"), "lost");
    assert_eq!(text(&alice.next("error").await, "code"), "MIC_NOT_FOUND");
    page.spy.refuse("microphone", None);
    page::devices_change();
    let changed = alice.next("deviceChanged").await;
    assert_eq!(text(&changed, "reason"), "reacquired");
    alice.next("devices").await;
    bob.sound().await;
}

#[wasm_bindgen_test]
async fn a_microphone_that_the_system_takes_for_a_while_is_told_of() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    let stream = alice.engine.local_stream().expect("it is open");
    for (event, reason) in [("mute", "lost"), ("unmute", "reacquired")] {
        page::fire(&stream, event);
        let changed = alice.next("deviceChanged").await;
        assert_eq!(text(&changed, "reason"), reason);
    }
    bob.sound().await;
}

#[wasm_bindgen_test]
async fn a_camera_is_swapped_and_reopened_like_a_microphone() {
    let page = Page::new(RINGBACK);
    let other = page::device_id("videoinput").await;
    let (alice, bob) = page.call().await;
    alice.camera(true).await;
    bob.sees("alice", "camera").await;
    let offers = alice.sent("webrtc:offer");

    let changed = choose(&alice, "camera", Some(&other)).await;
    assert_eq!(text(&changed, "kind"), "camera");
    assert_eq!(text(&changed, "reason"), "chosen");
    bob.sees("alice", "camera").await;
    page::end_tracks(&alice.engine.local_video().expect("it is on"));
    let changed = alice.next("deviceChanged").await;
    assert_eq!(text(&changed, "reason"), "reacquired");
    bob.sees("alice", "camera").await;
    assert_eq!(alice.sent("webrtc:offer"), offers);
}

#[wasm_bindgen_test]
async fn a_speaker_is_used_where_the_browser_lets_it_be_chosen() {
    let page = Page::new(RINGBACK);
    let (alice, _bob) = page.call().await;
    let gone = failure_code(alice.engine.set_device("speaker", Some(GONE.into()))).await;
    if page::has_sinks() {
        assert_eq!(gone, "DEVICE_NOT_FOUND");
        done(alice.engine.set_device("speaker", None)).await;
    } else {
        assert_eq!(gone, "SPEAKER_UNSUPPORTED");
    }
    assert_eq!(
        failure_code(alice.engine.set_device("nose", None)).await,
        "INVALID_ARGUMENT"
    );
}

#[wasm_bindgen_test]
async fn with_push_to_talk_the_microphone_is_open_while_the_key_is_pressed() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    done(alice.engine.set_push_to_talk(true)).await;
    assert!(page::flag(
        &bob.next("participantAudioToggle").await,
        "muted"
    ));
    assert!(!page::is_track_enabled(&alice.engine));

    done(alice.engine.talk(true)).await;
    assert!(!page::flag(
        &bob.next("participantAudioToggle").await,
        "muted"
    ));
    assert!(page::is_track_enabled(&alice.engine));
    done(alice.engine.talk(false)).await;
    assert!(page::flag(
        &bob.next("participantAudioToggle").await,
        "muted"
    ));
    done(alice.engine.set_push_to_talk(false)).await;
    assert!(!page::flag(
        &bob.next("participantAudioToggle").await,
        "muted"
    ));
    assert!(page::is_track_enabled(&alice.engine));
}

#[wasm_bindgen_test]
async fn whoever_is_heard_speaks_and_whoever_is_muted_does_not() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    assert_eq!(text(&bob.next("activeSpeaker").await, "userId"), "alice");
    let levels = bob.next("levels").await;
    let levels: js_sys::Array = js_sys::Reflect::get(&levels, &"levels".into())
        .unwrap_throw()
        .into();
    assert_eq!(text(&levels.get(0), "userId"), "alice");
    done(alice.engine.set_muted(true)).await;
    assert_eq!(
        text(&bob.next("activeSpeaker").await, "userId"),
        "",
        "nobody"
    );
}

#[wasm_bindgen_test]
async fn speech_bears_loss_and_stays_under_the_cap() {
    let page = Page::new(RINGBACK);
    let alice = page.person("alice", &page::options("audioBitrate", &16_000.into()));
    let bob = page.person("bob", &JsValue::UNDEFINED);
    page.talk(&alice, &bob).await;
    bob.sound().await;

    let remote = page.spy.remote_descriptions();
    for description in &remote {
        assert!(description.contains("useinbandfec=1"), "{description}");
        assert!(description.contains("usedtx=1"), "{description}");
    }
    let capped = remote
        .iter()
        .filter(|sdp| sdp.contains("maxaveragebitrate=16000"));
    assert_eq!(capped.count(), 1, "it is alice's alone");
    for copies in page.spy.redundancy().await {
        assert_eq!(copies > 0.5, page::has_redundancy(), "{copies}");
    }
}

#[wasm_bindgen_test]
async fn silence_takes_next_to_nothing_and_is_no_loss() {
    let page = Page::new(RINGBACK);
    let (alice, bob) = page.call().await;
    bob.sound().await;
    done(alice.engine.set_muted(true)).await;
    let quiet = |quality: &JsValue| page::number(quality, "bitrate") < 4_000.0;
    let mut seconds = 0;
    while seconds < 5 {
        let quality = bob.next("quality").await;
        if quiet(&quality) {
            seconds += 1;
            assert_eq!(text(&quality, "grade"), "excellent");
        } else {
            assert_eq!(seconds, 0, "silence stays silent");
        }
    }
}

#[wasm_bindgen_test]
async fn a_picture_is_sent_within_the_limits_and_sound_before_it() {
    let page = Page::new(RINGBACK);
    let alice = page.person("alice", &page::options("videoBitrate", &300_000.into()));
    let bob = page.person("bob", &JsValue::UNDEFINED);
    page.talk(&alice, &bob).await;
    alice.camera(true).await;
    bob.sees("alice", "camera").await;

    let limits = page.spy.video_limits();
    assert!(limits.contains(&300_000.0), "{limits:?}");
}
