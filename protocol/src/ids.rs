//! Newtyped identifiers. An id is parsed once, at the edge; inside there is no bare string.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits;
use crate::name::Name;

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// The text is empty.
    Empty,
    /// The text is longer than the limit for this kind of id.
    TooLong,
    /// The text holds a control character.
    ControlCharacter,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an id must not be empty",
            Self::TooLong => "an id is too long",
            Self::ControlCharacter => "an id must not contain control characters",
        })
    }
}

impl std::error::Error for IdError {}

fn check(text: &str, most: usize) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    // Nearly all of them.
    if text.len() <= most && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    // Characters as JavaScript and the reference count them: not bytes.
    let mut left = most;
    for character in text.chars() {
        if left == 0 {
            return Err(IdError::TooLong);
        }
        if character.is_control() {
            return Err(IdError::ControlCharacter);
        }
        left -= 1;
    }
    Ok(())
}

/// Reads an id of at most so many characters.
struct NameVisitor(usize);

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
        check(text, self.0).map_err(E::custom)?;
        Ok(Name::from(text))
    }
}

macro_rules! id {
    ($(#[doc = $doc:literal])* $name:ident, $most:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
        pub struct $name(Name);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(NameVisitor($most)).map(Self)
            }
        }

        impl $name {
            /// Parses an id.
            ///
            /// # Errors
            /// When the text is empty, too long, or holds a control character.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                Self::try_from(text.into())
            }

            /// Returns an id that names nothing: what a reader holds beside its error.
            #[must_use]
            pub fn nameless() -> Self {
                Self(Name::default())
            }

            /// Returns the id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": concat!($($doc),*).trim(),
                    "minLength": 1,
                    "maxLength": $most,
                    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$",
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                check(&text, $most)?;
                Ok(Self(Name::from(&*text)))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().into()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

id!(
    /// A person, as the host application names them (the token's `sub`).
    UserId,
    limits::ID_CHARS
);
id!(
    /// A conversation of the host application.
    ChatId,
    limits::ID_CHARS
);
id!(
    /// One call, as the server names it (a UUIDv7).
    SessionId,
    limits::ID_CHARS
);
id!(
    /// One browser tab or app install of a user.
    DeviceId,
    limits::DEVICE_ID_CHARS
);
id!(
    /// The caller's own name for one attempt to call; a repeat returns the same call.
    CallRequestId,
    limits::ID_CHARS
);
