//! Reads JavaScript values into the wire types, by serde.
//!
//! It is made for a small module: a structure is read field by field in the order of its type, with
//! nothing to look up, and a failure says nothing more. Every optional field of the wire has to be
//! `#[serde(default)]`.

use std::fmt::{self, Display};

use js_sys::Array;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use wasm_bindgen::prelude::*;

use super::js;

/// Reads a value.
///
/// # Errors
/// When the value does not have the type's shape.
pub(crate) fn decode<T: DeserializeOwned>(value: &JsValue) -> Result<T, Malformed> {
    T::deserialize(Decoder(value.clone()))
}

/// A value does not have the shape of its type.
///
/// It says no more: carrying the name of the field through every type costs two kilobytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Malformed;

impl Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed")
    }
}

impl std::error::Error for Malformed {}

/// Every constructor is overridden: the texts that they would format are not worth their size.
impl de::Error for Malformed {
    fn custom<T: Display>(_message: T) -> Self {
        Self
    }

    fn invalid_type(_unexpected: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_value(_unexpected: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_length(_length: usize, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_variant: &str, _expected: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_field: &str, _expected: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_field: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_field: &'static str) -> Self {
        Self
    }
}

/// A serde deserializer over one JavaScript value.
pub(crate) struct Decoder(JsValue);

impl Decoder {
    /// Makes one over a value.
    pub(crate) const fn new(value: JsValue) -> Self {
        Self(value)
    }

    fn elements(&self) -> Result<Elements, Malformed> {
        if !Array::is_array(&self.0) {
            return Err(Malformed);
        }
        Ok(Elements {
            array: self.0.clone().unchecked_into(),
            next: 0,
        })
    }

    /// Returns a whole number that JavaScript and Rust agree on.
    fn whole(&self) -> Result<u64, Malformed> {
        const GREATEST_SAFE: f64 = 9_007_199_254_740_991.0;
        let number = self.0.as_f64().ok_or(Malformed)?;
        let is_whole = (0.0..=GREATEST_SAFE).contains(&number) && number.fract() == 0.0;
        is_whole.then_some(number as u64).ok_or(Malformed)
    }
}

impl<'de> de::Deserializer<'de> for Decoder {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.0.as_string() {
            Some(text) => visitor.visit_string(text),
            None => visitor.visit_seq(self.elements()?),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_bool(self.0.as_bool().ok_or(Malformed)?)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u64(self.whole()?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u64(self.whole()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u64(self.whole()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u64(self.whole()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_f64(self.0.as_f64().ok_or(Malformed)?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_string(self.0.as_string().ok_or(Malformed)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.0.is_undefined() || self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_seq(self.elements()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        if !self.0.is_object() {
            return Err(Malformed);
        }
        visitor.visit_seq(Fields {
            object: self.0,
            fields,
            next: 0,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let text = self.0.as_string().ok_or(Malformed)?;
        let index = variants.iter().position(|variant| *variant == text);
        let index = u32::try_from(index.ok_or(Malformed)?).map_err(|_| Malformed)?;
        visitor.visit_enum(index.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 f32 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct
        map identifier ignored_any
    }
}

/// The properties of an object that its type knows, in the order of the type.
///
/// An absent one is an element that is not there, which the next may follow all the same: serde
/// then takes the default, or fails when the field has none.
struct Fields {
    object: JsValue,
    fields: &'static [&'static str],
    next: usize,
}

impl<'de> de::SeqAccess<'de> for Fields {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        let name = self.fields.get(self.next).ok_or(Malformed)?;
        let value = js::get(&self.object, name);
        self.next += 1;
        if value.is_undefined() {
            return Ok(None);
        }
        seed.deserialize(Decoder(value)).map(Some)
    }
}

/// The elements of an array.
struct Elements {
    array: Array,
    next: u32,
}

impl<'de> de::SeqAccess<'de> for Elements {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        if self.next >= self.array.length() {
            return Ok(None);
        }
        let value = self.array.get(self.next);
        self.next += 1;
        seed.deserialize(Decoder(value)).map(Some)
    }
}
