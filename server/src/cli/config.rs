//! `ringback-server config`: checks the settings and shows them, or prints the reference of all.

use std::time::Duration;

use axum::http::Uri;
use clap::{Args, CommandFactory};

use super::print::print;
use super::{CommandError, CommandLine};
use crate::admission::UserLimits;
use crate::config::{Config, Flags, reference};
use crate::store;

/// What to print.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Prints every setting with its flag, variable, default and meaning, in Markdown
    #[arg(long)]
    pub reference: bool,
}

/// Prints the reference, or what the server would run with.
pub(super) fn run(arguments: Arguments, flags: Flags) -> Result<(), CommandError> {
    if arguments.reference {
        return Ok(print(&reference(&CommandLine::command()))?);
    }
    let config = Config::examined(flags)?;
    store::check_address(&config.database)?;
    print(&format!(
        "The settings are valid.\n\n{}\n",
        summary(&config)
    ))?;
    Ok(())
}

fn summary(config: &Config) -> String {
    let scheme = config.database.split(':').next().unwrap_or_default();
    let watch = config
        .watch_listen
        .map_or("with a service token".to_owned(), |at| {
            format!("http://{at}/metrics")
        });
    let host = &config.host;
    let told = host.webhooks.as_ref().map(|told| &told.url);
    let asked = host.hook.as_ref().map(|asked| &asked.url);
    let kept = config.retain_calls.map_or("for ever".to_owned(), age);
    let lines = [
        ("mode", format!("{:?}", config.mode).to_lowercase()),
        ("listens on", format!("http://{}", config.listen)),
        ("metrics", watch),
        ("database", scheme.to_owned()),
        (
            "nodes",
            if config.redis.is_some() {
                "several, over Redis"
            } else {
                "this one"
            }
            .to_owned(),
        ),
        ("tokens by", keys(config)),
        ("told of calls", application(told)),
        ("asked first", application(asked)),
        ("keeps calls", kept),
        ("web pages", config.admission.origins.to_string()),
        ("one user", limits(&config.user_limits)),
        ("STUN", config.ice.stun.join(", ")),
        (
            "TURN",
            config
                .ice
                .turn
                .as_ref()
                .map(|turn| turn.urls.join(", "))
                .unwrap_or_default(),
        ),
    ];
    let shown = lines.iter().map(|(name, value)| {
        let value = if value.is_empty() { "none" } else { value };
        format!("  {name:<15}{value}")
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn limits(user: &UserLimits) -> String {
    format!(
        "{} sockets, {} calls a minute, {} requests a second",
        user.sockets, user.calls_per_minute, user.requests_per_second
    )
}

fn keys(config: &Config) -> String {
    let (secrets, public) = (config.secrets.len(), config.public_keys.len());
    let own = format!("{secrets} secret(s), {public} public key(s)");
    match &config.jwks {
        Some(url) => format!("{own}, those that {} publishes", site(url)),
        None => own,
    }
}

/// Shows a time as it was probably given: months have no whole number of days.
fn age(time: Duration) -> String {
    const DAY_S: u64 = 86_400;
    match time.as_secs() {
        seconds if seconds.is_multiple_of(DAY_S) => format!("{} days", seconds / DAY_S),
        _ => humantime::format_duration(time).to_string(),
    }
}

fn application(url: Option<&Uri>) -> String {
    url.map(site).unwrap_or_default()
}

/// Returns where an address leads, without the path, which may hold a secret.
fn site(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or_default();
    let host = url.host().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    format!("{scheme}://{host}{}", port.unwrap_or_default())
}
