//! What the server asks of others over HTTP, as far as it is configured and built to.

use std::io;
use std::sync::Arc;

use crate::calls::ports::{HostApp, NoHostApp};
use crate::config::Config;
use crate::store::Store;

/// Others, over HTTP.
#[derive(Debug)]
pub(crate) struct Outside {
    #[cfg(feature = "http")]
    host: Option<(crate::host::HttpHost, crate::http::HttpClient)>,
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
        if host.hook.is_none() && host.webhooks.is_none() {
            return Ok(Self { host: None });
        }
        let client = crate::http::HttpClient::new()?;
        let host = crate::host::HttpHost::new(host, &client);
        Ok(Self {
            host: Some((host, client)),
        })
    }

    /// Returns the host application, and begins to tell it what the outbox holds.
    pub(crate) fn host(
        self,
        config: &Config,
        store: &Arc<dyn Store>,
    ) -> (Arc<dyn HostApp>, Deliveries) {
        let Some((host, client)) = self.host else {
            return (Arc::new(NoHostApp), Deliveries { postman: None });
        };
        let postman = host.deliver(&config.host, &client, Arc::clone(store));
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

    pub(crate) fn host(self, _: &Config, _: &Arc<dyn Store>) -> (Arc<dyn HostApp>, Deliveries) {
        (Arc::new(NoHostApp), Deliveries {})
    }
}

#[cfg(not(feature = "http"))]
impl Deliveries {
    pub(crate) async fn stop(self) {}
}
