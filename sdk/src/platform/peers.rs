//! The peer connections of one client, by link.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Array;
use ringback_protocol::{CallType, RtcConfiguration, UserId};
use wasm_bindgen::prelude::*;
use web_sys::{MediaStream, MediaStreamTrack};

use super::encode::encode;
use super::peer::{OnAudio, Peer};
use super::playback::Playback;
use super::{Inbox, js};
use crate::core::error::{ClientCode, ClientError, Code};
use crate::core::ids::{LinkId, RequestId};
use crate::core::{ConnectionState, DeviceChoice, Input, PeerCommand, PeerInput};

/// All links; dropping it closes them.
pub(crate) struct Peers {
    inbox: Inbox,
    configuration: JsValue,
    playback: Rc<Playback>,
    audio: RefCell<Option<MediaStreamTrack>>,
    video: RefCell<Option<MediaStreamTrack>>,
    links: RefCell<Vec<Rc<Peer>>>,
}

impl Peers {
    /// Makes an empty set; `configuration` goes over what the machine gives.
    pub(crate) fn new(configuration: JsValue, playback: Playback, inbox: Inbox) -> Self {
        Self {
            inbox,
            configuration,
            playback: Rc::new(playback),
            audio: RefCell::new(None),
            video: RefCell::new(None),
            links: RefCell::new(Vec::new()),
        }
    }

    /// Does something with one connection; a link that is not there is ignored.
    pub(crate) fn perform(&self, link: LinkId, command: PeerCommand) {
        let on = |act: &dyn Fn(&Rc<Peer>)| {
            if let Some(peer) = self.find(link) {
                act(&peer);
            }
        };
        match command {
            PeerCommand::Create {
                config,
                offerer,
                call_type,
                user,
            } => {
                let first = match (offerer, call_type) {
                    (false, _) => &[] as &[&str],
                    (true, CallType::Voice) => &["audio"],
                    (true, CallType::Video) => &["audio", "video"],
                };
                self.create(link, &config, first, user);
            }
            PeerCommand::CreateOffer {
                generation,
                ice_restart,
            } => on(&|peer| peer.create_offer(generation, ice_restart)),
            PeerCommand::ApplyOffer(generation, offer) => {
                on(&|peer| peer.apply_offer(generation, &offer));
            }
            PeerCommand::CreateAnswer(generation) => on(&|peer| peer.create_answer(generation)),
            PeerCommand::ApplyAnswer(generation, answer) => {
                on(&|peer| peer.apply_answer(generation, &answer));
            }
            PeerCommand::AddCandidate(candidate) => on(&|peer| peer.add_candidate(&candidate)),
            PeerCommand::SendMedia => on(&|peer| {
                peer.want_media();
                self.send(peer);
            }),
            PeerCommand::ShowVideo(shown) => on(&|peer| peer.show_video(shown)),
            PeerCommand::LimitVideo(limit) => on(&|peer| peer.limit_video(limit)),
            PeerCommand::ReadLevel => on(&|peer| peer.read_level()),
            PeerCommand::Play => on(&|peer| peer.play()),
            PeerCommand::Reconfigure(config) => {
                // It fails only for a configuration that no connection could be made with either.
                if let Ok(configuration) = self.configured(&config) {
                    on(&|peer| peer.reconfigure(&configuration));
                }
            }
            PeerCommand::SampleStats => on(&|peer| peer.sample_stats()),
            PeerCommand::Close => self.close(link),
        }
    }

    /// Gives the microphone's track, or its absence, to every link that waits for it.
    pub(crate) fn send_audio(&self, track: Option<MediaStreamTrack>) {
        self.audio.replace(track);
        for peer in self.all() {
            peer.send_audio(self.audio.borrow().as_ref());
        }
    }

    /// Gives the picture's track, or its absence, to every link that waits for it.
    pub(crate) fn send_video(&self, track: Option<MediaStreamTrack>) {
        self.video.replace(track);
        for peer in self.all() {
            peer.send_video(self.video.borrow().as_ref());
        }
    }

    /// Gives a link the tracks again, now that the remote offer made its transceivers.
    pub(crate) fn resend(&self, link: LinkId) {
        if let Some(peer) = self.find(link) {
            self.send(&peer);
        }
    }

    /// Plays through another loudspeaker; reports `SpeakerSet`.
    pub(crate) fn set_speaker(&self, request: RequestId, device: DeviceChoice) {
        self.playback.set_speaker(request, device);
    }

    fn send(&self, peer: &Rc<Peer>) {
        peer.send_audio(self.audio.borrow().as_ref());
        peer.send_video(self.video.borrow().as_ref());
    }

    /// Returns the stream of a link, once there is one.
    pub(crate) fn stream_of_link(&self, link: LinkId) -> Option<MediaStream> {
        self.find(link)
            .and_then(|peer| peer.remote_stream().cloned())
    }

    /// Returns the stream of a person, once there is one.
    pub(crate) fn stream_of_user(&self, user: &str) -> Option<MediaStream> {
        let mut with_user = self.all().into_iter().filter(|peer| peer.is_with(user));
        with_user.find_map(|peer| peer.remote_stream().cloned())
    }

    /// Plays what the browser held back, and returns the promises of these attempts.
    pub(crate) fn resume_audio(&self) -> Array {
        self.playback.resume()
    }

    fn create(&self, link: LinkId, config: &RtcConfiguration, first: &[&str], user: UserId) {
        let made = self.configured(config).and_then(|configuration| {
            let inbox = self.inbox.clone();
            Peer::new(link, user, &configuration, first, inbox, self.on_audio())
        });
        match made {
            Ok(peer) => self.links.borrow_mut().push(peer),
            Err(error) => self.refuse(link, &error),
        }
    }

    fn configured(&self, config: &RtcConfiguration) -> Result<JsValue, JsValue> {
        let configuration = encode(config).map_err(|_| JsValue::UNDEFINED)?;
        js::merge(&configuration, &self.configuration);
        Ok(configuration)
    }

    /// Says that no connection could be made, and lets the link count as failed.
    fn refuse(&self, link: LinkId, error: &JsValue) {
        self.inbox.fail(ClientError {
            code: Code::Client(ClientCode::Unsupported),
            detail: Some(js::error_text(error)),
        });
        let failed = PeerInput::ConnectionState(ConnectionState::Failed);
        self.inbox.put(Input::Peer(link, failed));
    }

    fn on_audio(&self) -> OnAudio {
        let playback = Rc::downgrade(&self.playback);
        Rc::new(move |link, stream, hearing| {
            if let Some(playback) = playback.upgrade() {
                playback.play(link, stream, hearing);
            }
        })
    }

    fn close(&self, link: LinkId) {
        self.links.borrow_mut().retain(|peer| peer.link() != link);
        self.playback.stop(link);
    }

    fn find(&self, link: LinkId) -> Option<Rc<Peer>> {
        let links = self.links.borrow();
        links.iter().find(|peer| peer.link() == link).cloned()
    }

    fn all(&self) -> Vec<Rc<Peer>> {
        self.links.borrow().clone()
    }
}
