//! What keeps the relay from its own network, and from who has no leave: requests for such peers and
//! by expired names are refused.

use std::any::Any;
use std::net::SocketAddr;
use std::time::SystemTime;

use async_trait::async_trait;
use stun::attributes::{ATTR_USERNAME, ATTR_XOR_PEER_ADDRESS};
use stun::error_code::{CODE_FORBIDDEN, CODE_UNAUTHORIZED, ErrorCodeAttribute};
use stun::message::{
    CLASS_ERROR_RESPONSE, CLASS_REQUEST, METHOD_ALLOCATE, METHOD_CHANNEL_BIND,
    METHOD_CREATE_PERMISSION, Message, MessageType, Setter,
};
use stun::textattrs::TextAttribute;
use stun::xoraddr::XorMappedAddress;
use tokio::net::UdpSocket;
use webrtc_util::Conn;

use super::credentials::has_expired;
use super::peers::may_relay_to;

type Result<T> = std::result::Result<T, webrtc_util::Error>;

/// The socket that clients send to.
#[derive(Debug)]
pub(super) struct Gate(pub(super) UdpSocket);

impl Gate {
    /// Returns the refusal of a request that names a peer to which nothing is relayed, or asks for a
    /// relay by a name that has expired.
    fn refusal(datagram: &[u8], now: SystemTime) -> Option<Vec<u8>> {
        let mut request = Message::new();
        request.unmarshal_binary(datagram).ok()?;
        if request.typ.class != CLASS_REQUEST {
            return None;
        }
        let (code, reason) = match request.typ.method {
            METHOD_CREATE_PERMISSION | METHOD_CHANNEL_BIND if names_forbidden(&request) => {
                (CODE_FORBIDDEN, "Forbidden")
            }
            METHOD_ALLOCATE if is_by_expired(&request, now) => (CODE_UNAUTHORIZED, "Expired"),
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
        Ok(self.0.connect(addr).await?)
    }

    async fn recv(&self, buf: &mut [u8]) -> Result<usize> {
        self.recv_from(buf).await.map(|(length, _)| length)
    }

    async fn recv_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        loop {
            // A client whose port is closed shows as an error of the next read.
            let Ok((length, from)) = self.0.recv_from(buf).await else {
                continue;
            };
            match Self::refusal(&buf[..length], SystemTime::now()) {
                None => return Ok((length, from)),
                Some(refusal) => {
                    let _ = self.0.send_to(&refusal, from).await;
                }
            }
        }
    }

    async fn send(&self, buf: &[u8]) -> Result<usize> {
        Ok(self.0.send(buf).await?)
    }

    async fn send_to(&self, buf: &[u8], target: SocketAddr) -> Result<usize> {
        Ok(self.0.send_to(buf, target).await?)
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.0.local_addr()?)
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
    use std::time::{Duration, UNIX_EPOCH};

    use stun::message::{Getter, METHOD_REFRESH, Method};

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
        let refusal = Gate::refusal(datagram, now)?;
        let mut message = Message::new();
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

    #[test]
    fn what_is_no_request_is_the_servers_to_answer() {
        assert_eq!(refused_with(b"", 0), None);
        assert_eq!(refused_with(b"garbage garbage garbage garbage", 0), None);
    }
}
