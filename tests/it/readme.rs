//! What the README shows does what it says: queries, commands, settings, and the paths it names.

#![expect(clippy::disallowed_methods, reason = "test files need not survive a power cut")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::process::Bench;
use crate::support::server::{OPERATOR, TestServer, escape};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// What stands between two lines that begin so.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).expect(from);
    rest.split_once(to).expect(to).0
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_query_of_the_readme_finds_somebody_in_a_demonstration() {
    let bench = Bench::new();
    let server = bench.serve_with(&["--demo", "2000"], None);
    let anyone = server.client.without_token();
    let text = readme();
    let table = between(&text, "| you type | it finds |", "\n\n");
    let mut tried = 0;
    for row in table.lines().filter(|row| row.starts_with("| `")) {
        for q in quoted(row.split('|').nth(1).unwrap()) {
            let found = anyone.get(&format!("/api/v1/contacts?q={}", escape(q))).expect(200).json;
            assert_ne!(found["total"], 0, "{q} finds nobody");
            assert!(found.get("warnings").is_none(), "{q}: {found}");
            tried += 1;
        }
    }
    assert!(tried > 15, "{tried} queries");
    let doe = anyone.get("/api/v1/contacts?q=jonh+doe").expect(200);
    assert_eq!(doe.names()[0], "John Doe");
    let bob = anyone.get("/api/v1/contacts?q=bob+kovalsky").expect(200);
    assert_eq!(bob.names()[0], "Robert Kowalski");
}

#[test]
fn the_commands_of_the_first_import_can_be_typed_as_they_stand() {
    let bench = Bench::new();
    let server = bench.serve(None);
    let folder = bench.path("work");
    std::fs::create_dir(&folder).unwrap();
    let list = "Name,Phone,Email\nJohn Doe,+1 202 555 0123,john@example.com\n";
    std::fs::write(folder.join("contacts.csv"), list).unwrap();
    let text = readme();
    let block = between(&text, "## First import\n\n```sh\n", "```");
    let program = Path::new(env!("CARGO_BIN_EXE_ringdex"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let typed = |line: &str| {
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(&folder)
            .env_clear()
            .env("PATH", &path)
            .env("RINGDEX_SERVER", &server.base)
            .env("RINGDEX_TOKEN", OPERATOR)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said} {errors}");
        said
    };
    let lines =
        block.lines().filter(|line| line.starts_with("ringdex ") && !line.contains("serve"));
    let lines: Vec<&str> = lines.collect();
    assert!(lines.len() >= 5, "{lines:?}");
    for line in &lines {
        let said = typed(line);
        if line.starts_with("ringdex search") || line.starts_with("ringdex lookup") {
            assert!(said.contains("John Doe"), "{line}: {said}");
        }
    }
    for line in [
        "ringdex duplicates --out report.html",
        "ringdex duplicates --input contacts.csv --out list.html",
        "ringdex auto-merge --dry-run",
        "ringdex permissions",
        "ringdex check",
        "ringdex audit",
        "ringdex config example",
        "ringdex completions bash",
        "ringdex reindex",
        "ringdex backup copy",
    ] {
        let command = line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        assert!(text.contains(&command), "the README names {command}");
        typed(line);
    }
    let token = quoted(&text).find(|code| code.starts_with("ringdex token create")).unwrap();
    assert!(typed(token).contains("rdx_"));
    server.stop();
}

#[test]
fn the_settings_of_the_readme_can_be_set() {
    let server = TestServer::start();
    let text = readme();
    let mut set = 0;
    for code in quoted(&text) {
        let body = code.strip_prefix("PATCH /api/v1/settings ").unwrap_or(code);
        let Ok(Value::Object(body)) = serde_json::from_str::<Value>(body) else { continue };
        server.patch("/api/v1/settings", &json!(body)).expect(200);
        set += 1;
    }
    assert!(set >= 3, "{set} settings");
}

/// A path with all that stands for something in it as `{}`.
fn pattern(path: &str) -> String {
    let steps = path.split('/').map(|step| {
        let is_open = step.starts_with('{') || step.starts_with('$');
        let is_named = step.len() > 1 && step.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if is_open || is_named { "{}" } else { step }
    });
    steps.collect::<Vec<_>>().join("/")
}

#[test]
fn every_path_that_a_page_of_documentation_names_is_there() {
    let document: Value = serde_json::from_str(&ringdex::http::openapi_document()).unwrap();
    let known: BTreeSet<String> =
        document["paths"].as_object().unwrap().keys().map(|path| pattern(path)).collect();
    let mut pages = vec![root().join("README.md")];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        pages.push(entry.unwrap().path());
    }
    let mut named = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|end| end == "md")) {
        let text = std::fs::read_to_string(page).unwrap();
        for (at, _) in text.match_indices("/api/v1/") {
            let rest = &text[at..];
            let is_part = |c: char| c.is_ascii_alphanumeric() || "/{}_-.$".contains(c);
            let path = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
            let path = path.trim_end_matches(['.', '/', '-']);
            named += 1;
            let pattern = pattern(path);
            let is_known = known.contains(&pattern)
                // An example may have a name where the document has a parameter.
                || known.iter().any(|known| fits(known, &pattern));
            assert!(is_known, "{} names {path}, which is not there", page.display());
        }
    }
    assert!(named > 100, "{named} paths");
}

/// Whether a path is one of a pattern.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(&path).all(|(known, step)| *known == "{}" || known == step)
}
