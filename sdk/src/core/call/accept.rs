//! A call that rings here: the answer is prepared meanwhile, and goes out with `call:accept`.

use ringback_protocol::{
    CallType, ChatId, ErrorCode, JoinAck, ParticipantStatus, SessionDescription, SessionId, client,
    server,
};

use super::place::{EARLY_MS, RING_SLACK_MS};
use super::snapshot::Since;
use super::{
    Active, Ahead, Answering, Call, Direction, End, Entry, Flow, GOES_ON, Half, Named, Parting,
};
use super::{Roster, Stage, Standing, Told, Whom};
use crate::core::context::{Context, Preconnect};
use crate::core::error::{ClientCode, ClientError, Code};
use crate::core::ids::RequestId;
use crate::core::media::{MediaKind, VideoSource};
use crate::core::output::Settled;
use crate::core::participant::Participant;
use crate::core::sdp;
use crate::core::signal::Signal;
use crate::core::signaling::{Purpose, is_gone};
use crate::core::speaker::Speaker;
use crate::core::timers::Timer;

impl Call {
    /// A call begins to ring here.
    pub(in crate::core) fn ring(cx: &mut Context, incoming: server::CallIncoming) -> Self {
        let default_ms = ringback_protocol::limits::RING_TIMEOUT_MS;
        let ring_ms = incoming.ring_timeout_ms.unwrap_or(default_ms);
        // The server says when it stops ringing; should that get lost, this side stops by itself.
        cx.timers.set(
            Timer::Ring,
            cx.now.after(ring_ms.saturating_add(RING_SLACK_MS)),
        );
        let caller = caller(&incoming);
        let offer = incoming.offer.filter(|_| cx.options.fast_setup);
        let is_ahead = incoming.preconnect
            && offer.is_some()
            && incoming.caller_device_id.is_some()
            && cx.options.preconnect != Preconnect::Never;
        let mut call = Self {
            chat: incoming.chat_id,
            call_type: incoming.call_type,
            direction: Direction::Incoming,
            roster: Roster::Complete,
            participants: vec![caller],
            stage: Stage::Ringing {
                session: incoming.session_id,
                offer,
            },
            speaker: Speaker::default(),
            ahead: Ahead::wanted(is_ahead),
            version: 0,
        };
        for target in &incoming.target_user_ids {
            if !cx.signaling.is_me(target) {
                call.enlist(target, ParticipantStatus::Invited);
            }
        }
        cx.refresh_config();
        call.server_known(cx);
        call
    }

    /// Answers the caller's offer while it rings; the answer stays here until it is accepted.
    pub(super) fn prepare_answer(&mut self, cx: &mut Context, offer: SessionDescription) {
        self.open_answering_link(cx, 0);
        self.take_offer(cx, 0, offer);
    }

    /// The person answers.
    pub(in crate::core) fn accept(&mut self, cx: &mut Context, request: RequestId) {
        let is_ahead = self.is_ahead();
        let Stage::Ringing { session, offer } = &mut self.stage else {
            // A second click: the first one is on its way.
            let refusal = ClientError::from(ClientCode::NotRinging);
            let settled = self.is_being_answered().then_some(Settled::Done);
            cx.settle(request, settled.ok_or(refusal));
            return;
        };
        self.stage = Stage::Accepting {
            session: session.clone(),
            request,
            offer: offer.take().filter(|_| is_ahead),
        };
        cx.open(MediaKind::Microphone);
        if self.is_answer_under_way() {
            cx.timers.set(Timer::Early, cx.now.after(EARLY_MS));
        }
        self.advance(cx);
    }

    /// A call is to be joined that goes on already.
    pub(in crate::core) fn join(cx: &mut Context, request: RequestId, session: SessionId) -> Self {
        let mut call = Self {
            chat: ChatId::nameless(),
            call_type: CallType::Voice,
            direction: Direction::Incoming,
            roster: Roster::Partial,
            participants: Vec::new(),
            stage: Stage::Joining { session, request },
            speaker: Speaker::default(),
            ahead: Ahead::Never,
            version: 0,
        };
        cx.open(MediaKind::Microphone);
        cx.refresh_config();
        call.advance(cx);
        call
    }

    /// The application asks to enter the call that is the current one already.
    pub(in crate::core) fn enter_current(&mut self, cx: &mut Context, request: RequestId) {
        if self.is_ringing() {
            self.accept(cx, request);
        } else {
            cx.settle(request, Ok(Settled::Done));
        }
    }

    /// Enters the call once the microphone, the prepared answer and the server allow it.
    pub(super) fn advance(&mut self, cx: &mut Context) {
        let is_heard = cx.media.microphone.is_open() || cx.media.is_granted();
        if !is_heard || !cx.signaling.is_up() {
            return;
        }
        match &self.stage {
            Stage::Accepting {
                session, request, ..
            } if !self.is_answer_under_way() => {
                let (session, request) = (session.clone(), *request);
                self.send_accept(cx, session, Some(request));
            }
            Stage::Joining { session, request } if cx.signaling.server.is_some() => {
                let (session, request) = (session.clone(), *request);
                self.send_join(cx, session, request);
            }
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => {}
        }
    }

    fn send_join(&mut self, cx: &mut Context, session: SessionId, request: RequestId) {
        let join = client::CallJoin {
            session_id: session.clone(),
            chat_id: self.chat_id(),
        };
        self.go_in(cx, session, Some(request), Entry::Join(join));
    }

    /// The prepared answer did not come in time, or failed: the reference's flow takes over.
    pub(super) fn early_answer_failed(&mut self, cx: &mut Context) {
        if let Stage::Accepting { offer, .. } = &mut self.stage {
            *offer = None;
        }
        self.close_link(cx, 0);
        self.advance(cx);
    }

    fn is_answer_under_way(&self) -> bool {
        if let Stage::Accepting { offer: Some(_), .. } = self.stage {
            return true;
        }
        let caller = self.participants.first();
        let is_under_way =
            caller.is_some_and(|caller| caller.link().is_some() && early_answer(caller).is_none());
        is_under_way && !self.is_answered_ahead()
    }

    fn send_accept(&mut self, cx: &mut Context, session: SessionId, request: Option<RequestId>) {
        cx.timers.stop(Timer::Early);
        let accept = client::CallAccept {
            session_id: session.clone(),
            chat_id: self.chat_id(),
            answer: self.participants.first_mut().and_then(take_early_answer),
        };
        self.go_in(cx, session, request, Entry::Accept(accept));
        self.carry_caller(cx);
    }

    /// Tells the server that this device enters the call.
    fn go_in(
        &mut self,
        cx: &mut Context,
        session: SessionId,
        request: Option<RequestId>,
        entry: Entry,
    ) {
        cx.ask(entry.event(), Purpose::Enter);
        let answering = Answering::Awaited {
            request,
            ack: Half::Awaited,
            microphone: if cx.media.microphone.is_open() {
                Half::Done
            } else {
                Half::Awaited
            },
            entry,
        };
        self.activate(cx, session, answering);
    }

    /// Leaves one's own call for the one that the other side placed at the same time.
    pub(in crate::core) fn cross_over(&mut self, cx: &mut Context, other: server::CallIncoming) {
        self.close_link(cx, 0);
        self.drop_ahead(cx);
        // What becomes of one's own call says nothing about the other one.
        cx.signaling.forget(&Purpose::Resume);
        self.learn(caller(&other));
        self.send_accept(cx, other.session_id.clone(), None);
        if let Some(offer) = early_offer(cx, other) {
            self.take_offer(cx, 0, offer);
        }
    }

    /// Brings the link to the caller into use, or makes one for the offer that will come.
    fn carry_caller(&mut self, cx: &mut Context) {
        let Some(caller) = self.participants.first() else {
            return;
        };
        let link = caller.link().map(|link| link.id);
        let whom = Whom {
            user: caller.user.id.clone(),
            device: caller.device.clone(),
        };
        self.drop_ahead(cx);
        match link {
            Some(_) => {
                self.carry(cx, 0);
                self.flush(cx, 0);
            }
            None => self.await_offer(cx, &whom),
        }
    }

    /// The call was answered, here or by the other side.
    pub(super) fn activate(&mut self, cx: &mut Context, session: SessionId, answering: Answering) {
        cx.timers.stop(Timer::Ring);
        cx.timers.stop(Timer::Lost);
        let standing = self
            .named_mut()
            .map_or(Standing::InStep, |named| named.standing);
        self.stage = Stage::Active(Active {
            named: Named { session, standing },
            started_at: cx.now,
            answering,
            told_muted: Told::Nothing(false),
            // Without a word, a video call begins with a picture.
            told_video: match self.call_type {
                CallType::Voice => Told::Nothing(VideoSource::Off),
                CallType::Video => Told::Unsure,
            },
        });
        self.start_measuring(cx);
        self.tell_muted(cx);
        self.video_changed(cx);
    }

    /// The entry was acked.
    pub(in crate::core) fn entered(&mut self, cx: &mut Context, ack: JoinAck) -> Flow {
        self.half_answered(cx, |ack, _| *ack = Half::Done);
        match ack.call {
            Some(snapshot) => self.apply(cx, snapshot, Since::Now),
            None => GOES_ON,
        }
    }

    /// The entry was refused, or its ack is overdue.
    pub(in crate::core) fn not_entered(&self, cx: &Context, error: ClientError) -> Flow {
        let is_join = match self.unheard_entry() {
            Some(Entry::Join(_)) => true,
            Some(Entry::Accept(_)) | None => false,
        };
        let mut flow = match error.code {
            Code::Server(ErrorCode::AlreadyAnswered) => End::elsewhere("answered-elsewhere"),
            // It may have been heard before: an entry that was said twice is acked once.
            Code::Server(ErrorCode::Internal) => End::broken(error.clone()),
            Code::Server(code) if is_join || is_gone(code) => End::failed(error.clone()),
            Code::Server(_) | Code::Client(_) => End::broken(error.clone()),
        };
        if let Flow::Break(end) = &mut flow {
            end.cause = error;
            end.by = cx.signaling.user.clone();
            if is_join && end.parting != Parting::Silent {
                // It may have been heard after all: the others talk on.
                end.parting = Parting::Leave;
            }
        }
        flow
    }

    /// Tells whether the person has answered and the server may not know yet.
    pub(in crate::core) fn is_being_answered(&self) -> bool {
        match (&self.stage, self.unheard_entry()) {
            (Stage::Accepting { .. }, _) | (Stage::Active(_), Some(Entry::Accept(_))) => true,
            (
                Stage::Preparing { .. }
                | Stage::Placing { .. }
                | Stage::Calling(_)
                | Stage::Ringing { .. }
                | Stage::Joining { .. }
                | Stage::Active(_),
                _,
            ) => false,
        }
    }

    /// Tells whether an ack will show if this device or another one has the call.
    pub(super) fn is_entering(&self) -> bool {
        let standing = self.active().map(|active| active.named.standing);
        self.unheard_entry().is_some() || standing == Some(Standing::Resuming)
    }

    /// Says the entry again: the server did not hear it.
    pub(super) fn enter_again(&self, cx: &mut Context) {
        if let Some(entry) = self.unheard_entry() {
            cx.ask(entry.event(), Purpose::Enter);
        }
    }

    /// Returns the entry that was emitted and not acked.
    pub(super) fn unheard_entry(&self) -> Option<&Entry> {
        match &self.active()?.answering {
            Answering::Awaited {
                ack: Half::Awaited,
                entry,
                ..
            } => Some(entry),
            Answering::Awaited {
                ack: Half::Done, ..
            }
            | Answering::Done => None,
        }
    }

    /// Settles the promise of answering once both halves are done.
    pub(super) fn half_answered(
        &mut self,
        cx: &mut Context,
        done: fn(ack: &mut Half, microphone: &mut Half),
    ) {
        let Some(active) = self.active_mut() else {
            return;
        };
        if let Answering::Awaited {
            request,
            ack,
            microphone,
            ..
        } = &mut active.answering
        {
            done(ack, microphone);
            if (*ack, *microphone) == (Half::Done, Half::Done) {
                let request = request.take();
                active.answering = Answering::Done;
                if let Some(request) = request {
                    cx.settle(request, Ok(Settled::Done));
                }
            }
        }
    }
}

/// Returns the offer that came with a call that crossed one's own. One that was meant for whichever
/// device rings first may have been answered elsewhere.
pub(in crate::core) fn early_offer(
    cx: &Context,
    incoming: server::CallIncoming,
) -> Option<SessionDescription> {
    let is_for_one = cx.options.fast_setup && !incoming.preconnect;
    incoming.offer.filter(|_| is_for_one)
}

/// Returns the caller as `call:incoming` describes them.
pub(in crate::core) fn caller(incoming: &server::CallIncoming) -> Participant {
    let mut caller = Participant::new(&incoming.caller_id, ParticipantStatus::Joined);
    if !incoming.caller_name.is_empty() {
        caller.user.name.clone_from(&incoming.caller_name);
    }
    caller.user.avatar.clone_from(&incoming.caller_avatar);
    caller.device.clone_from(&incoming.caller_device_id);
    caller
}

fn early_answer(caller: &Participant) -> Option<usize> {
    caller.outbox.iter().position(|signal| match signal {
        Signal::Answer(_) => true,
        Signal::Offer(_) | Signal::Candidate(_) => false,
    })
}

/// Takes the answer with the candidates found meanwhile inside it: one message, and the caller's
/// ICE begins with the answer instead of after it.
fn take_early_answer(caller: &mut Participant) -> Option<SessionDescription> {
    let position = early_answer(caller)?;
    let Signal::Answer(mut answer) = caller.outbox.remove(position) else {
        return None;
    };
    caller.outbox.retain(|signal| match signal {
        Signal::Candidate(candidate) => !sdp::add_candidate(&mut answer.sdp, candidate),
        Signal::Offer(_) | Signal::Answer(_) => true,
    });
    Some(answer)
}
