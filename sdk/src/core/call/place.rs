//! Placing a call: microphone and offer side by side, then `call:initiate`.

use ringback_protocol::{
    CallType, ChatId, ClientEvent, InitiateAck, ParticipantStatus, SessionDescription, SessionId,
    UserId, client,
};

use super::snapshot::Since;
use super::{
    Ahead, Call, Direction, Early, End, Flow, GOES_ON, Named, Placed, Roster, Stage, Standing, Whom,
};
use crate::core::context::{Context, Preconnect};
use crate::core::error::{ClientCode, ClientError};
use crate::core::ids::RequestId;
use crate::core::media::MediaKind;
use crate::core::output::Settled;
use crate::core::participant::Participant;
use crate::core::signal::Signal;
use crate::core::signaling::Purpose;
use crate::core::speaker::Speaker;
use crate::core::timers::Timer;

/// How long the early offer or answer may take before the call goes without, in milliseconds.
pub(super) const EARLY_MS: u64 = 3_000;
/// How long the socket may stay away before a call that was not acked is given up, in milliseconds.
const LOST_MS: u64 = 30_000;
/// What is added to the server's own ring timeout before this side stops waiting for it.
pub(super) const RING_SLACK_MS: u64 = 15_000;

/// What is asked of a call that is to be placed.
#[derive(Debug)]
pub(in crate::core) struct Dial {
    /// In which chat.
    pub(in crate::core) chat: ChatId,
    /// Voice or video.
    pub(in crate::core) call_type: CallType,
    /// Whom; none: everyone in the chat.
    pub(in crate::core) targets: Option<Vec<UserId>>,
}

impl Call {
    /// Begins to place a call.
    pub(in crate::core) fn dial(cx: &mut Context, request: RequestId, dial: Dial) -> Self {
        let targets = dial.targets.unwrap_or_default();
        let is_early = cx.options.fast_setup && targets.len() == 1;
        let mut call = Self {
            chat: dial.chat,
            call_type: dial.call_type,
            direction: Direction::Outgoing,
            roster: if targets.is_empty() {
                Roster::Partial
            } else {
                Roster::Complete
            },
            participants: Vec::new(),
            stage: Stage::Preparing {
                request,
                early: if is_early {
                    Early::Awaited
                } else {
                    Early::Without
                },
            },
            speaker: Speaker::default(),
            ahead: Ahead::wanted(is_early && cx.options.preconnect != Preconnect::Never),
            version: 0,
        };
        for target in &targets {
            call.enlist(target, ParticipantStatus::Invited);
        }
        cx.open(MediaKind::Microphone);
        cx.refresh_config();
        call.server_known(cx);
        call
    }

    /// The configuration is at hand: what waited for it begins.
    pub(in crate::core) fn server_known(&mut self, cx: &mut Context) {
        if cx.signaling.server.is_none() {
            return;
        }
        match &mut self.stage {
            Stage::Preparing {
                early: Early::Awaited,
                ..
            } => {
                if self
                    .participants
                    .first()
                    .is_some_and(|first| first.link().is_none())
                {
                    self.offer_early(cx);
                }
                self.place(cx);
            }
            Stage::Preparing {
                early: Early::Without | Early::Ready,
                ..
            } => self.place(cx),
            Stage::Ringing { offer, .. } | Stage::Accepting { offer, .. } => {
                if let Some(offer) = offer.take() {
                    self.prepare_answer(cx, offer);
                }
            }
            Stage::Placing { .. } | Stage::Calling(_) | Stage::Active(_) => {}
            Stage::Joining { .. } => self.advance(cx),
        }
    }

    fn offer_early(&mut self, cx: &mut Context) {
        cx.timers.set(Timer::Early, cx.now.after(EARLY_MS));
        self.open_offering_link(cx, 0);
    }

    /// The early offer lies in the outbox.
    pub(super) fn early_offer_ready(&mut self, cx: &mut Context) {
        if let Stage::Preparing { early, .. } = &mut self.stage
            && *early == Early::Awaited
        {
            *early = Early::Ready;
            cx.timers.stop(Timer::Early);
            self.place(cx);
        }
    }

    /// The early offer did not come about: the call goes without.
    pub(super) fn early_offer_failed(&mut self, cx: &mut Context) {
        if let Stage::Preparing { early, .. } = &mut self.stage {
            *early = Early::Without;
            cx.timers.stop(Timer::Early);
            self.close_link(cx, 0);
            self.place(cx);
        }
    }

    /// Emits `call:initiate` once everything that it needs is there.
    pub(super) fn place(&mut self, cx: &mut Context) {
        let Stage::Preparing { request, early } = self.stage else {
            return;
        };
        let is_ready = early != Early::Awaited
            && cx.media.microphone.is_open()
            && cx.signaling.server.is_some();
        if is_ready {
            let attempt = cx.next_attempt();
            let placed = if cx.signaling.is_up() {
                Placed::Awaited
            } else {
                Placed::Lost
            };
            self.stage = Stage::Placing {
                request,
                attempt,
                placed,
            };
            match placed {
                Placed::Awaited => self.initiate(cx),
                Placed::Lost => cx.timers.set(Timer::Lost, cx.now.after(LOST_MS)),
            }
        }
    }

    fn initiate(&mut self, cx: &mut Context) {
        let Stage::Placing { attempt, .. } = &self.stage else {
            return;
        };
        let features = cx.signaling.features();
        let everyone = self.participants.iter().map(|other| other.user.id.clone());
        let event = client::CallInitiate {
            chat_id: self.chat.clone(),
            call_type: self.call_type,
            target_user_ids: match self.roster {
                Roster::Complete => Some(everyone.collect()),
                Roster::Partial => None,
            },
            offer: if features.early_offer {
                self.early_offer()
            } else {
                None
            },
            request_id: attempt.clone().filter(|_| features.extended),
            preconnect: features.preconnect && self.is_ahead(),
        };
        cx.ask(ClientEvent::CallInitiate(event), Purpose::Initiate);
    }

    fn early_offer(&self) -> Option<SessionDescription> {
        let outbox = self.participants.first().map(|first| &first.outbox)?;
        outbox.iter().find_map(|signal| match signal {
            Signal::Offer(offer) => Some(offer.clone()),
            Signal::Answer(_) | Signal::Candidate(_) => None,
        })
    }

    /// The socket went before `call:initiate` was acked.
    pub(super) fn placing_lost(&mut self, cx: &mut Context) -> Flow {
        let Stage::Placing { placed, .. } = &mut self.stage else {
            return GOES_ON;
        };
        // Only a server that recognises a repeat can be asked again.
        if !cx.signaling.features().extended {
            return End::failed(ClientCode::SignalingLost.into());
        }
        *placed = Placed::Lost;
        cx.timers.set(Timer::Lost, cx.now.after(LOST_MS));
        GOES_ON
    }

    /// The socket is back: the call is placed again, under the same name.
    pub(super) fn place_again(&mut self, cx: &mut Context) {
        if let Stage::Placing { placed, .. } = &mut self.stage
            && *placed == Placed::Lost
        {
            *placed = Placed::Awaited;
            cx.timers.stop(Timer::Lost);
            self.initiate(cx);
        }
    }

    /// `call:initiate` was acked.
    ///
    /// `offer`: what came with the call that the other side placed at the same time.
    pub(in crate::core) fn placed(
        &mut self,
        cx: &mut Context,
        ack: InitiateAck,
        offer: Option<SessionDescription>,
    ) -> Flow {
        let Stage::Placing { request, .. } = self.stage else {
            return GOES_ON;
        };
        for target in &ack.target_user_ids {
            if !cx.signaling.is_me(target) {
                self.enlist(target, ParticipantStatus::Invited);
                self.roster = Roster::Complete;
            }
        }
        cx.settle(request, Ok(Settled::Session(ack.session_id.clone())));
        let since = if ack.joined {
            self.enter(cx, ack.session_id, offer);
            Since::Now
        } else {
            self.name(cx, ack.session_id);
            Since::Before
        };
        match ack.call {
            Some(snapshot) => self.apply(cx, snapshot, since),
            None => GOES_ON,
        }
    }

    /// `call:initiate` was refused, or its ack is overdue.
    pub(in crate::core) fn not_placed(&self, error: ClientError) -> Flow {
        match self.stage {
            Stage::Placing { .. } => End::failed(error),
            Stage::Preparing { .. }
            | Stage::Calling(_)
            | Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => GOES_ON,
        }
    }

    /// An event reached this device before the ack that would have named the call.
    pub(in crate::core) fn named_by_event(&mut self, cx: &mut Context, session: &SessionId) {
        if let Stage::Placing { request, .. } = self.stage {
            cx.settle(request, Ok(Settled::Session(session.clone())));
            self.name(cx, session.clone());
        }
    }

    pub(super) fn name(&mut self, cx: &mut Context, session: SessionId) {
        let ring_ms = cx
            .signaling
            .server
            .as_ref()
            .map_or(0, |server| server.ring_timeout_ms);
        cx.timers.set(
            Timer::Ring,
            cx.now.after(ring_ms.saturating_add(RING_SLACK_MS)),
        );
        cx.timers.stop(Timer::Lost);
        self.stage = Stage::Calling(Named {
            session,
            standing: Standing::InStep,
        });
    }

    /// Both dialled at once: this side is now the one that answered the other's call.
    fn enter(&mut self, cx: &mut Context, session: SessionId, offer: Option<SessionDescription>) {
        for at in 0..self.participants.len() {
            self.close_link(cx, at);
        }
        self.drop_ahead(cx);
        self.activate(cx, session, super::Answering::Done);
        let first = self.participants.first();
        let other = first.map(|first| Whom {
            user: first.user.id.clone(),
            device: first.device.clone(),
        });
        if let Some(other) = other {
            self.await_offer(cx, &other);
        }
        // It is sent once more, because the other side cannot know that it was here in time.
        if let Some(offer) = offer {
            self.take_offer(cx, 0, offer);
        }
    }

    /// Takes over what an incoming call says about the one who is being called.
    pub(in crate::core) fn learn(&mut self, known: Participant) {
        if let Some(participant) = self.participant_mut(&known.user.id) {
            participant.user = known.user;
            participant.device = known.device;
        }
    }

    /// Tells whether somebody whom this side alone calls, calls this side: both dialled at once.
    pub(in crate::core) fn crosses(&self, chat: &ChatId, caller: &UserId) -> bool {
        let is_outgoing = match self.stage {
            Stage::Preparing { .. } | Stage::Placing { .. } | Stage::Calling(_) => true,
            Stage::Ringing { .. }
            | Stage::Accepting { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => false,
        };
        let mut others = self.participants.iter();
        let only = others.next().filter(|_| others.next().is_none());
        is_outgoing && self.chat == *chat && only.is_some_and(|only| only.user.id == *caller)
    }
}
