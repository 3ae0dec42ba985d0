//! Certificate and key: read at the start and again when the files change.
//!
//! A connection takes whatever certificate holds when it begins. Files that do not fit change
//! nothing: the old certificate stays, and the log says why.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use super::certificate;
use crate::domain::text::counted;
use crate::domain::time::Clock;

/// How long before its end a certificate is warned about.
const WARN_SECS: i64 = 14 * 24 * 3_600;
/// How often that is said.
const WARN_EVERY_SECS: i64 = 24 * 3_600;

/// Where certificate and key are, as PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, followed by those that lead to a known authority.
    pub certificate: PathBuf,
    /// Its private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
    /// How often the files are looked at.
    pub check_every: Duration,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls::pki_types::pem::Error,
    },
    /// A file holds no certificate.
    #[error("there is no certificate in {}: it must be PEM", .0.display())]
    NoCertificate(PathBuf),
    /// Certificate or key cannot be used.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What tells that files have changed: when they were written, how long they are, which they are.
type Stamp = [Option<(SystemTime, u64, u64)>; 2];

/// The certificate that holds now.
#[derive(Debug)]
pub(super) struct Certificates {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
    /// The files as they were last read, whether that went well or not.
    stamp: Mutex<Stamp>,
    not_after: AtomicI64,
    warned_at: AtomicI64,
    clock: Clock,
}

impl Certificates {
    /// Reads the files.
    pub(super) fn load(files: &TlsFiles) -> Result<Arc<Self>, TlsError> {
        let stamp = stamp(files);
        let key = read(files)?;
        let certificates = Self {
            files: files.clone(),
            not_after: AtomicI64::new(end_of(&key)),
            current: ArcSwap::from_pointee(key),
            stamp: Mutex::new(stamp),
            warned_at: AtomicI64::new(i64::MIN),
            clock: Clock::system(),
        };
        warn_of_readers(&files.key);
        certificates.warn_of_end();
        Ok(Arc::new(certificates))
    }

    /// What the server answers handshakes with.
    pub(super) fn server_config(self: &Arc<Self>) -> Result<rustls::ServerConfig, TlsError> {
        let mut config = rustls::ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Reads the files again if they have changed.
    pub(super) fn follow(&self) {
        if *self.stamp.lock() != stamp(&self.files) {
            self.reload();
        }
        self.warn_of_end();
    }

    /// Reads the files again.
    pub(super) fn reload(&self) {
        // Taken before reading: a file that changes meanwhile is read once more.
        *self.stamp.lock() = stamp(&self.files);
        match read(&self.files) {
            Ok(key) => {
                self.not_after.store(end_of(&key), Ordering::Relaxed);
                self.warned_at.store(i64::MIN, Ordering::Relaxed);
                self.current.store(Arc::new(key));
                tracing::info!("took the certificate in {}", self.files.certificate.display());
            }
            Err(error) => tracing::error!("the old certificate stays: {error}"),
        }
    }

    /// The second since 1970 at which the certificate ends; 0 if it does not say so.
    pub(super) fn not_after(&self) -> i64 {
        self.not_after.load(Ordering::Relaxed)
    }

    fn warn_of_end(&self) {
        let (end, now) = (self.not_after(), self.clock.now().0 / 1_000);
        let warned_at = self.warned_at.load(Ordering::Relaxed);
        if end == 0 || end - now > WARN_SECS || now < warned_at.saturating_add(WARN_EVERY_SECS) {
            return;
        }
        self.warned_at.store(now, Ordering::Relaxed);
        let file = self.files.certificate.display();
        if end <= now {
            tracing::error!("the certificate in {file} has expired: clients refuse it");
        } else {
            let days = counted(u64::try_from((end - now) / 86_400).unwrap_or(0), "day", "days");
            tracing::warn!("the certificate in {file} ends in {days}");
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn end_of(key: &CertifiedKey) -> i64 {
    key.cert.first().and_then(|der| certificate::not_after(der)).unwrap_or(0)
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Read { path, source }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(unreadable(&files.certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(files.certificate.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable(&files.key))?;
    Ok(CertifiedKey::from_der(chain, key, &provider())?)
}

fn stamp(files: &TlsFiles) -> Stamp {
    [&files.certificate, &files.key].map(|path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len(), file_number(&about)))
    })
}

/// Tells files apart that were put in each other's place at the same moment.
#[cfg(unix)]
fn file_number(about: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(about)
}

#[cfg(not(unix))]
fn file_number(_: &std::fs::Metadata) -> u64 {
    0
}

/// Says so if others on this machine can read the key.
#[cfg(unix)]
fn warn_of_readers(key: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::metadata(key).is_ok_and(|about| about.permissions().mode() & 0o007 != 0) {
        tracing::warn!("everybody on this machine can read {}: chmod 600 it", key.display());
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path) {}
