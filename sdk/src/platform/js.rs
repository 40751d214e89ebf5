//! Plain JavaScript values.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

/// Reads a property; undefined when there is none, or the value has no properties.
pub(crate) fn get(target: &JsValue, name: &str) -> JsValue {
    Reflect::get(target, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Writes a property of an object of ours.
pub(crate) fn set(target: &JsValue, name: &str, value: &JsValue) {
    // Only a frozen object or a proxy refuses, and ours are neither.
    let _written = Reflect::set(target, &JsValue::from_str(name), value);
}

/// Makes an object of these properties.
pub(crate) fn object(properties: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new().into();
    for (name, value) in properties {
        set(&object, name, value);
    }
    object
}

/// Makes an object of properties that are all known: one text holds their names.
macro_rules! record {
    ($first:ident: $value:expr $(, $name:ident: $more:expr)* $(,)?) => {
        $crate::platform::named(
            concat!(stringify!($first) $(, " ", stringify!($name))*),
            &[$value $(, $more)*],
        )
    };
}

pub(crate) use record;

/// Makes an object of these names, with a space between them, and their values.
pub(crate) fn named(names: &str, values: &[JsValue]) -> JsValue {
    let array = Array::new();
    for value in values {
        array.push(value);
    }
    pair(names, &array)
}

#[wasm_bindgen(module = "/src/platform/record.js")]
extern "C" {
    fn pair(names: &str, values: &Array) -> JsValue;
}

/// Makes an array.
pub(crate) fn array(values: impl Iterator<Item = JsValue>) -> JsValue {
    let array = Array::new();
    for value in values {
        array.push(&value);
    }
    array.into()
}

/// Returns a property that is a text.
pub(crate) fn text(target: &JsValue, name: &str) -> Option<String> {
    get(target, name).as_string()
}

/// Returns the text of an exception.
pub(crate) fn error_text(error: &JsValue) -> String {
    text(error, "message")
        .or_else(|| error.as_string())
        .unwrap_or_default()
}

/// A function of ours that JavaScript calls with one value.
pub(crate) type Callback = Closure<dyn Fn(JsValue)>;

/// Makes a callback.
///
/// Boxed before it is wrapped: wasm-bindgen makes a way in for each type that it wraps, and this
/// way all of them share one.
pub(crate) fn callback(call: impl Fn(JsValue) + 'static) -> Callback {
    let call: Box<dyn Fn(JsValue)> = Box::new(call);
    Closure::wrap(call)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    fn math_random() -> f64;
}

/// Returns a number that no other page is likely to return; not a secret.
pub(crate) fn random_seed() -> u64 {
    let half = || (math_random() * f64::from(u32::MAX)) as u64;
    (half() << 32) | half()
}
