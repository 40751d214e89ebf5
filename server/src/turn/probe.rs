//! A STUN and TURN client over UDP that asks what `doctor` wants to know.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use stun::agent::TransactionId;
use stun::attributes::{
    ATTR_NONCE, ATTR_REALM, ATTR_USERNAME, ATTR_XOR_PEER_ADDRESS, ATTR_XOR_RELAYED_ADDRESS,
    AttrType,
};
use stun::error_code::ErrorCodeAttribute;
use stun::integrity::MessageIntegrity;
use stun::message::{
    CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, Getter, METHOD_ALLOCATE, METHOD_BINDING,
    METHOD_CREATE_PERMISSION, METHOD_REFRESH, METHOD_SEND, Message, MessageType, Method, Setter,
};
use stun::textattrs::TextAttribute;
use stun::xoraddr::XorMappedAddress;
use tokio::net::UdpSocket;

/// When a request is sent again, and given up.
const TRIES: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_millis(1_000),
    Duration::from_millis(1_500),
];
const UNAUTHORIZED: u16 = 401;
const STALE_NONCE: u16 = 438;
const LONGEST_MESSAGE: usize = 1_500;

/// Why the server did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The network failed.
    #[error("the network failed: {0}")]
    Network(#[from] io::Error),
    /// Nothing came back.
    #[error("there is no answer")]
    Silence,
    /// The server refused.
    #[error("it refuses with {0}")]
    Refused(u16),
    /// What came back does not read.
    #[error("the answer does not read: {0}")]
    Unreadable(#[from] stun::Error),
}

/// Which addresses an allocation relays between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Returns the family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::V4 => 1,
            Self::V6 => 2,
        }
    }
}

/// Asks a STUN server for one's own address as it sees it.
///
/// # Errors
/// When it does not answer.
pub async fn binding(server: SocketAddr) -> Result<SocketAddr, ProbeError> {
    let socket = connect(server).await?;
    let answer = exchange(&socket, METHOD_BINDING, Vec::new()).await?;
    let mut mapped = XorMappedAddress::default();
    mapped.get_from(&answer)?;
    Ok(SocketAddr::new(mapped.ip, mapped.port))
}

/// A relay that a TURN server gave.
pub struct Allocation {
    socket: UdpSocket,
    username: String,
    realm: String,
    nonce: String,
    key: MessageIntegrity,
    /// The address of the relay.
    pub relayed: SocketAddr,
}

impl std::fmt::Debug for Allocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Allocation")
            .field("relayed", &self.relayed)
            .finish_non_exhaustive()
    }
}

impl Allocation {
    /// Asks for a relay.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub async fn open(
        server: SocketAddr,
        (username, password): (&str, &str),
        family: Family,
    ) -> Result<Self, ProbeError> {
        let socket = connect(server).await?;
        let challenge = request(&socket, METHOD_ALLOCATE, wanted(family)).await?;
        if refusal(&challenge) != Some(UNAUTHORIZED) {
            return Err(ProbeError::Refused(refusal(&challenge).unwrap_or_default()));
        }
        let realm = text(&challenge, ATTR_REALM)?;
        let key = MessageIntegrity::new_long_term_integrity(
            username.to_owned(),
            realm.clone(),
            password.to_owned(),
        );
        let mut allocation = Self {
            socket,
            username: username.to_owned(),
            realm,
            nonce: text(&challenge, ATTR_NONCE)?,
            key,
            relayed: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        };
        let answer = allocation.ask(METHOD_ALLOCATE, || wanted(family)).await?;
        let mut relayed = XorMappedAddress::default();
        relayed.get_from_as(&answer, ATTR_XOR_RELAYED_ADDRESS)?;
        allocation.relayed = SocketAddr::new(relayed.ip, relayed.port);
        Ok(allocation)
    }

    /// Asks for leave to relay to an address.
    ///
    /// # Errors
    /// `Refused` when it may not.
    pub async fn permit(&mut self, peer: SocketAddr) -> Result<(), ProbeError> {
        let peer = move || vec![Box::new(Peer(peer)) as Box<dyn Setter>];
        self.ask(METHOD_CREATE_PERMISSION, peer).await.map(drop)
    }

    /// Sends through the relay.
    ///
    /// # Errors
    /// When the network fails.
    pub async fn send(&self, peer: SocketAddr, data: &[u8]) -> Result<(), ProbeError> {
        let mut message = Message::new();
        let attributes: [Box<dyn Setter>; 4] = [
            Box::new(TransactionId::new()),
            Box::new(MessageType::new(
                METHOD_SEND,
                stun::message::CLASS_INDICATION,
            )),
            Box::new(Peer(peer)),
            Box::new(Raw(stun::attributes::ATTR_DATA, data.to_vec())),
        ];
        message.build(&attributes)?;
        self.socket.send(&message.raw).await?;
        Ok(())
    }

    /// Waits for what comes through the relay.
    ///
    /// # Errors
    /// When nothing comes within a second.
    pub async fn receive(&self) -> Result<Vec<u8>, ProbeError> {
        let mut buffer = [0; LONGEST_MESSAGE];
        let received = tokio::time::timeout(TRIES[2], self.socket.recv(&mut buffer)).await;
        let length = received.map_err(|_| ProbeError::Silence)??;
        Ok(parse(&buffer[..length])?.get(stun::attributes::ATTR_DATA)?)
    }

    /// Gives the relay back.
    pub async fn close(mut self) {
        let at_once =
            || vec![Box::new(Raw(stun::attributes::ATTR_LIFETIME, vec![0; 4])) as Box<dyn Setter>];
        // What is not given back expires.
        let _ = self.ask(METHOD_REFRESH, at_once).await;
    }

    async fn ask(
        &mut self,
        method: Method,
        attributes: impl Fn() -> Vec<Box<dyn Setter>>,
    ) -> Result<Message, ProbeError> {
        let answer = request(&self.socket, method, self.signed(attributes())).await?;
        if refusal(&answer) == Some(STALE_NONCE) {
            self.nonce = text(&answer, ATTR_NONCE)?;
            return exchange(&self.socket, method, self.signed(attributes())).await;
        }
        succeeded(answer)
    }

    fn signed(&self, mut attributes: Vec<Box<dyn Setter>>) -> Vec<Box<dyn Setter>> {
        let named = [
            (ATTR_USERNAME, &self.username),
            (ATTR_REALM, &self.realm),
            (ATTR_NONCE, &self.nonce),
        ];
        for (kind, value) in named {
            attributes.push(Box::new(TextAttribute::new(kind, value.clone())));
        }
        // Last: it signs what stands before it.
        attributes.push(Box::new(self.key.clone()));
        attributes
    }
}

/// The attribute that names a peer.
struct Peer(SocketAddr);

impl Setter for Peer {
    fn add_to(&self, message: &mut Message) -> Result<(), stun::Error> {
        let address = XorMappedAddress {
            ip: self.0.ip(),
            port: self.0.port(),
        };
        address.add_to_as(message, ATTR_XOR_PEER_ADDRESS)
    }
}

/// Any attribute.
struct Raw(AttrType, Vec<u8>);

impl Setter for Raw {
    fn add_to(&self, message: &mut Message) -> Result<(), stun::Error> {
        message.add(self.0, &self.1);
        Ok(())
    }
}

/// What an allocation is asked for: UDP, of that family.
fn wanted(family: Family) -> Vec<Box<dyn Setter>> {
    const UDP: u8 = 17;
    let transport = Raw(
        stun::attributes::ATTR_REQUESTED_TRANSPORT,
        vec![UDP, 0, 0, 0],
    );
    let mut wanted: Vec<Box<dyn Setter>> = vec![Box::new(transport)];
    if family == Family::V6 {
        let family = vec![family.code(), 0, 0, 0];
        wanted.push(Box::new(Raw(
            stun::attributes::ATTR_REQUESTED_ADDRESS_FAMILY,
            family,
        )));
    }
    wanted
}

async fn connect(server: SocketAddr) -> Result<UdpSocket, ProbeError> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    Ok(socket)
}

/// Sends a request until it is answered, and returns a success.
async fn exchange(
    socket: &UdpSocket,
    method: Method,
    attributes: Vec<Box<dyn Setter>>,
) -> Result<Message, ProbeError> {
    succeeded(request(socket, method, attributes).await?)
}

fn succeeded(answer: Message) -> Result<Message, ProbeError> {
    if answer.typ.class == CLASS_SUCCESS_RESPONSE {
        Ok(answer)
    } else {
        Err(ProbeError::Refused(refusal(&answer).unwrap_or_default()))
    }
}

/// Sends a request until it is answered.
async fn request(
    socket: &UdpSocket,
    method: Method,
    attributes: Vec<Box<dyn Setter>>,
) -> Result<Message, ProbeError> {
    let mut message = Message::new();
    let mut setters: Vec<Box<dyn Setter>> = vec![
        Box::new(TransactionId::new()),
        Box::new(MessageType::new(method, CLASS_REQUEST)),
    ];
    setters.extend(attributes);
    message.build(&setters)?;
    for patience in TRIES {
        socket.send(&message.raw).await?;
        if let Ok(answer) = tokio::time::timeout(patience, answer_to(socket, &message)).await {
            return answer;
        }
    }
    Err(ProbeError::Silence)
}

async fn answer_to(socket: &UdpSocket, request: &Message) -> Result<Message, ProbeError> {
    let mut buffer = [0; LONGEST_MESSAGE];
    loop {
        let length = socket.recv(&mut buffer).await?;
        match parse(&buffer[..length]) {
            Ok(answer) if answer.transaction_id == request.transaction_id => return Ok(answer),
            Ok(_) | Err(_) => {}
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Message, ProbeError> {
    let mut message = Message::new();
    message.unmarshal_binary(bytes)?;
    Ok(message)
}

fn refusal(answer: &Message) -> Option<u16> {
    let mut code = ErrorCodeAttribute::default();
    code.get_from(answer).ok()?;
    Some(code.code.0)
}

fn text(message: &Message, kind: AttrType) -> Result<String, ProbeError> {
    Ok(TextAttribute::get_from_as(message, kind)?.text)
}
