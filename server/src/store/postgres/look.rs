//! A look at the database: whether it can be worked with, and if not, why.
//!
//! The pool tries again and again and does not say what came of it. When it is late, an attempt of
//! our own says why; only the pool's answer says whether queries work.

use std::time::{Duration, Instant};

use sqlx::postgres::PgPool;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::schema::may_write;
use crate::store::{StoreError, StoreResult};

/// How long the pool may take before an attempt of our own is made.
const SOON: Duration = Duration::from_secs(1);

/// How long the pool may take at all: less than those wait who look, so that they are told the cause.
const PATIENCE: Duration = Duration::from_millis(1_800);

/// How long the outcome of an attempt is as good as that of another one.
const FRESH: Duration = Duration::from_secs(1);

/// Attempts to connect outside the pool: one at a time, for all that look.
///
/// A database that is short of connections would otherwise lose one more to each of them.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<Option<Outcome>>);

#[derive(Debug)]
struct Outcome {
    at: Instant,
    cause: Option<StoreError>,
}

impl Attempts {
    /// Returns why nobody is let in, if nobody is: of another's attempt, where one has just been made.
    async fn cause(&self, attempt: impl Future<Output = Option<StoreError>>) -> Option<StoreError> {
        let mut last = self.0.lock().await;
        if let Some(outcome) = last.as_ref().filter(|last| last.at.elapsed() < FRESH) {
            return outcome.cause.clone();
        }
        let cause = attempt.await;
        *last = Some(Outcome {
            at: Instant::now(),
            cause: cause.clone(),
        });
        cause
    }
}

/// Asks the database whether it can be worked with.
///
/// # Errors
/// Why not.
pub(super) async fn look(pool: &PgPool, attempts: &Attempts) -> StoreResult<()> {
    let cause = async {
        sleep(SOON).await;
        attempts.cause(attempt(pool)).await
    };
    verdict(may_write(pool), cause, PATIENCE).await
}

async fn attempt(pool: &PgPool) -> Option<StoreError> {
    match PgConnection::connect_with(&pool.connect_options()).await {
        Ok(connection) => {
            // It was let in; how it parts tells nothing.
            let _ = connection.close().await;
            None
        }
        Err(error) => Some(error.into()),
    }
}

/// Returns the pool's answer, and the cause only if that does not come.
async fn verdict(
    answer: impl Future<Output = StoreResult<()>>,
    cause: impl Future<Output = Option<StoreError>>,
    patience: Duration,
) -> StoreResult<()> {
    let mut found = None;
    let answer = timeout(patience, async {
        let explain = async {
            found = cause.await;
            std::future::pending().await
        };
        tokio::select! {
            answer = answer => answer,
            never = explain => never,
        }
    });
    match answer.await {
        Ok(answer) => answer,
        Err(_) => Err(found.unwrap_or(StoreError::TooSlow)),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn an_attempt_in_vain_says_nothing_of_a_pool_that_answers_after_it() {
        let (failed, is_failed) = oneshot::channel();
        let answer = async {
            is_failed.await.unwrap();
            Ok(())
        };
        let cause = async {
            failed.send(()).unwrap();
            Some(StoreError::NoConnection)
        };
        assert!(verdict(answer, cause, LONG).await.is_ok());
    }

    #[tokio::test]
    async fn of_a_pool_that_does_not_answer_the_cause_is_told() {
        let cause = async { Some(StoreError::NoConnection) };
        let verdict = verdict(pending(), cause, SHORT).await;
        assert!(matches!(verdict, Err(StoreError::NoConnection)));
    }

    #[tokio::test]
    async fn a_pool_that_does_not_answer_is_slow_where_an_attempt_is_let_in_or_hangs() {
        let let_in = verdict(pending(), async { None }, SHORT).await;
        assert!(matches!(let_in, Err(StoreError::TooSlow)));
        let hanging = verdict(pending(), pending(), SHORT).await;
        assert!(matches!(hanging, Err(StoreError::TooSlow)));
    }

    #[tokio::test]
    async fn many_that_look_at_once_make_one_attempt_and_share_what_came_of_it() {
        let attempts = Attempts::default();
        let made = AtomicU32::new(0);
        let attempt = || async {
            made.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Some(StoreError::NoConnection)
        };
        let (one, other, third) = tokio::join!(
            attempts.cause(attempt()),
            attempts.cause(attempt()),
            attempts.cause(attempt()),
        );
        assert!([one, other, third].iter().all(Option::is_some));
        assert_eq!(made.into_inner(), 1);
    }
}
