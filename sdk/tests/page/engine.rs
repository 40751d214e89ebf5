//! The engine, with a method for each request, as `manager.ts` makes them.

use js_sys::{Array, Function, Promise};
use ringback_sdk::api::{self, SocketIo};
use wasm_bindgen::prelude::*;
use web_sys::MediaStream;

/// The engine of a person.
pub struct Engine(api::Engine);

impl Engine {
    pub fn new(socket: SocketIo, options: &JsValue, notify: Function) -> Self {
        Self(api::Engine::new(socket, options, notify))
    }

    pub fn initiate(
        &self,
        chat: String,
        targets: &JsValue,
        call_type: &str,
        video: Option<bool>,
    ) -> Promise {
        self.ask(
            "initiate",
            &[chat.into(), targets.clone(), call_type.into(), video.into()],
        )
    }

    pub fn accept(&self, session_id: Option<String>, video: Option<bool>) -> Promise {
        self.ask("accept", &[session_id.into(), video.into()])
    }

    pub fn reject(&self, reason: Option<String>, session_id: Option<String>) -> Promise {
        self.ask("reject", &[reason.into(), session_id.into()])
    }

    pub fn end(&self, reason: Option<String>) -> Promise {
        self.ask("end", &[reason.into()])
    }

    pub fn set_muted(&self, muted: bool) -> Promise {
        self.ask("setMuted", &[muted.into()])
    }

    pub fn set_video(&self, on: Option<bool>) -> Promise {
        self.ask("setVideo", &[on.into()])
    }

    pub fn share_screen(&self, on: Option<bool>) -> Promise {
        self.ask("shareScreen", &[on.into()])
    }

    pub fn set_device(&self, kind: &str, id: Option<String>) -> Promise {
        self.ask("setDevice", &[kind.into(), id.into()])
    }

    pub fn set_push_to_talk(&self, on: bool) -> Promise {
        self.ask("setPushToTalk", &[on.into()])
    }

    pub fn talk(&self, pressed: bool) -> Promise {
        self.ask("talk", &[pressed.into()])
    }

    pub fn dispose(&self) {
        let _disposed = self.ask("dispose", &[]);
    }

    pub fn state(&self) -> String {
        let state = self.0.look("state", "");
        state.as_string().expect("a state is a text")
    }

    pub fn choices(&self) -> JsValue {
        self.0.look("choices", "")
    }

    pub fn muted(&self) -> bool {
        self.0.look("muted", "").is_truthy()
    }

    pub fn remote_stream(&self, user_id: &str) -> Option<MediaStream> {
        self.0.look("remoteStream", user_id).dyn_into().ok()
    }

    pub fn local_stream(&self) -> Option<MediaStream> {
        self.0.look("localStream", "").dyn_into().ok()
    }

    pub fn local_video(&self) -> Option<MediaStream> {
        self.0.look("localVideo", "").dyn_into().ok()
    }

    pub fn resume_audio(&self) -> Promise {
        Promise::all_settled(&self.0.resume_audio())
    }

    fn ask(&self, what: &str, arguments: &[JsValue]) -> Promise {
        let arguments: Array = arguments.iter().collect();
        Promise::new(&mut |resolve, reject| self.0.request(what, &arguments, resolve, reject))
    }
}
