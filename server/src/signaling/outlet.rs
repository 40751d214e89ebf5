//! The way out to one socket.

use std::fmt;

use super::packet::Text;

/// What became of a message to a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is in the send buffer.
    Queued,
    /// The socket is closed, or was closed now because its send buffer is full.
    Closed,
}

/// Identifies an [`Outlet`] within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OutletId(pub(super) u64);

/// The way out to one socket.
pub(super) trait Outlet: Send + Sync + fmt::Debug + 'static {
    /// Queues a packet that [`super::packet`] made, without waiting.
    ///
    /// A socket that does not read its messages is closed: it comes back and is told how things
    /// stand, where it would otherwise miss an event without knowing.
    fn send(&self, packet: Text) -> Sent;

    /// Closes the socket; the client comes back by itself.
    fn close(&self);
}

#[cfg(test)]
pub(super) mod testing {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// An outlet that keeps what it is given.
    #[derive(Debug, Default)]
    pub(in crate::signaling) struct Recorder(Mutex<Option<Vec<String>>>);

    impl Recorder {
        pub(in crate::signaling) fn new() -> Arc<Self> {
            Arc::new(Self(Mutex::new(Some(Vec::new()))))
        }

        /// An outlet to a socket that is gone.
        pub(in crate::signaling) fn closed() -> Arc<Self> {
            Arc::default()
        }

        pub(in crate::signaling) fn sent(&self) -> Vec<String> {
            self.0.lock().unwrap().clone().unwrap_or_default()
        }
    }

    impl Outlet for Recorder {
        fn send(&self, message: Text) -> Sent {
            match &mut *self.0.lock().unwrap() {
                Some(sent) => {
                    sent.push(message.to_string());
                    Sent::Queued
                }
                None => Sent::Closed,
            }
        }

        fn close(&self) {
            self.0.lock().unwrap().take();
        }
    }
}
