//! Microphone, camera and screen, and news of devices and network. The browser's part is in `captures.js`.

use wasm_bindgen::prelude::*;
use web_sys::MediaStream;

use super::peers::Peers;

#[wasm_bindgen(module = "/src/platform/captures.js")]
extern "C" {
    /// The devices of one client.
    pub(crate) type Captures;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(options: &JsValue, peers: &Peers, report: &JsValue) -> Captures;
    #[wasm_bindgen(method, js_name = setDefaults)]
    pub(crate) fn set_defaults(this: &Captures, defaults: &JsValue);
    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &Captures, kind: &str, id: u32, device: Option<&str>);
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Captures, kind: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn enable(this: &Captures, enabled: bool);
    #[wasm_bindgen(method, js_name = sendVideo)]
    pub(crate) fn send_video(this: &Captures, source: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn stream(this: &Captures, kind: &str) -> Option<MediaStream>;
    #[wasm_bindgen(method)]
    pub(crate) fn label(this: &Captures, kind: &str) -> JsValue;
    #[wasm_bindgen(method, js_name = queryPermission)]
    pub(crate) fn query_permission(this: &Captures);
    #[wasm_bindgen(method)]
    pub(crate) fn dispose(this: &Captures);
}
