//! What happened lately on each node, for the operator: each shares its minutes as they change.
//!
//! There is a hash for each hour, with a field for each minute of each node, so that what a node
//! shared is there when the node is not.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use redis::{Cmd, cmd};

use super::fanout::Fanout;
use super::line::Answer;
use crate::calls::time::{MS_PER_HOUR, MS_PER_MINUTE};
use crate::calls::{Clock, SystemClock};
use crate::metrics::Minute;

const EVERY: Duration = Duration::from_secs(3);
/// How long an hour is kept: a day can be asked for.
const KEPT_S: u64 = 26 * 3600;

impl Fanout {
    /// Shares every few seconds what changed on this node, until the process ends.
    pub(super) async fn share_minutes(&self) {
        let (mut shared, mut shared_with) = (Vec::new(), 0);
        loop {
            tokio::time::sleep(EVERY).await;
            if !self.line.is_up() {
                continue;
            }
            let connection = self.line.connections();
            if shared_with != connection {
                shared.clear();
                shared_with = connection;
            }
            let minutes = self.metrics.recent(0);
            let news: Vec<_> = changed(&minutes, &shared).collect();
            for of_one_hour in news.chunk_by(|a, b| hour(a) == hour(b)) {
                self.share(of_one_hour);
            }
            shared = minutes;
        }
    }

    /// Shares minutes of one hour, with as few commands for many as for one.
    fn share(&self, minutes: &[&Minute]) {
        let Some(first) = minutes.first() else { return };
        let key = self.channels.minutes(hour(first));
        let mut keep = cmd("HSET");
        keep.arg(&key);
        for minute in minutes {
            let text = serde_json::to_string(minute).expect("figures serialize to JSON");
            keep.arg(field(minute.at_ms, self.node.id())).arg(text);
        }
        self.line.send(keep);
        let mut expire = cmd("EXPIRE");
        expire.arg(&key).arg(KEPT_S);
        self.line.send(expire);
    }

    /// Returns what other nodes shared since then, each minute with its node.
    pub(super) async fn known_minutes(&self, since_ms: u64) -> Vec<(String, Minute)> {
        let hours = since_ms / MS_PER_HOUR..=SystemClock.now().as_ms() / MS_PER_HOUR;
        let asked = hours.map(|hour| self.line.ask(hour_of(&self.channels.minutes(hour))));
        let mut known = Vec::new();
        for answer in join_all(asked).await {
            let Answer::Said(value) = answer else {
                continue;
            };
            let said = redis::from_redis_value::<HashMap<String, String>>(value);
            for (field, text) in said.unwrap_or_default() {
                match read(&field, &text) {
                    Some((node, _)) if node == self.node.id() => {}
                    Some((node, minute)) if minute.at_ms + MS_PER_MINUTE > since_ms => {
                        known.push((node, minute));
                    }
                    Some(_) => {}
                    // Perhaps a node of another version.
                    None => tracing::debug!(%field, "what a node shared was not read"),
                }
            }
        }
        known
    }
}

/// Returns the minutes that are not as they were shared.
fn changed<'a>(minutes: &'a [Minute], shared: &'a [Minute]) -> impl Iterator<Item = &'a Minute> {
    minutes.iter().filter(move |minute| {
        let before = shared.binary_search_by_key(&minute.at_ms, |shared| shared.at_ms);
        before.map_or(true, |index| shared[index] != **minute)
    })
}

const fn hour(minute: &Minute) -> u64 {
    minute.at_ms / MS_PER_HOUR
}

fn hour_of(key: &str) -> Cmd {
    let mut ask = cmd("HGETALL");
    ask.arg(key);
    ask
}

fn field(at_ms: u64, node: &str) -> String {
    format!("{at_ms}:{node}")
}

/// Reads a minute and whose it is; none when it is not one.
fn read(field: &str, text: &str) -> Option<(String, Minute)> {
    let (at_ms, node) = field.split_once(':')?;
    let minute: Minute = serde_json::from_str(text).ok()?;
    let is_one = at_ms.parse() == Ok(minute.at_ms)
        && minute.at_ms.is_multiple_of(MS_PER_MINUTE)
        && minute.at_ms < u64::MAX - MS_PER_MINUTE;
    is_one.then(|| (node.to_owned(), minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(at_ms: u64, placed: u64) -> Minute {
        Minute {
            at_ms,
            placed,
            ..Minute::default()
        }
    }

    #[test]
    fn what_changed_is_shared_and_nothing_else() {
        let shared = [minute(60_000, 1), minute(120_000, 1)];
        let now = [minute(60_000, 1), minute(120_000, 2), minute(180_000, 1)];
        let told: Vec<_> = changed(&now, &shared).map(|minute| minute.at_ms).collect();
        assert_eq!(told, [120_000, 180_000]);
        assert_eq!(changed(&now, &[]).count(), 3);
        assert_eq!(changed(&now, &now).count(), 0);
    }

    #[test]
    fn what_is_written_is_read_again_and_nonsense_is_not() {
        let minute = minute(120_000, 3);
        let text = serde_json::to_string(&minute).unwrap();
        let read_again = read(&field(120_000, "node:1"), &text);
        assert_eq!(read_again, Some(("node:1".to_owned(), minute)));
        for field in ["", "x", "60000:node", "x:node", ":node"] {
            assert_eq!(read(field, &text), None, "{field}");
        }
        for text in ["", "{}", "[]", r#"{"atMs":120000}"#] {
            assert_eq!(read("120000:node", text), None, "{text}");
        }
        let odd = text.replace("120000", "120001");
        assert_eq!(read("120001:node", &odd), None);
    }
}
