//! Printing what was asked for.

use std::io::{self, Write};

/// Prints to standard output. Whoever reads it may have read enough, as `head` does.
///
/// # Errors
/// When it cannot be written for another reason.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}
