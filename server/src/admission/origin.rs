//! Web pages of which origins may call.

use std::fmt;

/// Web pages of which origins may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Those of this machine, on any port.
    Local,
    /// All.
    Any,
    /// These, as `https://chat.example.com`, and what this server serves itself.
    Listed(Vec<String>),
}

impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("of this machine"),
            Self::Any => f.write_str("of any origin"),
            Self::Listed(listed) => f.write_str(&listed.join(", ")),
        }
    }
}

impl Origins {
    /// Tells whether pages of that origin may call; `host` is whom the request is addressed to.
    #[must_use]
    pub fn allow(&self, origin: &str, host: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            // Not by the host: a name that somebody else points at this machine is no proof.
            Self::Local => is_local(origin),
            Self::Listed(listed) => {
                listed.iter().any(|listed| listed == origin) || is_own(origin, host)
            }
        }
    }
}

/// Tells whether the page came from where it now calls.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    let rest = after_scheme(origin);
    host.is_some() && rest == host
}

fn after_scheme(origin: &str) -> Option<&str> {
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
}

fn is_local(origin: &str) -> bool {
    let Some(rest) = after_scheme(origin) else {
        return false;
    };
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let has_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    has_port && matches!(host, "localhost" | "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_local_on_every_port() {
        for origin in [
            "http://localhost",
            "http://localhost:5173",
            "https://127.0.0.1:8443",
            "http://[::1]:3000",
            "http://[::1]",
        ] {
            assert!(is_local(origin), "{origin}");
        }
    }

    #[test]
    fn other_pages_are_not_local_whatever_they_are_called() {
        for origin in [
            "null",
            "http://localhost.evil.example",
            "http://evil.example:80",
            "http://127.0.0.1.evil.example",
            "http://localhost:80@evil.example",
            "file://localhost",
        ] {
            assert!(!is_local(origin), "{origin}");
        }
    }

    #[test]
    fn listed_origins_match_exactly() {
        let listed = Origins::Listed(vec!["https://a.example".into()]);
        let host = Some("calls.example");
        assert!(listed.allow("https://a.example", host));
        assert!(!listed.allow("https://a.example:444", host));
        assert!(!listed.allow("http://a.example", host));
        assert!(!listed.allow("null", None));
        assert!(Origins::Any.allow("https://whoever.example", host));
    }

    #[test]
    fn beside_a_list_the_own_page_may_call_but_a_name_for_this_machine_is_not_local() {
        let listed = Origins::Listed(vec!["https://a.example".into()]);
        assert!(listed.allow("https://calls.example:8443", Some("calls.example:8443")));
        assert!(!listed.allow("https://calls.example", Some("calls.example:8443")));
        assert!(!Origins::Local.allow("http://evil.example:3000", Some("evil.example:3000")));
    }
}
