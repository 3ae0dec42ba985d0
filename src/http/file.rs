//! Files that are sent as they are made.

use std::io::{self, Write};
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use futures_util::stream;
use tokio::sync::mpsc;

use super::error::Problem;
use super::state::State;
use crate::app::{App, Cancel, Error};
use crate::error::ErrorCode;
use crate::priority::{Rank, step_back};

/// Bytes that are sent at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Hands what is written to the body of the answer; blocks while the client is slow.
struct Channel {
    sender: mpsc::Sender<Result<web::Bytes, io::Error>>,
    buffer: Vec<u8>,
}

impl Channel {
    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let bytes = web::Bytes::from(std::mem::take(&mut self.buffer));
        self.sender
            .blocking_send(Ok(bytes))
            .map_err(|_gone| io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone away"))
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

/// What a file is.
pub(super) struct Kind {
    pub(super) content_type: &'static str,
    pub(super) name: String,
}

/// Sends a file that is written on a thread of its own: a slow client must not take one that
/// searches need.
pub(super) async fn send(
    state: &web::Data<State>,
    kind: Kind,
    write: impl FnOnce(&App, &Cancel, &mut (dyn Write + Send)) -> Result<(), Error> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    state.check_memory()?;
    let place = state.exports.enter().await?;
    let (sender, mut receiver) = mpsc::channel(8);
    let app = Arc::clone(&state.app);
    let spawned = std::thread::Builder::new().name("export".to_owned()).spawn(move || {
        step_back(Rank::Background);
        let mut channel = Channel { sender: sender.clone(), buffer: Vec::new() };
        // The body takes no more once its client is gone, also before anything is written.
        let body = sender.clone();
        let cancel = Cancel::when(move || body.is_closed());
        let written = write(&app, &cancel, &mut channel);
        // Before the end of the body, which tells the client that all is over.
        drop(app);
        if let Err(error) = written {
            // Once the status has been sent, cutting the body short is the only way to say so.
            // The place is free first: whoever is told tries again.
            drop(place);
            let _ = sender.blocking_send(Err(io::Error::other(error)));
        } else {
            drop(place);
        }
    });
    if let Err(error) = spawned {
        tracing::error!("an export cannot be started: {error}");
        return Err(Error::Overloaded("too many exports at once").into());
    }
    // The first piece is awaited, so that a wrong column is a problem and not a broken file.
    match receiver.recv().await {
        Some(Err(error)) => match error.downcast::<Error>() {
            Ok(error) => Err(error.into()),
            Err(error) => {
                tracing::error!("an export failed: {error}");
                Err(Problem::new(ErrorCode::Internal, "the export cannot be written"))
            }
        },
        first => {
            let rest = stream::unfold(receiver, |mut receiver| async move {
                receiver.recv().await.map(|piece| (piece, receiver))
            });
            let body = futures_util::StreamExt::chain(stream::iter(first), rest);
            let disposition = format!("attachment; filename=\"{}\"", kind.name);
            Ok(HttpResponse::Ok()
                .content_type(kind.content_type)
                .insert_header(("content-disposition", disposition))
                .streaming(body))
        }
    }
}
