//! Writes the wire types as plain JavaScript values, by serde.
//!
//! Only the shapes that the wire has are supported; any other is refused.

use std::fmt::{self, Display};

use js_sys::{Array, Object};
use serde::ser::{self, Impossible, Serialize};
use wasm_bindgen::prelude::*;

use super::js;

/// Writes a value: structures become objects, `None` null, numbers numbers.
///
/// # Errors
/// When the value has a shape that no message has.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, Unsupported> {
    value.serialize(Encoder)
}

/// A value has a shape that no message has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unsupported;

impl Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unsupported")
    }
}

impl std::error::Error for Unsupported {}

impl ser::Error for Unsupported {
    fn custom<T: Display>(_message: T) -> Self {
        Self
    }
}

/// A serde serializer into one JavaScript value.
pub(crate) struct Encoder;

type Encoded = Result<JsValue, Unsupported>;

macro_rules! numbers {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, value: $type) -> Encoded {
            Ok(JsValue::from_f64(value as f64))
        })*
    };
}

macro_rules! refused {
    ($($method:ident($($argument:ty),*) -> $output:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$output, Unsupported> {
            Err(Unsupported)
        })*
    };
}

impl ser::Serializer for Encoder {
    type Ok = JsValue;
    type Error = Unsupported;
    type SerializeSeq = Elements;
    type SerializeStruct = Fields;
    type SerializeTuple = Impossible<JsValue, Unsupported>;
    type SerializeTupleStruct = Impossible<JsValue, Unsupported>;
    type SerializeTupleVariant = Impossible<JsValue, Unsupported>;
    type SerializeMap = Impossible<JsValue, Unsupported>;
    type SerializeStructVariant = Impossible<JsValue, Unsupported>;

    numbers! {
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_f32: f32,
        serialize_f64: f64,
    }

    refused! {
        serialize_char(char) -> JsValue;
        serialize_bytes(&[u8]) -> JsValue;
        serialize_unit() -> JsValue;
        serialize_unit_struct(&'static str) -> JsValue;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_bool(self, value: bool) -> Encoded {
        Ok(value.into())
    }

    fn serialize_str(self, value: &str) -> Encoded {
        Ok(value.into())
    }

    fn serialize_none(self) -> Encoded {
        Ok(JsValue::NULL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Encoded {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Encoded {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Encoded {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Encoded {
        Err(Unsupported)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Elements, Unsupported> {
        Ok(Elements(Array::new()))
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Fields, Unsupported> {
        Ok(Fields(Object::new().into()))
    }
}

/// An array in the making.
pub(crate) struct Elements(Array);

impl ser::SerializeSeq for Elements {
    type Ok = JsValue;
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.0.push(&value.serialize(Encoder)?);
        Ok(())
    }

    fn end(self) -> Encoded {
        Ok(self.0.into())
    }
}

/// An object in the making.
pub(crate) struct Fields(JsValue);

impl ser::SerializeStruct for Fields {
    type Ok = JsValue;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        js::set(&self.0, name, &value.serialize(Encoder)?);
        Ok(())
    }

    fn end(self) -> Encoded {
        Ok(self.0)
    }
}
