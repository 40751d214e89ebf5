//! Notices that the machine's network came back or changed.

use wasm_bindgen::JsCast;
use web_sys::EventTarget;

use super::listener::Listener;
use super::{Inbox, js};
use crate::core::DeviceInput;

/// Listens to `online` and, where the browser has it, to
/// [`navigator.connection`](https://developer.mozilla.org/docs/Web/API/Navigator/connection).
pub(crate) struct Network {
    _listeners: Vec<Listener>,
}

impl Network {
    /// Begins to listen.
    pub(crate) fn new(inbox: &Inbox) -> Self {
        let listen = |target: &EventTarget, event| {
            let inbox = inbox.clone();
            Listener::new(target, event, move |_| {
                inbox.put_device(DeviceInput::NetworkChanged);
            })
        };
        let window = web_sys::window();
        let online = window.as_ref().and_then(|window| listen(window, "online"));
        let connection = window
            .map(|window| js::get(window.navigator().as_ref(), "connection"))
            .and_then(|connection| connection.dyn_into::<EventTarget>().ok())
            .and_then(|connection| listen(&connection, "change"));
        Self {
            _listeners: online.into_iter().chain(connection).collect(),
        }
    }
}
