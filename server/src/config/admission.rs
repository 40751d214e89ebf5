//! Who may begin: origins, handshakes of one address, proxies in between.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{ConfigError, Flags, Mode, list};
use crate::admission::{AdmissionSettings, Origins, Proxies, UserLimits};

pub(super) fn settings(flags: &Flags, mode: Mode) -> Result<AdmissionSettings, ConfigError> {
    Ok(AdmissionSettings {
        origins: origins(&flags.cors_origins, mode)?,
        proxies: Proxies {
            trusted: networks(flags.trusted_proxies.as_deref())?,
            by: flags.forwarded_header,
        },
        handshakes_per_second: flags.handshakes_per_second,
        handshake_burst: flags.handshake_burst,
        max_unsigned_sockets: flags.max_unsigned_sockets,
    })
}

pub(super) const fn user_limits(flags: &Flags) -> UserLimits {
    UserLimits {
        sockets: flags.max_sockets_per_user,
        calls_per_minute: flags.calls_per_minute,
        requests_per_second: flags.requests_per_second,
    }
}

fn networks(text: Option<&str>) -> Result<Vec<IpNet>, ConfigError> {
    let network = |text: &String| {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse::<IpNet>();
        network.or_else(|_| address()).map_err(|_| {
            ConfigError::new(
                "TRUSTED_PROXIES",
                format!("{text:?} is neither an address nor a network"),
                "Write 10.0.0.5, 10.0.0.0/8 or fd00::/8; several are separated by commas.",
            )
        })
    };
    list(text).iter().map(network).collect()
}

fn origins(text: &Option<String>, mode: Mode) -> Result<Origins, ConfigError> {
    let listed = list(text.as_deref());
    if listed.iter().any(|origin| origin == "*") {
        return Ok(Origins::Any);
    }
    for origin in &listed {
        check_origin(origin)?;
    }
    Ok(match mode {
        _ if !listed.is_empty() => Origins::Listed(listed),
        // Whoever may ask a development server gets a token.
        Mode::Dev => Origins::Local,
        // Who has a token may ask from anywhere: no browser adds it by itself, as it does cookies.
        Mode::Production => Origins::Any,
    })
}

fn check_origin(origin: &str) -> Result<(), ConfigError> {
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains('/') => Ok(()),
        Some(_) | None => Err(ConfigError::new(
            "CORS_ORIGINS",
            format!("{origin:?} is not an origin"),
            "Write https://chat.example.com, without a path; several are separated by commas.",
        )),
    }
}
