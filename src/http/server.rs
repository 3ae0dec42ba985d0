//! Starts and stops the server.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App as ActixApp, HttpServer, web};
use tokio::sync::Semaphore;

use super::metrics::Metrics;
use super::routes;
use super::state::{Limits, State};
use super::unread;
use crate::app::App;
use crate::domain::access::Caller;

/// How the server is run.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who requests without a token from this machine are; none in real use.
    pub demo: Option<Caller>,
    /// Worker threads; one a core if not given.
    pub workers: Option<usize>,
    /// Most bytes of a JSON body.
    pub json_bytes: usize,
    /// Most bytes of a bulk request.
    pub bulk_bytes: usize,
    /// Most bytes of an uploaded file.
    pub upload_bytes: u64,
    /// Searches that may run or wait at once; more are told to come back.
    pub searches: usize,
    /// Whether SIGTERM and SIGINT stop the server.
    pub handle_signals: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7464)),
            demo: None,
            workers: None,
            json_bytes: 1 << 20,
            bulk_bytes: 32 << 20,
            upload_bytes: 2 << 30,
            searches: 256,
            handle_signals: true,
        }
    }
}

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The figures cannot be set up; a defect.
    #[error("cannot set up the figures: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The server failed.
    #[error("the server failed: {0}")]
    Io(#[from] io::Error),
}

/// Passwords that are hashed at once: each takes a core and 19 MiB for tens of milliseconds.
const SIGN_INS: usize = 1;
/// How long the workers may take to let go of the application once the server has ended.
const RELEASE_PATIENCE: Duration = Duration::from_secs(60);

/// A server that accepts requests.
#[derive(Clone)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    is_stopping: Arc<AtomicBool>,
}

impl Running {
    /// Finishes the requests in progress and stops.
    pub async fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.handle.stop(true).await;
    }
}

/// Serves until stopped; `ready` is called once requests are accepted.
///
/// When this returns no request and no import works any more, and the server holds nothing of the
/// application: whoever drops the last reference to it closes the data directory.
///
/// # Errors
/// If the address cannot be used or the server fails.
pub fn serve(
    app: Arc<App>,
    options: &ServeOptions,
    ready: impl FnOnce(Running),
) -> Result<(), ServeError> {
    let listen = |source| ServeError::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let is_stopping = Arc::new(AtomicBool::new(false));
    let (held, released) = mpsc::channel();
    let work = Arc::clone(&app);
    let state = web::Data::new(State {
        app,
        demo: options.demo.clone(),
        metrics: Metrics::new()?,
        search_places: Semaphore::new(options.searches),
        sign_in_places: Semaphore::new(SIGN_INS),
        is_stopping: Arc::clone(&is_stopping),
        limits: Limits {
            json_bytes: options.json_bytes,
            bulk_bytes: options.bulk_bytes,
            upload_bytes: options.upload_bytes,
        },
        _held: held,
    });
    let workers = options
        .workers
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(2);
    let handle_signals = options.handle_signals;
    let result = actix_web::rt::System::new().block_on(async move {
        let mut server = HttpServer::new(move || {
            ActixApp::new()
                .app_data(state.clone())
                .wrap(from_fn(observe))
                .configure(routes::configure)
        })
        .workers(workers)
        .shutdown_timeout(8)
        .client_request_timeout(Duration::from_secs(10))
        .keep_alive(Duration::from_secs(75));
        if !handle_signals {
            server = server.disable_signals();
        }
        let server = server.listen(listener)?.run();
        ready(Running { address, handle: server.handle(), is_stopping });
        server.await
    });
    work.stop_imports();
    // The threads of the workers end a moment after the server does.
    if released.recv_timeout(RELEASE_PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
        tracing::warn!("a request still works although the server has ended");
    }
    Ok(result?)
}

/// Counts and times every request, and logs those that fail on our side.
async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let request_body = unread::share(&mut request);
    let state = request.app_data::<web::Data<State>>().cloned();
    let response = next.call(request).await?;
    if let Some(state) = state {
        let request = response.request();
        // A route pattern, never the path: paths carry ids and would be without number.
        let pattern = request.match_pattern();
        let route = pattern.as_deref().unwrap_or("none");
        let status = response.status();
        state.metrics.count(route, request.method(), status.as_u16(), started.elapsed());
        if status.is_server_error() {
            tracing::warn!(route, status = status.as_u16(), "request failed");
        }
    }
    Ok(unread::hold(response, request_body))
}
