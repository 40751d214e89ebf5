//! The keys that tokens are signed with.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{ConfigError, Flags, Missing, Mode, sqlite_file};
use crate::auth::{MIN_SECRET_BYTES, PublicKey};

/// The file, beside the database, that a development server keeps its secret in.
const DEV_SECRET_FILE: &str = "dev-secret";

/// An HS256 key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Returns the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Takes the secrets that were set, the current one first, or, in development, one that outlives a
/// restart. In production a public key may stand in for all of them.
pub(super) fn find(
    flags: &Flags,
    mode: Mode,
    database: &str,
    has_public_key: bool,
    missing: Missing,
) -> Result<Vec<Secret>, ConfigError> {
    let current = match (flags.jwt_secret.as_deref(), mode) {
        (Some(secret), _) => Some(check("JWT_SECRET", secret)?),
        (None, Mode::Dev) => Some(development(database, missing)?),
        (None, Mode::Production) if has_public_key => None,
        (None, Mode::Production) => {
            return Err(ConfigError::new(
                "JWT_SECRET",
                "it is not set, so no token could be verified",
                "Set it to the secret that your application signs tokens with (`openssl rand -base64 48` \
                 makes one), or JWT_PUBLIC_KEY or JWKS_URL, or start with --dev to try things out on this machine.",
            ));
        }
    };
    let previous = flags.jwt_secret_previous.as_deref();
    let previous = previous.map(|secret| check("JWT_SECRET_PREVIOUS", secret));
    Ok(current.into_iter().chain(previous.transpose()?).collect())
}

fn check(key: &'static str, secret: &str) -> Result<Secret, ConfigError> {
    if secret.len() >= MIN_SECRET_BYTES {
        return Ok(Secret(secret.as_bytes().to_vec()));
    }
    Err(ConfigError::new(
        key,
        format!(
            "it has {} bytes, and HS256 needs at least {MIN_SECRET_BYTES}",
            secret.len()
        ),
        "Make a longer one: `openssl rand -base64 48`.",
    ))
}

/// Reads the public keys that were set: the PEM itself, or the file that holds it.
pub(super) fn public_keys(set: Option<&str>) -> Result<Vec<PublicKey>, ConfigError> {
    let Some(set) = set else {
        return Ok(Vec::new());
    };
    let refusal = |problem: String| {
        ConfigError::new(
            "JWT_PUBLIC_KEY",
            problem,
            "Give public keys as PEM (-----BEGIN PUBLIC KEY-----), or a file that holds them: RSA of at \
             least 2,048 bits for RS256, P-256 for ES256, Ed25519 for EdDSA.",
        )
    };
    let pem = if set.contains("-----BEGIN ") {
        set.to_owned()
    } else {
        fs::read_to_string(set)
            .map_err(|error| refusal(format!("{set} cannot be read: {error}")))?
    };
    PublicKey::parse_all(&pem).ok_or_else(|| {
        refusal("it holds something else than public keys of these kinds".to_owned())
    })
}

/// Tokens of a development server stay valid over a restart: the pages that hold them come back.
fn development(database: &str, missing: Missing) -> Result<Secret, ConfigError> {
    let Some(file) = sqlite_file(database) else {
        return random().map(Secret);
    };
    let file = beside(file);
    match fs::read(&file) {
        Ok(secret) if secret.len() >= MIN_SECRET_BYTES => Ok(Secret(secret)),
        Ok(_) | Err(_) => match missing {
            Missing::Make => renew(&file),
            Missing::Leave => random().map(Secret),
        },
    }
}

fn beside(database: &Path) -> PathBuf {
    database.with_file_name(DEV_SECRET_FILE)
}

fn renew(file: &Path) -> Result<Secret, ConfigError> {
    let secret = random()?;
    write(file, &secret).map_err(|error| {
        ConfigError::new(
            "JWT_SECRET",
            format!("{} cannot be written: {error}", file.display()),
            "Set JWT_SECRET, or put the database in a folder that this user may write to.",
        )
    })?;
    Ok(Secret(secret))
}

fn write(file: &Path, secret: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(secret)
}

fn random() -> Result<Vec<u8>, ConfigError> {
    let mut bytes = [0; 48];
    getrandom::fill(&mut bytes).map_err(|error| {
        ConfigError::new(
            "JWT_SECRET",
            format!("this system gave no randomness for one: {error}"),
            "Set JWT_SECRET.",
        )
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into_bytes())
}
