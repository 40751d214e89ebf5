//! The macro that declares the events of one direction, each once.

use std::fmt;

/// Why an event did not decode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError<E> {
    /// No event of this direction has that name.
    UnknownEvent,
    /// The payload does not have the shape of this event.
    InvalidPayload(E),
}

impl<E: fmt::Display> fmt::Display for DecodeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownEvent => f.write_str("unknown event"),
            Self::InvalidPayload(error) => error.fmt(f),
        }
    }
}

macro_rules! events {
    (
        $(#[$enum_doc:meta])* $enum:ident;
        $($(#[doc = $doc:literal])* $name:literal => $variant:ident $(<$text:ident>)?,)*
    ) => {
        $(#[$enum_doc])*
        ///
        /// `Text` is what holds the texts that only pass through: SDP and candidates.
        #[derive(Debug, Clone, PartialEq)]
        pub enum $enum<Text> {
            $($(#[doc = $doc])* $variant($variant $(<$text>)?),)*
        }

        impl<Text> $enum<Text> {
            /// The wire names of all events of this direction.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// Returns where this event stands in [`Self::NAMES`].
            #[must_use]
            pub const fn index(&self) -> usize {
                enum Place { $($variant,)* }
                match self { $(Self::$variant(_) => Place::$variant as usize,)* }
            }

            /// Returns the wire name of this event.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// Decodes the payload of the event with that name.
            ///
            /// # Errors
            /// When no event has that name, or the payload does not have its shape.
            pub fn decode<'de, D: serde::Deserializer<'de>>(
                name: &str,
                payload: D,
            ) -> Result<Self, $crate::DecodeError<D::Error>>
            where
                Text: serde::Deserialize<'de>,
            {
                match name {
                    $($name => serde::Deserialize::deserialize(payload)
                        .map(Self::$variant)
                        .map_err($crate::DecodeError::InvalidPayload),)*
                    _ => Err($crate::DecodeError::UnknownEvent),
                }
            }

            /// Encodes the payload; the name travels beside it.
            ///
            /// # Errors
            /// When the serializer fails.
            pub fn encode<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>
            where
                Text: serde::Serialize,
            {
                match self { $(Self::$variant(payload) => serde::Serialize::serialize(payload, serializer),)* }
            }
        }

        impl $enum<Box<str>> {
            /// Shows the schema of every event of this direction to a visitor.
            #[cfg(feature = "schema")]
            pub(crate) fn describe_schemas(visitor: &mut impl $crate::schema::EventVisitor) {
                $(visitor.event::<$variant>($name, &[$($doc),*]);)*
            }

            /// Shows every event of this direction to a visitor.
            #[cfg(feature = "ts")]
            pub(crate) fn describe(visitor: &mut impl $crate::typescript::EventVisitor) {
                $(visitor.event::<$variant>($name, &[$($doc),*]);)*
            }
        }

        $(
            impl<Text> From<$variant $(<$text>)?> for $enum<Text> {
                fn from(payload: $variant $(<$text>)?) -> Self {
                    Self::$variant(payload)
                }
            }
        )*
    };
}

pub(crate) use events;
