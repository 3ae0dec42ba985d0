//! What every handler may use.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

use ipnet::IpNet;

use super::budget::Budgets;
use super::error::Problem;
use super::gate::Gate;
use super::google_sheet::SheetFetcher;
use super::headers::Headers;
use super::lane::Lane;
use super::limits;
use super::metrics::Metrics;
use super::oidc::Provider;
use super::options::ServeOptions;
use super::pace::Pace;
use super::tls::Certificates;
use crate::app::App;
use crate::domain::access::Caller;
use crate::error::ErrorCode;
use crate::priority::Rank;

/// Passwords that are hashed at once.
const SIGN_INS: usize = 1;
/// Log-ins that wait for one another at most; a shift begins for all at the same time.
const MOST_SIGN_INS_WAITING: usize = 200;
/// Requests that read everything which work at once: each may use all processors.
const SCANS: usize = 2;
/// Those that wait for one another at most.
const MOST_SCANS_WAITING: usize = 32;
/// How long one of them waits for its turn.
const SCAN_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
/// How long a log-in waits for its turn.
const SIGN_IN_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Shared by all workers.
pub(super) struct State {
    pub(super) app: Arc<App>,
    /// Whether there are several machines.
    pub(super) is_clustered: bool,
    /// Who requests without a token from this machine are, in demonstration mode.
    pub(super) demo: Option<Caller>,
    pub(super) metrics: Metrics,
    /// The hash of the token that may read the figures.
    pub(super) metrics_token: Option<blake3::Hash>,
    pub(super) searches: Gate,
    /// Where they run.
    pub(super) searching: Lane,
    /// Where requests that read everything run.
    pub(super) scanning: Lane,
    pub(super) exports: Gate,
    /// What reads all contacts, or all of something else, while somebody waits.
    pub(super) scans: Gate,
    /// Passwords that are hashed at once: each takes a core and 19 MiB for tens of milliseconds.
    pub(super) sign_ins: Gate,
    /// The provider of single sign-on.
    pub(super) oidc: Option<Arc<Provider>>,
    /// Fetches lists that are Google Sheets.
    pub(super) sheets: Arc<SheetFetcher>,
    /// How often addresses and tokens may ask.
    pub(super) rates: limits::RateLimits,
    pub(super) trusted_proxies: Vec<IpNet>,
    pub(super) has_warned_of_proxy: AtomicBool,
    pub(super) headers: Headers,
    pub(super) budgets: Budgets,
    pub(super) pace: Pace,
    /// Whether cookies are only for connections that nobody reads: always, but where a browser
    /// would then not send them over a network without TLS.
    pub(super) secure_cookies: bool,
    /// Those who follow changes.
    pub(super) followers: Gate,
    /// The certificate, under TLS.
    pub(super) certificates: Option<Arc<Certificates>>,
    /// Set when the server begins to shut down.
    pub(super) is_stopping: Arc<AtomicBool>,
    pub(super) limits: BodyLimits,
    /// Dropped behind all others: tells who waits for it that nothing is held any more.
    pub(super) _held: Sender<()>,
}

/// Most who follow changes at once.
const MOST_FOLLOWERS: usize = 2_000;

impl State {
    /// Refuses what needs much memory while that runs short.
    pub(super) fn check_memory(&self) -> Result<(), Problem> {
        if self.app.refuses_for_memory() {
            let detail = "the server runs short of memory; try again in a moment".to_owned();
            return Err(Problem::new(ErrorCode::Overloaded, detail));
        }
        Ok(())
    }

    /// Sets everything up.
    pub(super) fn new(
        app: Arc<App>,
        options: &ServeOptions,
        certificates: Option<Arc<Certificates>>,
        is_stopping: Arc<AtomicBool>,
        held: Sender<()>,
    ) -> io::Result<Self> {
        let no_wait = std::time::Duration::ZERO;
        Ok(Self {
            is_clustered: app.is_clustered(),
            app,
            demo: options.demo.clone(),
            metrics: Metrics::new(certificates.is_some()).map_err(io::Error::other)?,
            metrics_token: options.metrics_token.as_deref().map(|t| blake3::hash(t.as_bytes())),
            searching: Lane::new("search", options.searches, Rank::Search)?,
            scanning: Lane::new("scan", SCANS, Rank::Background)?,
            searches: Gate::new(
                "searches",
                options.searches,
                options.searches_waiting,
                options.search_patience,
            ),
            followers: Gate::new("followers of changes", MOST_FOLLOWERS, 0, no_wait),
            exports: Gate::new("exports", options.exports, 0, no_wait),
            scans: Gate::new(
                "requests that read everything",
                SCANS,
                MOST_SCANS_WAITING,
                SCAN_PATIENCE,
            ),
            sign_ins: Gate::new("log-ins", SIGN_INS, MOST_SIGN_INS_WAITING, SIGN_IN_PATIENCE),
            oidc: options.oidc.as_ref().map(|options| Arc::new(Provider::new(options))),
            sheets: Arc::new(SheetFetcher::new(options.sheets_base.as_deref())),
            rates: limits::RateLimits::new(
                options.address_rate,
                options.token_rate,
                options.failure_rate,
            ),
            trusted_proxies: options.trusted_proxies.clone(),
            has_warned_of_proxy: AtomicBool::new(false),
            headers: Headers::new(&options.frame_ancestors, certificates.is_some()),
            budgets: Budgets { request: options.request_budget, search: options.search_budget },
            pace: Pace {
                patience: options.body_patience,
                bytes_per_sec: options.body_bytes_per_sec,
            },
            secure_cookies: certificates.is_some() || !options.insecure,
            certificates,
            is_stopping,
            limits: BodyLimits {
                json_bytes: options.json_bytes,
                bulk_bytes: options.bulk_bytes,
                upload_bytes: options.upload_bytes,
                header_bytes: options.header_bytes,
            },
            _held: held,
        })
    }
}

/// Most bytes of bodies, by kind, and of the head of a request.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "units stand in names")]
pub(super) struct BodyLimits {
    pub(super) json_bytes: usize,
    pub(super) bulk_bytes: usize,
    pub(super) upload_bytes: u64,
    pub(super) header_bytes: usize,
}
