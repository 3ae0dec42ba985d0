//! Ends bodies that hardly come: a client must not keep a handler waiting for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

/// How slow a body may come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long nothing may come.
    pub(super) patience: Duration,
    /// How many bytes a second earn that much patience again.
    pub(super) bytes_per_sec: u32,
}

/// A body that ends with an error when it comes too slowly.
///
/// Time counts only while the handler waits for the client. Each byte earns a little more, but never
/// more than the patience at the start, so that a long upload cannot stop for long.
pub(super) struct Paced {
    body: Payload,
    pace: Pace,
    left: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(super) fn new(body: Payload, pace: Pace) -> Self {
        Self { body, pace, left: pace.patience, waiting_since: None, timer: None }
    }

    fn received(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        #[expect(clippy::cast_precision_loss, reason = "pieces are small")]
        let earned = bytes as f64 / f64::from(self.pace.bytes_per_sec.max(1));
        let earned = Duration::try_from_secs_f64(earned).unwrap_or(Duration::MAX);
        self.left = self.left.saturating_add(earned).min(self.pace.patience);
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_next(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                this.received(bytes.len());
                return Poll::Ready(Some(Ok(bytes)));
            }
            Poll::Ready(end) => return Poll::Ready(end),
            Poll::Pending => {}
        }
        let deadline = *this.waiting_since.get_or_insert_with(Instant::now) + this.left;
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            // An alarm that was set for an earlier piece may go off too soon, never too late.
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if Instant::now() >= deadline {
                let slow = io::Error::new(io::ErrorKind::TimedOut, "the body comes too slowly");
                return Poll::Ready(Some(Err(PayloadError::Io(slow))));
            }
            timer.as_mut().reset(deadline);
        }
    }
}

/// Whether reading a body has ended for want of bytes.
pub(super) fn is_too_slow(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::*;

    const PACE: Pace = Pace { patience: Duration::from_millis(100), bytes_per_sec: 1 << 20 };

    /// How many pieces of a body come through, and whether it was cut off.
    fn read(body: impl Stream<Item = Bytes> + 'static) -> (usize, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async move {
            let body = Box::pin(body.map(Ok));
            let mut paced = Paced::new(Payload::Stream { payload: body }, PACE);
            let mut seen = 0;
            while let Some(piece) = paced.next().await {
                match piece {
                    Ok(_) => seen += 1,
                    Err(error) => return (seen, is_too_slow(&error)),
                }
            }
            (seen, false)
        })
    }

    fn pieces(bytes: usize, every: Duration) -> impl Stream<Item = Bytes> {
        stream::repeat(()).then(move |()| async move {
            tokio::time::sleep(every).await;
            Bytes::from(vec![0; bytes])
        })
    }

    #[test]
    fn a_steady_body_comes_through() {
        assert_eq!(read(stream::repeat(Bytes::from_static(b"x")).take(1_000)), (1_000, false));
        let steady = pieces(1 << 20, Duration::from_millis(1)).take(300);
        assert_eq!(read(steady), (300, false));
    }

    #[test]
    fn a_trickle_is_cut_off() {
        let (seen, is_cut) = read(pieces(1, Duration::from_millis(2)));
        assert!(is_cut && seen > 0, "{seen}");
    }

    #[test]
    fn a_stop_is_cut_off_however_much_came_before() {
        let much = stream::repeat(Bytes::from(vec![0; 1 << 20])).take(64);
        assert_eq!(read(much.chain(stream::pending())), (64, true));
    }
}
