//! What must hold once nothing disturbs any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_protocol::{ParticipantStatus, SessionId, UserId};
use ringback_sdk::core::view::CallState;
use ringback_server::calls::CallSession;
use ringback_server::calls::session::ParticipantState;

use crate::store;
use crate::world::{Place, World};

impl World {
    /// Checks that servers, clients and media agree, with everything undisturbed for long enough.
    pub fn check_agreement(&mut self) {
        let live: Vec<_> = self.live_calls();
        let checked = self
            .check_pages(&live)
            .and_then(|()| live.iter().try_for_each(|call| self.check_call(call)))
            .and_then(|()| nobody_is_in_two(&live));
        if let Err(error) = checked {
            self.breach(error);
        }
    }

    /// Checks that everything is over and let go of.
    pub fn check_end(&mut self) {
        let checked = self.check_all_over();
        if let Err(error) = checked {
            self.breach(error);
        }
    }

    /// Returns the calls that go on, by the disk.
    #[must_use]
    pub fn live_calls(&self) -> Vec<Arc<CallSession>> {
        let disk = store::open(&self.disk);
        disk.calls()
            .filter(|call| call.is_live())
            .cloned()
            .collect()
    }

    /// Every page believes what the disk says.
    fn check_pages(&self, live: &[Arc<CallSession>]) -> Result<(), String> {
        for device in &self.devices {
            let Some(page) = device.page.as_ref().filter(|page| !page.is_disposed) else {
                continue;
            };
            let name = &device.name;
            let own = live.iter().find(|call| {
                call.in_call()
                    .any(|(_, entered)| *entered == device.actor.device)
            });
            match (page.client.state(), own) {
                (CallState::Idle | CallState::Ended, None) => {}
                (CallState::Idle | CallState::Ended, Some(call)) => {
                    return Err(format!("{} has {name} in it, which is idle", call.id()));
                }
                (CallState::Outgoing | CallState::Incoming, _) => {
                    let state = page.client.state().as_str();
                    return Err(format!("{name} is still {state}"));
                }
                (
                    state
                    @ (CallState::Connecting | CallState::Connected | CallState::Reconnecting),
                    own,
                ) => {
                    let session = page.client.call().and_then(|call| call.session_id.clone());
                    if session.as_ref() != own.map(|call| call.id()) {
                        let is_in = own.map_or("no call", |call| call.id().as_str());
                        let believes = session.as_ref().map_or("none", SessionId::as_str);
                        return Err(format!(
                            "{name} is {} in {believes}, but by the server in {is_in}",
                            state.as_str()
                        ));
                    }
                }
            }
            if let Some((id, asked)) = page.owed.first_key_value() {
                return Err(format!(
                    "{name} never heard of its request {}: {asked}",
                    id.0
                ));
            }
            if let (Some(ringing), CallState::Idle | CallState::Ended) =
                (page.ringing.first(), page.client.state())
            {
                return Err(format!("{name} still rings for {ringing}"));
            }
        }
        Ok(())
    }

    /// Everyone who is in a call sees and hears everyone else who is.
    fn check_call(&self, call: &Arc<CallSession>) -> Result<(), String> {
        let mut inside: Vec<(UserId, Place)> = Vec::new();
        for participant in call.participants() {
            match &participant.state {
                ParticipantState::Joined { device } => {
                    let place = self
                        .devices
                        .iter()
                        .position(|one| one.actor.device == *device);
                    inside.extend(place.map(|place| (participant.user().clone(), place)));
                }
                ParticipantState::Invited { .. }
                | ParticipantState::Ringing { .. }
                | ParticipantState::Reconnecting { .. } => {
                    return Err(format!(
                        "{} still has {} {}",
                        call.id(),
                        participant.user(),
                        participant.status().as_str()
                    ));
                }
                ParticipantState::Left { .. }
                | ParticipantState::Rejected { .. }
                | ParticipantState::Busy
                | ParticipantState::Missed { .. } => {}
            }
        }
        if inside.len() < 2 {
            return Err(format!("{} goes on with {} in it", call.id(), inside.len()));
        }
        for (_, one) in &inside {
            for (user, other) in &inside {
                if one != other {
                    self.check_pair(*one, user, *other)?;
                }
            }
            self.check_strangers(*one, &inside)?;
        }
        Ok(())
    }

    fn check_pair(&self, one: Place, user: &UserId, other: Place) -> Result<(), String> {
        let (a, b) = (&self.devices[one], &self.devices[other]);
        let (Some(page), Some(other_page)) = (&a.page, &b.page) else {
            return Ok(());
        };
        let call = page.client.call();
        let seen = call.as_ref().and_then(|call| {
            let mut others = call.participants.iter();
            others.find(|participant| participant.user.id == *user)
        });
        let Some(seen) = seen else {
            return Err(format!("{} does not see {user} in its call", a.name));
        };
        if seen.status != ParticipantStatus::Joined {
            return Err(format!(
                "{} sees {user} as {}, who is in the call",
                a.name,
                seen.status.as_str()
            ));
        }
        let muted = other_page.client.is_muted();
        if seen.muted != muted {
            return Err(format!(
                "{} sees {user} as {}, but {} is not",
                a.name,
                if seen.muted { "muted" } else { "heard" },
                b.name
            ));
        }
        if other_page.captures[0].is_live() && other_page.is_microphone_enabled == muted {
            return Err(format!("{} is muted, or is not, against its track", b.name));
        }
        self.hear_each_other(one, other)
    }

    /// Nobody is seen in the call who is not, and there is no connection to spare.
    fn check_strangers(&self, one: Place, inside: &[(UserId, Place)]) -> Result<(), String> {
        let device = &self.devices[one];
        let Some(page) = &device.page else {
            return Ok(());
        };
        for seen in page
            .client
            .call()
            .into_iter()
            .flat_map(|call| call.participants.clone())
        {
            let is_inside = inside.iter().any(|(user, _)| *user == seen.user.id);
            if seen.status.is_in_call() && !is_inside {
                return Err(format!(
                    "{} sees {} in the call, who is not",
                    device.name, seen.user.id
                ));
            }
        }
        if page.peers.len() != inside.len() - 1 {
            return Err(format!(
                "{} has {} connections in a call of {}",
                device.name,
                page.peers.len(),
                inside.len()
            ));
        }
        Ok(())
    }

    fn check_all_over(&self) -> Result<(), String> {
        if let Some(call) = self.live_calls().first() {
            return Err(format!(
                "{} never ends: {}",
                call.id(),
                call.status().as_str()
            ));
        }
        for device in &self.devices {
            let Some(page) = &device.page else {
                continue;
            };
            if !page.is_free() {
                return Err(format!("{} is still {}", device.name, page.state.as_str()));
            }
            if let Some((id, asked)) = page.owed.first_key_value() {
                return Err(format!(
                    "{} never heard of its request {}: {asked}",
                    device.name, id.0
                ));
            }
            if let Some(session) = page.ringing.first().filter(|_| !page.is_disposed) {
                return Err(format!(
                    "{} was never told that {session} ended",
                    device.name
                ));
            }
            page.is_clean()
                .map_err(|error| format!("{} {error}", device.name))?;
        }
        Ok(())
    }
}

/// Nobody is in two calls at once.
fn nobody_is_in_two(live: &[Arc<CallSession>]) -> Result<(), String> {
    let mut found: BTreeMap<&UserId, &SessionId> = BTreeMap::new();
    for call in live {
        for (user, _) in call.in_call() {
            if let Some(other) = found.insert(user, call.id()) {
                return Err(format!("{user} is in {other} and in {}", call.id()));
            }
        }
    }
    Ok(())
}
