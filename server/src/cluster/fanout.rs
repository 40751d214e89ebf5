//! What the call domain and the sockets need of the other nodes, over Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use redis::{Cmd, Value, cmd};
use ringback_protocol::{DeviceId, SessionId, UserId};

use super::channels::Channels;
use super::ear::{Ear, Heard};
use super::line::{Answer, Line};
use super::message::{self, Message};
use crate::calls::ports::{
    Actor, BoxFuture, EarlyOffer, Emitter, Hearing, Peers, Presence, Recipient, Said,
};
use crate::calls::{CallManager, CallSession};
use crate::events::ServerEvent;
use crate::metrics::{Metrics, Minute};
use crate::node::{Node, NodeState};
use crate::signaling::{Registry, Within};

/// How long what participants said of themselves is kept, should the end of the call be lost.
const SAID_LASTS_S: u64 = 24 * 3600;
/// How long the turn to sweep lasts: a little less than the time between two sweeps.
const SWEEP_LASTS_MS: u64 = 4_000;
/// How often it is looked whether messages were lost.
const LOSS_EVERY: Duration = Duration::from_millis(200);

/// Carries events to the devices of all nodes, and news from node to node.
#[derive(Debug)]
pub struct Fanout {
    /// What this process calls itself.
    pub(super) node: Node,
    pub(super) channels: Channels,
    registry: Arc<Registry>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) line: Line,
    ear: Ear,
    /// Whether the store is being compared with what is known here, or is to be again.
    catching_up: AtomicBool,
}

impl Fanout {
    pub(super) fn new(
        node: Node,
        prefix: String,
        registry: Arc<Registry>,
        metrics: Arc<Metrics>,
        line: Line,
        ear: Ear,
    ) -> Self {
        Self {
            node,
            channels: Channels::new(prefix),
            registry,
            metrics,
            line,
            ear,
            catching_up: AtomicBool::new(false),
        }
    }

    /// Tells whether this node hears the others and is heard.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.ear.hears() && self.line.is_up()
    }

    /// Listens to the other nodes until the process ends.
    pub(super) async fn listen(self: Arc<Self>, calls: Arc<CallManager>) {
        let listens = self.ear.listen(self.channels.all(), |heard| match heard {
            Heard::Everything => self.catch_up(&calls),
            Heard::Message(text) => self.take(&calls, &text),
        });
        tokio::join!(
            listens,
            self.tell_losses(),
            self.introduce(),
            self.share_minutes()
        );
    }

    /// Tells the other nodes when they were not told something.
    async fn tell_losses(&self) {
        loop {
            tokio::time::sleep(LOSS_EVERY).await;
            if self.line.take_lost() {
                self.publish(&self.channels.all(), Message::Lost);
            }
        }
    }

    /// Compares with the store, in a task of its own; never twice at a time.
    fn catch_up(self: &Arc<Self>, calls: &Arc<CallManager>) {
        if self.catching_up.swap(true, Ordering::AcqRel) {
            return;
        }
        let (this, calls) = (Arc::clone(self), Arc::clone(calls));
        tokio::spawn(async move {
            // What is lost from here on asks for another round.
            this.catching_up.store(false, Ordering::Release);
            if let Err(failure) = calls.catch_up().await {
                tracing::warn!(code = %failure.code, "the calls of other nodes could not be read");
            }
        });
    }

    fn take(self: &Arc<Self>, calls: &Arc<CallManager>, text: &[u8]) {
        let envelope = match message::decode(text) {
            Ok(envelope) => envelope,
            Err(error) => return tracing::warn!(%error, "a message of another node was not read"),
        };
        if envelope.from == self.node.id() {
            return;
        }
        if let Some(lag) = envelope.lag(SystemTime::now()) {
            self.metrics.fanned_out(lag);
        }
        match envelope.message {
            Message::Deliver { during, .. }
                if during
                    .as_ref()
                    .is_some_and(|call| calls.is_known_over(call)) => {}
            Message::Deliver { to, packet, .. } => {
                self.registry.deliver_foreign(&to.into(), &packet.into());
            }
            Message::Changed {
                call,
                version,
                status,
            } => calls.heard_change(&call, version, status),
            Message::Arrived { user, device } => self.registry.moved(&user, &device),
            Message::Lost => self.catch_up(calls),
        }
    }

    /// A device signed in here.
    pub(super) async fn arrived(&self, actor: &Actor) {
        let Actor { user, device, .. } = actor;
        self.ear.open(self.channels_of(actor)).await;
        let arrived = Message::Arrived {
            user: user.clone(),
            device: device.clone(),
        };
        self.publish(&self.channels.device(user, device), arrived);
    }

    /// A device has no socket here any more.
    pub(super) async fn departed(&self, actor: &Actor) {
        self.ear.close(self.channels_of(actor)).await;
    }

    fn channels_of(&self, actor: &Actor) -> [String; 2] {
        let device = self.channels.device(&actor.user, &actor.device);
        [self.channels.user(&actor.user), device]
    }

    fn publish(&self, channel: &str, message: Message) {
        self.line.send(self.publishing(channel, message));
    }

    fn publishing(&self, channel: &str, message: Message) -> Cmd {
        let mut publish = cmd("PUBLISH");
        publish
            .arg(channel)
            .arg(message::encode(self.node.id(), SystemTime::now(), message));
        publish
    }

    /// Returns the channel on which these devices are reached.
    fn channel(&self, to: &Recipient) -> String {
        match to {
            Recipient::User(user) | Recipient::OtherDevices(user, _) => self.channels.user(user),
            Recipient::Device(user, device) => self.channels.device(user, device),
        }
    }

    /// Returns how many other nodes listen, of a count that Redis gave.
    fn others(&self, channel: &str, counted: &Value) -> i64 {
        let all: i64 = redis::from_redis_value_ref(counted).unwrap_or(0);
        all - i64::from(self.ear.wants(channel))
    }

    async fn ask_presence(&self, channel: String) -> Presence {
        let mut ask = cmd("PUBSUB");
        ask.arg("NUMSUB").arg(&channel);
        match self.line.ask(ask).await {
            Answer::Said(Value::Array(counts)) => {
                let others = counts.last().map(|count| self.others(&channel, count));
                if others.is_some_and(|others| others > 0) {
                    Presence::Connected
                } else {
                    Presence::Absent
                }
            }
            Answer::Said(_) | Answer::Late | Answer::Lost => Presence::Unknown,
        }
    }
}

impl Emitter for Fanout {
    fn emit<'a>(&'a self, to: &'a Recipient, event: &'a ServerEvent) -> BoxFuture<'a, usize> {
        Box::pin(async move {
            let packet = Registry::packet(event);
            let reached = self.registry.deliver_packet(to, &packet);
            self.registry.count(event, reached);
            match self.registry.within(to) {
                Within::ThisNode => {}
                Within::AnyNode => {
                    let deliver = deliver(to, event, packet.to_string());
                    self.publish(&self.channel(to), deliver);
                }
            }
            reached
        })
    }

    fn devices<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Vec<DeviceId>> {
        self.registry.devices(user)
    }

    fn nodes(&self) -> BoxFuture<'_, Vec<NodeState>> {
        Box::pin(self.known_nodes())
    }

    fn recent(&self, since_ms: u64) -> BoxFuture<'_, Vec<(String, Minute)>> {
        Box::pin(self.known_minutes(since_ms))
    }

    fn reaches_others(&self) -> bool {
        self.is_up()
    }

    fn pass<'a>(&'a self, to: &'a Recipient, event: &'a ServerEvent) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let packet = Registry::packet(event);
            let reached = self.registry.deliver_packet(to, &packet);
            self.registry.count(event, reached);
            let reached = reached > 0;
            if self.registry.within(to) == Within::ThisNode {
                return reached;
            }
            let channel = self.channel(to);
            let publish = self.publishing(&channel, deliver(to, event, packet.to_string()));
            match self.line.ask(publish).await {
                Answer::Said(count) => reached || self.others(&channel, &count) > 0,
                // It is on its way: a slow Redis is not taken for an absent device.
                Answer::Late => true,
                Answer::Lost => reached,
            }
        })
    }

    fn is_here(&self, to: &Recipient) -> bool {
        self.registry.within(to) == Within::ThisNode
    }

    fn pass_here(&self, to: &Recipient, event: &ServerEvent) -> bool {
        self.registry.pass_here(to, event)
    }

    fn presence<'a>(
        &'a self,
        user: &'a UserId,
        device: Option<&'a DeviceId>,
    ) -> BoxFuture<'a, Presence> {
        Box::pin(async move {
            let here = self.registry.presence(user, device).await;
            if here == Presence::Connected {
                return here;
            }
            let channel = match device {
                Some(device) => self.channels.device(user, device),
                None => self.channels.user(user),
            };
            self.ask_presence(channel).await
        })
    }
}

fn deliver(to: &Recipient, event: &ServerEvent, packet: String) -> Message {
    Message::Deliver {
        to: to.into(),
        during: message::during(event).cloned(),
        packet,
    }
}

impl Peers for Fanout {
    fn hearing(&self) -> Hearing {
        if self.ear.hears() {
            Hearing::Hears
        } else {
            Hearing::Deaf
        }
    }

    fn changed(&self, call: &CallSession) {
        let changed = Message::Changed {
            call: call.id().clone(),
            version: call.version(),
            status: call.status(),
        };
        self.publish(&self.channels.all(), changed);
        if !call.is_live() {
            let mut forget = cmd("DEL");
            forget.arg(self.channels.said(call.id()));
            self.line.send(forget);
        }
    }

    fn said(&self, call: &SessionId, user: &UserId, said: Said) {
        let Ok(said) = serde_json::to_string(&said) else {
            return;
        };
        let key = self.channels.said(call);
        let mut keep = cmd("HSET");
        keep.arg(&key).arg(user.as_str()).arg(said);
        let mut expire = cmd("EXPIRE");
        expire.arg(&key).arg(SAID_LASTS_S);
        self.line.send(keep);
        self.line.send(expire);
    }

    fn all_said<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, Option<Vec<(UserId, Said)>>> {
        Box::pin(async move {
            let mut ask = cmd("HGETALL");
            ask.arg(self.channels.said(call));
            let Answer::Said(value) = self.line.ask(ask).await else {
                return None;
            };
            let all: Vec<(String, String)> = redis::from_redis_value(value).ok()?;
            let read = |(user, said): (String, String)| {
                Some((UserId::new(user).ok()?, serde_json::from_str(&said).ok()?))
            };
            Some(all.into_iter().filter_map(read).collect())
        })
    }

    fn keep_offer(&self, call: &SessionId, offer: &EarlyOffer, lasts_ms: u64) {
        let Ok(offer) = serde_json::to_string(offer) else {
            return;
        };
        let mut keep = cmd("SET");
        keep.arg(self.channels.offer(call)).arg(offer);
        keep.arg("PX").arg(lasts_ms.max(1));
        self.line.send(keep);
    }

    fn forget_offer(&self, call: &SessionId) {
        let mut forget = cmd("DEL");
        forget.arg(self.channels.offer(call));
        self.line.send(forget);
    }

    fn offer_of<'a>(&'a self, call: &'a SessionId) -> BoxFuture<'a, Option<EarlyOffer>> {
        Box::pin(async move {
            let mut ask = cmd("GET");
            ask.arg(self.channels.offer(call));
            let Answer::Said(value) = self.line.ask(ask).await else {
                return None;
            };
            let offer: Option<String> = redis::from_redis_value(value).ok()?;
            serde_json::from_str(&offer?).ok()
        })
    }

    fn may_sweep(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let mut take = cmd("SET");
            take.arg(self.channels.sweep()).arg(self.node.id());
            take.arg("NX").arg("PX").arg(SWEEP_LASTS_MS);
            matches!(self.line.ask(take).await, Answer::Said(Value::Okay))
        })
    }
}
