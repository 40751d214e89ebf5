//! `ringback-server export`: writes everything that is stored, line by line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use ringback_protocol::{ChatId, SessionId};

use super::line::{FORMAT_VERSION, Line};
use super::{CommandError, csv as table, progress};
use crate::config::{self, Flags};
use crate::store::{self, Database};

/// How many calls or chats are read at once.
const PAGE: u32 = 500;

/// Where to, and in which form.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// ndjson holds everything and can be imported; csv is one row a call, for spreadsheets
    #[arg(long, default_value = "ndjson")]
    pub format: Format,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// A table of calls.
    Csv,
}

/// Exports chats and calls, or calls alone as a table.
pub(super) async fn run(arguments: &Arguments, flags: &Flags) -> Result<(), CommandError> {
    let store = store::open(&config::existing_database(flags)?).await?;
    let out: Box<dyn Write> = match &arguments.output {
        Some(file) => Box::new(File::create(file)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::new(out);
    let bar = progress::counting(store.count_calls().await?, "calls");
    match arguments.format {
        Format::Ndjson => ndjson(&*store, &mut out, &bar).await?,
        Format::Csv => table::write(&*store, &mut out, &bar).await?,
    }
    out.flush()?;
    bar.finish();
    store.close().await;
    Ok(())
}

async fn ndjson(
    store: &dyn Database,
    out: &mut impl Write,
    bar: &ProgressBar,
) -> Result<(), CommandError> {
    Line::Ringback {
        version: FORMAT_VERSION,
    }
    .write(out)?;
    let mut after: Option<ChatId> = None;
    loop {
        let chats = store.archived_chats(after.as_ref(), PAGE).await?;
        let Some(last) = chats.last() else {
            break;
        };
        after = Some(last.id.clone());
        for chat in chats {
            Line::Chat(chat).write(out)?;
        }
    }
    let mut after: Option<SessionId> = None;
    loop {
        let calls = store.archived_calls(after.as_ref(), PAGE).await?;
        let Some(last) = calls.last() else {
            return Ok(());
        };
        after = Some(last.call.id().clone());
        bar.inc(calls.len() as u64);
        for call in calls {
            Line::Call(Box::new(call)).write(out)?;
        }
    }
}
