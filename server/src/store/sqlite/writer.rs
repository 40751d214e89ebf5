//! The one connection that writes: whatever waits together is committed together.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::Mirror;
use super::write::Write;
use crate::store::{StoreError, StoreResult};

/// How many changes one transaction takes at most.
const BATCH: usize = 256;
/// How many changes may wait; more makes the callers wait.
const QUEUE: usize = 4_096;

/// Takes changes and answers once they are committed.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Job {
    write: Write,
    done: oneshot::Sender<StoreResult<u64>>,
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection, mirror: Arc<Mirror>) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(connection, waiting, mirror));
        Self {
            jobs: Mutex::new(Some(jobs)),
            task: Mutex::new(Some(task)),
        }
    }

    /// Writes a change and returns how many rows it touched, once it is committed.
    pub(super) async fn write(&self, write: Write) -> StoreResult<u64> {
        let jobs = self.sender().ok_or(StoreError::Closed)?;
        let (done, answer) = oneshot::channel();
        jobs.send(Job { write, done })
            .await
            .map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Takes no more changes, and waits until those that wait are committed.
    pub(super) async fn stop(&self) {
        drop(take(&self.jobs));
        if let Some(task) = take(&self.task)
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the database writer broke down");
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

async fn run(
    mut connection: SqliteConnection,
    mut waiting: mpsc::Receiver<Job>,
    mirror: Arc<Mirror>,
) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        match write_all(&mut connection, &batch).await {
            Ok(touched) => {
                for (job, rows) in batch.drain(..).zip(touched) {
                    answer(job, Ok(rows), &mirror);
                }
            }
            // One of them may be at fault: the others must not pay for it.
            Err(error) => {
                tracing::warn!(%error, changes = batch.len(), "writing one by one");
                for job in batch.drain(..) {
                    let written = write_one(&mut connection, &job).await;
                    answer(job, written, &mirror);
                }
            }
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing the database failed");
    }
}

async fn write_one(connection: &mut SqliteConnection, job: &Job) -> StoreResult<u64> {
    let touched = write_all(connection, std::slice::from_ref(job)).await?;
    Ok(touched.into_iter().sum())
}

/// Writes all or none, and returns how many rows each change touched.
async fn write_all(connection: &mut SqliteConnection, batch: &[Job]) -> StoreResult<Vec<u64>> {
    connection.execute("BEGIN IMMEDIATE").await?;
    let written = write_each(connection, batch).await;
    if written.is_err() {
        // The error that is reported is the first one; a failed transaction may be gone already.
        let _ = connection.execute("ROLLBACK").await;
    }
    written
}

async fn write_each(connection: &mut SqliteConnection, batch: &[Job]) -> StoreResult<Vec<u64>> {
    let mut touched = Vec::with_capacity(batch.len());
    for job in batch {
        touched.push(job.write.execute(connection).await?);
    }
    connection.execute("COMMIT").await?;
    Ok(touched)
}

fn answer(job: Job, written: StoreResult<u64>, mirror: &Mirror) {
    if written.as_ref().is_ok_and(|rows| *rows > 0) {
        job.write.committed(mirror);
    }
    // Whoever asked may have gone.
    let _ = job.done.send(written);
}
