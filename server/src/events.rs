//! The events of the wire, as the server holds them.
//!
//! SDP and candidates are between the clients: the server does not read them. So it keeps each text
//! as the JSON that it came as, and sends it on without taking its escapes off and putting them on
//! again.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// Everything that a client may say.
pub type ClientEvent = client::Event<Verbatim>;

/// Everything that the server may say.
pub type ServerEvent = server::Event<Verbatim>;

/// A session description that is passed on.
pub type SessionDescription = ringback_protocol::SessionDescription<Verbatim>;

/// An ICE candidate that is passed on.
pub type IceCandidate = ringback_protocol::IceCandidate<Verbatim>;

/// The payloads of the events of clients.
pub mod client {
    pub use ringback_protocol::client::*;

    use super::Verbatim;

    /// `call:initiate`
    pub type CallInitiate = ringback_protocol::client::CallInitiate<Verbatim>;
    /// `call:accept`
    pub type CallAccept = ringback_protocol::client::CallAccept<Verbatim>;
    /// `webrtc:offer`
    pub type WebrtcOffer = ringback_protocol::client::WebrtcOffer<Verbatim>;
    /// `webrtc:answer`
    pub type WebrtcAnswer = ringback_protocol::client::WebrtcAnswer<Verbatim>;
    /// `webrtc:ice-candidate`
    pub type WebrtcIceCandidate = ringback_protocol::client::WebrtcIceCandidate<Verbatim>;
}

/// The payloads of the events of the server.
pub mod server {
    pub use ringback_protocol::server::*;

    use super::Verbatim;

    /// `call:incoming`
    pub type CallIncoming = ringback_protocol::server::CallIncoming<Verbatim>;
    /// `call:accepted`
    pub type CallAccepted = ringback_protocol::server::CallAccepted<Verbatim>;
    /// `webrtc:offer`
    pub type WebrtcOffer = ringback_protocol::server::WebrtcOffer<Verbatim>;
    /// `webrtc:answer`
    pub type WebrtcAnswer = ringback_protocol::server::WebrtcAnswer<Verbatim>;
    /// `webrtc:ice-candidate`
    pub type WebrtcIceCandidate = ringback_protocol::server::WebrtcIceCandidate<Verbatim>;
}

/// A text that is passed on as it came: a string in JSON, with its quotes and escapes.
#[derive(Debug, Clone)]
pub struct Verbatim(Box<RawValue>);

impl Verbatim {
    /// Returns the text itself.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        let text: Unescaped<'_> =
            serde_json::from_str(self.0.get()).expect("it was a string before");
        text.0
    }

    /// Returns how many bytes the JSON has: the text has no more.
    #[must_use]
    pub fn json_len(&self) -> usize {
        self.0.get().len()
    }
}

impl fmt::Display for Verbatim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl From<&str> for Verbatim {
    fn from(text: &str) -> Self {
        Self(to_raw_value(text).expect("each text is a string in JSON"))
    }
}

/// The same text may have been escaped in different ways.
impl PartialEq for Verbatim {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get() || self.text() == other.text()
    }
}

impl Eq for Verbatim {}

impl<'de> Deserialize<'de> for Verbatim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if !is_surely_text(raw.get()) {
            let looked: Result<Unescaped<'_>, _> = serde_json::from_str(raw.get());
            looked.map_err(|error| D::Error::custom(without_position(&error.to_string())))?;
        }
        Ok(Self(raw))
    }
}

impl Serialize for Verbatim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Returns what is wrong; where it is in this one text tells nobody anything.
pub(crate) fn without_position(error: &str) -> &str {
    error
        .rsplit_once(" at line ")
        .map_or(error, |(text, _)| text)
}

/// Finds what may be a character that is escaped by its number.
static BY_NUMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r"\u"));

/// A text that is borrowed when nothing in it is escaped.
#[derive(Deserialize)]
pub(crate) struct Unescaped<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Tells a string of Unicode at a glance: only of one with numbers in its escapes, which may be
/// surrogates without a partner, a closer look tells.
fn is_surely_text(json: &str) -> bool {
    json.starts_with('"') && BY_NUMBER.find(json.as_bytes()).is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, to_string};

    use super::*;

    #[test]
    fn a_text_goes_on_with_the_escapes_that_it_came_with() {
        for json in [r#""""#, r#""v=0\r\ns=-""#, r#""\u0041\/ä 🙂 \ud83d\ude42""#] {
            let text: Verbatim = from_str(&format!(" {json} ")).unwrap();
            assert_eq!(to_string(&text).unwrap(), json);
        }
    }

    #[test]
    fn a_text_is_the_same_however_it_is_escaped() {
        let escaped: Verbatim = from_str(r#""\u0041\r\/""#).unwrap();
        assert_eq!(escaped, Verbatim::from("A\r/"));
        assert_eq!(escaped.to_string(), "A\r/");
        assert_ne!(escaped, Verbatim::from(r"\u0041\r/"));
    }

    #[test]
    fn what_is_no_text_is_refused_as_by_any_other_field() {
        for json in ["5", "null", "{}", r#"["a"]"#] {
            let error = |error: serde_json::Error| error.to_string();
            let expected = from_str::<String>(json).map_err(error).unwrap_err();
            let refused = from_str::<Verbatim>(json).map_err(error).unwrap_err();
            assert!(
                refused.starts_with(&expected[..expected.rfind(" at line").unwrap()]),
                "{refused}"
            );
        }
    }

    #[test]
    fn what_is_not_unicode_or_not_json_is_not_passed_on() {
        for json in [
            r#""\ud83d""#,
            r#""\ude42\ud83d""#,
            r#""\ud83dx""#,
            "\"a\nb\"",
            r#""\x41""#,
            r#""a"#,
        ] {
            assert!(from_str::<Verbatim>(json).is_err(), "{json}");
        }
    }
}
