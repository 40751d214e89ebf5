//! HTTP connections, from those who keep their word and those who do not.
//!
//! Headers, a body and an answer each have a time by which they must have come through; without
//! one, a few hundred connections that say a byte a minute hold a server for ever.

mod upload;
mod wire;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_service::Service;

use upload::Upload;
pub(crate) use wire::{Allowance, Wire};

/// How long the headers of a request may take, and how long a connection may idle between two.
const HEADERS_WITHIN: Duration = Duration::from_secs(15);
/// The most that is kept of one connection: the headers of a request, or an answer on its way.
const MOST_BUFFERED: usize = 64 * 1024;
/// How long to wait when the system has no room for another connection.
const NO_ROOM_WAIT: Duration = Duration::from_millis(200);

/// Answers connections until `stop` is done, and then those that are open, until they are closed.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send,
) {
    // Whoever holds a receiver is still open; what is sent through it is the word to finish.
    let (finish, open) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            (stream, from) = accept(&listener) => {
                tokio::spawn(answer(stream, from, router.clone(), open.clone()));
            }
            () = &mut stop => break,
        }
    }
    drop((listener, open, router));
    finish.send_replace(());
    finish.closed().await;
}

/// Takes the next connection; one that failed before it began is nobody's fault.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no room for another connection");
                tokio::time::sleep(NO_ROOM_WAIT).await;
            }
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    [ConnectionRefused, ConnectionAborted, ConnectionReset].contains(&error.kind())
}

/// Answers the requests of one connection.
async fn answer(
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
    mut finish: watch::Receiver<()>,
) {
    // Signals are small and wait for nobody.
    let _ = stream.set_nodelay(true);
    let wire = Wire::new(stream);
    let allowance = wire.allowance().clone();
    let service =
        service_fn(move |request| route(router.clone(), from, allowance.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(MOST_BUFFERED)
        .serve_connection(TokioIo::new(wire), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = finish.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection ended early");
    }
}

async fn route(
    mut router: Router,
    from: SocketAddr,
    allowance: Allowance,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(|body| Body::new(Upload::body(body)));
    request.extensions_mut().insert(ConnectInfo(from));
    request.extensions_mut().insert(allowance);
    router.call(request).await
}

/// Returns the stream of a connection of this server that no longer speaks HTTP, and what of it was
/// read already.
pub(crate) fn stream_of(upgraded: Upgraded) -> Option<(Wire, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<Wire>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf))
}
