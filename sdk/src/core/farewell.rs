//! Acts that end a call on this device at once, and still have to reach the server.

use ringback_protocol::{ClientEvent, ErrorCode, SessionId};

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

/// `call:end`, `call:leave` or `call:reject` of a call that is over on this device.
#[derive(Debug)]
struct Farewell {
    session: SessionId,
    event: ClientEvent,
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
    pub(super) fn add(
        &mut self,
        session: SessionId,
        event: ClientEvent,
        request: Option<RequestId>,
    ) {
        if self.0.len() >= MOST_FAREWELLS {
            self.0.remove(0);
        }
        self.0.push(Farewell {
            session,
            event,
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
        self.0.iter().any(|farewell| farewell.session == *session)
    }

    /// Returns the next farewell to emit and notes under which id its ack will come.
    pub(super) fn send_next(&mut self, ack: AckId) -> Option<ClientEvent> {
        let next = self
            .0
            .iter_mut()
            .find(|farewell| farewell.step == Step::Queued)?;
        next.step = Step::Sent(ack);
        Some(next.event.clone())
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
        let all = std::mem::take(&mut self.0);
        all.into_iter()
            .filter(|farewell| farewell.step == Step::Queued)
            .map(|farewell| farewell.event)
            .collect()
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
