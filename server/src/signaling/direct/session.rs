//! One session over WebSocket, from its first packet to its last.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use engineioxide::socket::Sid;
use tokio::time::{Instant, Sleep, sleep};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message};

use super::super::packet::Text;
use super::super::socket::Socket;
use super::super::{MOST_RECEIVED_BYTES, PING_INTERVAL, PING_TIMEOUT, READ_BUFFER, Signaling};
use super::outbox::{Next, Outbox};
use super::websocket::WebSocket;
use crate::admission::Place;
use crate::net::{Allowance, Wire};

/// How many messages of one socket are looked at before others have their turn.
const MESSAGES_AT_ONCE: usize = 64;

/// The most packets for which room is kept when nothing waits any more.
const KEPT_ROOM: usize = 32;

/// The types of packets, as their first character tells them.
const CLOSE: u8 = b'1';
const PING: u8 = b'2';
const PONG: u8 = b'3';
const MESSAGE: u8 = b'4';

/// Carries one session until either side ends it.
pub(super) async fn run(
    signaling: Signaling,
    stream: Wire,
    early: Bytes,
    place: Option<Arc<Place>>,
    allowance: Option<Allowance>,
) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MOST_RECEIVED_BYTES))
        .max_frame_size(Some(MOST_RECEIVED_BYTES));
    let websocket = WebSocket::new(stream, &early, config);
    let socket = Socket::direct(place);
    if let Some(allowance) = allowance {
        socket.data.limit_until_sign_in(allowance);
    }
    signaling.opened(&socket);
    let mut session = Session {
        websocket,
        socket,
        signaling,
        heart: Box::pin(sleep(PING_INTERVAL)),
        pinged_at: None,
        batch: VecDeque::from([open_packet()]),
        is_ended: false,
    };
    poll_fn(|cx| session.poll(cx)).await;
    session.outbox().close();
    session.signaling.ended(&session.socket);
}

/// What a session is told first: who it is, and how often it hears a ping.
fn open_packet() -> Text {
    let packet = format!(
        r#"0{{"sid":"{}","upgrades":[],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
        Sid::new(),
        PING_INTERVAL.as_millis(),
        PING_TIMEOUT.as_millis(),
        MOST_RECEIVED_BYTES,
    );
    packet.into()
}

struct Session {
    websocket: WebSocket,
    socket: Arc<Socket>,
    signaling: Signaling,
    /// When to look at the heartbeat again.
    heart: Pin<Box<Sleep>>,
    /// When it was asked whether it lives, and has not answered.
    pinged_at: Option<Instant>,
    /// What was taken from the outbox; kept for its room.
    batch: VecDeque<Text>,
    /// Whether the client says no more, or nobody listens to it.
    is_ended: bool,
}

impl Session {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_ended {
            self.read(cx);
            self.beat(cx);
        }
        self.write(cx)
    }

    /// Looks at what came.
    fn read(&mut self, cx: &mut Context<'_>) {
        for _ in 0..MESSAGES_AT_ONCE {
            let Poll::Ready(message) = self.websocket.poll_read(cx) else {
                return;
            };
            if !self.hear(message) {
                return self.end();
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Takes one message, and tells whether more may come.
    fn hear(&mut self, message: Result<Message, Error>) -> bool {
        match message {
            Ok(Message::Text(packet)) => self.hear_packet(&packet),
            Ok(Message::Binary(data)) => {
                self.signaling.binary(&self.socket, data.len());
                true
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => true,
            Ok(Message::Close(_)) | Err(_) => false,
        }
    }

    fn hear_packet(&mut self, packet: &str) -> bool {
        match packet.as_bytes().first() {
            Some(&MESSAGE) => {
                let hear = || self.signaling.message(&self.socket, &packet[1..]);
                let heard = catch_unwind(AssertUnwindSafe(hear));
                if heard.is_err() {
                    tracing::error!("a message caused a panic; its socket is closed");
                }
                heard.is_ok()
            }
            Some(&PONG | &PING) => {
                self.pinged_at = None;
                true
            }
            Some(&CLOSE | _) | None => false,
        }
    }

    /// Asks now and then whether the client lives.
    fn beat(&mut self, cx: &mut Context<'_>) {
        while self.heart.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let next = match self.pinged_at.map(|at| at + PING_TIMEOUT) {
                Some(end) if end <= now => return self.end(),
                Some(end) => end,
                None => {
                    if self.websocket.send(Text::from_static("2"), cx).is_err() {
                        return self.end();
                    }
                    self.pinged_at = Some(now);
                    now + PING_INTERVAL
                }
            };
            self.heart.as_mut().reset(next);
        }
    }

    /// Sends what waits; ready when the session is over.
    fn write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while ready!(self.flush(cx)).is_ok() {
            let mut batch = std::mem::take(&mut self.batch);
            let next = self.outbox().take(&mut batch, cx.waker());
            self.batch = batch;
            match next {
                Next::Send => {}
                Next::Wait => return Poll::Pending,
                Next::Close => {
                    self.is_ended = true;
                    return self.websocket.poll_close(cx).map(drop);
                }
            }
        }
        Poll::Ready(())
    }

    /// Hands over what was taken from the outbox: as much at once as the buffer of the stream holds.
    fn flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.batch.is_empty() {
            ready!(self.websocket.poll_ready(cx))?;
            if let Some(packet) = self.batch.pop_front() {
                self.websocket.send(packet, cx)?;
            }
        }
        if self.batch.capacity() > KEPT_ROOM {
            self.batch = VecDeque::new();
        }
        self.websocket.poll_flush(cx)
    }

    fn end(&mut self) {
        self.is_ended = true;
        self.outbox().close();
    }

    fn outbox(&self) -> &Outbox {
        self.socket.outbox().expect("it is a direct one")
    }
}
