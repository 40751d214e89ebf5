//! Puts the server together, runs it, and takes it down without losing a call.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use std::{io, process};

use ringback_protocol::Timeouts;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::admission::Quotas;
use crate::auth::Auth;
use crate::calls::ports::{Calls, Emitter, HostApp};
use crate::calls::{CallManager, CallSettings, Others, SystemClock};
#[cfg(feature = "turn")]
use crate::config::Relay;
use crate::config::{Config, Mode, Secret};
use crate::ice::IceConfig;
use crate::lookout::Lookout;
use crate::metrics::Metrics;
use crate::net;
use crate::node::Node;
use crate::outside::Outside;
use crate::rest::{self, RestState};
use crate::retention::Retention;
use crate::signaling::{Registry, Signaling};
use crate::store::{self, MeasuredStore, Store, StoreError};
#[cfg(feature = "turn")]
use crate::turn::server::EmbeddedTurn;

/// How long going down may take in all.
const SHUTDOWN_CAP: Duration = Duration::from_secs(15);

/// Why the server could not run.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The address is taken, or not of this machine.
    #[error("--listen (RINGBACK_LISTEN): cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The address for metrics is taken, or not of this machine.
    #[error("--metrics-listen (RINGBACK_METRICS_LISTEN): cannot listen on {address}: {source}")]
    Watch {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error("--database (DATABASE_URL): {0}")]
    Store(#[from] StoreError),
    /// The address of Redis is none.
    #[cfg(feature = "redis")]
    #[error("--redis (REDIS_URL): {0}")]
    Redis(#[from] redis::RedisError),
    /// Whom to trust over HTTPS is not known.
    #[error(
        "the certificates of this system cannot be read ({0}): install them (Debian: ca-certificates), or set SSL_CERT_FILE"
    )]
    Certificates(io::Error),
    /// The relay cannot have its port.
    #[cfg(feature = "turn")]
    #[error("--turn (RINGBACK_TURN): cannot relay at {address}: {source}")]
    Relay {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The network failed.
    #[error("the network failed: {0}")]
    Network(#[from] io::Error),
}

/// Runs the server as configured until the process is told to stop.
///
/// # Errors
/// When the port or the database cannot be used.
pub async fn serve(config: Config) -> Result<(), AppError> {
    let shutdown = stop_requested()?;
    let address = config.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| AppError::Listen { address, source })?;
    run(config, listener, shutdown).await
}

/// Runs the server on a port that is bound already, until `shutdown` is done.
///
/// # Errors
/// When the database cannot be used.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), AppError> {
    let metrics = Arc::new(Metrics::default());
    let node = Node::default();
    let database = store::open(&config.database).await?;
    let retention = config
        .retain_calls
        .map(|age| Retention::start(database.clone(), age));
    let store = database.clone();
    let store: Arc<dyn Store> = MeasuredStore::new(store, metrics.clone());
    let lookout = Lookout::start(store.clone());
    let outside = Outside::new(&config).map_err(AppError::Certificates)?;
    let keys = outside.keys(&config).await;
    let (host, deliveries) = outside.host(&config, &store, &metrics);
    let registry = Arc::new(Registry::new(config.user_limits.sockets, metrics.clone()));
    let Domain {
        calls,
        emitter,
        entrance,
    } = domain(
        &config,
        host,
        store.clone(),
        registry.clone(),
        metrics.clone(),
        &node,
    )?;
    let auth = Arc::new(auth(&config).with_published(keys));
    #[cfg(feature = "turn")]
    let relay = relay(&config).await?;
    let ice = IceConfig::new(config.ice.clone(), timeouts(&config.calls));
    let quotas = Arc::new(Quotas::new(&config.user_limits));
    let signaling = Signaling::new(
        auth.clone(),
        quotas.clone(),
        entrance,
        registry,
        Arc::new(ice),
        metrics.clone(),
    );
    let state = RestState {
        auth,
        quotas,
        calls: calls.clone(),
        store: store.clone(),
        database,
        emitter,
        signaling: signaling.clone(),
        metrics,
        node,
        has_webhooks: config.host.webhooks.is_some(),
    };
    let state_for_watch = state.clone();
    let router = rest::router(&config, state);
    let watched = watch(&config, state_for_watch).await?;
    announce(&config, &listener)?;
    serve_until(listener, router, signaling, shutdown).await;
    drop((retention, lookout));
    #[cfg(feature = "turn")]
    if let Some(relay) = relay {
        relay.close().await;
    }
    calls.shutdown().await;
    deliveries.stop().await;
    store.close().await;
    drop(watched);
    Ok(())
}

#[cfg(feature = "turn")]
async fn relay(config: &Config) -> Result<Option<EmbeddedTurn>, AppError> {
    let Some(Relay { address, secret }) = config.relay.clone() else {
        return Ok(None);
    };
    let started = EmbeddedTurn::start(address, secret).await;
    let relay = started.map_err(|source| AppError::Relay { address, source })?;
    tracing::info!(
        %address,
        "relaying by itself: let UDP through to that port, and to those that the system hands out \
         (Linux: net.ipv4.ip_local_port_range, 32768-60999 unless it was changed)"
    );
    Ok(Some(relay))
}

/// The call domain, alone or among other nodes.
struct Domain {
    calls: Arc<CallManager>,
    emitter: Arc<dyn Emitter>,
    /// What sockets talk to.
    entrance: Arc<dyn Calls>,
}

fn domain(
    config: &Config,
    host: Arc<dyn HostApp>,
    store: Arc<dyn Store>,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    node: &Node,
) -> Result<Domain, AppError> {
    #[cfg(feature = "redis")]
    if let Some(redis) = &config.redis {
        return among_nodes(config, redis, host, store, registry, metrics, node);
    }
    #[cfg(not(feature = "redis"))]
    let _ = node;
    let calls = CallManager::start_among(
        Others {
            host,
            observer: metrics,
            ..Others::default()
        },
        store,
        registry.clone(),
        Arc::new(SystemClock),
        config.calls.clone(),
    );
    Ok(Domain {
        calls: calls.clone(),
        emitter: registry,
        entrance: calls,
    })
}

#[cfg(feature = "redis")]
fn among_nodes(
    config: &Config,
    redis: &crate::config::RedisSettings,
    host: Arc<dyn HostApp>,
    store: Arc<dyn Store>,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    node: &Node,
) -> Result<Domain, AppError> {
    use crate::cluster::{self, Announced};

    let fanout = cluster::join(redis, registry, metrics.clone(), node.clone())?;
    let calls = CallManager::start_among(
        Others {
            peers: fanout.clone(),
            host,
            observer: metrics,
        },
        store,
        fanout.clone(),
        Arc::new(SystemClock),
        config.calls.clone(),
    );
    Ok(Domain {
        calls: calls.clone(),
        emitter: fanout.clone(),
        entrance: Arc::new(Announced::start(calls, fanout)),
    })
}

/// Answers metrics and health on an address of their own, until what it returns is dropped.
async fn watch(config: &Config, state: RestState) -> Result<Option<JoinSet<()>>, AppError> {
    let Some(address) = config.watch_listen else {
        return Ok(None);
    };
    let failed = |source| AppError::Watch { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    tracing::info!(
        "metrics and health are at http://{}",
        listener.local_addr()?
    );
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, rest::watch_router(state)).await {
            tracing::error!(%error, "metrics and health are gone");
        }
    });
    Ok(Some(tasks))
}

async fn serve_until(
    listener: TcpListener,
    router: axum::Router,
    signaling: Signaling,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let (stopping, stop_began) = oneshot::channel();
    let drained = signaling.clone();
    let drain = async move {
        shutdown.await;
        let _ = stopping.send(());
        drained.drain().await;
    };
    let server = net::serve(listener, router, drain);
    let cap = async {
        match stop_began.await {
            Ok(()) => tokio::time::sleep(SHUTDOWN_CAP).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = server => {}
        () = cap => tracing::warn!("some connections did not close in time"),
    }
    signaling.closed().await;
}

fn auth(config: &Config) -> Auth {
    let secrets: Vec<_> = config.secrets.iter().map(Secret::as_bytes).collect();
    Auth::new(
        &secrets,
        config.public_keys.clone(),
        config.expected.clone(),
    )
}

fn timeouts(settings: &CallSettings) -> Timeouts {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Timeouts {
        ring_timeout_ms: ms(settings.ring_timeout),
        reconnect_grace_ms: ms(settings.reconnect_grace),
    }
}

/// Says what an operator should know, then where the server is.
fn announce(config: &Config, listener: &TcpListener) -> io::Result<()> {
    if config.mode == Mode::Dev {
        tracing::warn!("--dev: everyone who reaches this server gets a token; never expose it");
    }
    if config.ice.turn.is_none() {
        tracing::warn!("no TURN server: calls between strict networks will fail; set TURN_SERVER");
    }
    println!("Ringback listens on http://{}", listener.local_addr()?);
    Ok(())
}

/// Listens for the signals that tell the process to stop, from now on.
///
/// What it returns is done at the first signal; at the second the process ends at once, which
/// loses nothing: whatever was acked is stored.
fn stop_requested() -> io::Result<impl Future<Output = ()>> {
    let mut signals = StopSignals::listen()?;
    Ok(async move {
        signals.next().await;
        tracing::info!("stopping");
        tokio::spawn(async move {
            signals.next().await;
            process::exit(0);
        });
    })
}

#[cfg(unix)]
struct StopSignals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl StopSignals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct StopSignals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl StopSignals {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
