//! Why a task, or the server, could not do it.

use std::process::ExitCode;

use crate::app::AppError;
use crate::auth::AuthError;
use crate::config::ConfigError;
use crate::store::StoreError;

/// Why the process ends with an error, as it is printed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A setting is wrong.
    #[error("ringback-server cannot start.\n  {0}")]
    Setting(#[from] ConfigError),
    /// The server stopped.
    #[error("ringback-server stopped: {0}")]
    Stopped(#[source] AppError),
    /// The key cannot sign.
    #[error(
        "JWT_SECRET: no token could be signed: {0}.\n  Set JWT_SECRET: with public keys alone, whoever holds the private key signs."
    )]
    Sign(#[from] AuthError),
    /// A file cannot be read or written.
    #[error("the file cannot be read or written: {0}")]
    File(#[from] std::io::Error),
    /// The table cannot be written.
    #[error("the table cannot be written: {0}")]
    Table(#[from] ::csv::Error),
    /// A line of an import does not read. What stood before it was imported.
    #[error(
        "line {number}: {problem}.\n  Mend the line and import the file again: what is there already stays as it is."
    )]
    Line {
        /// Which, from 1 on.
        number: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The database cannot be used.
    #[error("--database (DATABASE_URL): {0}")]
    Store(#[from] StoreError),
}

impl CommandError {
    /// Returns what the process ends with: 2 for what the operator has to set right, else 1.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Setting(_) | Self::Sign(_) => ExitCode::from(2),
            Self::Stopped(_)
            | Self::Store(_)
            | Self::File(_)
            | Self::Table(_)
            | Self::Line { .. } => ExitCode::FAILURE,
        }
    }
}
