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

/// A wall clock that gets ahead of the page's clock by so much was not adjusted: the machine slept.
const SLEEP_MS: f64 = 2_000.0;

thread_local! {
    /// What the wall clock was ahead of the page's when last looked at.
    static LEAD_MS: Cell<Option<f64>> = const { Cell::new(None) };
    /// How long the machine slept, as far as the page's clock did not count it.
    static SLEPT_MS: Cell<f64> = const { Cell::new(0.0) };
}

/// Returns the time since the page was opened, with the time that the machine slept.
///
/// On most systems `performance.now()` stands still while the machine sleeps (W3C hr-time issue 115).
fn awake_and_asleep_ms() -> f64 {
    let now = performance_now();
    let lead = date_now() - now;
    let former = LEAD_MS.replace(Some(lead)).unwrap_or(lead);
    if lead - former > SLEEP_MS {
        SLEPT_MS.set(SLEPT_MS.get() + lead - former);
    }
    now + SLEPT_MS.get()
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

    /// Returns the time since the page was opened, asleep or awake.
    pub(crate) fn now() -> Instant {
        Instant(awake_and_asleep_ms() as u64)
    }

    /// Converts a point on this clock to milliseconds since 1970.
    pub(crate) fn to_date(at: Instant) -> f64 {
        date_now() - (awake_and_asleep_ms() - at.0 as f64)
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
