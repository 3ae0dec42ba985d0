//! Lists as a user meets them: static and dynamic ones, their members, counts and queries.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::people::{acting_as, user};
use crate::support::server::{Answer, Client, OPERATOR, TestServer, escape, sorted_names};

fn list(server: &Client, body: &Value) -> String {
    server.post("/api/v1/lists", body).expect(201).id()
}

fn put(client: &Client, list: &str, body: &Value) -> Answer {
    client.json("PUT", &format!("/api/v1/lists/{list}/members"), &[], body)
}

fn take(client: &Client, list: &str, body: &Value) -> Answer {
    client.json("DELETE", &format!("/api/v1/lists/{list}/members"), &[], body)
}

fn count(client: &Client, list: &str) -> Value {
    client.get(&format!("/api/v1/lists/{list}")).expect(200).json["count"].clone()
}

fn lists_of(client: &Client, contact: &str) -> Vec<String> {
    let found = client.get(&format!("/api/v1/contacts/{contact}")).expect(200).json;
    let names = found["lists"].as_array().unwrap().iter();
    names.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

fn found(client: &Client, query: &str) -> Vec<String> {
    let answer = client.get(&format!("/api/v1/contacts?refresh=wait&{query}")).expect(200);
    sorted_names(&answer.json).into_iter().map(str::to_owned).collect()
}

#[test]
fn contacts_are_put_on_a_list_and_found_by_it() {
    let server = TestServer::start();
    let hot = list(&server, &json!({"name": "Hot leads"}));
    let ids: Vec<String> = ["Ann", "Bob", "Cara", "Dan"]
        .iter()
        .map(|name| server.create_id(&json!({"name": name, "tags": ["x"]})))
        .collect();
    assert_eq!(count(&server, &hot), 0);
    let done = put(&server, &hot, &json!({"ids": [ids[0], ids[1]]})).expect(200).json;
    assert_eq!((&done["total"], &done["changed"]), (&json!(2), &json!(2)), "{done}");
    let again = put(&server, &hot, &json!({"ids": [ids[1], ids[2]]})).expect(200).json;
    assert_eq!((&again["changed"], &again["unchanged"]), (&json!(1), &json!(1)), "{again}");
    assert_eq!(count(&server, &hot), 3);
    for query in [
        format!("list={hot}"),
        "list=hot+leads".to_owned(),
        format!("q={}", escape("list:\"Hot leads\"")),
        format!("q={}", escape("list:hot*")),
        format!("q={}", escape("has:list")),
        format!("filter={}", escape(&json!({"field": "list", "value": hot}).to_string())),
    ] {
        assert_eq!(found(&server, &query), ["Ann", "Bob", "Cara"], "{query}");
    }
    let body = json!({"list": hot, "q": "bob"});
    let posted = server.post("/api/v1/contacts/search", &body).expect(200).json;
    assert_eq!(sorted_names(&posted), ["Bob"]);
    assert_eq!(found(&server, &format!("q={}", escape("-list:\"hot leads\""))), ["Dan"]);
    // The letter bar and pages go through the list alone.
    let page = format!("/api/v1/contacts?list={hot}&sort=name&start=B&per_page=1&facets=letter");
    let page = server.get(&page).expect(200).json;
    assert_eq!((sorted_names(&page), &page["total"]), (vec!["Bob"], &json!(3)));
    let letters = page["facets"]["letter"]["values"].as_array().unwrap();
    let letters: Vec<&str> = letters.iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert_eq!(letters, ["A", "B", "C"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = format!("list={hot}&sort=name&per_page=1&cursor={cursor}");
    assert_eq!(found(&server, &next), ["Cara"]);
    // The contact names its lists; neither its version nor its time of update moved.
    assert_eq!(lists_of(&server, &ids[0]), ["Hot leads"]);
    let ann = server.get(&format!("/api/v1/contacts/{}", ids[0])).expect(200).json;
    assert_eq!((&ann["version"], &ann["updated_at"]), (&json!(1), &ann["created_at"]));
    server.patch(&format!("/api/v1/contacts/{}", ids[0]), &ann).expect(200);
    let removed = take(&server, &hot, &json!({"ids": [ids[0], ids[3]]})).expect(200).json;
    assert_eq!((&removed["changed"], &removed["unchanged"]), (&json!(1), &json!(1)));
    let by_query = put(&server, &hot, &json!({"q": "tag:x -cara"})).expect(200).json;
    assert_eq!((&by_query["total"], &by_query["changed"]), (&json!(3), &json!(2)));
    // All of it is there after a restart, and the log says who was added.
    let server = server.restart();
    assert_eq!(count(&server, &hot), 4);
    assert_eq!(lists_of(&server, &ids[3]), ["Hot leads"]);
    let log = server.get(&format!("/api/v1/audit?record_id={hot}")).expect(200).json.to_string();
    assert!(log.contains("members") && log.contains(&ids[3]), "{log}");
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
}

#[test]
fn a_dynamic_list_is_whoever_meets_its_query() {
    let server = TestServer::start();
    let make = |name: &str, tags: Value| server.create_id(&json!({"name": name, "tags": tags}));
    make("Ann", json!(["hot", "vip"]));
    let bob = make("Bob", json!(["hot"]));
    make("Cara", json!(["cold"]));
    let hot = list(&server, &json!({"name": "Hot", "kind": "dynamic", "q": "tag:hot"}));
    let filter =
        json!({"all": [{"field": "list", "value": hot}, {"field": "tag", "value": "vip"}]});
    let both = list(&server, &json!({"name": "Hot VIP", "kind": "dynamic", "filter": filter}));
    assert_eq!((count(&server, &hot), count(&server, &both)), (json!(2), json!(1)));
    assert_eq!(found(&server, "list=hot"), ["Ann", "Bob"]);
    assert_eq!(found(&server, &format!("list={both}")), ["Ann"]);
    // It follows its contacts and its query.
    server.patch(&format!("/api/v1/contacts/{bob}"), &json!({"tags": []})).expect(200);
    assert_eq!(count(&server, &hot), 1);
    server.patch(&format!("/api/v1/lists/{hot}"), &json!({"q": "tag:cold"})).expect(200);
    assert_eq!(found(&server, "list=hot"), ["Cara"]);
    let refused = put(&server, &hot, &json!({"ids": [bob]})).expect(422);
    assert_eq!(refused.json["errors"][0]["code"], "dynamic_list");
    // Contacts name only the lists to which they were added.
    assert!(lists_of(&server, &bob).is_empty());
}

#[test]
fn a_dynamic_list_that_would_ask_for_itself_is_refused_where_it_is_made_or_changed() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ann", "tags": ["vip"]}));
    let dynamic = |name: &str, q: &str| json!({"name": name, "kind": "dynamic", "q": q});
    let hot = list(&server, &dynamic("Hot", "tag:vip"));
    let path = format!("/api/v1/lists/{hot}");
    list(&server, &dynamic("Warm", "list:Hot OR tag:warm"));
    list(&server, &dynamic("Cold", "-list:warm tag:cold"));
    let filter = json!({"not": {"field": "list", "value": "Cold"}});
    for (change, pointer, says) in [
        (json!({"q": "list:Hot OR tag:vip"}), "/q", "itself"),
        (json!({"q": "-list:Hot"}), "/q", "itself"),
        (json!({"q": "list:Warm"}), "/q", "\"Warm\""),
        (json!({"q": "tag:vip -list:Cold"}), "/q", "\"Cold\", \"Warm\""),
        (json!({"q": "list:wa*"}), "/q", "\"Warm\""),
        (json!({"q": null, "filter": filter}), "/filter", "\"Cold\""),
    ] {
        let refused = server.patch(&path, &change).expect(422).json;
        let error = &refused["errors"][0];
        let told = (&error["pointer"], &error["code"]);
        assert_eq!(told, (&json!(pointer), &json!("circular_list")), "{change}: {refused}");
        assert!(error["detail"].as_str().unwrap().contains(says), "{change}: {refused}");
    }
    assert_eq!(server.get(&path).json["q"], "tag:vip", "nothing was changed");
    // By its name alone.
    let other = list(&server, &dynamic("Other", "list:cold"));
    let taken = server.patch(&format!("/api/v1/lists/{other}"), &json!({"name": "Warm"}));
    assert_eq!(taken.expect(422).json["errors"][0]["pointer"], "/name");
    // Asking for others that ask for nobody back is none of it.
    list(&server, &dynamic("All", "list:Warm OR list:Cold OR list:Other"));
}

#[test]
fn lists_that_came_to_ask_for_each_other_have_nobody_and_say_so() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ann", "tags": ["vip"]}));
    let one = list(&server, &json!({"name": "One", "kind": "static"}));
    let two = list(&server, &json!({"name": "Two", "kind": "dynamic", "q": "-list:One"}));
    assert_eq!(count(&server, &two), 1);
    // Lists come back as they were: now what they name are others.
    for old in [&one, &two] {
        server.delete(&format!("/api/v1/lists/{old}")).expect(204);
    }
    let between = list(&server, &json!({"name": "Two", "kind": "static"}));
    let dynamic = json!({"name": "One", "kind": "dynamic", "q": "-list:Two"});
    let three = list(&server, &dynamic);
    server.delete(&format!("/api/v1/lists/{between}")).expect(204);
    server.post(&format!("/api/v1/lists/{two}/restore"), &json!({})).expect(200);
    for list in [&two, &three] {
        assert_eq!(count(&server, list), 0);
        let answer = server.get(&format!("/api/v1/contacts?refresh=wait&list={list}")).json;
        assert_eq!(answer["total"], 0, "{answer}");
        let warning = answer["warnings"][0].as_str().unwrap();
        assert!(warning.contains("asks for itself"), "{answer}");
    }
}

#[test]
fn what_cannot_be_a_list_or_a_member_is_named_and_changes_nothing() {
    let server = TestServer::start();
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": "x", "kind": "other"}), "/kind"),
        (json!({"name": "x", "kind": "dynamic"}), "/q"),
        (json!({"name": "x", "q": "tag:a"}), "/q"),
        (json!({"name": "x", "filter": {"field": "tag", "value": "a"}}), "/filter"),
        (json!({"name": "x", "kind": "dynamic", "q": "list:nowhere"}), "/q"),
        (json!({"name": "x", "kind": "dynamic", "q": "compny:acme"}), "/q"),
        (json!({"name": "x", "kind": "dynamic", "filter": {"field": "compny"}}), "/filter/field"),
    ] {
        let refused = server.post("/api/v1/lists", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(server.get("/api/v1/lists").expect(200).json["total"], 0);
    let id = list(&server, &json!({"name": "Some"}));
    let contact = server.create_id(&json!({"name": "Ann"}));
    let fixed = json!({"kind": "dynamic", "q": "tag:a"});
    let refused = server.patch(&format!("/api/v1/lists/{id}"), &fixed).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/kind");
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"ids": "x"}), ""),
        (json!({"ids": ["x"]}), "/ids/0"),
        (json!({"q": ""}), "/q"),
        (json!({"q": "list:nowhere"}), "/q"),
        (json!({"ids": [contact], "name": "x"}), "/name"),
    ] {
        let refused = put(&server, &id, &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    let nobody = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(put(&server, nobody, &json!({"ids": [contact]})).expect(404).code(), "not_found");
    put(&server, "nonsense", &json!({"ids": [contact]})).expect(404);
    let gone = put(&server, &id, &json!({"ids": [nobody]})).expect(200).json;
    assert_eq!(gone["refusals"][0]["code"], "contact_not_found");
    assert_eq!(count(&server, &id), 0);
    for query in ["list=nowhere", "filter=%7B%22field%22%3A%22list%22%2C%22value%22%3A%22no%22%7D"]
    {
        let refused = server.get(&format!("/api/v1/contacts?{query}")).expect(422);
        assert_eq!(refused.json["errors"][0]["code"], "list", "{query}");
    }
    // Lists are named by what they are called, so no two are called the same.
    let same = server.post("/api/v1/lists", &json!({"name": " SÓME "})).expect(409);
    assert_eq!(same.code(), "name_taken");
    let other = list(&server, &json!({"name": "Other"}));
    let own = format!("/api/v1/lists/{other}");
    server.patch(&own, &json!({"name": "some"})).expect(409);
    server.patch(&own, &json!({"name": "OTHER"})).expect(200);
    server.delete(&own).expect(204);
    list(&server, &json!({"name": "other"}));
    assert_eq!(server.post(&format!("{own}/restore"), &json!({})).expect(409).code(), "name_taken");
    let warned = server.search("list:nowhere", "").json;
    assert_eq!(warned["total"], 0);
    assert!(warned["warnings"][0].as_str().unwrap().contains("there is no list"), "{warned}");
}

#[test]
fn merging_unites_lists_undoing_takes_back_and_a_deleted_list_leaves_no_trace() {
    let server = TestServer::start();
    let [one, two] = ["One", "Two"].map(|name| list(&server, &json!({"name": name})));
    let ann = server.create_id(&json!({"name": "Ann Smith"}));
    let other = server.create_id(&json!({"name": "Ann Smyth"}));
    put(&server, &one, &json!({"ids": [ann]})).expect(200);
    put(&server, &two, &json!({"ids": [other]})).expect(200);
    put(&server, &one, &json!({"ids": [other]})).expect(200);
    let body = json!({"primary": ann, "others": [other]});
    let merged = server.post("/api/v1/contacts/merge", &body).expect(200).json;
    assert_eq!(lists_of(&server, &ann), ["One", "Two"]);
    assert_eq!((count(&server, &one), count(&server, &two)), (json!(1), json!(1)));
    let undo = format!("/api/v1/merges/{}/undo", merged["merge_id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(200);
    assert_eq!(lists_of(&server, &ann), ["One"]);
    assert_eq!(lists_of(&server, &other), ["One", "Two"]);
    assert_eq!((count(&server, &one), count(&server, &two)), (json!(2), json!(1)));

    // What was taken off while merged stays off.
    server.post("/api/v1/contacts/merge", &body).expect(200);
    take(&server, &two, &json!({"ids": [ann]})).expect(200);
    assert_eq!(lists_of(&server, &ann), ["One"]);
    assert_eq!(count(&server, &two), 0);

    let own = format!("/api/v1/lists/{one}");
    server.delete(&own).expect(204);
    assert!(lists_of(&server, &ann).is_empty());
    server.get(&format!("/api/v1/contacts?list={one}")).expect(422);
    assert_eq!(found(&server, &format!("q={}", escape("has:list"))), Vec::<String>::new());
    server.post(&format!("{own}/restore"), &json!({})).expect(200);
    assert_eq!(lists_of(&server, &ann), ["One"]);
    server.delete(&format!("{own}?permanent=true")).expect(204);
    assert!(lists_of(&server, &ann).is_empty());
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
}

#[test]
fn bulk_actions_take_lists_and_exports_do() {
    let server = TestServer::start();
    let id = list(&server, &json!({"name": "Fair 2026"}));
    let ids: Vec<String> = ["Ann", "Bob", "Cara"]
        .iter()
        .map(|name| server.create_id(&json!({"name": name})))
        .collect();
    let add = json!({"type": "add_to_list", "list": "fair 2026"});
    let job = server.bulk_action(&json!({"ids": [ids[0], ids[1]]}), &add);
    assert_eq!((&job["changed"], &job["unchanged"]), (&json!(2), &json!(0)), "{job}");
    let tag = json!({"type": "add_tags", "tags": ["seen"]});
    let job = server.bulk_action(&json!({"list": "Fair 2026"}), &tag);
    assert_eq!(job["changed"], 2, "{job}");
    assert_eq!(found(&server, "tag=seen"), ["Ann", "Bob"]);
    let csv = format!("/api/v1/contacts/export?columns=name,list&list={id}");
    let csv = server.get(&csv).expect(200);
    let csv = String::from_utf8_lossy(&csv.body).into_owned();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains("Ann,Fair 2026"), "{csv}");
    let lines = server.get(&format!("/api/v1/contacts/export?format=jsonl&list={id}")).expect(200);
    let first: Value =
        serde_json::from_str(String::from_utf8_lossy(&lines.body).lines().next().unwrap()).unwrap();
    assert_eq!(first["lists"][0]["id"], id.as_str());
    let remove = json!({"type": "remove_from_list", "list": id});
    let job = server.bulk_action(&json!({"list": id, "q": "ann"}), &remove);
    assert_eq!(job["changed"], 1, "{job}");
    assert_eq!(count(&server, &id), 1);
    let path = "/api/v1/contacts/bulk-actions";
    let unknown = json!({"select": {"all": true}, "action": {"type": "add_to_list", "list": "no"}});
    let refused = server.post(path, &unknown).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/action/list");
    let missing = json!({"select": {"all": true}, "action": {"type": "add_to_list"}});
    let refused = server.post(path, &missing).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/action/list");
    let nowhere = json!({"select": {"list": "no"}, "action": tag});
    server.post(path, &nowhere).expect(422);
    // There is never another one that it could mean.
    server.post("/api/v1/lists", &json!({"name": "FAIR 2026"})).expect(409);
}

#[test]
fn members_out_of_sight_are_neither_counted_nor_changed() {
    let server = TestServer::start();
    let id = list(&server, &json!({"name": "All of us"}));
    let seen = server.create_id(&json!({"name": "Seen"}));
    let owner = user(&server, "otto", "agent", &json!({}));
    let hidden = json!({"name": "Hidden", "visibility": "owner", "assigned_to": owner});
    let hidden = server.create_id(&hidden);
    put(&server, &id, &json!({"ids": [seen, hidden]})).expect(200);
    let agent = user(&server, "ann", "agent", &json!({}));
    let agent = acting_as(&server, &agent, "agent");
    assert_eq!(found(&agent, &format!("list={id}")), ["Seen"]);
    assert_eq!((count(&agent, &id), count(&server, &id)), (json!(1), json!(2)));
    let taken = take(&agent, &id, &json!({"ids": [seen, hidden]})).expect(200).json;
    assert_eq!((&taken["changed"], &taken["refused"]), (&json!(1), &json!(1)), "{taken}");
    assert_eq!(lists_of(&server, &hidden), ["All of us"]);
    let foreign = server.organization("second");
    put(&foreign, &id, &json!({"ids": [seen]})).expect(404);
    foreign.get(&format!("/api/v1/contacts?list={id}")).expect(422);
}

#[test]
fn many_members_are_put_on_a_list_by_a_job() {
    let server = TestServer::start();
    let id = list(&server, &json!({"name": "Everybody"}));
    let contacts: Vec<Value> = (0..1_001).map(|at| json!({"name": format!("Lead {at}")})).collect();
    server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts})).expect(200);
    let trial = put(&server, &id, &json!({"all": true, "dry_run": true})).expect(200).json;
    assert_eq!(trial["total"], 1_001);
    let wrong = json!({"all": true, "expect_total": 5});
    assert_eq!(put(&server, &id, &wrong).expect(409).code(), "total_differs");
    let started = put(&server, &id, &json!({"all": true})).expect(202);
    assert_eq!(started.header("location").unwrap(), format!("/api/v1/jobs/{}", started.id()));
    server.app().finish_jobs();
    assert_eq!(count(&server, &id), 1_001);
    assert_eq!(take(&server, &id, &json!({"q": "tag:none"})).expect(200).json["total"], 0);
}

fn ringdex(target: &[&str], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    command.args(target).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn work_on_the_command_line(target: &[&str]) {
    let run = |arguments: &[&str]| text(&ringdex(target, arguments));
    let hot = run(&["list", "create", "name=Hot leads"]);
    let ann = run(&["contact", "create", "name=Ann", "tags=[\"x\"]"]);
    run(&["contact", "create", "name=Bob", "tags=[\"x\"]"]);
    assert_eq!(run(&["list", "add", &hot, &ann]), "1 contact added");
    assert_eq!(run(&["list", "add", &hot, "--q", "tag:x"]), "1 contact added");
    let shown: Value = serde_json::from_str(&run(&["list", "show", &hot])).unwrap();
    assert_eq!(shown["count"], 2);
    assert!(run(&["search", "list:\"Hot leads\""]).contains("Bob"));
    assert_eq!(run(&["list", "remove", &hot, &ann]), "1 contact removed");
    assert!(run(&["list", "list"]).contains("Hot leads"));
    let shown: Value = serde_json::from_str(&run(&["--json", "contact", "show", &ann])).unwrap();
    assert_eq!(shown["lists"], json!([]));
}

#[test]
fn lists_on_the_command_line_of_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    work_on_the_command_line(&["--data-dir", dir.path().to_str().unwrap()]);
}

#[test]
fn lists_on_the_command_line_through_a_server() {
    let server = TestServer::start();
    work_on_the_command_line(&["--server", server.base_url(), "--token", OPERATOR]);
}
