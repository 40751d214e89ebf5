//! How a call ends on this device.

use std::ops::ControlFlow;

use ringback_protocol::{EndReason, UserId};

use super::{Answering, Call, Flow, Stage};
use crate::core::context::Context;
use crate::core::error::{ClientCode, ClientError};
use crate::core::farewell::{Act, Goodbye};
use crate::core::ids::RequestId;

/// What the server is told when a call ends on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::core) enum Parting {
    /// Nothing: it knows.
    Silent,
    /// `call:end`
    End(Option<EndReason>),
    /// `call:leave`
    Leave,
    /// `call:reject`
    Reject(Option<EndReason>),
}

/// How a call ends on this device.
#[derive(Debug)]
pub(in crate::core) struct End {
    /// Why.
    pub(in crate::core) reason: EndReason,
    /// Whose act it was; none when it is not known.
    pub(in crate::core) by: Option<UserId>,
    /// What the promises that are still open are rejected with.
    pub(in crate::core) cause: ClientError,
    /// What the server is told.
    pub(in crate::core) parting: Parting,
    /// The promise of whoever asked for the end.
    pub(in crate::core) request: Option<RequestId>,
}

impl End {
    /// Returns an end of which the server told.
    pub(in crate::core) fn told(reason: EndReason, by: Option<UserId>) -> Flow {
        ControlFlow::Break(Box::new(Self {
            reason,
            by,
            cause: ClientCode::Cancelled.into(),
            parting: Parting::Silent,
            request: None,
        }))
    }

    /// Returns an end by a failure that the server does not need to hear of.
    pub(in crate::core) fn failed(cause: ClientError) -> Flow {
        ControlFlow::Break(Box::new(Self {
            reason: EndReason::Failed,
            by: None,
            cause,
            parting: Parting::Silent,
            request: None,
        }))
    }

    /// Returns an end by a failure on this side, of which the server is told.
    pub(in crate::core) fn broken(cause: ClientError) -> Flow {
        ControlFlow::Break(Box::new(Self {
            reason: EndReason::Failed,
            by: None,
            cause,
            parting: Parting::End(Some(EndReason::Failed)),
            request: None,
        }))
    }

    /// Returns an end because another device of this user has the call.
    pub(in crate::core) fn elsewhere(reason: &'static str) -> Flow {
        Self::told(EndReason::Other(reason.into()), None)
    }
}

impl Call {
    /// Returns the end that the application asked for.
    pub(in crate::core) fn hang_up(
        &self,
        cx: &Context,
        request: Option<RequestId>,
        parting: Parting,
    ) -> Box<End> {
        let usual = match self.stage {
            Stage::Preparing { .. } | Stage::Placing { .. } | Stage::Calling(_) => {
                EndReason::Cancelled
            }
            Stage::Ringing { .. } | Stage::Accepting { .. } => EndReason::Declined,
            Stage::Joining { .. } => EndReason::Cancelled,
            Stage::Active(_) => EndReason::Completed,
        };
        let parting = self.fitting(parting);
        Box::new(End {
            reason: match &parting {
                Parting::End(Some(reason)) | Parting::Reject(Some(reason)) => reason.clone(),
                Parting::Silent | Parting::End(None) | Parting::Leave | Parting::Reject(None) => {
                    usual
                }
            },
            by: cx.signaling.user.clone(),
            cause: ClientCode::Cancelled.into(),
            parting,
            request,
        })
    }

    /// A call that was not answered here is not ended but rejected; one's own is not left but ended.
    fn fitting(&self, parting: Parting) -> Parting {
        match (&self.stage, parting) {
            (Stage::Ringing { .. } | Stage::Accepting { .. }, Parting::End(reason)) => {
                Parting::Reject(reason)
            }
            (Stage::Ringing { .. } | Stage::Accepting { .. }, Parting::Leave) => {
                Parting::Reject(None)
            }
            (Stage::Joining { .. }, _) => Parting::Silent,
            (
                Stage::Preparing { .. } | Stage::Placing { .. } | Stage::Calling(_),
                Parting::Leave,
            ) => Parting::End(None),
            (
                Stage::Preparing { .. }
                | Stage::Placing { .. }
                | Stage::Calling(_)
                | Stage::Ringing { .. }
                | Stage::Accepting { .. }
                | Stage::Active(_),
                parting,
            ) => parting,
        }
    }

    /// Returns how a client that is disposed parts from the call.
    pub(in crate::core) fn parting_of_disposed(&self) -> Parting {
        match &self.stage {
            Stage::Preparing { .. } | Stage::Placing { .. } | Stage::Calling(_) => {
                Parting::End(None)
            }
            // The user's other devices ring on.
            Stage::Ringing { .. } | Stage::Accepting { .. } | Stage::Joining { .. } => {
                Parting::Silent
            }
            Stage::Active(_) if self.is_one_to_one() && !self.participants.is_empty() => {
                Parting::End(None)
            }
            Stage::Active(_) => Parting::Leave,
        }
    }

    /// Returns what the server is told; none when it does not know the call, or knows already.
    pub(in crate::core) fn farewell(&self, parting: Parting) -> Option<Goodbye> {
        let session = self.session()?.clone();
        let chat = self.chat_id();
        let act = match parting {
            Parting::Silent => return None,
            Parting::End(reason) => Act::End(reason),
            Parting::Leave => Act::Leave,
            Parting::Reject(reason) => Act::Reject(reason),
        };
        Some(Goodbye { session, chat, act })
    }

    /// Lets go of everything that the call held.
    pub(in crate::core) fn release(&mut self, cx: &mut Context, cause: &ClientError) {
        if let Some(request) = self.open_request() {
            cx.settle(request, Err(cause.clone()));
        }
        for at in 0..self.participants.len() {
            self.close_link(cx, at);
        }
        self.drop_ahead(cx);
        cx.close_media();
        self.stop_listening(cx);
        cx.timers.stop_call();
        cx.signaling.abandon(&self.chat);
    }

    /// Returns the promise that this stage still owes.
    fn open_request(&self) -> Option<RequestId> {
        match &self.stage {
            Stage::Preparing { request, .. }
            | Stage::Placing { request, .. }
            | Stage::Accepting { request, .. }
            | Stage::Joining { request, .. } => Some(*request),
            Stage::Active(active) => match &active.answering {
                Answering::Awaited { request, .. } => *request,
                Answering::Done => None,
            },
            Stage::Calling(_) | Stage::Ringing { .. } => None,
        }
    }
}
