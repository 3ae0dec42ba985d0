//! Answers while the data directory is still being opened: that it is not ready, what is being done
//! and how far that has come.
//!
//! Most starts are over before anybody could ask, so nothing is begun until something takes long.

use std::io;
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive};
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, ResponseError, web};
use tokio::sync::oneshot;

use super::error::Problem;
use super::integrations::Nobody;
use super::listen::Acceptor;
use super::options::ServeOptions;
use super::origin;
use super::server::ServeError;
use super::tls::Certificates;
use crate::app::{StartProgress, StartWork};
use crate::error::ErrorCode;

/// Starts that take no longer than this need nobody to tell of them.
const LONG: Duration = Duration::from_millis(500);
/// When it is worth asking again.
const RETRY_SECS: u64 = 2;

/// A server that tells everybody to wait, until it is dropped.
#[derive(Debug)]
pub struct Waiting {
    progress: StartProgress,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Waiting {
    /// Begins to answer on a listening socket if opening takes long.
    ///
    /// # Errors
    /// If the certificate cannot be used or no thread can be made.
    pub fn begin(
        listener: &TcpListener,
        options: &ServeOptions,
        progress: &StartProgress,
    ) -> Result<Self, ServeError> {
        let certificates = options.tls.as_ref().map(Certificates::load).transpose()?;
        let tls = certificates.as_ref().map(Certificates::server_config).transpose()?;
        let (listener, options) = (listener.try_clone()?, options.clone());
        let (stop, stopped) = oneshot::channel();
        let (asked, told) = (progress.clone(), progress.clone());
        let thread = std::thread::Builder::new().name("waiting".to_owned()).spawn(move || {
            if asked.wait(LONG) {
                return;
            }
            if let Err(error) = serve(listener, &options, tls, told, stopped) {
                tracing::warn!("nobody is told that the server is starting: {error}");
            }
        })?;
        Ok(Self { progress: progress.clone(), stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.progress.open();
        if let Some(stop) = self.stop.take() {
            // It may not have begun.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    listener: TcpListener,
    options: &ServeOptions,
    tls: Option<rustls::ServerConfig>,
    progress: StartProgress,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let acceptor = Acceptor::new(options, tls);
    let head_patience = options.head_patience;
    let builder = ServerBuilder::new().workers(1).disable_signals().listen(
        "waiting",
        listener,
        move || {
            let acceptor = std::sync::Arc::clone(&acceptor);
            let app = ActixApp::new()
                .app_data(web::Data::new(progress.clone()))
                .default_service(web::to(answer))
                .into_factory()
                .map_err(|error: actix_web::Error| error.error_response());
            let http = HttpService::build()
                .keep_alive(KeepAlive::Disabled)
                .client_request_timeout(head_patience)
                .finish(map_config(app, |()| AppConfig::default()));
            fn_service(move |stream: TcpStream| {
                let acceptor = std::sync::Arc::clone(&acceptor);
                async move { acceptor.accept(stream).await }
            })
            .and_then(http)
        },
    )?;
    actix_web::rt::System::new().block_on(async move {
        let server = builder.run();
        let handle = server.handle();
        actix_web::rt::spawn(async move {
            let _ = stopped.await;
            handle.stop(false).await;
        });
        server.await
    })
}

async fn answer(request: HttpRequest, progress: web::Data<StartProgress>) -> HttpResponse {
    let state = progress.state();
    let doing = state.map_or_else(
        || "the data directory is being opened".to_owned(),
        |state| match state.total {
            0 => format!("{}: {} done", state.work.as_str(), state.done),
            total => format!("{}: {} of {total} done", state.work.as_str(), state.done),
        },
    );
    match request.path() {
        "/healthz" => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n"),
        "/metrics" if origin::require_local(&request).is_ok() => {
            let figure = |work: StartWork| {
                let now = u8::from(state.is_some_and(|state| state.work == work));
                format!("ringdex_start_work{{work=\"{}\"}} {now}\n", work.name())
            };
            let works = StartWork::ALL.map(figure).concat();
            let (done, total) = state.map_or((0, 0), |state| (state.done, state.total));
            let text = format!("{works}ringdex_start_done {done}\nringdex_start_total {total}\n");
            HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
        }
        path => {
            let problem = Problem::new(ErrorCode::Starting, format!("not ready: {doing}"))
                .retry_after(RETRY_SECS)
                .error_response();
            match Nobody::of(path, request.query_string()) {
                Some(nobody) => nobody.in_place_of(problem),
                None => problem,
            }
        }
    }
}
