//! Structured logs, and traces for a collector.
//!
//! Tokens, session descriptions and addresses of clients are never logged at `info` or above, nor
//! do they stand in a span, and no dependency logs payloads at any level: their tracing features
//! are off.

#[cfg(feature = "otlp")]
mod otlp;

use std::io::IsTerminal;

use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{ConfigError, Flags, LogFormat};

/// What has to be sent before the process ends.
#[must_use = "what it holds back is lost when it is dropped"]
#[derive(Debug)]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<otlp::Traces>,
}

impl Telemetry {
    /// Sends what is held back.
    pub fn flush(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.flush();
        }
    }
}

/// Starts logging to standard error, and sending traces when a collector is named.
///
/// # Errors
/// When the filter does not parse, or the collector's address is none.
pub fn start(flags: &Flags, runtime: &Handle) -> Result<Telemetry, ConfigError> {
    let logs = logs(flags.log_format).with_filter(filter(&flags.log)?);
    let subscriber = tracing_subscriber::registry().with(logs);
    #[cfg(feature = "otlp")]
    {
        let traces = otlp::start(flags.otlp_endpoint.as_deref(), runtime)?;
        let layer = traces.as_ref().map(otlp::Traces::layer);
        // A second start, in tests of the whole program, keeps the first.
        let _ = subscriber.with(layer).try_init();
        Ok(Telemetry { traces })
    }
    #[cfg(not(feature = "otlp"))]
    {
        let _ = (subscriber.try_init(), runtime);
        match flags.otlp_endpoint {
            None => Ok(Telemetry {}),
            Some(_) => Err(ConfigError::not_built_in(
                "--otlp-endpoint (OTEL_EXPORTER_OTLP_ENDPOINT)",
                "otlp",
            )),
        }
    }
}

fn logs<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .boxed(),
        LogFormat::Json => logs.json().flatten_event(true).boxed(),
    }
}

/// What is not logged unless it is asked for: the TURN server calls every datagram an error that it
/// does not understand, and anyone may send those.
const QUIET: &str = "turn=off";

fn filter(text: &str) -> Result<EnvFilter, ConfigError> {
    EnvFilter::try_new(format!("{QUIET},{text}")).map_err(|error| {
        ConfigError::new(
            "--log (RINGBACK_LOG)",
            format!("{text:?} is no filter: {error}"),
            "Write error, warn, info, debug or trace; for one module: info,ringback_server::cluster=debug.",
        )
    })
}
