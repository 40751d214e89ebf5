//! The negotiation of one peer connection: offers, answers, glare, candidates, ICE restarts.

use ringback_protocol::{IceCandidate, SessionDescription};

use super::candidates::Candidates;
use super::ids::{Generation, LinkId};
use super::input::PeerInput;
use super::output::{PeerCommand, VideoLimit};
use super::pace::Pace;
use super::pulse::Pulse;
use super::quality::Sampler;
use super::repair::Health;
use super::sdp;
use super::signal::{LinkOutput, Manners, Progress, Received, Signal};

/// What an offer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Nothing is wanted.
    Nothing,
    /// Tracks or directions changed.
    Offer,
    /// The path is to be found anew (RFC 8445 section 9).
    Restart,
}

/// Where negotiation stands (RFC 9429 section 3.2, with the asynchronous steps between).
///
/// ```text
///            +-- CreatingOffer --> OfferSent --> ApplyingAnswer --+
///  Stable ---+         \______________|  polite, glare            +--> Stable
///            +------------> ApplyingOffer --> CreatingAnswer -----+
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
enum Negotiation {
    /// Nothing is under way.
    Stable,
    /// The peer connection makes an offer.
    CreatingOffer(Wish),
    /// The other side has the offer, or will.
    OfferSent(Wish),
    /// The peer connection takes this answer.
    ApplyingAnswer(SessionDescription),
    /// The peer connection takes this offer.
    ApplyingOffer(SessionDescription),
    /// The peer connection answers this offer, which it has taken.
    CreatingAnswer(SessionDescription),
}

/// Whether a link may begin to negotiate: only so many do at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// The other side is to offer.
    Open,
    /// This side's first offer, or its answer to this one, waits until others are done.
    Queued(Option<SessionDescription>),
    /// It takes one of the places.
    Taken,
    /// It came up, or has had its time.
    Over,
}

/// The last offer that was answered, and the answer: the other side may ask again.
#[derive(Debug)]
struct Answered {
    offer: SessionDescription,
    answer: SessionDescription,
}

/// One peer connection to one participant.
#[derive(Debug)]
pub(super) struct Link {
    /// Names the peer connection.
    pub(super) id: LinkId,
    /// Whether media flows, and what is done about it.
    pub(super) health: Health,
    /// Measures it.
    pub(super) sampler: Sampler,
    /// Whether sound arrives over it.
    pub(super) pulse: Pulse,
    /// How loud the other side was when it was last read, 0 to 1.
    pub(super) level: f64,
    /// How much picture it bears.
    pub(super) pace: Pace,
    /// The limits of the picture that the peer connection was told.
    pub(super) limit: Option<VideoLimit>,
    /// Whether it may begin.
    pub(super) turn: Turn,
    negotiation: Negotiation,
    /// Of the last asynchronous command: only its result counts.
    generation: Generation,
    /// What is to be negotiated next.
    wish: Wish,
    remote: Candidates,
    /// Which peer connection is on the other side, by the origin of its descriptions.
    origin: Option<Box<str>>,
    /// Local candidates that must not overtake the description that is being made.
    held: Vec<IceCandidate>,
    answered: Option<Answered>,
}

impl Link {
    /// Returns a link whose peer connection is new.
    pub(super) fn new(id: LinkId) -> Self {
        Self {
            id,
            health: Health::new(),
            sampler: Sampler::default(),
            pulse: Pulse::Unfelt,
            level: 0.0,
            pace: Pace::default(),
            limit: None,
            turn: Turn::Open,
            negotiation: Negotiation::Stable,
            generation: Generation(0),
            wish: Wish::Nothing,
            remote: Candidates::default(),
            origin: None,
            held: Vec::new(),
            answered: None,
        }
    }

    /// Makes the first offer.
    pub(super) fn offer(&mut self, out: &mut Vec<LinkOutput>) {
        self.create_offer(Wish::Offer, out);
    }

    /// Looks for the path anew, at once or after the negotiation that is under way.
    ///
    /// An offer that the other side has not answered is replaced by a new one.
    pub(super) fn restart(&mut self, out: &mut Vec<LinkOutput>) {
        match self.negotiation {
            Negotiation::Stable | Negotiation::OfferSent(_) => {
                self.create_offer(Wish::Restart, out);
            }
            Negotiation::CreatingOffer(Wish::Restart) => {}
            Negotiation::CreatingOffer(Wish::Nothing | Wish::Offer)
            | Negotiation::ApplyingAnswer(_)
            | Negotiation::ApplyingOffer(_)
            | Negotiation::CreatingAnswer(_) => self.wish = Wish::Restart,
        }
    }

    /// Tells whether both descriptions were ever in place.
    pub(super) const fn is_negotiated(&self) -> bool {
        self.origin.is_some()
    }

    /// Tells whether an offer of the other side was answered.
    pub(super) const fn has_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// Tells whether the other side owes an answer.
    pub(super) const fn awaits_answer(&self) -> bool {
        match self.negotiation {
            Negotiation::OfferSent(_) => true,
            Negotiation::Stable
            | Negotiation::CreatingOffer(_)
            | Negotiation::ApplyingAnswer(_)
            | Negotiation::ApplyingOffer(_)
            | Negotiation::CreatingAnswer(_) => false,
        }
    }

    /// Takes an offer in: perfect negotiation (webrtc-pc section 10.7).
    pub(super) fn offer_received(
        &mut self,
        offer: SessionDescription,
        manners: Manners,
        out: &mut Vec<LinkOutput>,
    ) -> Received {
        match (&self.negotiation, manners) {
            (Negotiation::CreatingOffer(_) | Negotiation::OfferSent(_), Manners::Impolite) => {
                Received::Done
            }
            // Chromium may never gather candidates on a peer connection whose first offer was taken back.
            (Negotiation::CreatingOffer(_) | Negotiation::OfferSent(_), Manners::Polite)
                if !self.is_negotiated() =>
            {
                Received::Foreign(offer)
            }
            (Negotiation::CreatingOffer(wish) | Negotiation::OfferSent(wish), Manners::Polite) => {
                self.wish = self.kept(*wish, &offer);
                self.apply_offer(offer, out)
            }
            (
                Negotiation::ApplyingOffer(current) | Negotiation::CreatingAnswer(current),
                Manners::Polite | Manners::Impolite,
            ) if *current == offer => Received::Done,
            // A restart, and behind it the first offer of the peer connection that took its place.
            (
                Negotiation::ApplyingOffer(current) | Negotiation::CreatingAnswer(current),
                Manners::Polite | Manners::Impolite,
            ) if sdp::origin(&current.sdp) != sdp::origin(&offer.sdp) => Received::Foreign(offer),
            (
                Negotiation::Stable
                | Negotiation::ApplyingAnswer(_)
                | Negotiation::ApplyingOffer(_)
                | Negotiation::CreatingAnswer(_),
                Manners::Polite | Manners::Impolite,
            ) => self.apply_offer(offer, out),
        }
    }

    /// Takes an answer in; one that nothing asked for is ignored.
    pub(super) fn answer_received(
        &mut self,
        answer: SessionDescription,
        out: &mut Vec<LinkOutput>,
    ) {
        match self.negotiation {
            Negotiation::OfferSent(_) => {
                let generation = self.begin();
                out.push(LinkOutput::Do(PeerCommand::ApplyAnswer(
                    generation,
                    answer.clone(),
                )));
                self.negotiation = Negotiation::ApplyingAnswer(answer);
            }
            Negotiation::Stable
            | Negotiation::CreatingOffer(_)
            | Negotiation::ApplyingAnswer(_)
            | Negotiation::ApplyingOffer(_)
            | Negotiation::CreatingAnswer(_) => {}
        }
    }

    /// Takes a candidate of the other side in.
    pub(super) fn candidate_received(
        &mut self,
        candidate: IceCandidate,
        out: &mut Vec<LinkOutput>,
    ) {
        let ready = self.remote.receive(candidate);
        out.extend(ready.map(|candidate| LinkOutput::Do(PeerCommand::AddCandidate(candidate))));
    }

    /// Takes note of what the peer connection reports about negotiation.
    pub(super) fn report(&mut self, input: PeerInput, out: &mut Vec<LinkOutput>) -> Progress {
        match input {
            PeerInput::OfferCreated(generation, offer) if generation == self.generation => {
                self.offer_created(offer, out);
            }
            PeerInput::OfferApplied(generation) if generation == self.generation => {
                self.offer_applied(out);
            }
            PeerInput::AnswerCreated(generation, answer) if generation == self.generation => {
                self.answer_created(answer, out);
            }
            PeerInput::AnswerApplied(generation) if generation == self.generation => {
                self.answer_applied(out);
            }
            PeerInput::NegotiationFailed(generation, _) if generation == self.generation => {
                return self.failed();
            }
            PeerInput::CandidateFound(candidate) => self.candidate_found(candidate, out),
            PeerInput::NegotiationNeeded => self.negotiation_needed(out),
            // Of an older generation, or not about negotiation.
            PeerInput::OfferCreated(..)
            | PeerInput::OfferApplied(_)
            | PeerInput::AnswerCreated(..)
            | PeerInput::AnswerApplied(_)
            | PeerInput::NegotiationFailed(..)
            | PeerInput::ConnectionState(_)
            | PeerInput::RemoteTrack
            | PeerInput::RemoteVideo
            | PeerInput::Level(_)
            | PeerInput::Stats(_) => {}
        }
        Progress::Under
    }

    fn begin(&mut self) -> Generation {
        self.generation = self.generation.next();
        self.generation
    }

    fn create_offer(&mut self, wish: Wish, out: &mut Vec<LinkOutput>) {
        let generation = self.begin();
        self.wish = Wish::Nothing;
        self.negotiation = Negotiation::CreatingOffer(wish);
        out.push(LinkOutput::Do(PeerCommand::CreateOffer {
            generation,
            ice_restart: wish == Wish::Restart,
        }));
    }

    /// Returns what is left to wish for once one's own offer gave way to the other side's.
    fn kept(&self, wish: Wish, offer: &SessionDescription) -> Wish {
        match wish {
            // The other side's offer restarts ICE itself: that serves both.
            Wish::Restart if self.remote.is_new_generation(&offer.sdp) => Wish::Nothing,
            Wish::Restart => Wish::Restart,
            Wish::Nothing | Wish::Offer => Wish::Nothing,
        }
    }

    fn apply_offer(&mut self, offer: SessionDescription, out: &mut Vec<LinkOutput>) -> Received {
        if self.is_foreign(&offer) {
            return Received::Foreign(offer);
        }
        if let Some(answered) = &self.answered
            && answered.offer == offer
            && self.negotiation == Negotiation::Stable
        {
            // The answer may have got lost on its way.
            out.push(LinkOutput::Send(Signal::Answer(answered.answer.clone())));
            return Received::Done;
        }
        let generation = self.begin();
        self.held.clear();
        out.push(LinkOutput::Do(PeerCommand::ApplyOffer(
            generation,
            offer.clone(),
        )));
        self.negotiation = Negotiation::ApplyingOffer(offer);
        Received::Done
    }

    /// Tells whether another peer connection made the description than the one on the other side.
    pub(super) fn is_foreign(&self, description: &SessionDescription) -> bool {
        match (&self.origin, sdp::origin(&description.sdp)) {
            (Some(known), Some(other)) => **known != *other,
            (None, Some(_)) | (Some(_) | None, None) => false,
        }
    }

    /// Tells whether another peer connection has answered its offer already.
    pub(super) fn is_answered_otherwise(&self, answer: &SessionDescription) -> bool {
        match &self.negotiation {
            Negotiation::ApplyingAnswer(first) => {
                let origins = (sdp::origin(&first.sdp), sdp::origin(&answer.sdp));
                matches!(origins, (Some(known), Some(other)) if known != other)
            }
            Negotiation::Stable
            | Negotiation::CreatingOffer(_)
            | Negotiation::OfferSent(_)
            | Negotiation::ApplyingOffer(_)
            | Negotiation::CreatingAnswer(_) => self.is_foreign(answer),
        }
    }

    fn offer_created(&mut self, offer: SessionDescription, out: &mut Vec<LinkOutput>) {
        if let Negotiation::CreatingOffer(wish) = self.negotiation {
            self.negotiation = Negotiation::OfferSent(wish);
            out.push(LinkOutput::Send(Signal::Offer(offer)));
            self.let_go(out);
        }
    }

    fn offer_applied(&mut self, out: &mut Vec<LinkOutput>) {
        if let Negotiation::ApplyingOffer(offer) = &self.negotiation {
            let offer = offer.clone();
            self.described(&offer, out);
            let generation = self.begin();
            out.push(LinkOutput::Do(PeerCommand::CreateAnswer(generation)));
            self.negotiation = Negotiation::CreatingAnswer(offer);
        }
    }

    fn answer_created(&mut self, answer: SessionDescription, out: &mut Vec<LinkOutput>) {
        if let Negotiation::CreatingAnswer(offer) = &self.negotiation {
            let offer = offer.clone();
            out.push(LinkOutput::Send(Signal::Answer(answer.clone())));
            self.answered = Some(Answered { offer, answer });
            self.let_go(out);
            self.settled(out);
        }
    }

    fn answer_applied(&mut self, out: &mut Vec<LinkOutput>) {
        if let Negotiation::ApplyingAnswer(answer) = &self.negotiation {
            let answer = answer.clone();
            self.described(&answer, out);
            self.settled(out);
        }
    }

    /// The other side's description is in place.
    fn described(&mut self, description: &SessionDescription, out: &mut Vec<LinkOutput>) {
        self.origin = Some(sdp::origin(&description.sdp).unwrap_or_default().into());
        let ready = self.remote.described(&description.sdp);
        out.extend(
            ready
                .into_iter()
                .map(|candidate| LinkOutput::Do(PeerCommand::AddCandidate(candidate))),
        );
    }

    /// A round is over; what was wished for meanwhile begins.
    fn settled(&mut self, out: &mut Vec<LinkOutput>) {
        self.negotiation = Negotiation::Stable;
        match self.wish {
            Wish::Nothing => {}
            wish @ (Wish::Offer | Wish::Restart) => self.create_offer(wish, out),
        }
    }

    fn failed(&mut self) -> Progress {
        self.negotiation = Negotiation::Stable;
        self.wish = Wish::Nothing;
        self.held.clear();
        Progress::Broken
    }

    fn candidate_found(&mut self, candidate: IceCandidate, out: &mut Vec<LinkOutput>) {
        match self.negotiation {
            Negotiation::CreatingOffer(_) | Negotiation::CreatingAnswer(_) => {
                self.held.push(candidate);
            }
            Negotiation::Stable
            | Negotiation::OfferSent(_)
            | Negotiation::ApplyingAnswer(_)
            | Negotiation::ApplyingOffer(_) => {
                out.push(LinkOutput::Send(Signal::Candidate(candidate)));
            }
        }
    }

    fn let_go(&mut self, out: &mut Vec<LinkOutput>) {
        let held = std::mem::take(&mut self.held);
        out.extend(
            held.into_iter()
                .map(|candidate| LinkOutput::Send(Signal::Candidate(candidate))),
        );
    }

    /// The first offer is made on command; the browser's own wish counts from then on.
    fn negotiation_needed(&mut self, out: &mut Vec<LinkOutput>) {
        match self.negotiation {
            Negotiation::Stable if self.is_negotiated() => self.create_offer(Wish::Offer, out),
            // In the other states either the offer being made covers it, or the browser asks again.
            Negotiation::Stable
            | Negotiation::CreatingOffer(_)
            | Negotiation::OfferSent(_)
            | Negotiation::ApplyingAnswer(_)
            | Negotiation::ApplyingOffer(_)
            | Negotiation::CreatingAnswer(_) => {}
        }
    }
}
