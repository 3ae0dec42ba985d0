//! Merging without asking: what is merged, what is left alone, limits, and undoing a run.

use std::io::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::server::{Client, OPERATOR, TestServer};

const AUTO: &str = "/api/v1/duplicates/auto-merges";

fn pair(server: &Client, name: &str, phone: &str, more: &Value) -> [String; 2] {
    let mut one =
        json!({"name": name, "phone": phone, "email": format!("{}@example.com", &phone[1..])});
    let first = server.create_id(&one);
    for (key, value) in more.as_object().unwrap() {
        one[key] = value.clone();
    }
    [first, server.create_id(&one)]
}

/// Three pairs of twins, of which one differs in its birthday, and a household.
fn people(server: &Client) -> [[String; 2]; 3] {
    let first = pair(server, "Ignatius Featherstone", "+12025550101", &json!({"title": "CFO"}));
    let second = pair(server, "Wilhelmina Quackenbush", "+12025550102", &json!({"tags": ["VIP"]}));
    server
        .patch(&format!("/api/v1/contacts/{}", second[0]), &json!({"tags": ["Customer"]}))
        .expect(200);
    let third =
        pair(server, "Thaddeus Abernathy", "+12025550103", &json!({"external_crm_id": "B"}));
    server
        .patch(&format!("/api/v1/contacts/{}", third[0]), &json!({"external_crm_id": "A"}))
        .expect(200);
    server.create(&json!({"name": "John Doe", "phone": "+12025550104"}));
    server.create(&json!({"name": "Jane Doe", "phone": "+12025550104"}));
    [first, second, third]
}

fn settings(server: &Client, auto: &Value) {
    server.patch("/api/v1/settings", &json!({"duplicates": {"auto_merge": auto}})).expect(200);
}

fn total(client: &Client) -> Value {
    client.get("/api/v1/contacts?refresh=wait").expect(200).json["total"].clone()
}

#[test]
fn a_trial_merges_nothing_and_a_run_only_what_agrees() {
    let server = TestServer::start();
    let [first, second, third] = people(&server);
    let tried = server.post(AUTO, &json!({"dry_run": true})).expect(200).json;
    assert_eq!(
        (&tried["id"], tried["merged"].as_array().unwrap().len()),
        (&json!(null), 2),
        "{tried}"
    );
    assert_eq!(total(&server), 8);
    let done = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(done["merged"].as_array().unwrap().len(), 2, "{done}");
    // Not who differs in the number of another system.
    let reason = |id: &str| {
        let skipped = done["skipped"].as_array().unwrap().iter();
        let mut own = skipped.filter(|one| one["ids"].as_array().unwrap().contains(&json!(id)));
        own.next().map(|one| one["reason"].as_str().unwrap().to_owned())
    };
    assert_eq!(reason(&third[0]).as_deref(), Some("they differ in external_crm_id"), "{done}");
    assert_eq!(total(&server), 6);
    // The older one stays, with what the other had.
    let kept = server.get(&format!("/api/v1/contacts/{}", first[0])).expect(200).json;
    assert_eq!(kept["title"], "CFO");
    let kept = server.get(&format!("/api/v1/contacts/{}", second[0])).expect(200).json;
    assert_eq!(kept["tags"], json!(["Customer", "VIP"]));
    // Each is in the audit log, and in the list of merges with its run.
    let merges = server.get("/api/v1/merges").expect(200).json;
    assert!(
        merges["merges"].as_array().unwrap().iter().all(|m| m["run"] == done["id"]),
        "{merges}"
    );
    let runs = server.get(AUTO).expect(200).json;
    assert_eq!((&runs["total"], &runs["runs"][0]["merges"]), (&json!(1), &json!(2)));
    // Undone as a whole, but for what somebody has to decide.
    server.patch(&format!("/api/v1/contacts/{}", first[0]), &json!({"title": "CEO"})).expect(200);
    let undo = format!("{AUTO}/{}/undo", done["id"].as_str().unwrap());
    let undone = server.post(&undo, &json!({})).expect(200).json;
    assert_eq!(undone["undone"].as_array().unwrap().len(), 1, "{undone}");
    assert_eq!(undone["refused"].as_array().unwrap().len(), 1, "{undone}");
    assert_eq!(total(&server), 7);
    server.get(&format!("/api/v1/contacts/{}", second[1])).expect(200);
    let other = server.organization("Other");
    other.post(&undo, &json!({})).expect(404);
    assert_eq!(other.get(AUTO).expect(200).json["total"], 0);
}

#[test]
fn limits_hold_and_wishes_are_checked() {
    let server = TestServer::start();
    people(&server);
    settings(&server, &json!({"daily_limit": 1, "agree": []}));
    let one = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(
        (one["merged"].as_array().unwrap().len(), &one["limited"]),
        (1, &json!(true)),
        "{one}"
    );
    let none = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(
        (none["merged"].as_array().unwrap().len(), &none["limited"]),
        (0, &json!(true)),
        "{none}"
    );
    for wrong in [
        json!({"min_probability": 0.2}),
        json!({"min_probability": 1.2}),
        json!({"rule": "best"}),
        json!({"survivor": "tallest"}),
        json!({"agree": ["birthdate"]}),
        json!({"nonsense": 1}),
    ] {
        server.patch("/api/v1/settings", &json!({"duplicates": {"auto_merge": wrong}})).expect(422);
    }
    server.post(AUTO, &json!({"dryrun": true})).expect(422);
    server.role("agent").post(AUTO, &json!({})).expect(403);
}

#[test]
fn the_same_undo_of_a_run_is_answered_the_same() {
    let server = TestServer::start();
    people(&server);
    let done = server.post(AUTO, &json!({})).expect(200).json;
    let path = format!("{AUTO}/{}/undo", done["id"].as_str().unwrap());
    let send = |key: &str| server.json("POST", &path, &[("idempotency-key", key)], &json!({}));
    let first = send("k").expect(200);
    assert_eq!(first.json["undone"].as_array().unwrap().len(), 2, "{}", first.json);
    let again = send("k").expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.json, first.json);
    assert_eq!(send("other").expect(200).json["undone"], json!([]));
}

#[test]
fn the_same_run_is_answered_the_same() {
    let server = TestServer::start();
    people(&server);
    settings(&server, &json!({"agree": []}));
    let send =
        |key: &str, body: &Value| server.json("POST", AUTO, &[("idempotency-key", key)], body);
    // What is only tried is not kept.
    send("k", &json!({"dry_run": true})).expect(200);
    let one = json!({"limit": 1});
    let (first, at_once) = std::thread::scope(|scope| {
        let other = scope.spawn(|| send("k", &one).expect(200));
        (send("k", &one).expect(200), other.join().unwrap())
    });
    assert_eq!(first.json, at_once.json);
    assert_eq!(first.json["merged"].as_array().unwrap().len(), 1, "{}", first.json);
    let replayed = [&first, &at_once].map(|answer| answer.header("idempotent-replayed").is_some());
    assert_ne!(replayed[0], replayed[1]);
    send("k", &json!({"limit": 2})).expect(422);
    let more = send("other", &one).expect(200).json;
    assert_ne!(more["id"], first.json["id"]);
    let runs = server.get(AUTO).expect(200).json;
    let merges: Vec<_> = runs["runs"].as_array().unwrap().iter().map(|r| &r["merges"]).collect();
    assert_eq!(merges.iter().filter(|merges| **merges == &json!(1)).count(), merges.len());
}

#[test]
fn what_is_told_apart_is_never_merged_and_decisions_show_how_good_scores_are() {
    let server = TestServer::start();
    let [first, second, _] = people(&server);
    server.post("/api/v1/duplicates/dismissals", &json!({"ids": first})).expect(200);
    let merge = json!({"primary": second[0], "others": [second[1]]});
    let merged = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    let figures = server.get("/api/v1/duplicates/accuracy").expect(200).json;
    assert_eq!((&figures["decided"], &figures["agreement"]), (&json!(2), &json!(0.5)), "{figures}");
    assert_eq!(
        (&figures["precision"], &figures["recall"]),
        (&json!(0.5), &json!(1.0)),
        "{figures}"
    );
    settings(&server, &json!({"agree": []}));
    let done = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(done["merged"].as_array().unwrap().len(), 1, "{done}");
    // Undone: nobody has said any more that they are the same.
    let id = merged["merge_id"].as_str().unwrap();
    server.post(&format!("/api/v1/merges/{id}/undo"), &json!({})).expect(200);
    let figures = server.get("/api/v1/duplicates/accuracy").expect(200).json;
    assert_eq!(figures["decided"], 1, "{figures}");
}

#[test]
fn what_was_told_apart_stays_so_when_one_of_them_is_merged() {
    let server = TestServer::start();
    let [first, ..] = people(&server);
    let third =
        server.create_id(&json!({"name": "Ignatius Featherstone", "phone": "+12025550101"}));
    let groups = || {
        let all = server.get("/api/v1/duplicates").expect(200).json;
        all["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| g["members"].as_array().unwrap().len())
            .sum::<usize>()
    };
    assert_eq!(groups(), 7);
    let apart = json!({"ids": [first[1], third]});
    server.post("/api/v1/duplicates/dismissals", &apart).expect(200);
    // The one that was told apart from the third goes into the other.
    let merge = json!({"primary": first[0], "others": [first[1]]});
    server.post("/api/v1/contacts/merge", &merge).expect(200);
    assert_eq!(groups(), 4);
    let server = server.restart();
    let all = server.get("/api/v1/duplicates").expect(200).json;
    assert_eq!(all["total"], 2, "{all}");
}

fn ringdex(target: &[&str], arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    let output = command.args(target).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_command_line_merges_lists_and_undoes() {
    let dir = tempfile::TempDir::new().unwrap();
    let list = dir.path().join("list.csv");
    let mut file = std::fs::File::create(&list).unwrap();
    file.write_all(
        b"name,phone,email\nIgnatius Featherstone,+12025550101,ig@x.example\nIgnatius Featherstone,+12025550101,ig@x.example\n",
    )
    .unwrap();
    let server = TestServer::start();
    let data = dir.path().join("data");
    for target in [
        ["--data-dir", data.to_str().unwrap()].as_slice(),
        &["--server", server.base_url(), "--token", OPERATOR],
    ] {
        let run = |arguments: &[&str]| ringdex(target, arguments);
        run(&["import", list.to_str().unwrap(), "--on-duplicate", "create"]);
        let (tried, said) = run(&["auto-merge", "--dry-run"]);
        assert!(tried.contains(" <- ") && said.ends_with("1 would be merged"), "{tried} {said}");
        assert_eq!(run(&["auto-merge", "--list"]).0, "");
        let (_, said) = run(&["auto-merge", "--limit", "5"]);
        let id = said.rsplit(' ').next().unwrap().to_owned();
        assert!(run(&["auto-merge", "--list"]).0.ends_with(&id), "{said}");
        assert_eq!(run(&["auto-merge", "--undo", &id]).0, "1 merge undone");
    }
}

#[test]
fn what_was_undone_is_not_merged_again_and_nobody_sees_more_by_it() {
    let server = TestServer::start();
    settings(&server, &json!({"enabled": true, "agree": []}));
    let twins = pair(&server, "Ignatius Featherstone", "+12025550101", &json!({}));
    let merged = |id: &str| server.get(&format!("/api/v1/contacts/{id}")).status == 308;
    // The background merges by itself.
    server.get("/api/v1/duplicates").expect(200);
    let begun = std::time::Instant::now();
    while !merged(&twins[1]) {
        assert!(begun.elapsed().as_secs() < 60, "nothing was merged by itself");
        std::thread::yield_now();
    }
    let runs = server.get(AUTO).expect(200).json;
    let undo = format!("{AUTO}/{}/undo", runs["runs"][0]["id"].as_str().unwrap());
    assert_eq!(
        server.post(&undo, &json!({})).expect(200).json["undone"].as_array().unwrap().len(),
        1
    );
    let again = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(again["merged"], json!([]), "{again}");
    assert_eq!(again["skipped"][0]["reason"], "a merge of them was undone");
    assert!(!merged(&twins[1]));
    settings(&server, &json!({"agree": []}));
    let own = json!({"visibility": "owner", "assigned_to": server.owner()});
    let private = pair(&server, "Wilhelmina Quackenbush", "+12025550102", &own);
    let done = server.post(AUTO, &json!({})).expect(200).json;
    assert!(!merged(&private[1]), "{done}");
    let reasons: Vec<&str> = done["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap())
        .collect();
    assert!(reasons.contains(&"not everybody who sees one of them sees the others"), "{done}");
}

#[test]
fn sister_and_brother_are_not_merged_without_asking() {
    let server = TestServer::start();
    for name in ["Jan Novak", "Jana Novak"] {
        server.create(&json!({"name": name, "phone": "+420602123456"}));
    }
    let done = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(done["merged"], json!([]), "{done}");
    assert_eq!(total(&server), 2);
}
