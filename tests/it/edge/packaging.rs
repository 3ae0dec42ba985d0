//! The files under `packaging`: they name what there is.

#![expect(clippy::disallowed_methods, reason = "test files need not survive a power cut")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::tls::{Files, ask, make};
use crate::support::process::Bench;
use crate::support::server::TestServer;

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(packaging(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The figures that a text names.
fn figures_named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c| !is_part(c)).filter(|word| word.starts_with("ringdex_"));
    words.map(str::to_owned).collect()
}

#[test]
fn dashboard_and_alerts_name_figures_that_there_are() {
    let made = make();
    let files = Files::with(&made);
    let server = TestServer::with(|options| options.tls = Some(files.options()));
    let url = |path: &str| server.base_url().replace("http://", "https://") + path;
    // Counted from the first request on.
    ask(&url("/healthz"), &made).unwrap();
    let mut answer = ask(&url("/metrics"), &made).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let known = figures_named(&text);
    assert!(known.len() > 15, "{text}");
    for name in ["grafana-dashboard.json", "prometheus-alerts.yml"] {
        let named = figures_named(&read(name));
        assert!(named.len() > 5, "{name}: {named:?}");
        let missing: Vec<_> = named.difference(&known).collect();
        assert!(missing.is_empty(), "{name} names {missing:?}, which /metrics does not have");
    }
    // Labels are patterns of routes that there are.
    let routes: BTreeSet<&str> = ringdex::http::ROUTES.iter().map(|route| route.path).collect();
    for name in ["grafana-dashboard.json", "prometheus-alerts.yml"] {
        let text = read(name).replace('\\', "");
        for (at, label) in text.match_indices("route=\"") {
            let route = text[at + label.len()..].split('"').next().unwrap();
            assert!(routes.contains(route), "{name}: there is no route {route}");
        }
    }
}

#[test]
fn the_dashboard_is_one() {
    let dashboard: Value = serde_json::from_str(&read("grafana-dashboard.json")).unwrap();
    assert_eq!(dashboard["title"], "Ringdex");
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()), "{panel}");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(panel["gridPos"]["w"].as_u64().unwrap() <= 24, "{panel}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty() && targets.iter().all(|t| t["expr"].is_string()), "{panel}");
    }
}

#[test]
fn every_alert_says_what_to_do() {
    let text = read("prometheus-alerts.yml");
    let alerts: Vec<&str> = text.split("- alert: ").skip(1).collect();
    assert!(alerts.len() >= 8, "{}", alerts.len());
    for alert in alerts {
        for part in ["expr: ", "severity: ", "summary: ", "description: "] {
            assert!(alert.contains(part), "no {part} in {alert}");
        }
    }
}

#[test]
fn the_file_of_the_package_and_the_options_of_unit_and_image_are_taken() {
    let bench = Bench::new();
    let path = packaging("ringdex.toml");
    let check = ["config", "check", "--config", path.to_str().unwrap()];
    bench.run(&check, None).expect(0);
    // Variables that the image and the unit set are those of options.
    for name in ["Containerfile", "ringdex.service"] {
        let text = read(name);
        let variables: Vec<(&str, &str)> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(str::split_whitespace)
            .map(|word| word.trim_start_matches("Environment="))
            .filter(|word| word.starts_with("RINGDEX_"))
            .filter_map(|word| word.split_once('='))
            .collect();
        assert!(!variables.is_empty(), "{name}");
        let said = bench.run_with(&["config", "check"], None, &variables);
        // An image is for other machines, so who runs it says how they are let in.
        let is_open = name == "Containerfile" && said.err.contains("--insecure");
        assert!(said.code == Some(0) || is_open, "{name}: {}", said.err);
        assert!(!said.err.contains("is no option"), "{name}: {}", said.err);
    }
}

#[test]
fn systemd_takes_the_unit() {
    let unit = read("ringdex.service");
    for line in ["Type=notify", "NoNewPrivileges=yes", "ProtectSystem=strict", "LimitNOFILE="] {
        assert!(unit.contains(line), "{line}");
    }
    let dir = tempfile::TempDir::new().unwrap();
    let copy = dir.path().join("ringdex.service");
    std::fs::write(&copy, unit.replace("/usr/bin/ringdex", env!("CARGO_BIN_EXE_ringdex"))).unwrap();
    // Where there is no systemd the lines above are all that can be held.
    if let Ok(output) =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&copy).output()
    {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let about_it: Vec<&str> =
            said.lines().filter(|line| line.contains("ringdex.service")).collect();
        assert!(about_it.is_empty(), "{about_it:#?}");
    }
}
