//! Plain JavaScript values: objects, promises, and what travels through serde.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
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

/// Calls a method by its name.
///
/// # Errors
/// When there is no such method, or with what it throws.
pub(crate) fn call(target: &JsValue, method: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    let method = get(target, method).dyn_into::<Function>();
    method
        .map_err(|_| JsValue::UNDEFINED)?
        .call1(target, argument)
}

/// Copies the properties of `over`, when it has any, onto `base`.
pub(crate) fn merge(base: &JsValue, over: &JsValue) {
    if base.is_object() && over.is_object() {
        Object::assign(
            base.unchecked_ref::<Object>(),
            over.unchecked_ref::<Object>(),
        );
    }
}

/// Returns the `name` of an exception (`NotAllowedError`, ...), empty when it has none.
pub(crate) fn error_name(error: &JsValue) -> String {
    text(error, "name").unwrap_or_default()
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

/// Calls `done` when the promise settles.
///
/// Both callbacks belong to the garbage collector: a promise that never settles (those of a
/// closed peer connection) keeps nothing alive.
pub(crate) fn settled(promise: &Promise, done: impl FnOnce(Result<JsValue, JsValue>) + 'static) {
    type Done = Box<dyn FnOnce(Result<JsValue, JsValue>)>;
    let done: Rc<RefCell<Option<Done>>> = Rc::new(RefCell::new(Some(Box::new(done))));
    let settle = |wrap: fn(JsValue) -> Result<JsValue, JsValue>| {
        let done = Rc::clone(&done);
        callback(move |value| {
            let done = done.borrow_mut().take();
            if let Some(done) = done {
                done(wrap(value));
            }
        })
    };
    let (resolved, rejected) = (settle(Ok), settle(Err));
    let thenable: &Thenable = promise.unchecked_ref();
    thenable.then(&resolved.into_js_value(), &rejected.into_js_value());
}

#[wasm_bindgen]
extern "C" {
    /// A promise whose callbacks are handed over for good.
    type Thenable;
    #[wasm_bindgen(method)]
    fn then(this: &Thenable, resolved: &JsValue, rejected: &JsValue);

    #[wasm_bindgen(catch, js_namespace = Promise, js_name = resolve)]
    fn promise_resolve(value: &JsValue) -> Result<Promise, JsValue>;
}

/// Wraps a value, a promise or a thenable in a promise of the page's own kind.
pub(crate) fn promised(value: &JsValue) -> Result<Promise, JsValue> {
    promise_resolve(value)
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
