//! Lets sockets in and out, and every event through one place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use engineioxide::socket::Sid;
use ringback_protocol::{Empty, ErrorCode, Failure, RefreshAck, limits};
use tracing::{Instrument, Span};

use super::answer::Answer;
use super::connection::{Fault, rate_limited};
use super::drain::Drain;
use super::expiry::Expiries;
use super::meter::Meters;
use super::outlet::{Outlet, OutletId};
use super::packet::{self, Frame};
use super::registry::{Member, PresenceLock, Registry};
use super::socket::Socket;
use super::subject::Subject;
use super::{decode, handshake, presence, sizes};
use crate::admission::Quotas;
use crate::auth::Auth;
use crate::calls::ports::{Actor, CallAck, Calls, Reply};
use crate::calls::{Clock, Signal, SystemClock, Timestamp};
use crate::events::ClientEvent;
use crate::ice::IceConfig;
use crate::metrics::Metrics;

/// When a socket whose requests pile up may go on.
const PILED_UP_WAIT: Duration = Duration::from_millis(100);

/// What all sockets share.
pub(super) struct Hub {
    auth: Arc<Auth>,
    quotas: Arc<Quotas>,
    calls: Arc<dyn Calls>,
    pub(super) registry: Arc<Registry>,
    ice: Arc<IceConfig>,
    pub(super) drain: Drain,
    pub(super) metrics: Arc<Metrics>,
    next_outlet: AtomicU64,
    meters: Meters,
    expiries: Arc<Expiries>,
}

impl Hub {
    pub(super) fn new(
        auth: Arc<Auth>,
        quotas: Arc<Quotas>,
        calls: Arc<dyn Calls>,
        registry: Arc<Registry>,
        ice: Arc<IceConfig>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            auth,
            quotas,
            calls,
            registry,
            ice,
            drain: Drain::new(),
            metrics,
            next_outlet: AtomicU64::new(0),
            meters: Meters::default(),
            expiries: Expiries::start(),
        }
    }

    /// Lets a socket in, or says why not.
    ///
    /// The keys to check its token with may have to be fetched first; whatever else it sends then
    /// comes behind that.
    pub(super) fn connect(self: &Arc<Self>, socket: &Arc<Socket>, auth: &str) {
        if !socket.data.inbox.has_room(auth.len()) {
            return socket.give_up(Fault::Flooding);
        }
        let bytes = auth.len();
        let (hub, auth) = (Arc::clone(self), auth.to_owned());
        let of = Arc::clone(socket);
        let work = async move { hub.sign_in(&of, &auth).await };
        socket.data.inbox.push(Box::pin(work), bytes);
    }

    async fn sign_in(&self, socket: &Arc<Socket>, auth: &str) {
        if !socket.data.is_waiting() {
            return;
        }
        // Not the engine's own id: who knows that one can take over a polling session, and this
        // one is shown to others when it stands in for a device id.
        let socket_id = Sid::new().to_string();
        let entered = match self.identify(auth, &socket_id).await {
            Ok((actor, expires_at)) => self.enter(socket, actor, expires_at, &socket_id),
            Err(failure) => Err(failure),
        };
        match entered {
            Ok(None) => {}
            // Before whatever the client asks: that waits behind this very work.
            Ok(Some((member, lock))) => {
                let (calls, registry) = (self.calls.clone(), self.registry.clone());
                presence::arrived(calls, registry, member, lock).await;
            }
            Err(failure) => {
                tracing::debug!(code = %failure.code, "a socket was not let in");
                self.metrics.refused(failure.code);
                socket.send(packet::refused(&failure));
            }
        }
    }

    async fn identify(&self, auth: &str, socket_id: &str) -> Result<(Actor, Timestamp), Failure> {
        self.drain.check()?;
        handshake::identify(&self.auth, auth, socket_id).await
    }

    /// Registers a socket, unless it closed meanwhile.
    fn enter(
        &self,
        socket: &Arc<Socket>,
        actor: Actor,
        expires_at: Timestamp,
        socket_id: &str,
    ) -> Result<Option<(Member, PresenceLock)>, Failure> {
        let member = Member {
            actor: Arc::new(actor),
            id: OutletId(self.next_outlet.fetch_add(1, Ordering::Relaxed)),
            outlet: socket.clone(),
        };
        let meter = self.meters.of(&member.actor.user, Instant::now());
        socket.data.count_with(meter);
        let welcome = packet::connected(socket_id);
        let register = || {
            // Before the welcome, after which somebody else may be told to come.
            socket.leave_place();
            self.registry.add(member.clone(), welcome)
        };
        let lock = socket.data.sign_in(&member.actor, member.id, register);
        let Some(lock) = lock.inspect_err(|_| socket.wait_again())? else {
            return Ok(None);
        };
        self.metrics.signed_in();
        // It may have closed meanwhile, and must not be watched over then.
        socket.data.while_signed_in(|id| {
            let now = SystemClock.now();
            self.expiries.watch(id, socket.clone(), expires_at, now);
        });
        tracing::debug!(user = %member.actor.user, device = %member.actor.device, "signed in");
        Ok(Some((member, lock)))
    }

    /// Takes out a socket that stays open: its client may sign in again.
    pub(super) fn sign_out(&self, socket: &Arc<Socket>) {
        if let Some((actor, id)) = socket.data.sign_out() {
            self.leave(socket, actor, id);
            socket.wait_again();
            super::expect_sign_in(socket);
        }
    }

    /// Takes a socket out that closed or signed out.
    pub(super) fn leave(&self, socket: &Arc<Socket>, actor: Arc<Actor>, id: OutletId) {
        tracing::debug!(user = %actor.user, device = %actor.device, "signed out");
        self.metrics.signed_out();
        self.expiries.forget(id);
        let remaining = self.registry.remove(&actor, id);
        if self.drain.has_begun() {
            // It was this server that left: the device keeps its place for the next one.
            return self.registry.forget(&actor);
        }
        let (calls, registry) = (self.calls.clone(), self.registry.clone());
        let departed = presence::departed(calls, registry, actor, remaining);
        // After whatever the client asked before it left.
        socket.data.inbox.push(Box::pin(departed), 0);
    }

    /// Does what a client asks, or says why not.
    pub(super) fn event(&self, socket: &Arc<Socket>, frame: Frame<'_>, bytes: usize) {
        let answer = |subject| self.answer(socket, &frame, subject);
        let (actor, event) = match self.accept(socket, frame.body, bytes) {
            Ok(accepted) => accepted,
            Err((subject, failure)) => return answer(subject).fail(failure),
        };
        self.metrics.received(&event);
        let subject = Subject::from(&event);
        match self.pass_now(socket, &actor, event) {
            // Of most signals nothing is said.
            Ok(Ok(())) if frame.ack.is_none() => {}
            Ok(passed) => answer(subject).give(passed.map(|()| Empty {})),
            Err(event) => self.perform(socket, actor, event, bytes, answer(subject)),
        }
    }

    fn answer(&self, socket: &Arc<Socket>, frame: &Frame<'_>, subject: Subject) -> Answer {
        let metrics = Arc::clone(&self.metrics);
        Answer::new(socket.clone(), frame.ack, subject, metrics)
    }

    /// The choke point: what comes out of here is from a known device and within all limits.
    fn accept(
        &self,
        socket: &Socket,
        body: &str,
        bytes: usize,
    ) -> Result<(Arc<Actor>, ClientEvent), (Subject, Failure)> {
        let actor = admit(socket, bytes).map_err(|failure| (Subject::peeked(body), failure))?;
        let event = decode::decode(body)
            .map_err(|undecodable| (Subject::from(&*undecodable), undecodable.failure))?;
        match self.check(socket, &actor, &event, bytes) {
            Ok(()) => Ok((actor, event)),
            Err(failure) => Err((Subject::from(&event), failure)),
        }
    }

    fn check(
        &self,
        socket: &Socket,
        actor: &Actor,
        event: &ClientEvent,
        bytes: usize,
    ) -> Result<(), Failure> {
        sizes::check(event)?;
        self.drain.check_event(event)?;
        if !socket.data.inbox.has_room(bytes) {
            return Err(rate_limited(PILED_UP_WAIT));
        }
        if makes_ring(event) {
            self.quotas.call(&actor.user, Instant::now())?;
        }
        Ok(())
    }

    fn perform(
        &self,
        socket: &Arc<Socket>,
        actor: Arc<Actor>,
        event: ClientEvent,
        bytes: usize,
        answer: Answer,
    ) {
        if let ClientEvent::WebrtcConfigGet(_) = event {
            let config = self.ice.ack(&actor);
            let work = async move { answer.give(Ok(config)) };
            return socket.data.inbox.push(Box::pin(work), bytes);
        }
        if let ClientEvent::AuthRefresh(refresh) = event {
            let work = self.refresh(socket, actor, refresh.token, answer);
            return socket.data.inbox.push(Box::pin(work), bytes);
        }
        let calls = Arc::clone(&self.calls);
        let reply = self.reply(&event, answer);
        let span = span(&event);
        let work = async move { calls.handle(&actor, event, reply).instrument(span).await };
        socket.data.inbox.push(Box::pin(work), bytes);
    }

    /// Passes a signal on at once, unless something has to be done or looked up before.
    ///
    /// # Errors
    /// The event, when something has to, or it is no signal.
    fn pass_now(
        &self,
        socket: &Socket,
        actor: &Actor,
        event: ClientEvent,
    ) -> Result<Result<(), Failure>, ClientEvent> {
        let signal = Signal::of(event)?;
        let Some(turn) = socket.data.inbox.turn() else {
            return Err(signal.into());
        };
        match turn.guarded(|| self.calls.pass_now(actor, signal)) {
            Some(passed) => Ok(passed?),
            None => Ok(Err(ErrorCode::Internal.into())),
        }
    }

    /// Lets a socket live as long as its new token, if that is one of the same user.
    fn refresh(
        &self,
        socket: &Arc<Socket>,
        actor: Arc<Actor>,
        token: String,
        answer: Answer,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (auth, expiries) = (Arc::clone(&self.auth), Arc::clone(&self.expiries));
        let socket = Arc::clone(socket);
        async move {
            let expires_at = handshake::renew(&auth, &token, &actor).await;
            answer.give(expires_at.map(|expires_at| {
                socket.data.while_signed_in(|id| {
                    expiries.watch(id, socket.clone(), expires_at, SystemClock.now());
                });
                RefreshAck {
                    expires_at: expires_at.to_iso(),
                }
            }));
        }
    }

    /// Returns what takes the outcome of an event; those that change a call are timed.
    fn reply(&self, event: &ClientEvent, answer: Answer) -> Reply {
        if is_signal(event) {
            return Box::new(move |result: Result<CallAck, Failure>| answer.give(result));
        }
        let (name, asked, metrics) = (event.name(), Instant::now(), Arc::clone(&self.metrics));
        Box::new(move |result| {
            metrics.acked(name, asked.elapsed());
            answer.give(result);
        })
    }

    /// Refuses an event with binary attachments.
    pub(super) fn refuse_binary(&self, socket: &Arc<Socket>, frame: Frame<'_>) {
        let answer = self.answer(socket, &frame, Subject::peeked(frame.body));
        let refusal = || {
            Failure::new(
                ErrorCode::InvalidPayload,
                "Binary attachments are not accepted: a payload is plain JSON.",
            )
        };
        let failure = admit(socket, 0).map_or_else(|failure| failure, |_| refusal());
        answer.fail(failure);
    }
}

/// Returns the span that an event is handled in; of signals there are too many.
fn span(event: &ClientEvent) -> Span {
    if is_signal(event) {
        return Span::none();
    }
    // For traces: in the logs it would be formatted for each event, and hardly any says a line.
    tracing::debug_span!("event", name = event.name())
}

/// Tells whether an event makes others ring.
const fn makes_ring(event: &ClientEvent) -> bool {
    matches!(
        event,
        ClientEvent::CallInitiate(_) | ClientEvent::CallInvite(_)
    )
}

/// Tells whether an event is passed on without changing a call: there are many of these.
const fn is_signal(event: &ClientEvent) -> bool {
    match event {
        ClientEvent::WebrtcOffer(_)
        | ClientEvent::WebrtcAnswer(_)
        | ClientEvent::WebrtcIceCandidate(_)
        | ClientEvent::CallToggleAudio(_)
        | ClientEvent::CallToggleVideo(_)
        | ClientEvent::AuthRefresh(_)
        | ClientEvent::WebrtcConfigGet(_) => true,
        ClientEvent::CallInitiate(_)
        | ClientEvent::CallAccept(_)
        | ClientEvent::CallReject(_)
        | ClientEvent::CallQuality(_)
        | ClientEvent::CallEnd(_)
        | ClientEvent::CallLeave(_)
        | ClientEvent::CallJoin(_)
        | ClientEvent::CallInvite(_)
        | ClientEvent::CallResume(_)
        | ClientEvent::CallSync(_) => false,
    }
}

/// Returns who asks, when they may ask, and the message is small enough to be looked at.
fn admit(socket: &Socket, bytes: usize) -> Result<Arc<Actor>, Failure> {
    let now = Instant::now();
    let actor = socket.data.admit(now, bytes).inspect_err(|_| {
        if socket.data.is_stubborn(now) {
            socket.give_up(Fault::Flooding);
        }
    })?;
    if bytes > limits::MESSAGE_BYTES {
        return Err(sizes::message_too_large());
    }
    Ok(actor)
}
