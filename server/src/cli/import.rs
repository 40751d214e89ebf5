//! `ringback-server import`: takes in what another server exported.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;

use super::line::{FORMAT_VERSION, Line};
use super::{CommandError, progress};
use crate::config::{self, Flags};
use crate::store::{self, ArchivedCall, Database};

/// How many calls are written at once.
const BATCH: usize = 500;

/// Where from.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The file that was exported as ndjson; - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// What came in.
#[derive(Debug, Default)]
struct Taken {
    calls: u64,
    new: u64,
    chats: u64,
}

/// Imports the file. It may be imported again, or cut short and begun anew.
pub(super) async fn run(arguments: &Arguments, flags: &Flags) -> Result<(), CommandError> {
    let (lines, size) = open(&arguments.file)?;
    let store = store::open(&config::database(flags)?).await?;
    let bar = progress::bytes(size);
    let taken = import(&*store, bar.wrap_read(lines)).await;
    bar.finish();
    // Also after a part of it: what is in stays in.
    let settled = store.settle().await;
    store.close().await;
    let Taken { calls, new, chats } = taken?;
    settled?;
    println!("{calls} calls, {new} of them new, and {chats} chats were imported.");
    Ok(())
}

fn open(path: &Path) -> io::Result<(Box<dyn io::Read>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok((Box::new(file), Some(size)))
}

async fn import(store: &dyn Database, from: impl io::Read) -> Result<Taken, CommandError> {
    let mut taken = Taken::default();
    let mut batch = Vec::with_capacity(BATCH);
    for (line, number) in BufReader::new(from).lines().zip(1..) {
        match read(&line?, number)? {
            Line::Ringback { .. } => {}
            Line::Chat(chat) => {
                store.put_chat(&chat.id, chat.chat).await?;
                taken.chats += 1;
            }
            Line::Call(call) => batch.push(*call),
        }
        if batch.len() == BATCH {
            taken.add(store, &mut batch).await?;
        }
    }
    taken.add(store, &mut batch).await?;
    Ok(taken)
}

impl Taken {
    async fn add(
        &mut self,
        store: &dyn Database,
        batch: &mut Vec<ArchivedCall>,
    ) -> Result<(), CommandError> {
        self.calls += batch.len() as u64;
        self.new += store.import_calls(std::mem::take(batch)).await?;
        Ok(())
    }
}

/// Reads a line; the first one says that the file is one of ours.
fn read(text: &str, number: u64) -> Result<Line, CommandError> {
    let refused = |problem: String| CommandError::Line { number, problem };
    let line = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
    match (&line, number) {
        (Line::Ringback { version }, 1) if *version > FORMAT_VERSION => Err(refused(format!(
            "the file is of version {version}, made by a newer ringback-server: import it with that one"
        ))),
        (Line::Ringback { .. }, 1) | (Line::Chat(_) | Line::Call(_), 2..) => Ok(line),
        (Line::Ringback { .. }, _) | (Line::Chat(_) | Line::Call(_), _) => Err(refused(
            "a file begins with the line of kind \"ringback\", which `ringback-server export` writes"
                .to_owned(),
        )),
    }
}
