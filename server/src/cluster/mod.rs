//! Several nodes: what happens on one is told to the others over Redis.
//!
//! The database holds the truth, Redis carries news, and either may be away for a while. A node
//! delivers to its own devices first and by itself; for the devices of others it publishes
//! ([`line`]) on a channel of the user or of the device, to which every node listens ([`ear`]) that
//! has them. Redis counts who listens, so nobody keeps a list of who is where, and none is left
//! behind by a node that dies.

mod channels;
mod ear;
mod fanout;
mod line;
mod message;
mod minutes;
mod nodes;

use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use ringback_protocol::Failure;

use crate::calls::ports::{Actor, BoxFuture, Calls, Reply};
use crate::calls::{CallManager, Signal};
use crate::config::RedisSettings;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::signaling::Registry;

use ear::Ear;
pub use fanout::Fanout;
use line::Line;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The pause after a connection failed, which doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Reads the address of Redis.
///
/// # Errors
/// When it is not one.
pub fn client(url: &str) -> RedisResult<redis::Client> {
    // Two crates of this build may bring a provider each; one must be chosen before the first use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    redis::Client::open(url)
}

/// Connects this node with the others.
///
/// # Errors
/// When the address is not understood. A Redis that is away is not an error: the node serves its own
/// devices and joins the others once it is back.
pub fn join(
    settings: &RedisSettings,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    node: Node,
) -> RedisResult<Arc<Fanout>> {
    let client = client(&settings.url)?;
    let line = Line::start(client.clone());
    let ear = Ear::new(client);
    Ok(Arc::new(Fanout::new(
        node,
        settings.prefix.clone(),
        registry,
        metrics,
        line,
        ear,
    )))
}

/// The call domain, with each device of this node made known to the others while it is connected.
pub struct Announced {
    calls: Arc<CallManager>,
    fanout: Arc<Fanout>,
}

impl Announced {
    /// Begins to listen to the other nodes.
    #[must_use]
    pub fn start(calls: Arc<CallManager>, fanout: Arc<Fanout>) -> Self {
        tokio::spawn(Arc::clone(&fanout).listen(Arc::clone(&calls)));
        Self { calls, fanout }
    }
}

impl std::fmt::Debug for Announced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announced").finish_non_exhaustive()
    }
}

impl Calls for Announced {
    fn handle<'a>(
        &'a self,
        actor: &'a Actor,
        event: crate::events::ClientEvent,
        reply: Reply,
    ) -> BoxFuture<'a, ()> {
        self.calls.handle(actor, event, reply)
    }

    fn pass_now(&self, actor: &Actor, signal: Signal) -> Result<Result<(), Failure>, Signal> {
        Calls::pass_now(&*self.calls, actor, signal)
    }

    fn device_connected<'a>(&'a self, actor: &'a Actor) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // Before it is shown its calls: what changes after that is heard of.
            self.fanout.arrived(actor).await;
            self.calls.device_connected(actor).await;
        })
    }

    fn device_disconnected<'a>(&'a self, actor: &'a Actor) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // Before it is asked whether the device is elsewhere: it must not find this node.
            self.fanout.departed(actor).await;
            self.calls.device_disconnected(actor).await;
        })
    }
}
