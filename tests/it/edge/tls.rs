//! TLS: what is served, and how certificates are replaced while it is.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use ringdex::http::TlsFiles;
use tempfile::TempDir;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::PATIENCE;
use crate::support::server::TestServer;

/// A certificate for this machine with its key, both as PEM.
pub(crate) struct Made {
    pub(super) certificate: String,
    key: String,
}

pub(crate) fn make() -> Made {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Made { certificate: certificate.pem(), key: key.serialize_pem() }
}

/// Files in a directory, as an operator keeps them.
pub(crate) struct Files {
    pub(super) dir: TempDir,
}

impl Files {
    pub(crate) fn with(made: &Made) -> Self {
        let files = Self { dir: TempDir::new().unwrap() };
        files.put(made);
        files
    }

    pub(super) fn certificate(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    pub(super) fn put(&self, made: &Made) {
        replace(&self.key(), &made.key);
        replace(&self.certificate(), &made.certificate);
    }

    pub(crate) fn options(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.certificate(),
            key: self.key(),
            check_every: Duration::from_millis(10),
        }
    }
}

fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::io::Write::write_all(&mut std::fs::File::create(&new).unwrap(), text.as_bytes()).unwrap();
    std::fs::rename(new, path).unwrap();
}

/// Asks over a new connection that takes this certificate and no other.
pub(super) fn ask(url: &str, made: &Made) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
    let root = Certificate::from_pem(made.certificate.as_bytes()).unwrap();
    let roots = RootCerts::new_with_certs(&[root]);
    let config = ureq::Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .timeout_global(Some(PATIENCE))
        .build();
    ureq::Agent::new_with_config(config).get(url).call()
}

#[track_caller]
pub(super) fn wait_until_served(url: &str, made: &Made) {
    let started = Instant::now();
    while let Err(error) = ask(url, made) {
        assert!(started.elapsed() < PATIENCE, "{error}");
    }
}

fn start(files: &Files) -> (TestServer, String) {
    let tls = files.options();
    let server = TestServer::with(|options| options.tls = Some(tls));
    let url = format!("https://{}/metrics", server.address());
    (server, url)
}

#[test]
fn answers_come_over_tls_and_only_over_tls() {
    let (made, other) = (make(), make());
    let files = Files::with(&made);
    let (server, url) = start(&files);
    assert!(server.base_url().starts_with("https://"));
    let mut answer = ask(&url, &made).unwrap();
    assert!(answer.headers()["strict-transport-security"].to_str().unwrap().contains("max-age="));
    let figures = answer.body_mut().read_to_string().unwrap();
    let end = figures.lines().find_map(|line| {
        line.strip_prefix("ringdex_tls_certificate_not_after_seconds ")?.parse::<i64>().ok()
    });
    // The test's certificates end in the year 4096.
    assert!(end.is_some_and(|end| end > 60_000_000_000), "{end:?}");
    assert!(ask(&url, &other).is_err(), "another certificate is taken for ours");
    let plain = super::get_by_hand(&server, "/healthz", &["Host: x"]);
    assert!(!plain.contains("200"), "{plain}");
}

#[test]
fn changed_files_are_taken_and_broken_ones_are_not() {
    let (first, second, third) = (make(), make(), make());
    let files = Files::with(&first);
    let (_server, url) = start(&files);
    ask(&url, &first).unwrap();
    files.put(&second);
    wait_until_served(&url, &second);
    assert!(ask(&url, &first).is_err());
    // A key that does not belong to the certificate, then no certificate at all.
    replace(&files.key(), &third.key);
    for _ in 0..20 {
        ask(&url, &second).unwrap();
    }
    replace(&files.certificate(), "nonsense");
    for _ in 0..20 {
        ask(&url, &second).unwrap();
    }
    files.put(&third);
    wait_until_served(&url, &third);
}

#[test]
fn a_request_in_progress_keeps_its_connection() {
    let (first, second) = (make(), make());
    let files = Files::with(&first);
    let (_server, url) = start(&files);
    let root = Certificate::from_pem(first.certificate.as_bytes()).unwrap();
    let config = ureq::Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[root])).build())
        .build();
    let kept = ureq::Agent::new_with_config(config);
    let ask_kept = || kept.get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    ask_kept();
    files.put(&second);
    wait_until_served(&url, &second);
    // The connection was made under the first certificate and goes on.
    ask_kept();
}
