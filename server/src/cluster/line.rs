//! The way to Redis: commands in order, many in one round trip, none of them waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisResult, Value};
use tokio::sync::{mpsc, oneshot};

use super::{CONNECT_TIMEOUT, FIRST_PAUSE, LONGEST_PAUSE};

/// The most commands that wait; whatever comes then is lost, and the other nodes are told that.
const QUEUE: usize = 8_192;
/// The most commands in one round trip.
const BATCH: usize = 256;
/// A Redis that takes longer is given up, and connected to anew.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long anyone waits for an answer.
const PATIENCE: Duration = Duration::from_millis(250);

/// The way to Redis.
#[derive(Debug)]
pub(super) struct Line {
    jobs: mpsc::Sender<Job>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_up: AtomicBool,
    has_lost: AtomicBool,
    connections: AtomicU64,
}

struct Job {
    command: Cmd,
    answer: Option<oneshot::Sender<Value>>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Answer {
    /// Redis said this.
    Said(Value),
    /// It was sent, and the answer takes long.
    Late,
    /// It was not sent.
    Lost,
}

impl Line {
    /// Connects, and keeps connecting.
    pub(super) fn start(client: Client) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let state = Arc::new(State::default());
        tokio::spawn(keep(client, queue, Arc::clone(&state)));
        Self { jobs, state }
    }

    /// Tells whether what is sent now arrives, as far as is known.
    pub(super) fn is_up(&self) -> bool {
        self.state.is_up.load(Ordering::Relaxed)
    }

    /// Returns how often Redis was connected to: after another time it may know nothing any more.
    pub(super) fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// Takes note that something was lost, and tells whether it was since the last time.
    pub(super) fn take_lost(&self) -> bool {
        self.is_up() && self.state.has_lost.swap(false, Ordering::Relaxed)
    }

    /// Sends a command; when that cannot be, it is lost.
    pub(super) fn send(&self, command: Cmd) {
        self.queue(command, None);
    }

    /// Sends a command and waits a little for what comes of it.
    pub(super) async fn ask(&self, command: Cmd) -> Answer {
        let (answer, answered) = oneshot::channel();
        if !self.queue(command, Some(answer)) {
            return Answer::Lost;
        }
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(value)) => Answer::Said(value),
            Ok(Err(_)) => Answer::Lost,
            Err(_) => Answer::Late,
        }
    }

    fn queue(&self, command: Cmd, answer: Option<oneshot::Sender<Value>>) -> bool {
        let is_queued = self.is_up() && self.jobs.try_send(Job { command, answer }).is_ok();
        if !is_queued {
            self.state.has_lost.store(true, Ordering::Relaxed);
        }
        is_queued
    }
}

async fn keep(client: Client, mut queue: mpsc::Receiver<Job>, state: Arc<State>) {
    let mut pause = FIRST_PAUSE;
    let mut was_told = false;
    while !queue.is_closed() {
        match connect(&client).await {
            Ok(connection) => {
                tracing::info!("connected to Redis");
                pause = FIRST_PAUSE;
                was_told = false;
                state.connections.fetch_add(1, Ordering::Relaxed);
                state.is_up.store(true, Ordering::Relaxed);
                let ended = work(connection, &mut queue).await;
                state.is_up.store(false, Ordering::Relaxed);
                state.has_lost.store(true, Ordering::Relaxed);
                // What nobody can be told any more would only be told late.
                while queue.try_recv().is_ok() {}
                let Err(error) = ended else { return };
                tracing::warn!(%error, "the connection to Redis broke");
            }
            Err(error) if !was_told => {
                was_told = true;
                tracing::warn!(%error, "Redis cannot be reached: this node serves its own devices");
            }
            Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(ANSWER_TIMEOUT));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

/// Sends what comes until the connection breaks, or nobody sends any more.
async fn work(
    mut connection: MultiplexedConnection,
    queue: &mut mpsc::Receiver<Job>,
) -> RedisResult<()> {
    let mut jobs = Vec::with_capacity(BATCH);
    loop {
        let heartbeat = tokio::time::timeout(ANSWER_TIMEOUT, queue.recv_many(&mut jobs, BATCH));
        match heartbeat.await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // Nothing to do: is it still there?
            Err(_) => jobs.push(Job {
                command: redis::cmd("PING"),
                answer: None,
            }),
        }
        let mut pipeline = Pipeline::with_capacity(jobs.len());
        for job in &jobs {
            pipeline.add_command(job.command.clone());
        }
        pipeline.ignore_errors();
        let answers: Vec<Value> = pipeline.query_async(&mut connection).await?;
        for (job, answer) in jobs.drain(..).zip(answers) {
            if let Some(waiting) = job.answer {
                let _ = waiting.send(answer);
            }
        }
    }
}
