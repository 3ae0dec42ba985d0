//! From a listening socket to requests: accepts connections, speaks TLS, hands them to actix.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::{AppConfig, Extensions};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App as ActixApp, web};
use ipnet::IpNet;
use tokio_rustls::TlsAcceptor;

use super::connection::{self, Connection, Connections, KEEP_ALIVE, Patience, Stream};
use super::options::ServeOptions;
use super::state::State;
use super::{observe, routes};

/// How long requests in progress may take once the server stops.
const SHUTDOWN_SECS: u64 = 8;
/// How long a client may take to close a connection that has ended.
const DISCONNECT: Duration = Duration::from_secs(1);

/// How many connections of each worker may be on their way to being turned away.
const TURNED_AWAY: usize = 8;

/// What accepting needs.
pub(super) struct Acceptor {
    tls: Option<TlsAcceptor>,
    patience: Patience,
    connections: Arc<Connections>,
    trusted_proxies: Vec<IpNet>,
}

/// Where a connection comes from, besides the connection.
type Accepted = (Connection, Protocol, Option<std::net::SocketAddr>);

impl Acceptor {
    pub(super) fn new(options: &ServeOptions, tls: Option<rustls::ServerConfig>) -> Arc<Self> {
        Arc::new(Self {
            tls: tls.map(|config| TlsAcceptor::from(Arc::new(config))),
            patience: Patience { head: options.head_patience, write: options.write_patience },
            connections: Connections::new(options.connections_per_address, options.connections()),
            trusted_proxies: options.trusted_proxies.clone(),
        })
    }

    /// Takes a connection, or closes it if there are too many.
    pub(super) async fn accept(&self, stream: TcpStream) -> Result<Accepted, DispatchError> {
        let peer = stream.peer_addr()?;
        let Some(taken) = self.connections.take() else {
            return Err(self.turn_away(&stream));
        };
        let address = peer.ip().to_canonical();
        // A proxy has the connections of all its clients.
        let is_exempt = address.is_loopback()
            || self.trusted_proxies.iter().any(|proxy| proxy.contains(&address));
        let counted = match self.connections.count(address) {
            Ok(counted) => Some(counted),
            Err(_) if is_exempt => None,
            Err(error) => return Err(io::Error::other(error).into()),
        };
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        let stream = match &self.tls {
            None => Stream::Plain(stream),
            Some(acceptor) => {
                let handshake = tokio::time::timeout(self.patience.head, acceptor.accept(stream));
                let stream =
                    handshake.await.map_err(|_late| DispatchError::SlowRequestTimeout)??;
                Stream::Tls(Box::new(stream))
            }
        };
        let connection = Connection::new(stream, self.patience, (taken, counted));
        Ok((connection, Protocol::Http1, Some(peer)))
    }

    /// Says that there are too many connections, as far as that can be said without waiting.
    fn turn_away(&self, stream: &TcpStream) -> DispatchError {
        if self.tls.is_none() {
            // Whoever does not hear it sees the connection end.
            let _ = stream.try_write(&connection::problem(503, false));
        }
        io::Error::other("too many connections").into()
    }
}

/// Starts serving; the server runs when awaited.
pub(super) fn listen(
    listener: TcpListener,
    options: &ServeOptions,
    tls: Option<rustls::ServerConfig>,
    state: web::Data<State>,
) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let acceptor = Acceptor::new(options, tls);
    let head_patience = options.head_patience;
    let workers = options
        .workers
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(2);
    // Where all workers have so many, nobody accepts: those who are told that there are too many
    // take descriptors as well.
    let most = options.connections() + TURNED_AWAY * workers;
    let builder = ServerBuilder::new()
        .workers(workers)
        .shutdown_timeout(SHUTDOWN_SECS)
        .max_concurrent_connections(most.div_ceil(workers))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("ringdex", listener, move || {
        let (acceptor, stopping) = (Arc::clone(&acceptor), stopping.clone());
        let app = ActixApp::new()
            .app_data(state.clone())
            .wrap(from_fn(observe::observe))
            .configure(routes::configure)
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
            .client_request_timeout(head_patience)
            .client_disconnect_timeout(DISCONNECT)
            .local_addr(address)
            .on_connect_ext(|connection: &Connection, about: &mut Extensions| {
                about.insert(connection.watch());
            })
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            let acceptor = Arc::clone(&acceptor);
            async move { acceptor.accept(stream).await }
        })
        .and_then(http)
    })?;
    Ok(builder.run())
}
