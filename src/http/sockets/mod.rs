//! Ports for devices that speak no HTTP: LDAP and `FastAGI`.
//!
//! Each connection is a task that ends with the server. How many there are, how long they may be
//! silent, and how much they may send is bounded here and in what they speak.

mod agi;
mod ldap;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::web;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use self::ldap::UnderTls;
use super::auth;
use super::connection::Connections;
use super::error::Problem;
use super::options::ServeOptions;
use super::server::ServeError;
use super::state::State;
use super::tls::Certificates;
use crate::app::Presented;
use crate::domain::access::Caller;
use crate::error::ErrorCode;

/// Connections of devices at once, of all protocols together.
const MOST_CONNECTIONS: usize = 2_000;
/// Connections of one address at once.
const MOST_OF_ADDRESS: usize = 64;
/// How long nothing is accepted where there are no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where devices are answered that speak no HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceAddresses {
    /// LDAP.
    pub ldap: Option<SocketAddr>,
    /// LDAP over TLS.
    pub ldaps: Option<SocketAddr>,
    /// `FastAGI`.
    pub agi: Option<SocketAddr>,
}

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    Ldap,
    Ldaps,
    Agi,
}

/// Ports that are taken and not answered yet.
pub(super) struct Sockets {
    bound: Vec<(Tongue, TcpListener)>,
    tls: Option<TlsAcceptor>,
}

/// Ports that are answered.
pub(super) struct Open(Vec<JoinHandle<()>>);

/// What every connection needs.
struct Desk {
    state: web::Data<State>,
    /// The token of those who do not say who they are.
    anonymous: Option<String>,
    /// How long a device may take to say who it is, and to go on with what it has begun.
    head: Duration,
    /// How long it may be silent then.
    idle: Duration,
    /// How long it may take nothing of an answer.
    write: Duration,
}

impl Sockets {
    /// Takes the ports.
    pub(super) fn bind(
        options: &ServeOptions,
        certificates: Option<&Arc<Certificates>>,
    ) -> Result<Self, ServeError> {
        let wanted = [
            (Tongue::Ldap, options.ldap_listen),
            (Tongue::Ldaps, options.ldaps_listen),
            (Tongue::Agi, options.agi_listen),
        ];
        let mut bound = Vec::new();
        for (tongue, address) in wanted {
            let Some(address) = address else { continue };
            let listener = TcpListener::bind(address)
                .map_err(|source| ServeError::Listen { address, source })?;
            listener.set_nonblocking(true)?;
            bound.push((tongue, listener));
        }
        let tls = certificates.map(Certificates::server_config).transpose()?.map(|mut config| {
            // What is spoken here is not what the names of protocols are about.
            config.alpn_protocols.clear();
            TlsAcceptor::from(Arc::new(config))
        });
        Ok(Self { bound, tls })
    }

    /// Where the ports are.
    pub(super) fn addresses(&self) -> DeviceAddresses {
        let of = |wanted: Tongue| {
            let mut bound = self.bound.iter();
            let (_, listener) = bound.find(|(tongue, _)| *tongue == wanted)?;
            listener.local_addr().ok()
        };
        DeviceAddresses { ldap: of(Tongue::Ldap), ldaps: of(Tongue::Ldaps), agi: of(Tongue::Agi) }
    }

    /// Begins to answer.
    pub(super) fn open(
        self,
        state: &web::Data<State>,
        options: &ServeOptions,
    ) -> Result<Open, std::io::Error> {
        let desk = Rc::new(Desk {
            state: state.clone(),
            anonymous: options.ldap_anonymous.clone(),
            head: options.head_patience,
            idle: options.idle_patience,
            write: options.write_patience,
        });
        let connections = Connections::new(MOST_OF_ADDRESS, MOST_CONNECTIONS);
        let mut tasks = Vec::new();
        for (tongue, listener) in self.bound {
            tracing::info!("{tongue:?} is answered on {}", listener.local_addr()?);
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let tls = self.tls.clone().filter(|_| tongue != Tongue::Agi);
            let (desk, connections) = (Rc::clone(&desk), Arc::clone(&connections));
            tasks.push(actix_web::rt::spawn(accept(tongue, listener, tls, desk, connections)));
        }
        Ok(Open(tasks))
    }
}

impl Open {
    /// Ends all connections.
    pub(super) async fn close(self) {
        for task in self.0 {
            task.abort();
            let _ = task.await;
        }
    }
}

/// Accepts connections for ever; they end with this.
async fn accept(
    tongue: Tongue,
    listener: tokio::net::TcpListener,
    tls: Option<TlsAcceptor>,
    desk: Rc<Desk>,
    connections: Arc<Connections>,
) {
    let mut talks = tokio::task::JoinSet::new();
    loop {
        // What has ended is let go of.
        while talks.try_join_next().is_some() {}
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let address = peer.ip().to_canonical();
        let (Some(taken), Ok(counted)) = (connections.take(), connections.count(address)) else {
            continue;
        };
        let (desk, tls) = (Rc::clone(&desk), tls.clone());
        talks.spawn_local(async move {
            let _places = (taken, counted);
            talk(tongue, stream, tls, &desk, address).await;
        });
    }
}

async fn talk(
    tongue: Tongue,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    desk: &Desk,
    address: IpAddr,
) {
    let _ = stream.set_nodelay(true);
    match (tongue, tls) {
        (Tongue::Agi, _) => agi::talk(stream, desk, address).await,
        (Tongue::Ldap, tls) => {
            let under = if tls.is_some() { UnderTls::Possible } else { UnderTls::Never };
            let upgraded = ldap::talk(stream, desk, address, under).await;
            if let (Some(stream), Some(tls)) = (upgraded, tls)
                && let Ok(Ok(stream)) = tokio::time::timeout(desk.head, tls.accept(stream)).await
            {
                ldap::talk(stream, desk, address, UnderTls::Already).await;
            }
        }
        (Tongue::Ldaps, Some(tls)) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(desk.head, tls.accept(stream)).await {
                ldap::talk(stream, desk, address, UnderTls::Already).await;
            }
        }
        (Tongue::Ldaps, None) => {}
    }
}

/// A connection, plain or under TLS.
trait Wire: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire for T {}

impl Desk {
    /// Who bears a token, within the limits.
    fn caller(&self, token: &str, how: Presented, address: IpAddr) -> Result<Caller, Problem> {
        let rates = &self.state.rates;
        rates.may_try(address)?;
        match auth::by_token(&self.state, token, how, Some(address)) {
            Ok(caller) => {
                rates.admit_device(address, &caller)?;
                Ok(caller)
            }
            Err(problem) => {
                if problem.code() == ErrorCode::Unauthorized {
                    rates.failed(address)?;
                }
                Err(problem)
            }
        }
    }
}
