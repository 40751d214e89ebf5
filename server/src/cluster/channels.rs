//! The names of channels and keys.

use ringback_protocol::{DeviceId, SessionId, UserId};

/// The names of one deployment's channels and keys.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    prefix: String,
}

impl Channels {
    pub(super) const fn new(prefix: String) -> Self {
        Self { prefix }
    }

    /// The channel of all nodes.
    pub(super) fn all(&self) -> String {
        format!("{}:all", self.prefix)
    }

    /// The channel of the nodes that have a device of that user.
    pub(super) fn user(&self, user: &UserId) -> String {
        format!("{}:user:{user}", self.prefix)
    }

    /// The channel of the nodes that have that device. The length tells where the user's id ends.
    pub(super) fn device(&self, user: &UserId, device: &DeviceId) -> String {
        let length = user.as_str().len();
        format!("{}:device:{length}:{user}:{device}", self.prefix)
    }

    /// The hash of what participants of a call said of themselves.
    pub(super) fn said(&self, call: &SessionId) -> String {
        format!("{}:said:{call}", self.prefix)
    }

    /// The early offer of a call that rings.
    pub(super) fn offer(&self, call: &SessionId) -> String {
        format!("{}:offer:{call}", self.prefix)
    }

    /// The hash of what nodes say of themselves.
    pub(super) fn nodes(&self) -> String {
        format!("{}:nodes", self.prefix)
    }

    /// The hash of what happened on the nodes in one hour, counted since 1970.
    pub(super) fn minutes(&self, hour: u64) -> String {
        format!("{}:minutes:{hour}", self.prefix)
    }

    /// The key of whose turn it is to sweep.
    pub(super) fn sweep(&self) -> String {
        format!("{}:sweep", self.prefix)
    }
}
