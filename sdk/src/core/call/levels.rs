//! How loud everyone is, and who speaks.

use super::Call;
use crate::core::context::Context;

impl Call {
    /// The levels are to be read.
    #[expect(clippy::unused_self, reason = "nothing listens yet")]
    pub(in crate::core) const fn levels_due(&self, _cx: &mut Context) {}

    /// A level was read.
    #[expect(clippy::unused_self, reason = "nothing listens yet")]
    pub(super) const fn level_read(&mut self, _at: usize, _level: f64) {}
}
