//! The rules of the source: what may import what, where each engine room is named, how files begin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Module -> the modules of ours that it may name. `error`, `config`, `memory` and
/// `priority` are leaves for everyone.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("vault", &[]),
    ("journal", &["domain", "vault"]),
    ("store", &["domain", "vault"]),
    ("query", &["domain"]),
    ("lookup", &["domain"]),
    ("index", &["query", "domain", "vault"]),
    ("search", &["index", "query", "domain"]),
    ("engine", &["journal", "store", "lookup", "index", "search", "query", "domain", "vault"]),
    ("dedupe", &["domain"]),
    ("generate", &["domain"]),
    ("import", &["domain", "dedupe"]),
    ("app", &["engine", "import", "generate", "dedupe", "query", "domain", "vault"]),
    ("edge", &["domain"]),
    ("http", &["app", "devices", "edge", "query", "domain", "ui"]),
    ("cli", &["app", "edge", "http", "generate", "import", "domain", "engine", "vault"]),
    ("devices", &["domain"]),
    ("ui", &[]),
];

/// A crate and the only modules that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("sled", &["store"]),
    ("actix_web", &["http"]),
    ("actix_http", &["http"]),
    ("actix_server", &["http"]),
    ("actix_service", &["http"]),
    ("rustls", &["http"]),
    ("tantivy", &["index", "search", "engine"]),
    ("utoipa", &["http"]),
    ("openidconnect", &["http"]),
    ("clap", &["cli"]),
    ("quick_xml", &["devices"]),
    ("chacha20poly1305", &["vault"]),
    ("ldap3_proto", &["devices", "http"]),
];

const MOST_LINES: usize = 800;

/// Lines of the body of a function.
const MOST_BODY_LINES: usize = 80;

/// Functions that are longer, nearly all of them tables written as a `match`, with a bound for each.
/// None is added, and bounds only go down.
const LONG: &[(&str, &str, usize)] = &[
    ("app/bulk_request.rs", "read_action", 110),
    ("app/import_options.rs", "read", 140),
    ("app/import_questions.rs", "carry_out_answers", 100),
    ("app/imports.rs", "import_contacts", 120),
    ("app/merges/merge.rs", "merge", 90),
    ("cli/admin.rs", "organization", 90),
    ("cli/custom_field.rs", "run", 100),
    ("dedupe/block_key.rs", "keys", 100),
    ("domain/date.rs", "month", 110),
    ("domain/draft.rs", "put_into", 120),
    ("domain/draft_json.rs", "draft", 110),
    ("domain/name/affix.rs", "is_degree", 90),
    ("domain/record/field.rs", "fit", 120),
    ("domain/view.rs", "of", 90),
    ("engine/check.rs", "check", 90),
    ("engine/partition.rs", "open", 120),
    ("http/import_upload.rs", "receive", 120),
    ("import/alias.rs", "target", 110),
    ("index/document/values.rs", "add", 130),
    ("index/schema.rs", "of", 110),
    ("search/explain/mod.rs", "condition", 90),
    ("search/run.rs", "step", 110),
];

struct Source {
    path: PathBuf,
    /// The module right below the root; `lib`, `main` or `error` for the files there.
    module: String,
    text: String,
}

fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

fn sources(root: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 5, "no source below {}", root.display());
    paths
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).unwrap();
            let first = Path::new(inside.iter().next().unwrap());
            let module = first.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            Source { path, module, text }
        })
        .collect()
}

/// The code of a line, without what stands behind `//`.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// Whether a name stands in a text, and not only as a part of a longer one.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
    })
}

/// The modules of ours that a text names behind `crate::`, also in braces.
fn modules_named(text: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = Vec::new();
    for (at, name) in text.match_indices("crate::") {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let behind = &text[at + name.len()..];
        match behind.strip_prefix('{') {
            None => found.push(word(behind)),
            Some(list) => {
                let (mut depth, mut start) = (0, 0);
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' | ',' if depth == 0 => {
                            found.push(word(&list[start..at]));
                            start = at + 1;
                            if c == '}' {
                                break;
                            }
                        }
                        '}' => depth -= 1,
                        _ => {}
                    }
                }
            }
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn modules_name_only_those_below_them() {
    let edges: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources("src") {
        if matches!(
            source.module.as_str(),
            "lib" | "main" | "error" | "config" | "memory" | "priority"
        ) {
            continue;
        }
        let Some(allowed) = edges.get(source.module.as_str()) else {
            wrong.push(format!("{}: the module is not in the table", source.path.display()));
            continue;
        };
        let code: String = source.text.lines().map(|line| code(line).to_owned() + "\n").collect();
        for name in modules_named(&code) {
            let own = name == source.module
                || matches!(name.as_str(), "error" | "config" | "memory" | "priority");
            // Only modules: a name that is none of the table is an item of the crate root.
            if !own && edges.contains_key(name.as_str()) && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: {} -> {name}", source.path.display(), source.module));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn engine_rooms_are_named_in_one_place() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        for (at, line) in source.text.lines().enumerate() {
            for (name, allowed) in CRATES {
                let path = format!("{name}::");
                let is_named = names(code(line), name)
                    && (code(line).contains(&path) || code(line).trim_start().starts_with("use "));
                if is_named && !allowed.contains(&source.module.as_str()) {
                    wrong.push(format!("{}:{}: {name}", source.path.display(), at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What reads the store or files would keep a worker, and with it lookups, waiting.
#[test]
fn handlers_do_on_their_worker_only_what_takes_microseconds() {
    // All of them only look into memory; lookups say themselves when they do not.
    let quick = [
        "access",
        "check_import",
        "condition",
        "find_previewed",
        "has_applied",
        "last_change",
        "lookup_number",
        "now",
        "permissions_of",
        "upload_limit",
        "session",
        // On a thread of its own.
        "follow_schema",
    ];
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().filter(|source| source.module == "http") {
        for (at, line) in source.text.lines().enumerate() {
            for (place, name) in code(line).match_indices("state.app.") {
                let called: String = line[place + name.len()..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || "_$".contains(*c))
                    .collect();
                if !quick.contains(&called.as_str()) && !line[..place].contains("move |") {
                    wrong.push(format!("{}:{}: {called}", source.path.display(), at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A CSV file that is written in any other way has no guards against formulas.
#[test]
fn csv_files_are_written_in_one_place() {
    let mut found = Vec::new();
    for source in sources("src") {
        let is_test = source.path.to_string_lossy().ends_with("tests.rs");
        let is_writing = |line: &str| {
            ["csv::Writer", "csv::{", "use csv::*", "WriterBuilder", "QuoteStyle"]
                .iter()
                .any(|word| code(line).contains(word))
        };
        if !is_test && source.text.lines().any(is_writing) {
            found.push(source.path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    assert_eq!(found, ["guarded_csv.rs"]);
}

#[test]
fn files_say_what_they_are_and_stay_readable() {
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let first = source.text.lines().next().unwrap_or("");
        if first.strip_prefix("//! ").is_none_or(|said| said.trim().len() < 10) {
            wrong
                .push(format!("{}: the first line does not say what it is", source.path.display()));
        }
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{}: {lines} lines", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The functions of a file outside its tests: their names, and how many lines their bodies have.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> =
        text.lines().take_while(|line| !line.trim_start().starts_with("mod tests {")).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let begin = line.trim_start();
        let is_item = ["fn ", "pub", "const fn ", "async fn "].iter().any(|w| begin.starts_with(w));
        let Some((before, rest)) = begin.split_once("fn ").filter(|_| is_item) else { continue };
        let is_head = before.split_whitespace().all(|word| {
            word.starts_with("pub")
                || ["in", "const", "async"].contains(&word)
                || word.ends_with(')')
        });
        let end = lines[at..].iter().position(|line| line.trim_end().ends_with(['{', '}', ';']));
        let Some(open) = end.map(|end| at + end).filter(|open| lines[*open].ends_with('{')) else {
            continue;
        };
        let close = format!("{}}}", &line[..line.len() - begin.len()]);
        let body = lines[open + 1..].iter().position(|line| **line == close);
        if let Some(body) = body.filter(|_| is_head) {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
            found.push((name.to_owned(), body));
        }
    }
    found
}

#[test]
fn functions_stay_short_and_long_ones_only_become_shorter() {
    let mut seen = 0;
    let mut known: Vec<_> = LONG.to_vec();
    for source in sources("src") {
        let path = source.path.to_string_lossy().replace('\\', "/");
        for (name, lines) in functions(&source.text) {
            seen += 1;
            if lines <= MOST_BODY_LINES || path.ends_with("tests.rs") {
                continue;
            }
            let of = |(file, long, _): &(&str, &str, usize)| path.ends_with(file) && *long == name;
            let Some(at) = known.iter().position(of) else {
                panic!("{name} in {path} has {lines} lines, more than {MOST_BODY_LINES}: split it")
            };
            let (_, _, most) = known.swap_remove(at);
            assert!(lines <= most, "{name} in {path} has {lines} lines, and had {most} at most");
        }
    }
    assert!(seen > 5_000, "only {seen} functions were seen");
    assert!(known.is_empty(), "shorter by now, so take them out of the list: {known:?}");
}

#[test]
fn nothing_is_left_undone_or_unseen() {
    // Put together, so that this file does not name them itself.
    let forbidden = [
        ["to", "do!"].concat(),
        ["unimpl", "emented!"].concat(),
        ["#[ign", "ore"].concat(),
        ["dbg", "!("].concat(),
        ["thread::sl", "eep"].concat(),
    ];
    // The server may wait for what nobody tells it about; tests that sleep are slow or flaky. Those
    // that end processes have nothing else.
    let may_sleep = ["/src/", "/tests/crash"];
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (at, line) in source.text.lines().enumerate() {
            for word in &forbidden {
                let path = source.path.to_string_lossy();
                let excused =
                    word.starts_with("thread") && may_sleep.iter().any(|p| path.contains(p));
                if code(line).contains(word.as_str()) && !excused {
                    wrong.push(format!("{path}:{}: {word}", at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rules_see_what_they_look_for() {
    assert_eq!(
        modules_named("use crate::app::App; crate::{ui, search::{a, b}, x}"),
        ["app", "ui", "search", "x"]
    );
    assert!(modules_named("$crate::a mycrate::b").is_empty());
    assert!(names("use sled::Db;", "sled") && !names("assled(); sled_x", "sled"));
}
