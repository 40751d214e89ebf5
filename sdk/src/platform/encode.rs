//! Writes the wire types as plain JavaScript values, by serde.
//!
//! Only the shapes that the wire has are supported: any other becomes `undefined`, which the golden
//! messages would show. So nothing can fail, and no field needs a way out.

use std::fmt::{self, Display};

use js_sys::{Array, Object};
use serde::ser::{self, Impossible, Serialize};
use wasm_bindgen::prelude::*;

use super::js;

/// Writes a value: structures become objects, `None` null, numbers numbers.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> JsValue {
    written(value.serialize(Encoder))
}

/// Takes the value out of an encoding, which cannot fail.
pub(crate) fn written(encoded: Encoded) -> JsValue {
    match encoded {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

/// What can go wrong: nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Never {}

impl Display for Never {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: Display>(_message: T) -> Self {
        unreachable!("no message has a field that may refuse to be written")
    }
}

/// A serde serializer into one JavaScript value.
pub(crate) struct Encoder;

/// What a serializer returns.
pub(crate) type Encoded = Result<JsValue, Never>;

macro_rules! numbers {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, value: $type) -> Encoded {
            Ok(JsValue::from_f64(value as f64))
        })*
    };
}

macro_rules! refused {
    ($($method:ident($($argument:ty),*) -> $output:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$output, Never> {
            Ok(JsValue::UNDEFINED)
        })*
    };
}

macro_rules! impossible {
    ($($method:ident($($argument:ty),*) -> $output:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$output, Never> {
            unreachable!("no message has such a shape")
        })*
    };
}

impl ser::Serializer for Encoder {
    type Ok = JsValue;
    type Error = Never;
    type SerializeSeq = Elements;
    type SerializeStruct = Fields;
    type SerializeTuple = Impossible<JsValue, Never>;
    type SerializeTupleStruct = Impossible<JsValue, Never>;
    type SerializeTupleVariant = Impossible<JsValue, Never>;
    type SerializeMap = Impossible<JsValue, Never>;
    type SerializeStructVariant = Impossible<JsValue, Never>;

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
    }

    impossible! {
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
        Ok(JsValue::UNDEFINED)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Elements, Never> {
        Ok(Elements(Array::new()))
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Fields, Never> {
        Ok(Fields(Object::new().into()))
    }
}

/// An array in the making.
pub(crate) struct Elements(Array);

impl ser::SerializeSeq for Elements {
    type Ok = JsValue;
    type Error = Never;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
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
    type Error = Never;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        js::set(&self.0, name, &value.serialize(Encoder)?);
        Ok(())
    }

    fn end(self) -> Encoded {
        Ok(self.0)
    }
}
