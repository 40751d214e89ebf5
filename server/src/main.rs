//! The server's binary: reads the configuration, binds the port, runs until it is told to stop.

use std::process::ExitCode;

use ringback_server::config::{Config, LoadError, load_env_files};
use ringback_server::{app, telemetry};

fn main() -> ExitCode {
    // Before the runtime: the environment may only be written while there is one thread.
    let config = load_env_files()
        .map_err(LoadError::from)
        .and_then(|()| Config::load(std::env::args_os()));
    match config {
        Ok(config) => serve(config),
        Err(LoadError::CommandLine(error)) => error.exit(),
        Err(LoadError::Setting(error)) => {
            eprintln!("ringback-server cannot start.\n  {error}");
            ExitCode::from(2)
        }
    }
}

fn serve(config: Config) -> ExitCode {
    telemetry::start();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ringback-server cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(app::serve(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ringback-server stopped: {error}");
            ExitCode::FAILURE
        }
    }
}
