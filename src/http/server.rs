//! Starts and stops the server.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web;
use futures_util::future::{Either, select};

use super::listen::listen;
use super::options::ServeOptions;
use super::signals::{Ending, Signals};
use super::sockets::{DeviceAddresses, Sockets};
use super::state::State;
use super::tls::{Certificates, TlsError};
use crate::app::App;
use crate::domain::phone::prepare_origins;

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What was asked for would not be safe.
    #[error("{0}")]
    Unsafe(String),
    /// The address cannot be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The figures cannot be set up; a defect.
    #[error("cannot set up the figures: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The server failed.
    #[error("the server failed: {0}")]
    Io(#[from] io::Error),
}

/// How long the workers may take to let go of the application once the server has ended.
const RELEASE_PATIENCE: Duration = Duration::from_secs(60);
/// How often the limits forget who has been quiet.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// A server that accepts requests.
#[derive(Clone)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it speaks TLS.
    pub is_tls: bool,
    /// Where it answers devices that speak no HTTP.
    pub devices: DeviceAddresses,
    handle: ServerHandle,
    is_stopping: Arc<AtomicBool>,
}

impl Running {
    /// Finishes the requests in progress and stops.
    pub async fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.handle.stop(true).await;
    }

    /// Where it listens, as clients write it.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.address)
    }
}

/// Begins to listen; nobody is answered before [`serve_on`].
///
/// # Errors
/// If it would not be safe, or the address cannot be used.
pub fn bind(options: &ServeOptions) -> Result<TcpListener, ServeError> {
    if let Some(objection) = options.objection() {
        return Err(ServeError::Unsafe(objection));
    }
    TcpListener::bind(options.listen)
        .map_err(|source| ServeError::Listen { address: options.listen, source })
}

/// Listens and serves until stopped; see [`serve_on`].
///
/// # Errors
/// As [`bind`] and [`serve_on`].
pub fn serve(
    app: Arc<App>,
    options: &ServeOptions,
    ready: impl FnOnce(Running),
) -> Result<(), ServeError> {
    serve_on(bind(options)?, app, options, None, ready)
}

/// Serves until stopped, also by signals if they are given; `ready` is called once requests are
/// accepted.
///
/// When this returns no request and no import works any more, and the server holds nothing of the
/// application: whoever drops the last reference to it closes the data directory.
///
/// # Errors
/// If the certificate cannot be used or the server fails.
pub fn serve_on(
    listener: TcpListener,
    app: Arc<App>,
    options: &ServeOptions,
    signals: Option<Signals>,
    ready: impl FnOnce(Running),
) -> Result<(), ServeError> {
    if let Some(warning) = options.warning() {
        tracing::warn!("{warning}");
    }
    // The first unknown caller need not wait for it.
    drop(std::thread::Builder::new().name("origins".to_owned()).spawn(prepare_origins));
    let certificates = options.tls.as_ref().map(Certificates::load).transpose()?;
    let sockets = Sockets::bind(options, certificates.as_ref())?;
    let tls = certificates.as_ref().map(Certificates::server_config).transpose()?;
    let address = listener.local_addr()?;
    let is_stopping = Arc::new(AtomicBool::new(false));
    let (held, released) = mpsc::channel();
    let work = Arc::clone(&app);
    work.restore_jobs().unwrap_or_else(|error| tracing::error!("old jobs are not known: {error}"));
    let cluster = work.tend_cluster().map_err(ServeError::Io)?;
    work.resume_imports();
    work.resume_bulk_actions();
    let duplicates = work.tend_duplicates().map_err(ServeError::Io)?;
    let webhooks = work.tend_webhooks(options.webhooks_to_private).map_err(ServeError::Io)?;
    let backups = options.backups.clone().map(|plan| work.tend_backups(plan)).transpose();
    let backups = backups.map_err(ServeError::Io)?;
    let memory = options.memory.map(|budget| work.tend_memory(budget)).transpose();
    let memory = memory.map_err(ServeError::Io)?;
    work.renew_outdated_index();
    let stop = Arc::clone(&is_stopping);
    let state = web::Data::new(State::new(app, options, certificates, stop, held)?);
    let is_tls = tls.is_some();
    let result = actix_web::rt::System::new().block_on(async move {
        let server = listen(listener, options, tls, state.clone())?;
        let devices = sockets.addresses();
        let open = sockets.open(&state, options)?;
        let upkeep = actix_web::rt::spawn(look_after(state, options.clone()));
        let handle = server.handle();
        let running = Running { address, is_tls, devices, handle, is_stopping };
        if let Some(signals) = signals {
            signals.begin_serving();
            actix_web::rt::spawn(end_on_signal(signals, running.clone()));
        }
        ready(running);
        let ended = server.await;
        open.close().await;
        upkeep.abort();
        let _ = upkeep.await;
        ended
    });
    work.stop_cluster();
    if cluster.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("following the cluster ended by a panic");
    }
    work.stop_duplicates();
    work.stop_webhooks();
    work.stop_memory();
    if memory.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("watching the memory ended by a panic");
    }
    work.stop_backups();
    if backups.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("taking backups ended by a panic");
    }
    if webhooks.join().is_err() {
        tracing::error!("sending to webhooks ended by a panic");
    }
    work.stop_imports();
    work.stop_bulk_actions();
    if duplicates.join().is_err() {
        tracing::error!("keeping the duplicates up ended by a panic");
    }
    // The threads of the workers end a moment after the server does.
    if released.recv_timeout(RELEASE_PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
        tracing::warn!("a request still works although the server has ended");
    }
    Ok(result?)
}

/// Stops the server at a signal.
async fn end_on_signal(mut signals: Signals, running: Running) {
    match signals.wait().await {
        Ending::Graceful => running.stop().await,
        Ending::Immediate => {
            running.is_stopping.store(true, Ordering::Relaxed);
            running.handle.stop(false).await;
        }
    }
}

/// Keeps the tables of the limits small and the certificate fresh, as long as the server runs.
async fn look_after(state: web::Data<State>, options: ServeOptions) {
    let check_every = options.tls.as_ref().map_or(FORGET_EVERY, |files| files.check_every);
    let mut ticks =
        tokio::time::interval(check_every.clamp(Duration::from_millis(1), FORGET_EVERY));
    let mut hangups = Hangups::new(options.handle_signals);
    let mut forgotten = tokio::time::Instant::now();
    loop {
        let was_asked = {
            let (tick, hangup) = (std::pin::pin!(ticks.tick()), std::pin::pin!(hangups.next()));
            matches!(select(tick, hangup).await, Either::Right(_))
        };
        if was_asked {
            state.app.follow_schema();
        }
        if let Some(certificates) = &state.certificates {
            if was_asked { certificates.reload() } else { certificates.follow() }
        }
        if forgotten.elapsed() >= FORGET_EVERY {
            state.rates.forget();
            let app = Arc::clone(&state.app);
            let nightly = move || {
                app.tend_scores();
                app.tend_retention();
            };
            let _ = web::block(nightly).await;
            forgotten = tokio::time::Instant::now();
        }
    }
}

/// SIGHUP, where there is such a thing.
struct Hangups {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    #[cfg(unix)]
    fn new(is_wanted: bool) -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = is_wanted.then(|| signal(SignalKind::hangup())).and_then(|signals| {
            signals.inspect_err(|e| tracing::warn!("SIGHUP cannot be caught: {e}")).ok()
        });
        Self { signals }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }

    #[cfg(not(unix))]
    fn new(_: bool) -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
