//! Listening to Redis: the channels that this node wants, again after every break.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{PubSub, PubSubSink};
use redis::{Client, RedisResult};
use tokio::sync::{mpsc, oneshot};

use super::{CONNECT_TIMEOUT, FIRST_PAUSE, LONGEST_PAUSE};

/// The most devices that wait for their channels at once; others wait before that.
const QUEUE: usize = 1_024;
/// The most channels in one command.
const BATCH: usize = 512;
/// How often it is tried whether Redis is still there, and how long it may take.
const PING_EVERY: Duration = Duration::from_secs(1);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a device that signs in waits for its channels.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// Everything that is said from now on.
    Everything,
    /// A message.
    Message(Vec<u8>),
}

/// Listens to Redis.
#[derive(Debug)]
pub(super) struct Ear {
    client: Client,
    /// How many devices want each channel.
    wanted: Mutex<HashMap<String, usize>>,
    changes: mpsc::Sender<Change>,
    changed: tokio::sync::Mutex<mpsc::Receiver<Change>>,
    hears: AtomicBool,
}

/// A channel that is wanted now, or is not any more.
#[derive(Debug)]
struct Change {
    channel: String,
    done: oneshot::Sender<()>,
}

impl Ear {
    pub(super) fn new(client: Client) -> Self {
        let (changes, changed) = mpsc::channel(QUEUE);
        Self {
            client,
            wanted: Mutex::default(),
            changes,
            changed: tokio::sync::Mutex::new(changed),
            hears: AtomicBool::new(false),
        }
    }

    /// Tells whether what is said is heard.
    pub(super) fn hears(&self) -> bool {
        self.hears.load(Ordering::Relaxed)
    }

    /// Tells whether this node listens to that channel.
    pub(super) fn wants(&self, channel: &str) -> bool {
        self.wanted().contains_key(channel)
    }

    /// Listens to channels, and returns once it does; without Redis, at once.
    pub(super) async fn open(&self, channels: [String; 2]) {
        for channel in &channels {
            *self.wanted().entry(channel.clone()).or_default() += 1;
        }
        self.change(channels).await;
    }

    /// Listens to channels no longer, unless another device wants them.
    pub(super) async fn close(&self, channels: [String; 2]) {
        for channel in &channels {
            let mut wanted = self.wanted();
            if let Some(count) = wanted.get_mut(channel) {
                *count -= 1;
                if *count == 0 {
                    wanted.remove(channel);
                }
            }
        }
        self.change(channels).await;
    }

    async fn change(&self, channels: [String; 2]) {
        let all_done = async {
            let mut waits = Vec::with_capacity(channels.len());
            for channel in channels {
                let (done, wait) = oneshot::channel();
                if self.changes.send(Change { channel, done }).await.is_ok() {
                    waits.push(wait);
                }
            }
            for wait in waits {
                let _ = wait.await;
            }
        };
        if tokio::time::timeout(PATIENCE, all_done).await.is_err() {
            tracing::debug!("Redis takes long to open a channel");
        }
    }

    /// Listens until the process ends, and hands on what it hears.
    pub(super) async fn listen(&self, base: String, heard: impl Fn(Heard)) {
        self.wanted().insert(base, 1);
        let mut changed = self.changed.lock().await;
        let mut pause = FIRST_PAUSE;
        loop {
            let connected = self.connect();
            tokio::pin!(connected);
            let connected = loop {
                tokio::select! {
                    connected = &mut connected => break connected,
                    // Nobody waits for a Redis that is away: it is told what is wanted once it is back.
                    change = changed.recv() => drop(change),
                }
            };
            if let Ok(pub_sub) = connected {
                pause = FIRST_PAUSE;
                self.attend(pub_sub, &mut changed, &heard).await;
                self.hears.store(false, Ordering::Relaxed);
                tracing::warn!("Redis is not heard any more");
            }
            self.pause(pause, &mut changed).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn pause(&self, pause: Duration, changed: &mut mpsc::Receiver<Change>) {
        let over = tokio::time::sleep(pause);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return,
                change = changed.recv() => drop(change),
            }
        }
    }

    async fn connect(&self) -> Result<PubSub, ()> {
        let connecting = self.client.get_async_pubsub();
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(pub_sub)) => Ok(pub_sub),
            Ok(Err(_)) | Err(_) => Err(()),
        }
    }

    /// Hands on messages until the connection breaks or does not answer.
    async fn attend(
        &self,
        pub_sub: PubSub,
        changed: &mut mpsc::Receiver<Change>,
        heard: &impl Fn(Heard),
    ) {
        let (mut sink, mut messages) = pub_sub.split();
        let mut changes = Vec::with_capacity(BATCH);
        if self.all_wanted(&mut sink).await.is_err() {
            return;
        }
        self.hears.store(true, Ordering::Relaxed);
        heard(Heard::Everything);
        let mut ping = tokio::time::interval(PING_EVERY);
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => heard(Heard::Message(message.get_payload_bytes().to_vec())),
                    None => return,
                },
                count = changed.recv_many(&mut changes, BATCH) => {
                    if count == 0 || self.apply(&mut sink, &mut changes).await.is_err() {
                        return;
                    }
                }
                _ = ping.tick() => {
                    let pong = tokio::time::timeout(ANSWER_TIMEOUT, sink.ping::<redis::Value>()).await;
                    if !matches!(pong, Ok(Ok(_))) {
                        return;
                    }
                }
            }
        }
    }

    /// Listens to everything that is wanted.
    async fn all_wanted(&self, sink: &mut PubSubSink) -> Result<(), ()> {
        let wanted: Vec<String> = self.wanted().keys().cloned().collect();
        for channels in wanted.chunks(BATCH) {
            in_time(sink.subscribe(channels)).await?;
        }
        Ok(())
    }

    /// Opens what is wanted and closes what is not, and tells those who wait.
    async fn apply(&self, sink: &mut PubSubSink, changes: &mut Vec<Change>) -> Result<(), ()> {
        let (open, close): (Vec<&str>, Vec<&str>) = changes
            .iter()
            .map(|change| change.channel.as_str())
            .partition(|channel| self.wants(channel));
        if !open.is_empty() {
            in_time(sink.subscribe(open)).await?;
        }
        if !close.is_empty() {
            in_time(sink.unsubscribe(close)).await?;
        }
        for change in changes.drain(..) {
            let _ = change.done.send(());
        }
        Ok(())
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn in_time(answer: impl Future<Output = RedisResult<()>>) -> Result<(), ()> {
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}
