//! `ringback-server migrate`: brings the schema of the database up to date.

use super::CommandError;
use crate::config::{self, Flags};
use crate::store;

/// Opens the database, which migrates it, and prints its version.
pub(super) async fn run(flags: &Flags) -> Result<(), CommandError> {
    let store = store::open(&config::database(flags)?).await?;
    let migration = store.migration();
    store.close().await;
    if migration.found == migration.current {
        println!("The database is up to date: version {}.", migration.current);
    } else {
        println!(
            "The database was brought from version {} to version {}.",
            migration.found, migration.current
        );
    }
    Ok(())
}
