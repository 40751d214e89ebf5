//! Structured logs.
//!
//! Tokens, session descriptions and addresses of clients are never logged at `info` or above, and
//! no dependency logs payloads at any level: their tracing features are off.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The environment variable that sets what is logged, as `RUST_LOG` does.
pub const LOG_VARIABLE: &str = "RINGBACK_LOG";

/// Starts logging to standard error.
pub fn start() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .with_env_var(LOG_VARIABLE)
        .from_env_lossy();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    // A second start, in tests of the whole program, keeps the first.
    let _ = subscriber.try_init();
}
