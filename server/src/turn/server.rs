//! A TURN server inside this process, over UDP: enough for one machine and a few hundred relays.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::UdpSocket;
use turn::relay::RelayAddressGenerator;
use turn::server::Server;
use turn::server::config::{ConnConfig, ServerConfig};
use webrtc_util::Conn;

use super::credentials::Minted;
use super::guard::{Gate, RelaySocket};

/// What the server calls its realm; clients only repeat it.
const REALM: &str = "ringback";
/// The most relays at once: each has a socket.
const MOST_RELAYS: usize = 1_000;
/// RFC 8656, section 12.
const CHANNEL_LASTS: Duration = Duration::from_secs(600);

/// A running TURN server; it ends when this is dropped.
pub struct EmbeddedTurn {
    server: Server,
}

impl std::fmt::Debug for EmbeddedTurn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedTurn").finish_non_exhaustive()
    }
}

impl EmbeddedTurn {
    /// Listens on the port; `address` is how clients reach this machine.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(address: SocketAddr, secret: String) -> io::Result<Self> {
        let socket = bind(address).await?;
        let local = socket.local_addr()?.ip();
        let relays = Relays {
            public: address.ip(),
            local,
            count: Arc::default(),
        };
        let config = ServerConfig {
            conn_configs: vec![ConnConfig {
                conn: Arc::new(Gate(socket)),
                relay_addr_generator: Box::new(relays),
            }],
            realm: REALM.to_owned(),
            auth_handler: Arc::new(Minted(secret)),
            channel_bind_timeout: CHANNEL_LASTS,
            alloc_close_notify: None,
        };
        let server = Server::new(config).await.map_err(io::Error::other)?;
        Ok(Self { server })
    }

    /// Ends all relays.
    pub async fn close(&self) {
        if let Err(error) = self.server.close().await {
            tracing::debug!(%error, "the relays were not closed");
        }
    }
}

/// Binds the address itself, or, where it is that of a router in front, all addresses.
async fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    match UdpSocket::bind(address).await {
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            let any: IpAddr = match address {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            UdpSocket::bind((any, address.port())).await
        }
        bound => bound,
    }
}

/// Makes the relays.
#[derive(Debug)]
struct Relays {
    public: IpAddr,
    local: IpAddr,
    count: Arc<AtomicUsize>,
}

#[async_trait]
impl RelayAddressGenerator for Relays {
    fn validate(&self) -> Result<(), turn::Error> {
        Ok(())
    }

    async fn allocate_conn(
        &self,
        use_ipv4: bool,
        _requested_port: u16,
    ) -> Result<(Arc<dyn Conn + Send + Sync>, SocketAddr), turn::Error> {
        if use_ipv4 != self.public.is_ipv4() || self.count.load(Ordering::Relaxed) >= MOST_RELAYS {
            return Err(turn::Error::ErrMaxRetriesExceeded);
        }
        let socket = UdpSocket::bind((self.local, 0)).await;
        let socket = socket.map_err(|error| turn::Error::Other(error.to_string()))?;
        let port = socket.local_addr().map(|address| address.port());
        let port = port.map_err(|error| turn::Error::Other(error.to_string()))?;
        let relay = RelaySocket::new(socket, Arc::clone(&self.count));
        Ok((Arc::new(relay), SocketAddr::new(self.public, port)))
    }
}
