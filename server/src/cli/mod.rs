//! The command line: without a subcommand the server runs, with one it does a task and ends.
//!
//! Each subcommand has its file and its variant of [`Command`].

mod config;
mod csv;
mod doctor;
mod error;
mod export;
mod import;
mod line;
mod migrate;
mod print;
mod progress;
mod purge;
mod token;
mod user;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app;
use crate::config::{self as settings, Config, Flags, LoadError};
use crate::telemetry;

pub use error::CommandError;

const EXAMPLES: &str = "\
Examples:
  Try it on this machine, without an application:
    ringback-server --dev
  Serve an application whose backend signs tokens with JWT_SECRET:
    JWT_SECRET=... ringback-server --listen 0.0.0.0:3000
  Check the settings without starting:
    ringback-server config
  Check the deployment, the relay included:
    ringback-server doctor
  A token for a test, good for an hour:
    ringback-server token --sub alice --name Alice --ttl 1h

Every setting with its default and meaning: ringback-server config --reference";

/// Ringback's signaling server: calls over Socket.IO, call history over REST.
///
/// Every setting can be given as a flag, as an environment variable, or in the files .env.local
/// and .env, in this order. Without a command, the server runs.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ringback-server",
    version,
    subcommand_help_heading = "Tasks",
    after_help = EXAMPLES
)]
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
    /// Writes all calls and chats, to keep or to move them
    Export(export::Arguments),
    /// Takes in what was exported; doing it twice does no harm
    Import(import::Arguments),
    /// Deletes calls that ended long ago
    Purge(purge::Arguments),
    /// Writes what is stored of one person when it begins, as lines of JSON
    ///
    /// Calls that go on are in it as they stand when they are read; those that are placed after it began
    /// are not. It is safe beside a running server.
    ExportUser(user::Arguments),
    /// Takes one person out of all chats and stored calls
    ///
    /// Calls that go on are left out and counted: erase again when they are over. With SQLite, stop the
    /// server first, or let it erase by itself (DELETE /api/users/{id}/data): it remembers chats in use.
    EraseUser(user::Arguments),
    /// Checks the settings and shows them, without secrets
    Config(config::Arguments),
    /// Checks the deployment: database, the server that runs, Redis, STUN, TURN, clock, keys, origins; says what to set right
    Doctor(doctor::Arguments),
    /// Signs a token with JWT_SECRET, for tests and for the operator's page
    Token(token::Arguments),
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
        let command = settings::without_empty_variables(Self::command());
        let command = settings::with_headings(command);
        let matches = command.clone().try_get_matches_from(args);
        let matches = matches.map_err(|error| settings::naming_the_variable(error, &command))?;
        let line = Self::from_arg_matches(&matches)?;
        Ok(Self {
            flags: line.flags.without_empty(),
            command: line.command,
        })
    }
}

/// Runs the server, or the task.
pub fn run(line: CommandLine) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ringback-server cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let telemetry = match telemetry::start(&line.flags, runtime.handle()) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("ringback-server cannot start.\n  {error}");
            return ExitCode::from(2);
        }
    };
    for warning in settings::unknown_keys(&CommandLine::command()) {
        tracing::warn!("{warning}");
    }
    let result = runtime.block_on(perform(line));
    telemetry.flush();
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            error.exit_code()
        }
    }
}

async fn perform(line: CommandLine) -> Result<ExitCode, CommandError> {
    match line.command {
        Some(Command::Doctor(arguments)) => return Ok(doctor::run(line.flags, &arguments).await),
        None => {
            let config = Config::from_flags(line.flags)?;
            app::serve(config).await.map_err(CommandError::Stopped)?;
        }
        Some(Command::Migrate) => migrate::run(&line.flags).await?,
        Some(Command::Export(arguments)) => export::run(&arguments, &line.flags).await?,
        Some(Command::Import(arguments)) => import::run(&arguments, &line.flags).await?,
        Some(Command::Purge(arguments)) => purge::run(&arguments, &line.flags).await?,
        Some(Command::ExportUser(arguments)) => user::export(&arguments, &line.flags).await?,
        Some(Command::EraseUser(arguments)) => user::erase(&arguments, &line.flags).await?,
        Some(Command::Config(arguments)) => config::run(arguments, line.flags)?,
        Some(Command::Token(arguments)) => token::run(&arguments, &line.flags)?,
    }
    Ok(ExitCode::SUCCESS)
}
