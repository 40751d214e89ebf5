//! Who reaches whom: networks, sleep, and ICE.

use super::*;

impl World {
    /// Returns the peer connection at the other end, once both have each other's generation.
    pub(super) fn partner(
        &self,
        place: Place,
        life: u32,
        link: LinkId,
    ) -> Option<(Place, u32, LinkId)> {
        let peer = self.peer(place, life, link)?;
        let (local, remote) = (peer.local.as_ref()?, peer.remote.as_ref()?);
        let found = *self.ufrags.get(&remote.ufrag)?;
        let other = self.peer(found.0, found.1, found.2)?;
        let is_mutual = other.local.as_ref()?.ufrag == remote.ufrag
            && other.remote.as_ref()?.ufrag == local.ufrag
            && remote.origin == other.origin()
            && other.remote.as_ref()?.origin == peer.origin();
        is_mutual.then_some(found)
    }

    /// Returns the path that checks would find now.
    pub(super) fn usable(&self, place: Place, life: u32, link: LinkId) -> Option<Nominated> {
        let (other, other_life, other_link) = self.partner(place, life, link)?;
        if self.is_cut(place, other) {
            return None;
        }
        let knows = |at: (Place, u32, LinkId), of: Place| {
            let peer = self.peer(at.0, at.1, at.2);
            peer.is_some_and(|peer| {
                let ufrag = peer.remote.as_ref().map(|remote| &remote.ufrag);
                peer.candidates.iter().any(|candidate| {
                    Some(&candidate.ufrag) == ufrag && candidate.network == self.devices[of].network
                })
            })
        };
        let here = knows((place, life, link), other);
        let there = knows((other, other_life, other_link), place);
        let is_strict = self.strict.contains(&ordered(place, other));
        let is_found = if is_strict {
            here && there
        } else {
            here || there
        };
        let peer = self.peer(place, life, link)?;
        is_found.then(|| Nominated {
            local: peer
                .local
                .as_ref()
                .map_or_else(String::new, |one| one.ufrag.clone()),
            remote: peer
                .remote
                .as_ref()
                .map_or_else(String::new, |one| one.ufrag.clone()),
            networks: (self.devices[place].network, self.devices[other].network),
        })
    }

    /// Tells whether packets pass over the nominated pair.
    pub(super) fn is_alive(&self, place: Place, life: u32, link: LinkId) -> bool {
        let Some(nominated) = self
            .peer(place, life, link)
            .and_then(|peer| peer.ice.nominated.as_ref())
        else {
            return false;
        };
        let Some((other, other_life, other_link)) = self.ufrags.get(&nominated.remote) else {
            return false;
        };
        self.peer(*other, *other_life, *other_link).is_some()
            && !self.is_cut(place, *other)
            && nominated.networks == (self.devices[place].network, self.devices[*other].network)
    }

    /// Tells whether two devices do not reach each other.
    #[must_use]
    pub fn is_cut(&self, one: Place, other: Place) -> bool {
        let asleep = |place: Place| self.devices[place].asleep_until > self.now;
        self.cuts.contains(&ordered(one, other)) || asleep(one) || asleep(other)
    }

    /// Cuts the path between two devices, or lays it again.
    pub fn set_cut(&mut self, one: Place, other: Place, is_cut: bool) {
        if is_cut {
            self.cuts.insert(ordered(one, other));
        } else {
            self.cuts.remove(&ordered(one, other));
        }
        self.say(|world| {
            let (one, other) = (&world.devices[one].name, &world.devices[other].name);
            let what = if is_cut { "is cut" } else { "is back" };
            format!("the path between {one} and {other} {what}")
        });
        self.look_at_all_paths();
    }

    /// Lays every path again.
    pub fn lay_all(&mut self) {
        self.cuts.clear();
        self.look_at_all_paths();
    }

    /// From now on these two need each other's candidates.
    pub fn set_strict(&mut self, one: Place, other: Place) {
        self.strict.insert(ordered(one, other));
    }

    /// Moves a device into another network; the page may be told.
    pub fn change_network(&mut self, place: Place, is_told: bool) {
        self.devices[place].network += 1;
        self.say(|world| format!("{}: comes into another network", world.devices[place].name));
        self.look_at_all_paths();
        if is_told && self.devices[place].page.is_some() {
            self.give(place, Input::Device(DeviceInput::NetworkChanged));
        }
    }

    /// Closes the lid of a device for a while.
    pub fn put_to_sleep(&mut self, place: Place, ms: u64) {
        self.say(|world| format!("{}: falls asleep for {ms} ms", world.devices[place].name));
        self.devices[place].asleep_until = self.now + ms;
        if ms > 3_000 {
            self.drop_socket(place);
        }
        self.look_at_all_paths();
    }

    /// Looks at every connection anew.
    pub fn look_at_all_paths(&mut self) {
        let mut all = Vec::new();
        for (place, device) in self.devices.iter().enumerate() {
            if let Some(page) = &device.page {
                all.extend(page.peers.keys().map(|link| (place, page.life, *link)));
            }
        }
        for (place, life, link) in all {
            self.after(0, Happening::Ice(place, life, link));
        }
    }

    /// What one side learns may help the other side, too.
    pub(super) fn ice_of_both(&mut self, place: Place, life: u32, link: LinkId) {
        self.ice(place, life, link);
        if let Some((other, other_life, other_link)) = self.partner(place, life, link) {
            self.after(0, Happening::Ice(other, other_life, other_link));
        }
    }

    /// Moves a connection on, as far as it goes at this moment.
    pub(super) fn ice(&mut self, place: Place, life: u32, link: LinkId) {
        let usable = self.usable(place, life, link);
        let now = self.now;
        let takes = self.dice.between(5, 80);
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        let ice = &mut peer.ice;
        if usable.is_some() && ice.nominated != usable {
            let is_checked =
                ice.checked.as_ref().map(|(pair, _)| Some(pair)) == Some(usable.as_ref());
            if !is_checked {
                ice.checked = usable.map(|pair| (pair, now + takes));
                self.after(takes, Happening::Ice(place, life, link));
            } else if let Some((pair, at)) = ice.checked.clone()
                && at <= now
            {
                ice.nominated = Some(pair);
                ice.sought_since = None;
            }
        }
        let is_alive = self.is_alive(place, life, link);
        let Some(peer) = self.peer_mut(place, life, link) else {
            return;
        };
        let is_described = peer.local.is_some() && peer.remote.is_some();
        let ice = &mut peer.ice;
        if is_alive {
            ice.dead_since = None;
            let (state, next) = match ice.sought_since {
                Some(sought) if now >= sought + SEEKS_MS => {
                    ice.nominated = None;
                    (ConnectionState::Failed, None)
                }
                Some(sought) => (ConnectionState::Connected, Some(sought + SEEKS_MS)),
                None => (ConnectionState::Connected, None),
            };
            return self.wait(place, life, link, Some(state), next);
        }
        if ice.nominated.is_some() {
            let dead = *ice.dead_since.get_or_insert(now);
            let (state, next) = if now >= dead + FAILS_MS {
                (Some(ConnectionState::Failed), None)
            } else if now >= dead + MISSES_MS {
                (Some(ConnectionState::Disconnected), Some(dead + FAILS_MS))
            } else {
                (None, Some(dead + MISSES_MS))
            };
            return self.wait(place, life, link, state, next);
        }
        if is_described {
            let sought = *ice.sought_since.get_or_insert(now);
            let (state, next) = if now >= sought + SEEKS_MS {
                (ConnectionState::Failed, None)
            } else {
                (ConnectionState::Connecting, Some(sought + SEEKS_MS))
            };
            self.wait(place, life, link, Some(state), next);
        }
    }

    pub(super) fn wait(
        &mut self,
        place: Place,
        life: u32,
        link: LinkId,
        state: Option<ConnectionState>,
        next: Option<u64>,
    ) {
        if let Some(state) = state {
            self.connection(place, life, link, state);
        }
        if let Some(next) = next {
            self.at(next, Happening::Ice(place, life, link));
        }
    }

    /// Returns whether two devices hear each other, or why not.
    pub fn hear_each_other(&self, one: Place, other: Place) -> Result<(), String> {
        let (a, b) = (&self.devices[one], &self.devices[other]);
        let (Some(page), Some(other_page)) = (&a.page, &b.page) else {
            return Err("a page is missing".to_owned());
        };
        let mut found = Vec::new();
        for link in page.peers.keys() {
            if let Some((place, life, other_link)) = self.partner(one, page.life, *link)
                && (place, life) == (other, other_page.life)
            {
                found.push((*link, other_link));
            }
        }
        let [(link, other_link)] = found[..] else {
            return Err(format!(
                "{} and {} have {} connections to each other that fit together",
                a.name,
                b.name,
                found.len()
            ));
        };
        for (at, link) in [(one, link), (other, other_link)] {
            self.is_carrying(at, link)?;
        }
        Ok(())
    }

    pub(super) fn is_carrying(&self, place: Place, link: LinkId) -> Result<(), String> {
        let device = &self.devices[place];
        let (Some(page), name) = (&device.page, &device.name) else {
            return Ok(());
        };
        let Some(peer) = page.peers.get(&link) else {
            return Ok(());
        };
        if !self.is_alive(place, page.life, link) {
            return Err(format!("no packets pass over link {} of {name}", link.0));
        }
        if peer.ice.state != ConnectionState::Connected {
            return Err(format!("link {} of {name} is {:?}", link.0, peer.ice.state));
        }
        if !peer.sends || !peer.plays {
            return Err(format!(
                "link {} of {name} does not send, or is not heard",
                link.0
            ));
        }
        if !page.captures[0].is_live() && !page.is_microphone_missing {
            return Err(format!("{name} has no microphone open"));
        }
        Ok(())
    }
}

const fn ordered(one: Place, other: Place) -> (Place, Place) {
    if one < other {
        (one, other)
    } else {
        (other, one)
    }
}
