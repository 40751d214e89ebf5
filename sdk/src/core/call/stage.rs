//! How far a call has come, as a value.

use ringback_protocol::{CallRequestId, ClientEvent, SessionDescription, SessionId, client};

use crate::core::ids::RequestId;
use crate::core::media::VideoSource;
use crate::core::time::Instant;

/// Who placed the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// This device rang.
    Incoming,
    /// This device called.
    Outgoing,
}

/// The offer that is made before anyone answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Early {
    /// There will be none.
    Without,
    /// It is being made, or waits for the configuration.
    Awaited,
    /// It lies in the outbox of the one who is called.
    Ready,
}

/// What is known of a call that was placed and not acked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// The ack is on its way.
    Awaited,
    /// The socket was lost: the call is placed again, under the same name, when it is back.
    Lost,
}

/// One of the two things that answering consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// It is under way.
    Awaited,
    /// It is done.
    Done,
}

/// How this device enters a call that others are in.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// It rang here.
    Accept(client::CallAccept),
    /// It goes on already.
    Join(client::CallJoin),
}

impl Entry {
    /// Returns what the server is told.
    pub(super) fn event(&self) -> ClientEvent {
        match self {
            Self::Accept(accept) => accept.clone().into(),
            Self::Join(join) => join.clone().into(),
        }
    }
}

/// How far entering the call has come.
#[derive(Debug)]
pub(super) enum Answering {
    /// The entry was emitted; the ack, the microphone, or both, are awaited.
    Awaited {
        /// None when both dialled at once: nobody asked to answer.
        request: Option<RequestId>,
        ack: Half,
        microphone: Half,
        /// To be said again if it got lost.
        entry: Entry,
    },
    /// All is settled, or this side placed the call.
    Done,
}

/// Whether what this side believes of the call is what the server believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// As far as events tell.
    InStep,
    /// The socket is gone: signals wait.
    Adrift,
    /// `call:resume` is under way, or about to be repeated: signals wait.
    Resuming,
}

/// A call that the server has named.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) session: SessionId,
    pub(super) standing: Standing,
}

/// A call that was answered.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) named: Named,
    pub(super) started_at: Instant,
    pub(super) answering: Answering,
    /// What the others know about the microphone.
    pub(super) told_muted: Told<bool>,
    /// What the others know about the picture.
    pub(super) told_video: Told<VideoSource>,
}

/// What the others know of something that this side tells them when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told<T> {
    /// They were told nothing, and so believe this.
    Nothing(T),
    /// They were told this.
    This(T),
    /// Somebody may not have heard of it.
    Unsure,
}

impl<T: Copy + PartialEq> Told<T> {
    /// Tells whether this has to be said; then it is.
    pub(super) fn changes_to(&mut self, now: T) -> bool {
        match *self {
            Self::Nothing(known) | Self::This(known) if known == now => false,
            Self::Nothing(_) | Self::This(_) | Self::Unsure => {
                *self = Self::This(now);
                true
            }
        }
    }

    /// The socket is gone, and what was said last may be lost with it.
    pub(super) const fn doubt(&mut self) {
        match self {
            Self::Nothing(_) | Self::Unsure => {}
            Self::This(_) => *self = Self::Unsure,
        }
    }
}

/// How far the call has come.
///
/// ```text
/// Preparing --microphone, offer--> Placing --ack--> Calling --accepted--> Active
///                                     \__________joined_____________________^
///                      Ringing --accept--> Accepting --microphone, answer___|
///                         ^------microphone failed----'                     |
///                                          Joining --microphone, server_____|
/// ```
/// Every stage may end; what then remains is a `CallView`.
#[derive(Debug)]
pub(super) enum Stage {
    /// Outgoing: microphone and offer are on their way, the server knows nothing.
    Preparing { request: RequestId, early: Early },
    /// Outgoing: `call:initiate` was emitted.
    Placing {
        request: RequestId,
        attempt: Option<CallRequestId>,
        placed: Placed,
    },
    /// Outgoing: the server has named the call; nobody has answered.
    Calling(Named),
    /// Incoming: it rings here. The offer waits for the configuration, if it came before it.
    Ringing {
        session: SessionId,
        offer: Option<SessionDescription>,
    },
    /// Incoming: it was answered here; the server does not know yet.
    Accepting {
        session: SessionId,
        request: RequestId,
        /// The caller's offer, when the path was to be made ahead, until it can be answered: the caller
        /// may have an answer of the page that was there before.
        offer: Option<SessionDescription>,
    },
    /// It is to be joined; the server does not know yet.
    Joining {
        session: SessionId,
        request: RequestId,
    },
    /// Answered.
    Active(Active),
}
