//! Changing one call: apply, compare-and-set, ack, emit; again when another was faster.

use std::sync::Arc;

use ringback_protocol::{ChatId, ErrorCode, Failure, ParticipantStatus, SessionId, UserId};

use super::cache::LiveCall;
use super::{CallManager, internal, member};
use crate::calls::ports::{Actor, Recipient};
use crate::calls::session::{CallSession, Effect, Input, Participant};
use crate::events::ServerEvent;
use crate::store::Swap;

/// How often a change is tried again when another process was faster.
const ATTEMPTS: usize = 8;

impl CallManager {
    /// Applies an input; `stored` is called once the change is stored, before its effects go out.
    pub(super) async fn change(
        &self,
        call: &LiveCall,
        input: Input,
        stored: impl FnOnce(&CallSession) + Send,
    ) -> Result<(), Failure> {
        let _gate = call.gate.lock().await;
        self.change_gated(call, input, stored).await
    }

    /// The same, for whoever holds the gate.
    pub(super) async fn change_gated(
        &self,
        call: &LiveCall,
        input: Input,
        stored: impl FnOnce(&CallSession) + Send,
    ) -> Result<(), Failure> {
        let effects = self.store_change(call, input).await?;
        stored(&call.session());
        self.carry_out(call, effects).await
    }

    /// Emits what is to be told, and takes in whom `call:incoming` reached against expectation.
    pub(super) async fn carry_out(
        &self,
        call: &LiveCall,
        effects: Vec<Effect>,
    ) -> Result<(), Failure> {
        for user in self.emit_all(&call.session(), effects).await {
            let effects = self.store_change(call, Input::Reached { user }).await?;
            self.emit_all(&call.session(), effects).await;
        }
        Ok(())
    }

    /// Applies an input and stores the outcome; returns what is to be told.
    pub(super) async fn store_change(
        &self,
        call: &LiveCall,
        input: Input,
    ) -> Result<Vec<Effect>, Failure> {
        for _ in 0..ATTEMPTS {
            let before = call.session();
            let mut after = CallSession::clone(&before);
            let effects = after.handle(self.clock.now(), input.clone())?;
            if after.version() == before.version() {
                return Ok(effects);
            }
            let after = Arc::new(after);
            let swap = self
                .store
                .compare_and_set(Arc::clone(&after), before.version());
            match swap.await.map_err(internal)? {
                Swap::Stored => {
                    // Before the effects: who hears of those may act on them on another node.
                    self.peers.changed(&after);
                    if before.early_offer().is_some() && after.early_offer().is_none() {
                        self.peers.forget_offer(after.id());
                    }
                    self.observer.changed(Some(&before), &after);
                    self.publish(call, after);
                    return Ok(effects);
                }
                Swap::Conflict => self.refresh(call, before.id()).await?,
            }
        }
        tracing::error!(call = %call.session().id(), "a change was overtaken again and again");
        Err(ErrorCode::Internal.into())
    }

    pub(super) async fn refresh(&self, call: &LiveCall, id: &SessionId) -> Result<(), Failure> {
        let stored = self.store.load(id).await.map_err(internal)?;
        let stored = stored.ok_or(ErrorCode::CallNotFound)?;
        self.publish(call, stored);
        Ok(())
    }

    /// Makes a stored version the one that signals see, and keeps its deadline.
    pub(super) fn publish(&self, call: &LiveCall, session: Arc<CallSession>) {
        call.checked(self.clock.now());
        if !call.set(Arc::clone(&session)) {
            return;
        }
        self.timers.set(session.id(), session.next_deadline());
        if !session.notices().is_empty() {
            self.host.has_post();
        }
        if session.early_offer().is_none() {
            call.forget_offer();
        }
        if !session.is_live() {
            self.calls.retire(session.id());
        }
    }

    /// Emits in order; returns the targets that ring although no device of theirs was connected.
    async fn emit_all(&self, session: &CallSession, effects: Vec<Effect>) -> Vec<UserId> {
        let mut reached = Vec::new();
        for Effect { to, mut event } in effects {
            self.complete(&mut event);
            let devices = self.emitter.emit(&to, &event).await;
            if devices > 0
                && let (Recipient::User(user), ServerEvent::CallIncoming(_)) = (to, &event)
                && session.participant(&user).map(Participant::status)
                    == Some(ParticipantStatus::Invited)
            {
                reached.push(user);
            }
        }
        reached
    }

    /// Returns the call, provided that the actor may see it and that it is in that chat.
    pub(super) async fn visible_call(
        &self,
        actor: &Actor,
        id: &SessionId,
        chat: Option<&ChatId>,
    ) -> Result<Arc<LiveCall>, Failure> {
        let call = self.call(id).await?;
        let session = call.session();
        if session.participant(&actor.user).is_none() {
            self.must_be_member(&actor.user, &session.chat().id).await?;
        }
        must_be_in_chat(&session, chat)?;
        Ok(call)
    }

    /// Returns the call from the cache, else from the store.
    pub(super) async fn call(&self, id: &SessionId) -> Result<Arc<LiveCall>, Failure> {
        if let Some(call) = self.calls.find(id) {
            self.bring_up_to_date(&call).await?;
            return Ok(call);
        }
        let session = self.store.load(id).await.map_err(internal)?;
        Ok(self.adopt(session.ok_or(ErrorCode::CallNotFound)?))
    }

    /// Takes in a call as it was read from the store.
    pub(super) fn adopt(&self, session: Arc<CallSession>) -> Arc<LiveCall> {
        if let Some(call) = self.calls.find(session.id()) {
            if session.version() > call.session().version() {
                self.publish(&call, session);
            }
            return call;
        }
        let (id, is_live) = (session.id().clone(), session.is_live());
        let call = self.calls.keep(LiveCall::new(session, None));
        call.checked(self.clock.now());
        if !is_live {
            self.calls.retire(&id);
        }
        call
    }

    /// A call that the asker may not see does not exist for them.
    async fn must_be_member(&self, user: &UserId, chat: &ChatId) -> Result<(), Failure> {
        let chat = self.store.chat(chat).await.map_err(internal)?;
        if chat.is_some_and(|chat| member(&chat, user).is_some()) {
            Ok(())
        } else {
            Err(ErrorCode::CallNotFound.into())
        }
    }
}

pub(super) fn must_be_in_chat(session: &CallSession, chat: Option<&ChatId>) -> Result<(), Failure> {
    match chat {
        Some(chat) if *chat != session.chat().id => Err(Failure::new(
            ErrorCode::InvalidPayload,
            "chatId is not the chat of this call.",
        )),
        Some(_) | None => Ok(()),
    }
}
