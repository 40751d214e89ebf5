//! `ringback-server export-user` and `erase-user`: what is stored of one person.

use std::io::{self, BufWriter, Write};

use clap::Args;
use ringback_protocol::UserId;
use serde::Serialize;

use super::CommandError;
use crate::config::{self, Flags};
use crate::store;
use crate::store::user_data::{self, UserCall};

/// How many calls are read at once.
const PAGE: u32 = 100;

/// Whose data.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The user id
    #[arg(value_name = "USER", value_parser = user)]
    pub user: UserId,
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::new(text).map_err(|error| error.to_string())
}

/// One line of the export of a user.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Line<'a> {
    User {
        id: &'a UserId,
        chats: Vec<ringback_protocol::rest::ChatRef>,
    },
    Call(&'a UserCall),
}

/// Writes what is stored of the user, line by line.
pub(super) async fn export(arguments: &Arguments, flags: &Flags) -> Result<(), CommandError> {
    let store = store::open(&config::existing_database(flags)?).await?;
    let id = &arguments.user;
    let mut out = BufWriter::new(io::stdout().lock());
    let chats = user_data::chats(&*store, id).await?;
    write(&mut out, &Line::User { id, chats })?;
    let mut after = None;
    loop {
        let page = user_data::calls(&*store, id, after, PAGE).await?;
        for call in &page.calls {
            write(&mut out, &Line::Call(call))?;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    out.flush()?;
    store.close().await;
    Ok(())
}

fn write(out: &mut impl Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Erases the user and says what that came to.
pub(super) async fn erase(arguments: &Arguments, flags: &Flags) -> Result<(), CommandError> {
    let store = store::open(&config::existing_database(flags)?).await?;
    let erased = user_data::erase(&*store, &arguments.user).await;
    store.close().await;
    let erased = erased?;
    println!(
        "{} was erased from {} calls and {} chats.",
        arguments.user, erased.calls, erased.chats
    );
    if erased.live > 0 {
        println!(
            "{} calls are still going on: erase again when they are over.",
            erased.live
        );
    }
    Ok(())
}
