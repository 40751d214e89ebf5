//! `ringback-server doctor`: looks at a deployment as it is configured, and says what to set right.

mod findings;
#[cfg(feature = "turn")]
mod relay;
mod server;
mod services;
mod settings;

use std::process::ExitCode;

use clap::Args;

use crate::config::{Config, Flags};

use super::print::print;
use findings::{Finding, Verdict};

/// What `doctor` is told beside the settings.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Prints JSON, for scripts
    #[arg(long)]
    json: bool,

    /// A time server to compare the clock with, as pool.ntp.org; without one, Redis is asked
    #[arg(long, value_name = "HOST")]
    ntp: Option<String>,
}

/// Checks everything, prints it, and returns 1 when something is to be set right.
pub(super) async fn run(flags: Flags, args: &Arguments) -> ExitCode {
    let findings = match Config::examined(flags) {
        Ok(config) => examine(&config, args.ntp.as_deref()).await,
        Err(error) => vec![Finding::fail(error.key, error.problem, error.remedy)],
    };
    let text = if args.json {
        findings::json(&findings) + "\n"
    } else {
        findings::text(&findings)
    };
    if let Err(error) = print(&text) {
        tracing::error!(%error, "what was found could not be printed");
    }
    if findings.iter().any(|one| one.verdict == Verdict::Fail) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

async fn examine(config: &Config, ntp: Option<&str>) -> Vec<Finding> {
    let mut findings = settings::check(config);
    findings.extend(services::published_keys(config).await);
    findings.push(services::database(&config.database).await);
    findings.extend(services::redis(config).await);
    findings.push(server::running(config).await);
    findings.push(services::clock(config, ntp).await);
    findings.extend(relays(config).await);
    findings
}

#[cfg(feature = "turn")]
async fn relays(config: &Config) -> Vec<Finding> {
    relay::check(&config.ice).await
}

#[cfg(not(feature = "turn"))]
async fn relays(_config: &Config) -> Vec<Finding> {
    vec![Finding::skipped(
        "STUN and TURN",
        "this build cannot ask them: build it with `--features full`",
    )]
}
