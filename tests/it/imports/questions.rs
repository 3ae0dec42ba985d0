//! Rows that an import asks about, and their answers.

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::import;
use crate::support::process::Bench;
use crate::support::server::{Answer, Client, OPERATOR, TestServer};

const LIST: &str = "Name,Phone,Title,Consent status\n\
    Ada Byron,+12025550110,CEO,opted_in\n\
    Ben Hill,+12025550111,CFO,\n\
    Cleo New,+12025550112,,\n";

struct Asked {
    ada: String,
    ben: String,
    job: Value,
}

fn ask(server: &Client, options: &Value) -> Asked {
    let person = |name: &str, phone: &str| {
        server.create_id(&json!({"name": name, "phone": phone, "title": "CTO"}))
    };
    let (ada, ben) = (person("Ada Byron", "+12025550110"), person("Ben Hill", "+12025550111"));
    let job = import(server, LIST.as_bytes(), options);
    Asked { ada, ben, job }
}

fn place(job: &Value) -> String {
    format!("/api/v1/imports/{}/questions", job["id"].as_str().unwrap())
}

fn answer(server: &Client, job: &Value, answers: &Value) -> Answer {
    server.post(&place(job), &json!({"answers": answers}))
}

fn contact(server: &Client, id: &str) -> Value {
    server.get(&format!("/api/v1/contacts/{id}")).expect(200).json
}

fn counts(server: &Client, job: &Value) -> Value {
    let path = format!("/api/v1/imports/{}", job["id"].as_str().unwrap());
    server.get(&path).expect(200).json["counts"].clone()
}

#[test]
fn answers_write_what_the_import_would_have_written_and_an_undo_takes_them_back() {
    let server = TestServer::start();
    let options =
        json!({"on_duplicate": "ask", "tags": ["fair"], "list": "Hot", "list_mode": "new"});
    let Asked { ada, ben, job } = ask(&server, &options);
    assert_eq!((&job["counts"]["asked"], &job["counts"]["imported"]), (&json!(2), &json!(1)));
    let server = server.restart();
    let open = server.get(&place(&job)).expect(200).json;
    assert_eq!((&open["total"], &open["total_exact"]), (&json!(2), &json!(true)));
    let first = &open["items"][0];
    assert_eq!((&first["row"], &first["contact_id"]), (&json!(2), &json!(ada)), "{open}");
    assert_eq!(first["values"]["Name"], "Ada Byron");
    assert_eq!(first["values"]["Title"], "CEO");
    let candidate = &first["candidates"][0];
    assert_eq!((&candidate["id"], &candidate["display_name"]), (&json!(ada), &json!("Ada Byron")));
    assert!(candidate["probability"].as_f64().unwrap() > 0.5, "{first}");
    assert!(!candidate["why"].as_array().unwrap().is_empty(), "{first}");
    let second = server.get(&format!("{}?page=2&per_page=1", place(&job))).expect(200).json;
    assert_eq!((&second["items"][0]["row"], &second["total"]), (&json!(3), &json!(2)));

    let update = json!([{"row": 2, "action": "update"}]);
    let done = answer(&server, &job, &update).expect(200).json;
    assert_eq!(
        (&done["answers"][0]["outcome"], &done["answers"][0]["contact_id"], &done["open"]),
        (&json!("updated"), &json!(ada), &json!(1)),
        "{done}"
    );
    let changed = contact(&server, &ada);
    assert_eq!((&changed["title"], &changed["tags"]), (&json!("CEO"), &json!(["fair"])));
    assert_eq!(changed["consent"]["marketing"]["status"], "opted_in", "{changed}");
    assert_eq!(changed["lists"][0]["name"], "Hot", "{changed}");
    let log = server.get(&format!("/api/v1/audit?record={ada}")).expect(200).json.to_string();
    assert!(log.contains("(import)"), "{log}");
    // Sent again it is not done again, also after a restart.
    server.patch(&format!("/api/v1/contacts/{ada}"), &json!({"tags": ["mine"]})).expect(200);
    let server = server.restart();
    let again = answer(&server, &job, &update).expect(200).json;
    assert_eq!(again["answers"][0]["outcome"], "answered_before", "{again}");
    assert_eq!(contact(&server, &ada)["tags"], json!(["mine"]));
    let other = answer(&server, &job, &json!([{"row": 2, "action": "skip"}])).expect(409);
    assert!(other.json["detail"].as_str().unwrap().contains("update"), "{}", other.json);

    let made = answer(&server, &job, &json!([{"row": 3, "action": "create"}])).expect(200).json;
    let twin = made["answers"][0]["contact_id"].as_str().unwrap().to_owned();
    assert_eq!((&made["answers"][0]["outcome"], &made["open"]), (&json!("created"), &json!(0)));
    assert_ne!(twin, ben);
    assert_eq!(contact(&server, &twin)["title"], "CFO");
    assert_eq!(contact(&server, &ben)["title"], "CTO");
    assert_eq!(server.get(&place(&job)).expect(200).json["total"], 0);
    let known = counts(&server, &job);
    let expected =
        json!({"imported": 2, "updated": 1, "skipped": 0, "errors": 0, "unchanged": 0, "asked": 0});
    assert_eq!(known, expected);

    let undo = format!("/api/v1/imports/{}/undo", job["id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(202);
    server.app().finish_jobs();
    assert_eq!(contact(&server, &ada)["title"], "CTO");
    server.get(&format!("/api/v1/contacts/{twin}")).expect(404);
    assert_eq!(server.search("", "&refresh=wait").json["total"], 2);
    answer(&server, &job, &update).expect(409);
}

#[test]
fn an_answer_may_name_another_contact_or_pass_a_row_over() {
    let server = TestServer::start();
    let Asked { ada, ben, job } = ask(&server, &json!({"on_duplicate": "ask"}));
    let answers = json!([
        {"row": 2, "action": "update", "contact_id": ben},
        {"row": 3, "action": "skip"},
    ]);
    let done = answer(&server, &job, &answers).expect(200).json;
    assert_eq!((&done["answers"][1]["outcome"], &done["open"]), (&json!("skipped"), &json!(0)));
    assert_eq!(contact(&server, &ada)["title"], "CTO");
    assert_eq!(contact(&server, &ben)["title"], "CEO");
    let known = counts(&server, &job);
    assert_eq!(
        (&known["updated"], &known["skipped"], &known["asked"]),
        (&json!(1), &json!(1), &json!(0))
    );
}

#[test]
fn answers_that_do_not_fit_are_refused_by_place_and_change_nothing() {
    let server = TestServer::start();
    let Asked { ada, job, .. } = ask(&server, &json!({"on_duplicate": "ask"}));
    let second = server.organization("second");
    let foreign = second.create_id(&json!({"name": "Foreign"}));
    let good = json!({"row": 2, "action": "update"});
    for (answers, pointer) in [
        (json!([]), "/answers"),
        (json!("x"), "/answers"),
        (json!([good, 3]), "/answers/1"),
        (json!([good, {"row": 4, "action": "skip"}]), "/answers/1/row"),
        (json!([good, {"action": "skip"}]), "/answers/1/row"),
        (json!([good, {"row": 3}]), "/answers/1/action"),
        (json!([good, {"row": 3, "action": "merge"}]), "/answers/1/action"),
        (json!([good, good]), "/answers/1/row"),
        (json!([good, {"row": 3, "action": "skip", "contact_id": ada}]), "/answers/1/contact_id"),
        (json!([good, {"row": 3, "action": "update", "contact_id": "x"}]), "/answers/1/contact_id"),
        (
            json!([good, {"row": 3, "action": "update", "contact_id": foreign}]),
            "/answers/1/contact_id",
        ),
        (json!([good, {"row": 3, "action": "skip", "why": "x"}]), "/answers/1/why"),
    ] {
        let refused = answer(&server, &job, &answers).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{answers}: {refused}");
    }
    server.post(&place(&job), &json!({"answers": [good], "x": 1})).expect(422);
    assert_eq!(contact(&server, &ada)["title"], "CTO");
    assert_eq!(server.get(&place(&job)).expect(200).json["total"], 2);
    for other in [second, server.role("agent")] {
        let status = other.get(&place(&job)).status;
        assert!([403, 404].contains(&status), "{status}");
    }
}

#[test]
fn questions_are_gone_after_a_week() {
    const DAY_MS: i64 = 24 * 3_600_000;
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    let Asked { job, .. } = ask(&server, &json!({"on_duplicate": "ask"}));
    assert_eq!(server.get(&place(&job)).expect(200).json["total"], 2);
    clock.advance_ms(8 * DAY_MS);
    assert_eq!(server.get(&place(&job)).expect(200).json["total"], 0);
    answer(&server, &job, &json!([{"row": 2, "action": "skip"}])).expect(409);
    let server = server.restart();
    assert_eq!(server.get(&place(&job)).expect(200).json["total"], 0);
}

#[test]
fn questions_and_jobs_are_worked_off_on_the_command_line() {
    let bench = Bench::new();
    let served = bench.serve(None);
    let Asked { ada, ben, job } = ask(&served.client, &json!({"on_duplicate": "ask"}));
    let id = job["id"].as_str().unwrap().to_owned();
    let base = served.base.clone();
    let remote = ["--server", base.as_str(), "--token", OPERATOR];
    let run = |target: &[&str], words: &[&str], code| {
        bench.run(&[target, words].concat(), None).expect(code)
    };
    let shown = run(&remote, &["import-questions", &id], 0).out;
    assert!(shown.contains("row 2") && shown.contains(&ada), "{shown}");
    let done = run(&remote, &["import-questions", &id, "--answer", "2=update"], 0).out;
    assert!(done.contains("row 2: updated") && done.contains("1 left"), "{done}");
    run(&remote, &["import-questions", &id, "--answer", "two"], 1);
    let listed = run(&remote, &["job", "list", "--kind", "import"], 0).out;
    assert!(listed.contains(&id) && listed.contains("done"), "{listed}");
    served.stop();
    // The same on the directory itself.
    let answer = format!("3=update:{ben}");
    let done = run(&[], &["import-questions", &id, "--answer", &answer], 0).out;
    assert!(done.contains("row 3: updated") && done.contains("0 left"), "{done}");
    let shown = run(&[], &["job", "show", &id], 0).out;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["kind"], &shown["counts"]["updated"]), (&json!("import"), &json!(2)));
    let undone = run(&[], &["import-undo", &id], 0).out;
    assert!(undone.contains("3 contacts taken back"), "{undone}");
    let listed: Value = serde_json::from_str(&run(&[], &["--json", "job", "list"], 0).out).unwrap();
    let kinds: Vec<&Value> =
        listed["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["import_undo", "import"], "{listed}");
}
