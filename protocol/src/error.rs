//! The table of error codes.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal, retryable $retryable:literal, $text:literal;)*) => {
        /// The stable code of a failure, the same in acks, `call:error` and REST.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $wire)] $variant,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the code as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }

            /// Returns the code that a text names.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($wire => Some(Self::$variant),)* _ => None }
            }

            /// Tells whether the same request may succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => $retryable,)* }
            }

            /// Returns the meaning, for a person.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// No token, or one that does not verify.
    Unauthenticated = "UNAUTHENTICATED", retryable false, "Sign in first: the token is missing or not valid.";
    /// The token's time is over.
    TokenExpired = "TOKEN_EXPIRED", retryable true, "The token has expired: fetch a new one and connect again.";
    /// The token is valid but does not allow this.
    Forbidden = "FORBIDDEN", retryable false, "The token does not allow this.";
    /// The user, or a target, is not a member of the chat.
    NotAMember = "NOT_A_MEMBER", retryable false, "Everyone in a call must be a member of its chat.";
    /// The server does not know the chat.
    ChatNotFound = "CHAT_NOT_FOUND", retryable false, "There is no such chat.";
    /// There is no such call, or the asker may not see it.
    CallNotFound = "CALL_NOT_FOUND", retryable false, "There is no such call.";
    /// The call is over.
    CallEnded = "CALL_ENDED", retryable false, "The call has ended.";
    /// The user's device is not in the call.
    NotInCall = "NOT_IN_CALL", retryable false, "This device is not in the call.";
    /// The user is already in another live call.
    AlreadyInCall = "ALREADY_IN_CALL", retryable true, "You are already in a call: end or leave it first.";
    /// Another device of the user answered.
    AlreadyAnswered = "ALREADY_ANSWERED", retryable false, "The call was answered on another device.";
    /// There is nobody to call.
    NoTargets = "NO_TARGETS", retryable false, "There is nobody to call in this chat.";
    /// The call has as many participants as it may have.
    CallFull = "CALL_FULL", retryable true, "The call is full.";
    /// The device that a signal is for is not connected.
    TargetUnreachable = "TARGET_UNREACHABLE", retryable true, "That participant is not connected right now.";
    /// The payload does not have the documented shape.
    InvalidPayload = "INVALID_PAYLOAD", retryable false, "The payload does not have the documented shape.";
    /// The payload is larger than the limit.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", retryable false, "The payload is larger than allowed.";
    /// The server does not know the event.
    UnknownEvent = "UNKNOWN_EVENT", retryable false, "The server does not know this event.";
    /// Too many messages in too short a time.
    RateLimited = "RATE_LIMITED", retryable true, "Too many messages: slow down.";
    /// The server is shutting down.
    Draining = "DRAINING", retryable true, "The server is restarting: try again in a moment.";
    /// The server failed.
    Internal = "INTERNAL", retryable true, "The server could not do this: try again.";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for ErrorCode {}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ErrorCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: Vec<_> = Self::ALL.iter().map(|code| code.schema()).collect();
        schemars::json_schema!({
            "description": "The stable code of a failure, the same in acks, `call:error` and REST.",
            "oneOf": codes,
        })
    }
}

#[cfg(feature = "schema")]
impl ErrorCode {
    fn schema(self) -> schemars::Schema {
        schemars::json_schema!({
            "const": self.as_str(),
            "description": self.message(),
            "x-retryable": self.retryable(),
        })
    }
}
