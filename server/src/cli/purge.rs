//! `ringback-server purge`: deletes calls that ended long ago.

use std::time::Duration;

use clap::Args;

use super::CommandError;
use crate::calls::{Clock as _, SystemClock};
use crate::config::{self, Flags, parse_age};
use crate::retention;
use crate::store;

/// What goes.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Calls that ended longer ago than this go: 90d, 12h, 1y
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    pub older_than: Duration,
}

/// Deletes the calls, a few at a time, so that a server on the same database is not held up.
pub(super) async fn run(arguments: &Arguments, flags: &Flags) -> Result<(), CommandError> {
    let store = store::open(&config::existing_database(flags)?).await?;
    let until = retention::before(SystemClock.now(), arguments.older_than);
    let purged = retention::purge(&*store, until, u64::MAX).await;
    store.close().await;
    println!("{} calls were deleted.", purged?);
    Ok(())
}
