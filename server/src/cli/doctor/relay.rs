//! STUN and TURN servers, asked as a browser would ask them.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use ringback_protocol::UserId;
use tokio::net::{TcpStream, lookup_host};

use crate::ice::{IceServers, Turn};
use crate::turn::peers::{FORBIDDEN, may_relay_to};
use crate::turn::probe::{self, Allocation, Family, ProbeError};

use super::findings::Finding;

const PATIENCE: Duration = Duration::from_secs(5);
const PLAIN_PORT: u16 = 3478;
const TLS_PORT: u16 = 5349;
/// A port on which nobody is hurt by a packet.
const DISCARD_PORT: u16 = 9;

/// Asks every server that clients are given.
pub(super) async fn check(servers: &IceServers) -> Vec<Finding> {
    let mut findings = Vec::new();
    for url in &servers.stun {
        findings.push(stun(url).await);
    }
    match &servers.turn {
        None => findings.push(Finding::warn(
            "TURN",
            "there is none: calls between strict networks will fail",
            "Run coturn (deploy/coturn) and set TURN_SERVER and TURN_SECRET, or let this server relay with --turn.",
        )),
        Some(turn) => {
            for url in &turn.urls {
                findings.extend(check_turn(url, turn).await);
            }
        }
    }
    findings
}

/// How a server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Udp,
    /// TCP, with or without TLS.
    Stream,
}

/// Reads `turn:host:port?transport=tcp` and the like.
fn target(url: &str) -> (String, Way) {
    let (scheme, rest) = url.split_once(':').unwrap_or(("turn", url));
    let (host, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_tls = scheme.ends_with('s');
    let way = if is_tls || query == "transport=tcp" {
        Way::Stream
    } else {
        Way::Udp
    };
    let port = if is_tls { TLS_PORT } else { PLAIN_PORT };
    // An IPv6 address stands in brackets.
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit()));
    let host = if has_port {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    };
    (host, way)
}

async fn address(host: &str) -> Option<SocketAddr> {
    lookup_host(host).await.ok()?.next()
}

async fn stun(url: &str) -> Finding {
    let check = format!("STUN {url}");
    let (host, way) = target(url);
    let Some(server) = address(&host).await else {
        return unknown(check, &host);
    };
    if way == Way::Stream {
        return connects(check, server).await;
    }
    match probe::binding(server).await {
        Ok(seen) => Finding::ok(check, format!("it sees this machine as {}", seen.ip())),
        Err(error) => Finding::fail(check, error.to_string(), firewall(server)),
    }
}

fn unknown(check: String, host: &str) -> Finding {
    Finding::fail(
        check,
        format!("{host} has no address"),
        "See that the name is right and known to your DNS.",
    )
}

fn firewall(server: SocketAddr) -> String {
    format!(
        "See that it runs, and that the firewall lets UDP to port {} through.",
        server.port()
    )
}

/// Over TCP and TLS no more is tried than whether somebody listens.
async fn connects(check: String, server: SocketAddr) -> Finding {
    match tokio::time::timeout(PATIENCE, TcpStream::connect(server)).await {
        Ok(Ok(_)) => Finding::ok(check, "it takes connections; more is not tried over TCP"),
        Ok(Err(error)) => Finding::fail(
            check,
            error.to_string(),
            "See that it listens on that port.",
        ),
        Err(_) => Finding::fail(
            check,
            "there is no answer",
            "See that the firewall lets TCP to that port through.",
        ),
    }
}

async fn check_turn(url: &str, turn: &Turn) -> Vec<Finding> {
    let check = format!("TURN {url}");
    let (host, way) = target(url);
    let Some(server) = address(&host).await else {
        return vec![unknown(check, &host)];
    };
    if way == Way::Stream {
        return vec![connects(check, server).await];
    }
    let Ok(doctor) = UserId::new("doctor") else {
        return Vec::new();
    };
    let minted = turn.server(SystemTime::now(), &doctor);
    let credentials = (
        minted.username.unwrap_or_default(),
        minted.credential.unwrap_or_default(),
    );
    let credentials = (credentials.0.as_str(), credentials.1.as_str());
    let mut findings = Vec::new();
    match Allocation::open(server, credentials, Family::V4).await {
        Ok(allocation) => {
            let relayed = allocation.relayed;
            findings.push(Finding::ok(check, format!("it gave a relay at {relayed}")));
            findings.push(public(url, relayed.ip()));
            findings.push(refuses(url, allocation, Family::V4).await);
            findings.push(relays(url, server, credentials, Family::V4).await);
        }
        Err(error) => findings.push(Finding::fail(check, error.to_string(), why(&error, server))),
    }
    // Not every relay speaks IPv6; one that does must be closed there as well.
    if let Ok(allocation) = Allocation::open(server, credentials, Family::V6).await {
        let relayed = allocation.relayed.ip();
        findings.push(refuses(url, allocation, Family::V6).await);
        findings.push(if relayed.is_ipv6() && may_relay_to(relayed) {
            relays(url, server, credentials, Family::V6).await
        } else {
            // A machine without IPv6 to the outside still has addresses of it.
            let detail = format!("its relays of IPv6 are at {relayed}, so they are of no use");
            Finding::skipped(packet_through(url, Family::V6), detail)
        });
    }
    findings
}

fn why(error: &ProbeError, server: SocketAddr) -> String {
    match error {
        ProbeError::Refused(401 | 441) => {
            "It does not take our credentials: see that its secret (or name and password) is ours, and its clock right."
                .to_owned()
        }
        ProbeError::Refused(486 | 508) => "It has no relay left: raise its quotas and ports.".to_owned(),
        ProbeError::Refused(_) | ProbeError::Unreadable(_) => "See its log.".to_owned(),
        ProbeError::Network(_) | ProbeError::Silence => firewall(server),
    }
}

fn public(url: &str, relayed: IpAddr) -> Finding {
    let check = format!("address of the relay {url}");
    if may_relay_to(relayed) {
        Finding::ok(check, "it is public")
    } else {
        Finding::fail(
            check,
            format!("{relayed} is not public: nobody reaches the relay there"),
            "Set coturn's external-ip=<public address>/<private address>; with --turn, name the public address.",
        )
    }
}

/// Tries every kind of address that a relay has to refuse.
async fn refuses(url: &str, mut allocation: Allocation, family: Family) -> Finding {
    let check = format!("what {url} refuses ({family:?})");
    let addresses = FORBIDDEN
        .iter()
        .filter_map(|(kind, text)| Some((*kind, text.parse::<IpAddr>().ok()?)))
        .filter(|(_, address)| Family::of(*address) == family);
    let (mut open, mut tried) = (Vec::new(), 0);
    for (kind, address) in addresses {
        tried += 1;
        match allocation
            .permit(SocketAddr::new(address, DISCARD_PORT))
            .await
        {
            Ok(()) => open.push(format!("{address} ({kind})")),
            Err(ProbeError::Refused(_)) => {}
            Err(error) => {
                return Finding::warn(
                    check,
                    format!("{address}: {error}"),
                    "Ask again; see its log.",
                );
            }
        }
    }
    allocation.close().await;
    if open.is_empty() {
        Finding::ok(
            check,
            format!("all {tried} kinds of addresses that are not public"),
        )
    } else {
        Finding::fail(
            check,
            format!("it relays to {}", open.join(", ")),
            "Whoever may call reaches your network through it: take the denied-peer-ip lines of deploy/coturn/turnserver.conf.",
        )
    }
}

fn packet_through(url: &str, family: Family) -> String {
    format!("a packet through {url} ({family:?})")
}

/// Sends a packet from one relay to another and waits for it: what two browsers do.
async fn relays(
    url: &str,
    server: SocketAddr,
    credentials: (&str, &str),
    family: Family,
) -> Finding {
    let check = packet_through(url, family);
    let sent = async {
        let mut from = Allocation::open(server, credentials, family).await?;
        let mut to = Allocation::open(server, credentials, family).await?;
        to.permit(from.relayed).await?;
        from.permit(to.relayed).await?;
        from.send(to.relayed, b"ringback").await?;
        let came = to.receive().await;
        from.close().await;
        to.close().await;
        came
    };
    match sent.await {
        Ok(data) if data == b"ringback" => Finding::ok(check, "it came through"),
        Ok(_) => Finding::fail(check, "something else came", "See its log."),
        Err(error) => Finding::fail(
            check,
            format!("it did not come through: {error}"),
            "See that the firewall lets UDP to the ports of relays through (49152 to 65535 unless set otherwise), also from the relay itself.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_read() {
        let read = |url| {
            let (host, way) = target(url);
            (host, way)
        };
        assert_eq!(read("turn:a.example"), ("a.example:3478".into(), Way::Udp));
        assert_eq!(read("turn:a:99?transport=udp"), ("a:99".into(), Way::Udp));
        assert_eq!(
            read("turn:a:99?transport=tcp"),
            ("a:99".into(), Way::Stream)
        );
        assert_eq!(read("turns:a"), ("a:5349".into(), Way::Stream));
        assert_eq!(read("stun:[::1]:3478"), ("[::1]:3478".into(), Way::Udp));
        assert_eq!(read("stun:[::1]"), ("[::1]:3478".into(), Way::Udp));
    }
}
