//! The server's binary: reads the command line and the environment, then runs the server or a task.

use std::process::ExitCode;

use ringback_server::cli::{self, CommandLine};
use ringback_server::config::{LoadError, load_env_files};

/// A call allocates some hundred times: with the C library's allocator it takes a sixth more time.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Before the runtime: the environment may only be written while there is one thread.
    let line = load_env_files()
        .map_err(LoadError::from)
        .and_then(|()| CommandLine::load(std::env::args_os()));
    match line {
        Ok(line) => cli::run(line),
        Err(LoadError::CommandLine(error)) => error.exit(),
        Err(LoadError::Setting(error)) => {
            eprintln!("ringback-server cannot start.\n  {error}");
            ExitCode::from(2)
        }
    }
}
