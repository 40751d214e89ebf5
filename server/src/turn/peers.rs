//! To which addresses a relay must not relay: those of its own network, and those of nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One address of each kind that a relay has to refuse, with the name of the kind.
pub const FORBIDDEN: &[(&str, &str)] = &[
    ("loopback", "127.0.0.1"),
    ("private", "10.0.0.1"),
    ("private", "172.16.0.1"),
    ("private", "192.168.0.1"),
    ("link-local, where clouds keep secrets", "169.254.169.254"),
    ("carrier-grade NAT", "100.64.0.1"),
    ("this machine", "0.0.0.0"),
    ("this network", "0.0.0.1"),
    ("multicast", "224.0.0.1"),
    ("broadcast", "255.255.255.255"),
    ("this machine", "::"),
    ("loopback", "::1"),
    ("IPv4 loopback in IPv6", "::ffff:127.0.0.1"),
    ("unique local", "fd00::1"),
    ("link-local", "fe80::1"),
    ("multicast", "ff02::1"),
    ("NAT64", "64:ff9b::7f00:1"),
    ("6to4", "2002:7f00:1::1"),
];

/// Tells whether a relay may send to that address.
#[must_use]
pub fn may_relay_to(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        // Multicast, reserved, broadcast.
        || a >= 224;
    !is_special
}

/// Global unicast is 2000::/3; of that, what leads into IPv4 or to nobody is left out.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_global = (0x2000..0x4000).contains(&first);
    let is_special = (first == 0x2001 && (second < 0x0200 || second == 0x0db8)) || first == 0x2002;
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_public_is_refused() {
        for (kind, address) in FORBIDDEN {
            assert!(!may_relay_to(address.parse().unwrap()), "{kind}: {address}");
        }
        for edge in [
            "100.127.255.255",
            "172.31.255.255",
            "198.19.255.255",
            "240.0.0.1",
            "::",
            "fec0::1",
            "2001::1",
        ] {
            assert!(!may_relay_to(edge.parse().unwrap()), "{edge}");
        }
    }

    #[test]
    fn what_is_public_is_not() {
        for address in [
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "11.0.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
        ] {
            assert!(may_relay_to(address.parse().unwrap()), "{address}");
        }
    }
}
