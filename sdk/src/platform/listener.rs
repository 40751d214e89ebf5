//! A DOM event listener that is removed when it is dropped.

use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use super::js::{self, Callback};

/// A listener on an [event target](https://developer.mozilla.org/docs/Web/API/EventTarget).
#[must_use = "the listener is removed when this is dropped"]
pub(crate) struct Listener {
    target: EventTarget,
    event: &'static str,
    closure: Callback,
}

impl Listener {
    /// Begins to listen; none when the target refuses.
    pub(crate) fn new(
        target: &EventTarget,
        event: &'static str,
        callback: impl Fn(JsValue) + 'static,
    ) -> Option<Self> {
        let closure = js::callback(callback);
        target
            .add_event_listener_with_callback(event, closure.as_ref().unchecked_ref())
            .ok()?;
        Some(Self {
            target: target.clone(),
            event,
            closure,
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.closure.as_ref().unchecked_ref();
        // It fails only for a target that is no event target, and this one was.
        let _removed = self
            .target
            .remove_event_listener_with_callback(self.event, callback);
    }
}
