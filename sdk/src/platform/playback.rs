//! Remote audio in `<audio>` elements. The browser's part is in `playback.js`.

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/platform/playback.js")]
extern "C" {
    /// Plays the remote streams of one client.
    pub(crate) type Playback;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(given: &JsValue, report: &JsValue) -> Playback;
    /// Plays what the browser held back, and returns the promises of these attempts.
    #[wasm_bindgen(method)]
    pub(crate) fn resume(this: &Playback) -> Array;
    #[wasm_bindgen(method, js_name = setSpeaker)]
    pub(crate) fn set_speaker(this: &Playback, request: u32, device: Option<&str>);
    #[wasm_bindgen(method)]
    pub(crate) fn dispose(this: &Playback);
}
