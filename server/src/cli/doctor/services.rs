//! What this server talks to: database, Redis, and how right its clock is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::net::UdpSocket;

use crate::config::{Config, sqlite_file};
#[cfg(feature = "http")]
use crate::outside::Outside;
use crate::store::{self, Inspection, Migration, StoreError};

use super::findings::Finding;

const PATIENCE: Duration = Duration::from_secs(10);
/// Tokens and TURN credentials are made and checked on different machines.
const MOST_DRIFT: Duration = Duration::from_secs(5);
/// Seconds from 1900, where NTP begins, to 1970.
const NTP_EPOCH_S: u64 = 2_208_988_800;

/// Looks at the database and changes nothing: whether and when it is migrated is the operator's.
pub(super) async fn database(url: &str) -> Finding {
    let started = Instant::now();
    match tokio::time::timeout(PATIENCE, store::inspect(url)).await {
        Ok(Ok(inspection)) => schema(inspection, started.elapsed()),
        Ok(Err(error @ StoreError::DiskFull)) => Finding::fail(
            "database",
            error.to_string(),
            "Make room on it: no call can be stored.",
        ),
        Ok(Err(error)) => Finding::fail("database", error.to_string(), remedy_for(url)),
        Err(_) => Finding::fail(
            "database",
            format!("it does not answer within {} s", PATIENCE.as_secs()),
            remedy_for(url),
        ),
    }
}

fn schema(inspection: Inspection, took: Duration) -> Finding {
    let answers = format!("it answers ({} ms)", took.as_millis());
    let detail = match inspection {
        Inspection::Absent => "it is not there yet".to_owned(),
        Inspection::Answers(Migration { found, current }) if found == current => {
            return Finding::ok("database", format!("{answers}, and its schema is current"));
        }
        Inspection::Answers(Migration { found: 0, .. }) => format!("{answers}, and is empty"),
        Inspection::Answers(Migration { found, current }) => match current - found {
            1 => format!("{answers}; the schema is 1 migration behind"),
            behind => format!("{answers}; the schema is {behind} migrations behind"),
        },
    };
    Finding::warn(
        "database",
        detail,
        "Run `ringback-server migrate`; a server that starts does the same.",
    )
}

fn remedy_for(url: &str) -> String {
    match sqlite_file(url) {
        Some(file) => format!("See that this user may write to {}.", file.display()),
        None => "See that DATABASE_URL is right, and that this machine reaches it.".to_owned(),
    }
}

#[cfg(feature = "redis")]
pub(super) async fn redis(config: &Config) -> Option<Finding> {
    let settings = config.redis.as_ref()?;
    let started = Instant::now();
    Some(match ask_redis(&settings.url, redis::cmd("PING")).await {
        Ok(_) => keepalive(&settings.url, started.elapsed()).await,
        Err(problem) => Finding::fail(
            "Redis",
            problem,
            "See that REDIS_URL is right, and that this machine reaches it.",
        ),
    })
}

/// A machine that vanished counts as connected for as long as Redis does not notice.
#[cfg(feature = "redis")]
async fn keepalive(url: &str, took: Duration) -> Finding {
    const LONGEST_S: u64 = 60;
    let mut ask = redis::cmd("CONFIG");
    ask.arg("GET").arg("tcp-keepalive");
    let answers = format!("it answers ({} ms)", took.as_millis());
    let value = ask_redis(url, ask).await.ok();
    let pair: Option<Vec<String>> = value.and_then(|value| redis::from_redis_value(value).ok());
    match pair.and_then(|pair| pair.get(1)?.parse::<u64>().ok()) {
        Some(seconds) if seconds == 0 || seconds > LONGEST_S => Finding::warn(
            "Redis",
            format!("{answers}; it takes minutes to notice that a node vanished"),
            "Set `tcp-keepalive 10` in redis.conf.",
        ),
        // A managed Redis does not tell.
        Some(_) | None => Finding::ok("Redis", answers),
    }
}

#[cfg(feature = "redis")]
async fn ask_redis(url: &str, command: redis::Cmd) -> Result<redis::Value, String> {
    let asked = async {
        let client = crate::cluster::client(url)?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        command.query_async(&mut connection).await
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(|error: redis::RedisError| error.to_string()),
        Err(_) => Err(format!(
            "it does not answer within {} s",
            PATIENCE.as_secs()
        )),
    }
}

#[cfg(not(feature = "redis"))]
pub(super) async fn redis(_config: &Config) -> Option<Finding> {
    None
}

/// Fetches the keys that whoever signs tokens publishes.
#[cfg(feature = "http")]
pub(super) async fn published_keys(config: &Config) -> Option<Finding> {
    config.jwks.as_ref()?;
    Some(match count_published(config).await {
        Ok(1) => Finding::ok("JWKS_URL", "it gave 1 key"),
        Ok(count) => Finding::ok("JWKS_URL", format!("it gave {count} keys")),
        Err(problem) => Finding::fail(
            "JWKS_URL",
            format!("it gave no keys: {problem}"),
            "See that it is where your identity provider publishes its keys, and that this machine reaches it: a server that starts without them lets nobody in whose token they sign.",
        ),
    })
}

#[cfg(feature = "http")]
async fn count_published(config: &Config) -> Result<usize, String> {
    let outside = Outside::new(config).map_err(|error| error.to_string())?;
    let keys = outside.key_set(config).ok_or("nothing asks for it")?;
    keys.count().await
}

// The configuration is refused when it asks for what was not built.
#[cfg(not(feature = "http"))]
pub(super) async fn published_keys(_config: &Config) -> Option<Finding> {
    None
}

/// Compares this machine's clock with another one.
///
/// Only what the operator named is asked. Redis tells nothing where it runs on this very machine.
pub(super) async fn clock(config: &Config, ntp: Option<&str>) -> Finding {
    let (whom, time) = match ntp {
        Some(host) => (host.to_owned(), ntp_time(host).await),
        None => match redis_time(config).await {
            Some(time) => ("Redis".to_owned(), time),
            None => {
                return Finding::skipped(
                    "clock",
                    "give a time server to compare it with: --ntp pool.ntp.org",
                );
            }
        },
    };
    match time {
        Ok(ahead) if ahead > MOST_DRIFT => Finding::fail(
            "clock",
            format!(
                "it differs from that of {whom} by {:.1} s",
                ahead.as_secs_f64()
            ),
            "Run a time service (chrony, systemd-timesyncd): tokens and TURN credentials expire by the clock.",
        ),
        Ok(ahead) => Finding::ok(
            "clock",
            format!(
                "it differs from that of {whom} by {:.2} s",
                ahead.as_secs_f64()
            ),
        ),
        Err(problem) => Finding::warn(
            "clock",
            format!("{whom} did not tell the time: {problem}"),
            "Name another one with --ntp.",
        ),
    }
}

fn drift(other: Duration) -> Duration {
    let own = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    own.abs_diff(other)
}

#[cfg(feature = "redis")]
async fn redis_time(config: &Config) -> Option<Result<Duration, String>> {
    let settings = config.redis.as_ref()?;
    let answer = ask_redis(&settings.url, redis::cmd("TIME")).await;
    Some(answer.and_then(|value| {
        let (seconds, micros): (u64, u64) =
            redis::from_redis_value(value).map_err(|error| error.to_string())?;
        Ok(drift(
            Duration::from_secs(seconds) + Duration::from_micros(micros),
        ))
    }))
}

#[cfg(not(feature = "redis"))]
async fn redis_time(_config: &Config) -> Option<Result<Duration, String>> {
    None
}

/// Asks a time server, as in RFC 5905 without its filters: a round trip is far below what matters here.
async fn ntp_time(host: &str) -> Result<Duration, String> {
    const CLIENT_OF_VERSION_4: u8 = 0x23;
    let target = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:123")
    };
    let asked = async {
        let socket = UdpSocket::bind("0.0.0.0:0").await?;
        socket.connect(target).await?;
        let mut packet = [0; 48];
        packet[0] = CLIENT_OF_VERSION_4;
        socket.send(&packet).await?;
        socket.recv(&mut packet).await?;
        Ok(packet)
    };
    let packet = match tokio::time::timeout(PATIENCE / 3, asked).await {
        Ok(answer) => answer.map_err(|error: std::io::Error| error.to_string())?,
        Err(_) => return Err("there is no answer".to_owned()),
    };
    let word = |at: usize| {
        let bytes = [packet[at], packet[at + 1], packet[at + 2], packet[at + 3]];
        u64::from(u32::from_be_bytes(bytes))
    };
    // The time at which the answer left: seconds, and parts of 2^32 of one.
    let (seconds, fraction) = (word(40), word(44));
    let since_1970 = seconds
        .checked_sub(NTP_EPOCH_S)
        .ok_or("it does not know the time")?;
    let nanos = (fraction * 1_000_000_000) >> 32;
    Ok(drift(
        Duration::from_secs(since_1970) + Duration::from_nanos(nanos),
    ))
}
