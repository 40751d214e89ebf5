//! Notices that the machine's network came back or changed, and that devices came or went.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;

use super::capture::media_devices;
use super::listener::Listener;
use super::{Inbox, js};
use crate::core::DeviceInput;

/// Listens to `online` and, where the browser has it, to
/// [`navigator.connection`](https://developer.mozilla.org/docs/Web/API/Navigator/connection), and to
/// [`devicechange`](https://developer.mozilla.org/docs/Web/API/MediaDevices/devicechange_event).
pub(crate) struct Network {
    _listeners: Vec<Listener>,
}

impl Network {
    /// Begins to listen.
    pub(crate) fn new(inbox: &Inbox) -> Self {
        let mut listeners = Vec::new();
        let mut listen = |target: JsValue, event, input: DeviceInput| {
            if let Ok(target) = target.dyn_into::<EventTarget>() {
                let inbox = inbox.clone();
                let report = move |_| inbox.put_device(input.clone());
                listeners.extend(Listener::new(&target, event, report));
            }
        };
        let page = js_sys::global();
        let connection = js::get(&js::get(&page, "navigator"), "connection");
        listen(page.into(), "online", DeviceInput::NetworkChanged);
        listen(connection, "change", DeviceInput::NetworkChanged);
        listen(media_devices(), "devicechange", DeviceInput::DevicesChanged);
        Self {
            _listeners: listeners,
        }
    }
}
