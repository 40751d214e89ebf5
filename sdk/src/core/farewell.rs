//! Acts that end a call on this device at once, and still have to reach the server.

use ringback_protocol::{ChatId, ClientEvent, EndReason, ErrorCode, SessionId, client};

use super::ids::{AckId, RequestId};
use super::input::AckFailure;

/// How often a farewell that the server could not take is said again.
const MOST_REPEATS: u8 = 5;

/// How many farewells are kept for a server that never acks.
const MOST_FAREWELLS: usize = 16;

/// Where a farewell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It waits for the socket, or for the server to recover.
    Queued,
    /// It was emitted.
    Sent(AckId),
}

/// How a device parts with a call.
#[derive(Debug)]
pub(super) enum Act {
    /// `call:end`.
    End(Option<EndReason>),
    /// `call:leave`.
    Leave,
    /// `call:reject`.
    Reject(Option<EndReason>),
}

/// What the server is told of a call that is over on this device.
#[derive(Debug)]
pub(super) struct Goodbye {
    /// Which call.
    pub(super) session: SessionId,
    /// In which chat, where that is known.
    pub(super) chat: Option<ChatId>,
    /// How.
    pub(super) act: Act,
}

impl Goodbye {
    fn event(&self) -> ClientEvent {
        let session_id = self.session.clone();
        let chat_id = self.chat.clone();
        match &self.act {
            Act::End(reason) => ClientEvent::CallEnd(client::CallEnd {
                session_id,
                chat_id,
                reason: reason.clone(),
            }),
            Act::Leave => ClientEvent::CallLeave(client::CallLeave {
                session_id,
                chat_id,
            }),
            Act::Reject(reason) => ClientEvent::CallReject(client::CallReject {
                session_id,
                chat_id,
                reason: reason.clone(),
            }),
        }
    }
}

/// A goodbye that the server has not acked.
#[derive(Debug)]
struct Farewell {
    goodbye: Goodbye,
    /// The promise, until it is settled.
    request: Option<RequestId>,
    step: Step,
    repeats: u8,
}

/// What the ack of a farewell asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// The promise, if it is still open, is resolved.
    Settle(Option<RequestId>),
    /// The promise is resolved, and the farewell is to be said again in a while.
    Again(Option<RequestId>),
}

/// The farewells that the server has not acked.
#[derive(Debug, Default)]
pub(super) struct Farewells(Vec<Farewell>);

impl Farewells {
    /// Adds a farewell that waits to be emitted.
    pub(super) fn add(&mut self, goodbye: Goodbye, request: Option<RequestId>) {
        if self.0.len() >= MOST_FAREWELLS {
            self.0.remove(0);
        }
        self.0.push(Farewell {
            goodbye,
            request,
            step: Step::Queued,
            repeats: 0,
        });
    }

    /// Tells whether there is nothing to be said.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether the server may still think that this device is in the call.
    pub(super) fn concern(&self, session: &SessionId) -> bool {
        self.0
            .iter()
            .any(|farewell| farewell.goodbye.session == *session)
    }

    /// Returns the next farewell to emit and notes under which id its ack will come.
    pub(super) fn send_next(&mut self, ack: AckId) -> Option<ClientEvent> {
        let next = self
            .0
            .iter_mut()
            .find(|farewell| farewell.step == Step::Queued)?;
        next.step = Step::Sent(ack);
        Some(next.goodbye.event())
    }

    /// Notes that the socket is gone: what was not acked is to be said again.
    pub(super) fn requeue(&mut self) {
        for farewell in &mut self.0 {
            farewell.step = Step::Queued;
        }
    }

    /// Takes note of an ack.
    pub(super) fn acked(&mut self, ack: AckId, result: Result<(), &AckFailure>) -> Heard {
        let Some(position) = self
            .0
            .iter()
            .position(|other| other.step == Step::Sent(ack))
        else {
            return Heard::Settle(None);
        };
        let repeat = result.is_err_and(may_repeat);
        match self.0.get_mut(position) {
            Some(farewell) if repeat && farewell.repeats < MOST_REPEATS => {
                farewell.repeats += 1;
                farewell.step = Step::Queued;
                Heard::Again(farewell.request.take())
            }
            Some(_) | None => Heard::Settle(self.0.swap_remove(position).request),
        }
    }

    /// Takes out the promise of a farewell whose ack is overdue.
    ///
    /// The farewell stays: if the socket turns out to be dead, it is said again on the next one.
    pub(super) fn overdue(&mut self, ack: AckId) -> Option<RequestId> {
        let overdue = self
            .0
            .iter_mut()
            .find(|other| other.step == Step::Sent(ack))?;
        overdue.request.take()
    }

    /// Takes out the promises of all farewells.
    pub(super) fn release(&mut self) -> Vec<RequestId> {
        self.0
            .iter_mut()
            .filter_map(|farewell| farewell.request.take())
            .collect()
    }

    /// Takes out every event that was not emitted.
    pub(super) fn drain(&mut self) -> Vec<ClientEvent> {
        let mut events = Vec::new();
        for farewell in std::mem::take(&mut self.0) {
            if farewell.step == Step::Queued {
                events.push(farewell.goodbye.event());
            }
        }
        events
    }
}

/// Tells whether the server failed to take the act, rather than refused it.
fn may_repeat(failure: &AckFailure) -> bool {
    match failure.code {
        Some(ErrorCode::RateLimited | ErrorCode::Draining | ErrorCode::Internal) => true,
        Some(
            ErrorCode::Unauthenticated
            | ErrorCode::TokenExpired
            | ErrorCode::Forbidden
            | ErrorCode::NotAMember
            | ErrorCode::ChatNotFound
            | ErrorCode::CallNotFound
            | ErrorCode::CallEnded
            | ErrorCode::NotInCall
            | ErrorCode::AlreadyInCall
            | ErrorCode::AlreadyAnswered
            | ErrorCode::NoTargets
            | ErrorCode::CallFull
            | ErrorCode::TargetUnreachable
            | ErrorCode::InvalidPayload
            | ErrorCode::PayloadTooLarge
            | ErrorCode::UnknownEvent,
        )
        | None => false,
    }
}
