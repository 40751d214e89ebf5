//! The one place that changes calls: load, apply, compare-and-set, ack, emit.
//!
//! Everything about one call goes through its gate, so that what a version has to say is emitted
//! before what the next one has. Signals change nothing and pass beside it.

mod cache;
mod change;
mod commands;
mod devices;
mod host;
mod initiate;
mod locks;
mod media;
mod nodes;
mod offers;
mod signals;
mod timers;

use std::sync::{Arc, Mutex, PoisonError};

use ringback_protocol::rest::{Chat, ChatMember, UserRef};
use ringback_protocol::{Empty, ErrorCode, Failure, UserId};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::ports::{
    Actor, BoxFuture, CallAck, Calls, Emitter, HostApp, NoHostApp, NoPeers, Observer, Peers, Reply,
    Unobserved,
};
use super::settings::CallSettings;
use super::signal::Signal;
use crate::events::ClientEvent;
use crate::store::{Store, StoreError};
use cache::CallCache;
use locks::UserLocks;
use timers::Timers;

/// Handles every call of this process.
pub struct CallManager {
    store: Arc<dyn Store>,
    emitter: Arc<dyn Emitter>,
    peers: Arc<dyn Peers>,
    host: Arc<dyn HostApp>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    settings: CallSettings,
    calls: CallCache,
    timers: Timers,
    users: UserLocks,
    /// Devices whose going the store could not take.
    absent: Mutex<Vec<Actor>>,
    stop: watch::Sender<bool>,
    timekeeper: Mutex<Option<JoinHandle<()>>>,
}

/// Who else has a part in calls, beside the devices.
pub struct Others {
    /// The other nodes.
    pub peers: Arc<dyn Peers>,
    /// The host application.
    pub host: Arc<dyn HostApp>,
    /// Whoever counts what becomes of calls.
    pub observer: Arc<dyn Observer>,
}

impl Default for Others {
    /// Nobody.
    fn default() -> Self {
        Self {
            peers: Arc::new(NoPeers),
            host: Arc::new(NoHostApp),
            observer: Arc::new(Unobserved),
        }
    }
}

impl std::fmt::Debug for Others {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Others").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for CallManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallManager")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl CallManager {
    /// Starts handling calls as the only process over this store.
    ///
    /// Must be called inside a Tokio runtime.
    pub fn start(
        store: Arc<dyn Store>,
        emitter: Arc<dyn Emitter>,
        clock: Arc<dyn Clock>,
        settings: CallSettings,
    ) -> Arc<Self> {
        Self::start_among(Others::default(), store, emitter, clock, settings)
    }

    /// The same, among other nodes, or for a host application that wants to be asked or told.
    ///
    /// Must be called inside a Tokio runtime.
    pub fn start_among(
        Others {
            peers,
            host,
            observer,
        }: Others,
        store: Arc<dyn Store>,
        emitter: Arc<dyn Emitter>,
        clock: Arc<dyn Clock>,
        settings: CallSettings,
    ) -> Arc<Self> {
        let (stop, stopped) = watch::channel(false);
        let manager = Arc::new(Self {
            store,
            emitter,
            peers,
            host,
            clock,
            observer,
            settings,
            calls: CallCache::default(),
            timers: Timers::default(),
            users: UserLocks::default(),
            absent: Mutex::default(),
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

    fn signal<'a>(&'a self, actor: &'a Actor, signal: Signal, reply: Reply) -> BoxFuture<'a, ()> {
        Box::pin(async move { reply(done(self.pass(actor, signal).await)) })
    }

    fn timekeeper(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.timekeeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls for CallManager {
    // Every event has its own future: that of a candidate is small, that of `call:initiate` is not.
    fn handle<'a>(
        &'a self,
        actor: &'a Actor,
        event: ClientEvent,
        reply: Reply,
    ) -> BoxFuture<'a, ()> {
        match event {
            ClientEvent::WebrtcIceCandidate(event) => {
                self.signal(actor, Signal::Candidate(event), reply)
            }
            ClientEvent::WebrtcOffer(event) => self.signal(actor, Signal::Offer(event), reply),
            ClientEvent::WebrtcAnswer(event) => self.signal(actor, Signal::Answer(event), reply),
            ClientEvent::CallToggleAudio(event) => {
                Box::pin(async move { reply(done(self.toggle_audio(actor, event).await)) })
            }
            ClientEvent::CallToggleVideo(event) => {
                Box::pin(async move { reply(done(self.toggle_video(actor, event).await)) })
            }
            ClientEvent::CallInitiate(event) => Box::pin(self.initiate(actor, event, reply)),
            ClientEvent::CallAccept(event) => Box::pin(self.accept(actor, event, reply)),
            ClientEvent::CallReject(event) => Box::pin(self.reject(actor, event, reply)),
            ClientEvent::CallEnd(event) => Box::pin(self.end(actor, event, reply)),
            ClientEvent::CallLeave(event) => Box::pin(self.leave(actor, event, reply)),
            ClientEvent::CallJoin(event) => Box::pin(self.join(actor, event, reply)),
            ClientEvent::CallInvite(event) => Box::pin(self.invite(actor, event, reply)),
            ClientEvent::CallResume(event) => Box::pin(self.resume(actor, event, reply)),
            ClientEvent::CallQuality(event) => Box::pin(self.quality(actor, event, reply)),
            ClientEvent::CallSync(_) => Box::pin(self.sync(actor, reply)),
            // The edge answers these: they are about the server and the socket, not about a call.
            ClientEvent::WebrtcConfigGet(_) | ClientEvent::AuthRefresh(_) => {
                reply(Err(ErrorCode::UnknownEvent.into()));
                Box::pin(std::future::ready(()))
            }
        }
    }

    fn pass_now(&self, actor: &Actor, signal: Signal) -> Result<Result<(), Failure>, Signal> {
        self.pass_now(actor, signal)
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
