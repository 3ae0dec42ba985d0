//! SIGTERM, SIGINT and SIGQUIT: caught from the first moment, so that a server that is told to end
//! while it starts ends as cleanly as later.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::Poll;

use tokio::sync::watch;

/// How the server is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Requests in progress are finished.
    Graceful,
    /// At once.
    Immediate,
}

/// Signals that are caught and wait to be heard.
#[derive(Clone, Debug)]
pub struct Signals {
    ending: watch::Receiver<Option<Ending>>,
    is_serving: Arc<AtomicBool>,
}

impl Signals {
    /// Catches the signals from now on, in a thread of its own.
    ///
    /// Until the server serves they end the process at once, with exit code 0: nothing is
    /// acknowledged before, and opening a data directory can be interrupted anywhere.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn catch() -> io::Result<Self> {
        let (sender, ending) = watch::channel(None);
        let is_serving = Arc::new(AtomicBool::new(false));
        let serving = Arc::clone(&is_serving);
        let (caught, is_caught) = mpsc::sync_channel(1);
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => return drop(caught.send(Err(error))),
            };
            runtime.block_on(async move {
                let mut kinds = match Kinds::new() {
                    Ok(kinds) => kinds,
                    Err(error) => return drop(caught.send(Err(error))),
                };
                drop(caught.send(Ok(())));
                loop {
                    let ending = kinds.next().await;
                    if !serving.load(Ordering::Acquire) {
                        tracing::info!("stopped while starting");
                        std::process::exit(0);
                    }
                    let _ = sender.send(Some(ending));
                }
            });
        })?;
        is_caught.recv().map_err(io::Error::other)??;
        Ok(Self { ending, is_serving })
    }

    /// From now on signals end the server, and no longer the process.
    pub(super) fn begin_serving(&self) {
        self.is_serving.store(true, Ordering::Release);
    }

    /// Waits for a signal.
    pub(super) async fn wait(&mut self) -> Ending {
        loop {
            if let Some(ending) = *self.ending.borrow_and_update() {
                return ending;
            }
            if self.ending.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// The signals of the operating system.
#[cfg(unix)]
struct Kinds {
    endings: [(Ending, tokio::signal::unix::Signal); 3],
    /// Heard elsewhere, and caught here so that it ends nothing before that.
    _hangup: tokio::signal::unix::Signal,
}

#[cfg(not(unix))]
struct Kinds();

#[cfg(unix)]
impl Kinds {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let endings = [
            (Ending::Graceful, signal(SignalKind::terminate())?),
            (Ending::Immediate, signal(SignalKind::interrupt())?),
            (Ending::Immediate, signal(SignalKind::quit())?),
        ];
        Ok(Self { endings, _hangup: signal(SignalKind::hangup())? })
    }

    async fn next(&mut self) -> Ending {
        std::future::poll_fn(|cx| {
            for (ending, signal) in &mut self.endings {
                if Pin::new(signal).poll_recv(cx).is_ready() {
                    return Poll::Ready(*ending);
                }
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(not(unix))]
impl Kinds {
    fn new() -> io::Result<Self> {
        Ok(Self())
    }

    async fn next(&mut self) -> Ending {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Ending::Graceful,
            Err(_) => std::future::pending().await,
        }
    }
}
