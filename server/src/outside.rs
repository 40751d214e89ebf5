//! What the server asks of others over HTTP, as far as it is configured and built to.

use std::io;
use std::sync::Arc;

use crate::auth::KeySet;
use crate::calls::ports::{HostApp, NoHostApp};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::store::Store;

/// Others, over HTTP.
#[derive(Debug)]
pub(crate) struct Outside {
    #[cfg(feature = "http")]
    client: Option<crate::http::HttpClient>,
}

/// What is being told to the host application.
#[derive(Debug)]
pub(crate) struct Deliveries {
    #[cfg(feature = "http")]
    postman: Option<crate::host::Postman>,
}

#[cfg(feature = "http")]
impl Outside {
    /// Makes the ways that the configuration asks for.
    ///
    /// # Errors
    /// When the certificates of the operating system cannot be read.
    pub(crate) fn new(config: &Config) -> io::Result<Self> {
        let host = &config.host;
        let asks = host.hook.is_some() || host.webhooks.is_some() || config.jwks.is_some();
        let client = asks.then(crate::http::HttpClient::new).transpose()?;
        Ok(Self { client })
    }

    /// Returns the keys that are published, fetched for the first time, and keeps them fresh.
    pub(crate) async fn keys(&self, config: &Config) -> Option<Arc<KeySet>> {
        let keys = self.key_set(config)?;
        keys.keep_fresh().await;
        Some(keys)
    }

    /// Returns the keys that are published, not yet fetched.
    pub(crate) fn key_set(&self, config: &Config) -> Option<Arc<KeySet>> {
        let source = crate::http::PublishedKeys::new(self.client.clone()?, config.jwks.clone()?);
        Some(KeySet::new(Box::new(source), config.expected.clone()))
    }

    /// Returns the host application, and begins to tell it what the outbox holds.
    pub(crate) fn host(
        self,
        config: &Config,
        store: &Arc<dyn Store>,
        metrics: &Arc<Metrics>,
    ) -> (Arc<dyn HostApp>, Deliveries) {
        let Some(client) = self.client else {
            return (Arc::new(NoHostApp), Deliveries { postman: None });
        };
        let host = crate::host::HttpHost::new(&config.host, &client);
        let (store, metrics) = (Arc::clone(store), Arc::clone(metrics));
        let postman = host.deliver(&config.host, &client, store, metrics);
        (Arc::new(host), Deliveries { postman })
    }
}

#[cfg(feature = "http")]
impl Deliveries {
    /// Stops; what was not taken stays in the outbox.
    pub(crate) async fn stop(self) {
        if let Some(postman) = self.postman {
            postman.stop().await;
        }
    }
}

// The configuration is refused when it asks for what was not built.
#[cfg(not(feature = "http"))]
impl Outside {
    pub(crate) fn new(_: &Config) -> io::Result<Self> {
        Ok(Self {})
    }

    pub(crate) async fn keys(&self, _: &Config) -> Option<Arc<KeySet>> {
        None
    }

    pub(crate) fn host(
        self,
        _: &Config,
        _: &Arc<dyn Store>,
        _: &Arc<Metrics>,
    ) -> (Arc<dyn HostApp>, Deliveries) {
        (Arc::new(NoHostApp), Deliveries {})
    }
}

#[cfg(not(feature = "http"))]
impl Deliveries {
    pub(crate) async fn stop(self) {}
}
