//! The key that tokens are signed with.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{ConfigError, Mode, sqlite_file};
use crate::auth::MIN_SECRET_BYTES;

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

/// Takes the secret that was set, or, in development, one that outlives a restart.
pub(super) fn find(set: Option<&str>, mode: Mode, database: &str) -> Result<Secret, ConfigError> {
    match (set, mode) {
        (Some(secret), _) => check(secret),
        (None, Mode::Dev) => development(database),
        (None, Mode::Production) => Err(ConfigError::new(
            "JWT_SECRET",
            "it is not set, so no token could be verified",
            "Set it to the secret that your application signs tokens with (`openssl rand -base64 48` \
             makes one), or start with --dev to try things out on this machine.",
        )),
    }
}

fn check(secret: &str) -> Result<Secret, ConfigError> {
    if secret.len() >= MIN_SECRET_BYTES {
        return Ok(Secret(secret.as_bytes().to_vec()));
    }
    Err(ConfigError::new(
        "JWT_SECRET",
        format!(
            "it has {} bytes, and HS256 needs at least {MIN_SECRET_BYTES}",
            secret.len()
        ),
        "Make a longer one: `openssl rand -base64 48`.",
    ))
}

/// Tokens of a development server stay valid over a restart: the pages that hold them come back.
fn development(database: &str) -> Result<Secret, ConfigError> {
    let Some(file) = sqlite_file(database) else {
        return random().map(Secret);
    };
    let file = beside(file);
    match fs::read(&file) {
        Ok(secret) if secret.len() >= MIN_SECRET_BYTES => Ok(Secret(secret)),
        Ok(_) | Err(_) => renew(&file),
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
