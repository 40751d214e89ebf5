//! What keeps the relay from its own network, and from who has no leave: requests for such peers and
//! by expired names are refused, and nobody asks without end.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use stun::attributes::{ATTR_USERNAME, ATTR_XOR_PEER_ADDRESS};
use stun::error_code::{CODE_FORBIDDEN, CODE_UNAUTHORIZED, ErrorCodeAttribute};
use stun::message::{
    CLASS_ERROR_RESPONSE, CLASS_REQUEST, METHOD_ALLOCATE, METHOD_CHANNEL_BIND,
    METHOD_CREATE_PERMISSION, METHOD_REFRESH, Message, MessageType, Setter,
};
use stun::textattrs::TextAttribute;
use stun::xoraddr::XorMappedAddress;
use tokio::net::UdpSocket;
use webrtc_util::Conn;

use super::credentials::has_expired;
use super::peers::may_relay_to;
use super::setback::{Setback, Setbacks};
use crate::admission::address::network;
use crate::admission::limiter::Limiter;
use crate::signaling::rate::{Bucket, Rate};

type Result<T> = std::result::Result<T, webrtc_util::Error>;

/// How often one address may ask for a relay, or for it to last: steadily a second, and at once. An
/// office behind one address stays far below. The server keeps a few bytes of each, for good.
const ASKED_AT_ONCE: u32 = 1_000;
const ASKED_BY_ONE: Rate = Rate::new(10, ASKED_AT_ONCE);
/// How often all may together: addresses can be forged.
const ASKED_BY_ALL: Rate = Rate::new(100, 5_000);

/// The socket that clients send to.
#[derive(Debug)]
pub(super) struct Gate {
    socket: UdpSocket,
    by_address: Limiter<IpAddr>,
    by_all: Mutex<Bucket>,
}

/// What becomes of a datagram.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The server answers it.
    Pass,
    /// It is answered with this.
    Refuse(Vec<u8>),
    /// It is not answered: whoever means it asks again.
    Drop,
}

impl Gate {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self {
            socket,
            by_address: Limiter::new(ASKED_BY_ONE),
            by_all: Mutex::default(),
        }
    }

    /// Waits for a datagram, however long the socket fails: an error would end the relays of all.
    async fn receive(&self, buf: &mut [u8]) -> (usize, SocketAddr) {
        let (mut setbacks, mut is_told) = (Setbacks::default(), false);
        loop {
            let error = match self.socket.recv_from(buf).await {
                Ok(received) => return received,
                Err(error) => error,
            };
            match setbacks.count(&error) {
                Setback::Past => {}
                Setback::Pause(pause) => tokio::time::sleep(pause).await,
                Setback::Lasting(pause) => {
                    if !is_told {
                        tracing::error!(%error, "the relay receives nothing, and goes on trying");
                    }
                    is_told = true;
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    fn verdict(&self, datagram: &[u8], from: IpAddr) -> Verdict {
        let mut request = Message::new();
        let is_read = request.unmarshal_binary(datagram).is_ok();
        if !is_read || request.typ.class != CLASS_REQUEST {
            return Verdict::Pass;
        }
        let asks = matches!(request.typ.method, METHOD_ALLOCATE | METHOD_REFRESH);
        if asks && !self.admits(from, Instant::now()) {
            return Verdict::Drop;
        }
        refusal(&request, SystemTime::now()).map_or(Verdict::Pass, Verdict::Refuse)
    }

    fn admits(&self, from: IpAddr, now: Instant) -> bool {
        let mut by_all = self.by_all.lock().unwrap_or_else(PoisonError::into_inner);
        self.by_address.take(network(from), now).is_ok()
            && by_all.take(now, &ASKED_BY_ALL, 1).is_ok()
    }
}

/// Returns the refusal of a request that names a peer to which nothing is relayed, or asks for a
/// relay by a name that has expired.
fn refusal(request: &Message, now: SystemTime) -> Option<Vec<u8>> {
    let (code, reason) = match request.typ.method {
        METHOD_CREATE_PERMISSION | METHOD_CHANNEL_BIND if names_forbidden(request) => {
            (CODE_FORBIDDEN, "Forbidden")
        }
        METHOD_ALLOCATE if is_by_expired(request, now) => (CODE_UNAUTHORIZED, "Expired"),
        _ => return None,
    };
    let mut refusal = Message::new();
    let attributes: [Box<dyn Setter>; 3] = [
        Box::new(request.transaction_id),
        Box::new(MessageType::new(request.typ.method, CLASS_ERROR_RESPONSE)),
        Box::new(ErrorCodeAttribute {
            code,
            reason: reason.into(),
        }),
    ];
    refusal.build(&attributes).ok()?;
    Some(refusal.raw)
}

/// Tells whether a request is signed with a name that has expired; the first request of all has no name.
fn is_by_expired(request: &Message, now: SystemTime) -> bool {
    TextAttribute::get_from_as(request, ATTR_USERNAME)
        .is_ok_and(|username| has_expired(&username.text, now))
}

/// Tells whether any of the peers of a request is one to which nothing is relayed.
fn names_forbidden(request: &Message) -> bool {
    request
        .attributes
        .0
        .iter()
        .filter(|attribute| attribute.typ == ATTR_XOR_PEER_ADDRESS)
        .any(|attribute| {
            let mut alone = Message::new();
            alone.transaction_id = request.transaction_id;
            alone.add(attribute.typ, &attribute.value);
            let mut peer = XorMappedAddress::default();
            match peer.get_from_as(&alone, ATTR_XOR_PEER_ADDRESS) {
                Ok(()) => !may_relay_to(peer.ip),
                // What does not read is the relay's to refuse.
                Err(_) => false,
            }
        })
}

#[async_trait]
impl Conn for Gate {
    async fn connect(&self, addr: SocketAddr) -> Result<()> {
        Ok(self.socket.connect(addr).await?)
    }

    async fn recv(&self, buf: &mut [u8]) -> Result<usize> {
        self.recv_from(buf).await.map(|(length, _)| length)
    }

    async fn recv_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        loop {
            let (length, from) = self.receive(buf).await;
            match self.verdict(&buf[..length], from.ip()) {
                Verdict::Pass => return Ok((length, from)),
                Verdict::Refuse(refusal) => {
                    let _ = self.socket.send_to(&refusal, from).await;
                }
                Verdict::Drop => {}
            }
        }
    }

    async fn send(&self, buf: &[u8]) -> Result<usize> {
        Ok(self.socket.send(buf).await?)
    }

    async fn send_to(&self, buf: &[u8], target: SocketAddr) -> Result<usize> {
        Ok(self.socket.send_to(buf, target).await?)
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
    use std::net::Ipv4Addr;
    use std::time::{Duration, UNIX_EPOCH};

    use stun::message::{Getter, METHOD_BINDING, Method};

    use super::super::setback::failing;
    use super::*;

    const NAME: &str = "1000:somebody";

    fn request(method: Method, attribute: Box<dyn Setter>) -> Vec<u8> {
        let mut message = Message::new();
        let kind = Box::new(MessageType::new(method, CLASS_REQUEST));
        let attributes: [Box<dyn Setter>; 2] = [kind, attribute];
        message.build(&attributes).unwrap();
        message.raw
    }

    fn by(method: Method) -> Vec<u8> {
        let name = TextAttribute::new(ATTR_USERNAME, NAME.to_owned());
        request(method, Box::new(name))
    }

    fn refused_with(datagram: &[u8], now_s: u64) -> Option<u16> {
        let now = UNIX_EPOCH + Duration::from_secs(now_s);
        let mut message = Message::new();
        message.unmarshal_binary(datagram).unwrap();
        let refusal = refusal(&message, now)?;
        message.unmarshal_binary(&refusal).unwrap();
        let mut code = ErrorCodeAttribute::default();
        code.get_from(&message).unwrap();
        Some(code.code.0)
    }

    #[test]
    fn an_expired_name_gets_no_new_relay() {
        assert_eq!(refused_with(&by(METHOD_ALLOCATE), 1_000), None);
        assert_eq!(refused_with(&by(METHOD_ALLOCATE), 1_001), Some(401));
    }

    #[test]
    fn a_relay_outlives_the_name_that_it_was_made_with() {
        for method in [
            METHOD_REFRESH,
            METHOD_CREATE_PERMISSION,
            METHOD_CHANNEL_BIND,
        ] {
            assert_eq!(refused_with(&by(method), 1_000_000), None, "{method}");
        }
    }

    async fn gate() -> Gate {
        Gate::new(UdpSocket::bind("127.0.0.1:0").await.unwrap())
    }

    #[tokio::test]
    async fn a_socket_that_goes_on_failing_ends_nothing_and_is_asked_ever_more_rarely() {
        let (socket, _peer) = failing::forever();
        let gate = Gate::new(socket);
        let mut buffer = [0; 16];
        let (mut received, mut asked) = (gate.recv_from(&mut buffer), 0);
        let counted = std::future::poll_fn(|context| {
            asked += 1;
            received.as_mut().poll(context)
        });
        let ended = tokio::time::timeout(Duration::from_millis(200), counted).await;
        assert!(ended.is_err());
        assert!(asked <= 20, "{asked}");
    }

    #[tokio::test]
    async fn a_client_whose_port_is_closed_does_not_end_the_others() {
        let (socket, client) = failing::once().await;
        let gate = Gate::new(socket);
        let to = gate.local_addr().unwrap();
        let opened = UdpSocket::bind(client).await.unwrap();
        opened.send_to(b"garbage", to).await.unwrap();
        let mut buffer = [0; 16];
        let (length, from) = gate.recv_from(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..length], from), (&b"garbage"[..], client));
    }

    const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(11, 0, 0, 1));
    const ANOTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(11, 0, 0, 2));

    #[tokio::test]
    async fn what_is_no_request_is_the_servers_to_answer() {
        let gate = gate().await;
        for datagram in [&b""[..], b"garbage garbage garbage garbage"] {
            assert_eq!(gate.verdict(datagram, SOMEBODY), Verdict::Pass);
        }
    }

    #[tokio::test]
    async fn whoever_asks_without_end_is_not_answered_any_more_and_others_are() {
        let gate = gate().await;
        let unsigned = |method| request(method, Box::new(MessageType::new(method, CLASS_REQUEST)));
        let (allocate, refresh) = (unsigned(METHOD_ALLOCATE), unsigned(METHOD_REFRESH));
        let verdicts = (0..2 * ASKED_AT_ONCE).map(|_| gate.verdict(&allocate, SOMEBODY));
        assert!(verdicts.last() == Some(Verdict::Drop));
        assert_eq!(gate.verdict(&refresh, SOMEBODY), Verdict::Drop);
        let binding = unsigned(METHOD_BINDING);
        assert_eq!(gate.verdict(&binding, SOMEBODY), Verdict::Pass);
        assert_eq!(gate.verdict(&allocate, ANOTHER), Verdict::Pass);
    }

    #[tokio::test]
    async fn forged_addresses_without_end_are_not_answered_either() {
        let (gate, now) = (gate().await, Instant::now());
        let numbered = |n: u32| IpAddr::V4(n.into());
        let admitted = (0..10_000).filter(|&n| gate.admits(numbered(n), now));
        assert_eq!(admitted.count(), 5_000);
    }
}
