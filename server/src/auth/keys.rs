//! The keys that tokens are verified with.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};

/// Where a PEM text begins.
const PEM_BEGIN: &str = "-----BEGIN ";

/// The shortest modulus of an RSA key, in bytes (RFC 7518, section 3.3).
pub(super) const MIN_RSA_BYTES: usize = 256;

/// What a token must say beside who asks, where the operator set it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// `iss`
    pub issuer: Option<String>,
    /// One of `aud`
    pub audience: Option<String>,
}

/// A public key of whoever signs the tokens, with the one algorithm that goes with it.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl PublicKey {
    pub(super) const fn new(algorithm: Algorithm, key: DecodingKey) -> Self {
        Self { algorithm, key }
    }

    /// Reads the public keys of a PEM text (RFC 7468); none when one of them is no such key.
    ///
    /// RSA keys of at least 2,048 bits verify RS256, those on the curve P-256 ES256, Ed25519 ones EdDSA.
    #[must_use]
    pub fn parse_all(pem: &str) -> Option<Vec<Self>> {
        let mut keys = Vec::new();
        for (at, _) in pem.match_indices(PEM_BEGIN) {
            let rest = &pem[at + PEM_BEGIN.len()..];
            let end = rest.find(PEM_BEGIN).unwrap_or(rest.len());
            keys.push(Self::parse(&pem[at..at + PEM_BEGIN.len() + end])?);
        }
        (!keys.is_empty()).then_some(keys)
    }

    fn parse(pem: &str) -> Option<Self> {
        let pem = pem.as_bytes();
        // A private key has no place here: whoever holds one can sign as anybody.
        if pem.windows(7).any(|part| part == b"PRIVATE") {
            return None;
        }
        if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
            return is_long_enough(&key).then(|| Self::new(Algorithm::RS256, key));
        }
        let ec = || DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key));
        let ed = || DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key));
        let (algorithm, key) = ec().or_else(|_| ed()).ok()?;
        Some(Self::new(algorithm, key))
    }
}

/// Tells whether an RSA key has the bits that RS256 needs; its encoding is some bytes longer than its
/// modulus.
fn is_long_enough(key: &DecodingKey) -> bool {
    let encoded = key.try_get_as_bytes();
    encoded.is_ok_and(|encoded| encoded.len() > MIN_RSA_BYTES)
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({:?})", self.algorithm)
    }
}

/// A key with what a token that it signed must fulfil.
pub(super) struct Key {
    pub(super) verifying: DecodingKey,
    pub(super) validation: Validation,
}

impl Key {
    pub(super) fn secret(secret: &[u8], expected: &Expected) -> Self {
        Self {
            verifying: DecodingKey::from_secret(secret),
            validation: validation(Algorithm::HS256, expected),
        }
    }

    pub(super) fn public(key: PublicKey, expected: &Expected) -> Self {
        Self {
            verifying: key.key,
            validation: validation(key.algorithm, expected),
        }
    }
}

/// One algorithm for a key, never more: a public key must not pass for a secret.
fn validation(algorithm: Algorithm, expected: &Expected) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = 0;
    // RFC 7519, section 4.1.4: at the second of `exp` itself it is over.
    validation.reject_tokens_expiring_in_less_than = 1;
    let mut required = vec!["exp"];
    if let Some(issuer) = &expected.issuer {
        validation.set_issuer(&[issuer]);
        required.push("iss");
    }
    match &expected.audience {
        Some(audience) => {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        None => validation.validate_aud = false,
    }
    validation.set_required_spec_claims(&required);
    validation
}
