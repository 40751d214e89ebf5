//! The one connection that writes, on a thread of its own: what waits together is committed together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::Mirror;
use super::write::Write;
use crate::store::{StoreError, StoreResult};

/// How many changes one transaction takes at most.
const BATCH: usize = 256;
/// How far apart transactions begin while changes crowd in. Those that come within this time share
/// one, and with it the pages that they have in common; one that comes alone is written at once.
const APART: Duration = Duration::from_millis(5);
/// So many changes in one transaction are a crowd.
const CROWD: usize = 4;
/// How many changes may wait; more makes the callers wait.
const QUEUE: usize = 4_096;

/// Takes changes and answers once they are committed.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether a change failed since that was asked last.
    failed: AtomicBool,
}

#[derive(Debug)]
struct Job {
    write: Write,
    done: oneshot::Sender<StoreResult<usize>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, mirror: Arc<Mirror>) -> StoreResult<Self> {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || run(&connection, waiting, &mirror))
            .map_err(|error| StoreError::Database(Arc::new(error)))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
            failed: AtomicBool::new(false),
        })
    }

    /// Writes a change and returns how many rows it touched, once it is committed.
    pub(super) async fn write(&self, write: Write) -> StoreResult<usize> {
        let jobs = self.sender().ok_or(StoreError::Closed)?;
        let (done, answer) = oneshot::channel();
        jobs.send(Job { write, done })
            .await
            .map_err(|_| StoreError::Closed)?;
        let written = answer.await.map_err(|_| StoreError::Closed)?;
        if written.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        written
    }

    /// Looks whether changes can be written again, if one failed since the last look.
    pub(super) async fn try_again(&self) -> StoreResult<()> {
        if self.failed.load(Ordering::Relaxed) {
            self.write(Write::Nothing).await?;
            self.failed.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Takes no more changes, and waits until those that wait are committed.
    pub(super) async fn stop(&self) {
        drop(take(&self.jobs));
        let Some(thread) = take(&self.thread) else {
            return;
        };
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::error!("the database writer broke down");
        }
    }

    fn sender(&self) -> Option<mpsc::Sender<Job>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.clone()
    }
}

fn take<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn run(connection: &Connection, mut waiting: mpsc::Receiver<Job>, mirror: &Mirror) {
    let mut batch = Vec::new();
    let mut next = None;
    while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
        if let Some(next) = next {
            gather(&mut waiting, &mut batch, next);
        }
        next = (batch.len() >= CROWD).then(|| Instant::now() + APART);
        match write_all(connection, &batch) {
            Ok(touched) => {
                for (job, rows) in batch.drain(..).zip(touched) {
                    answer(job, Ok(rows), connection, mirror);
                }
            }
            // One of them may be at fault: the others must not pay for it.
            Err(error) => {
                tracing::warn!(%error, changes = batch.len(), "writing one by one");
                for job in batch.drain(..) {
                    let written = write_one(connection, &job);
                    answer(job, written, connection, mirror);
                }
            }
        }
    }
}

/// Waits until it is time for the next transaction, and takes in what came meanwhile.
fn gather(waiting: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>, next: Instant) {
    let wait = next.saturating_duration_since(Instant::now());
    if batch.len() == BATCH || wait.is_zero() {
        return;
    }
    thread::sleep(wait);
    while batch.len() < BATCH
        && let Ok(job) = waiting.try_recv()
    {
        batch.push(job);
    }
}

fn write_one(connection: &Connection, job: &Job) -> StoreResult<usize> {
    let touched = write_all(connection, std::slice::from_ref(job))?;
    Ok(touched.into_iter().sum())
}

/// Writes all or none, and returns how many rows each change touched.
fn write_all(connection: &Connection, batch: &[Job]) -> StoreResult<Vec<usize>> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let written = write_each(connection, batch);
    if written.is_err() && !connection.is_autocommit() {
        // The error that is reported is the first one.
        let _ = connection.execute_batch("ROLLBACK");
    }
    written
}

fn write_each(connection: &Connection, batch: &[Job]) -> StoreResult<Vec<usize>> {
    let mut touched = Vec::with_capacity(batch.len());
    for job in batch {
        touched.push(job.write.execute(connection)?);
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(touched)
}

fn answer(job: Job, written: StoreResult<usize>, connection: &Connection, mirror: &Mirror) {
    let written = match written {
        Ok(0) => job.write.overtaken(connection, mirror).map(|()| 0),
        Ok(rows) => {
            job.write.committed(mirror);
            Ok(rows)
        }
        Err(error) => Err(error),
    };
    // Whoever asked may have gone.
    let _ = job.done.send(written);
}
