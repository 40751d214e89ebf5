//! Tells the application: events by one function, promises by their own.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::{error, told, view};
use crate::core::error::ClientError;
use crate::core::ids::RequestId;
use crate::core::{Client, Notification, Settled};
use crate::driver::{Audience, Delivery};
use crate::platform::Platform;

/// The promises that the application holds, by request.
#[derive(Clone, Default)]
pub(super) struct Promises(Rc<RefCell<Vec<Pending>>>);

struct Pending {
    id: RequestId,
    resolve: Function,
    reject: Function,
}

impl Promises {
    /// Makes the promise of a request.
    pub(super) fn open(&self, id: RequestId) -> Promise {
        Promise::new(&mut |resolve, reject| {
            let pending = Pending {
                id,
                resolve,
                reject,
            };
            self.0.borrow_mut().push(pending);
        })
    }

    fn take(&self, id: RequestId) -> Option<Pending> {
        let mut pending = self.0.borrow_mut();
        let index = pending.iter().position(|pending| pending.id == id)?;
        Some(pending.swap_remove(index))
    }
}

/// Calls `notify(event, payload)` of the TypeScript side and settles promises.
pub(super) struct Announcer {
    notify: Function,
    promises: Promises,
}

impl Announcer {
    /// Makes one over the function that takes every event.
    pub(super) const fn new(notify: Function, promises: Promises) -> Self {
        Self { notify, promises }
    }
}

impl Audience for Announcer {
    fn notification(
        &self,
        notification: &Notification,
        client: &Client,
        platform: &Platform,
    ) -> Delivery {
        let told = told::describe(notification, client, platform);
        let notify = self.notify.clone();
        Box::new(move || {
            if let Some((event, payload)) = told {
                call(&notify, &event.into(), &payload);
            }
        })
    }

    fn settlement(&self, id: RequestId, result: Result<Settled, ClientError>) -> Delivery {
        let pending = self.promises.take(id);
        Box::new(move || {
            let Some(pending) = pending else { return };
            match result {
                Ok(Settled::Done) => {
                    call(&pending.resolve, &JsValue::UNDEFINED, &JsValue::UNDEFINED)
                }
                Ok(Settled::Switched(on)) => {
                    call(&pending.resolve, &on.into(), &JsValue::UNDEFINED);
                }
                Ok(Settled::Session(id)) => {
                    call(&pending.resolve, &id.as_str().into(), &JsValue::UNDEFINED);
                }
                Ok(Settled::Calls(calls)) => {
                    let calls = view::live_calls(&calls);
                    call(&pending.resolve, &calls, &JsValue::UNDEFINED);
                }
                Err(failure) => {
                    call(
                        &pending.reject,
                        &error::to_js(&failure),
                        &JsValue::UNDEFINED,
                    );
                }
            }
        })
    }
}

/// Calls a function that does not throw: the TypeScript side reports what listeners throw.
fn call(function: &Function, first: &JsValue, second: &JsValue) {
    let _returned = function.call2(&JsValue::UNDEFINED, first, second);
}
