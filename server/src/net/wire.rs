//! A TCP stream to someone who may stop reading.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, Cursor, Read};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How much is read at once, however little of it is asked for at a time.
const READ_AT_ONCE: usize = 8 * 1024;

/// How long a peer may take nothing at all of what waits for it.
const PROGRESS_WITHIN: Duration = Duration::from_secs(10);
/// How long a peer may take for what waits for it, however it trickles.
const DRAINED_WITHIN: Duration = Duration::from_secs(30);
/// How much is heard of a peer that takes nothing of what waits for it: a word at the end of a call, but
/// not pings without end, each of which has an answer.
const HEARD_MEANWHILE: usize = 128 * 1024;

/// A stream that is cut when its peer does not take what it is sent.
///
/// A WebSocket that is closed waits for its last bytes to leave, and the end of its device is
/// noticed only then. Without a limit that is up to the peer: one that stops reading would stay in
/// its call, with everything that waits for it in memory, for as long as it likes.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    /// What waits; nothing while the peer keeps up, so that an idle socket pays nothing for it.
    backlog: Option<Backlog>,
    allowance: Allowance,
    /// What was read and not asked for yet; nothing while the socket is idle.
    ahead: Option<Cursor<Box<[u8]>>>,
}

/// How many bytes a peer may still send; more than that is an error of the next read.
#[derive(Debug, Clone)]
pub(crate) struct Allowance(Arc<AtomicUsize>);

thread_local! {
    /// Where what comes is read to: many sockets share the room that one of them needs for a moment.
    static ROOM: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_AT_ONCE]);
}

#[derive(Debug)]
struct Backlog {
    began: Instant,
    patience: Pin<Box<Sleep>>,
    /// How many bytes the peer sent meanwhile.
    heard: usize,
    /// Whoever would read on.
    reader: Option<Waker>,
}

impl Wire {
    /// Guards a stream.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            backlog: None,
            allowance: Allowance(Arc::new(AtomicUsize::new(usize::MAX))),
            ahead: None,
        }
    }

    /// Returns what says how much the peer may still send: without a limit, until somebody sets one.
    pub(super) const fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Ready when there may be something to read.
    pub(crate) fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ahead.is_some() {
            return Poll::Ready(());
        }
        ready!(self.poll_turn(cx));
        // What is wrong with the stream, whoever reads is told.
        self.stream.poll_read_ready(cx).map(drop)
    }

    /// Ready when the peer is to be heard: not while it takes nothing and has said enough.
    fn poll_turn(&mut self, cx: &Context<'_>) -> Poll<()> {
        match &mut self.backlog {
            Some(backlog) if backlog.heard >= HEARD_MEANWHILE => {
                backlog.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(_) | None => Poll::Ready(()),
        }
    }

    /// Reads all that has come, so far as there is room for it.
    fn take(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        if buffer.remaining() >= READ_AT_ONCE {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
            return Poll::Ready(Ok(buffer.filled().len() - before));
        }
        ROOM.with_borrow_mut(|room| {
            let mut room = ReadBuf::new(room);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut room))?;
            let read = room.filled();
            let (now, later) = read.split_at(read.len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.ahead = (!later.is_empty()).then(|| Cursor::new(later.into()));
            Poll::Ready(Ok(read.len()))
        })
    }

    /// Takes note of what became of a write.
    fn judge(
        &mut self,
        cx: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if wrote.is_pending() {
            return self.wait(cx);
        }
        if let Some(backlog) = &mut self.backlog {
            backlog.progressed();
        }
        wrote
    }

    /// Waits for the peer, but not for ever.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let backlog = self.backlog.get_or_insert_with(Backlog::begin);
        ready!(backlog.patience.as_mut().poll(cx));
        self.cut();
        self.drained();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Nothing waits any more.
    fn drained(&mut self) {
        let reader = self.backlog.take().and_then(|backlog| backlog.reader);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Ends both directions at once: whoever waits to read sees the end, and nothing lingers.
    fn cut(&self) {
        let socket = SockRef::from(&self.stream);
        let _ = socket.set_linger(Some(Duration::ZERO));
        let _ = socket.shutdown(Shutdown::Both);
    }
}

impl Allowance {
    /// Lets the peer send so many bytes from now on.
    pub(crate) fn limit(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// Lets the peer send what it likes.
    pub(crate) fn lift(&self) {
        self.limit(usize::MAX);
    }

    /// Takes note that so many bytes came, and tells whether they might.
    fn take(&self, bytes: usize) -> bool {
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let less = |left: usize| (left != usize::MAX).then(|| left.saturating_sub(bytes));
        let before = self.0.fetch_update(set, fetch, less);
        // Without a limit there is nothing to update.
        before.is_ok_and(|left| left >= bytes) || before.is_err()
    }
}

impl Backlog {
    fn begin() -> Self {
        Self {
            began: Instant::now(),
            patience: Box::pin(sleep(PROGRESS_WITHIN)),
            heard: 0,
            reader: None,
        }
    }

    /// The peer took something: it has more time, but no more than it may have in all.
    fn progressed(&mut self) {
        let until = (Instant::now() + PROGRESS_WITHIN).min(self.began + DRAINED_WITHIN);
        self.patience.as_mut().reset(until);
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(ahead) = &mut self.ahead {
            let read = ahead.read(buffer.initialize_unfilled())?;
            buffer.advance(read);
            if ahead.position() == ahead.get_ref().len() as u64 {
                self.ahead = None;
            }
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_turn(cx));
        let read = ready!(self.take(cx, buffer))?;
        if let Some(backlog) = &mut self.backlog {
            backlog.heard += read;
        }
        if self.allowance.take(read) {
            return Poll::Ready(Ok(()));
        }
        self.ahead = None;
        Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Whoever writes flushes when all that it had was taken: nothing waits any more.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.drained();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (TcpStream, Wire) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap());
        let (peer, accepted) = tokio::join!(peer, listener.accept());
        (peer.unwrap(), Wire::new(accepted.unwrap().0))
    }

    #[tokio::test]
    async fn what_is_asked_for_in_small_pieces_comes_whole_and_in_order() {
        let (mut peer, mut wire) = pair().await;
        let sent: Vec<u8> = (0..3 * READ_AT_ONCE + 7).map(|n| (n % 251) as u8).collect();
        let send = async {
            peer.write_all(&sent).await.unwrap();
            peer.shutdown().await.unwrap();
        };
        let receive = async {
            let (mut received, mut piece) = (Vec::new(), [0; 1000]);
            loop {
                match wire.read(&mut piece).await.unwrap() {
                    0 => return received,
                    read => received.extend_from_slice(&piece[..read]),
                }
            }
        };
        let ((), received) = tokio::join!(send, receive);
        assert!(received == sent);
        assert!(wire.ahead.is_none());
    }

    #[tokio::test]
    async fn there_is_something_to_read_as_long_as_not_all_that_came_was_asked_for() {
        let (mut peer, mut wire) = pair().await;
        async fn is_readable(wire: &mut Wire) -> bool {
            poll_fn(|cx| Poll::Ready(wire.poll_readable(cx).is_ready())).await
        }
        // Nothing has come: that is known for certain once it was tried.
        let tried = tokio::time::timeout(Duration::ZERO, wire.read(&mut [0; 5])).await;
        assert!(tried.is_err());
        assert!(!is_readable(&mut wire).await);
        peer.write_all(&[7; 15]).await.unwrap();
        poll_fn(|cx| wire.poll_readable(cx)).await;
        for left in [10, 5, 0] {
            assert_eq!(wire.read(&mut [0; 5]).await.unwrap(), 5);
            assert_eq!(is_readable(&mut wire).await, left > 0);
        }
        drop(peer);
        poll_fn(|cx| wire.poll_readable(cx)).await;
        assert_eq!(wire.read(&mut [0; 5]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn all_that_came_counts_however_little_of_it_is_asked_for() {
        let (mut peer, mut wire) = pair().await;
        let allowance = wire.allowance().clone();
        allowance.limit(100);
        peer.write_all(&[0; 101]).await.unwrap();
        let error = wire.read(&mut [0; 10]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        peer.write_all(&[0]).await.unwrap();
        assert!(wire.read(&mut [0; 10]).await.is_err(), "it is final");
        allowance.lift();
        peer.write_all(&[7; 50]).await.unwrap();
        let mut received = [0; 50];
        wire.read_exact(&mut received).await.unwrap();
        assert_eq!(received, [7; 50]);
    }
}
