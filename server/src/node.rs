//! This process as one of those that serve the same people.

use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::metrics::Metrics;

/// What a node is, for as long as it runs.
#[derive(Debug, Clone)]
pub struct Node {
    id: String,
    started_at_ms: u64,
}

/// How a node stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeState {
    /// What it calls itself; another after a restart.
    pub id: String,
    /// The version that runs.
    pub version: String,
    /// When it was started, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// Its signed-in sockets.
    pub sockets: u64,
    /// Whether it goes down.
    pub draining: bool,
}

impl Default for Node {
    /// A new one, started now.
    fn default() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            started_at_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Node {
    /// Returns what it calls itself.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns how it stands.
    #[must_use]
    pub fn state(&self, metrics: &Metrics, draining: bool) -> NodeState {
        NodeState {
            id: self.id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at_ms: self.started_at_ms,
            sockets: metrics.sockets(),
            draining,
        }
    }
}
