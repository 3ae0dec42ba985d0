//! `ringdex serve` as a process of its own: what it refuses, what it says, what signals do.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use tempfile::TempDir;

use super::PATIENCE;
use super::tls::{Files, ask, make, wait_until_served};

fn ringdex(dir: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    command.arg("--data-dir").arg(dir.path().join("data")).args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("RINGDEX_")) {
        command.env_remove(name);
    }
    command
}

/// A server that is ended with the test.
struct Served {
    child: Child,
    url: String,
    messages: Receiver<String>,
}

impl Served {
    fn start(dir: &TempDir, arguments: &[&str]) -> Self {
        let all = [&["serve", "--store-cache-mib", "8"], arguments].concat();
        let mut child =
            ringdex(dir, &all).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, messages) = mpsc::channel();
        let errors = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            errors.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let url = first.trim().strip_prefix("ringdex listening on ").unwrap_or("").to_owned();
        let served = Self { child, url, messages };
        assert!(!served.url.is_empty(), "{first}");
        served
    }

    /// Waits until it says something with this in it.
    #[track_caller]
    fn wait_for(&self, part: &str) {
        loop {
            let line = self.messages.recv_timeout(PATIENCE).expect(part);
            if line.contains(part) {
                return;
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn others_are_not_served_without_tls() {
    let dir = TempDir::new().unwrap();
    for arguments in [
        &["serve", "--listen", "0.0.0.0:0"][..],
        &["serve", "--listen", "[::]:0"],
        &["serve", "--demo", "1", "--listen", "0.0.0.0:0"],
    ] {
        let output = ringdex(&dir, arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("--insecure"), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
        assert!(!dir.path().join("data").exists(), "nothing is begun before it is refused");
    }
    for arguments in [
        &["serve", "--tls-cert", "cert.pem"][..],
        &["serve", "--rate-limit-token", "many"],
        &["serve", "--trusted-proxy", "everybody"],
        &["serve", "--frame-ancestors", "crm; script-src *"],
    ] {
        let output = ringdex(&dir, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn who_insists_is_warned_loudly() {
    let dir = TempDir::new().unwrap();
    let served = Served::start(&dir, &["--insecure", "--listen", "0.0.0.0:0"]);
    assert!(served.url.starts_with("http://0.0.0.0:"), "{}", served.url);
    served.wait_for("INSECURE");
}

#[test]
fn missing_files_are_named() {
    let dir = TempDir::new().unwrap();
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "/none.pem", "--tls-key", "/none.key"];
    let output = ringdex(&dir, &arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("/none.pem"), "{said}");
}

#[test]
fn a_hangup_reads_the_certificate_and_the_client_takes_a_private_authority() {
    let (first, second) = (make(), make());
    let files = Files::with(&first);
    let dir = TempDir::new().unwrap();
    let paths = (files.certificate(), files.key());
    let (certificate, key) = (paths.0.to_str().unwrap(), paths.1.to_str().unwrap());
    let served = Served::start(
        &dir,
        &[
            "--listen",
            "127.0.0.1:0",
            "--admin-token",
            "secret",
            "--tls-cert",
            certificate,
            "--tls-key",
            key,
        ],
    );
    let health = format!("{}/healthz", served.url);
    ask(&health, &first).unwrap();

    let remote = ["--server", &served.url, "--token", "secret", "lookup", "1"];
    let trusting = [&["--ca-file", certificate][..], &remote].concat();
    let output = ringdex(&dir, &trusting).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = ringdex(&dir, &remote).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "an unknown authority is taken");
    let wrong = [&["--ca-file", key][..], &remote].concat();
    let output = ringdex(&dir, &wrong).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no certificate"));

    files.put(&second);
    served.signal("-HUP");
    served.wait_for("took the certificate");
    wait_until_served(&health, &second);
}

#[test]
fn a_lookup_of_nothing_is_bad_usage_and_completions_need_no_data() {
    let dir = TempDir::new().unwrap();
    assert_eq!(ringdex(&dir, &["lookup", " "]).output().unwrap().status.code(), Some(2));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = ringdex(&dir, &["completions", shell]).output().unwrap();
        assert!(output.status.success(), "{shell}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("undo-merge"), "{shell}");
    }
    let pages = dir.path().join("man");
    let output = ringdex(&dir, &["man", pages.to_str().unwrap()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(pages.join("ringdex-lookup.1")).unwrap();
    assert!(page.contains("Who has this number?"), "{page}");
    assert!(!dir.path().join("data").exists());
}
