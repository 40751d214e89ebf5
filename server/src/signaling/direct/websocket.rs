//! A WebSocket on a stream that is polled.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

use super::super::packet::Text;
use crate::net::Wire;

/// The server's side of a WebSocket, read and written by one task.
///
/// With one task there is one waker, that of the poll at hand: none has to be kept.
pub(super) struct WebSocket {
    wire: Wire,
    protocol: WebSocketContext,
    /// Whether all that came was looked at.
    is_read: bool,
    /// Whether something that was sent is still here.
    is_unsent: bool,
    /// Whether the peer has to take something before more is sent.
    is_blocked: bool,
}

impl WebSocket {
    /// Takes over a stream after the handshake, with what of it was read already.
    pub(super) fn new(wire: Wire, early: &Bytes, config: WebSocketConfig) -> Self {
        let (role, config) = (Role::Server, Some(config));
        Self {
            wire,
            protocol: WebSocketContext::from_partially_read(early.to_vec(), role, config),
            is_read: false,
            is_unsent: false,
            is_blocked: false,
        }
    }

    /// Reads the next message. After an error there is none.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Error>> {
        // The protocol clears room for what may come, each time it is asked.
        if self.is_read {
            ready!(self.wire.poll_readable(cx));
        }
        let mut stream = Polled(&mut self.wire, cx);
        let read = or_wait(self.protocol.read(&mut stream));
        self.is_read = read.is_pending();
        read
    }

    /// Ready when something may be sent.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_blocked {
            self.poll_flush(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }

    /// Puts a text behind what was sent before.
    pub(super) fn send(&mut self, text: Text, cx: &mut Context<'_>) -> Result<(), Error> {
        self.is_unsent = true;
        let mut stream = Polled(&mut self.wire, cx);
        let written = or_wait(self.protocol.write(&mut stream, Message::Text(text)));
        self.is_blocked = written.is_pending();
        match written {
            Poll::Ready(written) => written,
            // It was taken all the same.
            Poll::Pending => Ok(()),
        }
    }

    /// Hands everything that was sent over to the stream.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.is_unsent {
            return Poll::Ready(Ok(()));
        }
        let mut stream = Polled(&mut self.wire, cx);
        let flushed = or_wait(self.protocol.flush(&mut stream)).map(or_closed);
        self.is_unsent = flushed.is_pending();
        self.is_blocked = flushed.is_pending();
        flushed
    }

    /// Says that no more comes, behind everything that was sent.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut stream = Polled(&mut self.wire, cx);
        or_wait(self.protocol.close(&mut stream, None)).map(or_closed)
    }
}

/// A stream to somebody who does not wait: what would have to wait is an error, and wakes the task
/// later.
struct Polled<'a, 'b>(&'a mut Wire, &'a mut Context<'b>);

impl Read for Polled<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        let read = Pin::new(&mut *self.0).poll_read(self.1, &mut buffer);
        or_would_block(read).map(|()| buffer.filled().len())
    }
}

impl Write for Polled<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut *self.0).poll_write(self.1, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        or_would_block(Pin::new(&mut *self.0).poll_flush(self.1))
    }
}

fn or_would_block<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

fn or_wait<T>(result: Result<T, Error>) -> Poll<Result<T, Error>> {
    match result {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

/// That both sides have said their last word is how it ought to end.
fn or_closed(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::ConnectionClosed) => Ok(()),
        result => result,
    }
}
