//! Imports whose contacts join lists: none, one that there is, a new one, or what each row names.

use serde_json::{Value, json};

use super::import;
use crate::cluster::memory::MemoryLog;
use crate::support::server::{Client, TestServer, escape};

const CSV: &[u8] =
    b"Name,Phone,_list\nAnn,+12025550101,Fair\nBob,+12025550102,\nCara,+12025550103,Hot leads\n";

/// The lists with their counts, by name.
fn lists(server: &TestServer) -> Vec<(String, u64)> {
    let all = server.get("/api/v1/lists").expect(200).json["items"].clone();
    let one =
        |list: &Value| (list["name"].as_str().unwrap().to_owned(), list["count"].as_u64().unwrap());
    all.as_array().unwrap().iter().map(one).collect()
}

fn counts(all: &[(&str, u64)]) -> Vec<(String, u64)> {
    all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn a_row_joins_the_list_that_it_names_and_what_there_is_not_is_made() {
    let server = TestServer::start();
    server.post("/api/v1/lists", &json!({"name": "fair"})).expect(201);
    let job = import(&server, CSV, &json!({"list_mode": "per_row"}));
    assert_eq!(job["counts"]["imported"], 3, "{job}");
    assert_eq!(lists(&server), counts(&[("fair", 1), ("Hot leads", 1)]));
    let ann = server.search("ann", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!((&ann["lists"][0]["name"], &ann["tags"]), (&json!("fair"), &json!([])));
    // Once more changes nothing; a new list is news.
    let again = import(&server, CSV, &json!({"list_mode": "per_row"}));
    assert_eq!(again["counts"]["updated"], 0, "{again}");
    let other = String::from_utf8_lossy(CSV).replace("Fair", "Other");
    let moved = import(&server, other.as_bytes(), &json!({"list_mode": "per_row"}));
    assert_eq!(moved["counts"]["updated"], 1, "{moved}");
    assert_eq!(lists(&server), counts(&[("fair", 1), ("Hot leads", 1), ("Other", 1)]));
    // A column that was mapped by hand needs no mode.
    let csv = b"Name,Group\nDan,Hot leads\n";
    import(&server, csv, &json!({"map": ["Group=list"]}));
    let dan = server.search("dan", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!((&dan["lists"][0]["name"], &dan["tags"]), (&json!("Hot leads"), &json!([])));
    let server = server.restart();
    assert_eq!(lists(&server), counts(&[("fair", 1), ("Hot leads", 2), ("Other", 1)]));
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
}

#[test]
fn all_contacts_of_an_import_join_one_list_that_there_is_or_that_is_made() {
    let server = TestServer::start();
    let known = server.create_id(&json!({"name": "Ann", "phone": "+12025550101"}));
    let trial =
        import(&server, CSV, &json!({"list_mode": "new", "list": "Spring", "dry_run": true}));
    assert_eq!(trial["state"], "done");
    assert_eq!(lists(&server), counts(&[]));
    import(&server, CSV, &json!({"list_mode": "new", "list": "Spring"}));
    assert_eq!(lists(&server), counts(&[("Spring", 3)]));
    let ann = server.get(&format!("/api/v1/contacts/{known}")).expect(200).json;
    assert_eq!(ann["lists"][0]["name"], "Spring");
    let more = b"Name,Phone\nDan,+12025550104\n";
    import(&server, more, &json!({"list_mode": "existing", "list": "spring"}));
    import(&server, more, &json!({"list": "Spring"}));
    assert_eq!(lists(&server), counts(&[("Spring", 4)]));
    import(&server, b"Name,Phone\nEve,+12025550105\n", &json!({"list_mode": "none"}));
    assert_eq!(lists(&server), counts(&[("Spring", 4)]));
}

#[test]
fn a_list_that_cannot_be_joined_is_refused_before_anything_is_written() {
    let server = TestServer::start();
    server.post("/api/v1/lists", &json!({"name": "Spring"})).expect(201);
    let dynamic = json!({"name": "VIPs", "kind": "dynamic", "q": "tag:vip"});
    server.post("/api/v1/lists", &dynamic).expect(201);
    for (options, pointer) in [
        (json!({"list_mode": "existing"}), "/options/list"),
        (json!({"list_mode": "new"}), "/options/list"),
        (json!({"list_mode": "existing", "list": "Nowhere"}), "/options/list"),
        (json!({"list_mode": "existing", "list": "VIPs"}), "/options/list"),
        (json!({"list_mode": "new", "list": "spring"}), "/options/list"),
        (json!({"list_mode": "per_row", "list": "Spring"}), "/options/list"),
        (json!({"list_mode": "all"}), "/options/list_mode"),
        (json!({"list": 5}), "/options/list"),
    ] {
        let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
        let csv_type = [("content-type", "text/csv")];
        let refused = server.send("POST", &path, &csv_type, Some(CSV)).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{options}");
    }
    assert_eq!(server.get("/api/v1/contacts").expect(200).json["total"], 0);
}

#[test]
fn two_imports_that_are_to_make_one_list_make_one() {
    let server = TestServer::start();
    let options = json!({"list_mode": "new", "list": "Fair"});
    let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
    let head = [("content-type", "text/csv")];
    let begin = |list: &[u8]| server.send("POST", &path, &head, Some(list)).expect(202);
    // Both are accepted before either has begun to write.
    let first = begin(b"Name,Phone\nAnn,+12025550101\nBob,+12025550102\n");
    let second = begin(b"Name,Phone\nBob,+12025550102\nCara,+12025550103\n");
    for started in [&first, &second] {
        assert_eq!(super::ended(&server, started)["state"], "done");
    }
    server.search("", "&refresh=wait");
    assert_eq!(lists(&server), counts(&[("Fair", 3)]));
    // The second one has not made it, so taking it back leaves it.
    let undo = format!("/api/v1/imports/{}/undo", second.id());
    server.post(&undo, &json!({})).expect(202);
    server.app().finish_jobs();
    server.search("", "&refresh=wait");
    assert_eq!(lists(&server), counts(&[("Fair", 2)]));
}

#[test]
fn a_row_that_names_a_dynamic_list_joins_none_and_says_so() {
    let server = TestServer::start();
    let dynamic = json!({"name": "Fair", "kind": "dynamic", "q": "tag:fair"});
    server.post("/api/v1/lists", &dynamic).expect(201);
    let job = import(&server, CSV, &json!({"list_mode": "per_row"}));
    assert_eq!(job["counts"]["imported"], 3, "{job}");
    let warning = &job["warnings"][0];
    assert_eq!(
        (&warning["row"], &warning["column"], &warning["value"]),
        (&json!(2), &json!("_list"), &json!("Fair"))
    );
    assert!(warning["detail"].as_str().unwrap().contains("dynamic list"), "{warning}");
    server.search("", "&refresh=wait");
    assert_eq!(lists(&server), counts(&[("Fair", 0), ("Hot leads", 1)]));
    let strict = import(&server, CSV, &json!({"list_mode": "per_row", "strict": true}));
    assert_eq!(strict["state"], "failed", "{strict}");
}

/// What is called so, once each.
fn names(client: &Client, noun: &str) -> Vec<String> {
    let all =
        client.get(&format!("/api/v1/{noun}?per_page=1000")).expect(200).json["items"].clone();
    let mut names: Vec<String> =
        all.as_array().unwrap().iter().map(|one| one["name"].to_string()).collect();
    names.sort_unstable();
    names
}

#[test]
fn imports_on_two_machines_at_once_make_one_list_and_one_company_of_each_name() {
    let log = MemoryLog::new();
    let start = |name: &str| TestServer::in_cluster(log.node(name), name);
    let (one, other) = (start("a"), start("b"));
    let list = |from: usize| {
        let mut list = String::from("Name,Phone,Company,_list\n");
        for at in 0..40 {
            let (person, group) = (from + at, at % 20);
            let row = format!("P{person} Q,+1202555{person:04},Firm {group},List {group}\n");
            list.push_str(&row);
        }
        list
    };
    let options = json!({"list_mode": "per_row", "companies": "create"});
    let imported = std::thread::scope(|scope| {
        let runs = [(&one, 0), (&other, 100)].map(|(server, from)| {
            let (list, options) = (list(from), &options);
            scope.spawn(move || import(server, list.as_bytes(), options))
        });
        runs.map(|run| run.join().unwrap())
    });
    for job in &imported {
        assert_eq!((&job["state"], &job["counts"]["imported"]), (&json!("done"), &json!(40)));
    }
    let seq = one.post("/api/v1/lists", &json!({"name": "Last"})).expect(201);
    let seq = seq.header("ringdex-seq").unwrap().to_owned();
    other.send("GET", "/api/v1/lists", &[("ringdex-seq", &seq)], None).expect(200);
    let mut expected: Vec<String> = (0..20).map(|group| format!("\"Firm {group}\"")).collect();
    expected.sort_unstable();
    assert_eq!(names(&other, "companies"), expected);
    let expected: Vec<String> = expected
        .iter()
        .map(|name| name.replace("Firm", "List"))
        .chain(["\"Last\"".to_owned()])
        .collect();
    let mut expected = expected;
    expected.sort_unstable();
    assert_eq!(names(&other, "lists"), expected);
    // Each has the people of both.
    let found = other.get("/api/v1/companies?q=%22Firm%207%22").expect(200).json;
    assert_eq!(found["items"][0]["contacts_count"], 4, "{found}");
}
