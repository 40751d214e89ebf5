//! What waits to be sent to one socket.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::mpsc::error::TrySendError;

use super::super::SEND_BUFFER;
use super::super::packet::Text;

/// What waits to be sent to one socket, and whether more may come.
#[derive(Default)]
pub(in crate::signaling) struct Outbox(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Text>,
    /// Whoever sends, while there was nothing to send.
    idle: Option<Waker>,
    closing: bool,
}

/// What there is to do for whoever sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Send these.
    Send,
    /// Nothing, until it is woken.
    Wait,
    /// Close: all has been sent, and no more comes.
    Close,
}

impl Outbox {
    /// Puts a packet behind the others.
    ///
    /// # Errors
    /// When too many wait, or the socket closes.
    pub(in crate::signaling) fn put(&self, packet: Text) -> Result<(), TrySendError<()>> {
        let idle = {
            let mut state = self.lock();
            if state.closing {
                return Err(TrySendError::Closed(()));
            }
            if state.waiting.len() >= SEND_BUFFER {
                return Err(TrySendError::Full(()));
            }
            state.waiting.push_back(packet);
            state.idle.take()
        };
        wake(idle);
        Ok(())
    }

    /// Lets nothing more in.
    pub(in crate::signaling) fn close(&self) {
        let idle = {
            let mut state = self.lock();
            state.closing = true;
            state.idle.take()
        };
        wake(idle);
    }

    /// Takes all that waits into `batch`, which is empty; `waker` is woken when there is more.
    pub(super) fn take(&self, batch: &mut VecDeque<Text>, waker: &Waker) -> Next {
        let mut state = self.lock();
        if !state.waiting.is_empty() {
            std::mem::swap(&mut state.waiting, batch);
            return Next::Send;
        }
        if state.closing {
            return Next::Close;
        }
        state.idle = Some(waker.clone());
        Next::Wait
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(idle: Option<Waker>) {
    if let Some(waker) = idle {
        waker.wake();
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take(outbox: &Outbox, woken: &Arc<Woken>) -> (Next, Vec<Text>) {
        let mut batch = VecDeque::new();
        let next = outbox.take(&mut batch, &Waker::from(Arc::clone(woken)));
        (next, batch.into())
    }

    #[test]
    fn what_is_put_comes_out_in_order_and_wakes_whoever_found_nothing_once() {
        let (outbox, woken) = (Outbox::default(), Arc::new(Woken::default()));
        assert_eq!(take(&outbox, &woken), (Next::Wait, vec![]));
        for packet in ["41", "42", "43"] {
            outbox.put(packet.into()).unwrap();
        }
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        let all = ["41", "42", "43"].map(Text::from).to_vec();
        assert_eq!(take(&outbox, &woken), (Next::Send, all));
        // Whoever found something looks again before it sleeps.
        outbox.put("44".into()).unwrap();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(take(&outbox, &woken).0, Next::Send);
        assert_eq!(take(&outbox, &woken).0, Next::Wait);
    }

    #[test]
    fn what_waits_at_the_end_is_still_sent_and_nothing_comes_after() {
        let (outbox, woken) = (Outbox::default(), Arc::new(Woken::default()));
        assert_eq!(take(&outbox, &woken).0, Next::Wait);
        outbox.put("41".into()).unwrap();
        outbox.close();
        assert!(matches!(
            outbox.put("42".into()),
            Err(TrySendError::Closed(()))
        ));
        assert_eq!(take(&outbox, &woken), (Next::Send, vec!["41".into()]));
        assert_eq!(take(&outbox, &woken), (Next::Close, vec![]));
    }

    #[test]
    fn the_end_wakes_whoever_waits() {
        let (outbox, woken) = (Outbox::default(), Arc::new(Woken::default()));
        assert_eq!(take(&outbox, &woken).0, Next::Wait);
        outbox.close();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn so_many_packets_wait_and_no_more() {
        let (outbox, woken) = (Outbox::default(), Arc::new(Woken::default()));
        for _ in 0..SEND_BUFFER {
            outbox.put("4".into()).unwrap();
        }
        assert!(matches!(
            outbox.put("4".into()),
            Err(TrySendError::Full(()))
        ));
        assert_eq!(take(&outbox, &woken).1.len(), SEND_BUFFER);
        assert!(outbox.put("4".into()).is_ok());
    }
}
