//! The relays: a socket each, through which nothing goes to this network or comes from there.

use std::any::Any;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::net::UdpSocket;
use turn::relay::RelayAddressGenerator;
use webrtc_util::Conn;

use super::peers::may_relay_to;
use super::setback::{Setback, Setbacks};

type Result<T> = std::result::Result<T, webrtc_util::Error>;

/// The most relays at once: each has a socket.
const MOST_RELAYS: usize = 1_000;

/// Makes the relays.
#[derive(Debug)]
pub(super) struct Relays(Arc<Machine>);

impl Relays {
    /// `public` is how clients reach this machine, `local` what the server is bound to.
    pub(super) fn new(public: IpAddr, local: IpAddr) -> Self {
        let machine = Machine {
            public,
            local,
            ports: Mutex::default(),
        };
        Self(Arc::new(machine))
    }

    async fn open(&self) -> std::io::Result<RelaySocket> {
        let socket = UdpSocket::bind((self.0.local, 0)).await?;
        let port = socket.local_addr()?.port();
        self.0.ports().insert(port);
        Ok(RelaySocket {
            socket,
            port,
            machine: Arc::clone(&self.0),
        })
    }
}

#[async_trait]
impl RelayAddressGenerator for Relays {
    fn validate(&self) -> std::result::Result<(), turn::Error> {
        Ok(())
    }

    async fn allocate_conn(
        &self,
        use_ipv4: bool,
        _requested_port: u16,
    ) -> std::result::Result<(Arc<dyn Conn + Send + Sync>, SocketAddr), turn::Error> {
        let public = self.0.public;
        if use_ipv4 != public.is_ipv4() || self.0.ports().len() >= MOST_RELAYS {
            return Err(turn::Error::ErrMaxRetriesExceeded);
        }
        let opened = self.open().await;
        let relay = opened.map_err(|error| turn::Error::Other(error.to_string()))?;
        let address = SocketAddr::new(public, relay.port);
        Ok((Arc::new(relay), address))
    }
}

/// The addresses of this machine, and the ports of its relays.
#[derive(Debug)]
struct Machine {
    public: IpAddr,
    local: IpAddr,
    ports: Mutex<HashSet<u16>>,
}

impl Machine {
    fn ports(&self) -> MutexGuard<'_, HashSet<u16>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns where one relay reaches another. The public address may be that of a router, and few
    /// turn around what one machine behind them sends to itself.
    fn inward(&self, target: SocketAddr) -> SocketAddr {
        self.translated(target, self.public, self.near())
    }

    /// Returns the address by which clients know who sent.
    fn outward(&self, from: SocketAddr) -> SocketAddr {
        self.translated(from, self.near(), self.public)
    }

    fn translated(&self, address: SocketAddr, before: IpAddr, after: IpAddr) -> SocketAddr {
        if address.ip() == before && self.ports().contains(&address.port()) {
            SocketAddr::new(after, address.port())
        } else {
            address
        }
    }

    /// How relays reach each other within this machine.
    fn near(&self) -> IpAddr {
        match self.local {
            bound if !bound.is_unspecified() => bound,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        }
    }
}

/// The socket of one relay.
#[derive(Debug)]
struct RelaySocket {
    socket: UdpSocket,
    port: u16,
    machine: Arc<Machine>,
}

impl Drop for RelaySocket {
    fn drop(&mut self) {
        self.machine.ports().remove(&self.port);
    }
}

#[async_trait]
impl Conn for RelaySocket {
    async fn connect(&self, addr: SocketAddr) -> Result<()> {
        Ok(self.socket.connect(addr).await?)
    }

    async fn recv(&self, buf: &mut [u8]) -> Result<usize> {
        self.recv_from(buf).await.map(|(length, _)| length)
    }

    async fn recv_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        let mut setbacks = Setbacks::default();
        loop {
            let (length, from) = match self.socket.recv_from(buf).await {
                Ok(received) => received,
                Err(error) => match setbacks.count(&error) {
                    Setback::Past => continue,
                    Setback::Pause(pause) => {
                        tokio::time::sleep(pause).await;
                        continue;
                    }
                    // An error from here ends the relay, and its client is given another one.
                    Setback::Lasting(_) => return Err(error.into()),
                },
            };
            let from = self.machine.outward(from);
            if may_relay_to(from.ip()) {
                return Ok((length, from));
            }
        }
    }

    async fn send(&self, buf: &[u8]) -> Result<usize> {
        Ok(self.socket.send(buf).await?)
    }

    async fn send_to(&self, buf: &[u8], target: SocketAddr) -> Result<usize> {
        if may_relay_to(target.ip()) {
            // One peer that cannot be reached is no reason to end the relay.
            let _ = self.socket.send_to(buf, self.machine.inward(target)).await;
        }
        Ok(buf.len())
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::setback::failing;
    use super::*;

    fn relay(socket: UdpSocket) -> RelaySocket {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let Relays(machine) = Relays::new(IpAddr::V4(Ipv4Addr::new(11, 22, 33, 44)), here);
        RelaySocket {
            socket,
            port: 0,
            machine,
        }
    }

    #[tokio::test]
    async fn a_socket_that_goes_on_failing_ends_its_relay() {
        let (socket, _peer) = failing::forever();
        let relay = relay(socket);
        let mut buffer = [0; 16];
        let received = tokio::time::timeout(Duration::from_secs(60), relay.recv_from(&mut buffer));
        let error = received.await.expect("it gives up").unwrap_err();
        assert!(matches!(error, webrtc_util::Error::Io(_)), "{error}");
    }

    #[tokio::test]
    async fn a_peer_whose_port_is_closed_does_not_end_the_relay() {
        let (socket, peer) = failing::once().await;
        let relay = relay(socket);
        relay.machine.ports().insert(peer.port());
        let to = relay.local_addr().unwrap();
        let opened = UdpSocket::bind(peer).await.unwrap();
        opened.send_to(b"now there is", to).await.unwrap();
        let mut buffer = [0; 16];
        let (length, _) = relay.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"now there is");
    }
}
