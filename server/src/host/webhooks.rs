//! Telling the host application of calls: what the outbox holds, until it has taken it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::overflow;
use super::pace::pause_ms;
use crate::calls::{Clock, SystemClock, Timestamp};
use crate::config::WebhookSettings;
use crate::http::{Bounds, HttpClient, HttpError, Signer};
use crate::metrics::{Metrics, Untold};
use crate::store::{Letter, Store, StoreError};

/// How many are told at once.
const AT_ONCE: usize = 16;
/// How long the application may take, and how much of its answer is read.
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(5),
    bytes: 64 * 1024,
};
/// How long one belongs to the process that took it out; then that process has broken down.
const LEASE_MS: u64 = 10_000;
/// How often the outbox is looked into when nothing was put in, in milliseconds: for what failed
/// before, and what a process left behind that is gone.
const LOOK_MS: u64 = 1_000;
/// How long what is being told may take when the server goes down.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// Tells the host application what the outbox holds.
#[derive(Debug)]
pub struct Postman {
    stop: watch::Sender<bool>,
    round: JoinHandle<()>,
    bound: JoinHandle<()>,
}

impl Postman {
    /// Starts; `post` wakes it when something was put into the outbox.
    pub(super) fn start(
        settings: WebhookSettings,
        client: HttpClient,
        store: Arc<dyn Store>,
        post: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (most, bounded, counted) =
            (settings.keep_most, Arc::clone(&store), Arc::clone(&metrics));
        let bound = tokio::spawn(overflow::keep_within(most, bounded, counted));
        let route = Route {
            signer: Signer::new(settings.secrets.clone()),
            settings,
            client,
            store,
            metrics,
        };
        let round = tokio::spawn(Arc::new(route).walk(post, stopped));
        Self { stop, round, bound }
    }

    /// Stops; what was not taken stays in the outbox for the next start.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.bound.abort();
        if let Err(error) = self.round.await {
            tracing::error!(%error, "telling the application of calls broke down");
        }
    }
}

/// The way to the application.
struct Route {
    settings: WebhookSettings,
    signer: Signer,
    client: HttpClient,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
}

/// Why the application did not take something.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("{0}")]
    Http(#[from] HttpError),
    #[error("it answered with the status {0}")]
    Status(StatusCode),
    #[error("it could not be signed")]
    Unsigned,
}

impl Route {
    async fn walk(self: Arc<Self>, post: Arc<Notify>, mut stopped: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        loop {
            self.set_out(&mut under_way).await;
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => break,
                // The next one about the same call may follow.
                Some(_) = under_way.join_next() => {}
                () = post.notified(), if under_way.len() < AT_ONCE => {}
                () = tokio::time::sleep(Duration::from_millis(LOOK_MS)) => {}
            }
        }
        let rest = async { while under_way.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_TIMEOUT, rest).await.is_err() {
            tracing::warn!("WEBHOOK_URL was slow: what it was being told is told again");
        }
    }

    /// Takes out what is due, as far as there is room.
    async fn set_out(self: &Arc<Self>, under_way: &mut JoinSet<()>) {
        let room = AT_ONCE.saturating_sub(under_way.len());
        if room == 0 {
            return;
        }
        let now = SystemClock.now();
        let letters = self
            .store
            .take_letters(now, now.plus_ms(LEASE_MS), room)
            .await;
        match letters {
            Ok(letters) => {
                for letter in letters {
                    let route = Arc::clone(self);
                    under_way.spawn(async move { route.tell(&letter).await });
                }
            }
            Err(error) => tracing::warn!(%error, "the outbox could not be read"),
        }
    }

    async fn tell(&self, letter: &Letter) {
        let settled = match self.send(letter).await {
            Ok(()) => self.store.remove_letter(&letter.id).await,
            Err(why) => self.not_taken(letter, &why).await,
        };
        if let Err(error) = settled {
            // It is due again when its lease is over.
            tracing::warn!(%error, "the outbox could not be written");
        }
    }

    async fn send(&self, letter: &Letter) -> Result<(), NotTaken> {
        let body = Bytes::from(letter.body.clone());
        let id = format!("{}_{}", letter.id.call, letter.id.sequence);
        let headers = self.signer.headers(&id, SystemClock.now(), &body);
        let headers = headers.ok_or(NotTaken::Unsigned)?;
        let url = &self.settings.url;
        let answer = self.client.post(url, headers, body, BOUNDS).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        Err(NotTaken::Status(answer.status))
    }

    async fn not_taken(&self, letter: &Letter, why: &NotTaken) -> Result<(), StoreError> {
        let (call, sequence) = (&letter.id.call, letter.id.sequence);
        let now = SystemClock.now();
        let pause = pause_ms(letter.attempts, chance());
        if self.is_too_old(letter, now.plus_ms(pause)) {
            tracing::error!(%call, sequence, %why, "WEBHOOK_URL never took this: it is given up");
            self.metrics.untold(Untold::Age, 1);
            return self.store.remove_letter(&letter.id).await;
        }
        let attempts = letter.attempts;
        tracing::warn!(%call, sequence, attempts, %why, "WEBHOOK_URL did not take this: it is tried again");
        let until = now.plus_ms(pause);
        self.store.put_off_letter(&letter.id, until).await
    }

    fn is_too_old(&self, letter: &Letter, at: Timestamp) -> bool {
        at.since(letter.written_at) > self.settings.keep
    }
}

/// Without randomness, everything waits for the whole pause.
fn chance() -> u8 {
    let mut byte = [0];
    getrandom::fill(&mut byte).map_or(0, |()| byte[0])
}
