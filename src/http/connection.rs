//! A connection: plain or TLS, watched so that no client holds it without end.
//!
//! actix watches the head of the first request and idle connections; what it does not watch is
//! watched here: heads of later requests that never end, and answers that nobody reads. It also
//! answers what is no HTTP with an empty body; a problem is sent in its place.

use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::server::TlsStream;

use super::address;
use super::error::Problem;
use super::headers;
use crate::error::ErrorCode;

/// How long a connection may be idle.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// What goes on in a connection; shared with the requests that come over it.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    /// Whether a request is being answered.
    is_busy: Cell<bool>,
    /// Whether bytes have come of which no request has become yet.
    has_head: Cell<bool>,
    /// Counts the heads.
    heads: Cell<u32>,
    /// Counts everything that happens.
    moves: Cell<u32>,
    /// The client has closed the connection, or it has ended otherwise.
    is_gone: Arc<AtomicBool>,
}

impl ConnectionState {
    /// A request has come.
    pub(super) fn begin(&self) {
        self.is_busy.set(true);
        self.has_head.set(false);
        self.moved();
    }

    /// A request has been answered.
    pub(super) fn end(&self) {
        self.is_busy.set(false);
        self.moved();
    }

    /// Says when the client has gone away, to whatever works for it.
    pub(super) fn gone(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_gone)
    }

    fn moved(&self) {
        self.moves.set(self.moves.get().wrapping_add(1));
    }

    fn received(&self) {
        self.moved();
        if !self.is_busy.get() && !self.has_head.replace(true) {
            self.heads.set(self.heads.get().wrapping_add(1));
        }
    }
}

/// The end of an answer that is sent piece by piece.
pub(super) struct EndOnDrop(pub(super) Rc<ConnectionState>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) head: Duration,
    pub(super) write: Duration,
}

#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What was seen when the alarm last went off.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    head: Option<u32>,
    moves: u32,
    quiet: Duration,
}

/// A watched connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    watch: Rc<ConnectionState>,
    patience: Patience,
    alarm: Pin<Box<Sleep>>,
    seen: Seen,
    written: u64,
    /// Goes off when nothing has been written since so many bytes.
    stall: Option<(Pin<Box<Sleep>>, u64)>,
    /// What is sent in the place of an empty answer, and how much of it has been.
    own_answer: Option<(Vec<u8>, usize)>,
    _counted: (Taken, Option<Counted>),
}

impl Connection {
    pub(super) fn new(
        stream: Stream,
        patience: Patience,
        counted: (Taken, Option<Counted>),
    ) -> Self {
        Self {
            stream,
            watch: Rc::default(),
            patience,
            alarm: Box::pin(sleep(patience.head)),
            seen: Seen::default(),
            written: 0,
            stall: None,
            own_answer: None,
            _counted: counted,
        }
    }

    pub(super) fn watch(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.watch)
    }

    /// Looks after a client that sends nothing; an error once it has been silent too long.
    fn while_silent(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let watch = &self.watch;
            let head = watch.has_head.get().then_some(watch.heads.get());
            let moves = watch.moves.get();
            let is_quiet = !watch.is_busy.get() && moves == self.seen.moves;
            let quiet =
                if is_quiet { self.seen.quiet + self.patience.head } else { Duration::ZERO };
            // The same head since the alarm before: all that time it has not become a request.
            if head.is_some() && head == self.seen.head || quiet > KEEP_ALIVE + self.patience.head {
                return Poll::Ready(timed_out("no request comes"));
            }
            self.seen = Seen { head, moves, quiet };
            self.alarm.as_mut().reset(Instant::now() + self.patience.head);
        }
        Poll::Pending
    }

    /// Looks after a client that reads nothing; an error once it has not for too long.
    fn while_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let (written, patience) = (self.written, self.patience.write);
        let (alarm, mark) = self.stall.get_or_insert_with(|| (Box::pin(sleep(patience)), written));
        while alarm.as_mut().poll(cx).is_ready() {
            if *mark == written && alarm.deadline() <= Instant::now() {
                return Poll::Ready(timed_out("the client reads nothing"));
            }
            *mark = written;
            alarm.as_mut().reset(Instant::now() + patience);
        }
        Poll::Pending
    }

    /// Passes on what a write came to.
    fn or_stalled<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match result {
            Poll::Pending => self.while_stalled(cx).map(Err),
            done @ Poll::Ready(_) => done,
        }
    }

    fn write_some(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        };
        if let Poll::Ready(Ok(count)) = &result {
            self.written += *count as u64;
            self.watch.moved();
        }
        self.or_stalled(cx, result)
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        };
        if result.is_pending() {
            return this.while_silent(cx).map(Err);
        }
        if buffer.filled().len() > before {
            this.watch.received();
        } else {
            // The end of what comes, or an error.
            this.watch.is_gone.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.watch.is_gone.store(true, Ordering::Relaxed);
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.own_answer.is_none() {
            let Some(status) = empty_answer(bytes) else { return this.write_some(cx, bytes) };
            let is_tls = matches!(this.stream, Stream::Tls(_));
            this.own_answer = Some((problem(status, is_tls), 0));
        }
        while let Some((answer, sent)) = this.own_answer.take() {
            let result = this.write_some(cx, &answer[sent..]);
            let count = match result {
                Poll::Ready(Ok(count)) if count > 0 => count,
                other @ (Poll::Ready(_) | Poll::Pending) => {
                    this.own_answer = Some((answer, sent));
                    return other;
                }
            };
            if sent + count < answer.len() {
                this.own_answer = Some((answer, sent + count));
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        };
        this.or_stalled(cx, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        };
        this.or_stalled(cx, result)
    }
}

/// The status of an answer that actix has made on its own, without a body.
fn empty_answer(bytes: &[u8]) -> Option<u16> {
    if !bytes.starts_with(b"HTTP/1.1 4") || !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let status = match &bytes[9..12] {
        b"400" => 400,
        b"408" => 408,
        b"431" => 431,
        _ => return None,
    };
    // Answers of ours carry this header; these are short, and nearly never seen.
    let ours = b"x-content-type-options";
    let is_ours = bytes.windows(ours.len()).any(|window| window.eq_ignore_ascii_case(ours));
    (!is_ours).then_some(status)
}

/// A problem as it goes over the wire.
pub(super) fn problem(status: u16, is_tls: bool) -> Vec<u8> {
    let (problem, reason) = match status {
        431 => (
            Problem::new(ErrorCode::HeadersTooLarge, "the head of the request is too large"),
            "Request Header Fields Too Large",
        ),
        408 => (
            Problem::new(ErrorCode::BodyTooSlow, "the request did not come in time"),
            "Request Timeout",
        ),
        503 => (
            Problem::new(ErrorCode::Overloaded, "there are too many connections"),
            "Service Unavailable\r\nretry-after: 1",
        ),
        _ => (Problem::new(ErrorCode::Malformed, "this is not an HTTP request"), "Bad Request"),
    };
    let body = problem.body().to_string();
    let headers = headers::lines(is_tls);
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// How many connections there are, and how many each address has.
#[derive(Debug)]
pub(super) struct Connections {
    most_of_each: usize,
    most: usize,
    all: AtomicUsize,
    open: Mutex<HashMap<u64, usize>>,
}

impl Connections {
    /// At most so many for each, any number if 0, and so many in all.
    pub(super) fn new(most_of_each: usize, most: usize) -> Arc<Self> {
        Arc::new(Self { most_of_each, most, all: AtomicUsize::new(0), open: Mutex::default() })
    }

    /// Takes one of all; none if all are taken.
    pub(super) fn take(self: &Arc<Self>) -> Option<Taken> {
        // Counted first: nobody must think that there is one left while others take it.
        let taken = Taken(Arc::clone(self));
        (self.all.fetch_add(1, Ordering::Relaxed) < self.most).then_some(taken)
    }

    /// Counts one more; an error if there are too many.
    pub(super) fn count(self: &Arc<Self>, address: IpAddr) -> Result<Counted, TooMany> {
        let key = address::key(address);
        let mut open = self.open.lock();
        let count = open.entry(key).or_insert(0);
        if self.most_of_each > 0 && *count >= self.most_of_each {
            return Err(TooMany);
        }
        *count += 1;
        Ok(Counted { connections: Arc::clone(self), key })
    }
}

/// One of all connections, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Taken(Arc<Connections>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.all.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An address has too many connections.
#[derive(Debug, thiserror::Error)]
#[error("too many connections of one address")]
pub(super) struct TooMany;

/// A connection that counts as long as this lives.
#[derive(Debug)]
pub(super) struct Counted {
    connections: Arc<Connections>,
    key: u64,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock();
        if let Some(count) = open.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_answers_of_actix_are_replaced() {
        let empty = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(empty_answer(empty), Some(431));
        assert_eq!(empty_answer(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"), None);
        assert_eq!(empty_answer(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), None);
        assert_eq!(empty_answer(b"HTTP/1.1 400 Bad Request\r\n\r\n{}"), None);
        assert_eq!(empty_answer(&problem(400, true)), None);
        let ours = b"HTTP/1.1 400 Bad Request\r\nX-Content-Type-Options: nosniff\r\n\r\n";
        assert_eq!(empty_answer(ours), None);
        assert_eq!(empty_answer(b"HTTP/1.1 4"), None);
    }

    #[tokio::test]
    async fn a_client_that_closes_its_end_is_gone() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let taken = Connections::new(0, 1).take().unwrap();
        let second = Duration::from_secs(1);
        let patience = Patience { head: 60 * second, write: 60 * second };
        let mut connection = Connection::new(Stream::Plain(stream), patience, (taken, None));
        let gone = connection.watch().gone();
        assert!(!gone.load(Ordering::Relaxed));
        drop(client);
        let mut buffer = [0; 8];
        assert_eq!(tokio::io::AsyncReadExt::read(&mut connection, &mut buffer).await.unwrap(), 0);
        assert!(gone.load(Ordering::Relaxed));
    }

    #[test]
    fn connections_are_counted_in_all() {
        let connections = Connections::new(0, 2);
        let first = connections.take().unwrap();
        let second = connections.take().unwrap();
        assert!(connections.take().is_none());
        assert!(connections.take().is_none(), "one that was refused counts nothing");
        drop(first);
        let third = connections.take().unwrap();
        assert!(connections.take().is_none());
        drop((second, third));
        assert_eq!(connections.all.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn connections_are_counted_by_address() {
        let connections = Connections::new(2, 10);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = connections.count(one).unwrap();
        let second = connections.count(one).unwrap();
        assert!(connections.count(one).is_err());
        let third = connections.count(other).unwrap();
        drop(first);
        assert!(connections.count(one).is_ok());
        drop((second, third));
        assert!(connections.open.lock().is_empty());
    }
}
