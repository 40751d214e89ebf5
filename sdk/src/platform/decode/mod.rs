//! Reads JavaScript values into the wire types.
//!
//! Not by serde: its visitors are made anew for each type, with a way out at every field, and came
//! to a third of the module. Here a field costs one call. A field that does not fit leaves a
//! placeholder and marks the whole reading as unsound, and nothing of an unsound reading gets out.
//!
//! The shapes are those of `protocol`: a struct literal names every field, so that one which is
//! added there does not compile here until it is read, and the golden messages pass through both.

mod shapes;

use js_sys::Array;
use ringback_protocol::server::ElsewhereAction;
use ringback_protocol::{
    CallStatus, CallType, ChatId, DeviceId, EndReason, ErrorCode, ParticipantStatus, SdpType,
    SessionId, UserId, VideoSource, VideoState,
};
use wasm_bindgen::prelude::*;

use super::js;

pub(crate) use shapes::server_event;

/// Reads a value.
///
/// # Errors
/// When the value does not have the type's shape.
pub(crate) fn decode<T: Read>(value: JsValue) -> Result<T, Malformed> {
    let mut reading = Reading { sound: true };
    let read = T::read(value, &mut reading);
    if reading.sound {
        Ok(read)
    } else {
        Err(Malformed)
    }
}

/// A value does not have the shape of its type.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Malformed;

/// Whether everything so far had its shape.
pub(crate) struct Reading {
    sound: bool,
}

impl Reading {
    /// Notes that something does not have its shape.
    fn spoil(&mut self) {
        self.sound = false;
    }

    /// Returns what was found, or a placeholder for what was not.
    fn expect<T: Default>(&mut self, found: Option<T>) -> T {
        if found.is_none() {
            self.spoil();
        }
        found.unwrap_or_default()
    }
}

/// A type that can be read from a JavaScript value.
pub(crate) trait Read: Sized {
    /// Reads a value, or returns a placeholder and marks the reading as unsound.
    fn read(value: JsValue, reading: &mut Reading) -> Self;
}

/// An object whose fields are read one after the other.
struct Fields(JsValue);

impl Fields {
    fn of(value: JsValue, reading: &mut Reading) -> Self {
        if !value.is_object() || Array::is_array(&value) {
            reading.spoil();
        }
        Self(value)
    }

    fn field<T: Read>(&self, name: &str, reading: &mut Reading) -> T {
        T::read(js::get(&self.0, name), reading)
    }

    /// Reads a field that may be absent.
    fn field_or<T: Read>(&self, name: &str, absent: T, reading: &mut Reading) -> T {
        let value = js::get(&self.0, name);
        if value.is_undefined() {
            absent
        } else {
            T::read(value, reading)
        }
    }
}

impl Read for String {
    fn read(value: JsValue, reading: &mut Reading) -> Self {
        reading.expect(value.as_string())
    }
}

impl Read for Box<str> {
    fn read(value: JsValue, reading: &mut Reading) -> Self {
        String::read(value, reading).into_boxed_str()
    }
}

impl Read for bool {
    fn read(value: JsValue, reading: &mut Reading) -> Self {
        reading.expect(value.as_bool())
    }
}

impl Read for f64 {
    fn read(value: JsValue, reading: &mut Reading) -> Self {
        reading.expect(value.as_f64())
    }
}

/// Reads a whole number that JavaScript and Rust agree on.
fn whole(value: &JsValue, most: f64, reading: &mut Reading) -> f64 {
    let number = value.as_f64().unwrap_or(-1.0);
    // Also false for NaN.
    let is_whole = number >= 0.0 && number <= most && number.trunc() == number;
    if is_whole {
        return number;
    }
    reading.spoil();
    0.0
}

macro_rules! whole_numbers {
    ($($type:ty: $most:expr,)*) => {
        $(impl Read for $type {
            fn read(value: JsValue, reading: &mut Reading) -> Self {
                whole(&value, $most, reading) as Self
            }
        })*
    };
}

whole_numbers! {
    u8: 255.0,
    u16: 65_535.0,
    u32: 4_294_967_295.0,
    u64: 9_007_199_254_740_991.0,
}

impl<T: Read> Read for Option<T> {
    fn read(value: JsValue, reading: &mut Reading) -> Self {
        let is_absent = value.is_undefined() || value.is_null();
        (!is_absent).then(|| T::read(value, reading))
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: JsValue, reading: &mut Reading) -> Self {
        let mut elements = Self::new();
        if !Array::is_array(&value) {
            reading.spoil();
            return elements;
        }
        let array: Array = value.unchecked_into();
        for at in 0..array.length() {
            elements.push(T::read(array.get(at), reading));
        }
        elements
    }
}

macro_rules! texts {
    ($($type:ty: $parse:expr, else $placeholder:expr;)*) => {
        $(impl Read for $type {
            fn read(value: JsValue, reading: &mut Reading) -> Self {
                let parse: fn(String) -> Option<Self> = $parse;
                let read = value.as_string().and_then(parse);
                if read.is_none() {
                    reading.spoil();
                }
                read.unwrap_or_else(|| $placeholder)
            }
        })*
    };
}

texts! {
    UserId: |text| Self::try_from(text).ok(), else Self::nameless();
    ChatId: |text| Self::try_from(text).ok(), else Self::nameless();
    SessionId: |text| Self::try_from(text).ok(), else Self::nameless();
    DeviceId: |text| Self::try_from(text).ok(), else Self::nameless();
    EndReason: |text| Self::try_from(text).ok(), else Self::Server;
    CallType: |text| Self::parse(&text), else Self::Voice;
    CallStatus: |text| Self::parse(&text), else Self::Failed;
    ParticipantStatus: |text| Self::parse(&text), else Self::Left;
    ErrorCode: |text| Self::parse(&text), else Self::Internal;
    VideoSource: |text| Self::parse(&text), else Self::Camera;
    VideoState: |text| Self::parse(&text), else Self::Off;
    SdpType: |text| Self::parse(&text), else Self::Rollback;
    ElsewhereAction: |text| Self::parse(&text), else Self::Rejected;
}
