//! What one socket asked, done in order, one thing after the other.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The most requests of one socket that wait.
const MOST_WAITING: usize = 512;
/// The most bytes of requests of one socket that wait.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// One thing to do.
pub(super) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Does what is pushed in the order of the pushes, never two things at once.
///
/// Work that needs not wait (a relayed signal) is done at once by whoever pushes it, so that it
/// costs neither a task nor a wake-up. Work that has to wait moves to a task, and what is pushed
/// meanwhile queues behind it.
#[derive(Clone, Default)]
pub(super) struct Inbox(Arc<Mutex<Backlog>>);

#[derive(Default)]
struct Backlog {
    /// Whether something is being done: then whatever comes has to wait.
    running: bool,
    waiting: VecDeque<(Work, usize)>,
    bytes: usize,
}

impl Inbox {
    /// Tells whether work that holds so many bytes may still be pushed.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let backlog = self.lock();
        backlog.waiting.len() < MOST_WAITING && backlog.bytes + bytes <= MOST_BYTES
    }

    /// Does the work after all that was pushed before; `bytes` is what it holds while it waits.
    pub(super) fn push(&self, work: Work, bytes: usize) {
        let ready = self.lock().admit(work, bytes);
        let Some(mut work) = ready else { return };
        match poll_guarded(&mut work, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => drop(Turn(self)),
            // The task polls it again at once, so that no wake-up can be lost in between.
            Poll::Pending => self.spawn(work),
        }
    }

    /// Takes the turn for something that needs not wait; none while something else is being done.
    pub(super) fn turn(&self) -> Option<Turn<'_>> {
        let is_busy = std::mem::replace(&mut self.lock().running, true);
        (!is_busy).then(|| Turn(self))
    }

    /// Takes what waits longest, or falls idle.
    fn next(&self) -> Option<Work> {
        let mut backlog = self.lock();
        let Some((work, bytes)) = backlog.waiting.pop_front() else {
            backlog.running = false;
            backlog.waiting.shrink_to_fit();
            return None;
        };
        backlog.bytes -= bytes;
        Some(work)
    }

    fn spawn(&self, first: Work) {
        let inbox = self.clone();
        tokio::spawn(async move {
            let mut current = Some(first);
            while let Some(mut work) = current {
                poll_fn(|cx| poll_guarded(&mut work, cx)).await;
                current = inbox.next();
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing else is done while this is held; what was pushed meanwhile follows.
pub(super) struct Turn<'a>(&'a Inbox);

impl Turn<'_> {
    /// Does it; none when it panics, which ends this alone.
    pub(super) fn guarded<T>(self, act: impl FnOnce() -> T) -> Option<T> {
        catch_unwind(AssertUnwindSafe(act))
            .inspect_err(|_| log_panic())
            .ok()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(next) = self.0.next() {
            self.0.spawn(next);
        }
    }
}

impl Backlog {
    /// Returns the work if it may start now, else queues it.
    fn admit(&mut self, work: Work, bytes: usize) -> Option<Work> {
        if self.running {
            self.bytes += bytes;
            self.waiting.push_back((work, bytes));
            return None;
        }
        self.running = true;
        Some(work)
    }
}

/// Polls; a panic ends this work alone, or the socket would be stuck behind it for ever.
fn poll_guarded(work: &mut Work, cx: &mut Context<'_>) -> Poll<()> {
    catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))).unwrap_or_else(|_| {
        log_panic();
        Poll::Ready(())
    })
}

fn log_panic() {
    tracing::error!("a request panicked; the socket goes on with the next one");
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    fn note(log: &mpsc::UnboundedSender<usize>, n: usize) -> Work {
        let log = log.clone();
        Box::pin(async move { log.send(n).unwrap() })
    }

    /// Work that waits until the other end says so.
    fn gated(log: &mpsc::UnboundedSender<usize>, n: usize) -> (Work, oneshot::Sender<()>) {
        let (open, gate) = oneshot::channel();
        let log = log.clone();
        let work = Box::pin(async move {
            gate.await.unwrap();
            log.send(n).unwrap();
        });
        (work, open)
    }

    #[test]
    fn work_that_needs_not_wait_is_done_before_push_returns() {
        let (log, mut seen) = mpsc::unbounded_channel();
        let inbox = Inbox::default();
        for n in 0..3 {
            inbox.push(note(&log, n), 1);
            assert_eq!(seen.try_recv(), Ok(n));
        }
    }

    #[tokio::test]
    async fn work_behind_something_slow_keeps_its_order() {
        let (log, mut seen) = mpsc::unbounded_channel();
        let inbox = Inbox::default();
        let (slow, open) = gated(&log, 0);
        inbox.push(slow, 1);
        for n in 1..200 {
            let work = if n % 7 == 0 {
                let (work, open) = gated(&log, n);
                open.send(()).unwrap();
                work
            } else {
                note(&log, n)
            };
            inbox.push(work, 1);
        }
        assert!(seen.try_recv().is_err());
        open.send(()).unwrap();
        for n in 0..200 {
            assert_eq!(seen.recv().await, Some(n));
        }
    }

    #[tokio::test]
    async fn a_turn_is_given_while_nothing_is_done_and_what_is_pushed_meanwhile_follows_it() {
        let (log, mut seen) = mpsc::unbounded_channel();
        let inbox = Inbox::default();
        let turn = inbox.turn();
        assert!(turn.is_some());
        assert!(inbox.turn().is_none());
        inbox.push(note(&log, 0), 1);
        tokio::task::yield_now().await;
        assert!(seen.try_recv().is_err());
        drop(turn);
        assert_eq!(seen.recv().await, Some(0));
        let (slow, open) = gated(&log, 1);
        inbox.push(slow, 1);
        assert!(inbox.turn().is_none());
        open.send(()).unwrap();
        assert_eq!(seen.recv().await, Some(1));
        tokio::task::yield_now().await;
        assert!(inbox.turn().is_some());
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_requests_and_again_when_they_are_done() {
        let (log, mut seen) = mpsc::unbounded_channel();
        let inbox = Inbox::default();
        let (slow, open) = gated(&log, 0);
        inbox.push(slow, 1);
        for n in 1..=MOST_WAITING {
            assert!(inbox.has_room(1));
            inbox.push(note(&log, n), 1);
        }
        assert!(!inbox.has_room(1));
        open.send(()).unwrap();
        for n in 0..=MOST_WAITING {
            assert_eq!(seen.recv().await, Some(n));
        }
        assert!(inbox.has_room(1));
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_bytes_and_again_when_they_are_done() {
        let (log, mut seen) = mpsc::unbounded_channel();
        let inbox = Inbox::default();
        let (slow, open) = gated(&log, 0);
        inbox.push(slow, 1);
        inbox.push(note(&log, 1), MOST_BYTES);
        assert!(!inbox.has_room(1));
        open.send(()).unwrap();
        for n in [0, 1] {
            assert_eq!(seen.recv().await, Some(n));
        }
        assert!(inbox.has_room(MOST_BYTES));
    }

    #[tokio::test]
    async fn a_panic_does_not_stop_what_comes_after() {
        let (log, mut seen) = mpsc::unbounded_channel();
        let inbox = Inbox::default();
        inbox.push(Box::pin(async { panic!("on purpose") }), 1);
        inbox.push(note(&log, 1), 1);
        assert_eq!(seen.recv().await, Some(1));
        let turn = inbox.turn().unwrap();
        assert_eq!(turn.guarded(|| panic!("on purpose, in a turn")), None::<()>);
        assert_eq!(inbox.turn().unwrap().guarded(|| 1), Some(1));
        let late: Work = Box::pin(async {
            tokio::task::yield_now().await;
            panic!("on purpose, later");
        });
        inbox.push(late, 1);
        inbox.push(note(&log, 2), 1);
        assert_eq!(seen.recv().await, Some(2));
    }
}
