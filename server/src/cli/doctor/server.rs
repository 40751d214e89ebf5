//! The server that runs under these settings, if one does: what it says of itself at `/readyz`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::Config;

use super::findings::Finding;

const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
const MOST_BYTES: u64 = 16 * 1024;

/// What `/readyz` answers.
#[derive(Deserialize)]
struct Readiness {
    reasons: Vec<String>,
}

/// Asks it whether it takes new work.
pub(super) async fn running(config: &Config) -> Finding {
    let address = reachable(config.watch_listen.unwrap_or(config.listen));
    let asked = tokio::time::timeout(PATIENCE, ask(address)).await;
    let answer = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => return Finding::skipped("server", format!("none answers at {address}")),
        Err(_) => {
            return Finding::fail(
                "server",
                format!(
                    "what runs at {address} does not answer within {} s",
                    PATIENCE.as_secs()
                ),
                "Read its log, and restart it.",
            );
        }
    };
    match readiness(&answer) {
        Some(Readiness { reasons }) if reasons.is_empty() => Finding::ok(
            "server",
            format!("it runs at {address}, and takes new work"),
        ),
        Some(Readiness { reasons }) => Finding::fail(
            "server",
            format!(
                "it runs at {address}, and takes no new work: {}",
                reasons.join("; ")
            ),
            "Its log says more, and docs/operating.md what each of these means.",
        ),
        None => Finding::warn(
            "server",
            format!("something else answers at {address}"),
            "Give this server an address of its own (RINGBACK_LISTEN).",
        ),
    }
}

/// Returns where this machine reaches what listens there.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    // The older version ends the answer with the connection, and comes in one piece.
    let request = format!("GET /readyz HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn readiness(answer: &str) -> Option<Readiness> {
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_asked_on_this_machine() {
        for (listen, asked) in [
            ("0.0.0.0:3000", "127.0.0.1:3000"),
            ("[::]:3000", "[::1]:3000"),
            ("10.0.0.5:9464", "10.0.0.5:9464"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }

    #[test]
    fn other_servers_are_not_taken_for_ours() {
        let ours = "HTTP/1.0 503 Service Unavailable\r\na: b\r\n\r\n{\"status\":\"not ready\",\"reasons\":[\"draining\"]}";
        assert_eq!(readiness(ours).unwrap().reasons, ["draining"]);
        for other in ["", "SSH-2.0-x\r\n", "HTTP/1.0 404 Not Found\r\n\r\n<html>"] {
            assert!(readiness(other).is_none(), "{other}");
        }
    }
}
