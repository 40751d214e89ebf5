//! The packets of the Socket.IO protocol, version 5, as far as one namespace needs them.
//!
//! <https://socket.io/docs/v4/socket-io-protocol/>
//!
//! What goes out stands in a message of Engine.IO already (its `4` comes first), so that it is sent
//! as it is to any number of sockets; what comes in has been taken out of one.

use std::cell::RefCell;

use ringback_protocol::Failure;
use serde::Serialize;

use crate::events::ServerEvent;

/// What goes out, ready for any number of sockets.
pub(crate) use tungstenite::Utf8Bytes as Text;

/// The most room that is kept to write packets, for each thread.
const KEPT_DESK: usize = 64 * 1024;

/// The namespace that calls live in.
const MAIN: &str = "/";

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// It wants into the main namespace, with this `auth` (JSON, or nothing).
    Connect(&'a str),
    /// It wants into another namespace.
    ConnectElsewhere(&'a str),
    /// It leaves.
    Disconnect,
    /// An event: a JSON array that starts with its name.
    Event(Frame<'a>),
    /// An event with binary attachments, which follow as binary messages.
    BinaryEvent(Frame<'a>),
    /// The ack of something that was never asked, or something for another namespace.
    Ignored,
}

/// The parts of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// The number to ack with, when an ack is wanted.
    pub(super) ack: Option<u64>,
    /// `["name", payload]`
    pub(super) body: &'a str,
}

/// The text is not a packet: whoever sent it does not speak Socket.IO.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> Packet<'a> {
    /// Parses the text of an Engine.IO message.
    pub(super) fn parse(text: &'a str) -> Result<Self, Malformed> {
        let (&kind, _) = text.as_bytes().split_first().ok_or(Malformed)?;
        if !kind.is_ascii() {
            return Err(Malformed);
        }
        let rest = &text[1..];
        match kind {
            b'0' => Ok(connect(rest)),
            b'1' => Ok(if is_main(rest) {
                Self::Disconnect
            } else {
                Self::Ignored
            }),
            b'2' => event_in(rest, Self::Event),
            b'3' | b'6' => Ok(Self::Ignored),
            b'5' => event_in(after_attachments(rest)?, Self::BinaryEvent),
            _ => Err(Malformed),
        }
    }
}

fn connect(rest: &str) -> Packet<'_> {
    let (namespace, auth) = split_namespace(rest);
    if namespace == MAIN {
        Packet::Connect(auth)
    } else {
        Packet::ConnectElsewhere(namespace)
    }
}

fn event_in<'a>(
    rest: &'a str,
    packet: fn(Frame<'a>) -> Packet<'a>,
) -> Result<Packet<'a>, Malformed> {
    let (namespace, rest) = split_namespace(rest);
    if namespace != MAIN {
        return Ok(Packet::Ignored);
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (ack, body) = rest.split_at(digits);
    let ack = match ack {
        "" => None,
        digits => Some(digits.parse().map_err(|_| Malformed)?),
    };
    // Broken JSON behind it is a mistake that gets an answer; this is another protocol.
    if !body.starts_with('[') {
        return Err(Malformed);
    }
    Ok(packet(Frame { ack, body }))
}

fn is_main(rest: &str) -> bool {
    split_namespace(rest).0 == MAIN
}

/// Splits `/name,rest`; without a name it is the main namespace.
fn split_namespace(rest: &str) -> (&str, &str) {
    if !rest.starts_with('/') {
        return (MAIN, rest);
    }
    // A client may ask for a namespace with a query string behind its name.
    let (path, rest) = rest.split_once(',').unwrap_or((rest, ""));
    (path.split('?').next().unwrap_or(path), rest)
}

fn after_attachments(rest: &str) -> Result<&str, Malformed> {
    let (count, rest) = rest.split_once('-').ok_or(Malformed)?;
    let is_count = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    if is_count { Ok(rest) } else { Err(Malformed) }
}

/// Tells the client that it is in, and its socket id.
pub(super) fn connected(socket_id: &str) -> Text {
    #[derive(Serialize)]
    struct Connected<'a> {
        sid: &'a str,
    }
    write(&["40"], &Connected { sid: socket_id }, "")
}

/// Tells the client that it is not let in: `err.message` and `err.data` of its `connect_error`.
pub(super) fn refused(failure: &Failure) -> Text {
    write(&["44"], &Refusal::of(failure), "")
}

/// Tells the client that there is no such namespace, as stock servers do.
pub(super) fn no_such_namespace(namespace: &str) -> Text {
    #[derive(Serialize)]
    struct Message {
        message: &'static str,
    }
    let message = Message {
        message: "Invalid namespace",
    };
    write(&["44", namespace, ","], &message, "")
}

/// Returns the name of the event in a packet that [`event`] made.
#[cfg(feature = "redis")]
pub(super) fn event_name(packet: &str) -> Option<&str> {
    let (name, _) = packet.strip_prefix("42[\"")?.split_once('"')?;
    Some(name)
}

/// Makes an event, ready for any number of sockets.
pub(super) fn event(event: &ServerEvent) -> Text {
    struct Payload<'a>(&'a ServerEvent);
    impl Serialize for Payload<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.encode(serializer)
        }
    }
    // Names are constants of the protocol: nothing in them needs escaping.
    write(&["42[\"", event.name(), "\","], &Payload(event), "]")
}

/// Makes the ack with that number.
pub(super) fn ack(number: u64, body: &impl Serialize) -> Text {
    write(&["43", &number.to_string(), "["], body, "]")
}

#[derive(Serialize)]
struct Refusal<'a> {
    message: &'a str,
    data: RefusalData<'a>,
}

#[derive(Serialize)]
struct RefusalData<'a> {
    retryable: bool,
    #[serde(flatten)]
    failure: &'a Failure,
}

impl<'a> Refusal<'a> {
    fn of(failure: &'a Failure) -> Self {
        Self {
            message: &failure.error,
            data: RefusalData {
                retryable: failure.code.retryable(),
                failure,
            },
        }
    }
}

fn write(before: &[&str], body: &impl Serialize, after: &str) -> Text {
    DESK.with_borrow_mut(|desk| {
        desk.clear();
        desk.shrink_to(KEPT_DESK);
        for part in before {
            desk.extend_from_slice(part.as_bytes());
        }
        serde_json::to_writer(&mut *desk, body).expect("our own types serialize to JSON");
        desk.extend_from_slice(after.as_bytes());
        str::from_utf8(desk).expect("JSON is UTF-8").into()
    })
}

thread_local! {
    /// Where a packet is written, before it takes as much memory as it is long.
    static DESK: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use ringback_protocol::ErrorCode;

    use super::*;
    use crate::events::server::ServerDraining;

    fn event_frame(ack: Option<u64>, body: &str) -> Packet<'_> {
        Packet::Event(Frame { ack, body })
    }

    #[test]
    fn an_event_may_carry_an_ack_number() {
        assert_eq!(
            Packet::parse(r#"2["a"]"#),
            Ok(event_frame(None, r#"["a"]"#))
        );
        assert_eq!(
            Packet::parse(r#"217["a"]"#),
            Ok(event_frame(Some(17), r#"["a"]"#))
        );
    }

    #[test]
    fn an_ack_number_beyond_all_bounds_is_malformed() {
        assert_eq!(
            Packet::parse("299999999999999999999[\"a\"]"),
            Err(Malformed)
        );
    }

    #[test]
    fn an_event_that_is_no_array_is_malformed() {
        for text in [
            "2",
            "2{}",
            "2abc[\"a\"]",
            "2\"a\"",
            "51-{}",
            "2 [\"a\"]",
            "212",
        ] {
            assert_eq!(Packet::parse(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn connecting_carries_the_auth_payload_or_nothing() {
        assert_eq!(Packet::parse("0"), Ok(Packet::Connect("")));
        assert_eq!(
            Packet::parse(r#"0{"token":"t"}"#),
            Ok(Packet::Connect(r#"{"token":"t"}"#))
        );
        assert_eq!(
            Packet::parse("0/admin?x=1,{}"),
            Ok(Packet::ConnectElsewhere("/admin"))
        );
    }

    #[test]
    fn what_is_for_another_namespace_is_ignored() {
        assert_eq!(Packet::parse(r#"2/admin,["a"]"#), Ok(Packet::Ignored));
        assert_eq!(Packet::parse("1/admin,"), Ok(Packet::Ignored));
        assert_eq!(Packet::parse("1"), Ok(Packet::Disconnect));
    }

    #[test]
    fn a_binary_event_is_recognised_by_its_count_of_attachments() {
        let frame = Frame {
            ack: Some(3),
            body: "[\"a\"]",
        };
        assert_eq!(Packet::parse("51-3[\"a\"]"), Ok(Packet::BinaryEvent(frame)));
        assert_eq!(Packet::parse("5x-[\"a\"]"), Err(Malformed));
        assert_eq!(Packet::parse("5[\"a\"]"), Err(Malformed));
    }

    #[test]
    fn no_text_makes_the_parser_panic() {
        for text in [
            "",
            "é",
            "2é",
            "2/é",
            "2/é,1é",
            "51-/é,é",
            "9",
            "0/",
            "2/,",
            "1é",
            "5é-",
        ] {
            let _ = Packet::parse(text);
        }
    }

    #[test]
    fn an_event_goes_out_as_an_array_of_name_and_payload() {
        let draining = ServerDraining {
            retry_after_ms: 500,
        };
        assert_eq!(
            event(&draining.into()).as_str(),
            r#"42["server:draining",{"retryAfterMs":500}]"#
        );
    }

    #[test]
    fn a_refusal_has_a_text_and_a_code_for_the_stock_client() {
        let failure = Failure::new(ErrorCode::TokenExpired, "too late");
        assert_eq!(
            refused(&failure).as_str(),
            r#"44{"message":"too late","data":{"retryable":true,"error":"too late","code":"TOKEN_EXPIRED"}}"#
        );
    }

    #[test]
    fn an_ack_goes_out_under_its_number() {
        assert_eq!(
            ack(12, &serde_json::json!({"success": true})).as_str(),
            r#"4312[{"success":true}]"#
        );
    }
}
