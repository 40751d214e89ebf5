//! Which nodes there are, for the operator: each says so every few seconds.

use std::collections::HashMap;
use std::time::Duration;

use redis::cmd;
use serde::{Deserialize, Serialize};

use super::fanout::Fanout;
use super::line::Answer;
use crate::calls::{Clock, SystemClock};
use crate::node::NodeState;

const EVERY: Duration = Duration::from_secs(3);
/// How often it is looked whether Redis is there.
const UNTIL_UP: Duration = Duration::from_millis(200);
/// Whoever was silent for so long is gone.
const SILENT_MS: u64 = 10_000;
/// How long it all is kept when no node is left.
const KEPT_S: u64 = 60;

/// What a node says of itself.
#[derive(Serialize, Deserialize)]
struct Word {
    /// When, by its own clock.
    at_ms: u64,
    node: NodeState,
}

impl Fanout {
    /// Says every few seconds that this node is there, until the process ends.
    pub(super) async fn introduce(&self) {
        loop {
            if self.is_up() {
                self.say();
                tokio::time::sleep(EVERY).await;
            } else {
                tokio::time::sleep(UNTIL_UP).await;
            }
        }
    }

    fn say(&self) {
        let word = Word {
            at_ms: SystemClock.now().as_ms(),
            node: self.node.state(&self.metrics, self.metrics.is_draining()),
        };
        let Ok(text) = serde_json::to_string(&word) else {
            return;
        };
        let mut keep = cmd("HSET");
        keep.arg(self.channels.nodes())
            .arg(self.node.id())
            .arg(text);
        self.line.send(keep);
        let mut expire = cmd("EXPIRE");
        expire.arg(self.channels.nodes()).arg(KEPT_S);
        self.line.send(expire);
    }

    /// Returns the nodes that said in the last seconds that they are there, and forgets the others.
    pub(super) async fn known_nodes(&self) -> Vec<NodeState> {
        let mut ask = cmd("HGETALL");
        ask.arg(self.channels.nodes());
        let said = match self.line.ask(ask).await {
            Answer::Said(value) => redis::from_redis_value::<HashMap<String, String>>(value),
            Answer::Late | Answer::Lost => return Vec::new(),
        };
        let since = SystemClock.now().as_ms().saturating_sub(SILENT_MS);
        let mut nodes = Vec::new();
        for (id, text) in said.unwrap_or_default() {
            match serde_json::from_str::<Word>(&text) {
                Ok(word) if word.at_ms >= since => nodes.push(word.node),
                Ok(_) | Err(_) => self.forget(&id),
            }
        }
        nodes
    }

    fn forget(&self, id: &str) {
        let mut forget = cmd("HDEL");
        forget.arg(self.channels.nodes()).arg(id);
        self.line.send(forget);
    }
}
