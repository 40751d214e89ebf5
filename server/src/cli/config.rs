//! `ringback-server config`: checks the settings and shows them, or prints the reference of all.

use clap::{Args, CommandFactory};

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
        print!("{}", reference(&CommandLine::command()));
        return Ok(());
    }
    let config = Config::examined(flags)?;
    store::check_address(&config.database)?;
    println!("The settings are valid.\n");
    println!("{}", summary(&config));
    Ok(())
}

fn summary(config: &Config) -> String {
    let scheme = config.database.split(':').next().unwrap_or_default();
    let watch = config
        .watch_listen
        .map_or("with a service token".to_owned(), |at| {
            format!("http://{at}/metrics")
        });
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
        format!("  {name:<12}{value}")
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
    format!("{secrets} secret(s), {public} public key(s)")
}
