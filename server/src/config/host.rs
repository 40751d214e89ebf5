//! The host application: where it is asked and told over HTTP, and how that is signed.

use std::fmt;
use std::time::Duration;

use axum::http::Uri;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{ConfigError, Flags, list};
use crate::calls::session::Notices;

/// How a signing secret begins (Standard Webhooks).
const PREFIX: &str = "whsec_";
/// The lengths that Standard Webhooks asks for, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What the host application wants to be asked and told.
#[derive(Debug, Clone, Default)]
pub struct HostSettings {
    /// Whom to ask whether a call may be.
    pub hook: Option<HookSettings>,
    /// Whom to tell of calls.
    pub webhooks: Option<WebhookSettings>,
}

/// How the host application is asked whether a call may be.
#[derive(Debug, Clone)]
pub struct HookSettings {
    /// Where.
    pub url: Uri,
    /// How the question is signed: by each of these.
    pub secrets: Vec<SigningSecret>,
    /// How long the answer may take.
    pub timeout: Duration,
    /// What holds when there is no answer.
    pub unanswered: Unanswered,
}

/// What holds when the host application does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Unanswered {
    /// Nobody may: a rule that the application enforces holds also while it is away.
    Deny,
    /// Everyone may: calls do not depend on the application being up.
    Allow,
}

/// How the host application is told of calls.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Where.
    pub url: Uri,
    /// How what is told is signed: by each of these.
    pub secrets: Vec<SigningSecret>,
    /// How long it is tried again.
    pub keep: Duration,
    /// How many wait to be told at most.
    pub keep_most: u64,
}

/// A secret that messages to the host application are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

impl SigningSecret {
    /// Reads `whsec_` and Base64; none when it is no such text, or too short or too long.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        SECRET_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// Returns the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

impl HostSettings {
    /// Returns whether notices of calls are kept.
    #[must_use]
    pub const fn notices(&self) -> Notices {
        match self.webhooks {
            Some(_) => Notices::On,
            None => Notices::Off,
        }
    }

    pub(super) fn from_flags(flags: &Flags) -> Result<Self, ConfigError> {
        let hook = endpoint(
            ("CALL_HOOK_URL", flags.call_hook_url.as_deref()),
            ("CALL_HOOK_SECRET", flags.call_hook_secret.as_deref()),
        )?;
        let webhooks = endpoint(
            ("WEBHOOK_URL", flags.webhook_url.as_deref()),
            ("WEBHOOK_SECRET", flags.webhook_secret.as_deref()),
        )?;
        Ok(Self {
            hook: hook.map(|(url, secrets)| HookSettings {
                url,
                secrets,
                timeout: Duration::from_millis(flags.call_hook_timeout_ms),
                unanswered: flags.call_hook_unanswered,
            }),
            webhooks: webhooks.map(|(url, secrets)| WebhookSettings {
                url,
                secrets,
                keep: Duration::from_millis(flags.webhook_keep_ms),
                keep_most: flags.webhook_keep_most,
            }),
        })
    }
}

type Setting<'a> = (&'static str, Option<&'a str>);

fn endpoint(
    (url_key, url): Setting<'_>,
    (secret_key, secret): Setting<'_>,
) -> Result<Option<(Uri, Vec<SigningSecret>)>, ConfigError> {
    let Some(url) = url else {
        return match secret {
            None => Ok(None),
            Some(_) => Err(ConfigError::new(
                url_key,
                format!("it is not set, but {secret_key} is"),
                format!("Set it to the address of your application, or leave out {secret_key}."),
            )),
        };
    };
    must_be_built(url_key)?;
    Ok(Some((address(url_key, url)?, secrets(secret_key, secret)?)))
}

fn secrets(key: &'static str, text: Option<&str>) -> Result<Vec<SigningSecret>, ConfigError> {
    let refusal = |problem: &str| {
        ConfigError::new(
            key,
            problem,
            "Set it to whsec_ and 24 to 64 bytes in Base64: `echo whsec_$(openssl rand -base64 32)` \
             makes one. To change it over, name the new and the old one, separated by a comma.",
        )
    };
    let texts = list(text);
    if texts.is_empty() {
        return Err(refusal(
            "it is not set, so your application could not tell who asks",
        ));
    }
    let secrets = texts.iter().map(|text| SigningSecret::parse(text));
    secrets
        .collect::<Option<_>>()
        .ok_or_else(|| refusal("it is not a signing secret"))
}

/// Reads an address of HTTP or HTTPS.
pub(super) fn address(key: &'static str, text: &str) -> Result<Uri, ConfigError> {
    let uri: Option<Uri> = text.parse().ok();
    let is_whole = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("https" | "http"))
            && uri.host().is_some_and(|host| !host.is_empty())
            // A password in an address ends up in logs.
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    };
    uri.filter(is_whole).ok_or_else(|| {
        ConfigError::new(
            key,
            // The address may hold a secret in its query.
            "it is not an address of HTTP",
            "Write https://app.example.com/path, without a user name.",
        )
    })
}

/// Checks that this build can ask others over HTTP.
pub(super) fn must_be_built(key: &'static str) -> Result<(), ConfigError> {
    if cfg!(feature = "http") {
        return Ok(());
    }
    Err(ConfigError::new(
        key,
        "this build asks nobody over HTTP",
        "Leave it out, or build with `cargo build --release -p ringback-server --features http`.",
    ))
}

/// Reads where public keys are published. Whoever could change them on the way could sign as anybody.
pub(super) fn published_keys(text: Option<&str>) -> Result<Option<Uri>, ConfigError> {
    const KEY: &str = "JWKS_URL";
    let Some(text) = text else { return Ok(None) };
    must_be_built(KEY)?;
    let url = address(KEY, text)?;
    let is_safe = url.scheme_str() == Some("https") || url.host().is_some_and(is_loopback);
    if is_safe {
        return Ok(Some(url));
    }
    Err(ConfigError::new(
        KEY,
        "keys over plain HTTP could be exchanged on the way",
        "Write https://, or http:// for a server on this machine.",
    ))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<std::net::IpAddr> = bare.parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}
