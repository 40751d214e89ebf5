//! Who asks: JSON Web Tokens (RFC 7519) that the host application signs.

mod crypto;
mod jwks;
mod keys;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ringback_protocol::{ErrorCode, Failure, UserId};
use serde::{Deserialize, Serialize};

use crate::calls::Timestamp;

use jwks::Fetched;
pub use jwks::{KeySet, KeySource};
use keys::Key;
pub use keys::{Expected, PublicKey};

/// The shortest HS256 secret: as long as its hash (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;
/// Longer tokens are not looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// How far the clock of whoever signs may be ahead, for `nbf`.
const CLOCK_SKEW_S: u64 = 60;
/// The `role` of the host application's own backend.
const SERVICE_ROLE: &str = "service";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A person.
    User(User),
    /// The host application's backend: it may say who is in which chat.
    Service,
}

/// Who asks, and until when their token says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Who asks.
    pub principal: Principal,
    /// `exp`
    pub expires_at: Timestamp,
}

/// A person, as their token describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `sub`
    pub id: UserId,
    /// `name`
    pub name: Option<String>,
    /// `picture`
    pub picture: Option<String>,
}

/// Why a token does not say who asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is none.
    #[error("Sign in first: the token is missing.")]
    Missing,
    /// Its time is over.
    #[error("The token has expired: fetch a new one and connect again.")]
    Expired,
    /// Its time has not come.
    #[error("The token is not valid yet: the clock of whoever signed it is ahead.")]
    NotYetValid,
    /// The signature does not fit the key of this server.
    #[error("The token was signed with another key.")]
    WrongKey,
    /// It was signed in a way that this server does not accept.
    #[error("The token is signed by an algorithm that this server has no key for.")]
    WrongAlgorithm,
    /// None of the keys that are published signed it.
    #[error("The token was signed with a key that is not published.")]
    UnknownKey,
    /// None of the keys that are known signed it, and those that are published now cannot be had.
    #[error(
        "The token was signed with a key that is not known, and the published keys could not be fetched: try again."
    )]
    KeysAway,
    /// None of the keys that are known signed it; others may have been published since these were fetched.
    #[error(
        "The token was signed with a key that is not known, and the published keys were fetched a moment ago: try again when they may be fetched anew."
    )]
    KeysEarlier {
        /// How long until then, in milliseconds.
        retry_after_ms: u64,
    },
    /// The published keys could not be fetched yet.
    #[error("The keys that tokens are checked with could not be fetched yet: try again.")]
    NoKeysYet,
    /// Somebody else issued it than this server expects.
    #[error("The token has another issuer (iss) than this server expects.")]
    WrongIssuer,
    /// It was issued for another service.
    #[error("The token is for another audience (aud) than this server.")]
    WrongAudience,
    /// A claim is missing.
    #[error("The token lacks the claim {0:?}.")]
    MissingClaim(String),
    /// It is no token, or a claim has the wrong type.
    #[error("The token is not a JSON Web Token with the claims sub (a text) and exp (a number).")]
    Malformed,
}

impl AuthError {
    /// Returns the code on the wire.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Expired => ErrorCode::TokenExpired,
            Self::KeysAway | Self::NoKeysYet => ErrorCode::Internal,
            Self::KeysEarlier { .. } => ErrorCode::RateLimited,
            Self::Missing
            | Self::NotYetValid
            | Self::WrongKey
            | Self::WrongAlgorithm
            | Self::UnknownKey
            | Self::WrongIssuer
            | Self::WrongAudience
            | Self::MissingClaim(_)
            | Self::Malformed => ErrorCode::Unauthenticated,
        }
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        let mut failure = Self::new(error.code(), error.to_string());
        if let AuthError::KeysEarlier { retry_after_ms } = error {
            failure.retry_after_ms = Some(retry_after_ms);
        }
        failure
    }
}

/// Verifies tokens, and signs those of the development mode.
pub struct Auth {
    keys: Vec<Key>,
    /// Keys that are fetched.
    published: Option<Arc<KeySet>>,
    /// The first secret; none where only public keys are trusted.
    signing: Option<EncodingKey>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Option<UserId>,
    /// Seconds since 1970, perhaps with a fraction. The validation requires it, and says so in
    /// better words than a field that is missing.
    #[serde(default)]
    exp: f64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    picture: Option<String>,
    #[serde(default)]
    nbf: Option<u64>,
    /// Host applications have roles of their own, of any shape; one of them is ours.
    #[serde(default)]
    role: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct SignedClaims<'a> {
    sub: &'a UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    iat: u64,
    exp: u64,
}

#[derive(Serialize)]
struct ServiceClaims<'a> {
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    iat: u64,
    exp: u64,
}

impl Auth {
    /// Makes a verifier of HS256 tokens.
    #[must_use]
    pub fn hs256(secret: &[u8]) -> Self {
        Self::new(&[secret], Vec::new(), Expected::default())
    }

    /// Makes a verifier of tokens that any of these keys signed; the first secret signs.
    #[must_use]
    pub fn new(secrets: &[&[u8]], public: Vec<PublicKey>, expected: Expected) -> Self {
        crypto::install();
        let secret = |secret: &&[u8]| Key::secret(secret, &expected);
        let public = public.into_iter().map(|key| Key::public(key, &expected));
        Self {
            keys: secrets.iter().map(secret).chain(public).collect(),
            published: None,
            signing: secrets
                .first()
                .map(|secret| EncodingKey::from_secret(secret)),
            expected,
        }
    }

    /// Takes tokens as well that a published key signed.
    #[must_use]
    pub fn with_published(self, keys: Option<Arc<KeySet>>) -> Self {
        Self {
            published: keys,
            ..self
        }
    }

    /// Tells whether the published keys are there, if there are to be any.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        let published = self.published.as_deref();
        published.is_none_or(|published| published.keys().is_some())
    }

    /// Returns whom a token belongs to, fetching the published keys if they may have changed.
    ///
    /// # Errors
    /// When it does not verify, its time is over, or it names nobody.
    pub async fn admit(&self, token: &str) -> Result<Pass, AuthError> {
        match (self.verify(token), &self.published) {
            (Err(AuthError::UnknownKey | AuthError::NoKeysYet), Some(published)) => {
                let fetched = published.fetch_for_unknown().await;
                match (self.verify(token), fetched) {
                    (Err(AuthError::UnknownKey), Fetched::Nothing) => Err(AuthError::KeysAway),
                    (Err(AuthError::UnknownKey), Fetched::Earlier { again }) => {
                        let ms = u64::try_from(again.as_millis()).unwrap_or(u64::MAX);
                        Err(AuthError::KeysEarlier {
                            retry_after_ms: ms.saturating_add(1),
                        })
                    }
                    (verified, Fetched::Keys | Fetched::Nothing | Fetched::Earlier { .. }) => {
                        verified
                    }
                }
            }
            (verified, _) => verified,
        }
    }

    /// Returns whom a token belongs to, by the keys that are known.
    ///
    /// # Errors
    /// When it does not verify, its time is over, or it names nobody.
    pub fn verify(&self, token: &str) -> Result<Pass, AuthError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::Malformed);
        }
        let claims = self.claims(token)?;
        if claims.nbf.is_some_and(|nbf| nbf > now_s() + CLOCK_SKEW_S) {
            return Err(AuthError::NotYetValid);
        }
        claims.pass()
    }

    /// Returns what a token says that one of the keys signed.
    fn claims(&self, token: &str) -> Result<Claims, AuthError> {
        match read(token, self.keys.iter()) {
            Err(refusal @ (AuthError::WrongKey | AuthError::WrongAlgorithm)) => {
                self.published_claims(token, refusal)
            }
            read => read,
        }
    }

    /// The same for the published keys: those of the name that the token gives, and nameless ones.
    ///
    /// None of them signs as secrets do: the refusal stands then.
    fn published_claims(&self, token: &str, refusal: AuthError) -> Result<Claims, AuthError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::Malformed)?;
        let Some(published) = self.published.as_deref().filter(|_| is_public(header.alg)) else {
            return Err(refusal);
        };
        let published = published.keys().ok_or(AuthError::NoKeysYet)?;
        let may_fit =
            |id: &Option<String>| id.is_none() || header.kid.is_none() || *id == header.kid;
        let keys = published.iter().filter(|published| may_fit(&published.id));
        match read(token, keys.map(|published| &published.key)) {
            Err(AuthError::WrongKey | AuthError::WrongAlgorithm) => Err(AuthError::UnknownKey),
            read => read,
        }
    }

    /// Signs a token for a person; for the development mode, where there is no host application.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, user: &User, valid_for_s: u64) -> Result<String, AuthError> {
        let now = now_s();
        let claims = SignedClaims {
            sub: &user.id,
            name: user.name.as_deref(),
            picture: user.picture.as_deref(),
            iss: self.expected.issuer.as_deref(),
            aud: self.expected.audience.as_deref(),
            iat: now,
            exp: now.saturating_add(valid_for_s),
        };
        self.encode(&claims)
    }

    /// Signs a token of the host application's backend, for whoever operates the server.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign_service(&self, valid_for_s: u64) -> Result<String, AuthError> {
        let now = now_s();
        let claims = ServiceClaims {
            role: SERVICE_ROLE,
            iss: self.expected.issuer.as_deref(),
            aud: self.expected.audience.as_deref(),
            iat: now,
            exp: now.saturating_add(valid_for_s),
        };
        self.encode(&claims)
    }

    fn encode(&self, claims: &impl Serialize) -> Result<String, AuthError> {
        let key = self.signing.as_ref().ok_or(AuthError::WrongAlgorithm)?;
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, key)
            .map_err(|error| reason(error.kind()))
    }
}

/// Returns what a token says, if one of the keys signed it.
fn read<'a>(token: &str, keys: impl Iterator<Item = &'a Key>) -> Result<Claims, AuthError> {
    let mut refusal = AuthError::WrongAlgorithm;
    for key in keys {
        match jsonwebtoken::decode(token, &key.verifying, &key.validation) {
            Ok(token) => return Ok(token.claims),
            Err(error) => match reason(error.kind()) {
                AuthError::WrongAlgorithm => {}
                // Another key of the same kind may have signed it.
                AuthError::WrongKey => refusal = AuthError::WrongKey,
                wrong @ (AuthError::Missing
                | AuthError::Expired
                | AuthError::NotYetValid
                | AuthError::UnknownKey
                | AuthError::KeysAway
                | AuthError::KeysEarlier { .. }
                | AuthError::NoKeysYet
                | AuthError::WrongIssuer
                | AuthError::WrongAudience
                | AuthError::MissingClaim(_)
                | AuthError::Malformed) => return Err(wrong),
            },
        }
    }
    Err(refusal)
}

/// Tells whether a key that signs in this way has a public half, which may be published.
fn is_public(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA
    )
}

impl Claims {
    fn pass(self) -> Result<Pass, AuthError> {
        // A time beyond all calendars is as good as the last one: the cast saturates.
        let expires_at = Timestamp::from_ms((self.exp * 1_000.0) as u64);
        Ok(Pass {
            principal: self.principal()?,
            expires_at,
        })
    }

    fn principal(self) -> Result<Principal, AuthError> {
        if self.role.is_some_and(|role| role == SERVICE_ROLE) {
            return Ok(Principal::Service);
        }
        let id = self
            .sub
            .ok_or_else(|| AuthError::MissingClaim("sub".to_owned()))?;
        Ok(Principal::User(User {
            id,
            name: self.name,
            picture: self.picture,
        }))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds are the library's, which may add more"
)]
fn reason(kind: &ErrorKind) -> AuthError {
    match kind {
        ErrorKind::ExpiredSignature => AuthError::Expired,
        ErrorKind::InvalidSignature => AuthError::WrongKey,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => AuthError::WrongAlgorithm,
        ErrorKind::InvalidIssuer => AuthError::WrongIssuer,
        ErrorKind::InvalidAudience => AuthError::WrongAudience,
        ErrorKind::MissingRequiredClaim(claim) => AuthError::MissingClaim(claim.clone()),
        ErrorKind::ImmatureSignature => AuthError::NotYetValid,
        // Whatever else is wrong, the token does not read.
        _ => AuthError::Malformed,
    }
}

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::hmac;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a-secret-that-only-these-tests-know";

    const HS256: (&str, hmac::Algorithm) = ("HS256", hmac::HMAC_SHA256);
    const HS384: (&str, hmac::Algorithm) = ("HS384", hmac::HMAC_SHA384);

    fn token_with((name, hash): (&str, hmac::Algorithm), secret: &[u8], claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = [part(&json!({"alg": name, "typ": "JWT"})), part(claims)].join(".");
        let signature = hmac::sign(&hmac::Key::new(hash, secret), text.as_bytes());
        [text, URL_SAFE_NO_PAD.encode(signature)].join(".")
    }

    fn token(claims: &Value) -> String {
        token_with(HS256, SECRET, claims)
    }

    fn verify(token: &str) -> Result<Principal, AuthError> {
        let pass = Auth::hs256(SECRET).verify(token);
        pass.map(|pass| pass.principal)
    }

    fn soon() -> u64 {
        now_s() + 60
    }

    #[test]
    fn a_good_token_names_the_person() {
        let claims =
            json!({"sub": "ann", "name": "Ann", "picture": "https://a/p.png", "exp": soon()});
        assert_eq!(
            verify(&token(&claims)),
            Ok(Principal::User(User {
                id: UserId::new("ann").unwrap(),
                name: Some("Ann".into()),
                picture: Some("https://a/p.png".into()),
            }))
        );
    }

    #[test]
    fn a_token_that_this_server_signed_verifies() {
        let auth = Auth::hs256(SECRET);
        let user = User {
            id: UserId::new("ann").unwrap(),
            name: None,
            picture: None,
        };
        let token = auth.sign(&user, 60).unwrap();
        assert_eq!(
            auth.verify(&token).unwrap().principal,
            Principal::User(user)
        );
    }

    #[test]
    fn the_role_service_is_the_host_application_and_other_roles_are_people() {
        let with_role = |role: Value| json!({"sub": "x", "role": role, "exp": soon()});
        assert_eq!(
            verify(&token(&with_role(json!("service")))),
            Ok(Principal::Service)
        );
        for role in [json!("admin"), json!(["service"]), json!(null), json!(7)] {
            let principal = verify(&token(&with_role(role))).unwrap();
            assert!(matches!(principal, Principal::User(_)));
        }
    }

    #[test]
    fn what_is_wrong_with_a_token_is_said() {
        let good = json!({"sub": "ann", "exp": soon()});
        let table = [
            (
                token(&json!({"sub": "ann", "exp": now_s()})),
                AuthError::Expired,
            ),
            (
                token(&json!({"sub": "ann", "exp": now_s() - 1})),
                AuthError::Expired,
            ),
            (
                token(&json!({"sub": "ann"})),
                AuthError::MissingClaim("exp".into()),
            ),
            (
                token(&json!({"exp": soon()})),
                AuthError::MissingClaim("sub".into()),
            ),
            (
                token(&json!({"sub": 5, "exp": soon()})),
                AuthError::Malformed,
            ),
            (
                token(&json!({"sub": "", "exp": soon()})),
                AuthError::Malformed,
            ),
            (
                token(&json!({"sub": "ann", "exp": soon(), "nbf": now_s() + 3600})),
                AuthError::NotYetValid,
            ),
            (
                token_with(HS256, b"another secret", &good),
                AuthError::WrongKey,
            ),
            (token_with(HS384, SECRET, &good), AuthError::WrongAlgorithm),
            (String::new(), AuthError::Malformed),
            ("a.b.c".into(), AuthError::Malformed),
            ("x".repeat(MAX_TOKEN_BYTES + 1), AuthError::Malformed),
        ];
        for (token, error) in table {
            assert_eq!(verify(&token), Err(error), "{token}");
        }
    }

    #[test]
    fn a_token_that_claims_to_need_no_signature_is_refused() {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"alg": "none", "typ": "JWT"}));
        let claims = part(json!({"sub": "ann", "exp": soon()}));
        let error = verify(&format!("{header}.{claims}.")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unauthenticated);
    }

    #[test]
    fn only_an_expired_token_may_be_tried_again() {
        assert_eq!(AuthError::Expired.code(), ErrorCode::TokenExpired);
        assert!(AuthError::Expired.code().retryable());
        assert!(!AuthError::WrongKey.code().retryable());
    }
}
