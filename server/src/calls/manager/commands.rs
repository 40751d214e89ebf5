//! The events that change a call, each turned into an input and acked.

use ringback_protocol::rest::UserRef;
use ringback_protocol::webhook::CallHookType;
use ringback_protocol::{
    ChatId, ErrorCode, Failure, InitiateAck, JoinAck, LinkReport, SessionId, UserId,
};

use super::nodes::Standing;
use super::{CallManager, empty, internal, person, refuse};
use crate::calls::ports::{Actor, CallAck, Reply};
use crate::calls::session::{CallSession, Callee, Input};
use crate::events::client::{
    CallAccept, CallEnd, CallInvite, CallJoin, CallLeave, CallQuality, CallReject,
};

/// What the ack of a successful event says.
#[derive(Debug, Clone, Copy)]
pub(super) enum AckOf {
    /// That it was done.
    Empty,
    /// The call as it now stands.
    Join,
    /// Which call it is, and whether it is the one that the target had placed already.
    Initiate { joined: bool },
}

impl CallManager {
    /// Applies an input that needs no more than the call itself, and acks.
    async fn command(
        &self,
        actor: &Actor,
        (id, chat): (SessionId, Option<ChatId>),
        input: Input,
        reply: Reply,
    ) {
        let mut reply = Some(reply);
        let result = async {
            let call = self.visible_call(actor, &id, chat.as_ref()).await?;
            self.change(&call, input, |session| {
                self.ack(&mut reply, session, AckOf::Empty);
            })
            .await
        }
        .await;
        refuse(&mut reply, result);
    }

    /// Enters a call on this device, provided that the user is in no other one.
    async fn enter(
        &self,
        actor: &Actor,
        (id, chat): (SessionId, Option<ChatId>),
        (kind, input): (CallHookType, Input),
        reply: Reply,
    ) {
        let mut reply = Some(reply);
        let result = async {
            let call = self.visible_call(actor, &id, chat.as_ref()).await?;
            self.may(actor, kind, &call.session(), Vec::new()).await?;
            let _user = self.users.lock([&actor.user]).await;
            if !call.session().is_live() {
                return Err(ErrorCode::CallEnded.into());
            }
            let others = self.free_of_other_calls(&actor.user, Some(&id)).await?;
            self.learn_said(&call).await;
            self.change(&call, input, |session| {
                self.enters(&call, &actor.user);
                self.ack(&mut reply, session, AckOf::Join);
            })
            .await?;
            self.abandon(&actor.user, others).await?;
            match self.settle_double(&actor.user, &id).await? {
                Standing::Stays => Ok(()),
                Standing::GivesWay(_) => self.give_way(&call, &actor.user, &actor.device).await,
            }
        }
        .await;
        refuse(&mut reply, result);
    }

    pub(super) async fn accept(&self, actor: &Actor, event: CallAccept, reply: Reply) {
        let input = Input::Accept {
            user: actor.user.clone(),
            device: actor.device.clone(),
            answer: event.answer,
        };
        let call = (event.session_id, event.chat_id);
        self.enter(actor, call, (CallHookType::Accept, input), reply)
            .await;
    }

    pub(super) async fn join(&self, actor: &Actor, event: CallJoin, reply: Reply) {
        let person = match self.person_in(actor, &event.session_id).await {
            Ok(person) => person,
            Err(failure) => return reply(Err(failure)),
        };
        let device = actor.device.clone();
        let call = (event.session_id, event.chat_id);
        let input = Input::Join { person, device };
        self.enter(actor, call, (CallHookType::Join, input), reply)
            .await;
    }

    pub(super) async fn reject(&self, actor: &Actor, event: CallReject, reply: Reply) {
        let input = Input::Reject {
            user: actor.user.clone(),
            device: actor.device.clone(),
            reason: event.reason,
        };
        let call = (event.session_id, event.chat_id);
        self.command(actor, call, input, reply).await;
    }

    pub(super) async fn end(&self, actor: &Actor, event: CallEnd, reply: Reply) {
        let input = Input::End {
            user: actor.user.clone(),
            device: actor.device.clone(),
            reason: event.reason,
        };
        let call = (event.session_id, event.chat_id);
        self.command(actor, call, input, reply).await;
    }

    /// Ends a call in the name of whoever runs the server.
    ///
    /// # Errors
    /// `CALL_NOT_FOUND`, or `CALL_ENDED` when it is over already.
    pub async fn end_by_operator(&self, id: &SessionId) -> Result<(), Failure> {
        let call = self.call(id).await?;
        self.change(&call, Input::EndedByOperator, |_| {}).await
    }

    pub(super) async fn leave(&self, actor: &Actor, event: CallLeave, reply: Reply) {
        let input = Input::Leave {
            user: actor.user.clone(),
            device: actor.device.clone(),
        };
        let call = (event.session_id, event.chat_id);
        self.command(actor, call, input, reply).await;
    }

    pub(super) async fn quality(&self, actor: &Actor, event: CallQuality, reply: Reply) {
        let input = Input::Quality {
            user: actor.user.clone(),
            device: actor.device.clone(),
            report: event.quality,
            links: event.links.clone(),
        };
        let id = event.session_id;
        let mut reply = Some(reply);
        let result = async {
            let call = self.visible_call(actor, &id, None).await?;
            self.change(&call, input, |session| {
                self.ack(&mut reply, session, AckOf::Empty);
            })
            .await?;
            self.keep_quality(actor, &id, event.links).await
        };
        let result = result.await;
        refuse(&mut reply, result);
    }

    /// Keeps what was measured of each link, for the timeline of the quality.
    async fn keep_quality(
        &self,
        actor: &Actor,
        id: &SessionId,
        mut links: Vec<LinkReport>,
    ) -> Result<(), Failure> {
        let session = self.call(id).await?.session();
        links.retain(|link| session.participant(&link.user_id).is_some());
        if links.is_empty() {
            return Ok(());
        }
        self.observer.measured(&links);
        let now = self.clock.now();
        let kept = self.store.add_quality(id, &actor.user, now, links);
        kept.await.map_err(internal)
    }

    pub(super) async fn invite(&self, actor: &Actor, event: CallInvite, reply: Reply) {
        let id = event.session_id;
        let callees = match self
            .allowed_callees(actor, &id, event.target_user_ids)
            .await
        {
            Ok(callees) => callees,
            Err(failure) => return reply(Err(failure)),
        };
        let input = Input::Invite {
            user: actor.user.clone(),
            device: actor.device.clone(),
            callees,
        };
        self.command(actor, (id, None), input, reply).await;
    }

    /// Returns those whom a participant calls into a call, if the host application allows it.
    async fn allowed_callees(
        &self,
        actor: &Actor,
        id: &SessionId,
        targets: Vec<UserId>,
    ) -> Result<Vec<Callee>, Failure> {
        // Whoever cannot be called is refused before the application is asked.
        self.callees_of(actor, id, targets.clone()).await?;
        let session = self.visible_call(actor, id, None).await?.session();
        self.may(actor, CallHookType::Invite, &session, targets.clone())
            .await?;
        self.callees_of(actor, id, targets).await
    }

    /// Returns who the actor is to the others: as the chat knows them, else as their token does.
    async fn person_in(&self, actor: &Actor, id: &SessionId) -> Result<UserRef, Failure> {
        let call = self.visible_call(actor, id, None).await?;
        let session = call.session();
        if let Some(participant) = session.participant(&actor.user) {
            return Ok(participant.person.clone());
        }
        let chat = self
            .store
            .chat(&session.chat().id)
            .await
            .map_err(internal)?;
        Ok(chat.map_or_else(|| person(actor, None), |chat| person(actor, Some(&chat))))
    }

    /// Sends the ack of a stored change, once.
    pub(super) fn ack(&self, reply: &mut Option<Reply>, session: &CallSession, ack: AckOf) {
        if let Some(reply) = reply.take() {
            let snapshot = || Some(self.snapshot(session));
            reply(Ok(match ack {
                AckOf::Empty => empty(),
                AckOf::Join => CallAck::Join(JoinAck { call: snapshot() }),
                AckOf::Initiate { joined } => CallAck::Initiate(InitiateAck {
                    session_id: session.id().clone(),
                    target_user_ids: session.targets(),
                    joined,
                    call: snapshot(),
                }),
            }));
        }
    }
}
