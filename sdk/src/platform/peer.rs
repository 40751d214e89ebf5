//! One [`RTCPeerConnection`](https://developer.mozilla.org/docs/Web/API/RTCPeerConnection).

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Function, Promise};
use ringback_protocol::{IceCandidate, SessionDescription, UserId};
use wasm_bindgen::prelude::*;
use web_sys::{MediaStream, MediaStreamTrack, RtcOfferOptions, RtcPeerConnection};
use web_sys::{RtcPeerConnectionState, RtcRtpTransceiver, RtcRtpTransceiverDirection};
use web_sys::{RtcRtpTransceiverInit, RtcSessionDescriptionInit};

use super::decode::{Malformed, decode};
use super::encode::encode;
use super::listener::Listener;
use super::playback::Hearing;
use super::{Inbox, js, stats};
use crate::core::ids::{Generation, LinkId};
use crate::core::{ConnectionState, Input, PeerInput, VideoLimit};

/// What to call with the remote audio, when it arrives and when it may be heard.
pub(crate) type OnAudio = Rc<dyn Fn(LinkId, &MediaStream, Hearing)>;

/// One connection; dropping it closes it.
pub(crate) struct Peer {
    link: LinkId,
    connection: RtcPeerConnection,
    inbox: Inbox,
    on_audio: OnAudio,
    user: UserId,
    remote: MediaStream,
    /// Names our track in the SDP: reference clients take `event.streams[0]`.
    local: MediaStream,
    wants_media: Cell<bool>,
    /// What they show, once it arrives, and whether it is to be seen.
    remote_video: RefCell<Option<MediaStreamTrack>>,
    is_video_shown: Cell<bool>,
    is_video_seen: Cell<bool>,
    /// When the sound was made that was read last.
    heard_at: Cell<f64>,
    hearing: Cell<Hearing>,
    has_remote_track: Cell<bool>,
    listeners: RefCell<Vec<Listener>>,
}

impl Peer {
    /// Makes a connection; one that is to offer gets its `first` transceivers.
    ///
    /// # Errors
    /// When the browser has no WebRTC or refuses the configuration.
    pub(crate) fn new(
        link: LinkId,
        user: UserId,
        configuration: &JsValue,
        first: &[&str],
        inbox: Inbox,
        on_audio: OnAudio,
    ) -> Result<Rc<Self>, JsValue> {
        if !js::get(&js_sys::global(), "RTCPeerConnection").is_function() {
            return Err(JsValue::from_str("RTCPeerConnection is not defined"));
        }
        let peer = Rc::new(Self {
            link,
            connection: RtcPeerConnection::new_with_configuration(configuration.unchecked_ref())?,
            inbox,
            on_audio,
            user,
            remote: MediaStream::new()?,
            local: MediaStream::new()?,
            wants_media: Cell::new(false),
            remote_video: RefCell::new(None),
            is_video_shown: Cell::new(false),
            is_video_seen: Cell::new(false),
            heard_at: Cell::new(0.0),
            hearing: Cell::new(Hearing::Later),
            has_remote_track: Cell::new(false),
            listeners: RefCell::new(Vec::new()),
        });
        for kind in first {
            peer.add_transceiver(kind);
        }
        Self::listen(&peer);
        Ok(peer)
    }

    /// Returns the name of the link.
    pub(crate) const fn link(&self) -> LinkId {
        self.link
    }

    /// Returns what arrives, once it does.
    pub(crate) fn remote_stream(&self) -> Option<&MediaStream> {
        self.has_remote_track.get().then_some(&self.remote)
    }

    /// Tells whether this person is at the other end.
    pub(crate) fn is_with(&self, user: &str) -> bool {
        self.user.as_str() == user
    }

    /// `createOffer`, `setLocalDescription`; reports `OfferCreated`.
    pub(crate) fn create_offer(self: &Rc<Self>, generation: Generation, ice_restart: bool) {
        let options = RtcOfferOptions::new();
        options.set_ice_restart(ice_restart);
        let offer = self
            .connection
            .create_offer_with_rtc_offer_options(&options);
        self.describe(&offer, generation, PeerInput::OfferCreated);
    }

    /// `createAnswer`, `setLocalDescription`; reports `AnswerCreated`.
    pub(crate) fn create_answer(self: &Rc<Self>, generation: Generation) {
        self.adopt_transceivers();
        let answer = self.connection.create_answer();
        self.describe(&answer, generation, PeerInput::AnswerCreated);
    }

    /// `setRemoteDescription`, which rolls an own offer back; reports `OfferApplied`.
    pub(crate) fn apply_offer(self: &Rc<Self>, generation: Generation, offer: &SessionDescription) {
        self.apply(generation, offer, PeerInput::OfferApplied(generation));
    }

    /// `setRemoteDescription`; reports `AnswerApplied`.
    pub(crate) fn apply_answer(
        self: &Rc<Self>,
        generation: Generation,
        answer: &SessionDescription,
    ) {
        self.apply(generation, answer, PeerInput::AnswerApplied(generation));
    }

    /// `addIceCandidate`; ICE lives with a lost candidate.
    pub(crate) fn add_candidate(&self, candidate: &IceCandidate) {
        if let Ok(candidate) = encode(candidate) {
            let connection = &self.connection;
            let added = connection
                .add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(candidate.unchecked_ref()));
            js::settled(&added, |_result| {});
        }
    }

    /// Sends microphone and picture from when they are there.
    pub(crate) fn want_media(&self) {
        self.wants_media.set(true);
    }

    /// Takes the microphone's track, or its absence.
    pub(crate) fn send_audio(&self, track: Option<&MediaStreamTrack>) {
        if let (true, Some(transceiver)) = (self.wants_media.get(), self.find("audio")) {
            replace(&transceiver, track);
        }
    }

    /// Takes the picture's track, or its absence.
    ///
    /// The first one makes its section by `addTrack`: should the other side do the same at this
    /// moment, the browser puts both into one section (RFC 9429 section 5.10), which it does not
    /// for `addTransceiver`.
    pub(crate) fn send_video(&self, track: Option<&MediaStreamTrack>) {
        if !self.wants_media.get() {
            return;
        }
        match (self.find("video"), track) {
            (Some(transceiver), track) => {
                self.adopt(&transceiver);
                replace(&transceiver, track);
            }
            (None, Some(track)) => {
                self.connection.add_track(track, &self.local, &Array::new());
            }
            (None, None) => {}
        }
    }

    /// Has the picture of the other side in the stream, or not.
    pub(crate) fn show_video(&self, shown: bool) {
        self.is_video_shown.set(shown);
        let Some(track) = &*self.remote_video.borrow() else {
            return;
        };
        if shown {
            self.remote.add_track(track);
        } else {
            self.remote.remove_track(track);
        }
        self.tracks_changed();
    }

    /// Sends the picture within limits, and the sound before it.
    pub(crate) fn limit_video(&self, limit: VideoLimit) {
        if let Some(transceiver) = self.find("video") {
            configure(
                &transceiver,
                &[
                    ("active", limit.active.into()),
                    ("maxBitrate", limit.max_bitrate.into()),
                    ("scaleResolutionDownBy", limit.scale_down_by.into()),
                    ("maxFramerate", limit.max_framerate.into()),
                    ("priority", "low".into()),
                ],
            );
        }
        if let Some(transceiver) = self.find("audio") {
            configure(&transceiver, &[("priority", "high".into())]);
        }
    }

    /// Reads how loud the other side is; reports `Level`, and `RemoteVideo` once a picture arrives.
    pub(crate) fn read_level(&self) {
        let source = self.source_of("audio");
        let heard_at = js::get(&source, "timestamp").as_f64().unwrap_or(0.0);
        // Of a source that sends nothing any more, the browser remembers the last level.
        let is_heard = self.heard_at.replace(heard_at) != heard_at;
        let level = js::get(&source, "audioLevel").as_f64().unwrap_or(0.0);
        self.report(PeerInput::Level(is_heard.then_some(level)));
        // Chromium calls a track unmuted as soon as there is a section for it.
        if !self.is_video_seen.get() && self.source_of("video").is_object() {
            self.is_video_seen.set(true);
            self.report(PeerInput::RemoteVideo);
        }
    }

    /// Returns where sound or picture comes from, once it does
    /// ([`getSynchronizationSources`](https://developer.mozilla.org/docs/Web/API/RTCRtpReceiver/getSynchronizationSources)).
    fn source_of(&self, kind: &str) -> JsValue {
        let receiver = self.find(kind).map(|transceiver| transceiver.receiver());
        let sources = receiver.and_then(|receiver| {
            js::call(&receiver, "getSynchronizationSources", &JsValue::UNDEFINED).ok()
        });
        sources.map_or(JsValue::UNDEFINED, |sources| js::get(&sources, "0"))
    }

    /// `setConfiguration`: counts from the next gathering on.
    pub(crate) fn reconfigure(&self, configuration: &JsValue) {
        let connection: &JsValue = self.connection.as_ref();
        if let Ok(function) = js::get(connection, "setConfiguration").dyn_into::<Function>() {
            // A connection that is closed, or cannot be changed, goes on as it is.
            let _set = function.call1(connection, configuration);
        }
    }

    /// Lets the remote audio be heard, now or as soon as it arrives.
    pub(crate) fn play(&self) {
        self.hearing.set(Hearing::Now);
        self.hand_over();
    }

    /// `getStats`; reports `Stats`.
    pub(crate) fn sample_stats(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        js::settled(&self.connection.get_stats(), move |result| {
            if let (Some(peer), Ok(report)) = (weak.upgrade(), result) {
                peer.report(PeerInput::Stats(stats::read(&report)));
            }
        });
    }

    fn report(&self, input: PeerInput) {
        self.inbox.put(Input::Peer(self.link, input));
    }

    fn fail(&self, generation: Generation, error: &JsValue) {
        self.report(PeerInput::NegotiationFailed(
            generation,
            js::error_text(error),
        ));
    }

    fn hand_over(&self) {
        if self.has_remote_track.get() {
            (self.on_audio)(self.link, &self.remote, self.hearing.get());
        }
    }

    fn transceivers(&self) -> impl Iterator<Item = RtcRtpTransceiver> + use<> {
        self.connection
            .get_transceivers()
            .into_iter()
            .map(JsCast::unchecked_into)
    }

    /// Returns the transceiver that carries our audio or video.
    fn find(&self, kind: &str) -> Option<RtcRtpTransceiver> {
        self.transceivers()
            .find(|transceiver| !transceiver.stopped() && is_of(transceiver, kind))
    }

    fn add_transceiver(&self, kind: &str) {
        let init = RtcRtpTransceiverInit::new();
        init.set_direction(RtcRtpTransceiverDirection::Sendrecv);
        init.set_streams(&Array::of1(&self.local));
        self.connection
            .add_transceiver_with_str_and_init(kind, &init);
    }

    /// Answers the sections of the remote offer with media of our own.
    ///
    /// Also where there is none yet: turning the camera on then takes no further negotiation.
    fn adopt_transceivers(&self) {
        for transceiver in self.transceivers() {
            if !transceiver.stopped() {
                self.adopt(&transceiver);
            }
        }
    }

    fn adopt(&self, transceiver: &RtcRtpTransceiver) {
        if transceiver.direction() != SENDRECV {
            transceiver.set_direction(SENDRECV);
            set_streams(transceiver.sender().as_ref(), &self.local);
        }
    }

    fn listen(peer: &Rc<Self>) {
        type Handler = fn(&Rc<Peer>, &JsValue);
        let events: [(&'static str, Handler); 4] = [
            ("icecandidate", Self::on_candidate),
            ("track", Self::on_track),
            ("connectionstatechange", Self::on_connection_state),
            ("negotiationneeded", |peer, _| {
                peer.report(PeerInput::NegotiationNeeded)
            }),
        ];
        for (event, handle) in events {
            let weak = Rc::downgrade(peer);
            let listener = Listener::new(&peer.connection, event, move |value| {
                if let Some(peer) = weak.upgrade() {
                    handle(&peer, &value);
                }
            });
            peer.listeners.borrow_mut().extend(listener);
        }
    }

    fn on_candidate(self: &Rc<Self>, event: &JsValue) {
        let candidate = js::get(event, "candidate");
        if !candidate.is_object() {
            return;
        }
        if let Ok(candidate) = decode::<IceCandidate>(candidate) {
            self.report(PeerInput::CandidateFound(candidate));
        }
    }

    fn on_track(self: &Rc<Self>, event: &JsValue) {
        let Ok(track) = js::get(event, "track").dyn_into::<MediaStreamTrack>() else {
            return;
        };
        if track.kind() == "video" {
            self.take_video(track);
        } else {
            self.remote.add_track(&track);
            self.tracks_changed();
        }
    }

    /// A section for a picture does not mean that there is one: it is shown once the other side says
    /// so, or once it arrives.
    fn take_video(&self, track: MediaStreamTrack) {
        self.remote_video.replace(Some(track));
        if self.is_video_shown.get() {
            self.show_video(true);
        }
    }

    fn tracks_changed(&self) {
        if !self.has_remote_track.replace(true) {
            self.hand_over();
        }
        self.report(PeerInput::RemoteTrack);
    }

    fn on_connection_state(self: &Rc<Self>, _event: &JsValue) {
        let state = match self.connection.connection_state() {
            RtcPeerConnectionState::New => ConnectionState::New,
            RtcPeerConnectionState::Connecting => ConnectionState::Connecting,
            RtcPeerConnectionState::Connected => ConnectionState::Connected,
            RtcPeerConnectionState::Disconnected => ConnectionState::Disconnected,
            RtcPeerConnectionState::Failed => ConnectionState::Failed,
            RtcPeerConnectionState::Closed => ConnectionState::Closed,
            _ => return,
        };
        self.report(PeerInput::ConnectionState(state));
    }

    /// Makes the outcome of `createOffer` or `createAnswer` the local description.
    ///
    /// What is reported is that outcome, not the local description, which by then may hold
    /// candidates: they are for the other side only once the call is answered.
    fn describe(
        self: &Rc<Self>,
        created: &Promise,
        generation: Generation,
        done: fn(Generation, SessionDescription) -> PeerInput,
    ) {
        let weak = Rc::downgrade(self);
        js::settled(created, move |result| {
            let Some(peer) = weak.upgrade() else { return };
            match result.and_then(|value| Ok((read_description(&value)?, value))) {
                Ok((description, value)) => {
                    let done = done(generation, description);
                    peer.set_local(generation, &value, done);
                }
                Err(error) => peer.fail(generation, &error),
            }
        });
    }

    fn set_local(self: &Rc<Self>, generation: Generation, value: &JsValue, done: PeerInput) {
        let description: &RtcSessionDescriptionInit = value.unchecked_ref();
        let set = self.connection.set_local_description(description);
        self.when_done(&set, generation, done);
    }

    fn apply(
        self: &Rc<Self>,
        generation: Generation,
        description: &SessionDescription,
        done: PeerInput,
    ) {
        match encode(description) {
            Ok(value) => {
                let set = self
                    .connection
                    .set_remote_description(value.unchecked_ref());
                self.when_done(&set, generation, done);
            }
            Err(_) => self.fail(generation, &JsValue::UNDEFINED),
        }
    }

    fn when_done(self: &Rc<Self>, set: &Promise, generation: Generation, done: PeerInput) {
        let weak: Weak<Self> = Rc::downgrade(self);
        js::settled(set, move |result| {
            let Some(peer) = weak.upgrade() else { return };
            match result {
                Ok(_) => peer.report(done),
                Err(error) => peer.fail(generation, &error),
            }
        });
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.listeners.borrow_mut().clear();
        self.connection.close();
    }
}

const SENDRECV: RtcRtpTransceiverDirection = RtcRtpTransceiverDirection::Sendrecv;

fn is_of(transceiver: &RtcRtpTransceiver, kind: &str) -> bool {
    let track = js::get(transceiver.receiver().as_ref(), "track");
    js::text(&track, "kind").as_deref() == Some(kind)
}

/// Sets [encoding parameters](https://developer.mozilla.org/docs/Web/API/RTCRtpSender/setParameters);
/// a browser that refuses sends as it thinks fit.
fn configure(transceiver: &RtcRtpTransceiver, encoding: &[(&str, JsValue)]) {
    let sender = transceiver.sender();
    let Ok(parameters) = js::call(&sender, "getParameters", &JsValue::UNDEFINED) else {
        return;
    };
    let target = js::get(&js::get(&parameters, "encodings"), "0");
    if target.is_object() {
        for (name, value) in encoding {
            js::set(&target, name, value);
        }
        if let Ok(set) = js::call(&sender, "setParameters", &parameters) {
            js::settled(set.unchecked_ref(), |_result| {});
        }
    }
}

fn replace(transceiver: &RtcRtpTransceiver, track: Option<&MediaStreamTrack>) {
    let sender = transceiver.sender();
    // Taking nothing away from nothing would hold up what waits behind it.
    if track.is_some() || sender.track().is_some() {
        js::settled(&sender.replace_track(track), |_result| {});
    }
}

/// `RTCRtpSender.setStreams`, where the browser has it.
fn set_streams(sender: &JsValue, stream: &MediaStream) {
    if let Ok(function) = js::get(sender, "setStreams").dyn_into::<Function>() {
        // It fails only for a closed connection, which has nobody to tell.
        let _set = function.call1(sender, stream);
    }
}

fn read_description(value: &JsValue) -> Result<SessionDescription, JsValue> {
    decode(value.clone()).map_err(|Malformed| JsValue::UNDEFINED)
}
