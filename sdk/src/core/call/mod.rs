//! The current call: who is in it, how far it has come, and the links that carry it.

mod accept;
mod active;
mod ahead;
mod end;
mod envelope;
mod events;
mod levels;
mod links;
mod mend;
mod pairs;
mod place;
mod quality;
mod signals;
mod snapshot;
mod stage;
mod turns;
mod video;
mod view;

use std::ops::ControlFlow;

use ringback_protocol::{CallType, ChatId, DeviceId, ParticipantStatus, SessionId, UserId};

pub(super) use accept::{caller, early_offer};
use ahead::Ahead;
pub(super) use end::{End, Parting};
pub(super) use events::{elsewhere_reason, session_of};
pub(super) use place::Dial;
pub(super) use snapshot::Since;
use stage::{
    Active, Answering, Direction, Early, Entry, Half, Named, Placed, Stage, Standing, Told,
};

use super::context::Context;
use super::error::ClientCode;
use super::ids::LinkId;
use super::participant::Participant;
use super::speaker::Speaker;
use super::timers::Timer;

/// Whether the call goes on after an input, or how it ended.
pub(super) type Flow = ControlFlow<Box<End>>;

/// Returns that the call goes on.
pub(super) const GOES_ON: Flow = ControlFlow::Continue(());

/// Whether everyone who is called is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Roster {
    /// Yes.
    Complete,
    /// The server called everyone in the chat and did not say who that is.
    Partial,
}

/// The current call.
#[derive(Debug)]
pub(super) struct Call {
    chat: ChatId,
    call_type: CallType,
    direction: Direction,
    roster: Roster,
    /// Everyone else, in the order in which they became known; nobody is ever taken out.
    participants: Vec<Participant>,
    stage: Stage,
    speaker: Speaker,
    /// Whether links are made ahead of the answer.
    ahead: Ahead,
    /// Of the last snapshot: an older one says nothing.
    version: u64,
}

impl Call {
    /// Returns the call's name; none until the server has given it.
    pub(super) fn session(&self) -> Option<&SessionId> {
        match &self.stage {
            Stage::Preparing { .. } | Stage::Placing { .. } => None,
            Stage::Calling(named) | Stage::Active(Active { named, .. }) => Some(&named.session),
            Stage::Ringing { session, .. }
            | Stage::Accepting { session, .. }
            | Stage::Joining { session, .. } => Some(session),
        }
    }

    /// Returns the chat of the call.
    pub(super) const fn chat(&self) -> &ChatId {
        &self.chat
    }

    /// Returns the chat for the wire; none while it is not known.
    fn chat_id(&self) -> Option<ChatId> {
        Some(self.chat.clone()).filter(|chat| !chat.as_str().is_empty())
    }

    /// Tells whether it is a video call.
    pub(super) const fn is_video(&self) -> bool {
        match self.call_type {
            CallType::Video => true,
            CallType::Voice => false,
        }
    }

    /// Tells whether it rings here and was not answered.
    pub(super) const fn is_ringing(&self) -> bool {
        match self.stage {
            Stage::Ringing { .. } => true,
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Accepting { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => false,
        }
    }

    /// Tells whether it rings here, or is just being answered.
    pub(super) const fn is_unanswered(&self) -> bool {
        match self.stage {
            Stage::Ringing { .. } | Stage::Accepting { .. } => true,
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Joining { .. }
            | Stage::Active(_) => false,
        }
    }

    /// Tells whether this device is in the call, by its own act.
    pub(super) const fn is_entered(&self) -> bool {
        match self.stage {
            Stage::Calling(_) | Stage::Active(_) => true,
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. } => false,
        }
    }

    /// Tells whether the server may know the call although it never said so.
    pub(super) const fn is_lost(&self) -> bool {
        match self.stage {
            Stage::Placing {
                placed: Placed::Lost,
                ..
            } => true,
            Stage::Placing {
                placed: Placed::Awaited,
                ..
            }
            | Stage::Preparing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => false,
        }
    }

    /// Returns who is on the other side of a link.
    pub(super) fn user_of(&self, link: LinkId) -> Option<&UserId> {
        let mut others = self.participants.iter();
        others
            .find(|other| other.has_link(link))
            .map(|other| &other.user.id)
    }

    /// One of the call's timers is due.
    pub(super) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Flow {
        match timer {
            Timer::Early => self.early_overdue(cx),
            Timer::Lost => return End::failed(ClientCode::SignalingLost.into()),
            Timer::Ring => return self.rang_out(cx),
            Timer::Resume => self.resume(cx),
            Timer::Sample => self.sample(cx),
            Timer::Report => self.report_due(cx),
            Timer::Waver(link) => self.wavered(cx, link),
            Timer::Attempt(link) => self.attempt_due(cx, link),
            Timer::GiveUp(link) => return self.give_up(cx, link),
            Timer::Answer(link) => self.answer_overdue(cx, link),
            Timer::Again(link) => return self.again(cx, link),
            Timer::Levels => self.levels_due(cx),
            // Not the call's.
            Timer::Ack(_)
            | Timer::Farewell
            | Timer::Reacquire(_)
            | Timer::Devices
            | Timer::Prepared
            | Timer::Credentials => {}
        }
        GOES_ON
    }

    fn early_overdue(&mut self, cx: &mut Context) {
        match self.stage {
            Stage::Preparing { .. } => self.early_offer_failed(cx),
            Stage::Accepting { .. } => self.early_answer_failed(cx),
            Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => {}
        }
    }

    fn active(&self) -> Option<&Active> {
        match &self.stage {
            Stage::Active(active) => Some(active),
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. } => None,
        }
    }

    fn active_mut(&mut self) -> Option<&mut Active> {
        match &mut self.stage {
            Stage::Active(active) => Some(active),
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. } => None,
        }
    }

    fn named_mut(&mut self) -> Option<&mut Named> {
        match &mut self.stage {
            Stage::Calling(named) | Stage::Active(Active { named, .. }) => Some(named),
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. } => None,
        }
    }

    /// Tells whether participants can be reached now.
    fn is_in_step(&self) -> bool {
        self.active()
            .is_some_and(|active| active.named.standing == Standing::InStep)
    }

    fn position(&self, user: &UserId) -> Option<usize> {
        self.participants
            .iter()
            .position(|participant| participant.user.id == *user)
    }

    fn participant_mut(&mut self, user: &UserId) -> Option<&mut Participant> {
        self.participants
            .iter_mut()
            .find(|participant| participant.user.id == *user)
    }

    /// Returns the position of a participant, who becomes known by this if need be.
    fn enlist(&mut self, user: &UserId, status: ParticipantStatus) -> usize {
        self.position(user).unwrap_or_else(|| {
            self.participants.push(Participant::new(user, status));
            self.participants.len() - 1
        })
    }

    /// Tells whether the call is between this side and one other.
    fn is_one_to_one(&self) -> bool {
        let others = self.participants.iter();
        let counting =
            others.filter(|other| other.status.is_in_call() || other.status.is_pending());
        counting.count() <= 1
    }

    /// Tells whether nobody else is in the call or may still come.
    fn is_deserted(&self) -> bool {
        self.roster == Roster::Complete
            && !self
                .participants
                .iter()
                .any(|other| other.status.is_in_call() || other.status.is_pending())
    }
}

/// Whom an event of the server is about.
#[derive(Debug, Clone)]
pub(super) struct Whom {
    /// The user.
    pub(super) user: UserId,
    /// The device, when the server says.
    pub(super) device: Option<DeviceId>,
}

/// Tells whether this device is meant: by user, and by device where both are known.
fn is_own_device(cx: &Context, device: Option<&DeviceId>) -> bool {
    match (&cx.signaling.device, device) {
        (Some(own), Some(device)) => own == device,
        (Some(_) | None, None) | (None, Some(_)) => true,
    }
}
