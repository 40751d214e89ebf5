//! What an operator sets: flags, environment, `.env.local`, `.env`, in this order.

mod admission;
mod dotenv;
mod flags;
mod host;
mod logs;
mod nodes;
mod reference;
mod relay;
mod secret;
mod unknown;
mod variables;

use std::fs;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::Uri;

pub use self::dotenv::load as load_env_files;
pub use self::flags::{Flags, parse_age};
pub use self::host::{HookSettings, HostSettings, SigningSecret, Unanswered, WebhookSettings};
pub use self::logs::LogFormat;
pub use self::nodes::RedisSettings;
pub use self::reference::{reference, with_headings};
pub use self::relay::Relay;
pub use self::secret::Secret;
pub use self::unknown::unknown_keys;
pub(crate) use self::variables::{naming_the_variable, without_empty_variables};
use crate::admission::{AdmissionSettings, UserLimits};
use crate::auth::{Auth, Expected, PublicKey};
use crate::calls::CallSettings;
use crate::ice::{IceServers, Turn, TurnAccess};

/// Where the database is unless an operator says otherwise.
pub const DEFAULT_DATABASE: &str = "sqlite://data/ringback.db";

/// Everything that the server needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// Development or production.
    pub mode: Mode,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where else to answer metrics and health.
    pub watch_listen: Option<SocketAddr>,
    /// The address of the database.
    pub database: String,
    /// How long calls are kept after their end; none for ever.
    pub retain_calls: Option<Duration>,
    /// Where the nodes meet; none when there is only this one.
    pub redis: Option<RedisSettings>,
    /// The HS256 keys of the tokens, the current one first; none where public keys verify them.
    pub secrets: Vec<Secret>,
    /// The public keys of the tokens.
    pub public_keys: Vec<PublicKey>,
    /// Where more public keys of the tokens are published.
    pub jwks: Option<Uri>,
    /// What a token must say.
    pub expected: Expected,
    /// Rules of calls.
    pub calls: CallSettings,
    /// How much one user may have and ask.
    pub user_limits: UserLimits,
    /// What the host application wants to be asked and told.
    pub host: HostSettings,
    /// STUN and TURN.
    pub ice: IceServers,
    /// The relay of this process.
    pub relay: Option<Relay>,
    /// The folder served at `/`.
    pub www: Option<PathBuf>,
    /// The folder of the built npm package, served at `/ringback/`.
    pub package: Option<PathBuf>,
    /// Who may begin to talk to the signaling edge.
    pub admission: AdmissionSettings,
}

/// Development or production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Anyone who reaches the server gets a token; therefore loopback only.
    Dev,
    /// The host application signs the tokens.
    Production,
}

/// What becomes of files and folders that are not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// They are made.
    Make,
    /// Nothing is made: somebody only looks.
    Leave,
}

/// A setting that the server cannot start with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}.\n  {remedy}")]
pub struct ConfigError {
    /// The variable or flag.
    pub key: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The command line does not parse, or asks for help or the version.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    /// A setting is wrong.
    #[error(transparent)]
    Setting(#[from] ConfigError),
}

impl ConfigError {
    /// A setting asks for what this build was made without.
    #[cfg(not(feature = "otlp"))]
    pub(crate) fn not_built_in(key: &'static str, feature: &str) -> Self {
        let remedy = format!(
            "Build it with `cargo build --release -p ringback-server --features {feature}`, or leave it out."
        );
        Self::new(key, "this build was made without it", remedy)
    }

    pub(crate) fn new(
        key: &'static str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            key,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

impl Config {
    /// Checks the flags and fills in what they leave open. Makes the folder of the database.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn from_flags(flags: Flags) -> Result<Self, ConfigError> {
        let config = Self::read(flags, Missing::Make)?;
        make_folder_of(&config.database)?;
        Ok(config)
    }

    /// The same for somebody who only looks: nothing is made.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn examined(flags: Flags) -> Result<Self, ConfigError> {
        Self::read(flags, Missing::Leave)
    }

    fn read(flags: Flags, missing: Missing) -> Result<Self, ConfigError> {
        let mode = if flags.dev {
            Mode::Dev
        } else {
            Mode::Production
        };
        let listen = listen(&flags.listen, mode)?;
        let database = database_url(&flags);
        let public_keys = secret::public_keys(flags.jwt_public_key.as_deref())?;
        let jwks = host::published_keys(flags.jwks_url.as_deref())?;
        let has_public_key = !public_keys.is_empty() || jwks.is_some();
        let secrets = secret::find(&flags, mode, &database, has_public_key, missing)?;
        let redis = nodes::redis(&flags, &database)?;
        let relay = relay::relay(&flags)?;
        let host = HostSettings::from_flags(&flags)?;
        let admission = admission::settings(&flags, mode)?;
        Ok(Self {
            mode,
            listen,
            redis,
            retain_calls: flags.retain_calls,
            watch_listen: watch_listen(flags.metrics_listen.as_deref())?,
            secrets,
            public_keys,
            jwks,
            expected: Expected {
                issuer: flags.jwt_issuer.clone(),
                audience: flags.jwt_audience.clone(),
            },
            calls: CallSettings {
                notices: host.notices(),
                ..call_settings(&flags)
            },
            host,
            user_limits: admission::user_limits(&flags),
            ice: match &relay {
                Some(relay) => relay::with_relay(ice_servers(&flags)?, relay, &flags),
                None => ice_servers(&flags)?,
            },
            relay,
            www: folder("--www (RINGBACK_WWW)", flags.www, "www")?,
            package: folder("--package (RINGBACK_PACKAGE)", flags.package, "dist")?,
            admission,
            database,
        })
    }
}

/// Returns the address of the database, and makes the folder of its file.
///
/// # Errors
/// When the folder cannot be made.
pub fn database(flags: &Flags) -> Result<String, ConfigError> {
    let database = database_url(flags);
    make_folder_of(&database)?;
    Ok(database)
}

/// Returns what verifies and signs tokens under these settings.
///
/// # Errors
/// When a key is missing or wrong.
pub fn auth(flags: &Flags) -> Result<Auth, ConfigError> {
    let mode = if flags.dev {
        Mode::Dev
    } else {
        Mode::Production
    };
    let public_keys = secret::public_keys(flags.jwt_public_key.as_deref())?;
    let database = database(flags)?;
    let has_public_key = !public_keys.is_empty();
    let secrets = secret::find(flags, mode, &database, has_public_key, Missing::Make)?;
    let secrets: Vec<_> = secrets.iter().map(Secret::as_bytes).collect();
    let expected = Expected {
        issuer: flags.jwt_issuer.clone(),
        audience: flags.jwt_audience.clone(),
    };
    Ok(Auth::new(&secrets, public_keys, expected))
}

/// Returns the address of a database that has to be there already.
///
/// # Errors
/// When it is a file that is not there: a mistyped name is not to end in an empty database.
pub fn existing_database(flags: &Flags) -> Result<String, ConfigError> {
    let database = database_url(flags);
    match sqlite_file(&database) {
        Some(file) if !file.exists() => Err(ConfigError::new(
            "--database (DATABASE_URL)",
            format!("there is no file {}", file.display()),
            "Name the database of the server, as sqlite://path/to/file.db.",
        )),
        Some(_) | None => Ok(database),
    }
}

fn database_url(flags: &Flags) -> String {
    let set = flags.database.clone();
    set.unwrap_or_else(|| DEFAULT_DATABASE.to_owned())
}

fn watch_listen(text: Option<&str>) -> Result<Option<SocketAddr>, ConfigError> {
    let key = "--metrics-listen (RINGBACK_METRICS_LISTEN)";
    text.map(|text| resolve(key, text)).transpose()
}

fn resolve(key: &'static str, text: &str) -> Result<SocketAddr, ConfigError> {
    let addresses = text.to_socket_addrs().map_err(|_| {
        ConfigError::new(
            key,
            format!("{text:?} is not an address"),
            "Give a host and a port: 127.0.0.1:3000, or 0.0.0.0:3000 for all interfaces.",
        )
    })?;
    addresses.into_iter().next().ok_or_else(|| {
        ConfigError::new(
            key,
            format!("{text:?} has no address"),
            "Give a host that resolves, and a port.",
        )
    })
}

fn listen(text: &str, mode: Mode) -> Result<SocketAddr, ConfigError> {
    let address = resolve("--listen (RINGBACK_LISTEN)", text)?;
    if mode == Mode::Dev && !address.ip().is_loopback() {
        return Err(ConfigError::new(
            "--listen (RINGBACK_LISTEN)",
            format!(
                "--dev hands a token to everyone who asks, so it binds loopback only, not {address}"
            ),
            "Listen on 127.0.0.1, or leave out --dev and set JWT_SECRET.",
        ));
    }
    Ok(address)
}

fn call_settings(flags: &Flags) -> CallSettings {
    CallSettings {
        ring_timeout: Duration::from_millis(flags.ring_timeout_ms),
        reconnect_grace: Duration::from_millis(flags.reconnect_grace_ms),
        max_voice_participants: flags.max_voice_participants,
        max_video_participants: flags.max_video_participants,
        call_waiting: flags.call_waiting,
        ..CallSettings::default()
    }
}

fn ice_servers(flags: &Flags) -> Result<IceServers, ConfigError> {
    let stun = list(flags.stun_server.as_deref());
    check_scheme("STUN_SERVER", &stun, &["stun:", "stuns:"])?;
    Ok(IceServers {
        stun,
        turn: turn(flags)?,
    })
}

fn turn(flags: &Flags) -> Result<Option<Turn>, ConfigError> {
    let urls = list(flags.turn_server.as_deref());
    if urls.is_empty() {
        return Ok(None);
    }
    check_scheme("TURN_SERVER", &urls, &["turn:", "turns:"])?;
    let named = (flags.turn_username.clone(), flags.turn_credential.clone());
    let access = match (flags.turn_secret.clone(), named) {
        (Some(secret), (None, None)) => TurnAccess::Minted {
            secret,
            lasts: Duration::from_secs(flags.turn_ttl_s),
        },
        (None, (Some(username), Some(credential))) => TurnAccess::Shared {
            username,
            credential,
        },
        (None, (None, None)) => {
            return Err(ConfigError::new(
                "TURN_SERVER",
                "browsers refuse a TURN server without credentials",
                "Set TURN_USERNAME and TURN_CREDENTIAL, or TURN_SECRET (coturn's static-auth-secret).",
            ));
        }
        (Some(_), _) => {
            return Err(ConfigError::new(
                "TURN_SECRET",
                "it is set beside TURN_USERNAME or TURN_CREDENTIAL",
                "Set TURN_SECRET for credentials that are minted, or the other two for fixed ones.",
            ));
        }
        (None, _) => {
            return Err(ConfigError::new(
                "TURN_CREDENTIAL",
                "of TURN_USERNAME and TURN_CREDENTIAL only one is set",
                "Set both, or TURN_SECRET instead.",
            ));
        }
    };
    Ok(Some(Turn { urls, access }))
}

fn list(text: Option<&str>) -> Vec<String> {
    let items = text.into_iter().flat_map(|text| text.split(','));
    let items = items.map(str::trim).filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

fn check_scheme(key: &'static str, urls: &[String], schemes: &[&str]) -> Result<(), ConfigError> {
    let has_scheme = |url: &&String| !schemes.iter().any(|scheme| url.starts_with(scheme));
    match urls.iter().find(has_scheme) {
        None => Ok(()),
        Some(url) => Err(ConfigError::new(
            key,
            format!("{url:?} is not an address of that kind"),
            format!(
                "Write {}host:3478; several are separated by commas.",
                schemes[0]
            ),
        )),
    }
}

/// Takes the folder that was asked for, which has to exist, or the usual one, if it does.
fn folder(
    key: &'static str,
    asked: Option<PathBuf>,
    usual: &str,
) -> Result<Option<PathBuf>, ConfigError> {
    match asked {
        Some(path) if path.is_dir() => Ok(Some(path)),
        Some(path) => Err(ConfigError::new(
            key,
            format!("{} is not a folder", path.display()),
            "Name a folder that exists, or leave it out.",
        )),
        None => Ok(Some(PathBuf::from(usual)).filter(|path| path.is_dir())),
    }
}

/// Returns the file of a SQLite address; none when it is in memory, or no SQLite at all.
pub(crate) fn sqlite_file(database: &str) -> Option<&Path> {
    let rest = database.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let path = rest.split('?').next().unwrap_or(rest);
    let in_memory = path.is_empty() || path.contains(":memory:");
    (!in_memory).then(|| Path::new(path))
}

fn make_folder_of(database: &str) -> Result<(), ConfigError> {
    let folder = sqlite_file(database).and_then(Path::parent);
    let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(|error| {
        ConfigError::new(
            "--database (DATABASE_URL)",
            format!("the folder {} cannot be made: {error}", folder.display()),
            "Name a file in a folder that this user may write to.",
        )
    })
}

#[cfg(test)]
mod tests;
