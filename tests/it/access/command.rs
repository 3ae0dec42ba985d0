//! `ringdex serve` as a process of its own: what its log never says, and its switches for single
//! sign-on.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::PASSWORD;

fn ringdex(dir: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    command.arg("--data-dir").arg(dir.path().join("data")).args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("RINGDEX_")) {
        command.env_remove(name);
    }
    command
}

#[test]
fn no_secret_reaches_the_log_however_much_it_says() {
    let dir = TempDir::new().unwrap();
    let log = dir.path().join("log");
    let mut child = ringdex(&dir, &["serve", "--listen", "127.0.0.1:0", "--store-cache-mib", "8"])
        .args(["--admin-token", "admin-token-in-no-log"])
        .args(["--oidc-issuer", "http://127.0.0.1:9", "--oidc-client-id", "ringdex"])
        .args(["--public-url", "http://127.0.0.1:7464"])
        .env("RINGDEX_OIDC_CLIENT_SECRET", "client-secret-in-no-log")
        .env("RINGDEX_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let base = first.trim().strip_prefix("ringdex listening on ").unwrap().to_owned();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .into();
    let get = |path: &str, cookie: &str| {
        let url = format!("{base}{path}");
        agent.get(url).header("cookie", cookie).call().unwrap().status().as_u16()
    };
    let setup = json!({"name": "Ada", "email": "ada@example.com", "password": PASSWORD});
    let answer = agent
        .post(format!("{base}/api/v1/setup"))
        .header("authorization", "Bearer admin-token-in-no-log")
        .send_json(&setup)
        .unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    let cookie = answer.headers().get("set-cookie").unwrap().to_str().unwrap().to_owned();
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(get("/api/v1/contacts", cookie), 200);
    assert_eq!(get("/api/v1/lookup?number=1&token=url-token-in-no-log", ""), 401);
    let cookie_of_sign_on = "ringdex-sign-on=x";
    let callback = "/api/v1/oidc/callback?code=code-in-no-log&state=state-in-no-log";
    assert_eq!(get(callback, cookie_of_sign_on), 303);
    assert_eq!(get("/api/v1/oidc/start", ""), 303);
    child.kill().unwrap();
    child.wait().unwrap();
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("single sign-on"), "the log says something: {said}");
    let secret = cookie.split_once('=').unwrap().1;
    for secret in ["in-no-log", PASSWORD, secret] {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[test]
fn single_sign_on_that_would_not_be_safe_is_refused() {
    let dir = TempDir::new().unwrap();
    let whole = ["--oidc-issuer", "https://login.example", "--oidc-client-id", "ringdex"];
    let public = ["--public-url", "https://contacts.example"];
    for arguments in [
        &["--oidc-issuer", "https://login.example"][..],
        &whole,
        &["--oidc-create-users"],
        &["--oidc-issuer", "http://login.example", "--oidc-client-id", "r", public[0], public[1]],
        &[&whole[..], &["--public-url", "http://contacts.example"]].concat(),
        &[&whole[..], &public, &["--oidc-organization", "nowhere"]].concat(),
    ] {
        let output =
            ringdex(&dir, &["serve", "--listen", "127.0.0.1:0"]).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    }
}
