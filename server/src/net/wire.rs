//! A TCP stream to someone who may stop reading, read in as few pieces as there are.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How long a peer may take nothing at all of what waits for it.
const PROGRESS_WITHIN: Duration = Duration::from_secs(10);
/// How long a peer may take for what waits for it, however it trickles.
const DRAINED_WITHIN: Duration = Duration::from_secs(30);
/// The most that is read at once.
const MOST_READ: usize = 16 * 1024;

thread_local! {
    /// Where a thread reads to, whatever the stream.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; MOST_READ].into());
}

/// A stream that is cut when its peer does not take what it is sent.
///
/// A WebSocket that is closed waits for its last bytes to leave, and the end of its device is
/// noticed only then. Without a limit that is up to the peer: one that stops reading would stay in
/// its call, with everything that waits for it in memory, for as long as it likes.
///
/// What has arrived is taken from the kernel at once, however small the buffer of whoever reads: a
/// socket that is idle needs no more than a small one then, and a burst of messages, or a long
/// session description, still costs one system call.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    /// What was read already and not asked for yet.
    ahead: Bytes,
    /// What waits; nothing while the peer keeps up, so that an idle socket pays nothing for it.
    backlog: Option<Backlog>,
}

#[derive(Debug)]
struct Backlog {
    began: Instant,
    patience: Pin<Box<Sleep>>,
}

impl Wire {
    /// Guards a stream.
    pub(super) const fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            ahead: Bytes::new(),
            backlog: None,
        }
    }

    /// Hands out of what was read ahead.
    fn hand_out(&mut self, buffer: &mut ReadBuf<'_>) {
        let most = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead.split_to(most));
        if self.ahead.is_empty() {
            // An empty rest would keep the whole of it in memory.
            self.ahead = Bytes::new();
        }
    }

    /// Reads what has arrived; what does not fit into the buffer is kept for the next time.
    fn read_ahead(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        whole: &mut [u8],
    ) -> Poll<io::Result<()>> {
        let mut whole = ReadBuf::new(whole);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut whole))?;
        let fits = whole.filled().len().min(buffer.remaining());
        let (now, ahead) = whole.filled().split_at(fits);
        buffer.put_slice(now);
        if !ahead.is_empty() {
            self.ahead = Bytes::copy_from_slice(ahead);
        }
        Poll::Ready(Ok(()))
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
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Ends both directions at once: whoever waits to read sees the end, and nothing lingers.
    fn cut(&self) {
        let socket = SockRef::from(&self.stream);
        let _ = socket.set_linger(Some(Duration::ZERO));
        let _ = socket.shutdown(Shutdown::Both);
    }
}

impl Backlog {
    fn begin() -> Self {
        Self {
            began: Instant::now(),
            patience: Box::pin(sleep(PROGRESS_WITHIN)),
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
        if !self.ahead.is_empty() {
            self.hand_out(buffer);
            return Poll::Ready(Ok(()));
        }
        if buffer.remaining() == 0 || buffer.remaining() >= MOST_READ {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        READ.with_borrow_mut(|whole| self.read_ahead(cx, buffer, whole))
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
        self.backlog = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Wire, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap());
        let (accepted, peer) = tokio::join!(listener.accept(), peer);
        (Wire::new(accepted.unwrap().0), peer.unwrap())
    }

    /// What the peer sends, different at every place that a piece may end at.
    fn message(length: u32) -> Vec<u8> {
        (0..length).map(|n| (n % 251) as u8).collect()
    }

    #[tokio::test]
    async fn small_pieces_make_up_what_was_sent() {
        let (mut wire, mut peer) = pair().await;
        let sent = message(100_000);
        let sends = async {
            peer.write_all(&sent).await.unwrap();
            peer.shutdown().await.unwrap();
        };
        let reads = async {
            let mut read = Vec::new();
            for size in [1, 14, 1_000, 20_000, 7].into_iter().cycle() {
                let mut piece = vec![0; size];
                match wire.read(&mut piece).await.unwrap() {
                    0 => break,
                    some => read.extend_from_slice(&piece[..some]),
                }
            }
            read
        };
        let ((), read) = tokio::join!(sends, reads);
        assert_eq!(read, sent);
    }

    #[tokio::test]
    async fn what_has_arrived_is_taken_at_once_and_kept_no_longer_than_needed() {
        let (mut wire, mut peer) = pair().await;
        peer.write_all(&message(3_000)).await.unwrap();
        let mut piece = [0; 1_000];
        wire.read_exact(&mut piece).await.unwrap();
        assert_eq!(wire.ahead.len(), 2_000);
        wire.read_exact(&mut piece).await.unwrap();
        wire.read_exact(&mut piece).await.unwrap();
        assert_eq!(piece[..], message(3_000)[2_000..]);
        assert!(wire.ahead.is_empty());
    }

    #[tokio::test]
    async fn nothing_is_taken_for_a_reader_without_room() {
        let (mut wire, mut peer) = pair().await;
        peer.write_all(b"word").await.unwrap();
        assert_eq!(wire.read(&mut []).await.unwrap(), 0);
        let mut word = [0; 4];
        wire.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"word");
    }
}
