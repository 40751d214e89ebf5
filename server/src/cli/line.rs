//! The lines of an export.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::store::{ArchivedCall, ArchivedChat};

/// The version of the form; it grows when an older server could not read it.
pub(super) const FORMAT_VERSION: u32 = 1;

/// One line, with what it is in `kind`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(super) enum Line {
    /// The first line: what this file is.
    Ringback {
        /// The version of the form.
        version: u32,
    },
    /// A chat and its members.
    Chat(ArchivedChat),
    /// A whole call, with what was measured in it.
    Call(Box<ArchivedCall>),
}

impl Line {
    /// Writes the line.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}
