//! A few connections that read, on threads where waiting for a disk holds up nobody else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::place::Place;
use super::schema::open_reader;
use crate::store::{StoreError, StoreResult};

/// How many read at once; more wait their turn.
const READERS: usize = 4;

/// The connections that read, opened as they are needed.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    place: Arc<Place>,
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
}

impl Readers {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self(Arc::new(Pool {
            place,
            idle: Mutex::default(),
            turns: Semaphore::new(READERS),
        }))
    }

    /// Reads on one of the connections.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let _turn = self
            .0
            .turns
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        let pool = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || pool.run(query))
            .await
            .map_err(|error| StoreError::Database(Arc::new(error)))?
    }

    /// Waits for those who read, and closes their connections.
    pub(super) async fn close(&self) {
        let everyone = u32::try_from(READERS).unwrap_or(u32::MAX);
        let all_turns = self.0.turns.acquire_many(everyone).await;
        self.0.turns.close();
        self.0.idle().clear();
        drop(all_turns);
    }
}

impl Pool {
    fn run<T>(&self, query: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(self.place.file()?)?,
        };
        let answer = query(&connection);
        self.idle().push(connection);
        answer
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
