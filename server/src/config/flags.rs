//! The command line, each flag with its environment variable.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use ringback_protocol::limits;

use super::{LogFormat, Unanswered};
use crate::admission::ForwardedBy;
use crate::store::outbox::LONGEST_KEEP_MS;

/// The settings, each with its flag and its environment variable.
// A parser too, so that tests can read settings alone.
#[derive(Debug, Clone, Parser)]
#[command(name = "ringback-server")]
pub struct Flags {
    /// Development: listens on this machine only and hands a token to everyone who asks
    #[arg(long, env = "RINGBACK_DEV", value_parser = switch)]
    pub dev: bool,

    /// Where to listen
    #[arg(
        long,
        env = "RINGBACK_LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:3000"
    )]
    pub listen: String,

    /// Where else to answer /metrics, /healthz and /readyz, without a token: keep it private
    #[arg(long, env = "RINGBACK_METRICS_LISTEN", value_name = "HOST:PORT")]
    pub metrics_listen: Option<String>,

    /// Where calls are stored [default: sqlite://data/ringback.db]
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    pub database: Option<String>,

    /// How long calls are kept after their end, as 90d or 1y [default: for ever]
    #[arg(long, env = "RETAIN_CALLS", value_name = "TIME", value_parser = parse_age)]
    pub retain_calls: Option<Duration>,

    /// Where several nodes meet, as redis://:password@host:6379; a single node needs none
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub redis: Option<String>,

    /// What the names of channels and keys in Redis begin with: one for each deployment
    #[arg(
        long,
        env = "REDIS_PREFIX",
        value_name = "TEXT",
        default_value = "ringback"
    )]
    pub redis_prefix: String,

    /// The secret that the host application signs tokens with (HS256), at least 32 bytes
    #[arg(
        long,
        env = "JWT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub jwt_secret: Option<String>,

    /// The secret before this one: its tokens are still taken while you change over
    #[arg(
        long,
        env = "JWT_SECRET_PREVIOUS",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub jwt_secret_previous: Option<String>,

    /// Public keys of whoever signs tokens (RS256, ES256, EdDSA): PEM, or a file that holds it
    #[arg(long, env = "JWT_PUBLIC_KEY", value_name = "PEM|FILE")]
    pub jwt_public_key: Option<String>,

    /// Where whoever signs tokens publishes the public keys, as a JSON Web Key Set; JWT_SECRET and JWT_PUBLIC_KEY count beside it
    #[arg(long, env = "JWKS_URL", value_name = "URL")]
    pub jwks_url: Option<String>,

    /// The issuer that a token must name (iss)
    #[arg(long, env = "JWT_ISSUER", value_name = "ISSUER")]
    pub jwt_issuer: Option<String>,

    /// The audience that a token must be for (aud)
    #[arg(long, env = "JWT_AUDIENCE", value_name = "AUDIENCE")]
    pub jwt_audience: Option<String>,

    /// How long a call rings, in milliseconds
    #[arg(
        long,
        alias = "ring-timeout",
        env = "RING_TIMEOUT_MS",
        value_name = "MS",
        default_value_t = limits::RING_TIMEOUT_MS,
        value_parser = clap::value_parser!(u64).range(1..=86_400_000)
    )]
    pub ring_timeout_ms: u64,

    /// How long a device that dropped out of a call may take to come back, in milliseconds
    #[arg(
        long,
        alias = "reconnect-grace",
        env = "RECONNECT_GRACE_MS",
        value_name = "MS",
        default_value_t = limits::RECONNECT_GRACE_MS,
        value_parser = clap::value_parser!(u64).range(1..=86_400_000)
    )]
    pub reconnect_grace_ms: u64,

    /// The most people in a voice call
    #[arg(
        long,
        env = "MAX_VOICE_PARTICIPANTS",
        value_name = "COUNT",
        default_value_t = limits::VOICE_PARTICIPANTS,
        value_parser = at_least_two
    )]
    pub max_voice_participants: usize,

    /// The most people in a video call
    #[arg(
        long,
        env = "MAX_VIDEO_PARTICIPANTS",
        value_name = "COUNT",
        default_value_t = limits::VIDEO_PARTICIPANTS,
        value_parser = at_least_two
    )]
    pub max_video_participants: usize,

    /// The most sockets that one user has at once; one more is turned away
    #[arg(
        long,
        env = "MAX_SOCKETS_PER_USER",
        value_name = "COUNT",
        default_value_t = limits::SOCKETS_PER_USER,
        value_parser = at_least_one
    )]
    pub max_sockets_per_user: usize,

    /// How many calls a minute one user may place, or invite others into
    #[arg(
        long,
        env = "CALLS_PER_MINUTE",
        value_name = "COUNT",
        default_value_t = limits::CALLS_PER_MINUTE,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub calls_per_minute: u32,

    /// How many REST requests a second one user may make in the long run, five times as many at once
    #[arg(
        long,
        env = "REQUESTS_PER_SECOND",
        value_name = "COUNT",
        default_value_t = limits::REQUESTS_PER_SECOND,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub requests_per_second: u32,

    /// Lets a call ring for someone who is in another call, instead of telling the caller "busy"
    #[arg(long, env = "CALL_WAITING", value_parser = switch)]
    pub call_waiting: bool,

    /// Where your application is asked whether somebody may call, answer, join or invite
    #[arg(
        long,
        env = "CALL_HOOK_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub call_hook_url: Option<String>,

    /// The secret that these questions are signed with (Standard Webhooks), as whsec_...
    #[arg(
        long,
        env = "CALL_HOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub call_hook_secret: Option<String>,

    /// How long your application may take to answer them, in milliseconds
    #[arg(
        long,
        env = "CALL_HOOK_TIMEOUT_MS",
        value_name = "MS",
        default_value_t = 2_000,
        value_parser = clap::value_parser!(u64).range(1..=10_000)
    )]
    pub call_hook_timeout_ms: u64,

    /// What holds when it does not answer
    #[arg(
        long,
        env = "CALL_HOOK_UNANSWERED",
        value_name = "deny|allow",
        hide_possible_values = true,
        default_value = "deny"
    )]
    pub call_hook_unanswered: Unanswered,

    /// Where your application is told when a call rings, starts, is missed and ends
    #[arg(long, env = "WEBHOOK_URL", value_name = "URL", hide_env_values = true)]
    pub webhook_url: Option<String>,

    /// The secret that webhooks are signed with (Standard Webhooks), as whsec_...
    #[arg(
        long,
        env = "WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub webhook_secret: Option<String>,

    /// How long a webhook that your application does not take is tried again, in milliseconds
    #[arg(
        long,
        env = "WEBHOOK_KEEP_MS",
        value_name = "MS",
        default_value_t = 86_400_000,
        value_parser = clap::value_parser!(u64).range(1_000..=LONGEST_KEEP_MS)
    )]
    pub webhook_keep_ms: u64,

    /// How many webhooks wait for your application at most; of more, the oldest are dropped
    #[arg(
        long,
        env = "WEBHOOK_KEEP_MOST",
        value_name = "COUNT",
        default_value_t = 100_000,
        value_parser = clap::value_parser!(u64).range(1..=10_000_000)
    )]
    pub webhook_keep_most: u64,

    /// STUN servers, as stun:host:3478, separated by commas
    #[arg(long, env = "STUN_SERVER", value_name = "URL")]
    pub stun_server: Option<String>,

    /// TURN servers, as turn:host:3478, separated by commas
    #[arg(long, env = "TURN_SERVER", value_name = "URL")]
    pub turn_server: Option<String>,

    /// The user name for TURN
    #[arg(long, env = "TURN_USERNAME", value_name = "NAME")]
    pub turn_username: Option<String>,

    /// The password for TURN
    #[arg(
        long,
        env = "TURN_CREDENTIAL",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub turn_credential: Option<String>,

    /// The shared secret of coturn, to mint short-lived credentials instead
    #[arg(
        long,
        env = "TURN_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub turn_secret: Option<String>,

    /// Relays by itself over UDP, as the public address of this machine and a port: 203.0.113.7:3478
    #[arg(long, env = "RINGBACK_TURN", value_name = "HOST:PORT")]
    pub turn: Option<String>,

    /// How long minted TURN credentials are good at least, in seconds
    #[arg(
        long,
        env = "TURN_TTL_S",
        value_name = "SECONDS",
        default_value = "43200",
        value_parser = clap::value_parser!(u64).range(60..=604_800)
    )]
    pub turn_ttl_s: u64,

    /// Web pages that may call, as https://chat.example.com, separated by commas; * for all
    #[arg(long, env = "CORS_ORIGINS", value_name = "ORIGINS")]
    pub cors_origins: Option<String>,

    /// How many connections a second one address may begin, in the long run
    #[arg(
        long,
        env = "HANDSHAKES_PER_SECOND",
        value_name = "COUNT",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub handshakes_per_second: u32,

    /// How many it may begin at once
    #[arg(
        long,
        env = "HANDSHAKE_BURST",
        value_name = "COUNT",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub handshake_burst: u32,

    /// How many sockets may be open that have not signed in, over all addresses
    #[arg(
        long,
        env = "MAX_UNSIGNED_SOCKETS",
        value_name = "COUNT",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(1..=10_000_000)
    )]
    pub max_unsigned_sockets: u32,

    /// Proxies whose word on the address of a client is taken, as 10.0.0.0/8, separated by commas
    #[arg(long, env = "TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,

    /// The header that they say it in
    #[arg(
        long,
        env = "FORWARDED_HEADER",
        value_name = "x-forwarded-for|forwarded",
        hide_possible_values = true,
        default_value = "x-forwarded-for"
    )]
    pub forwarded_header: ForwardedBy,

    /// The folder served at / [default: www, when there is one]
    #[arg(long, env = "RINGBACK_WWW", value_name = "FOLDER")]
    pub www: Option<PathBuf>,

    /// The folder of the built npm package, served at /ringback/ [default: dist, when there is one]
    #[arg(long, env = "RINGBACK_PACKAGE", value_name = "FOLDER")]
    pub package: Option<PathBuf>,

    /// What is logged: a level (error, warn, info, debug), or one for each module
    #[arg(
        long,
        env = "RINGBACK_LOG",
        value_name = "FILTER",
        default_value = "info",
        global = true
    )]
    pub log: String,

    /// How it is written to standard error
    #[arg(
        long,
        env = "RINGBACK_LOG_FORMAT",
        value_name = "text|json",
        hide_possible_values = true,
        default_value = "text",
        global = true
    )]
    pub log_format: LogFormat,

    /// Where traces are sent (OTLP over HTTP), as http://localhost:4318
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

impl Flags {
    /// Takes an empty text for nothing: `TURN_SERVER=` in a file means that there is none.
    #[must_use]
    pub(crate) fn without_empty(mut self) -> Self {
        let texts = [
            &mut self.metrics_listen,
            &mut self.database,
            &mut self.redis,
            &mut self.jwt_secret,
            &mut self.jwt_secret_previous,
            &mut self.jwt_public_key,
            &mut self.jwks_url,
            &mut self.jwt_issuer,
            &mut self.jwt_audience,
            &mut self.stun_server,
            &mut self.turn_server,
            &mut self.turn_username,
            &mut self.turn_credential,
            &mut self.turn_secret,
            &mut self.turn,
            &mut self.cors_origins,
            &mut self.trusted_proxies,
            &mut self.call_hook_url,
            &mut self.call_hook_secret,
            &mut self.webhook_url,
            &mut self.webhook_secret,
            &mut self.otlp_endpoint,
        ];
        for text in texts {
            *text = text.take().filter(|text| !text.trim().is_empty());
        }
        for path in [&mut self.www, &mut self.package] {
            *path = path.take().filter(|path| !path.as_os_str().is_empty());
        }
        self
    }
}

/// Reads a switch. A text that is neither is refused: a slip must not turn `--dev` on.
fn switch(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("nobody could sign in".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("not a whole number".to_owned()),
    }
}

/// Reads how long something is kept: `90d`, `12h`, `1y`.
pub fn parse_age(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(age) if !age.is_zero() => Ok(age),
        Ok(_) => Err("it has to be longer than nothing".to_owned()),
        Err(_) => Err("write it as 90d, 12h or 1y".to_owned()),
    }
}

fn at_least_two(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count >= 2 => Ok(count),
        Ok(_) => Err("a call needs at least 2 people".to_owned()),
        Err(_) => Err("not a whole number".to_owned()),
    }
}
