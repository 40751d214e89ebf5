//! STUN and TURN: other servers, or the relay of this one.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{ConfigError, Flags};
use crate::ice::{IceServers, Turn, TurnAccess};

const KEY: &str = "--turn (RINGBACK_TURN)";

/// The relay inside this process.
#[derive(Clone, PartialEq, Eq)]
pub struct Relay {
    /// Where clients reach it.
    pub address: SocketAddr,
    /// What the credentials are signed with.
    pub secret: String,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Returns the relay of this process, if it is to have one.
pub(super) fn relay(flags: &Flags) -> Result<Option<Relay>, ConfigError> {
    let Some(text) = &flags.turn else {
        return Ok(None);
    };
    check_build()?;
    if flags.turn_server.is_some() {
        return Err(ConfigError::new(
            KEY,
            "TURN_SERVER names another relay beside it",
            "Set one of the two.",
        ));
    }
    let secret = match flags.turn_secret.clone() {
        Some(secret) => secret,
        None => random_secret()?,
    };
    let address = address(text)?;
    Ok(Some(Relay { address, secret }))
}

fn address(text: &str) -> Result<SocketAddr, ConfigError> {
    let remedy =
        "Give the address and the UDP port by which clients reach this machine: 203.0.113.7:3478.";
    let addresses = text.to_socket_addrs();
    let address = addresses.ok().and_then(|mut all| all.next());
    match address {
        Some(address) if !address.ip().is_unspecified() => Ok(address),
        Some(_) => Err(ConfigError::new(
            KEY,
            format!("nobody reaches {text}"),
            remedy,
        )),
        None => Err(ConfigError::new(
            KEY,
            format!("{text:?} is no address"),
            remedy,
        )),
    }
}

/// Credentials are checked by the process that minted them: nobody else has to know the secret.
fn random_secret() -> Result<String, ConfigError> {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(URL_SAFE_NO_PAD.encode(bytes)),
        Err(error) => Err(ConfigError::new(
            "TURN_SECRET",
            format!("this machine has no randomness: {error}"),
            "Set it.",
        )),
    }
}

#[cfg(feature = "turn")]
const fn check_build() -> Result<(), ConfigError> {
    Ok(())
}

#[cfg(not(feature = "turn"))]
fn check_build() -> Result<(), ConfigError> {
    Err(ConfigError::new(
        KEY,
        "this build has no relay",
        "Build it with `cargo build --release -p ringback-server --features full`, or run coturn (deploy/coturn).",
    ))
}

/// What clients are told of the relay of this process; it answers STUN too.
pub(super) fn with_relay(servers: IceServers, relay: &Relay, flags: &Flags) -> IceServers {
    let address = relay.address;
    let turn = Turn {
        urls: vec![format!("turn:{address}?transport=udp")],
        access: TurnAccess::Minted {
            secret: relay.secret.clone(),
            lasts: Duration::from_secs(flags.turn_ttl_s),
        },
    };
    let stun = match servers.stun {
        none if none.is_empty() => vec![format!("stun:{address}")],
        named => named,
    };
    IceServers {
        stun,
        turn: Some(turn),
    }
}
