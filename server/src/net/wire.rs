//! A TCP stream to someone who may stop reading.

use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How long a peer may take nothing at all of what waits for it.
const PROGRESS_WITHIN: Duration = Duration::from_secs(10);
/// How long a peer may take for what waits for it, however it trickles.
const DRAINED_WITHIN: Duration = Duration::from_secs(30);

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
    /// How many bytes the peer may still send.
    allowance: usize,
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
            backlog: None,
            allowance: usize::MAX,
        }
    }

    /// Lets the peer send so many bytes from now on; more than that is an error of the next read.
    pub(crate) const fn allow(&mut self, bytes: usize) {
        self.allowance = bytes;
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
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        match self.allowance.checked_sub(read) {
            Some(left) => self.allowance = left,
            None => return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into())),
        }
        Poll::Ready(Ok(()))
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
