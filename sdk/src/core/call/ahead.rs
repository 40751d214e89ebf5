//! Preconnect: the media path is made while it rings, one link for each device that rings.
//!
//! The caller's first link carries the early offer; the first device to answer it has that link.
//! Each further device gets an offer of its own. With the answer to the call one link is kept and
//! the others are closed; until then no link carries media.

use ringback_protocol::{DeviceId, SessionDescription, UserId, server};

use super::envelope::Envelope;
use super::links::tune;
use super::{Call, Named, Stage, Standing, Whom};
use crate::core::context::{Context, Preconnect};
use crate::core::ids::LinkId;
use crate::core::input::PeerInput;
use crate::core::link::Link;
use crate::core::output::{Notification, PeerCommand};
use crate::core::participant::Path;
use crate::core::repair::Health;
use crate::core::signal::{LinkOutput, Progress, Signal};

/// How many devices get a link of their own beside the first.
const MOST_FURTHER: usize = 2;

/// Whether links are made ahead of the answer.
#[derive(Debug, Default)]
pub(super) enum Ahead {
    /// No, or not any more: the call was answered.
    #[default]
    Never,
    /// Yes, with these beside the first.
    Ringing(Vec<Further>),
}

/// A link to a ringing device that was not the first to answer.
#[derive(Debug)]
pub(super) struct Further {
    device: DeviceId,
    link: Box<Link>,
}

impl Ahead {
    /// Returns that links are made ahead, if that is wanted.
    pub(super) fn wanted(is_wanted: bool) -> Self {
        if is_wanted {
            Self::Ringing(Vec::new())
        } else {
            Self::Never
        }
    }
}

impl Call {
    /// Tells whether links are made ahead of the answer.
    pub(super) const fn is_ahead(&self) -> bool {
        match self.ahead {
            Ahead::Ringing(_) => true,
            Ahead::Never => false,
        }
    }

    /// Tells the other side what waits for it, while it rings.
    pub(super) fn flush_ahead(&mut self, cx: &mut Context, at: usize) {
        let Some(whom) = self.whom_ahead(cx, at) else {
            return;
        };
        for signal in self.take_outbox(at) {
            self.send_ahead(cx, &whom, signal);
        }
    }

    /// Returns who may be signalled to while it rings: the caller's device, or the callee's that
    /// answered first.
    fn whom_ahead(&self, cx: &Context, at: usize) -> Option<Whom> {
        let can_signal = match &self.stage {
            Stage::Calling(named) => named.standing == Standing::InStep,
            Stage::Ringing { .. } | Stage::Accepting { .. } => cx.signaling.is_up(),
            Stage::Preparing { .. }
            | Stage::Placing { .. }
            | Stage::Joining { .. }
            | Stage::Active(_) => false,
        };
        let other = self.participants.get(at)?;
        let device = other.device.clone()?;
        (can_signal && self.is_ahead()).then(|| Whom {
            user: other.user.id.clone(),
            device: Some(device),
        })
    }

    fn send_ahead(&self, cx: &mut Context, whom: &Whom, signal: Signal) {
        let chat = self.chat_id();
        if let Some(session) = self.session().filter(|_| cx.signaling.is_up()) {
            let envelope = Envelope {
                session,
                chat: &chat,
                whom,
            };
            cx.emit(envelope.seal(signal));
        }
    }

    /// `webrtc:answer` of a device that rings.
    pub(super) fn answered_ahead(&mut self, cx: &mut Context, event: server::WebrtcAnswer) {
        let Stage::Calling(Named { .. }) = self.stage else {
            return;
        };
        let (Some(at), Some(device)) = (self.position(&event.from_user_id), event.from_device_id)
        else {
            return;
        };
        let known = self
            .participants
            .get(at)
            .and_then(|other| other.device.clone());
        if let Some(further) = self.further(&device) {
            if self.is_of_a_new_page(further, &event.answer) {
                self.close_further(cx, further);
                self.offer_further(cx, at, device);
            } else {
                self.drive_further(cx, at, further, |link, out| {
                    link.answer_received(event.answer, out);
                });
            }
        } else if known.as_ref() == Some(&device) {
            let link = self.link_mut(at);
            if link.is_none_or(|link| link.is_answered_otherwise(&event.answer)) {
                // It leads to the page that was there before, or failed with it.
                self.open_offering_link(cx, at);
            } else {
                self.drive(cx, at, |link, out| link.answer_received(event.answer, out));
            }
        } else if known.is_none() && self.has_unsent_offer(at) {
            self.first_answer(cx, at, device, event.answer);
        } else {
            self.offer_further(cx, at, device);
        }
    }

    /// Tells whether a further device's answer is one of a page that took the place of another.
    fn is_of_a_new_page(&self, further: usize, answer: &SessionDescription) -> bool {
        match &self.ahead {
            Ahead::Ringing(all) => all
                .get(further)
                .is_some_and(|one| one.link.is_answered_otherwise(answer)),
            Ahead::Never => false,
        }
    }

    fn first_answer(
        &mut self,
        cx: &mut Context,
        at: usize,
        device: DeviceId,
        answer: SessionDescription,
    ) {
        if let Some(other) = self.participants.get_mut(at) {
            other.device = Some(device);
        }
        self.drop_offer(at);
        self.drive(cx, at, |link, out| link.answer_received(answer, out));
    }

    /// Another device has the first link: this one gets its own.
    fn offer_further(&mut self, cx: &mut Context, at: usize, device: DeviceId) {
        let Some(user) = self.participants.get(at).map(|other| other.user.id.clone()) else {
            return;
        };
        let create = self.create(cx, true, user);
        let Ahead::Ringing(further) = &mut self.ahead else {
            return;
        };
        if further.len() >= MOST_FURTHER {
            return;
        }
        let id = cx.next_link();
        further.push(Further {
            device,
            link: Box::new(Link::new(id)),
        });
        let place = further.len() - 1;
        cx.peer(id, create);
        self.drive_further(cx, at, place, Link::offer);
    }

    /// Returns how a peer connection to somebody is made, now.
    pub(super) fn create(&self, cx: &Context, offerer: bool, user: UserId) -> PeerCommand {
        let mut config = cx.config();
        if self.is_ahead() && cx.options.preconnect == Preconnect::Relayed {
            config.ice_transport_policy = Some("relay".into());
        }
        PeerCommand::Create {
            config,
            offerer,
            call_type: self.call_type,
            user,
        }
    }

    /// `webrtc:ice-candidate` of a device that rings, or of the caller while it rings here.
    pub(super) fn candidate_ahead(&mut self, cx: &mut Context, event: server::WebrtcIceCandidate) {
        let Some(at) = self.position(&event.from_user_id) else {
            return;
        };
        let device = event.from_device_id;
        let further = device.as_ref().and_then(|device| self.further(device));
        let take = |link: &mut Link, out: &mut Vec<LinkOutput>| {
            link.candidate_received(event.candidate, out);
        };
        let known = self.participants.get(at).map(|other| &other.device);
        if let Some(further) = further {
            self.drive_further(cx, at, further, take);
        } else if known == Some(&device) {
            self.drive(cx, at, take);
        }
    }

    /// `webrtc:offer` of the caller while it rings here: another device has the early offer.
    pub(super) fn offered_ahead(&mut self, cx: &mut Context, event: server::WebrtcOffer) {
        let caller = self.participants.first();
        let is_caller = caller.is_some_and(|caller| {
            caller.user.id == event.from_user_id && caller.device == event.from_device_id
        });
        match self.stage {
            Stage::Ringing { .. } | Stage::Accepting { .. } if is_caller && self.is_ahead() => {
                self.take_offer(cx, 0, event.offer);
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

    /// Takes in what the peer connection of a further device reports; false: it is none.
    pub(super) fn further_reported(
        &mut self,
        cx: &mut Context,
        id: LinkId,
        input: &PeerInput,
    ) -> bool {
        let Ahead::Ringing(further) = &mut self.ahead else {
            return false;
        };
        let Some(place) = further.iter().position(|one| one.link.id == id) else {
            return false;
        };
        if let (PeerInput::ConnectionState(state), Some(one)) = (input, further.get_mut(place)) {
            one.link.health.changed(*state);
        }
        let mut progress = Progress::Under;
        let input = input.clone();
        // One call that rings ahead has one target.
        self.drive_further(cx, 0, place, |link, out| progress = link.report(input, out));
        if progress == Progress::Broken {
            self.close_further(cx, place);
        }
        true
    }

    fn further(&self, device: &DeviceId) -> Option<usize> {
        match &self.ahead {
            Ahead::Ringing(further) => further.iter().position(|one| one.device == *device),
            Ahead::Never => None,
        }
    }

    fn drive_further(
        &mut self,
        cx: &mut Context,
        at: usize,
        place: usize,
        act: impl FnOnce(&mut Link, &mut Vec<LinkOutput>),
    ) {
        let Ahead::Ringing(further) = &mut self.ahead else {
            return;
        };
        let (Some(one), Some(other)) = (further.get_mut(place), self.participants.get(at)) else {
            return;
        };
        let mut outputs = Vec::new();
        act(&mut one.link, &mut outputs);
        let id = one.link.id;
        let whom = Whom {
            user: other.user.id.clone(),
            device: Some(one.device.clone()),
        };
        for mut output in outputs {
            tune(&mut output, cx.options.audio_bitrate);
            match output {
                LinkOutput::Do(command) => cx.peer(id, command),
                LinkOutput::Send(signal) => self.send_ahead(cx, &whom, signal),
            }
        }
    }

    fn close_further(&mut self, cx: &mut Context, place: usize) {
        if let Ahead::Ringing(further) = &mut self.ahead {
            let one = further.remove(place);
            cx.peer(one.link.id, PeerCommand::Close);
        }
    }

    /// Closes what was made ahead beside the first link.
    pub(super) fn drop_ahead(&mut self, cx: &mut Context) {
        if let Ahead::Ringing(further) = std::mem::take(&mut self.ahead) {
            for one in further {
                cx.peer(one.link.id, PeerCommand::Close);
            }
        }
    }

    /// The call was answered on a device: its link is kept, the others are closed. Returns whether
    /// links were made ahead at all.
    pub(super) fn settle_ahead(&mut self, cx: &mut Context, whom: &Whom) -> bool {
        let was_ahead = self.is_ahead();
        if let (Some(at), Some(device)) = (self.position(&whom.user), &whom.device) {
            self.keep_ahead(cx, at, device);
        }
        self.drop_ahead(cx);
        was_ahead
    }

    fn keep_ahead(&mut self, cx: &mut Context, at: usize, device: &DeviceId) {
        let place = self.further(device);
        let mut kept = None;
        if let (Some(place), Ahead::Ringing(further)) = (place, &mut self.ahead) {
            kept = Some(further.remove(place).link);
        }
        if let Some(link) = kept {
            self.close_link(cx, at);
            if let Some(other) = self.participants.get_mut(at) {
                cx.notify(Notification::RemoteStream(link.id, other.user.id.clone()));
                other.path = Path::Link(link);
                other.device = Some(device.clone());
            }
        }
    }

    /// Brings a link that was made ahead into use.
    pub(super) fn carry(&mut self, cx: &mut Context, at: usize) {
        let Some((id, health)) = self.link_mut(at).map(|link| (link.id, link.health)) else {
            return;
        };
        if cx.options.preconnect == Preconnect::Relayed {
            cx.peer(id, PeerCommand::Reconfigure(cx.config()));
        }
        cx.peer(id, PeerCommand::SendMedia);
        cx.peer(id, PeerCommand::Play);
        match health {
            Health::Connected => {
                self.turn_over(at);
                self.limit_video(cx);
            }
            Health::Connecting(_) => self.watch_link(cx, id),
            Health::Wavering | Health::Mending(_) => self.mend(cx, at, id),
        }
    }

    /// Looks for a direct path, now that addresses may be shown. The relayed one carries on meanwhile.
    pub(super) fn widen(&mut self, cx: &mut Context, at: usize) {
        if cx.options.preconnect == Preconnect::Relayed {
            self.drive(cx, at, Link::restart);
        }
    }

    /// The caller's link is negotiated ahead: its answer is with the caller already.
    pub(super) fn is_answered_ahead(&self) -> bool {
        let caller = self.participants.first();
        let link = caller.and_then(|caller| caller.link());
        self.is_ahead() && link.is_some_and(Link::has_answered)
    }

    /// Notes how a link stands that was made ahead.
    pub(super) fn health_ahead(&mut self, at: usize, state: crate::core::ConnectionState) {
        if self.is_ahead()
            && let Some(link) = self.link_mut(at)
        {
            link.health.changed(state);
        }
    }
}
