//! The command line: without a subcommand the server runs, with one it does a task and ends.
//!
//! Each subcommand has its file and its variant of [`Command`].

mod error;
mod migrate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app;
use crate::config::{Config, Flags, LoadError};
use crate::telemetry;

pub use error::CommandError;

/// Ringback's signaling server: calls over Socket.IO, call history over REST.
///
/// Every setting can be given as a flag, as an environment variable, or in the files .env.local
/// and .env, in this order. Without a command, the server runs.
#[derive(Debug, Clone, Parser)]
#[command(name = "ringback-server", version, subcommand_help_heading = "Tasks")]
pub struct CommandLine {
    /// The settings.
    #[command(flatten)]
    pub flags: Flags,
    /// What to do; none to run the server.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A task that the binary does and then ends.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Brings the schema of the database up to date
    Migrate,
}

impl CommandLine {
    /// Reads the command line and the environment.
    ///
    /// # Errors
    /// When the command line does not parse, or asks for help or the version.
    pub fn load<I, T>(args: I) -> Result<Self, LoadError>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let line = Self::try_parse_from(args)?;
        Ok(Self {
            flags: line.flags.without_empty(),
            command: line.command,
        })
    }
}

/// Runs the server, or the task.
pub fn run(line: CommandLine) -> ExitCode {
    telemetry::start();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ringback-server cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(perform(line)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            error.exit_code()
        }
    }
}

async fn perform(line: CommandLine) -> Result<(), CommandError> {
    match line.command {
        None => {
            let config = Config::from_flags(line.flags)?;
            app::serve(config).await.map_err(CommandError::Stopped)
        }
        Some(Command::Migrate) => migrate::run(&line.flags).await,
    }
}
