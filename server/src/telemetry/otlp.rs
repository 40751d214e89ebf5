//! Traces for a collector, by OTLP over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::{Request, Response, Uri};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::config::ConfigError;
use crate::http::{Bounds, HttpClient};

const KEY: &str = "--otlp-endpoint (OTEL_EXPORTER_OTLP_ENDPOINT)";
/// What a collector may cost: it is not worth waiting for.
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(5),
    bytes: 64 * 1024,
};

/// The way to the collector.
#[derive(Debug)]
pub(super) struct Traces {
    provider: SdkTracerProvider,
}

/// Makes the way to the collector, when one is named.
pub(super) fn start(
    endpoint: Option<&str>,
    runtime: &Handle,
) -> Result<Option<Traces>, ConfigError> {
    let Some(endpoint) = endpoint else {
        return Ok(None);
    };
    let refusal = |problem: String| {
        let remedy = "Write where the collector takes OTLP over HTTP: http://localhost:4318.";
        ConfigError::new(KEY, problem, remedy)
    };
    let uri = endpoint.parse::<Uri>().ok();
    if !uri.is_some_and(|uri| uri.scheme().is_some() && uri.host().is_some()) {
        return Err(refusal(format!("{endpoint:?} is not an address")));
    }
    let client = HttpClient::new().map_err(|error| refusal(error.to_string()))?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_http_client(Courier {
            client,
            runtime: runtime.clone(),
        })
        .build()
        .map_err(|error| refusal(error.to_string()))?;
    let resource = Resource::builder().with_service_name("ringback-server");
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(exporter)
        .build();
    Ok(Some(Traces { provider }))
}

impl Traces {
    /// Returns what turns our own spans, and what is logged in them at `info` and above, into traces.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let tracer = self.provider.tracer("ringback-server");
        // The exporter's own requests must not make spans that are exported.
        let ours = filter_fn(|what| {
            let most = if what.is_span() {
                Level::DEBUG
            } else {
                Level::INFO
            };
            what.target().starts_with("ringback_server") && *what.level() <= most
        });
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_filter(ours)
    }

    /// Sends what is held back.
    pub(super) fn flush(self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Sends on the server's runtime what the exporter hands over on its own thread.
#[derive(Debug)]
struct Courier {
    client: HttpClient,
    runtime: Handle,
}

#[async_trait]
impl opentelemetry_http::HttpClient for Courier {
    async fn send_bytes(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, opentelemetry_http::HttpError> {
        let client = self.client.clone();
        let (parts, body) = request.into_parts();
        let sent = self.runtime.spawn(async move {
            let request = (parts.method, parts.headers, body);
            client.ask(&parts.uri, request, BOUNDS).await
        });
        let answer = sent.await??;
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status;
        Ok(response)
    }
}
