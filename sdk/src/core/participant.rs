//! Another person in a call, and the media path to them.

use ringback_protocol::{DeviceId, LinkReport, LinkStatus, ParticipantStatus, UserId};

use super::ids::LinkId;
use super::link::Link;
use super::media::VideoSource;
use super::quality::Tally;
use super::signal::Signal;
use super::view::{LinkState, ParticipantView, UserView};

/// How many signals wait for signaling at most; the oldest gives way.
const MOST_SIGNALS: usize = 200;

/// The media path to a participant.
#[derive(Debug)]
pub(super) enum Path {
    /// Nothing has begun.
    None,
    /// There is a peer connection.
    Link(Box<Link>),
    /// This one was given up.
    Failed(LinkId),
}

/// Another person in a call.
#[derive(Debug)]
pub(super) struct Participant {
    /// Who.
    pub(super) user: UserView,
    /// The device that is in the call, when the server says.
    pub(super) device: Option<DeviceId>,
    /// How they stand towards the call.
    pub(super) status: ParticipantStatus,
    /// Whether their microphone is muted.
    pub(super) muted: bool,
    /// The picture that they send, as they or their tracks tell; none before either did.
    pub(super) video: Option<VideoSource>,
    /// How often the media path to them was given up since it last was there.
    pub(super) failures: u8,
    /// The media path to them.
    pub(super) path: Path,
    /// What they are to be told, in order, once they can be reached.
    pub(super) outbox: Vec<Signal>,
}

impl Participant {
    /// Returns a participant of whom no more than the id is known.
    pub(super) fn new(id: &UserId, status: ParticipantStatus) -> Self {
        Self {
            user: UserView {
                id: id.clone(),
                name: id.as_str().into(),
                avatar: None,
            },
            device: None,
            status,
            muted: false,
            video: None,
            failures: 0,
            path: Path::None,
            outbox: Vec::new(),
        }
    }

    /// They begin anew, and have not said anything: nobody is muted, nobody is seen.
    pub(super) const fn forget_media(&mut self) {
        self.muted = false;
        self.video = None;
    }

    /// Returns the peer connection to them, if there is one.
    pub(super) fn link(&self) -> Option<&Link> {
        match &self.path {
            Path::Link(link) => Some(link),
            Path::None | Path::Failed(_) => None,
        }
    }

    /// Returns the peer connection to them, if there is one.
    pub(super) fn link_mut(&mut self) -> Option<&mut Link> {
        match &mut self.path {
            Path::Link(link) => Some(link),
            Path::None | Path::Failed(_) => None,
        }
    }

    /// Tells whether this is the peer connection to them.
    pub(super) fn has_link(&self, id: LinkId) -> bool {
        self.link().is_some_and(|link| link.id == id)
    }

    /// Keeps a signal until they can be reached.
    pub(super) fn post(&mut self, signal: Signal) {
        if is_offer(&signal) {
            // A newer offer takes the place of one that was never sent.
            self.outbox.retain(|other| !is_offer(other));
        }
        if self.outbox.len() >= MOST_SIGNALS {
            self.outbox.remove(0);
        }
        self.outbox.push(signal);
    }

    /// Takes out what was measured since the last report, adds it to that of the others, and
    /// returns it; none when there never was a connection.
    pub(super) fn report_link(&mut self, all: &mut Tally) -> Option<LinkReport> {
        let user_id = self.user.id.clone();
        let state = match &self.path {
            Path::None => return None,
            Path::Failed(_) => LinkStatus::Failed,
            Path::Link(_) if self.failures > 0 => LinkStatus::Failed,
            Path::Link(link) => link.health.report()?,
        };
        let Some(link) = self.link_mut() else {
            return Some(Tally::default().link_report(user_id, state, None));
        };
        let tally = link.sampler.take_tally();
        all.add(&tally);
        Some(tally.link_report(user_id, state, link.sampler.last()))
    }

    /// Returns what the application sees.
    pub(super) fn view(&self) -> ParticipantView {
        ParticipantView {
            user: self.user.clone(),
            status: self.status,
            muted: self.muted,
            video: self.video.unwrap_or_default(),
            link: match &self.path {
                Path::None => LinkState::New,
                Path::Link(_) if self.failures > 0 => LinkState::Failed,
                Path::Link(link) => link.health.view(),
                Path::Failed(_) => LinkState::Failed,
            },
            quality: self.link().and_then(|link| link.sampler.grade()),
        }
    }
}

fn is_offer(signal: &Signal) -> bool {
    match signal {
        Signal::Offer(_) => true,
        Signal::Answer(_) | Signal::Candidate(_) => false,
    }
}
