//! The one answer that every event gets.

use std::sync::Arc;

use ringback_protocol::{Ack, ErrorCode, Failure};
use serde::Serialize;

use super::outlet::Outlet;
use super::packet;
use super::subject::Subject;
use crate::events::server::CallError;
use crate::metrics::Metrics;

/// The duty to answer one event, once: with its ack, or a failure without ack as `call:error`.
///
/// Dropped without an answer, it answers `INTERNAL`: nobody waits for ever.
pub(super) struct Answer {
    outlet: Arc<dyn Outlet>,
    ack: Option<u64>,
    subject: Subject,
    metrics: Arc<Metrics>,
    open: bool,
}

impl Answer {
    /// Takes on the duty to answer; `subject` is what the answer is about.
    pub(super) fn new(
        outlet: Arc<dyn Outlet>,
        ack: Option<u64>,
        subject: Subject,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            outlet,
            ack,
            subject,
            metrics,
            open: true,
        }
    }

    /// Answers with a success or a failure.
    pub(super) fn give<T: Serialize>(self, result: Result<T, Failure>) {
        match result {
            Ok(body) => self.succeed(body),
            Err(failure) => self.fail(failure),
        }
    }

    fn succeed<T: Serialize>(mut self, body: T) {
        self.open = false;
        if let Some(number) = self.ack {
            self.outlet.send(packet::ack(number, &Ack::Success(body)));
        }
    }

    /// Answers with a failure.
    pub(super) fn fail(mut self, failure: Failure) {
        self.send_failure(failure);
    }

    fn send_failure(&mut self, failure: Failure) {
        self.open = false;
        self.metrics.refused(failure.code);
        let text = match self.ack {
            Some(number) => packet::ack(number, &Ack::<()>::Failure(failure)),
            None => packet::event(&self.call_error(failure).into()),
        };
        self.outlet.send(text);
    }

    fn call_error(&mut self, failure: Failure) -> CallError {
        let subject = std::mem::take(&mut self.subject);
        CallError {
            event: subject.event.into_owned(),
            session_id: subject.session_id,
            code: failure.code,
            error: failure.error,
            retry_after_ms: failure.retry_after_ms,
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.open {
            self.send_failure(ErrorCode::Internal.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use ringback_protocol::{Empty, SessionId};

    use super::*;
    use crate::signaling::outlet::testing::Recorder;

    fn subject() -> Subject {
        Subject {
            event: "call:end".into(),
            session_id: SessionId::new("s1").ok(),
        }
    }

    #[test]
    fn a_success_is_said_only_to_those_who_asked() {
        let recorder = Recorder::new();
        let answer = |ack| Answer::new(recorder.clone(), ack, subject(), Arc::default());
        answer(None).give(Ok(Empty {}));
        answer(Some(4)).give(Ok(Empty {}));
        assert_eq!(recorder.sent(), [r#"434[{"success":true}]"#]);
    }

    #[test]
    fn a_failure_without_ack_becomes_a_call_error() {
        let recorder = Recorder::new();
        let answer = Answer::new(recorder.clone(), None, subject(), Arc::default());
        answer.fail(Failure::new(ErrorCode::CallEnded, "over"));
        assert_eq!(
            recorder.sent(),
            [
                r#"42["call:error",{"event":"call:end","sessionId":"s1","code":"CALL_ENDED","error":"over"}]"#
            ]
        );
    }

    #[test]
    fn an_answer_that_is_forgotten_says_internal() {
        let recorder = Recorder::new();
        let answer = Answer::new(recorder.clone(), Some(1), subject(), Arc::default());
        drop(answer);
        assert!(recorder.sent()[0].contains(r#""code":"INTERNAL""#));
        assert_eq!(recorder.sent().len(), 1);
    }
}
