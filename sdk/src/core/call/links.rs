//! The links of a call: made, driven, closed; and what they say to the other side.

use ringback_protocol::{ParticipantStatus, SessionDescription};

use super::envelope::Envelope;
use super::{Call, Direction, Flow, GOES_ON, Stage, Whom};
use crate::core::context::Context;
use crate::core::ids::LinkId;
use crate::core::input::{ConnectionState, PeerInput};
use crate::core::link::Link;
use crate::core::media::VideoSource;
use crate::core::output::{Notification, PeerCommand};
use crate::core::participant::{Participant, Path};
use crate::core::repair::{ANSWER_MS, CONNECT_MS, FIRST_TRY_MS};
use crate::core::sdp;
use crate::core::signal::{LinkOutput, Manners, Progress, Received, Signal};
use crate::core::timers::Timer;

impl Call {
    /// Makes a link on which this side offers, and the offer.
    pub(super) fn open_offering_link(&mut self, cx: &mut Context, at: usize) {
        self.open_link(cx, at, true);
        self.offer_in_turn(cx, at);
    }

    /// Makes a link on which the other side offers.
    pub(super) fn open_answering_link(&mut self, cx: &mut Context, at: usize) {
        self.open_link(cx, at, false);
    }

    pub(super) fn open_link(&mut self, cx: &mut Context, at: usize, offerer: bool) {
        self.close_link(cx, at);
        let sends_media = self.sends_media();
        let is_active = self.active().is_some();
        let Some(user) = self.participants.get(at).map(|other| other.user.id.clone()) else {
            return;
        };
        let create = self.create(cx, offerer, user);
        let Some(participant) = self.participants.get_mut(at) else {
            return;
        };
        let id = cx.next_link();
        participant.path = Path::Link(Box::new(Link::new(id)));
        let shows_video = participant.video.is_some_and(VideoSource::is_on);
        cx.peer(id, create);
        if shows_video {
            cx.peer(id, PeerCommand::ShowVideo(true));
        }
        if sends_media {
            cx.peer(id, PeerCommand::SendMedia);
        }
        if is_active {
            cx.peer(id, PeerCommand::Play);
            self.watch_link(cx, id);
        }
    }

    /// A callee's media belong to no link before the call is answered, and nobody's to one that is
    /// made ahead.
    const fn sends_media(&self) -> bool {
        match self.stage {
            Stage::Ringing { .. } | Stage::Accepting { .. } => false,
            Stage::Preparing { .. } | Stage::Placing { .. } | Stage::Calling(_) => !self.is_ahead(),
            Stage::Joining { .. } | Stage::Active(_) => true,
        }
    }

    /// Gives a link its time to come up.
    pub(super) fn watch_link(&self, cx: &mut Context, id: LinkId) {
        cx.timers
            .set(Timer::Attempt(id), cx.now.after(FIRST_TRY_MS));
        cx.timers.set(Timer::GiveUp(id), cx.now.after(CONNECT_MS));
    }

    /// Closes the link to a participant, and forgets what was to be said over it.
    pub(super) fn close_link(&mut self, cx: &mut Context, at: usize) {
        if let Some(participant) = self.participants.get_mut(at) {
            close(cx, participant, Path::None);
        }
    }

    /// Closes the link to a participant for good.
    pub(super) fn fail_link(&mut self, cx: &mut Context, at: usize) {
        if let Some(participant) = self.participants.get_mut(at) {
            let failed = participant.link().map(|link| Path::Failed(link.id));
            close(cx, participant, failed.unwrap_or(Path::None));
        }
    }

    /// Lets a link act, and performs what it asks for.
    pub(super) fn drive(
        &mut self,
        cx: &mut Context,
        at: usize,
        act: impl FnOnce(&mut Link, &mut Vec<LinkOutput>),
    ) {
        let mut outputs = Vec::new();
        if let Some(participant) = self.participants.get_mut(at) {
            if let Some(link) = participant.link_mut() {
                act(link, &mut outputs);
            }
            perform(cx, participant, outputs);
        }
        self.flush(cx, at);
    }

    /// Takes in an offer of a participant.
    pub(super) fn take_offer(&mut self, cx: &mut Context, at: usize, offer: SessionDescription) {
        let Some(offer) = self.answer_in_turn(cx, at, offer) else {
            return;
        };
        let manners = self.manners(cx, at);
        let mut received = Received::Done;
        self.drive(cx, at, |link, out| {
            received = link.offer_received(offer, manners, out)
        });
        if let Received::Foreign(offer) = received {
            // The other side has a new peer connection, or this one is spoilt: this side needs a new one.
            self.open_answering_link(cx, at);
            self.take_offer(cx, at, offer);
        }
    }

    /// The greater user, then the greater device, is the polite one.
    pub(super) fn manners(&self, cx: &Context, at: usize) -> Manners {
        let is_polite = match (self.participants.get(at), &cx.signaling.user) {
            (Some(other), Some(own)) => {
                (own, &cx.signaling.device) > (&other.user.id, &other.device)
            }
            // A server that does not say who this is: then the one who was called gives way.
            (Some(_) | None, None) | (None, Some(_)) => self.direction == Direction::Incoming,
        };
        if is_polite {
            Manners::Polite
        } else {
            Manners::Impolite
        }
    }

    /// Tells a participant what waits for them, if they can be reached.
    pub(super) fn flush(&mut self, cx: &mut Context, at: usize) {
        if !self.is_in_step() {
            return self.flush_ahead(cx, at);
        }
        let chat = self.chat_id();
        let (Some(active), Some(participant)) = (self.active(), self.participants.get(at)) else {
            return;
        };
        // What is said to somebody who is away is lost.
        if participant.status != ParticipantStatus::Joined {
            return;
        }
        let session = active.named.session.clone();
        let whom = Whom {
            user: participant.user.id.clone(),
            device: participant.device.clone(),
        };
        let link = participant.link().map(|link| link.id);
        for signal in self.take_outbox(at) {
            match (&signal, link) {
                (Signal::Offer(_), Some(link)) => {
                    cx.timers.set(Timer::Answer(link), cx.now.after(ANSWER_MS));
                }
                (Signal::Offer(_), None) | (Signal::Answer(_) | Signal::Candidate(_), _) => {}
            }
            let envelope = Envelope {
                session: &session,
                chat: &chat,
                whom: &whom,
            };
            cx.emit(envelope.seal(signal));
        }
    }

    pub(super) fn take_outbox(&mut self, at: usize) -> Vec<Signal> {
        self.participants
            .get_mut(at)
            .map(|participant| std::mem::take(&mut participant.outbox))
            .unwrap_or_default()
    }

    /// Takes in what a peer connection reports.
    pub(in crate::core) fn peer(&mut self, cx: &mut Context, id: LinkId, input: PeerInput) -> Flow {
        if self.further_reported(cx, id, &input) {
            return GOES_ON;
        }
        let Some(at) = self
            .participants
            .iter()
            .position(|other| other.has_link(id))
        else {
            // Of a link that was closed meanwhile.
            return GOES_ON;
        };
        match input {
            PeerInput::ConnectionState(state) => self.connection_changed(cx, at, id, state),
            PeerInput::RemoteTrack => {
                if let Some(participant) = self.participants.get(at) {
                    let user = participant.user.id.clone();
                    cx.notify(Notification::RemoteStream(id, user));
                }
                GOES_ON
            }
            PeerInput::RemoteVideo => {
                self.video_seen(cx, at);
                GOES_ON
            }
            PeerInput::Level(level) => {
                self.level_read(at, level.unwrap_or(0.0));
                self.pulse_read(cx, at, level.is_some());
                GOES_ON
            }
            PeerInput::Stats(sample) => {
                self.sampled(cx, at, sample);
                GOES_ON
            }
            // The descriptions that are made ahead of the answer are all there is to negotiate.
            PeerInput::NegotiationNeeded if self.active().is_none() => GOES_ON,
            input @ (PeerInput::OfferCreated(..)
            | PeerInput::OfferApplied(_)
            | PeerInput::AnswerCreated(..)
            | PeerInput::AnswerApplied(_)
            | PeerInput::NegotiationFailed(..)
            | PeerInput::CandidateFound(_)
            | PeerInput::NegotiationNeeded) => self.negotiated(cx, at, id, input),
        }
    }

    fn negotiated(&mut self, cx: &mut Context, at: usize, id: LinkId, input: PeerInput) -> Flow {
        let mut progress = Progress::Under;
        self.drive(cx, at, |link, out| progress = link.report(input, out));
        match (&self.stage, progress) {
            (Stage::Active(_), Progress::Broken) => return self.negotiation_broke(cx, at, id),
            (
                Stage::Preparing { .. }
                | Stage::Placing { .. }
                | Stage::Calling(_)
                | Stage::Ringing { .. }
                | Stage::Accepting { .. }
                | Stage::Joining { .. },
                Progress::Broken,
            ) => self.early_link_failed(cx, at),
            (Stage::Preparing { .. }, Progress::Under) => self.note_early_offer(cx, at),
            (Stage::Accepting { .. }, Progress::Under) => self.advance(cx),
            (
                Stage::Placing { .. }
                | Stage::Calling(_)
                | Stage::Ringing { .. }
                | Stage::Joining { .. }
                | Stage::Active(_),
                Progress::Under,
            ) => {}
        }
        GOES_ON
    }

    fn note_early_offer(&mut self, cx: &mut Context, at: usize) {
        if self.has_unsent_offer(at) {
            self.early_offer_ready(cx);
        }
    }

    /// A link that was made before the call was answered is of no use.
    pub(super) fn early_link_failed(&mut self, cx: &mut Context, at: usize) {
        match self.stage {
            Stage::Preparing { .. } => self.early_offer_failed(cx),
            Stage::Accepting { .. } => self.early_answer_failed(cx),
            Stage::Placing { .. } | Stage::Calling(_) | Stage::Ringing { .. } => {
                self.close_link(cx, at);
            }
            Stage::Joining { .. } | Stage::Active(_) => {}
        }
    }

    fn connection_changed(
        &mut self,
        cx: &mut Context,
        at: usize,
        id: LinkId,
        state: ConnectionState,
    ) -> Flow {
        let is_failed = state == ConnectionState::Failed;
        if self.active().is_some() {
            self.health_changed(cx, at, id, state);
            self.limit_video(cx);
        } else if is_failed {
            self.early_link_failed(cx, at);
        } else {
            self.health_ahead(at, state);
        }
        GOES_ON
    }
}

fn perform(cx: &mut Context, participant: &mut Participant, outputs: Vec<LinkOutput>) {
    let Some(id) = participant.link().map(|link| link.id) else {
        return;
    };
    for mut output in outputs {
        tune(&mut output, cx.options.audio_bitrate);
        match output {
            LinkOutput::Do(command) => cx.peer(id, command),
            LinkOutput::Send(signal) => participant.post(signal),
        }
    }
}

/// What the other side describes governs how this side encodes; what this side describes governs how
/// the other side does, also a client of the reference.
pub(super) fn tune(output: &mut LinkOutput, most: Option<u32>) {
    match output {
        LinkOutput::Do(
            PeerCommand::ApplyOffer(_, description) | PeerCommand::ApplyAnswer(_, description),
        ) => sdp::tune_opus(&mut description.sdp, most),
        LinkOutput::Send(Signal::Offer(description) | Signal::Answer(description)) => {
            sdp::tune_opus(&mut description.sdp, None);
        }
        LinkOutput::Send(Signal::Candidate(_))
        | LinkOutput::Do(
            PeerCommand::Create { .. }
            | PeerCommand::CreateOffer { .. }
            | PeerCommand::CreateAnswer(_)
            | PeerCommand::AddCandidate(_)
            | PeerCommand::SendMedia
            | PeerCommand::ShowVideo(_)
            | PeerCommand::LimitVideo(_)
            | PeerCommand::ReadLevel
            | PeerCommand::Play
            | PeerCommand::Reconfigure(_)
            | PeerCommand::SampleStats
            | PeerCommand::Close,
        ) => {}
    }
}

fn close(cx: &mut Context, participant: &mut Participant, remains: Path) {
    participant.outbox.clear();
    match std::mem::replace(&mut participant.path, remains) {
        Path::Link(link) => {
            cx.timers.stop_link(link.id);
            cx.peer(link.id, PeerCommand::Close);
        }
        Path::Failed(id) => cx.timers.stop_link(id),
        Path::None => {}
    }
}
