//! Who comes into an answered call and who leaves it, and what this side tells them.

use ringback_protocol::{
    ClientEvent, EndReason, ParticipantStatus, SessionDescription, SessionId, UserId, client,
};

use super::end::Parting;
use super::{Active, Call, End, Entry, Flow, GOES_ON, Half, Stage, Standing, Told, Whom};
use crate::core::context::Context;
use crate::core::error::{ClientCode, ClientError};
use crate::core::ids::LinkId;
use crate::core::media::MediaKind;
use crate::core::output::{Notification, PeerCommand};
use crate::core::participant::Path;
use crate::core::signal::Signal;
use crate::core::signaling::Purpose;
use crate::core::timers::Timer;

impl Call {
    /// Somebody is in the call now; this side was in it before them, and so it offers.
    pub(super) fn offer_to(
        &mut self,
        cx: &mut Context,
        whom: &Whom,
        answer: Option<SessionDescription>,
    ) {
        let was_ahead = self.settle_ahead(cx, whom);
        let at = self.seat(cx, whom);
        match self.participants.get(at).map(|other| &other.path) {
            Some(Path::Link(_)) if self.has_unsent_offer(at) => {
                self.use_early_offer(cx, at, answer, was_ahead);
            }
            Some(Path::Link(link))
                if answer
                    .as_ref()
                    .is_some_and(|answer| link.is_answered_otherwise(answer)) =>
            {
                // It leads to the page that was there before the one that answers.
                self.open_offering_link(cx, at);
            }
            Some(Path::Link(_)) if was_ahead => {
                self.carry(cx, at);
                self.widen(cx, at);
                self.flush(cx, at);
            }
            Some(Path::Link(_)) | None => {}
            Some(Path::None | Path::Failed(_)) => self.open_offering_link(cx, at),
        }
        self.tell_newcomer(cx);
    }

    /// The early offer is answered, or goes out the way of the reference.
    fn use_early_offer(
        &mut self,
        cx: &mut Context,
        at: usize,
        answer: Option<SessionDescription>,
        was_ahead: bool,
    ) {
        if was_ahead {
            self.carry(cx, at);
        } else if let Some(id) = self.link_mut(at).map(|link| link.id) {
            cx.peer(id, PeerCommand::Play);
            self.watch_link(cx, id);
        }
        match answer {
            Some(answer) => {
                self.drop_offer(at);
                self.drive(cx, at, |link, out| link.answer_received(answer, out));
            }
            None => self.flush(cx, at),
        }
        if was_ahead {
            self.widen(cx, at);
        }
    }

    /// Tells whether an offer was made for them that they may not have.
    pub(super) fn has_unsent_offer(&self, at: usize) -> bool {
        self.participants.get(at).is_some_and(|participant| {
            participant.outbox.iter().any(|signal| match signal {
                Signal::Offer(_) => true,
                Signal::Answer(_) | Signal::Candidate(_) => false,
            })
        })
    }

    /// The other side has the offer already: it was in `call:incoming`.
    pub(super) fn drop_offer(&mut self, at: usize) {
        if let Some(participant) = self.participants.get_mut(at) {
            participant.outbox.retain(|signal| match signal {
                Signal::Offer(_) => false,
                Signal::Answer(_) | Signal::Candidate(_) => true,
            });
        }
    }

    /// Somebody was in the call before this side, and so they offer.
    pub(super) fn await_offer(&mut self, cx: &mut Context, whom: &Whom) {
        let at = self.seat(cx, whom);
        match self.participants.get(at).map(|other| &other.path) {
            Some(Path::None | Path::Failed(_)) => self.open_answering_link(cx, at),
            Some(Path::Link(_)) | None => {}
        }
    }

    /// Notes that somebody is in the call and returns their position.
    fn seat(&mut self, cx: &mut Context, whom: &Whom) -> usize {
        let at = self.enlist(&whom.user, ParticipantStatus::Joined);
        self.mark(at, |_| true, ParticipantStatus::Joined);
        if self.moved(at, whom.device.as_ref()) {
            // What was said over it went to the device that they left.
            self.close_link(cx, at);
        }
        at
    }

    /// Somebody left the call, or never came in.
    pub(in crate::core) fn unseat(
        &mut self,
        cx: &mut Context,
        user: &UserId,
        status: ParticipantStatus,
    ) {
        if let Some(at) = self.position(user) {
            self.close_link(cx, at);
            if let Some(participant) = self.participants.get_mut(at) {
                participant.status = status;
                participant.failures = 0;
                participant.forget_media();
            }
        }
    }

    /// Somebody left the call.
    pub(super) fn left(&mut self, cx: &mut Context, user: &UserId, reason: EndReason) -> Flow {
        if cx.signaling.is_me(user) {
            // The server let this device go while it was away.
            return End::told(reason, Some(user.clone()));
        }
        self.unseat(cx, user, ParticipantStatus::Left);
        if self.is_deserted() && !cx.signaling.features().extended {
            // Ringback's server ends a call that one person is left in; the reference leaves it open.
            let mut end = self.hang_up(cx, None, Parting::End(None));
            end.reason = reason;
            end.by = Some(user.clone());
            return Flow::Break(end);
        }
        GOES_ON
    }

    /// Tells everyone whether this side is muted, if they may believe otherwise.
    pub(in crate::core) fn tell_muted(&mut self, cx: &mut Context) {
        let muted = cx.media.is_silent();
        let chat_id = self.chat_id();
        let Some(active) = self.active_mut() else {
            return;
        };
        if active.named.standing == Standing::InStep && active.told_muted.changes_to(muted) {
            cx.emit(ClientEvent::CallToggleAudio(client::CallToggleAudio {
                session_id: active.named.session.clone(),
                chat_id,
                muted,
            }));
        }
    }

    /// A newcomer believes that nobody is muted, and that nobody is seen.
    pub(super) fn tell_newcomer(&mut self, cx: &mut Context) {
        if let Some(active) = self.active_mut() {
            if cx.media.is_silent() {
                active.told_muted = Told::Unsure;
            }
            if cx.media.video().is_on() {
                active.told_video = Told::Unsure;
            }
        }
        self.tell_muted(cx);
        self.tell_video(cx);
    }

    /// The microphone is open.
    pub(in crate::core) fn microphone_opened(&mut self, cx: &mut Context) {
        match self.stage {
            Stage::Preparing { .. } => self.place(cx),
            Stage::Accepting { .. } | Stage::Joining { .. } => self.advance(cx),
            Stage::Active(_) => self.half_answered(cx, |_, microphone| *microphone = Half::Done),
            Stage::Placing { .. } | Stage::Calling(_) | Stage::Ringing { .. } => {}
        }
    }

    /// The microphone did not open.
    pub(in crate::core) fn microphone_failed(
        &mut self,
        cx: &mut Context,
        error: ClientError,
    ) -> Flow {
        match &mut self.stage {
            Stage::Preparing { .. } | Stage::Joining { .. } => End::failed(error),
            Stage::Accepting {
                session,
                request,
                offer,
            } => {
                let (session, request, offer) = (session.clone(), *request, offer.take());
                cx.settle(request, Err(error));
                self.ring_on(cx, session, offer);
                GOES_ON
            }
            Stage::Active(active) => match active.answering {
                super::Answering::Awaited { .. } => End::broken(error),
                super::Answering::Done => {
                    // One can still listen.
                    cx.notify(Notification::Error(error));
                    GOES_ON
                }
            },
            Stage::Placing { .. } | Stage::Calling(_) => {
                cx.notify(Notification::Error(error));
                GOES_ON
            }
            // It was to be ready for an answer: who answers is told.
            Stage::Ringing { .. } => GOES_ON,
        }
    }

    /// The server still rings this device: the person may answer again.
    fn ring_on(&mut self, cx: &mut Context, session: SessionId, offer: Option<SessionDescription>) {
        cx.timers.stop(Timer::Early);
        cx.close(MediaKind::Camera);
        self.stage = Stage::Ringing { session, offer };
    }

    /// The socket is gone: media goes on, signals wait.
    pub(in crate::core) fn adrift(&mut self, cx: &mut Context) -> Flow {
        if let Some(named) = self.named_mut() {
            named.standing = Standing::Adrift;
        }
        if let Some(active) = self.active_mut() {
            active.told_muted.doubt();
            active.told_video.doubt();
        }
        cx.timers.stop(Timer::Resume);
        self.placing_lost(cx)
    }

    /// The socket is back.
    pub(in crate::core) fn back(&mut self, cx: &mut Context) {
        match &self.stage {
            Stage::Preparing { .. } => self.server_known(cx),
            Stage::Placing { .. } => self.place_again(cx),
            Stage::Ringing { .. } => self.ask_whether_ringing(cx),
            Stage::Accepting { .. } => {
                self.ask_whether_ringing(cx);
                self.advance(cx);
            }
            Stage::Joining { .. } => self.advance(cx),
            Stage::Calling(_) | Stage::Active(_) => self.resume(cx),
        }
    }

    fn ask_whether_ringing(&self, cx: &mut Context) {
        if cx.signaling.features().sync {
            cx.ask(ClientEvent::CallSync(client::CallSync {}), Purpose::Sync);
        }
    }

    /// Asks the server how the call stands; a reference server is believed to know no better.
    pub(super) fn resume(&mut self, cx: &mut Context) {
        let is_joining = match self.unheard_entry() {
            Some(Entry::Join(_)) => true,
            Some(Entry::Accept(_)) | None => false,
        };
        // A join is said again: another device may still be the one that the server knows.
        let can_resume = cx.signaling.features().resume && !is_joining;
        let Some(named) = self.named_mut() else {
            return;
        };
        if can_resume {
            named.standing = Standing::Resuming;
            let session_id = named.session.clone();
            let event = ClientEvent::CallResume(client::CallResume {
                session_id,
                fresh: false,
            });
            cx.ask(event, Purpose::Resume);
        } else {
            self.enter_again(cx);
            let unsettled = self.unsettled_links();
            self.in_step(cx, &unsettled);
        }
    }

    /// This side and the server believe the same again: what waited goes out.
    ///
    /// What was said over the links that were not settled before may be lost.
    pub(super) fn in_step(&mut self, cx: &mut Context, unsettled: &[LinkId]) {
        if let Some(named) = self.named_mut() {
            named.standing = Standing::InStep;
        }
        for at in 0..self.participants.len() {
            self.again_now(cx, at);
            if self.is_missed(at) {
                // A new peer connection is on its way: what waited is of the old one.
                continue;
            }
            self.flush(cx, at);
        }
        self.tell_newcomer(cx);
        for link in unsettled {
            self.mend_on(cx, *link);
        }
    }

    /// Returns what a call in which this device is not any more, by the server's word, ends with.
    pub(super) fn lost(&self) -> Flow {
        let reason = match &self.stage {
            Stage::Active(Active { .. }) => EndReason::Disconnected,
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. } => EndReason::Missed,
        };
        let mut flow = End::told(reason, None);
        if let Flow::Break(end) = &mut flow {
            end.cause = ClientCode::SignalingLost.into();
        }
        flow
    }
}
