//! A TURN server inside this process, over UDP: enough for one machine and a few hundred relays.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use turn::server::Server;
use turn::server::config::{ConnConfig, ServerConfig};

use super::credentials::Minted;
use super::guard::Gate;
use super::relays::Relays;

/// What the server calls its realm; clients only repeat it.
const REALM: &str = "ringback";
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
        let relays = Relays::new(address.ip(), local);
        let config = ServerConfig {
            conn_configs: vec![ConnConfig {
                conn: Arc::new(Gate::new(socket)),
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::ice::password;
    use crate::turn::probe::{Allocation, Family};

    const SECRET: &str = "9f4c1d0b7a2e8365c4d1f0a9b8e7d6c5";
    /// A public address that no machine of these tests has.
    const OF_THE_ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(11, 22, 33, 44));

    async fn free_port() -> u16 {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
        socket.local_addr().unwrap().port()
    }

    async fn relay_of(server: SocketAddr) -> Allocation {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let name = format!("{}:somebody", now.unwrap().as_secs() + 60);
        let password = password(SECRET, &name);
        let opened = Allocation::open(server, (&name, &password), Family::V4).await;
        opened.unwrap()
    }

    #[tokio::test]
    async fn two_relays_behind_a_router_that_does_not_turn_around_what_goes_to_itself_reach_each_other()
     {
        let port = free_port().await;
        let public = SocketAddr::new(OF_THE_ROUTER, port);
        let _turn = EmbeddedTurn::start(public, SECRET.to_owned())
            .await
            .unwrap();
        let inside = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        let (mut one, mut other) = (relay_of(inside).await, relay_of(inside).await);
        for relay in [&one, &other] {
            assert_eq!(relay.relayed.ip(), OF_THE_ROUTER);
        }
        one.permit(other.relayed).await.unwrap();
        other.permit(one.relayed).await.unwrap();
        for (from, to) in [(&one, &other), (&other, &one)] {
            from.send(to.relayed, b"hello").await.unwrap();
            assert_eq!(to.receive().await.unwrap(), b"hello");
        }
    }
}
