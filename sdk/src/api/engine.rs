//! The one exported class.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use ringback_protocol::{CallType, ChatId, EndReason, SessionId, UserId};
use wasm_bindgen::prelude::*;
use web_sys::MediaStream;

use super::announcer::{Announcer, Promises};
use super::error::invalid_argument;
use super::{options, view};
use crate::core::ids::RequestId;
use crate::core::{Client, Command, MediaKind};
use crate::driver::Driver;
use crate::platform::{SocketIo, array};

/// The calls of one socket. `VoiceCallManager` of the npm package is made of it.
#[wasm_bindgen]
pub struct Engine {
    driver: Rc<Driver>,
    promises: Promises,
    last_request: Cell<RequestId>,
}

#[wasm_bindgen]
impl Engine {
    /// Begins to listen to a socket; `notify(event, payload)` is told everything.
    ///
    /// # Errors
    /// When an option does not have its documented shape.
    #[wasm_bindgen(constructor)]
    pub fn new(socket: SocketIo, options: &JsValue, notify: Function) -> Result<Self, JsValue> {
        let promises = Promises::default();
        let announcer = Announcer::new(notify, promises.clone());
        Ok(Self {
            driver: Driver::new(
                options::read(options)?,
                socket,
                options,
                Box::new(announcer),
            ),
            promises,
            last_request: Cell::new(RequestId(0)),
        })
    }

    /// Places a call; resolves to its session id.
    pub fn initiate(
        &self,
        chat_id: String,
        targets: &JsValue,
        call_type: &str,
        video: Option<bool>,
    ) -> Promise {
        self.request(initiate(chat_id, targets, call_type, video))
    }

    /// Answers a ringing call.
    pub fn accept(&self, session_id: Option<String>, video: Option<bool>) -> Promise {
        self.request(read_session(session_id).map(|session| Command::Accept(session, video)))
    }

    /// Enters a call that goes on, or takes it over from another device.
    pub fn join(&self, session_id: String, video: bool) -> Promise {
        self.request(parse_session(session_id).map(|session| Command::Join(session, video)))
    }

    /// Calls more people into the current call.
    pub fn invite(&self, targets: &JsValue) -> Promise {
        let targets = read_targets(targets);
        self.request(targets.map(|targets| Command::Invite(targets.unwrap_or_default())))
    }

    /// Asks for the live calls of this user; resolves to `LiveCall[]`.
    #[wasm_bindgen(js_name = liveCalls)]
    pub fn live_calls(&self) -> Promise {
        self.request(Ok(Command::LiveCalls))
    }

    /// Rejects a ringing call.
    pub fn reject(&self, reason: Option<String>, session_id: Option<String>) -> Promise {
        let session_id = read_session(session_id);
        let command =
            session_id.and_then(|session_id| Ok(Command::Reject(session_id, read_reason(reason)?)));
        self.request(command)
    }

    /// Ends the current call.
    pub fn end(&self, reason: Option<String>) -> Promise {
        self.request(read_reason(reason).map(Command::End))
    }

    /// Leaves the current call.
    pub fn leave(&self) -> Promise {
        self.request(Ok(Command::Leave))
    }

    /// Mutes or unmutes the microphone.
    #[wasm_bindgen(js_name = setMuted)]
    pub fn set_muted(&self, muted: bool) -> Promise {
        self.request(Ok(Command::SetMuted(muted)))
    }

    /// Turns the camera on or off, or the other way; resolves to whether it is on.
    #[wasm_bindgen(js_name = setVideo)]
    pub fn set_video(&self, on: Option<bool>) -> Promise {
        self.request(Ok(Command::SetCamera(on)))
    }

    /// Begins or ends to share the screen, or the other way; resolves to whether it is shared.
    #[wasm_bindgen(js_name = shareScreen)]
    pub fn share_screen(&self, on: Option<bool>) -> Promise {
        self.request(Ok(Command::SetScreen(on)))
    }

    /// Uses this `microphone`, `camera` or `speaker` from now on; none: the default one.
    #[wasm_bindgen(js_name = setDevice)]
    pub fn set_device(&self, kind: &str, id: Option<String>) -> Promise {
        let id = id.map(Into::into);
        self.request(match kind {
            "microphone" => Ok(Command::SetDevice(MediaKind::Microphone, id)),
            "camera" => Ok(Command::SetDevice(MediaKind::Camera, id)),
            "speaker" => Ok(Command::SetSpeaker(id)),
            _ => Err(invalid_argument("There is no such kind of device.")),
        })
    }

    /// Lets sound through only while a key is pressed, or always again.
    #[wasm_bindgen(js_name = setPushToTalk)]
    pub fn set_push_to_talk(&self, on: bool) -> Promise {
        self.request(Ok(Command::SetPushToTalk(on)))
    }

    /// The key is pressed or released.
    pub fn talk(&self, pressed: bool) -> Promise {
        self.request(Ok(Command::Talk(pressed)))
    }

    /// Returns the picture that is sent, or nothing.
    #[wasm_bindgen(getter, js_name = localVideo)]
    #[must_use]
    pub fn local_video(&self) -> Option<MediaStream> {
        let source = self.driver.client(Client::video);
        self.driver.platform()?.video_stream(source)
    }

    /// Returns the chosen microphone, camera and loudspeaker, each an id or null.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn choices(&self) -> JsValue {
        self.driver
            .client(|client| array(client.choices().into_iter().map(view::optional)))
    }

    /// Returns where the current call stands.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn state(&self) -> String {
        self.driver.client(|client| client.state().as_str().into())
    }

    /// Tells whether the microphone is muted.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn muted(&self) -> bool {
        self.driver.client(|client| client.is_muted())
    }

    /// Returns the current call as `Call`, or null.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn call(&self) -> JsValue {
        self.driver
            .client(|client| view::optional(client.call().as_ref().map(view::call)))
    }

    /// Returns what arrives from a participant, once it does.
    #[wasm_bindgen(js_name = remoteStream)]
    #[must_use]
    pub fn remote_stream(&self, user_id: &str) -> Option<MediaStream> {
        self.driver.platform()?.peers.stream_of_user(user_id)
    }

    /// Returns the microphone's stream while it is open.
    #[wasm_bindgen(getter, js_name = localStream)]
    #[must_use]
    pub fn local_stream(&self) -> Option<MediaStream> {
        self.driver.platform()?.stream(MediaKind::Microphone)
    }

    /// Plays what the browser held back; call it from a click. Resolves once that was tried.
    #[wasm_bindgen(js_name = resumeAudio)]
    pub fn resume_audio(&self) -> Promise {
        let attempts = self
            .driver
            .platform()
            .map(|platform| platform.playback.resume());
        Promise::all_settled(&attempts.unwrap_or_default())
    }

    /// Ends what goes on and lets go of everything of the browser.
    pub fn dispose(&self) {
        self.driver.request(self.next_request(), Command::Dispose);
    }
}

impl Engine {
    fn request(&self, command: Result<Command, JsValue>) -> Promise {
        match command {
            Ok(command) => {
                let id = self.next_request();
                let promise = self.promises.open(id);
                self.driver.request(id, command);
                promise
            }
            Err(error) => Promise::reject(&error),
        }
    }

    fn next_request(&self) -> RequestId {
        let id = self.last_request.get().next();
        self.last_request.set(id);
        id
    }
}

fn initiate(
    chat_id: String,
    targets: &JsValue,
    call_type: &str,
    video: Option<bool>,
) -> Result<Command, JsValue> {
    Ok(Command::Initiate {
        chat_id: ChatId::new(chat_id).map_err(|_| invalid_argument("chatId is not a chat id."))?,
        call_type: CallType::parse(call_type)
            .ok_or_else(|| invalid_argument("callType is neither 'voice' nor 'video'."))?,
        targets: read_targets(targets)?,
        video,
    })
}

fn read_targets(value: &JsValue) -> Result<Option<Vec<UserId>>, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    let refusal = || invalid_argument("targetUserIds is not an array of user ids.");
    if !Array::is_array(value) {
        return Err(refusal());
    }
    let ids = value.unchecked_ref::<Array>().iter().map(|id| {
        let text = id.as_string().ok_or_else(refusal)?;
        UserId::new(text).map_err(|_| refusal())
    });
    ids.collect::<Result<_, _>>().map(Some)
}

fn read_session(session_id: Option<String>) -> Result<Option<SessionId>, JsValue> {
    session_id.map(parse_session).transpose()
}

fn parse_session(session_id: String) -> Result<SessionId, JsValue> {
    SessionId::new(session_id).map_err(|_| invalid_argument("sessionId is not a session id."))
}

fn read_reason(reason: Option<String>) -> Result<Option<EndReason>, JsValue> {
    let reason = reason.map(EndReason::try_from).transpose();
    reason.map_err(|_| invalid_argument("A reason has 1 to 64 characters."))
}
