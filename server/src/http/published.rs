//! The keys that whoever signs tokens publishes.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{StatusCode, Uri};

use super::{Bounds, HttpClient};
use crate::auth::KeySource;
use crate::calls::ports::BoxFuture;

/// What the document may cost.
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(5),
    bytes: 256 * 1024,
};

/// Keys at an address.
#[derive(Debug)]
pub struct PublishedKeys {
    client: HttpClient,
    url: Uri,
}

impl PublishedKeys {
    /// Makes the way to them.
    #[must_use]
    pub const fn new(client: HttpClient, url: Uri) -> Self {
        Self { client, url }
    }
}

impl KeySource for PublishedKeys {
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, String>> {
        Box::pin(async move {
            let answer = self.client.get(&self.url, BOUNDS).await;
            let answer = answer.map_err(|error| error.to_string())?;
            if answer.status == StatusCode::OK {
                return Ok(answer.body);
            }
            Err(format!("it answered with the status {}", answer.status))
        })
    }
}
