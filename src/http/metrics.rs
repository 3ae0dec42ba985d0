//! Figures about requests and the engine, for Prometheus.

use std::time::Duration;

use actix_web::http::Method;
use prometheus::core::Collector as _;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use crate::app::Stats;

/// Reads one figure of the engine.
type Figure = fn(&Stats) -> u64;

/// The figures.
pub(super) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    gauges: Vec<(IntGauge, Figure)>,
    certificate_end: Option<IntGauge>,
}

/// The figures that are read when somebody asks, with their names and what they are.
const FIGURES: [(&str, &str, Figure); 23] = [
    ("ringdex_contacts", "Contacts that are not deleted.", |s| s.contacts),
    ("ringdex_index_documents", "Documents that searches see.", |s| s.documents),
    ("ringdex_index_segments", "Segments of the search index.", |s| s.segments as u64),
    (
        "ringdex_index_merge_milliseconds",
        "How long merges of the search index worked since the start.",
        |s| millis(s.merges.worked),
    ),
    (
        "ringdex_index_merge_paused_milliseconds",
        "How long merges of the search index stood still for searches since the start.",
        |s| millis(s.merges.paused),
    ),
    ("ringdex_lookup_bytes", "Memory of the lookup table.", |s| s.lookup_bytes as u64),
    ("ringdex_store_bytes", "Size of the store on disk.", |s| s.store_bytes),
    ("ringdex_journal_bytes", "Size of the journal on disk.", |s| s.journal_bytes),
    ("ringdex_journal_syncs", "Syncs of the journal since the start.", |s| s.journal_syncs),
    ("ringdex_journal_first_seq", "First change that the journal has.", |s| s.journal_first),
    ("ringdex_snapshot_seq", "Change from which on the journal brings back all.", |s| {
        s.snapshot_from
    }),
    (
        "ringdex_snapshot_timestamp_seconds",
        "When the newest snapshot was complete, as Unix time; 0 if there is none.",
        |s| u64::try_from(s.snapshot_at / 1_000).unwrap_or(0),
    ),
    ("ringdex_store_live_bytes", "Bytes of keys and values in the store.", |s| s.live_bytes),
    ("ringdex_applied_seq", "Last change that is durable and readable.", |s| s.applied_seq),
    ("ringdex_degraded", "Parts that work less well than they should.", |s| s.degraded),
    ("ringdex_writes_stopped", "1 when nothing is written until files are repaired.", |s| {
        u64::from(s.writes_stopped)
    }),
    (
        "ringdex_backup_timestamp_seconds",
        "When the last backup was taken through the server, as Unix time; 0 if none was.",
        |s| u64::try_from(s.backup_at / 1_000).unwrap_or(0),
    ),
    (
        "ringdex_cluster_behind",
        "Changes of the cluster that this machine has still to apply.",
        |s| s.cluster_behind,
    ),
    (
        "ringdex_cluster_conflicts",
        "Groups of writes that ran again since the start, because another machine wrote first.",
        |s| s.cluster_conflicts,
    ),
    (
        "ringdex_cluster_leading",
        "1 if this machine does what only one of a cluster does; one alone does.",
        |s| u64::from(s.is_leading),
    ),
    ("ringdex_visible_seq", "Last change that searches see.", |s| s.visible_seq),
    ("ringdex_memory_bytes", "Memory that the server holds.", |s| s.memory_bytes),
    ("ringdex_memory_budget_bytes", "Memory that the server may hold.", |s| s.memory_budget),
];

impl Metrics {
    /// Registers everything.
    pub(super) fn new(is_tls: bool) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("ringdex_http_requests_total", "Requests by route, method and status."),
            &["route", "method", "status"],
        )?;
        let buckets =
            vec![0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];
        let seconds = HistogramVec::new(
            HistogramOpts::new("ringdex_http_request_seconds", "Time to answer by route.")
                .buckets(buckets),
            &["route"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        let mut gauges = Vec::new();
        for (name, help, read) in FIGURES {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            gauges.push((gauge, read));
        }
        let certificate_end = is_tls
            .then(|| {
                let name = "ringdex_tls_certificate_not_after_seconds";
                let gauge = IntGauge::new(name, "When the certificate ends, as Unix time.")?;
                registry.register(Box::new(gauge.clone()))?;
                Ok::<_, prometheus::Error>(gauge)
            })
            .transpose()?;
        Ok(Self { registry, requests, seconds, gauges, certificate_end })
    }

    /// Counts an answered request.
    pub(super) fn count(&self, route: &str, method: &Method, status: u16, took: Duration) {
        // A client can make up methods without number; each would be a figure of its own.
        let method = match *method {
            Method::GET | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => {
                method.as_str()
            }
            Method::HEAD | Method::OPTIONS => method.as_str(),
            _ => "other",
        };
        let mut buffer = [0; 3];
        self.requests.with_label_values(&[route, method, status_text(status, &mut buffer)]).inc();
        self.seconds.with_label_values(&[route]).observe(took.as_secs_f64());
    }

    /// How many requests were answered since the start, and how many of them by an error of the
    /// server.
    pub(super) fn answered(&self) -> (u64, u64) {
        let (mut all, mut failed) = (0, 0);
        for family in self.requests.collect() {
            for one in family.get_metric() {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "counts"
                )]
                let count = one.get_counter().get_value() as u64;
                let is_failed = one
                    .get_label()
                    .iter()
                    .any(|label| label.name() == "status" && label.value().starts_with('5'));
                all += count;
                failed += if is_failed { count } else { 0 };
            }
        }
        (all, failed)
    }

    /// All figures in the text format of Prometheus, with the end of the certificate if there is
    /// one.
    pub(super) fn render(&self, stats: &Stats, certificate_end: Option<i64>) -> Vec<u8> {
        if let (Some(gauge), Some(end)) = (&self.certificate_end, certificate_end) {
            gauge.set(end);
        }
        for (gauge, read) in &self.gauges {
            gauge.set(i64::try_from(read(stats)).unwrap_or(i64::MAX));
        }
        let mut out = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut out) {
            tracing::warn!("the figures cannot be written: {error}");
        }
        out
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn status_text(status: u16, buffer: &mut [u8; 3]) -> &str {
    for (slot, divisor) in buffer.iter_mut().zip([100, 10, 1]) {
        *slot = b'0' + u8::try_from(status / divisor % 10).unwrap_or(0);
    }
    std::str::from_utf8(buffer).unwrap_or("000")
}
