//! The host application over HTTP: it is asked whether a call may be, and told of calls.

mod hook;
mod overflow;
mod pace;
mod webhooks;

use std::sync::Arc;

use ringback_protocol::Failure;
use ringback_protocol::webhook::{CallHookData, CallHookType};
use tokio::sync::Notify;

use crate::calls::ports::{BoxFuture, HostApp};
use crate::config::HostSettings;
use crate::http::HttpClient;
use crate::metrics::Metrics;
use crate::store::Store;
use hook::Hook;

pub use webhooks::Postman;

/// The host application, as far as it wants to be asked and told.
#[derive(Debug)]
pub struct HttpHost {
    hook: Option<Hook>,
    post: Arc<Notify>,
}

impl HttpHost {
    /// Makes the way to the host application.
    #[must_use]
    pub fn new(settings: &HostSettings, client: &HttpClient) -> Self {
        let hook = settings.hook.clone();
        Self {
            hook: hook.map(|settings| Hook::new(settings, client.clone())),
            post: Arc::default(),
        }
    }

    /// Starts telling the application what the outbox holds, if it wants to be told.
    ///
    /// Must be called inside a Tokio runtime.
    #[must_use]
    pub fn deliver(
        &self,
        settings: &HostSettings,
        client: &HttpClient,
        store: Arc<dyn Store>,
        metrics: Arc<Metrics>,
    ) -> Option<Postman> {
        let settings = settings.webhooks.clone()?;
        let post = Arc::clone(&self.post);
        let postman = Postman::start(settings, client.clone(), store, post, metrics);
        Some(postman)
    }
}

impl HostApp for HttpHost {
    fn allows(&self, kind: CallHookType, data: CallHookData) -> BoxFuture<'_, Result<(), Failure>> {
        match &self.hook {
            Some(hook) => Box::pin(hook.ask(kind, data)),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }

    fn has_post(&self) {
        self.post.notify_one();
    }
}
