//! Peer connections: what a page asks of them, and what they report.

use super::*;

impl World {
    pub(super) fn command_peer(
        &mut self,
        place: Place,
        life: u32,
        link: LinkId,
        command: PeerCommand,
    ) {
        match command {
            PeerCommand::Create {
                call_type, offerer, ..
            } => {
                let origin = format!("{place}-{life}-{}", link.0);
                let peer = Peer::new(origin, offerer && call_type == CallType::Video);
                let former = self
                    .page_mut(place, life)
                    .and_then(|page| page.peers.insert(link, peer));
                if former.is_some() {
                    self.accuse(place, &format!("made link {} twice", link.0));
                }
                if offerer {
                    self.report(place, life, link, PeerInput::NegotiationNeeded);
                }
            }
            PeerCommand::Close => {
                let closed = self
                    .page_mut(place, life)
                    .and_then(|page| page.peers.remove(&link));
                match closed {
                    Some(_) => self.look_at_all_paths(),
                    None => self.accuse(place, &format!("closed link {} twice", link.0)),
                }
            }
            command => {
                if self.peer(place, life, link).is_none() {
                    let error = format!("uses link {}, which is not open: {command:?}", link.0);
                    return self.accuse(place, &error);
                }
                self.command_open_peer(place, life, link, command);
            }
        }
    }

    pub(super) fn command_open_peer(
        &mut self,
        place: Place,
        life: u32,
        link: LinkId,
        command: PeerCommand,
    ) {
        let is_showing = self.page_of(place, life).is_some_and(|page| {
            let [_, camera, screen] = page.captures;
            camera.is_live() || screen.is_live()
        });
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        let operation = match command {
            PeerCommand::CreateOffer {
                generation,
                ice_restart,
            } => Operation::CreateOffer(generation, ice_restart),
            PeerCommand::ApplyOffer(generation, text)
            | PeerCommand::ApplyAnswer(generation, text) => Operation::SetRemote(generation, text),
            PeerCommand::CreateAnswer(generation) => Operation::CreateAnswer(generation),
            PeerCommand::AddCandidate(candidate) => {
                let may = peer.add_candidate(&candidate);
                if !may {
                    let error = format!("adds a candidate to link {} too early", link.0);
                    self.accuse(place, &error);
                }
                return self.ice_of_both(place, life, link);
            }
            PeerCommand::SendMedia => {
                peer.sends = true;
                peer.wants_video |= is_showing;
                if peer.needs_negotiation() && peer.local.is_some() {
                    self.report(place, life, link, PeerInput::NegotiationNeeded);
                }
                return;
            }
            PeerCommand::Play => {
                peer.plays = true;
                return;
            }
            PeerCommand::SampleStats => return self.sample(place, life, link),
            _ => return,
        };
        if peer.chain(operation) {
            let takes = self.dice.between(1, 8);
            self.after(takes, Happening::Operation(place, life, link));
        }
    }

    pub(super) fn report(&mut self, place: Place, life: u32, link: LinkId, report: PeerInput) {
        self.after(1, Happening::Report(place, life, link, report));
    }

    pub(super) fn sample(&mut self, place: Place, life: u32, link: LinkId) {
        let hears = self.hears(place, life, link);
        if let Some(peer) = self.peer_mut(place, life, link) {
            if hears {
                peer.packets += 50;
            }
            let packets = f64::from(peer.packets);
            let sample = ringback_sdk::core::quality::StatsSample {
                packets_received: packets,
                bytes_received: packets * 80.0,
                total_samples_received: packets * 960.0,
                ..Default::default()
            };
            self.report(place, life, link, PeerInput::Stats(sample));
        }
    }

    /// Tells whether sound arrives over a link at this moment.
    pub(super) fn hears(&self, place: Place, life: u32, link: LinkId) -> bool {
        let Some((other, other_life, other_link)) = self.partner(place, life, link) else {
            return false;
        };
        let sends = self
            .peer(other, other_life, other_link)
            .is_some_and(|peer| peer.sends);
        let is_open = self
            .page_of(other, other_life)
            .is_some_and(|page| page.captures[0].is_live());
        sends && is_open && self.is_alive(place, life, link)
    }

    pub(super) fn operate(&mut self, place: Place, life: u32, link: LinkId) {
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        let (done, goes_on) = peer.finish();
        let needs_negotiation = peer.needs_negotiation() && done.is_new_generation;
        if goes_on {
            let takes = self.dice.between(1, 8);
            self.after(takes, Happening::Operation(place, life, link));
        }
        for report in done.reports {
            self.report(place, life, link, report);
        }
        if needs_negotiation {
            self.report(place, life, link, PeerInput::NegotiationNeeded);
        }
        if let Some(ufrag) = done.gathers {
            self.gather(place, life, link, &ufrag);
        }
        if done.is_new_generation {
            self.generation_changed(place, life, link);
        }
        self.ice_of_both(place, life, link);
    }

    pub(super) fn gather(&mut self, place: Place, life: u32, link: LinkId, ufrag: &str) {
        self.ufrags.insert(ufrag.to_owned(), (place, life, link));
        let network = self.devices[place].network;
        let mut after = 1;
        for _ in 0..self.dice.between(1, 2) {
            after += self.dice.between(1, 60);
            let found = Happening::Gathered(place, life, link, ufrag.to_owned(), network);
            self.after(after, found);
        }
    }

    pub(super) fn gathered(
        &mut self,
        place: Place,
        life: u32,
        link: LinkId,
        ufrag: String,
        network: u32,
    ) {
        let candidate = Candidate { ufrag, network }.write(1);
        self.report(place, life, link, PeerInput::CandidateFound(candidate));
    }

    pub(super) fn generation_changed(&mut self, place: Place, life: u32, link: LinkId) {
        let is_alive = self.is_alive(place, life, link);
        let now = self.now;
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        // Packets go on over the former pair until there is a new one, or none is found.
        peer.ice.sought_since = Some(now);
        if !is_alive {
            peer.ice.nominated = None;
            peer.ice.dead_since = None;
            self.connection(place, life, link, ConnectionState::Connecting);
        }
    }

    pub(super) fn connection(
        &mut self,
        place: Place,
        life: u32,
        link: LinkId,
        state: ConnectionState,
    ) {
        if let Some(peer) = self.peer_mut(place, life, link)
            && peer.ice.state != state
        {
            peer.ice.state = state;
            self.report(place, life, link, PeerInput::ConnectionState(state));
        }
    }
}
