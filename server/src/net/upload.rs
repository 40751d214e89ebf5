//! The body of a request: here in time, and read to its end whatever the answer is.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a body may take in all.
const WITHIN: Duration = Duration::from_secs(30);
/// How much of a body is read for nothing, so that a client that is still sending gets its answer.
const MOST_DISCARDED: usize = 16 * 1024 * 1024;

/// The body of a request.
///
/// A server that answers and closes while a client still sends makes most clients miss the answer:
/// they see a broken pipe. So what nobody read is read here and thrown away, within limits.
pub(super) struct Upload {
    body: Option<Incoming>,
    deadline: Pin<Box<Sleep>>,
}

/// The body did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request did not come within {} s", WITHIN.as_secs())]
struct TooSlow;

impl Upload {
    /// Takes the body of a request; one that has none costs nothing.
    pub(super) fn body(body: Incoming) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        let deadline = Box::pin(sleep_until(Instant::now() + WITHIN));
        Body::new(Self {
            body: Some(body),
            deadline,
        })
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.deadline.as_mut().poll(cx).is_ready() {
            self.body = None;
            return Poll::Ready(Some(Err(Error::new(TooSlow))));
        }
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx).map_err(Error::new),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        let Some(rest) = rest else { return };
        let until = self.deadline.deadline();
        tokio::spawn(async move {
            let _ = tokio::time::timeout_at(until, discard(rest)).await;
        });
    }
}

/// Reads the rest of a body and throws it away, up to a limit.
async fn discard(mut body: Incoming) {
    let mut discarded = 0;
    while discarded < MOST_DISCARDED {
        let next = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let Some(Ok(frame)) = next else { return };
        discarded += frame.data_ref().map_or(0, Bytes::len);
    }
}
