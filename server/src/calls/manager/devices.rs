//! Devices that come and go, and what they are told when they come.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};

use ringback_protocol::{CallSnapshot, DeviceId, ErrorCode, Failure, SessionId, StateAck, UserId};

use super::cache::LiveCall;
use super::commands::AckOf;
use super::{CallManager, internal, refuse};
use crate::calls::ports::{Actor, CallAck, Hearing, Presence, Recipient, Reply};
use crate::calls::session::{CallSession, Input, Participant, ParticipantState};
use crate::events::client::CallResume;
use crate::events::server::CallState;

impl CallManager {
    /// A device signed in: it rings for what rings, and is told how its calls stand.
    pub(super) async fn greet(&self, actor: &Actor) {
        let result = async {
            for session in self.calls_concerning(&actor.user).await? {
                let call = self.adopt(session);
                self.ring(&actor.user, &actor.device, &call).await?;
            }
            self.tell_state(&actor.user, &actor.device).await
        };
        log(result.await, "a device could not be told of its calls");
    }

    /// Makes one device ring for a call that is still ringing for its user.
    pub(super) async fn ring(
        &self,
        user: &UserId,
        device: &DeviceId,
        call: &LiveCall,
    ) -> Result<(), Failure> {
        let _gate = call.gate.lock().await;
        let (session, now) = (call.session(), self.clock.now());
        let rings = session
            .participant(user)
            .and_then(Participant::ring_until)
            .is_some_and(|until| until > now);
        if !rings {
            return Ok(());
        }
        let offer = self.early_offer(call).await;
        let Some(event) = session.incoming_for(user, now, offer) else {
            return Ok(());
        };
        let to = Recipient::Device(user.clone(), device.clone());
        if self.emitter.emit(&to, &event.into()).await == 0 {
            return Ok(());
        }
        let user = user.clone();
        self.change_gated(call, Input::Reached { user }, |_| {})
            .await
    }

    /// Tells a device how the live calls stand that concern its user, when there are any.
    pub(super) async fn tell_state(&self, user: &UserId, device: &DeviceId) -> Result<(), Failure> {
        let calls = self.snapshots(user).await?;
        if !calls.is_empty() {
            let to = Recipient::Device(user.clone(), device.clone());
            self.emitter.emit(&to, &CallState { calls }.into()).await;
        }
        Ok(())
    }

    /// Acks `call:sync`.
    pub(super) async fn sync(&self, actor: &Actor, reply: Reply) {
        let calls = self.snapshots(&actor.user).await;
        reply(calls.map(|calls| CallAck::State(StateAck { calls })));
    }

    async fn snapshots(&self, user: &UserId) -> Result<Vec<CallSnapshot>, Failure> {
        let calls = self.calls_concerning(user).await?;
        for session in &calls {
            self.learn_said(&self.adopt(Arc::clone(session))).await;
        }
        Ok(calls.iter().map(|session| self.snapshot(session)).collect())
    }

    async fn calls_concerning(&self, user: &UserId) -> Result<Vec<Arc<CallSession>>, Failure> {
        let mut live = self.live_calls_of(user).await?;
        live.retain(|session| session.concerns(user));
        Ok(live)
    }

    pub(super) async fn live_calls_of(
        &self,
        user: &UserId,
    ) -> Result<Vec<Arc<CallSession>>, Failure> {
        let live = self.store.live_calls_of(std::slice::from_ref(user));
        live.await.map_err(internal)
    }

    /// A device's last socket closed. What the store does not take now is tried again by the sweeps.
    pub(super) async fn miss(&self, actor: &Actor) {
        if let Err(failure) = self.mark_dropped(actor).await {
            log(Err(failure), "a dropped device could not be marked");
            self.absent().push(actor.clone());
        }
    }

    /// Marks devices of which the store took no note when they dropped.
    pub(super) async fn miss_again(&self) {
        let absent = std::mem::take(&mut *self.absent());
        for actor in absent {
            self.miss(&actor).await;
        }
    }

    async fn mark_dropped(&self, actor: &Actor) -> Result<(), Failure> {
        for session in self.live_calls_of(&actor.user).await? {
            if device_of(&session, &actor.user) == Some(&actor.device) {
                self.drop_device(session.id(), actor).await?;
            }
        }
        Ok(())
    }

    fn absent(&self) -> MutexGuard<'_, Vec<Actor>> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn drop_device(&self, id: &SessionId, actor: &Actor) -> Result<(), Failure> {
        // It may have come back before its going was heard of.
        match self.presence(&actor.user, &actor.device).await {
            Presence::Connected => return Ok(()),
            // Were it on a node that cannot be asked, that one will put it right: see `nodes`.
            Presence::Absent | Presence::Unknown => {}
        }
        let call = self.call(id).await?;
        let input = Input::DeviceDropped {
            user: actor.user.clone(),
            device: actor.device.clone(),
        };
        self.change(&call, input, |_| {}).await
    }

    /// Acks `call:resume`.
    pub(super) async fn resume(&self, actor: &Actor, event: CallResume, reply: Reply) {
        let id = event.session_id;
        let mut reply = Some(reply);
        let result = async {
            let call = self.visible_call(actor, &id, None).await?;
            self.drop_predecessor(actor, &call).await?;
            self.learn_said(&call).await;
            // A page that began anew, or another device, has not said anything yet.
            let begins =
                event.fresh || device_of(&call.session(), &actor.user) != Some(&actor.device);
            let input = Input::Resume {
                user: actor.user.clone(),
                device: actor.device.clone(),
                fresh: event.fresh,
            };
            self.change(&call, input, |session| {
                if begins {
                    self.enters(&call, &actor.user);
                }
                self.ack(&mut reply, session, AckOf::Join);
            })
            .await
        };
        let result = result.await;
        refuse(&mut reply, result);
    }

    /// A reloaded page may be here before its old socket is known to be gone.
    pub(super) async fn drop_predecessor(
        &self,
        actor: &Actor,
        call: &LiveCall,
    ) -> Result<(), Failure> {
        let session = call.session();
        let Some(device) = device_of(&session, &actor.user) else {
            return Ok(());
        };
        if *device == actor.device {
            return Ok(());
        }
        match self.presence(&actor.user, device).await {
            Presence::Absent => {}
            Presence::Connected | Presence::Unknown => return Ok(()),
        }
        let input = Input::DeviceDropped {
            user: actor.user.clone(),
            device: device.clone(),
        };
        self.change(call, input, |_| {}).await
    }

    pub(super) async fn presence(&self, user: &UserId, device: &DeviceId) -> Presence {
        self.emitter.presence(user, Some(device)).await
    }

    /// The server came up: whoever is in a call and not connected has the whole grace to come back.
    pub(super) async fn take_up(&self, id: &SessionId) -> Result<(), Failure> {
        let call = self.call(id).await?;
        let _gate = call.gate.lock().await;
        let session = call.session();
        self.timers.set(id, session.next_deadline());
        if self.peers.hearing() != Hearing::Alone {
            // Devices that are not here may be on another node: see `nodes`.
            return Ok(());
        }
        let mut devices = Vec::new();
        for (user, device) in session.in_call() {
            if self.presence(user, device).await == Presence::Absent {
                devices.push((user.clone(), device.clone()));
            }
        }
        self.change_gated(&call, Input::Orphaned { devices }, |_| {})
            .await
    }

    /// Returns the other calls in which the user's place is only kept for a dropped device.
    ///
    /// # Errors
    /// `ALREADY_IN_CALL` when a device of the user is in another call.
    pub(super) async fn free_of_other_calls(
        &self,
        user: &UserId,
        except: Option<&SessionId>,
    ) -> Result<Vec<SessionId>, Failure> {
        let mut dropped = Vec::new();
        for session in self.live_calls_of(user).await? {
            if Some(session.id()) == except {
                continue;
            }
            match session.participant(user).map(|one| &one.state) {
                Some(ParticipantState::Joined { .. }) => {
                    return Err(ErrorCode::AlreadyInCall.into());
                }
                Some(ParticipantState::Reconnecting { .. }) => dropped.push(session.id().clone()),
                Some(
                    ParticipantState::Invited { .. }
                    | ParticipantState::Ringing { .. }
                    | ParticipantState::Left { .. }
                    | ParticipantState::Rejected { .. }
                    | ParticipantState::Busy
                    | ParticipantState::Missed { .. },
                )
                | None => {}
            }
        }
        Ok(dropped)
    }

    /// Gives up the user's place in those calls.
    pub(super) async fn abandon(
        &self,
        user: &UserId,
        calls: Vec<SessionId>,
    ) -> Result<(), Failure> {
        for id in calls {
            let call = self.call(&id).await?;
            let input = Input::Abandoned { user: user.clone() };
            self.change(&call, input, |_| {}).await?;
        }
        Ok(())
    }

    /// Returns the live calls of the store, each once.
    pub(super) async fn stored_calls(&self) -> Result<BTreeSet<SessionId>, Failure> {
        let live = self.store.live_calls().await.map_err(internal)?;
        Ok(live.iter().map(|session| session.id().clone()).collect())
    }
}

fn device_of<'a>(session: &'a CallSession, user: &UserId) -> Option<&'a DeviceId> {
    session.participant(user).and_then(Participant::device)
}

pub(super) fn log(result: Result<(), Failure>, what: &str) {
    if let Err(failure) = result {
        tracing::warn!(code = %failure.code, "{what}");
    }
}
