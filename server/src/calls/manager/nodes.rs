//! Several processes over one store: what is at hand here may be old, and what another node was to
//! do may be left to this one.
//!
//! The store is the truth, and every change is a compare-and-set in it. Nodes tell each other what
//! changed; where that may have been lost, what is at hand is compared with the store instead.

use std::collections::BTreeSet;
use std::sync::Arc;

use ringback_protocol::{
    CallStatus, DeviceId, EndReason, ErrorCode, Failure, ParticipantStatus, SessionId, UserId,
};

use super::cache::LiveCall;
use super::{CallManager, internal};
use crate::calls::ports::{Hearing, Presence, Recipient};
use crate::calls::session::{CallSession, Input, Participant};
use crate::events::server::{CallEnded, CallState};

/// For how long a call at hand is believed without a look into the store, while others are heard.
const BELIEVED_MS: u64 = 2_000;

/// What becomes of a call that somebody entered while they entered another one elsewhere.
#[derive(Debug)]
pub(super) enum Standing {
    /// They are in it.
    Stays,
    /// They are in this other one.
    GivesWay(Arc<CallSession>),
}

impl CallManager {
    /// Another node stored that version of a call.
    pub fn heard_change(self: &Arc<Self>, id: &SessionId, version: u64, status: CallStatus) {
        let Some(call) = self.calls.find(id) else {
            return;
        };
        call.heard(version);
        if status.is_live() {
            // At once, and not when it is asked for: by then the store may be away.
            let (manager, id) = (Arc::clone(self), id.clone());
            tokio::spawn(async move {
                if call.is_behind()
                    && let Err(failure) = manager.refresh(&call, &id).await
                {
                    tracing::debug!(code = %failure.code, "a call of another node could not be read");
                }
            });
        } else {
            call.heard_end();
            self.timers.set(id, None);
            self.calls.retire(id);
        }
    }

    /// Tells whether a call is known to be over: what other nodes still say about it came too late.
    #[must_use]
    pub fn is_known_over(&self, id: &SessionId) -> bool {
        self.calls.find(id).is_some_and(|call| call.is_over())
    }

    /// Compares a call at hand with the store, unless it can be believed.
    ///
    /// # Errors
    /// When the store fails and the other nodes are not heard either.
    pub(super) async fn bring_up_to_date(&self, call: &LiveCall) -> Result<(), Failure> {
        let hearing = self.peers.hearing();
        if self.is_believed(call, hearing) {
            return Ok(());
        }
        let refreshed = self.refresh(call, call.session().id()).await;
        match hearing {
            // Without the store nobody changes the call, and any change before that was heard of.
            Hearing::Hears if !call.is_behind() => Ok(()),
            Hearing::Alone | Hearing::Hears | Hearing::Deaf => refreshed,
        }
    }

    /// Tells whether a call at hand needs not be compared with the store.
    pub(super) fn is_up_to_date(&self, call: &LiveCall) -> bool {
        self.is_believed(call, self.peers.hearing())
    }

    fn is_believed(&self, call: &LiveCall, hearing: Hearing) -> bool {
        match hearing {
            Hearing::Alone => true,
            Hearing::Deaf | Hearing::Hears if !call.session().is_live() => true,
            Hearing::Deaf => false,
            Hearing::Hears => {
                let age_ms = self.clock.now().ms_since(call.checked_at());
                !call.is_behind() && age_ms <= BELIEVED_MS
            }
        }
    }

    /// Does, at every sweep, what only several nodes need.
    pub(super) async fn mind_nodes(self: &Arc<Self>) -> Result<(), Failure> {
        match self.peers.hearing() {
            Hearing::Alone => Ok(()),
            Hearing::Deaf => self.catch_up().await,
            Hearing::Hears if self.peers.may_sweep().await => self.find_orphans().await,
            Hearing::Hears => Ok(()),
        }
    }

    /// Brings the devices of this node up to date with the store, after news may have been lost.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn catch_up(&self) -> Result<(), Failure> {
        let stored = self.store.live_calls().await.map_err(internal)?;
        let live: BTreeSet<SessionId> = stored.iter().map(|one| one.id().clone()).collect();
        for session in stored {
            self.catch_up_with(session).await?;
        }
        for call in self.calls.live() {
            let known = call.session();
            if !live.contains(known.id()) {
                self.refresh(&call, known.id()).await?;
                self.tell_end(&known, &call.session()).await;
            }
        }
        Ok(())
    }

    async fn catch_up_with(&self, session: Arc<CallSession>) -> Result<(), Failure> {
        let known = self.calls.find(session.id()).map(|call| call.session());
        let is_news = known.is_none_or(|known| known.version() < session.version());
        for participant in session.participants() {
            let user = participant.user();
            for device in self.emitter.devices(user).await {
                let call = self.adopt(Arc::clone(&session));
                self.catch_up_device(&call, user, &device, is_news).await?;
            }
        }
        Ok(())
    }

    async fn catch_up_device(
        &self,
        call: &LiveCall,
        user: &UserId,
        device: &DeviceId,
        is_news: bool,
    ) -> Result<(), Failure> {
        let session = call.session();
        let Some(participant) = session.participant(user).filter(|_| session.concerns(user)) else {
            return Ok(());
        };
        let is_its_place = participant.device() == Some(device);
        if participant.status() == ParticipantStatus::Reconnecting && is_its_place {
            return self.put_right(call, user, device).await;
        }
        if !is_news {
            return Ok(());
        }
        self.ring(user, device, call).await?;
        self.learn_said(call).await;
        let state = CallState {
            calls: vec![self.snapshot(&call.session())],
        };
        let to = Recipient::Device(user.clone(), device.clone());
        self.emitter.emit(&to, &state.into()).await;
        Ok(())
    }

    /// A device was taken for gone that is connected.
    async fn put_right(
        &self,
        call: &LiveCall,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), Failure> {
        let input = Input::Resume {
            user: user.clone(),
            device: device.clone(),
            fresh: false,
        };
        self.change(call, input, |_| {}).await
    }

    /// Tells the devices here of an end that they did not hear of.
    async fn tell_end(&self, known: &CallSession, ended: &CallSession) {
        let Some(ending) = ended.state().ending() else {
            return;
        };
        let event = CallEnded {
            session_id: ended.id().clone(),
            chat_id: ended.chat().id.clone(),
            ended_by: ending.ended_by.clone(),
            reason: ending.reason.clone(),
        };
        let event = event.into();
        for participant in known.participants() {
            if known.concerns(participant.user()) {
                let to = Recipient::User(participant.user().clone());
                self.emitter.emit(&to, &event).await;
            }
        }
    }

    /// Sees to it that a user who has just entered a call is in no other one.
    ///
    /// Within a node that is checked before, under a lock. On two nodes both may go through at the same
    /// moment: then each finds the other here, and the one with the smaller id stays.
    pub(super) async fn settle_double(
        &self,
        user: &UserId,
        own: &SessionId,
    ) -> Result<Standing, Failure> {
        if self.peers.hearing() == Hearing::Alone {
            return Ok(Standing::Stays);
        }
        let mut live = self.live_calls_of(user).await?;
        live.retain(|session| session.id() != own && device_joined(session, user).is_some());
        if let Some(first) = live.iter().find(|session| session.id() < own) {
            return Ok(Standing::GivesWay(Arc::clone(first)));
        }
        for session in live {
            if let Some(device) = device_joined(&session, user).cloned() {
                self.give_way(&self.adopt(session), user, &device).await?;
            }
        }
        Ok(Standing::Stays)
    }

    /// Takes a user out of the call that they are not to be in.
    pub(super) async fn give_way(
        &self,
        call: &LiveCall,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), Failure> {
        let input = Input::Leave {
            user: user.clone(),
            device: device.clone(),
        };
        match self.change(call, input, |_| {}).await {
            Ok(()) => {}
            // The other node was faster.
            Err(failure) if failure.code == ErrorCode::CallEnded => return Ok(()),
            Err(failure) if failure.code == ErrorCode::NotInCall => return Ok(()),
            Err(failure) => return Err(failure),
        }
        let session = call.session();
        let ended = CallEnded {
            session_id: session.id().clone(),
            chat_id: session.chat().id.clone(),
            ended_by: user.clone(),
            reason: EndReason::Replaced,
        };
        let to = Recipient::Device(user.clone(), device.clone());
        self.emitter.emit(&to, &ended.into()).await;
        Ok(())
    }

    /// Gives devices their grace whose node died, and which are connected to no other.
    async fn find_orphans(&self) -> Result<(), Failure> {
        for session in self.store.live_calls().await.map_err(internal)? {
            let mut devices = Vec::new();
            for (user, device) in joined(&session) {
                if self.presence(user, device).await == Presence::Absent {
                    devices.push((user.clone(), device.clone()));
                }
            }
            if !devices.is_empty() {
                let call = self.adopt(session);
                self.orphan(&call, devices).await?;
            }
        }
        Ok(())
    }

    async fn orphan(
        &self,
        call: &LiveCall,
        devices: Vec<(UserId, DeviceId)>,
    ) -> Result<(), Failure> {
        for (user, device) in devices {
            let input = Input::DeviceDropped {
                user: user.clone(),
                device: device.clone(),
            };
            self.change(call, input, |_| {}).await?;
            // It may have come back between the look and the change, and believe that it is in.
            if self.presence(&user, &device).await == Presence::Connected {
                self.put_right(call, &user, &device).await?;
            }
        }
        Ok(())
    }
}

pub(super) fn device_joined<'a>(session: &'a CallSession, user: &UserId) -> Option<&'a DeviceId> {
    let mut joined = joined(session);
    joined
        .find(|(one, _)| *one == user)
        .map(|(_, device)| device)
}

fn joined(session: &CallSession) -> impl Iterator<Item = (&UserId, &DeviceId)> {
    let joined = |one: &&Participant| one.status() == ParticipantStatus::Joined;
    let joined = session.participants().iter().filter(joined);
    joined.filter_map(|one| one.device().map(|device| (one.user(), device)))
}
