//! Asking others over HTTP: bounded in time and in size, and following no redirection.

mod published;
mod sign;

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

pub use published::PublishedKeys;
pub use sign::Signer;

/// How long a connection that is not in use is kept.
const IDLE: Duration = Duration::from_secs(30);

/// How this server introduces itself.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("ringback-server/", env!("CARGO_PKG_VERSION")));

/// What an answer may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long it may take until the last byte of the answer is there.
    pub time: Duration,
    /// How long the body of the answer may be.
    pub bytes: usize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// It took too long.
    #[error("no answer within {0:?}")]
    TooLate(Duration),
    /// The body is longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The address cannot be reached, or what is there speaks no HTTP.
    #[error("{0}")]
    Unreachable(String),
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

/// Asks over HTTP and HTTPS. Copies share their connections.
#[derive(Debug, Clone)]
pub struct HttpClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl HttpClient {
    /// Makes a client that trusts whom the operating system trusts.
    ///
    /// # Errors
    /// When the operating system's certificates cannot be read.
    pub fn new() -> std::io::Result<Self> {
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self(client))
    }

    /// Fetches what is there.
    ///
    /// # Errors
    /// When there is no answer within the bounds; a status that tells of a failure is an answer.
    pub async fn get(&self, address: &Uri, bounds: Bounds) -> Result<Answer, HttpError> {
        let request = (Method::GET, HeaderMap::new(), Bytes::new());
        self.ask(address, request, bounds).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// When there is no answer within the bounds; a status that tells of a failure is an answer.
    pub async fn post(
        &self,
        address: &Uri,
        mut headers: HeaderMap,
        json: Bytes,
        bounds: Bounds,
    ) -> Result<Answer, HttpError> {
        let kind = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, kind);
        self.ask(address, (Method::POST, headers, json), bounds)
            .await
    }

    /// Asks whatever it is.
    ///
    /// # Errors
    /// When there is no answer within the bounds; a status that tells of a failure is an answer.
    pub async fn ask(
        &self,
        address: &Uri,
        (method, headers, body): (Method, HeaderMap, Bytes),
        bounds: Bounds,
    ) -> Result<Answer, HttpError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = address.clone();
        *request.headers_mut() = headers;
        request.headers_mut().insert(header::USER_AGENT, AGENT);
        let answer = self.exchange(request, bounds.bytes);
        tokio::time::timeout(bounds.time, answer)
            .await
            .unwrap_or(Err(HttpError::TooLate(bounds.time)))
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Answer, HttpError> {
        let response = self.0.request(request).await;
        let response = response.map_err(|error| HttpError::Unreachable(with_causes(&error)))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), most).collect().await;
        match body {
            Ok(body) => Ok(Answer {
                status,
                body: body.to_bytes(),
            }),
            Err(error) if error.is::<LengthLimitError>() => Err(HttpError::TooLong(most)),
            Err(error) => Err(HttpError::Unreachable(with_causes(&*error))),
        }
    }
}

/// Says what went wrong, down to its root: the outermost error says no more than "connect error".
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
