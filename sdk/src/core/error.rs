//! The failures that the application sees, each with a stable code and a text that says what to do.

use ringback_protocol::{ErrorCode, server};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, retryable $retryable:literal, $text:literal;)*) => {
        /// A failure that arises in the browser.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ClientCode {
            $($(#[$doc])* $variant,)*
        }

        impl ClientCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the code as the application sees it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Tells whether the same request may succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => $retryable,)* }
            }

            /// Returns what happened and what to do.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// The person or a policy refused the microphone.
    MicDenied = "MIC_DENIED", retryable true, "The microphone is blocked: allow it for this site in the browser's address bar and try again.";
    /// There is no microphone.
    MicNotFound = "MIC_NOT_FOUND", retryable true, "No microphone was found: plug one in and try again.";
    /// Another program holds the microphone.
    MicInUse = "MIC_IN_USE", retryable true, "The microphone is in use by another program: close it there and try again.";
    /// The microphone failed for another reason.
    MicFailed = "MIC_FAILED", retryable true, "The microphone could not be opened: try again or choose another one.";
    /// The person or a policy refused the camera.
    CameraDenied = "CAMERA_DENIED", retryable true, "The camera is blocked: allow it for this site in the browser's address bar and try again.";
    /// There is no camera.
    CameraNotFound = "CAMERA_NOT_FOUND", retryable true, "No camera was found: plug one in and try again.";
    /// Another program holds the camera.
    CameraInUse = "CAMERA_IN_USE", retryable true, "The camera is in use by another program: close it there and try again.";
    /// The camera failed for another reason.
    CameraFailed = "CAMERA_FAILED", retryable true, "The camera could not be opened: try again or choose another one.";
    /// The person did not choose a screen, or the system refused.
    ScreenDenied = "SCREEN_DENIED", retryable true, "No screen was shared: choose one, and allow the browser to record the screen in the system's settings.";
    /// The screen cannot be shared.
    ScreenFailed = "SCREEN_FAILED", retryable true, "The screen could not be shared: try again, or use another browser.";
    /// The browser cannot choose a loudspeaker.
    SpeakerUnsupported = "SPEAKER_UNSUPPORTED", retryable false, "This browser cannot choose the speaker: choose it in the system's settings.";
    /// There is no such device.
    DeviceNotFound = "DEVICE_NOT_FOUND", retryable true, "There is no such device any more: choose another one.";
    /// The page is not served over HTTPS or from localhost.
    InsecureContext = "INSECURE_CONTEXT", retryable false, "Calls need a secure page: serve it over HTTPS or from localhost.";
    /// The browser has no WebRTC.
    Unsupported = "UNSUPPORTED", retryable false, "This browser cannot make calls: it has no WebRTC.";
    /// The socket is not connected.
    NotConnected = "NOT_CONNECTED", retryable true, "There is no connection to the server: wait for it to come back and try again.";
    /// The socket was lost before the server answered.
    SignalingLost = "SIGNALING_LOST", retryable true, "The connection to the server was lost before it answered: try again.";
    /// The server did not answer in time.
    SignalingTimeout = "SIGNALING_TIMEOUT", retryable true, "The server did not answer in time: try again.";
    /// No media path came about.
    ConnectionFailed = "CONNECTION_FAILED", retryable true, "No media connection came about: a TURN server may be needed on this network.";
    /// There is no current call.
    NoCall = "NO_CALL", retryable false, "There is no call.";
    /// No call is ringing on this device.
    NotRinging = "NOT_RINGING", retryable false, "No call is ringing on this device.";
    /// The call ended before the request was done.
    Cancelled = "CANCELLED", retryable false, "The call ended before this was done.";
    /// The manager was disposed.
    Disposed = "DISPOSED", retryable false, "This manager was disposed: make a new one.";
    /// A server without codes refused.
    ServerError = "SERVER_ERROR", retryable false, "The server refused.";
    /// The browser failed in a way that has no code of its own.
    InternalError = "INTERNAL_ERROR", retryable true, "Something failed in the browser: try again.";
}

/// A code of either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It arose in the browser.
    Client(ClientCode),
    /// The server refused.
    Server(ErrorCode),
}

/// What a promise is rejected with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientError {
    /// Stable code.
    pub code: Code,
    /// A more exact text than the code's own, when there is one.
    pub detail: Option<String>,
    /// How long to wait before it may succeed, in milliseconds, when the server said so.
    pub retry_after_ms: Option<u64>,
}

impl ClientError {
    /// Returns the code as the application sees it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.code {
            Code::Client(code) => code.as_str(),
            Code::Server(code) => code.as_str(),
        }
    }

    /// Tells whether the same request may succeed later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self.code {
            Code::Client(code) => code.retryable(),
            Code::Server(code) => code.retryable(),
        }
    }

    /// Returns what happened and what to do, for a person.
    #[must_use]
    pub fn message(&self) -> &str {
        match (&self.detail, self.code) {
            (Some(detail), _) => detail,
            (None, Code::Client(code)) => code.message(),
            (None, Code::Server(code)) => code.message(),
        }
    }
}

impl From<ClientCode> for ClientError {
    fn from(code: ClientCode) -> Self {
        Self {
            code: Code::Client(code),
            detail: None,
            retry_after_ms: None,
        }
    }
}

impl From<ErrorCode> for ClientError {
    fn from(code: ErrorCode) -> Self {
        Self {
            code: Code::Server(code),
            detail: None,
            retry_after_ms: None,
        }
    }
}

impl From<server::CallError> for ClientError {
    fn from(event: server::CallError) -> Self {
        Self {
            code: Code::Server(event.code),
            detail: Some(event.error),
            retry_after_ms: event.retry_after_ms,
        }
    }
}
