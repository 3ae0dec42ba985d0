//! Tags as a user meets them: listed with counts, coloured, renamed, joined, removed, and set by the
//! country of the number.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::access::import;
use crate::people::{acting_as, user};
use crate::support::server::{Client, OPERATOR, TestServer, escape};

fn listed(client: &Client, parameters: &str) -> Vec<(String, u64)> {
    let answer = client.get(&format!("/api/v1/tags?refresh=wait&{parameters}")).expect(200).json;
    let item =
        |one: &Value| (one["tag"].as_str().unwrap().to_owned(), one["count"].as_u64().unwrap());
    answer["items"].as_array().unwrap().iter().map(item).collect()
}

fn counts(all: &[(&str, u64)]) -> Vec<(String, u64)> {
    all.iter().map(|(tag, count)| ((*tag).to_owned(), *count)).collect()
}

fn tags_of(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/contacts/{id}")).expect(200).json["tags"].clone()
}

/// The job of a change, once it has ended.
fn ended(server: &TestServer, started: crate::support::server::Answer) -> Value {
    let started = started.expect(202);
    assert_eq!(started.json["job_id"], started.json["id"]);
    assert_eq!(started.header("location"), Some(format!("/api/v1/jobs/{}", started.id()).as_str()));
    server.app().finish_jobs();
    let job = server.get(&format!("/api/v1/jobs/{}", started.id())).expect(200).json;
    assert_eq!(job["state"], "done", "{job}");
    job
}

#[test]
fn tags_are_listed_with_their_counts_variants_and_pages() {
    let server = TestServer::start();
    for (name, tags) in [
        ("A", json!(["VIP", "Lead"])),
        ("B", json!(["VIP"])),
        ("C", json!(["vip", "Lead"])),
        ("D", json!(["V.I.P.", "Café"])),
        ("E", json!([])),
    ] {
        server.create(&json!({"name": name, "tags": tags}));
    }
    let all = [("VIP", 3), ("Lead", 2), ("Café", 1), ("V.I.P.", 1)];
    assert_eq!(listed(&server, ""), counts(&all));
    let first = server.get("/api/v1/tags").expect(200).json;
    assert_eq!((&first["total"], &first["total_exact"]), (&json!(4), &json!(true)));
    let vip = &first["items"][0];
    assert_eq!(vip["variants"], json!(["V.I.P.", "VIP", "vip"]));
    assert!(vip["color"].is_null());
    // What is counted is what a list of the tag shows.
    for (tag, count) in all {
        let path = format!("/api/v1/contacts?tag={}", escape(tag));
        assert_eq!(server.get(&path).expect(200).json["total"], count, "{tag}");
    }
    let by_name = [("Café", 1), ("Lead", 2), ("V.I.P.", 1), ("VIP", 3)];
    assert_eq!(listed(&server, "sort=tag"), counts(&by_name));
    assert_eq!(listed(&server, "sort=-tag")[0], ("VIP".to_owned(), 3));
    assert_eq!(listed(&server, "q=CAFE"), counts(&[("Café", 1)]));
    assert_eq!(listed(&server, "per_page=2&page=2"), counts(&all[2..]));
    // A cursor goes on behind the entry where the page ended, whatever came in between.
    let page = server.get("/api/v1/tags?per_page=2&sort=tag").expect(200).json;
    server.create(&json!({"name": "F", "tags": ["Alpha"]}));
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = listed(&server, &format!("per_page=2&sort=tag&cursor={cursor}"));
    assert_eq!(next, counts(&by_name[2..]));
    for (parameters, pointer) in [
        ("sort=name", "/sort"),
        ("per_page=1001", "/per_page"),
        ("page=0", "/page"),
        ("cursor=x", "/cursor"),
    ] {
        let refused = server.get(&format!("/api/v1/tags?{parameters}")).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer);
    }
    // Archived contacts are counted beside those that lists show.
    server.bulk_action(&json!({"q": "tag:lead"}), &json!({"type": "archive"}));
    let lead = server.get("/api/v1/tags?q=lead").expect(200).json["items"][0].clone();
    assert_eq!((&lead["count"], &lead["archived"]), (&json!(0), &json!(2)));
}

#[test]
fn a_renamed_tag_keeps_the_others_in_their_places_and_stands_nowhere_twice() {
    let server = TestServer::start();
    let make = |tags: Value| server.create_id(&json!({"name": "Ann", "tags": tags}));
    let one = make(json!(["First", "vip", "Last"]));
    let both = make(json!(["Very Important", "x", "VIP"]));
    let archived = make(json!(["VIP", "Old"]));
    let other = make(json!(["VIPs"]));
    server
        .patch(&format!("/api/v1/contacts/{archived}"), &json!({"lifecycle": "archived"}))
        .expect(200);
    let path = format!("/api/v1/tags/{}", escape("ViP"));
    server.patch(&path, &json!({"color": "#F80"})).expect(200);
    let job = ended(&server, server.patch(&path, &json!({"tag": "Very important"})));
    assert_eq!((&job["total"], &job["changed"]), (&json!(3), &json!(3)), "{job}");
    assert_eq!(tags_of(&server, &one), json!(["First", "Very important", "Last"]));
    assert_eq!(tags_of(&server, &both), json!(["Very important", "x"]));
    assert_eq!(tags_of(&server, &archived), json!(["Very important", "Old"]));
    assert_eq!(tags_of(&server, &other), json!(["VIPs"]));
    // The colour goes with the tag, also over a restart, and the log says who did it.
    let server = server.restart();
    let found = server.get("/api/v1/tags?q=very&refresh=wait").expect(200).json;
    assert_eq!(found["items"][0]["color"], "#ff8800");
    let log = server.get("/api/v1/audit?action=tag.updated").expect(200).json.to_string();
    assert!(log.contains("Very important") && log.contains("#ff8800"), "{log}");
    let updated = server.get("/api/v1/audit?action=contact.updated").expect(200).json.to_string();
    assert!(updated.contains(&one) && updated.contains("Very important"), "{updated}");
    // The same tag in another spelling is renamed as well.
    let path = format!("/api/v1/tags/{}", escape("very important"));
    let job = ended(&server, server.patch(&path, &json!({"tag": "VERY IMPORTANT"})));
    assert_eq!(job["changed"], 3);
    assert_eq!(listed(&server, "q=very"), counts(&[("VERY IMPORTANT", 2)]));
}

#[test]
fn spellings_that_were_meant_as_one_tag_are_proposed_and_joined() {
    let server = TestServer::start();
    let make = |tags: Value| server.create_id(&json!({"name": "Ann", "tags": tags}));
    let first = make(json!(["VIP", "C++"]));
    let dotted = make(json!(["A", "V.I.P.", "B"]));
    let small = make(json!(["vip", "C"]));
    make(json!(["VIP"]));
    make(json!(["Q4 Campaign"]));
    make(json!(["q4-campaign"]));
    let proposed = server.get("/api/v1/tags/proposals").expect(200).json;
    assert_eq!(proposed["total"], 2, "{proposed}");
    let vip = &proposed["items"][0];
    assert_eq!((&vip["into"], &vip["from"]), (&json!("VIP"), &json!(["V.I.P.", "vip"])));
    assert_eq!((&vip["count"], &vip["tags"][0]["count"]), (&json!(2), &json!(2)));
    let body = json!({"from": vip["from"], "into": vip["into"]});
    let job = ended(&server, server.post("/api/v1/tags/merge", &body));
    assert_eq!((&job["changed"], &job["refused"]), (&json!(2), &json!(0)), "{job}");
    assert_eq!(tags_of(&server, &dotted), json!(["A", "VIP", "B"]));
    assert_eq!(tags_of(&server, &small), json!(["VIP", "C"]));
    assert_eq!(tags_of(&server, &first), json!(["VIP", "C++"]));
    let left = server.get("/api/v1/tags/proposals").expect(200).json;
    assert_eq!((&left["total"], &left["items"][0]["count"]), (&json!(1), &json!(1)), "{left}");
    assert_eq!(server.get("/api/v1/contacts?tag=vip").expect(200).json["total"], 4);
}

#[test]
fn what_is_wrong_with_a_change_of_tags_is_named_and_changes_nothing() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "tags": ["One", "a/b"]}));
    let long = "x".repeat(101);
    for (body, pointer) in [
        (json!({"tag": ""}), "/tag"),
        (json!({"tag": "  "}), "/tag"),
        (json!({"tag": null}), "/tag"),
        (json!({"tag": "a\u{7}b"}), "/tag"),
        (json!({"tag": long}), "/tag"),
        (json!({"tag": 5}), "/tag"),
        (json!({"color": "reddish"}), "/color"),
        (json!({"tag": "Two", "color": "#12"}), "/color"),
        (json!({"name": "Two"}), "/name"),
    ] {
        let refused = server.patch("/api/v1/tags/One", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    for (body, pointer) in [
        (json!({"into": "x"}), "/from"),
        (json!({"from": ["One"]}), "/into"),
        (json!({"from": [], "into": "x"}), "/from"),
        (json!({"from": ["One", "Two"], "into": "x"}), "/from/1"),
        (json!({"from": ["One", ""], "into": "x"}), "/from"),
    ] {
        let refused = server.post("/api/v1/tags/merge", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    for answer in [
        server.patch("/api/v1/tags/Two", &json!({"tag": "x"})),
        server.patch("/api/v1/tags/Two", &json!({"color": "red"})),
        server.delete("/api/v1/tags/Two"),
    ] {
        assert_eq!(answer.expect(404).code(), "not_found");
    }
    assert_eq!(tags_of(&server, &id), json!(["One", "a/b"]));
    assert_eq!(server.get("/api/v1/jobs").expect(200).json["total"], 0);
    // Any tag can stand in a path.
    let slash = format!("/api/v1/tags/{}", escape("a/b"));
    ended(&server, server.patch(&slash, &json!({"tag": "50% off"})));
    ended(&server, server.delete(&format!("/api/v1/tags/{}", escape("50% off"))));
    assert_eq!(tags_of(&server, &id), json!(["One"]));
}

#[test]
fn a_tag_that_is_removed_is_gone_with_its_colour() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "tags": ["Old", "Kept"]}));
    let colored = server.patch("/api/v1/tags/old", &json!({"color": "red"})).expect(200).json;
    assert_eq!((&colored["tag"], &colored["color"]), (&json!("Old"), &json!("#ff0000")));
    // A colour of a tag that nobody has any more is still listed, and can be removed.
    server.patch(&format!("/api/v1/contacts/{id}"), &json!({"tags": ["Kept"]})).expect(200);
    assert_eq!(listed(&server, ""), counts(&[("Kept", 1), ("Old", 0)]));
    let job = ended(&server, server.delete("/api/v1/tags/OLD"));
    assert_eq!(job["total"], 0);
    let job = ended(&server, server.delete("/api/v1/tags/kept"));
    assert_eq!(job["changed"], 1);
    assert_eq!(listed(&server, ""), counts(&[]));
    assert_eq!(tags_of(&server, &id), json!([]));
    server.get("/api/v1/audit?action=tag.deleted").expect(200);
}

#[test]
fn the_tag_for_do_not_contact_and_the_fact_stay_in_step() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "tags": ["No Calls", "Kept"]}));
    let fact = || {
        let contact = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
        (contact["do_not_contact"].clone(), contact["tags"].clone())
    };
    assert_eq!(fact().0, false);
    let body = json!({"from": ["no calls"], "into": "DNC"});
    ended(&server, server.post("/api/v1/tags/merge", &body));
    assert_eq!(fact(), (json!(true), json!(["DNC", "Kept"])));
    ended(&server, server.patch("/api/v1/tags/dnc", &json!({"tag": "May be called"})));
    assert_eq!(fact(), (json!(false), json!(["May be called", "Kept"])));
    ended(&server, server.patch("/api/v1/tags/kept", &json!({"tag": "dnc"})));
    assert_eq!(fact(), (json!(true), json!(["May be called", "dnc"])));
    ended(&server, server.delete("/api/v1/tags/DNC"));
    assert_eq!(fact(), (json!(false), json!(["May be called"])));
}

#[test]
fn tags_of_contacts_out_of_sight_are_neither_counted_nor_changed() {
    let server = TestServer::start();
    let department = server.post("/api/v1/departments", &json!({"name": "North"})).expect(201);
    let department = department.id();
    let manager = user(&server, "mia", "manager", &json!({"department_id": department}));
    let manager = acting_as(&server, &manager, "manager");
    let seen = server
        .create_id(&json!({"name": "Seen", "tags": ["Lead"], "org_department_id": department}));
    let owner = user(&server, "otto", "agent", &json!({}));
    let hidden = server.create_id(&json!({"name": "Hidden", "tags": ["Lead", "Secret"],
        "visibility": "owner", "assigned_to": owner}));
    assert_eq!(listed(&manager, "sort=tag"), counts(&[("Lead", 1)]));
    assert_eq!(listed(&server, "sort=tag"), counts(&[("Lead", 2), ("Secret", 1)]));
    // A colour that somebody else gave does not tell that there is such a tag.
    server.patch("/api/v1/tags/secret", &json!({"color": "red"})).expect(200);
    server.patch("/api/v1/tags/lead", &json!({"color": "blue"})).expect(200);
    assert_eq!(listed(&manager, "sort=tag"), counts(&[("Lead", 1)]));
    assert_eq!(manager.get("/api/v1/tags/proposals?refresh=wait").expect(200).json["total"], 0);
    manager.patch("/api/v1/tags/secret", &json!({"tag": "x"})).expect(404);
    manager.delete("/api/v1/tags/secret").expect(404);
    manager.post("/api/v1/tags/merge", &json!({"from": ["secret"], "into": "x"})).expect(422);
    let started = manager.patch("/api/v1/tags/lead", &json!({"tag": "Prospect"})).expect(202);
    assert_eq!(started.json["total"], 1);
    server.app().finish_jobs();
    assert_eq!(tags_of(&server, &seen), json!(["Prospect"]));
    assert_eq!(tags_of(&server, &hidden), json!(["Lead", "Secret"]));
    // The others keep the tag, and its colour.
    let items = server.get("/api/v1/tags?sort=tag&refresh=wait").expect(200).json["items"].clone();
    assert_eq!((&items[0]["tag"], &items[0]["color"]), (&json!("Lead"), &json!("#0000ff")));
    assert_eq!((&items[1]["tag"], &items[1]["color"]), (&json!("Prospect"), &json!("#0000ff")));
    let agent = user(&server, "ann", "agent", &json!({}));
    let agent = acting_as(&server, &agent, "agent");
    agent.patch("/api/v1/tags/prospect", &json!({"tag": "x"})).expect(403);
    agent.patch("/api/v1/tags/prospect", &json!({"color": "red"})).expect(403);
    agent.delete("/api/v1/tags/prospect").expect(403);
    agent.post("/api/v1/tags/auto-country", &json!({})).expect(403);
}

#[test]
fn contacts_are_tagged_with_the_country_of_their_number() {
    let server = TestServer::start();
    let german = server.create_id(&json!({"name": "A", "phone": "+49 30 901820"}));
    // Neither possible nor of any area: the main country of the calling code.
    let sample = server.create_id(&json!({"name": "B", "phone": "+1234567890", "tags": ["VIP"]}));
    let canadian = server.create_id(&json!({"name": "C", "phone": "+1 416 555 0123"}));
    let done = server
        .create_id(&json!({"name": "D", "phone": "+44 20 7946 0000", "tags": ["united kingdom"]}));
    let none = server.create_id(&json!({"name": "E", "email": "e@example.com"}));
    let path = "/api/v1/tags/auto-country";
    let trial = server.post(path, &json!({"dry_run": true})).expect(200).json;
    assert_eq!(trial["total"], 4, "{trial}");
    assert_eq!(tags_of(&server, &german), json!([]));
    let job = ended(&server, server.post(path, &json!({})));
    assert_eq!((&job["changed"], &job["unchanged"]), (&json!(3), &json!(1)), "{job}");
    assert_eq!(tags_of(&server, &german), json!(["Germany"]));
    assert_eq!(tags_of(&server, &sample), json!(["VIP", "United States"]));
    assert_eq!(tags_of(&server, &canadian), json!(["Canada"]));
    assert_eq!(tags_of(&server, &done), json!(["united kingdom"]));
    assert_eq!(tags_of(&server, &none), json!([]));
    // Once more changes nothing.
    assert_eq!(ended(&server, server.post(path, &json!({})))["changed"], 0);
    let refused = server.post(path, &json!({"select": 1})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/select");
}

#[test]
fn new_contacts_are_tagged_with_their_country_where_that_is_set() {
    let server = TestServer::start();
    let before = server.create_id(&json!({"name": "A", "phone": "+4930901820"}));
    assert_eq!(tags_of(&server, &before), json!([]));
    let on = json!({"auto_tag_country": true});
    let settings = server.patch("/api/v1/settings", &on).expect(200).json;
    assert_eq!(settings["settings"]["auto_tag_country"], true);
    let made = server.create_id(&json!({"name": "B", "phone": "+33142685300", "tags": ["Lead"]}));
    assert_eq!(tags_of(&server, &made), json!(["Lead", "France"]));
    // A country that somebody has taken away does not come back with the next change.
    let own = format!("/api/v1/contacts/{made}");
    server.patch(&own, &json!({"tags": ["Lead"]})).expect(200);
    server.patch(&own, &json!({"title": "CEO"})).expect(200);
    assert_eq!(tags_of(&server, &made), json!(["Lead"]));
    import(&server, "Name,Phone\nCara,+43 1 58858\n", &json!({}));
    let found = server.search("cara", "&refresh=wait").json;
    assert_eq!(found["contacts"][0]["tags"], json!(["Austria"]));
    let late = server.create_id(&json!({"name": "Dan"}));
    server
        .patch(&format!("/api/v1/contacts/{late}"), &json!({"phone": "+61291234567"}))
        .expect(200);
    assert_eq!(tags_of(&server, &late), json!(["Australia"]));
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
    let run = |arguments: &[&str]| ringdex(target, arguments);
    for tags in [r#"["VIP"]"#, r#"["vip","a/b"]"#, r#"["V.I.P."]"#] {
        let tags = format!("tags={tags}");
        text(&run(&["contact", "create", "name=Ann", "phone=+4930901820", &tags]));
    }
    let listed = text(&run(&["tag", "list"]));
    assert!(listed.contains("VIP") && listed.contains("a/b"), "{listed}");
    assert!(text(&run(&["tag", "proposals"])).contains("V.I.P."));
    let merged = text(&run(&["tag", "merge", "vip", "V.I.P.", "--into", "VIP"]));
    assert_eq!(merged, "2 contacts changed");
    assert_eq!(text(&run(&["tag", "rename", "a/b", "c/d"])), "1 contact changed");
    text(&run(&["tag", "color", "vip", "#ff8800"]));
    let all: Value = serde_json::from_str(&text(&run(&["--json", "tag", "list"]))).unwrap();
    assert_eq!(
        all["items"][0],
        json!({"tag": "VIP", "count": 3, "archived": 0, "variants": ["VIP"], "color": "#ff8800"})
    );
    assert_eq!(text(&run(&["tag", "delete", "VIP"])), "3 contacts changed");
    let counted = text(&run(&["tag", "auto-country", "--dry-run"]));
    assert_eq!(counted, "3 contacts have a number");
    assert_eq!(text(&run(&["tag", "auto-country"])), "3 contacts changed");
    assert!(text(&run(&["tag", "list", "germ"])).contains("Germany"));
    let unknown = run(&["tag", "delete", "VIP"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no tag"));
}

#[test]
fn tags_on_the_command_line_of_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    work_on_the_command_line(&["--data-dir", dir.path().to_str().unwrap()]);
}

#[test]
fn tags_on_the_command_line_through_a_server() {
    let server = TestServer::start();
    work_on_the_command_line(&["--server", server.base_url(), "--token", OPERATOR]);
}
