//! The one exported class.

use std::rc::Rc;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use super::announcer::{Announcer, Promises};
use super::error::invalid_argument;
use super::{command, options, view};
use crate::core::{Client, MediaKind};
use crate::driver::Driver;
use crate::platform::{SocketIo, array};

/// The calls of one socket. `VoiceCallManager` of the npm package is made of it.
///
/// One way in for everything that is asked and one for everything that is looked at: each
/// exported function has glue on both sides, which came to a tenth of the module.
#[wasm_bindgen]
pub struct Engine {
    driver: Rc<Driver>,
    promises: Promises,
}

#[wasm_bindgen]
impl Engine {
    /// Begins to listen to a socket; `notify(event, payload)` is told everything.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(socket: SocketIo, options: &JsValue, notify: Function) -> Self {
        let promises = Promises::default();
        let announcer = Announcer::new(notify, promises.clone());
        let read = options::read(options);
        Self {
            driver: Driver::new(read, socket, options, Box::new(announcer)),
            promises,
        }
    }

    /// Asks for something; one of the two functions is called with how it went.
    pub fn request(&self, what: &str, arguments: &Array, resolve: Function, reject: Function) {
        match command::read(what, arguments) {
            Ok(command) => {
                let id = self.promises.open(resolve, reject);
                self.driver.request(id, command);
            }
            Err(message) => {
                // The functions of a promise do not throw.
                let _returned = reject.call1(&JsValue::UNDEFINED, &invalid_argument(message));
            }
        }
    }

    /// Returns how something stands; `of` names a user where that matters.
    #[must_use]
    pub fn look(&self, what: &str, of: &str) -> JsValue {
        let driver = &self.driver;
        match what {
            "state" => driver.client(|client| client.state().as_str().into()),
            "muted" => driver.client(|client| client.is_muted().into()),
            "call" => {
                driver.client(|client| view::optional(client.call().as_deref().map(view::call)))
            }
            "choices" => {
                driver.client(|client| array(client.choices().into_iter().map(view::optional)))
            }
            _ => self.stream(what, of).into(),
        }
    }

    /// Plays what the browser held back; returns the promises of these attempts.
    #[wasm_bindgen(js_name = resumeAudio)]
    #[must_use]
    pub fn resume_audio(&self) -> Array {
        let platform = self.driver.platform();
        platform
            .map(|platform| platform.playback.resume())
            .unwrap_or_default()
    }
}

impl Engine {
    fn stream(&self, what: &str, of: &str) -> Option<web_sys::MediaStream> {
        let platform = self.driver.platform()?;
        match what {
            "remoteStream" => platform.peers.stream_of_user(of),
            "localStream" => platform.stream(MediaKind::Microphone),
            "localVideo" => platform.video_stream(self.driver.client(Client::video)),
            _ => None,
        }
    }
}
