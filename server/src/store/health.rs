//! Whether the database can be worked with, and if not, why: in words that name no address and no user.

use std::fmt;
use std::time::Duration;

use super::{StoreError, StoreResult};

/// What takes longer counts as no answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a database lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// Nobody listens there.
    Refused,
    /// It has no room for one more.
    TooManyClients,
    /// It is not ready yet, or no longer.
    StartingOrStopping,
    /// It does not know who asks.
    Credentials,
    /// It is another database server than was meant.
    NoSuchDatabase,
    /// The way to it is broken.
    Unreachable,
}

impl Absence {
    const fn reason(self) -> &'static str {
        match self {
            Self::Refused => "the database does not answer: the connection is refused",
            Self::TooManyClients => "the database does not answer: it has too many clients",
            Self::StartingOrStopping => "the database does not answer: it starts up or goes down",
            Self::Credentials => "the database does not answer: it refuses user or password",
            Self::NoSuchDatabase => "the database does not answer: there is none of that name",
            Self::Unreachable => "the database does not answer: it cannot be reached",
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl StoreError {
    /// Returns what is wrong, for those who may not read an error of the database.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Away { why, .. } => why.reason(),
            Self::TooSlow => "the database does not answer: it takes longer than two seconds",
            Self::DiskFull => "the database takes no writes: its disk is full",
            Self::Displaced => "the file of the database was deleted or replaced",
            Self::ReadOnly => "the database takes no writes",
            Self::Database(_)
            | Self::NoConnection
            | Self::UnknownUrl(_)
            | Self::NotBuiltIn { .. }
            | Self::Corrupt { .. }
            | Self::IdTaken(_)
            | Self::Newer
            | Self::Closed => "the database does not answer",
        }
    }
}

/// Waits two seconds at most for what a look at the database finds.
///
/// # Errors
/// What it finds, and `TooSlow` when it takes longer.
pub(super) async fn in_time(look: impl Future<Output = StoreResult<()>>) -> StoreResult<()> {
    let found = tokio::time::timeout(PATIENCE, look).await;
    found.unwrap_or(Err(StoreError::TooSlow))
}
