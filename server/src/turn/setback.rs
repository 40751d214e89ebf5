//! What to do when a socket fails to receive.

use std::io;
use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(1);

/// How often a socket failed in a row.
#[derive(Debug, Default)]
pub(super) struct Setbacks {
    pause: Option<Duration>,
}

/// What comes of one failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setback {
    /// It tells of a datagram that was sent before, and is over.
    Past,
    /// It may go away: try again after this time.
    Pause(Duration),
    /// It did not go away for a second; this is the longest pause, for who goes on all the same.
    Lasting(Duration),
}

impl Setbacks {
    /// Counts a failure.
    pub(super) fn count(&mut self, error: &io::Error) -> Setback {
        if tells_of_the_past(error) {
            return Setback::Past;
        }
        let pause = self.pause.map_or(SHORTEST, |pause| LONGEST.min(2 * pause));
        self.pause = Some(pause);
        if pause == LONGEST {
            Setback::Lasting(pause)
        } else {
            Setback::Pause(pause)
        }
    }
}

/// Tells whether somebody answered that an earlier datagram did not arrive. Each answer shows once.
fn tells_of_the_past(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

/// Sockets that fail, for tests.
#[cfg(test)]
pub(super) mod failing {
    use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
    use std::os::fd::OwnedFd;

    use tokio::net::UdpSocket;

    /// Returns a socket that never receives, and says so whenever it is asked.
    ///
    /// It is one of TCP in truth, to which somebody connects, so that it wakes who waits for it.
    pub(in crate::turn) fn forever() -> (UdpSocket, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let socket = std::net::UdpSocket::from(OwnedFd::from(listener));
        socket.set_nonblocking(true).unwrap();
        (UdpSocket::from_std(socket).unwrap(), peer)
    }

    /// Returns a socket whose next read tells that nobody listens at the returned address.
    pub(in crate::turn) async fn once() -> (UdpSocket, SocketAddr) {
        let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let peer = nobody.local_addr().unwrap();
        drop(nobody);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.connect(peer).await.unwrap();
        socket.send(b"is anybody there").await.unwrap();
        (socket, peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second() {
        let (mut setbacks, error) = (Setbacks::default(), io::ErrorKind::NotConnected.into());
        let mut waited = Duration::ZERO;
        let lasting = loop {
            match setbacks.count(&error) {
                Setback::Pause(pause) => waited += pause,
                Setback::Lasting(pause) => break pause,
                Setback::Past => panic!("it is not over"),
            }
        };
        assert_eq!(lasting, LONGEST);
        assert!(waited > LONGEST && waited < 2 * LONGEST, "{waited:?}");
        assert_eq!(setbacks.count(&error), Setback::Lasting(LONGEST));
    }

    #[test]
    fn that_earlier_datagrams_did_not_arrive_is_no_failure_however_often() {
        let (mut setbacks, error) = (Setbacks::default(), io::ErrorKind::ConnectionRefused.into());
        for _ in 0..1_000 {
            assert_eq!(setbacks.count(&error), Setback::Past);
        }
    }
}
