//! Tells the application: events by one function, promises by their own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{error, told, view};
use crate::core::error::ClientError;
use crate::core::ids::RequestId;
use crate::core::{Client, Notification, Settled};
use crate::driver::{Audience, Delivery};
use crate::platform::Platform;

/// The promises that the application holds, by request.
#[derive(Clone, Default)]
pub(super) struct Promises(Rc<Ledger>);

#[derive(Default)]
struct Ledger {
    last: Cell<RequestId>,
    pending: RefCell<Vec<Pending>>,
}

struct Pending {
    id: RequestId,
    resolve: Function,
    reject: Function,
}

impl Promises {
    /// Takes the two functions of a promise; returns the id that settles it.
    pub(super) fn open(&self, resolve: Function, reject: Function) -> RequestId {
        let id = self.0.last.get().next();
        self.0.last.set(id);
        self.0.pending.borrow_mut().push(Pending {
            id,
            resolve,
            reject,
        });
        id
    }

    fn take(&self, id: RequestId) -> Option<Pending> {
        let mut pending = self.0.pending.borrow_mut();
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
    ) -> Option<Delivery> {
        let (event, payload) = told::describe(notification, client, platform)?;
        Some(Delivery {
            to: self.notify.clone(),
            first: event.into(),
            second: payload,
        })
    }

    fn settlement(&self, id: RequestId, result: Result<Settled, ClientError>) -> Option<Delivery> {
        let pending = self.promises.take(id)?;
        let (to, first) = match result {
            Ok(Settled::Done) => (pending.resolve, JsValue::UNDEFINED),
            Ok(Settled::Switched(on)) => (pending.resolve, on.into()),
            Ok(Settled::Session(id)) => (pending.resolve, id.as_str().into()),
            Ok(Settled::Calls(calls)) => (pending.resolve, view::live_calls(&calls)),
            Err(failure) => (pending.reject, error::to_js(&failure)),
        };
        Some(Delivery {
            to,
            first,
            second: JsValue::UNDEFINED,
        })
    }
}
