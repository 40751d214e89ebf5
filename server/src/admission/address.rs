//! From which address a client comes, when proxies stand between.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Through whom clients come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxies {
    /// Whose word on the address of a client is taken.
    pub trusted: Vec<IpNet>,
    /// How they say it.
    pub by: ForwardedBy,
}

/// The one header that proxies say a client's address in.
///
/// Only one is believed: a proxy passes the other on as the client sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ForwardedBy {
    /// The usual one.
    XForwardedFor,
    /// That of RFC 7239.
    Forwarded,
}

impl Proxies {
    /// Returns the address of the client whose request came from `peer`.
    ///
    /// Each proxy adds whom it was asked by at the end. So what is believed is the last address that
    /// is not itself a trusted proxy's; what stands before it may be made up.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        for hop in self.hops(headers).iter().rev() {
            if !self.trust(client) {
                break;
            }
            match parse(hop) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }

    /// Tells whether a proxy seems to stand between whose word was not taken: then all its clients
    /// count as one address.
    #[must_use]
    pub fn are_overheard(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let names = [X_FORWARDED_FOR, header::FORWARDED];
        let speak = names.iter().any(|name| headers.contains_key(name));
        speak && self.client(peer, headers) == peer
    }

    fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Returns the addresses as they are written, the farthest first.
    fn hops<'a>(&self, headers: &'a HeaderMap) -> Vec<&'a str> {
        let name = match self.by {
            ForwardedBy::XForwardedFor => X_FORWARDED_FOR,
            ForwardedBy::Forwarded => header::FORWARDED,
        };
        let values = headers.get_all(name).iter();
        let hops = values.flat_map(|value| value.to_str().unwrap_or("?").split(','));
        match self.by {
            ForwardedBy::XForwardedFor => hops.map(str::trim).collect(),
            ForwardedBy::Forwarded => hops.map(forwarded_for).collect(),
        }
    }
}

/// Returns what counts as one address: of IPv6, the network that one customer is given.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

/// Reads `for=` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> &str {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    values
        .next()
        .map_or("?", |(_, value)| value.trim().trim_matches('"'))
}

/// Reads an address with or without a port, IPv6 with or without brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_address_and_mapped_ipv4_is_ipv4() {
        let one = |text: &str| network(text.parse().unwrap());
        assert_eq!(one("2001:db8:1:2::1"), one("2001:db8:1:2:3::9"));
        assert_ne!(one("2001:db8:1:2::1"), one("2001:db8:1:3::1"));
        assert_eq!(one("::ffff:192.0.2.1"), one("192.0.2.1"));
        assert_ne!(one("192.0.2.1"), one("192.0.2.2"));
    }

    fn client(by: ForwardedBy, peer: &str, lines: &[&str]) -> String {
        let proxies = Proxies {
            trusted: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            by,
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_last_address_that_is_no_trusted_proxys_is_the_clients() {
        let table: &[(&str, &[&str], &str)] = &[
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["x-forwarded-for: 192.0.2.7"], "192.0.2.7"),
            (
                "::ffff:10.0.0.1",
                &["x-forwarded-for: 192.0.2.7:4711"],
                "192.0.2.7",
            ),
            ("fd00::1", &["x-forwarded-for: 2001:db8::7"], "2001:db8::7"),
            (
                "10.0.0.1",
                &["x-forwarded-for: [2001:db8::7]:80"],
                "2001:db8::7",
            ),
            // What the client itself claims stands before what the proxy saw.
            (
                "10.0.0.1",
                &["x-forwarded-for: 1.1.1.1, 192.0.2.7, 10.9.9.9"],
                "192.0.2.7",
            ),
            (
                "10.0.0.1",
                &["x-forwarded-for: 1.1.1.1", "x-forwarded-for: 192.0.2.7"],
                "192.0.2.7",
            ),
            (
                "10.0.0.1",
                &["x-forwarded-for: 1.1.1.1, unknown"],
                "10.0.0.1",
            ),
            ("10.0.0.1", &["forwarded: for=1.1.1.1"], "10.0.0.1"),
        ];
        for (peer, lines, expected) in table {
            let found = client(ForwardedBy::XForwardedFor, peer, lines);
            assert_eq!(found, *expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn nobody_else_is_believed() {
        let claim = &["x-forwarded-for: 1.1.1.1"];
        assert_eq!(
            client(ForwardedBy::XForwardedFor, "192.0.2.7", claim),
            "192.0.2.7"
        );
    }

    #[test]
    fn the_header_of_rfc_7239_is_read_as_it_is_written() {
        let table = [
            ("forwarded: for=192.0.2.7", "192.0.2.7"),
            (
                "forwarded: For=\"[2001:db8::7]:4711\";proto=https",
                "2001:db8::7",
            ),
            (
                "forwarded: for=1.1.1.1, by=10.0.0.2;for=192.0.2.7",
                "192.0.2.7",
            ),
            ("forwarded: for=192.0.2.7, for=_hidden", "10.0.0.1"),
            ("x-forwarded-for: 1.1.1.1", "10.0.0.1"),
        ];
        for (line, expected) in table {
            assert_eq!(
                client(ForwardedBy::Forwarded, "10.0.0.1", &[line]),
                expected
            );
        }
    }
}
