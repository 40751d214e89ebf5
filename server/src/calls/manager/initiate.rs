//! Placing a call: who may, whom it rings, and what if they are calling back at this very moment.

use std::sync::Arc;
use std::time::Instant;

use ringback_protocol::rest::{Chat, ChatRef};
use ringback_protocol::{ErrorCode, Failure, ParticipantStatus, SessionId, UserId, limits};

use super::cache::LiveCall;
use super::commands::AckOf;
use super::nodes::{Standing, device_joined};
use super::{CallManager, internal, member, member_ref, person, refuse};
use crate::calls::ports::{Actor, Presence, Recipient, Reply};
use crate::calls::session::{CallSession, Callee, Effect, Input, NewCall, Reach};
use crate::events::client::CallInitiate;
use crate::store::Created;

/// What became of an attempt to place a call.
enum Placed {
    /// It was placed; these effects are to be emitted, by whoever holds its gate.
    New(Arc<LiveCall>, Vec<Effect>),
    /// The same attempt placed this call before.
    Repeated(Arc<CallSession>),
    /// The target is calling the caller: this call is to be answered instead.
    Crossing(Arc<LiveCall>),
}

impl CallManager {
    pub(super) async fn initiate(&self, actor: &Actor, event: CallInitiate, reply: Reply) {
        let mut reply = Some(reply);
        let result = self.try_initiate(actor, event, &mut reply).await;
        refuse(&mut reply, result);
    }

    async fn try_initiate(
        &self,
        actor: &Actor,
        event: CallInitiate,
        reply: &mut Option<Reply>,
    ) -> Result<(), Failure> {
        let asked = Instant::now();
        let chat = self.chat_of(actor, &event).await?;
        let targets = targets(actor, &chat, event.target_user_ids.as_deref())?;
        self.may_initiate(actor, &event, &targets).await?;
        let users = self.users.lock(targets.iter().chain([&actor.user])).await;
        if let Some(earlier) = self.repeated(actor, &event).await? {
            self.offered_again(actor, &earlier, event.offer.as_ref())
                .await?;
            self.ack(reply, &earlier, AckOf::Initiate { joined: false });
            return Ok(());
        }
        if self.answered(actor, &event, &targets, reply).await? {
            return Ok(());
        }
        let others = self.free_of_other_calls(&actor.user, None).await?;
        self.abandon(&actor.user, others).await?;
        let call = self.new_call(actor, &event, &chat, &targets).await?;
        let is_busy = call.callees.iter().all(|one| one.reach == Reach::Busy);
        // On another node they may just have placed the very call that keeps them busy.
        if is_busy && self.answered(actor, &event, &targets, reply).await? {
            return Ok(());
        }
        let (session, effects) = CallSession::initiate(self.clock.now(), call);
        let session = Arc::new(session);
        let call = LiveCall::new(Arc::clone(&session), event.offer.clone());
        // Nobody else may change the call before its effects are out.
        let call = self.calls.keep(call);
        let _gate = call.gate.lock().await;
        match self.place(actor, &event, &targets, &call, effects).await? {
            Placed::Repeated(earlier) => {
                self.ack(reply, &earlier, AckOf::Initiate { joined: false });
                Ok(())
            }
            Placed::New(call, effects) => {
                if !self.is_the_only_one(actor, &call, reply).await? {
                    return Ok(());
                }
                // Whoever waits for these users finds the call in the store by now.
                drop(users);
                self.ack(reply, &call.session(), AckOf::Initiate { joined: false });
                // Before the effects: whoever hears of those may look for it on another node.
                self.share_offer(&call);
                self.carry_out(&call, effects).await?;
                if rings(&call.session()) {
                    self.observer.rang(asked.elapsed());
                }
                Ok(())
            }
            Placed::Crossing(other) => self.merge(actor, &call, &other, reply).await,
        }
    }

    /// Takes a call back that nobody was told of, when its caller is in another one meanwhile; tells
    /// whether it stays.
    async fn is_the_only_one(
        &self,
        actor: &Actor,
        call: &LiveCall,
        reply: &mut Option<Reply>,
    ) -> Result<bool, Failure> {
        let own = call.session();
        let first = match self.settle_double(&actor.user, own.id()).await? {
            Standing::Stays => return Ok(true),
            Standing::GivesWay(first) => first,
        };
        match self.store_change(call, Input::Replaced).await {
            Ok(_) => {}
            // The other node may have done it already.
            Err(failure) if failure.code == ErrorCode::CallEnded => {}
            Err(failure) => return Err(failure),
        }
        if device_joined(&first, &actor.user) != Some(&actor.device) {
            return Err(ErrorCode::AlreadyInCall.into());
        }
        // The target called at the same moment, and this device was let in on the other node.
        self.ack(reply, &first, AckOf::Initiate { joined: true });
        Ok(false)
    }

    async fn place(
        &self,
        actor: &Actor,
        event: &CallInitiate,
        targets: &[UserId],
        call: &Arc<LiveCall>,
        effects: Vec<Effect>,
    ) -> Result<Placed, Failure> {
        let session = call.session();
        let created = match self.store.create(Arc::clone(&session)).await {
            Ok(created) => created,
            Err(error) => {
                self.calls.forget(session.id());
                return Err(internal(error));
            }
        };
        if let Created::Duplicate(earlier) = created {
            self.calls.forget(session.id());
            return Ok(Placed::Repeated(earlier));
        }
        self.peers.changed(&session);
        self.observer.changed(None, &session);
        self.publish(call, Arc::clone(&session));
        // Another process may have stored the call from the other side at the same time.
        let crossing = self
            .crossing(actor, event, targets, Some(session.id()))
            .await?;
        Ok(match crossing {
            Some(other) => Placed::Crossing(other),
            None => Placed::New(Arc::clone(call), effects),
        })
    }

    async fn chat_of(&self, actor: &Actor, event: &CallInitiate) -> Result<Arc<Chat>, Failure> {
        let chat = self.store.chat(&event.chat_id).await.map_err(internal)?;
        chat.filter(|chat| member(chat, &actor.user).is_some())
            .ok_or_else(|| ErrorCode::ChatNotFound.into())
    }

    /// Returns the call that the same attempt placed before, when the ack of it was lost.
    async fn repeated(
        &self,
        actor: &Actor,
        event: &CallInitiate,
    ) -> Result<Option<Arc<CallSession>>, Failure> {
        let Some(request) = &event.request_id else {
            return Ok(None);
        };
        let live = self.store.live_calls_of(std::slice::from_ref(&actor.user));
        let live = live.await.map_err(internal)?;
        // One that is over is found when the new one is to be stored.
        Ok(live.into_iter().find(|session| {
            *session.caller() == actor.user && session.request_id() == Some(request)
        }))
    }

    /// Returns the call by which the only target is calling the actor in the same chat.
    async fn crossing(
        &self,
        actor: &Actor,
        event: &CallInitiate,
        targets: &[UserId],
        own: Option<&SessionId>,
    ) -> Result<Option<Arc<LiveCall>>, Failure> {
        let [target] = targets else { return Ok(None) };
        let live = self.store.live_calls_of(std::slice::from_ref(target));
        let crossing = live.await.map_err(internal)?.into_iter().find(|session| {
            Some(session.id()) != own
                && session.chat().id == event.chat_id
                && session.rings_only(target, &actor.user)
        });
        match crossing {
            Some(session) => Ok(Some(self.adopt(session))),
            None => Ok(None),
        }
    }

    /// Answers the call by which the only target is calling the actor, and tells whether there was one.
    async fn answered(
        &self,
        actor: &Actor,
        event: &CallInitiate,
        targets: &[UserId],
        reply: &mut Option<Reply>,
    ) -> Result<bool, Failure> {
        match self.crossing(actor, event, targets, None).await? {
            Some(crossing) => self.answer_crossing(actor, &crossing, reply).await,
            None => Ok(false),
        }
    }

    /// Answers the call from the other side, and tells whether there still was one to answer.
    async fn answer_crossing(
        &self,
        actor: &Actor,
        crossing: &LiveCall,
        reply: &mut Option<Reply>,
    ) -> Result<bool, Failure> {
        let others = self
            .free_of_other_calls(&actor.user, Some(crossing.session().id()))
            .await?;
        let input = Input::Accept {
            user: actor.user.clone(),
            device: actor.device.clone(),
            answer: None,
        };
        let answered = self
            .change(crossing, input, |session| {
                self.ack(reply, session, AckOf::Initiate { joined: true });
            })
            .await;
        match answered {
            Ok(()) => {
                self.abandon(&actor.user, others).await?;
                Ok(true)
            }
            // They hung up meanwhile: then this is simply a new call.
            Err(failure) if failure.code == ErrorCode::CallEnded => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Two calls cross that two processes stored: the one with the smaller id stays.
    ///
    /// Nobody has been told of the actor's own call yet; its gate is held.
    async fn merge(
        &self,
        actor: &Actor,
        own: &LiveCall,
        other: &LiveCall,
        reply: &mut Option<Reply>,
    ) -> Result<(), Failure> {
        if other.session().id() < own.session().id() {
            match self.store_change(own, Input::Replaced).await {
                // The other process may have replaced it already.
                Ok(_) => {}
                Err(failure) if failure.code == ErrorCode::CallEnded => {}
                Err(failure) => return Err(failure),
            }
            self.answer_crossing(actor, other, reply).await?;
            return Ok(());
        }
        self.ack(reply, &own.session(), AckOf::Initiate { joined: false });
        self.take_over(own, other).await
    }

    /// Ends the other call and lets its caller into this one, as if they had accepted it.
    async fn take_over(&self, own: &LiveCall, other: &LiveCall) -> Result<(), Failure> {
        let other_session = other.session();
        let Some((user, device)) = other_session
            .in_call()
            .find(|(user, _)| *user == other_session.caller())
        else {
            return Ok(());
        };
        // First, so that their client goes over to it by itself before its own call ends.
        let (session, now) = (own.session(), self.clock.now());
        if let Some(incoming) = session.incoming_for(user, now, own.offer()) {
            let to = Recipient::Device(user.clone(), device.clone());
            self.emitter.emit(&to, &incoming.into()).await;
        }
        match self.change(other, Input::Replaced, |_| {}).await {
            Ok(()) => {}
            // The other process was faster, and accepts on its own.
            Err(failure) if failure.code == ErrorCode::CallEnded => {}
            Err(failure) => return Err(failure),
        }
        let input = Input::Accept {
            user: user.clone(),
            device: device.clone(),
            answer: None,
        };
        self.change_gated(own, input, |_| {}).await?;
        self.tell_state(user, device).await
    }

    async fn new_call(
        &self,
        actor: &Actor,
        event: &CallInitiate,
        chat: &Chat,
        targets: &[UserId],
    ) -> Result<NewCall, Failure> {
        let id = SessionId::new(self.clock.name_call()).map_err(|_| ErrorCode::Internal)?;
        Ok(NewCall {
            id,
            chat: ChatRef {
                id: event.chat_id.clone(),
                name: chat.name.clone(),
            },
            call_type: event.call_type,
            caller: person(actor, Some(chat)),
            device: actor.device.clone(),
            callees: self.callees(chat, targets, None).await?,
            request_id: event.request_id.clone(),
            offer: event.offer.clone(),
            preconnect: event.preconnect,
            rules: self.settings.rules(event.call_type),
        })
    }

    /// Returns those whom a participant calls into a running call.
    pub(super) async fn callees_of(
        &self,
        actor: &Actor,
        id: &SessionId,
        targets: Vec<UserId>,
    ) -> Result<Vec<Callee>, Failure> {
        let call = self.visible_call(actor, id, None).await?;
        let chat = self.store.chat(&call.session().chat().id).await;
        let chat = chat.map_err(internal)?.ok_or(ErrorCode::ChatNotFound)?;
        let targets = self::targets(actor, &chat, Some(&targets))?;
        self.callees(&chat, &targets, Some(id)).await
    }

    /// Looks up how each target can be reached for that call.
    async fn callees(
        &self,
        chat: &Chat,
        targets: &[UserId],
        call: Option<&SessionId>,
    ) -> Result<Vec<Callee>, Failure> {
        let live = self.store.live_calls_of(targets).await.map_err(internal)?;
        let mut callees = Vec::with_capacity(targets.len());
        for user in targets {
            let Some(member) = member(chat, user) else {
                continue;
            };
            let is_busy = !self.settings.call_waiting
                && live
                    .iter()
                    .any(|session| Some(session.id()) != call && session.occupies(user));
            let reach = if is_busy {
                Reach::Busy
            } else {
                match self.emitter.presence(user, None).await {
                    Presence::Connected => Reach::Connected,
                    Presence::Absent | Presence::Unknown => Reach::Offline,
                }
            };
            callees.push(Callee {
                person: member_ref(member),
                reach,
            });
        }
        Ok(callees)
    }
}

/// Tells whether a device of anybody rings.
fn rings(session: &CallSession) -> bool {
    let mut people = session.participants().iter();
    people.any(|one| one.status() == ParticipantStatus::Ringing)
}

/// Returns whom to call: those who were named, else everyone in the chat, never the caller.
fn targets(actor: &Actor, chat: &Chat, named: Option<&[UserId]>) -> Result<Vec<UserId>, Failure> {
    let everyone = || chat.participants.iter().map(|member| member.id.clone());
    let candidates: Vec<_> = match named {
        Some(named) if named.len() > limits::TARGETS => {
            let text = format!("At most {} targets may be named.", limits::TARGETS);
            return Err(Failure::new(ErrorCode::InvalidPayload, text));
        }
        Some(named) => named.to_vec(),
        None => everyone().collect(),
    };
    let mut targets: Vec<UserId> = Vec::with_capacity(candidates.len());
    for user in candidates {
        if member(chat, &user).is_none() {
            return Err(ErrorCode::NotAMember.into());
        }
        if user != actor.user && !targets.contains(&user) {
            targets.push(user);
        }
    }
    match targets.len() {
        0 => Err(ErrorCode::NoTargets.into()),
        1..=limits::TARGETS => Ok(targets),
        _ => Err(ErrorCode::CallFull.into()),
    }
}
