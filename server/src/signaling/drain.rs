//! Going down: no new calls, but what is under way may finish.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ringback_protocol::{ErrorCode, Failure};

use crate::events::ClientEvent;

/// When clients of a server that goes down may try again.
pub(super) const RETRY_AFTER_MS: u64 = 1_000;
/// What is under way counts as finished when no event came for so long.
const QUIET: Duration = Duration::from_millis(500);

/// Whether the server goes down, and how busy it still is.
#[derive(Debug)]
pub(super) struct Drain {
    begun: AtomicBool,
    started: Instant,
    /// When the last event came since draining began, in milliseconds since the start.
    last_event_ms: AtomicU64,
}

impl Drain {
    /// The server is up.
    pub(super) fn new() -> Self {
        Self {
            begun: AtomicBool::new(false),
            started: Instant::now(),
            last_event_ms: AtomicU64::new(0),
        }
    }

    /// From now on nothing new begins.
    pub(super) fn begin(&self) {
        self.touch();
        self.begun.store(true, Ordering::Release);
    }

    /// Tells whether the server goes down.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Returns when no event came for a while.
    pub(super) async fn quiet(&self) {
        while let Some(rest) = self.rest() {
            tokio::time::sleep(rest).await;
        }
    }

    /// Checks whether something new may begin.
    ///
    /// # Errors
    /// `DRAINING` when the server goes down.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if !self.has_begun() {
            return Ok(());
        }
        Err(Failure {
            retry_after_ms: Some(RETRY_AFTER_MS),
            ..ErrorCode::Draining.into()
        })
    }

    /// Checks whether that event may still be done.
    ///
    /// # Errors
    /// `DRAINING` when the server goes down and the event would call somebody.
    pub(super) fn check_event(&self, event: &ClientEvent) -> Result<(), Failure> {
        if !self.has_begun() {
            return Ok(());
        }
        self.touch();
        match event {
            ClientEvent::CallInitiate(_) | ClientEvent::CallInvite(_) => self.check(),
            ClientEvent::WebrtcConfigGet(_)
            | ClientEvent::AuthRefresh(_)
            | ClientEvent::CallAccept(_)
            | ClientEvent::CallReject(_)
            | ClientEvent::WebrtcOffer(_)
            | ClientEvent::WebrtcAnswer(_)
            | ClientEvent::WebrtcIceCandidate(_)
            | ClientEvent::CallQuality(_)
            | ClientEvent::CallToggleAudio(_)
            | ClientEvent::CallToggleVideo(_)
            | ClientEvent::CallEnd(_)
            | ClientEvent::CallLeave(_)
            | ClientEvent::CallJoin(_)
            | ClientEvent::CallResume(_)
            | ClientEvent::CallSync(_) => Ok(()),
        }
    }

    /// Returns how long it has to stay quiet yet.
    fn rest(&self) -> Option<Duration> {
        let last = Duration::from_millis(self.last_event_ms.load(Ordering::Relaxed));
        let quiet_for = self.started.elapsed().saturating_sub(last);
        QUIET.checked_sub(quiet_for).filter(|rest| !rest.is_zero())
    }

    fn touch(&self) {
        let now = self.started.elapsed().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.last_event_ms.store(now, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(name: &str) -> ClientEvent {
        let payload =
            json!({"sessionId": "s", "chatId": "c", "callType": "voice", "targetUserIds": []});
        ClientEvent::decode(name, payload).unwrap()
    }

    #[test]
    fn a_server_that_is_up_does_everything() {
        let drain = Drain::new();
        assert_eq!(drain.check(), Ok(()));
        assert_eq!(drain.check_event(&event("call:initiate")), Ok(()));
    }

    #[test]
    fn a_server_that_goes_down_calls_nobody_but_lets_calls_go_on() {
        let drain = Drain::new();
        drain.begin();
        for name in ["call:initiate", "call:invite"] {
            let failure = drain.check_event(&event(name)).unwrap_err();
            assert_eq!(failure.code, ErrorCode::Draining);
            assert_eq!(failure.retry_after_ms, Some(RETRY_AFTER_MS));
        }
        for name in ["call:accept", "call:end", "call:leave", "call:resume"] {
            assert_eq!(drain.check_event(&event(name)), Ok(()), "{name}");
        }
    }
}
