//! The index fails alone: writes and lookups go on, searches are refused, and a new index takes its
//! place by itself.

use std::path::Path;

use rlimit::Resource;
use serde_json::json;

use crate::support::process::Bench;
use crate::support::server::{Client, TestServer};
use crate::support::{TestApp, files, operator};

/// Searches until an answer comes; what it finds, and whether searches were refused before.
fn search_until_answered(client: &Client, q: &str) -> (u64, bool) {
    let mut was_refused = false;
    loop {
        let answer = client.get(&format!("/api/v1/contacts?q={q}&refresh=wait"));
        if answer.status == 200 {
            return (answer.json["total"].as_u64().unwrap(), was_refused);
        }
        assert_eq!(answer.expect(503).code(), "search_unavailable");
        was_refused = true;
    }
}

#[test]
fn an_index_that_was_removed_is_built_anew_while_everything_else_goes_on() {
    let bench = Bench::new();
    let server = bench.serve(None);
    let client = &server.client;
    client.create_id(&json!({"name": "Here Before", "phone": "+12025550101"}));
    search_until_answered(client, "before");
    std::fs::remove_dir_all(bench.data().join("index")).unwrap();
    for at in 0..5 {
        let phone = format!("+1202555020{at}");
        client.create_id(&json!({"name": format!("Later Person{at}"), "phone": phone}));
        assert_eq!(client.lookup(&phone, "")["count"], 1);
    }
    assert_eq!(search_until_answered(client, "later").0, 5);
    assert_eq!(search_until_answered(client, "before").0, 1);
    assert_eq!(client.get("/readyz").expect(200).body, b"ready\n");
    server.stop();
    bench.run(&["check"], None).expect(0);
}

#[cfg(target_os = "linux")]
#[test]
fn an_index_that_runs_out_of_files_takes_nothing_along_and_recovers_by_itself() {
    let bench = Bench::new();
    let server = bench.serve(None);
    let client = &server.client;
    client.create_id(&json!({"name": "Here Before"}));
    search_until_answered(client, "before");
    let pid = i32::try_from(server.id()).unwrap();
    let (mut soft, mut hard) = (0, 0);
    rlimit::prlimit(pid, Resource::NOFILE, None, Some((&mut soft, &mut hard))).unwrap();
    let set = |files: u64| rlimit::prlimit(pid, Resource::NOFILE, Some((files, hard)), None);
    // Whatever is open stays open, and nothing more can be opened.
    set(1).unwrap();
    client.create_id(&json!({"name": "Without Files", "phone": "+12025550102"}));
    loop {
        let answer = client.get("/api/v1/contacts?q=before&refresh=wait");
        if answer.status == 503 {
            assert_eq!(answer.code(), "search_unavailable");
            break;
        }
    }
    let ready = String::from_utf8(client.get("/readyz").expect(200).body).unwrap();
    assert!(ready.starts_with("degraded: searches are refused"), "{ready}");
    let figures = client.get("/metrics").expect(200).body;
    assert!(String::from_utf8(figures).unwrap().contains("ringdex_degraded 1"));
    for at in 0..5 {
        client.create_id(&json!({"name": format!("Meanwhile Person{at}")}));
    }
    assert_eq!(client.lookup("+12025550102", "")["count"], 1);
    set(soft).unwrap();
    assert_eq!(search_until_answered(client, "meanwhile").0, 5);
    assert_eq!(search_until_answered(client, "without").0, 1);
    assert_eq!(client.get("/readyz").expect(200).body, b"ready\n");
    server.stop();
    bench.run(&["check"], None).expect(0);
}

/// Where the files of the index that serves are.
fn serving(root: &Path) -> std::path::PathBuf {
    let text = std::fs::read_to_string(root.join("index/CURRENT")).unwrap();
    root.join("index").join(text.split(' ').next().unwrap())
}

#[test]
fn a_search_that_fails_has_the_files_of_the_index_looked_at() {
    let test = TestApp::new();
    for at in 0..50 {
        test.create(1, &json!({"name": format!("Person{at} Family{}", at % 5)}));
    }
    let request = || ringdex::app::SearchRequest { query: "family3".into(), ..Default::default() };
    assert_eq!(test.search(1, request()).total, 10);
    let generation = serving(&test.root());
    let terms = files(&generation, |name| Path::new(name).extension().is_some_and(|e| e == "term"));
    assert!(!terms.is_empty());
    for file in &terms {
        // In place, so that what is mapped changes as well.
        let length = usize::try_from(std::fs::metadata(file).unwrap().len()).unwrap();
        let open = std::fs::OpenOptions::new().write(true).open(file).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&open, &vec![0xff; length], 0).unwrap();
    }
    let mut failed = 0;
    while generation.exists() {
        failed += u32::from(test.app().search_contacts(&operator(1), &request()).is_err());
    }
    assert!(failed > 0, "nothing was noticed");
    while !test.app().condition().degraded.is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(test.search(1, request()).total, 10);
    assert!(test.app().check(&operator(1), &mut |_| {}).unwrap().is_clean());
}

#[test]
fn reindexing_by_hand_and_by_itself_do_not_get_into_each_others_way() {
    let server = TestServer::start();
    server.create_id(&json!({"name": "Somebody"}));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| server.post("/api/v1/admin/reindex", &json!({})).expect(200));
        }
    });
    assert_eq!(search_until_answered(&server, "somebody"), (1, false));
}
