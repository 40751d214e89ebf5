//! The public keys of whoever signs the tokens, fetched from where they publish them (RFC 7517).
//!
//! Keys are kept until others were fetched: a publisher that is down takes nobody's sign-in away. A
//! token that names a key which is not known makes them be fetched again, at most once in a while,
//! so that keys may rotate at any time and tokens that are made up cause no traffic. A token that
//! comes in between is to be shown again: its key may have been published since.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::keys::{Expected, Key, MIN_RSA_BYTES, PublicKey};
use crate::calls::ports::BoxFuture;

/// How often the keys are fetched when nothing calls for it.
const REFRESH_EVERY: Duration = Duration::from_secs(300);
/// How soon they are fetched again after that failed.
const RETRY_AFTER: Duration = Duration::from_secs(15);
/// How long at least between two times that an unknown key makes them be fetched.
const UNKNOWN_EVERY: Duration = Duration::from_secs(10);
/// The most keys that are looked at.
const MOST_KEYS: usize = 64;

/// Where the keys are published.
pub trait KeySource: Send + Sync + 'static {
    /// Fetches the document, or says why not.
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, String>>;
}

/// The keys as they were published last.
pub struct KeySet {
    source: Box<dyn KeySource>,
    expected: Expected,
    keys: RwLock<Option<Arc<Vec<PublishedKey>>>>,
    /// Who fetches holds this.
    past: Mutex<Past>,
}

/// When the keys were asked for.
#[derive(Debug, Default)]
struct Past {
    /// When that was last, and what became of it.
    last: Option<Attempt>,
    /// When an unknown key was the reason.
    for_unknown: Option<Instant>,
}

/// A time that the keys were asked for.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    begun: Instant,
    outcome: Fetched,
}

/// A key with its name.
pub(super) struct PublishedKey {
    /// `kid`
    pub(super) id: Option<String>,
    pub(super) key: Key,
}

/// What became of fetching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetched {
    /// The keys are those that are published.
    Keys,
    /// The keys stay as they were.
    Nothing,
    /// The keys are those that were published before the token came; others may have been since.
    Earlier {
        /// How long until they are fetched for another unknown key.
        again: Duration,
    },
}

impl KeySet {
    /// Makes an empty set of what is published there.
    #[must_use]
    pub fn new(source: Box<dyn KeySource>, expected: Expected) -> Arc<Self> {
        Arc::new(Self {
            source,
            expected,
            keys: RwLock::default(),
            past: Mutex::default(),
        })
    }

    /// Fetches the keys, and goes on doing so now and then until the set is dropped elsewhere.
    ///
    /// Returns after the first attempt, whatever came of it. Must be called inside a Tokio runtime.
    pub async fn keep_fresh(self: &Arc<Self>) {
        let mut fetched = self.fetch_now().await;
        let keys = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(match fetched {
                    Fetched::Keys | Fetched::Earlier { .. } => REFRESH_EVERY,
                    Fetched::Nothing => RETRY_AFTER,
                })
                .await;
                let Some(keys) = keys.upgrade() else { return };
                fetched = keys.fetch_now().await;
            }
        });
    }

    async fn fetch_now(&self) -> Fetched {
        let mut past = self.past.lock().await;
        self.fetch(&mut past).await
    }

    /// Fetches the keys because of a token that none of them signed, unless that was done just now;
    /// returns what became of it, whoever fetched.
    pub(super) async fn fetch_for_unknown(&self) -> Fetched {
        let asked_at = Instant::now();
        let mut past = self.past.lock().await;
        // Whoever waited here while another fetched finds what that one brought.
        if let Some(attempt) = past.last.filter(|attempt| attempt.begun >= asked_at) {
            return attempt.outcome;
        }
        let again = past.for_unknown.map_or(Duration::ZERO, |at| {
            UNKNOWN_EVERY.saturating_sub(at.elapsed())
        });
        if again.is_zero() {
            past.for_unknown = Some(Instant::now());
            return self.fetch(&mut past).await;
        }
        match past.last.map(|attempt| attempt.outcome) {
            Some(Fetched::Nothing) => Fetched::Nothing,
            Some(Fetched::Keys | Fetched::Earlier { .. }) | None => Fetched::Earlier { again },
        }
    }

    async fn fetch(&self, past: &mut Past) -> Fetched {
        let begun = Instant::now();
        let keys = self.source.fetch().await;
        let outcome = match keys.and_then(|document| self.parse(&document)) {
            Ok(keys) => {
                tracing::debug!(count = keys.len(), "fetched the keys of JWKS_URL");
                self.replace(keys);
                Fetched::Keys
            }
            Err(why) => {
                self.warn(&why);
                Fetched::Nothing
            }
        };
        past.last = Some(Attempt { begun, outcome });
        outcome
    }

    /// Says in the log that there are no new keys, and what that means.
    fn warn(&self, why: &str) {
        if self.keys().is_some() {
            tracing::warn!(%why, "JWKS_URL gave no keys: those known before stay");
        } else {
            tracing::warn!(%why, "JWKS_URL gave no keys: until it does, no token is let in that they sign");
        }
    }

    /// Fetches the keys once and returns how many may be used, for whoever examines a deployment.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub async fn count(&self) -> Result<usize, String> {
        let document = self.source.fetch().await?;
        Ok(self.parse(&document)?.len())
    }

    fn parse(&self, document: &[u8]) -> Result<Vec<PublishedKey>, String> {
        let document: Document = serde_json::from_slice(document)
            .map_err(|error| format!("it is no JSON Web Key Set: {error}"))?;
        let keys = document.keys.into_iter().take(MOST_KEYS);
        // Keys for other purposes, and of kinds that are not taken here, may stand beside ours.
        let keys: Vec<_> = keys
            .filter_map(|key| serde_json::from_value::<Jwk>(key).ok())
            .filter_map(|key| key.published(&self.expected))
            .collect();
        if keys.is_empty() {
            return Err("it holds no public key for RS256, ES256 or EdDSA".to_owned());
        }
        Ok(keys)
    }

    fn replace(&self, keys: Vec<PublishedKey>) {
        let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::new(keys));
    }

    /// Returns the keys; none when they were never fetched.
    pub(super) fn keys(&self) -> Option<Arc<Vec<PublishedKey>>> {
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

/// A JSON Web Key, as far as it matters here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

impl Jwk {
    /// Returns the key with the one algorithm that goes with its kind; none when it is not for us.
    ///
    /// A secret (`kty: oct`) is none of the kinds: whoever reads the document could sign with it.
    fn published(self, expected: &Expected) -> Option<PublishedKey> {
        let (algorithm, name) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) if self.is_long_enough() => (Algorithm::RS256, "RS256"),
            ("EC", Some("P-256")) => (Algorithm::ES256, "ES256"),
            ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, "EdDSA"),
            _ => return None,
        };
        let is_for_signing = self
            .purpose
            .as_deref()
            .is_none_or(|purpose| purpose == "sig");
        let is_of_algorithm = self.alg.as_deref().is_none_or(|alg| alg == name);
        if !is_for_signing || !is_of_algorithm {
            return None;
        }
        let key = match name {
            "RS256" => DecodingKey::from_rsa_components(&self.n, &self.e),
            "ES256" => DecodingKey::from_ec_components(&self.x, &self.y),
            _ => DecodingKey::from_ed_components(&self.x),
        };
        let key = PublicKey::new(algorithm, key.ok()?);
        Some(PublishedKey {
            id: self.kid,
            key: Key::public(key, expected),
        })
    }

    fn is_long_enough(&self) -> bool {
        let modulus = URL_SAFE_NO_PAD.decode(&self.n);
        modulus.is_ok_and(|modulus| modulus.len() >= MIN_RSA_BYTES)
    }
}
