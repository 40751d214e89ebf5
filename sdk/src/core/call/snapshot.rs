//! Snapshots: the whole call as the server has it takes the place of what was believed.

use ringback_protocol::{
    CallSnapshot, EndReason, ErrorCode, JoinAck, ParticipantSnapshot, ParticipantStatus, UserId,
    VideoState, server,
};

use super::is_own_device;
use super::{
    Ahead, Answering, Call, Direction, End, Flow, GOES_ON, Half, Named, Roster, Stage, Standing,
    Whom,
};
use crate::core::context::Context;
use crate::core::error::{ClientError, Code};
use crate::core::media::MediaKind;
use crate::core::participant::Path;
use crate::core::speaker::Speaker;
use crate::core::timers::Timer;

/// How long to wait before `call:resume` is asked again, in milliseconds.
const RESUME_AGAIN_MS: u64 = 2_000;

/// Since when this device has been in the call: whoever was in it before offers to the newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum Since {
    /// It was in the call before the snapshot was asked for.
    Before,
    /// It came in by the very act that the snapshot answers.
    Now,
}

impl Call {
    /// Takes a snapshot in.
    pub(in crate::core) fn apply(
        &mut self,
        cx: &mut Context,
        snapshot: CallSnapshot,
        since: Since,
    ) -> Flow {
        if self.session() != Some(&snapshot.session_id) || snapshot.version < self.version {
            return GOES_ON;
        }
        self.version = snapshot.version;
        self.place_in(cx, &snapshot);
        if !snapshot.status.is_live() {
            self.tell_rejections(cx, &snapshot)?;
            return End::told(snapshot.end_reason.unwrap_or(EndReason::Completed), None);
        }
        let mut others = Vec::new();
        for participant in snapshot.participants {
            if cx.signaling.is_me(&participant.user_id) {
                self.check_own_place(cx, &participant)?;
            } else {
                others.push(participant);
            }
        }
        self.roster = Roster::Complete;
        for participant in others {
            self.apply_participant(cx, participant, since);
        }
        self.start_at(cx, snapshot.elapsed_ms, since);
        GOES_ON
    }

    /// A call that is being joined is not known before the server describes it.
    fn place_in(&mut self, cx: &Context, snapshot: &CallSnapshot) {
        if self.chat_id().is_none() {
            self.chat = snapshot.chat_id.clone();
            self.call_type = snapshot.call_type;
            if cx.signaling.is_me(&snapshot.caller_id) {
                self.direction = Direction::Outgoing;
            }
        }
    }

    /// This device was in the call before its page was reloaded.
    pub(in crate::core) fn returned(cx: &mut Context, snapshot: &CallSnapshot) -> Self {
        let named = Named {
            session: snapshot.session_id.clone(),
            standing: Standing::InStep,
        };
        cx.open(MediaKind::Microphone);
        Self {
            chat: snapshot.chat_id.clone(),
            call_type: snapshot.call_type,
            direction: if cx.signaling.is_me(&snapshot.caller_id) {
                Direction::Outgoing
            } else {
                Direction::Incoming
            },
            roster: Roster::Complete,
            participants: Vec::new(),
            stage: Stage::Calling(named),
            speaker: Speaker::default(),
            ahead: Ahead::Never,
            version: 0,
        }
    }

    /// Takes up the call with new links: the others know that the old ones are gone, or will see.
    pub(in crate::core) fn take_up(&mut self, cx: &mut Context, snapshot: CallSnapshot) -> Flow {
        let session = snapshot.session_id.clone();
        let since = if cx.signaling.features().fresh_resume {
            Since::Now
        } else {
            Since::Before
        };
        if snapshot.started_at_ms.is_some() {
            self.activate(cx, session, Answering::Done);
        } else {
            self.name(cx, session);
        }
        self.apply(cx, snapshot, since)
    }

    /// Those of a snapshot that ends the call are told first, as their own events would have been.
    fn tell_rejections(&mut self, cx: &mut Context, snapshot: &CallSnapshot) -> Flow {
        for participant in &snapshot.participants {
            let reason = match participant.status {
                ParticipantStatus::Busy => EndReason::Busy,
                ParticipantStatus::Rejected => {
                    let reason = snapshot.end_reason.clone();
                    reason.unwrap_or(EndReason::Declined)
                }
                ParticipantStatus::Invited
                | ParticipantStatus::Ringing
                | ParticipantStatus::Joined
                | ParticipantStatus::Reconnecting
                | ParticipantStatus::Left
                | ParticipantStatus::Missed => continue,
            };
            if self.awaits(&participant.user_id) {
                let event = server::CallRejected {
                    session_id: snapshot.session_id.clone(),
                    chat_id: snapshot.chat_id.clone(),
                    rejected_by: participant.user_id.clone(),
                    reason,
                };
                self.rejected(cx, event)?;
            }
        }
        GOES_ON
    }

    /// Tells whether this side placed the call and that target has not answered yet.
    fn awaits(&self, target: &UserId) -> bool {
        matches!(self.stage, Stage::Calling(_))
            && self
                .position(target)
                .and_then(|at| self.participants.get(at))
                .is_some_and(|other| other.status.is_pending())
    }

    /// Ends the call when, by the server's word, this device is not in it any more.
    fn check_own_place(&self, cx: &Context, own: &ParticipantSnapshot) -> Flow {
        let is_here = is_own_device(cx, own.device_id.as_ref());
        match &self.stage {
            Stage::Calling(_) | Stage::Active(_) if !own.status.is_in_call() => {
                if self.unheard_entry().is_some() {
                    GOES_ON
                } else {
                    self.lost()
                }
            }
            // Another device has the call until the server has heard that this one is in it.
            Stage::Active(_) if !is_here && self.is_entering() => GOES_ON,
            Stage::Active(_) if !is_here => self.taken_over(),
            Stage::Ringing { .. } | Stage::Accepting { .. } if own.status.is_in_call() => {
                End::elsewhere("answered-elsewhere")
            }
            Stage::Ringing { .. } | Stage::Accepting { .. }
                if own.status == ParticipantStatus::Rejected =>
            {
                End::elsewhere("rejected-elsewhere")
            }
            Stage::Ringing { .. } | Stage::Accepting { .. } if !own.status.is_pending() => {
                self.lost()
            }
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => GOES_ON,
        }
    }

    /// Another device of this user has the call.
    fn taken_over(&self) -> Flow {
        End::elsewhere(match self.unheard_entry() {
            Some(_) => "answered-elsewhere",
            None => "moved-elsewhere",
        })
    }

    fn apply_participant(&mut self, cx: &mut Context, other: ParticipantSnapshot, since: Since) {
        let at = self.enlist(&other.user_id, other.status);
        let Some(participant) = self.participants.get_mut(at) else {
            return;
        };
        let was_in_call = participant.status.is_in_call();
        participant.user.name.clone_from(&other.name);
        participant.user.avatar.clone_from(&other.avatar);
        participant.status = other.status;
        let whom = Whom {
            user: other.user_id,
            device: other.device_id,
        };
        if other.status.is_in_call() {
            if self.moved(at, whom.device.as_ref()) {
                self.close_link(cx, at);
            }
            self.meet(cx, &whom, since);
            self.mark(at, |_| true, other.status);
            self.take_media(cx, at, other.muted, other.video);
        } else if was_in_call || !other.status.is_pending() {
            // They may have come and gone unseen: what was made for them ahead goes too.
            self.unseat(cx, &whom.user, other.status);
        }
    }

    /// Who entered anew while this side was away, and said nothing since, is not muted.
    fn take_media(
        &mut self,
        cx: &mut Context,
        at: usize,
        muted: Option<bool>,
        video: Option<VideoState>,
    ) {
        let is_kept = cx.signaling.features().media_state;
        if let Some(participant) = self.participants.get_mut(at) {
            participant.muted = muted.unwrap_or(participant.muted && !is_kept);
        }
        if let Some(video) = video {
            self.video_told(cx, at, video);
        }
    }

    /// Somebody is in the call, by a snapshot: there has to be a link to them.
    fn meet(&mut self, cx: &mut Context, whom: &Whom, since: Since) {
        match (&self.stage, since) {
            (Stage::Calling(named), Since::Before | Since::Now) => {
                let session = named.session.clone();
                self.activate(cx, session, Answering::Done);
                self.offer_to(cx, whom, None);
            }
            (Stage::Active(_), Since::Now) => self.await_offer(cx, whom),
            (Stage::Active(_), Since::Before) => {
                let at = self.position(&whom.user);
                let path = at
                    .and_then(|at| self.participants.get(at))
                    .map(|other| &other.path);
                // A pair that failed has a time of its own.
                if let Some(Path::None) | None = path {
                    self.offer_to(cx, whom, None);
                }
            }
            (
                Stage::Preparing { .. }
                | Stage::Placing { .. }
                | Stage::Ringing { .. }
                | Stage::Accepting { .. }
                | Stage::Joining { .. },
                Since::Before | Since::Now,
            ) => {}
        }
    }

    /// The call may have been answered while this side was away.
    fn start_at(&mut self, cx: &Context, elapsed_ms: u64, since: Since) {
        let now = cx.now;
        if let Some(active) = self.active_mut()
            && (active.started_at == now || since == Since::Now)
            && elapsed_ms > 0
        {
            active.started_at.0 = now.0.saturating_sub(elapsed_ms);
        }
    }

    /// `call:resume` was acked.
    pub(in crate::core) fn resumed(&mut self, cx: &mut Context, ack: JoinAck) -> Flow {
        if let Some(named) = self.named_mut() {
            named.standing = Standing::InStep;
        }
        if self.unheard_entry().is_some() {
            // The ack got lost, the answer did not: the server has this device in the call.
            self.half_answered(cx, |ack, _| *ack = Half::Done);
        }
        let unsettled = self.unsettled_links();
        if let Some(snapshot) = ack.call {
            self.apply(cx, snapshot, Since::Before)?;
        }
        self.in_step(cx, &unsettled);
        GOES_ON
    }

    /// `call:resume` was refused, or its ack is overdue.
    pub(in crate::core) fn not_resumed(&mut self, cx: &mut Context, error: &ClientError) -> Flow {
        match error.code {
            Code::Server(ErrorCode::NotInCall) if self.unheard_entry().is_some() => {
                if let Some(named) = self.named_mut() {
                    named.standing = Standing::InStep;
                }
                self.enter_again(cx);
                let unsettled = self.unsettled_links();
                self.in_step(cx, &unsettled);
                GOES_ON
            }
            Code::Server(ErrorCode::AlreadyAnswered) => self.taken_over(),
            Code::Server(_) | Code::Client(_) if error.retryable() => {
                self.resume_soon(cx);
                GOES_ON
            }
            Code::Server(_) | Code::Client(_) => self.lost(),
        }
    }

    /// Asks in a while how the call stands.
    pub(super) fn resume_soon(&self, cx: &mut Context) {
        cx.timers.set(Timer::Resume, cx.now.after(RESUME_AGAIN_MS));
    }

    /// `call:sync` was acked: a call that the server does not list does not ring any more.
    pub(in crate::core) fn synced(&mut self, cx: &mut Context, calls: Vec<CallSnapshot>) -> Flow {
        let listed = calls.into_iter().find(|call| self.is(&call.session_id));
        match (&self.stage, listed) {
            (_, Some(snapshot)) => self.apply(cx, snapshot, Since::Before),
            (Stage::Ringing { .. } | Stage::Accepting { .. }, None) => self.lost(),
            (
                Stage::Preparing { .. }
                | Stage::Placing { .. }
                | Stage::Calling(_)
                | Stage::Joining { .. }
                | Stage::Active(_),
                None,
            ) => GOES_ON,
        }
    }
}
