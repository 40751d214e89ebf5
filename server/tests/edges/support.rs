//! A server on a port of its own, and a client that speaks plain HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use clap::Parser;
use ringback_protocol::UserId;
use ringback_server::app;
use ringback_server::auth::{Auth, User};
use ringback_server::config::{Config, Flags};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

pub(crate) const SECRET: &str = "a-secret-that-only-these-tests-know";

/// A running server.
pub(crate) struct TestServer {
    address: SocketAddr,
    stop: Arc<Notify>,
    running: JoinHandle<()>,
    pub(crate) folder: TempDir,
}

/// What a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl TestServer {
    /// Starts a server with these flags, on a database of its own.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        Self::start_in(TempDir::new().unwrap(), flags).await
    }

    /// Starts a server whose files are there already.
    pub(crate) async fn start_in(folder: TempDir, flags: &[&str]) -> Self {
        let database = format!("sqlite://{}/calls.db", folder.path().display());
        let own = [
            "ringback-server",
            "--database",
            &database,
            "--jwt-secret",
            SECRET,
        ];
        let flags = Flags::try_parse_from([&own, flags].concat()).unwrap();
        let config = Config::from_flags(flags).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(Notify::new());
        let told = Arc::clone(&stop);
        let running = thread::spawn(move || run(config, listener, told));
        Self {
            address,
            stop,
            running,
            folder,
        }
    }

    /// Tells the server to stop, without waiting.
    pub(crate) fn begin_to_stop(&self) {
        self.stop.notify_one();
    }

    /// Tells the server to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.begin_to_stop();
        let running = self.running;
        tokio::task::spawn_blocking(|| running.join().unwrap())
            .await
            .unwrap();
    }

    /// Sends a request; `head` is its first line without the version, and more header lines.
    pub(crate) async fn request(&self, head: &str, body: &str) -> Answer {
        let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
        let headers = headers.trim().replace('\n', "\r\n");
        let separator = if headers.is_empty() { "" } else { "\r\n" };
        let request = format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}{separator}\r\n{body}",
            self.address,
            body.len(),
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        Answer::parse(&String::from_utf8_lossy(&answer))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(&format!("GET {path}"), "").await
    }
}

/// Runs the server as its binary does: on a runtime of its own.
fn run(config: Config, listener: std::net::TcpListener, stop: Arc<Notify>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let shutdown = async move { stop.notified().await };
        app::run(config, listener, shutdown).await.unwrap();
    });
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A token of a person, good for so many seconds.
pub(crate) fn token(user: &str, valid_for_s: u64) -> String {
    let user = User {
        id: UserId::new(user).unwrap(),
        name: None,
        picture: None,
    };
    Auth::hs256(SECRET.as_bytes())
        .sign(&user, valid_for_s)
        .unwrap()
}
