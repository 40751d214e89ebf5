//! One device: a Socket.IO client over WebSocket alone, as small as can be.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::token;

/// Whatever went wrong, for whoever reads the output.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;
type Wire = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Acks = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// One event of the server.
pub struct Event {
    pub name: String,
    pub data: Box<RawValue>,
}

/// One device that is signed in.
pub struct Client {
    out: mpsc::UnboundedSender<String>,
    acks: Acks,
    next_ack: AtomicU64,
    events: mpsc::UnboundedReceiver<Event>,
}

impl Client {
    /// Connects and signs in.
    pub async fn connect(url: &str, secret: &str, user: &str) -> Result<Self, Failed> {
        let address = format!("{url}/socket.io/?EIO=4&transport=websocket");
        let (mut wire, _) = connect_async(address).await?;
        next_text(&mut wire, "0").await?;
        let token = token::sign(secret, user);
        let auth = format!(r#"40{{"token":"{token}","deviceId":"d-{user}"}}"#);
        wire.send(Message::text(auth)).await?;
        next_text(&mut wire, "40").await?;
        Ok(Self::run(wire))
    }

    fn run(wire: Wire) -> Self {
        let (out, waiting) = mpsc::unbounded_channel();
        let (tell, events) = mpsc::unbounded_channel();
        let acks = Acks::default();
        tokio::spawn(pump(wire, waiting, out.downgrade(), acks.clone(), tell));
        Self {
            out,
            acks,
            next_ack: AtomicU64::new(0),
            events,
        }
    }

    /// Sends an event without an ack.
    pub fn send(&self, event: &str, payload: &str) {
        // The end of the socket shows at the next wait.
        let _ = self.out.send(format!(r#"42["{event}",{payload}]"#));
    }

    /// Sends an event and returns its ack, which has to be a success.
    pub async fn ask(&self, event: &str, payload: &str) -> Result<Value, Failed> {
        let number = self.next_ack.fetch_add(1, Ordering::Relaxed);
        let (give, answer) = oneshot::channel();
        lock(&self.acks).insert(number, give);
        let sent = self.out.send(format!(r#"42{number}["{event}",{payload}]"#));
        sent.map_err(|_| "the socket is closed")?;
        let ack = answer
            .await
            .map_err(|_| "the socket closed before the ack")?;
        if ack["success"] != true {
            return Err(format!("{event}: {ack}").into());
        }
        Ok(ack)
    }

    /// Waits for the next event of that name; others are passed over.
    pub async fn next(&mut self, name: &str) -> Result<Event, Failed> {
        loop {
            let event = self.events.recv().await.ok_or("the socket closed")?;
            if event.name == "call:error" {
                return Err(event.data.get().to_owned().into());
            }
            if event.name == name {
                return Ok(event);
            }
        }
    }

    /// Waits until the socket is closed.
    pub async fn closed(&mut self) {
        while self.events.recv().await.is_some() {}
    }
}

/// Waits for the first message, which has to begin so.
async fn next_text(wire: &mut Wire, prefix: &str) -> Result<(), Failed> {
    loop {
        let message = wire.next().await.ok_or("closed")??;
        let text = message.to_text()?;
        if text.starts_with(prefix) {
            return Ok(());
        }
        if text == "2" {
            wire.send(Message::text("3")).await?;
        } else {
            return Err(text.to_owned().into());
        }
    }
}

/// Carries messages both ways until either side ends.
async fn pump(
    wire: Wire,
    mut waiting: mpsc::UnboundedReceiver<String>,
    beat: mpsc::WeakUnboundedSender<String>,
    acks: Acks,
    tell: mpsc::UnboundedSender<Event>,
) {
    let (mut out, mut incoming) = wire.split();
    let write = async {
        while let Some(text) = waiting.recv().await {
            if out.feed(Message::text(text)).await.is_err() {
                return;
            }
            if waiting.is_empty() && out.flush().await.is_err() {
                return;
            }
        }
        let _ = out.close().await;
    };
    let read = async {
        while let Some(Ok(message)) = incoming.next().await {
            let Ok(text) = message.to_text() else { return };
            if text == "2" {
                let Some(out) = beat.upgrade() else { return };
                let _ = out.send("3".to_owned());
            } else {
                take(text, &acks, &tell);
            }
        }
    };
    tokio::select! { () = write => {}, () = read => {} }
    lock(&acks).clear();
}

fn take(text: &str, acks: &Acks, tell: &mpsc::UnboundedSender<Event>) {
    if let Some(event) = text.strip_prefix("42") {
        if let Ok((name, data)) = serde_json::from_str(event) {
            let _ = tell.send(Event { name, data });
        }
    } else if let Some((number, body)) = text.strip_prefix("43").and_then(|ack| ack.split_once('['))
    {
        let waiting = number
            .parse()
            .ok()
            .and_then(|number: u64| lock(acks).remove(&number));
        let ack = body
            .strip_suffix(']')
            .and_then(|body| serde_json::from_str(body).ok());
        if let (Some(waiting), Some(ack)) = (waiting, ack) {
            let _ = waiting.send(ack);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
