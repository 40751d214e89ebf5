//! Who may begin to talk to the signaling edge, decided before any token is looked at; and how much
//! one user may ask.
//!
//! Web pages are let in by their origin, and handshakes are counted by the address that they come
//! from, so that nobody makes this server verify signatures without end. Sockets that have not signed
//! in are counted over all addresses, so that many of them hold no more memory than was set.

pub(crate) mod address;
pub(crate) mod limiter;
mod origin;
mod quota;
mod waiting;

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};
use ringback_protocol::{ErrorCode, Failure};

pub use address::{ForwardedBy, Proxies};
use limiter::{Limiter, too_many};
pub use origin::Origins;
pub use quota::{Quotas, UserLimits};
pub use waiting::Place;
use waiting::Waiting;

use crate::signaling::rate::Rate;

const TOO_MANY_CONNECTIONS: &str = "Too many connections from this address: wait a moment.";

/// What an operator sets about who may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionSettings {
    /// Web pages of which origins may call.
    pub origins: Origins,
    /// Through whom clients come.
    pub proxies: Proxies,
    /// How many handshakes a second one address may begin, in the long run.
    pub handshakes_per_second: u32,
    /// How many it may begin at once.
    pub handshake_burst: u32,
    /// How many sockets may wait for their sign-in, over all addresses.
    pub max_unsigned_sockets: u32,
}

/// Decides who may begin.
#[derive(Debug)]
pub struct Admission {
    origins: Origins,
    proxies: Proxies,
    limiter: Limiter<IpAddr>,
    waiting: Waiting,
    /// Whether the log has it that a proxy is not trusted.
    warned: AtomicBool,
}

impl Admission {
    /// Makes it as configured.
    #[must_use]
    pub fn new(settings: &AdmissionSettings) -> Self {
        Self {
            origins: settings.origins.clone(),
            proxies: settings.proxies.clone(),
            limiter: Limiter::new(Rate::new(
                settings.handshakes_per_second,
                settings.handshake_burst,
            )),
            waiting: Waiting::new(settings.max_unsigned_sockets),
            warned: AtomicBool::new(false),
        }
    }

    /// Checks a request to the signaling edge.
    ///
    /// # Errors
    /// `FORBIDDEN` for a page of another origin, `RATE_LIMITED` for one handshake too many.
    pub fn check(&self, request: &Request, now: Instant) -> Result<(), Failure> {
        self.check_origin(request.headers())?;
        match address_of(request).filter(|_| begins(request)) {
            Some(peer) => {
                let address = self.proxies.client(peer, request.headers());
                let taken = self.limiter.take(address::network(address), now);
                let refused = taken.map_err(|wait| too_many(TOO_MANY_CONNECTIONS, wait));
                refused.inspect_err(|_| self.warn_of_proxies(peer, request.headers()))
            }
            None => Ok(()),
        }
    }

    /// Says once what may be behind a refusal. Anybody can send these headers, so it may be nothing.
    fn warn_of_proxies(&self, peer: IpAddr, headers: &HeaderMap) {
        if self.proxies.are_overheard(peer, headers) && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "too many connections from one address, and they are forwarded: if it is your proxy, all its clients count as one until TRUSTED_PROXIES names it and FORWARDED_HEADER the header that it sets"
            );
        }
    }

    /// Takes the place of the socket that a request begins; none for one that goes on.
    ///
    /// # Errors
    /// `RATE_LIMITED` when too many sockets have not signed in.
    pub fn place(&self, request: &Request) -> Result<Option<Place>, Failure> {
        begins(request).then(|| self.waiting.take()).transpose()
    }

    /// Programs that are no browsers send no origin, and could send any.
    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(());
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let is_allowed = origin
            .to_str()
            .is_ok_and(|origin| self.origins.allow(origin, host));
        if is_allowed {
            return Ok(());
        }
        Err(Failure::new(
            ErrorCode::Forbidden,
            "Pages of this origin may not call here: name it in CORS_ORIGINS.",
        ))
    }
}

fn address_of(request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    Some(peer.0.ip())
}

/// Tells whether a request begins a session; one that goes on names it.
pub(crate) fn begins(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    !query.split('&').any(|part| part.starts_with("sid="))
}
