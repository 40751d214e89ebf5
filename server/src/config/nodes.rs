//! What makes this process one of several nodes.

use super::{ConfigError, Flags, sqlite_file};

const KEY: &str = "--redis (REDIS_URL)";

/// Where Redis is, and what this deployment's channels begin with.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// `redis://` or `rediss://`, with user name and password where it has them.
    pub url: String,
    /// What tells two deployments on one Redis apart.
    pub prefix: String,
}

impl std::fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may hold a password.
        f.debug_struct("RedisSettings")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Returns where Redis is; none when this is the only node.
pub(super) fn redis(flags: &Flags, database: &str) -> Result<Option<RedisSettings>, ConfigError> {
    let Some(url) = flags.redis.clone() else {
        return Ok(None);
    };
    if database.starts_with("sqlite:") {
        let file = sqlite_file(database).map_or("memory".into(), |file| file.to_string_lossy());
        return Err(ConfigError::new(
            KEY,
            format!(
                "several nodes share their calls, and SQLite ({file}) belongs to one process alone"
            ),
            "Set DATABASE_URL to a PostgreSQL or MongoDB database that all nodes use; a single node needs no REDIS_URL.",
        ));
    }
    check(&url)?;
    Ok(Some(RedisSettings {
        url,
        prefix: flags.redis_prefix.clone(),
    }))
}

#[cfg(feature = "redis")]
fn check(url: &str) -> Result<(), ConfigError> {
    crate::cluster::client(url).map(drop).map_err(|error| {
        ConfigError::new(
            KEY,
            format!("it is not the address of a Redis: {error}"),
            "Write redis://:password@host:6379, or rediss:// for TLS.",
        )
    })
}

#[cfg(not(feature = "redis"))]
fn check(_url: &str) -> Result<(), ConfigError> {
    Err(ConfigError::new(
        KEY,
        "this build has no Redis",
        "Build it with `cargo build --release -p ringback-server --features redis,postgres`, or leave REDIS_URL out.",
    ))
}
