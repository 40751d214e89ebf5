//! The one place that changes calls: load, apply, compare-and-set, ack, emit.
//!
//! Everything about one call goes through its gate, so that what a version has to say is emitted
//! before what the next one has. Signals change nothing and pass beside it.

mod cache;
mod change;
mod devices;
mod initiate;
mod locks;
mod signals;
mod timers;

use std::sync::{Arc, Mutex, PoisonError};

use ringback_protocol::client::{CallAccept, CallEnd, CallInvite, CallJoin, CallReject};
use ringback_protocol::rest::{Chat, ChatMember, UserRef};
use ringback_protocol::{
    ChatId, ClientEvent, Empty, ErrorCode, Failure, InitiateAck, JoinAck, SessionId, UserId,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::ports::{Actor, BoxFuture, CallAck, Calls, Emitter, Reply};
use super::session::{CallSession, Input};
use super::settings::CallSettings;
use crate::store::{Store, StoreError};
use cache::CallCache;
use locks::UserLocks;
use timers::Timers;

/// Handles every call of this process.
pub struct CallManager {
    store: Arc<dyn Store>,
    emitter: Arc<dyn Emitter>,
    clock: Arc<dyn Clock>,
    settings: CallSettings,
    calls: CallCache,
    timers: Timers,
    users: UserLocks,
    stop: watch::Sender<bool>,
    timekeeper: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for CallManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallManager")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What the ack of a successful event says.
#[derive(Debug, Clone, Copy)]
enum AckOf {
    /// That it was done.
    Empty,
    /// The call as it now stands.
    Join,
    /// Which call it is, and whether it is the one that the target had placed already.
    Initiate { joined: bool },
}

impl CallManager {
    /// Starts handling calls: takes up the live calls of the store and keeps their deadlines.
    ///
    /// Must be called inside a Tokio runtime.
    pub fn start(
        store: Arc<dyn Store>,
        emitter: Arc<dyn Emitter>,
        clock: Arc<dyn Clock>,
        settings: CallSettings,
    ) -> Arc<Self> {
        let (stop, stopped) = watch::channel(false);
        let manager = Arc::new(Self {
            store,
            emitter,
            clock,
            settings,
            calls: CallCache::default(),
            timers: Timers::default(),
            users: UserLocks::default(),
            stop,
            timekeeper: Mutex::new(None),
        });
        let timekeeper = tokio::spawn(Arc::clone(&manager).keep_time(stopped));
        *manager.timekeeper() = Some(timekeeper);
        manager
    }

    /// Stops keeping deadlines. Live calls stay as they are; the next start takes them up.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let timekeeper = self.timekeeper().take();
        if let Some(timekeeper) = timekeeper
            && let Err(error) = timekeeper.await
        {
            tracing::error!(%error, "the timekeeper of the calls broke down");
        }
    }

    fn timekeeper(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.timekeeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn dispatch(&self, actor: &Actor, event: ClientEvent, reply: Reply) {
        let user = actor.user.clone();
        let device = actor.device.clone();
        let (call, input, ack) = match event {
            ClientEvent::CallInitiate(event) => return self.initiate(actor, event, reply).await,
            ClientEvent::CallAccept(CallAccept {
                session_id,
                chat_id,
                answer,
            }) => {
                let input = Input::Accept {
                    user,
                    device,
                    answer,
                };
                return self.enter(actor, (session_id, chat_id), input, reply).await;
            }
            ClientEvent::CallJoin(CallJoin {
                session_id,
                chat_id,
            }) => return self.join(actor, (session_id, chat_id), reply).await,
            ClientEvent::CallInvite(event) => return self.invite(actor, event, reply).await,
            ClientEvent::CallResume(event) => {
                return self.resume(actor, event.session_id, reply).await;
            }
            ClientEvent::CallReject(CallReject {
                session_id,
                chat_id,
                reason,
            }) => {
                let input = Input::Reject {
                    user,
                    device,
                    reason,
                };
                ((session_id, chat_id), input, AckOf::Empty)
            }
            ClientEvent::CallEnd(CallEnd {
                session_id,
                chat_id,
                reason,
            }) => {
                let input = Input::End {
                    user,
                    device,
                    reason,
                };
                ((session_id, chat_id), input, AckOf::Empty)
            }
            ClientEvent::CallLeave(event) => {
                let input = Input::Leave { user, device };
                ((event.session_id, event.chat_id), input, AckOf::Empty)
            }
            ClientEvent::CallQuality(event) => {
                let input = Input::Quality {
                    user,
                    device,
                    report: event.quality,
                };
                ((event.session_id, None), input, AckOf::Empty)
            }
            ClientEvent::CallSync(_) => return self.sync(actor, reply).await,
            ClientEvent::WebrtcOffer(event) => {
                return reply(done(self.pass_offer(actor, event).await));
            }
            ClientEvent::WebrtcAnswer(event) => {
                return reply(done(self.pass_answer(actor, event).await));
            }
            ClientEvent::WebrtcIceCandidate(event) => {
                return reply(done(self.pass_candidate(actor, event).await));
            }
            ClientEvent::CallToggleAudio(event) => {
                return reply(done(self.toggle_audio(actor, event).await));
            }
            ClientEvent::CallToggleVideo(event) => {
                return reply(done(self.toggle_video(actor, event).await));
            }
            // The edge answers this one: it is about the server, not about a call.
            ClientEvent::WebrtcConfigGet(_) => {
                return reply(Err(ErrorCode::UnknownEvent.into()));
            }
        };
        self.command(actor, call, input, ack, reply).await;
    }

    /// Applies an input that needs no more than the call itself, and acks.
    async fn command(
        &self,
        actor: &Actor,
        (id, chat): (SessionId, Option<ChatId>),
        input: Input,
        ack: AckOf,
        reply: Reply,
    ) {
        let mut reply = Some(reply);
        let result = async {
            let call = self.visible_call(actor, &id, chat.as_ref()).await?;
            self.change(&call, input, |session| {
                self.ack(&mut reply, session, ack);
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
        input: Input,
        reply: Reply,
    ) {
        let mut reply = Some(reply);
        let result = async {
            let call = self.visible_call(actor, &id, chat.as_ref()).await?;
            let _user = self.users.lock([&actor.user]).await;
            if !call.session().is_live() {
                return Err(ErrorCode::CallEnded.into());
            }
            let others = self.free_of_other_calls(&actor.user, Some(&id)).await?;
            self.change(&call, input, |session| {
                self.ack(&mut reply, session, AckOf::Join);
            })
            .await?;
            self.abandon(&actor.user, others).await
        }
        .await;
        refuse(&mut reply, result);
    }

    async fn join(&self, actor: &Actor, call: (SessionId, Option<ChatId>), reply: Reply) {
        let person = match self.person_in(actor, &call.0).await {
            Ok(person) => person,
            Err(failure) => return reply(Err(failure)),
        };
        let device = actor.device.clone();
        self.enter(actor, call, Input::Join { person, device }, reply)
            .await;
    }

    async fn invite(&self, actor: &Actor, event: CallInvite, reply: Reply) {
        let call = (event.session_id, None);
        let callees = self.callees_of(actor, &call.0, event.target_user_ids).await;
        match callees {
            Ok(callees) => {
                let input = Input::Invite {
                    user: actor.user.clone(),
                    device: actor.device.clone(),
                    callees,
                };
                self.command(actor, call, input, AckOf::Empty, reply).await;
            }
            Err(failure) => reply(Err(failure)),
        }
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
    fn ack(&self, reply: &mut Option<Reply>, session: &CallSession, ack: AckOf) {
        if let Some(reply) = reply.take() {
            let snapshot = || Some(session.snapshot(self.clock.now()));
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

impl Calls for CallManager {
    fn handle<'a>(
        &'a self,
        actor: &'a Actor,
        event: ClientEvent,
        reply: Reply,
    ) -> BoxFuture<'a, ()> {
        Box::pin(self.dispatch(actor, event, reply))
    }

    fn device_connected<'a>(&'a self, actor: &'a Actor) -> BoxFuture<'a, ()> {
        Box::pin(self.greet(actor))
    }

    fn device_disconnected<'a>(&'a self, actor: &'a Actor) -> BoxFuture<'a, ()> {
        Box::pin(self.miss(actor))
    }
}

const fn empty() -> CallAck {
    CallAck::Empty(Empty {})
}

fn done(result: Result<(), Failure>) -> Result<CallAck, Failure> {
    result.map(|()| empty())
}

/// Sends the ack of a failure, unless a success was acked before: then there is only the log left.
fn refuse(reply: &mut Option<Reply>, result: Result<(), Failure>) {
    if let Err(failure) = result {
        match reply.take() {
            Some(reply) => reply(Err(failure)),
            None => tracing::warn!(code = %failure.code, "what follows an acked change failed"),
        }
    }
}

fn internal(error: StoreError) -> Failure {
    tracing::error!(%error, "the store failed");
    ErrorCode::Internal.into()
}

fn member<'a>(chat: &'a Chat, user: &UserId) -> Option<&'a ChatMember> {
    chat.participants.iter().find(|member| member.id == *user)
}

fn person(actor: &Actor, chat: Option<&Chat>) -> UserRef {
    let member = chat.and_then(|chat| member(chat, &actor.user));
    let name = member.and_then(|member| member.name.clone());
    let avatar = member.and_then(|member| member.avatar.clone());
    UserRef {
        id: actor.user.clone(),
        name: name
            .or_else(|| actor.name.clone())
            .unwrap_or_else(|| actor.user.to_string()),
        avatar: avatar.or_else(|| actor.avatar.clone()),
    }
}

fn member_ref(member: &ChatMember) -> UserRef {
    UserRef {
        id: member.id.clone(),
        name: member.name.clone().unwrap_or_else(|| member.id.to_string()),
        avatar: member.avatar.clone(),
    }
}
