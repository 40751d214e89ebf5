//! A model of `RTCPeerConnection`: descriptions, generations and candidates; no media.
//!
//! Signaling states and implicit rollback as in RFC 9429 section 4.1.10.2, the operations chain as
//! in webrtc-pc section 4.4.1.2: one operation at a time, and `setLocalDescription` is chained only
//! once `createOffer` or `createAnswer` is done.

use std::collections::VecDeque;

use ringback_protocol::{IceCandidate, SdpType, SessionDescription};
use ringback_sdk::core::ids::Generation;
use ringback_sdk::core::{ConnectionState, PeerInput};

/// One operation of the chain.
#[derive(Debug, Clone)]
pub enum Operation {
    /// `createOffer`, and whether with `iceRestart`.
    CreateOffer(Generation, bool),
    /// `createAnswer`.
    CreateAnswer(Generation),
    /// `setLocalDescription` with what was created.
    SetLocal(Generation, SessionDescription),
    /// `setRemoteDescription`.
    SetRemote(Generation, SessionDescription),
}

/// `RTCSignalingState`, without provisional answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalingState {
    /// Nothing is under way.
    Stable,
    /// An offer of this side waits for an answer.
    HaveLocalOffer,
    /// An offer of the other side waits for an answer.
    HaveRemoteOffer,
}

/// What a description says, as far as the model reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Which peer connection made it: its `o=` line, and its certificate.
    pub origin: String,
    /// The ICE generation.
    pub ufrag: String,
    /// Whether it has a section for video.
    pub has_video: bool,
    /// The candidates that stand in it.
    pub candidates: Vec<Candidate>,
}

/// A candidate as the model reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Of which ICE generation.
    pub ufrag: String,
    /// Of which network of that device.
    pub network: u32,
}

impl Candidate {
    /// Writes it as a browser would.
    #[must_use]
    pub fn write(&self, index: u32) -> IceCandidate {
        let (ufrag, network) = (&self.ufrag, self.network);
        IceCandidate {
            candidate: format!(
                "candidate:{index} 1 udp 1 net{network}.example {index} typ host ufrag {ufrag}"
            )
            .into(),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some(ufrag.as_str().into()),
        }
    }

    /// Reads what `write` wrote.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let network = line.split("net").nth(1)?.split('.').next()?.parse().ok()?;
        let ufrag = line.split("ufrag ").nth(1)?.split(' ').next()?.to_owned();
        Some(Self { ufrag, network })
    }
}

impl Description {
    fn write(&self, kind: SdpType, version: u32) -> SessionDescription {
        let (origin, ufrag) = (&self.origin, &self.ufrag);
        let mut sdp = format!("v=0\r\no=- {origin} {version} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
        let kinds: &[&str] = if self.has_video {
            &["audio", "video"]
        } else {
            &["audio"]
        };
        for (mid, kind) in kinds.iter().enumerate() {
            sdp.push_str(&format!(
                "m={kind} 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:{mid}\r\na=ice-ufrag:{ufrag}\r\n"
            ));
        }
        SessionDescription {
            kind,
            sdp: sdp.into(),
        }
    }

    fn read(sdp: &str) -> Option<Self> {
        let line = |prefix| sdp.lines().find_map(|line| line.strip_prefix(prefix));
        let origin = line("o=")?.split(' ').nth(1)?.to_owned();
        let candidates = sdp
            .lines()
            .filter_map(|line| line.strip_prefix("a=candidate:"))
            .filter_map(Candidate::read)
            .collect();
        Some(Self {
            origin,
            ufrag: line("a=ice-ufrag:")?.to_owned(),
            has_video: sdp.contains("m=video"),
            candidates,
        })
    }
}

/// What an operation led to.
#[derive(Debug, Default)]
pub struct Done {
    /// What the peer connection reports, in order.
    pub reports: Vec<PeerInput>,
    /// The generation for which candidates are now gathered.
    pub gathers: Option<String>,
    /// Whether both descriptions are in place, with another generation than before.
    pub is_new_generation: bool,
}

/// Whether packets pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ice {
    /// `connectionState`, as it was last reported.
    pub state: ConnectionState,
    /// The pair of generations over which packets pass, and the networks that they pass through.
    pub nominated: Option<Nominated>,
    /// The pair that checks have succeeded for, and when they will be done.
    pub checked: Option<(Nominated, u64)>,
    /// Since when the nominated pair has been dead.
    pub dead_since: Option<u64>,
    /// Since when a pair has been sought.
    pub sought_since: Option<u64>,
}

/// A path that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nominated {
    /// This side's generation.
    pub local: String,
    /// The other side's generation.
    pub remote: String,
    /// Which networks of the two devices it passes through.
    pub networks: (u32, u32),
}

/// One peer connection.
#[derive(Debug)]
pub struct Peer {
    origin: String,
    version: u32,
    generations: u32,
    chain: VecDeque<Operation>,
    is_busy: bool,
    /// Where negotiation stands.
    pub signaling: SignalingState,
    /// The current local description.
    pub local: Option<Description>,
    /// The current remote description.
    pub remote: Option<Description>,
    pending: Option<Description>,
    /// Candidates of the other side.
    pub candidates: Vec<Candidate>,
    /// Whether packets pass.
    pub ice: Ice,
    /// Whether media is to be sent.
    pub sends: bool,
    /// Whether what arrives is to be heard.
    pub plays: bool,
    /// Whether there is something to negotiate a section for.
    pub wants_video: bool,
    has_track: bool,
    /// How many packets arrived, for the statistics.
    pub packets: u32,
}

impl Peer {
    /// Makes a peer connection with that certificate.
    #[must_use]
    pub const fn new(origin: String, wants_video: bool) -> Self {
        Self {
            origin,
            version: 1,
            generations: 0,
            chain: VecDeque::new(),
            is_busy: false,
            signaling: SignalingState::Stable,
            local: None,
            remote: None,
            pending: None,
            candidates: Vec::new(),
            ice: Ice {
                state: ConnectionState::New,
                nominated: None,
                checked: None,
                dead_since: None,
                sought_since: None,
            },
            sends: false,
            plays: false,
            wants_video,
            has_track: false,
            packets: 0,
        }
    }

    /// Returns the name under which the other side knows this certificate.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Chains an operation and tells whether it begins now.
    pub fn chain(&mut self, operation: Operation) -> bool {
        self.chain.push_back(operation);
        !std::mem::replace(&mut self.is_busy, true)
    }

    /// Ends the operation that was under way, and tells whether another one begins.
    pub fn finish(&mut self) -> (Done, bool) {
        let mut done = Done::default();
        if let Some(operation) = self.chain.pop_front() {
            self.perform(operation, &mut done);
        }
        self.is_busy = !self.chain.is_empty();
        (done, self.is_busy)
    }

    /// Tells whether the browser would ask for negotiation.
    #[must_use]
    pub fn needs_negotiation(&self) -> bool {
        let has_video = self.local.as_ref().is_some_and(|local| local.has_video);
        self.signaling == SignalingState::Stable && self.wants_video && !has_video
    }

    /// Takes a candidate of the other side; false when it has no description to belong to.
    pub fn add_candidate(&mut self, candidate: &IceCandidate) -> bool {
        let has_remote = self.remote.is_some() || self.signaling == SignalingState::HaveRemoteOffer;
        self.candidates
            .extend(Candidate::read(&candidate.candidate));
        has_remote
    }

    fn perform(&mut self, operation: Operation, done: &mut Done) {
        let (generation, result) = match operation {
            Operation::CreateOffer(generation, restart) => {
                (generation, self.create_offer(generation, restart))
            }
            Operation::CreateAnswer(generation) => (generation, self.create_answer(generation)),
            Operation::SetLocal(generation, description) => {
                (generation, self.set_local(generation, description, done))
            }
            Operation::SetRemote(generation, description) => {
                (generation, self.set_remote(generation, &description, done))
            }
        };
        if let Err(error) = result {
            let failed = PeerInput::NegotiationFailed(generation, error.to_owned());
            done.reports.push(failed);
        }
    }

    fn create_offer(&mut self, generation: Generation, restart: bool) -> Result<(), &'static str> {
        if self.signaling == SignalingState::HaveRemoteOffer {
            return Err("InvalidStateError: createOffer in have-remote-offer");
        }
        let known = match self.signaling {
            SignalingState::HaveLocalOffer => self.pending.as_ref(),
            SignalingState::Stable | SignalingState::HaveRemoteOffer => self.local.as_ref(),
        };
        let known = known.map(|local| local.ufrag.clone());
        let ufrag = known.filter(|_| !restart);
        let offer = self.describe(SdpType::Offer, ufrag);
        self.chain.push_back(Operation::SetLocal(generation, offer));
        Ok(())
    }

    fn create_answer(&mut self, generation: Generation) -> Result<(), &'static str> {
        if self.signaling != SignalingState::HaveRemoteOffer {
            return Err("InvalidStateError: createAnswer without an offer");
        }
        let offered = self.pending.as_ref().map(|offer| &offer.ufrag);
        let known = self.remote.as_ref().map(|remote| &remote.ufrag);
        let goes_on = known.is_some() && known == offered;
        let own = self.local.as_ref().map(|local| local.ufrag.clone());
        let answer = self.describe(SdpType::Answer, own.filter(|_| goes_on));
        self.chain
            .push_back(Operation::SetLocal(generation, answer));
        Ok(())
    }

    fn describe(&mut self, kind: SdpType, ufrag: Option<String>) -> SessionDescription {
        self.version += 1;
        let ufrag = ufrag.unwrap_or_else(|| {
            self.generations += 1;
            format!("{}.{}", self.origin, self.generations)
        });
        let answers_video = kind == SdpType::Answer && has_video(self.pending.as_ref());
        let description = Description {
            origin: self.origin.clone(),
            ufrag,
            has_video: self.wants_video || answers_video || has_video(self.local.as_ref()),
            candidates: Vec::new(),
        };
        let has_video = match kind {
            SdpType::Answer => answers_video,
            SdpType::Offer | SdpType::Pranswer | SdpType::Rollback => description.has_video,
        };
        Description {
            has_video,
            ..description
        }
        .write(kind, self.version)
    }

    fn set_local(
        &mut self,
        generation: Generation,
        text: SessionDescription,
        done: &mut Done,
    ) -> Result<(), &'static str> {
        let description = Description::read(&text.sdp).ok_or("the description does not read")?;
        let known = self.local.as_ref().map(|local| &local.ufrag);
        let is_new = known != Some(&description.ufrag);
        match (text.kind, self.signaling) {
            (SdpType::Offer, SignalingState::Stable | SignalingState::HaveLocalOffer) => {
                done.gathers = is_new.then(|| description.ufrag.clone());
                self.signaling = SignalingState::HaveLocalOffer;
                self.pending = Some(description);
                done.reports.push(PeerInput::OfferCreated(generation, text));
                Ok(())
            }
            (SdpType::Answer, SignalingState::HaveRemoteOffer) => {
                done.gathers = is_new.then(|| description.ufrag.clone());
                let offer = self.pending.take();
                self.settle(Some(description), offer, done);
                done.reports
                    .push(PeerInput::AnswerCreated(generation, text));
                Ok(())
            }
            (SdpType::Offer | SdpType::Answer | SdpType::Pranswer | SdpType::Rollback, _) => {
                Err("InvalidStateError: setLocalDescription")
            }
        }
    }

    fn set_remote(
        &mut self,
        generation: Generation,
        text: &SessionDescription,
        done: &mut Done,
    ) -> Result<(), &'static str> {
        let description = Description::read(&text.sdp).ok_or("the description does not read")?;
        if let Some(remote) = &self.remote
            && remote.origin != description.origin
        {
            return Err("InvalidAccessError: the description is of another peer connection");
        }
        match (text.kind, self.signaling) {
            // With a local offer pending, it is rolled back first.
            (SdpType::Offer, _) => {
                self.candidates.extend(description.candidates.clone());
                self.signaling = SignalingState::HaveRemoteOffer;
                self.pending = Some(description);
                done.reports.push(PeerInput::OfferApplied(generation));
            }
            (SdpType::Answer, SignalingState::HaveLocalOffer) => {
                self.candidates.extend(description.candidates.clone());
                let offer = self.pending.take();
                self.settle(offer, Some(description), done);
                done.reports.push(PeerInput::AnswerApplied(generation));
            }
            (SdpType::Answer | SdpType::Pranswer | SdpType::Rollback, _) => {
                return Err("InvalidStateError: setRemoteDescription");
            }
        }
        if !std::mem::replace(&mut self.has_track, true) {
            done.reports.push(PeerInput::RemoteTrack);
        }
        Ok(())
    }

    fn settle(&mut self, local: Option<Description>, remote: Option<Description>, done: &mut Done) {
        let pair = |local: &Option<Description>, remote: &Option<Description>| {
            (
                local.as_ref().map(|one| one.ufrag.clone()),
                remote.as_ref().map(|one| one.ufrag.clone()),
            )
        };
        done.is_new_generation = pair(&local, &remote) != pair(&self.local, &self.remote);
        self.signaling = SignalingState::Stable;
        self.local = local;
        self.remote = remote;
    }
}

fn has_video(description: Option<&Description>) -> bool {
    description.is_some_and(|one| one.has_video)
}
