//! The page's clock and one timer on it.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

use super::js::{self, Callback};
use crate::core::time::Instant;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, delay_ms: f64) -> f64;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: f64);
}

/// The longest delay that `setTimeout` keeps; a longer one would fire at once.
const LONGEST_DELAY_MS: u64 = i32::MAX as u64;

/// One timer, always armed for the next deadline only.
pub(crate) struct Clock {
    callback: Callback,
    armed: Cell<Option<Armed>>,
}

#[derive(Clone, Copy)]
struct Armed {
    deadline: Instant,
    handle: f64,
}

impl Clock {
    /// Makes a clock whose timer calls back.
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        Self {
            callback: js::callback(move |_| callback()),
            armed: Cell::new(None),
        }
    }

    /// Returns the time since the page was opened.
    pub(crate) fn now() -> Instant {
        Instant(performance_now() as u64)
    }

    /// Converts a point on this clock to milliseconds since 1970.
    pub(crate) fn to_date(at: Instant) -> f64 {
        date_now() - (performance_now() - at.0 as f64)
    }

    /// Notes that the timer fired, so that the same deadline can be armed again.
    pub(crate) fn fired(&self) {
        self.armed.set(None);
    }

    /// Arms the timer for a deadline, or disarms it.
    pub(crate) fn arm(&self, deadline: Option<Instant>) {
        if self.armed.get().map(|armed| armed.deadline) == deadline {
            return;
        }
        if let Some(armed) = self.armed.take() {
            clear_timeout(armed.handle);
        }
        if let Some(deadline) = deadline {
            // One more than what is left: `now` is rounded down.
            let delay_ms = deadline
                .since(Self::now())
                .saturating_add(1)
                .min(LONGEST_DELAY_MS);
            let handle = set_timeout(self.callback.as_ref(), delay_ms as f64);
            self.armed.set(Some(Armed { deadline, handle }));
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.arm(None);
    }
}
