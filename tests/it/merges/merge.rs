//! What merging does.

use serde_json::{Value, json};

use super::{contact, done, merge, merge_with, state, two};
use crate::access::import;
use crate::support::server::TestServer;

#[test]
fn two_contacts_become_one_that_everything_finds() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let before = contact(&server, &one).json;
    let answer = merge(&server, &one, &[&other]).expect(200);
    let merged = &answer.json["contact"];
    assert_eq!(merged["id"], one.as_str());
    assert_eq!(merged["version"], 2);
    assert_eq!(answer.header("etag"), Some("\"2\""));
    assert_eq!((&merged["title"], &merged["company"]), (&json!("CEO"), &json!("Acme")));
    assert_eq!(merged["created_at"], before["created_at"]);
    let title: Vec<&Value> = list(&answer.json["conflicts"], "title");
    assert_eq!(title[0]["winner"], one.as_str());
    assert_eq!(title[0]["reason"], "primary");
    assert_eq!(title[0]["values"][1], json!({"id": other, "value": "Boss"}));
    assert_eq!(list(&answer.json["lost"], "title")[0]["value"], "Boss");
    assert_eq!(list(&answer.json["taken"], "company")[0]["id"], other.as_str());
    assert_eq!(answer.json["versions"], json!({&one: 1, &other: 1}));
    assert_eq!(contact(&server, &one).expect(200).json, *merged);

    let server = server.restart();
    for number in ["+12025550101", "(202) 555-0102", "5550102"] {
        let found = server.lookup(number, "");
        assert_eq!((&found["count"], &found["results"][0]["id"]), (&json!(1), &json!(one)));
    }
    for query in ["john@example.com", "johnny@example.com", "acme", "tag:new", "second", "5550102"]
    {
        let found = server.search(query, "&refresh=wait").json;
        assert_eq!(
            (&found["total"], &found["contacts"][0]["id"]),
            (&json!(1), &json!(one)),
            "{query}"
        );
    }
    assert_eq!(server.search("", "").json["total"], 1);
}

fn list<'a>(all: &'a Value, field: &str) -> Vec<&'a Value> {
    all.as_array().unwrap().iter().filter(|one| one["field"] == field).collect()
}

#[test]
fn old_ids_lead_to_the_survivor_also_over_several_merges() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let third = server.create_id(&json!({"name": "J. Doe"}));
    merge(&server, &one, &[&other]).expect(200);
    merge(&server, &third, &[&one]).expect(200);
    for gone in [&one, &other] {
        let moved = contact(&server, gone).expect(308);
        assert_eq!(moved.header("location"), Some(format!("/api/v1/contacts/{third}").as_str()));
        assert_eq!(moved.json, json!({"id": gone, "merged_into": third}));
        let path = format!("/api/v1/contacts/{gone}");
        for refused in [
            server.patch(&path, &json!({"title": "x"})),
            server.delete(&path),
            server.post(&format!("{path}/restore"), &json!({})),
            merge(&server, &third, &[gone]),
        ] {
            let refused = refused.expect(409);
            assert_eq!(refused.code(), "merged");
            assert_eq!(refused.json["merged_into"], third.as_str());
            assert!(refused.json["merge_id"].is_string());
        }
    }
    let action = json!({"type": "add_tags", "tags": ["x"]});
    let job = server.bulk_action(&json!({"ids": [one]}), &action);
    assert_eq!(job["refused"], 1, "{job}");
    // A survivor that is deleted leads nowhere until it is back.
    server.delete(&format!("/api/v1/contacts/{third}")).expect(204);
    contact(&server, &one).expect(404);
    server.post(&format!("/api/v1/contacts/{third}/restore"), &json!({})).expect(200);
    contact(&server, &one).expect(308);
}

#[test]
fn a_preview_changes_nothing_and_says_the_same() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let before = (contact(&server, &one).json, contact(&server, &other).json);
    let more = json!({"dry_run": true, "fields": {"title": other, "name": other}});
    let preview = merge_with(&server, &one, &[&other], &more).expect(200).json;
    assert_eq!((&preview["merge_id"], &preview["dry_run"]), (&Value::Null, &json!(true)));
    assert_eq!(preview["contact"]["title"], "Boss");
    assert_eq!(preview["contact"]["display_name"], "Johnny Doe");
    assert_eq!((contact(&server, &one).json, contact(&server, &other).json), before);
    assert_eq!(server.get("/api/v1/merges").expect(200).json["merges"], json!([]));

    let mut body = json!({"primary": one, "others": [other]});
    body["fields"] = more["fields"].clone();
    body["versions"] = preview["versions"].clone();
    let done = server.post("/api/v1/contacts/merge", &body).expect(200).json;
    for name in ["conflicts", "lost", "taken", "others", "primary"] {
        assert_eq!(done[name], preview[name], "{name}");
    }
    assert_eq!(done["contact"]["title"], "Boss");
}

#[test]
fn rules_say_whose_values_are_taken() {
    let server = TestServer::start();
    for (rule, title) in [
        (json!({}), "CEO"),
        (json!({"rule": "oldest"}), "CEO"),
        (json!({"rule": "newest"}), "Boss"),
        (json!({"rule": "most_complete"}), "Boss"),
        (json!({"rule": "source_order", "sources": ["web", "manual"]}), "CEO"),
    ] {
        let (one, other) = two(&server);
        let merged = merge_with(&server, &one, &[&other], &rule).expect(200).json;
        assert_eq!(merged["contact"]["title"], title, "{rule}");
    }
}

#[test]
fn many_contacts_become_one() {
    let server = TestServer::start();
    let ids: Vec<String> = (0..50)
        .map(|n| server.create_id(&json!({"name": "Same", "phone": format!("+120255501{n:02}")})))
        .collect();
    let others: Vec<&str> = ids[1..].iter().map(String::as_str).collect();
    let merged = merge(&server, &ids[0], &others).expect(200).json;
    assert_eq!(merged["contact"]["phones"].as_array().unwrap().len(), 50);
    assert_eq!(server.search("same", "&refresh=wait").json["total"], 1);
    let page = server.get("/api/v1/merges?per_page=1").expect(200).json;
    assert_eq!(page["merges"][0]["id"], merged["merge_id"]);
    assert_eq!(page["next_cursor"], Value::Null);
}

#[test]
fn the_same_request_is_answered_again_and_not_done_again() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let body = json!({"primary": one, "others": [other]});
    let send = |key: &str, body: &Value| {
        server.json("POST", "/api/v1/contacts/merge", &[("idempotency-key", key)], body)
    };
    let first = send("k", &body).expect(200);
    let again = send("k", &body).expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    for name in ["merge_id", "contact", "conflicts", "lost"] {
        assert_eq!(again.json[name], first.json[name], "{name}");
    }
    assert_eq!(send("other", &body).expect(409).code(), "merged");
    let changed = json!({"primary": other, "others": [one]});
    assert_eq!(send("k", &changed).expect(422).code(), "idempotency_mismatch");
}

#[test]
fn merges_are_listed_and_the_audit_log_says_what_was_done() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let third = server.create_id(&json!({"name": "J. Doe"}));
    let first = done(merge(&server, &one, &[&other]));
    let second = done(merge(&server, &one, &[&third]));
    let ids = |path: &str| -> Vec<String> {
        let page = server.get(path).expect(200).json;
        let merges = page["merges"].as_array().unwrap();
        merges.iter().map(|merge| merge["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("/api/v1/merges"), [second.clone(), first.clone()]);
    assert_eq!(ids(&format!("/api/v1/merges?contact={other}")), std::slice::from_ref(&first));
    let page = server.get("/api/v1/merges?per_page=1").expect(200).json;
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&format!("/api/v1/merges?cursor={cursor}")), std::slice::from_ref(&first));
    for wrong in ["cursor=x", "per_page=0", "per_page=501", "per_page=x", "contact=x"] {
        server.get(&format!("/api/v1/merges?{wrong}")).expect(422);
    }
    let found = server.get(&format!("/api/v1/merges/{first}")).expect(200).json;
    assert_eq!((&found["state"], &found["origin"]), (&json!("done"), &json!("manual")));
    assert_eq!((&found["primary"], &found["others"]), (&json!(one), &json!([other])));
    assert_eq!(list(&found["lost"], "title")[0]["value"], "Boss");
    for (id, fields) in [(&one, "phones"), (&other, "merged_into")] {
        let path = format!("/api/v1/audit?record={id}&action=contact.merged&field={fields}");
        let lines = server.get(&path).expect(200).json;
        assert_eq!(lines["lines"].as_array().map(Vec::len), Some(1), "{lines}");
    }
}

#[test]
fn a_merged_contact_can_be_changed_and_merged_again() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    merge(&server, &one, &[&other]).expect(200);
    server.patch(&format!("/api/v1/contacts/{one}"), &json!({"title": "Chair"})).expect(200);
    let third = server.create_id(&json!({"name": "J. Doe", "phone": "+12025550103"}));
    merge(&server, &one, &[&third]).expect(200);
    let now = state(&server, &one);
    assert_eq!(now["title"], "Chair");
    assert_eq!(now["phones"].as_array().unwrap().len(), 3);
}

#[test]
fn lists_of_other_systems_find_the_survivor_by_every_old_id() {
    let server = TestServer::start();
    let id = |external: &str, title: &str| {
        server.create_id(&json!({"name": "John Doe", "external_crm_id": external,
            "external_crm_provider": "crm", "title": title}))
    };
    let (one, other) = (id("X-1", "CEO"), id("X-2", "Boss"));
    let merged = done(merge(&server, &one, &[&other]));
    let server = server.restart();
    let list = "external_crm_id,name,external_crm_provider,department\nX-1,John Doe,crm,Sales\nX-2,John Doe,crm,Sales\nX-2,John Doe,other,Own\n";
    import(&server, list, &json!({"match_keys": ["external_crm_id"]}));
    assert_eq!(server.search("doe", "&refresh=wait").json["total"], 2);
    let now = state(&server, &one);
    assert_eq!((&now["external_crm_id"], &now["department"]), (&json!("X-1"), &json!("Sales")));
    super::undo(&server, &merged, &json!({})).expect(200);
    assert_eq!(state(&server, &other)["external_crm_id"], "X-2");
    let list = "external_crm_id,name,external_crm_provider,department\nX-2,John Doe,crm,Support\n";
    import(&server, list, &json!({"match_keys": ["external_crm_id"]}));
    assert_eq!(state(&server, &other)["department"], "Support");
    assert_eq!(state(&server, &one)["department"], "Sales");
}

#[test]
fn a_number_that_was_kept_without_its_country_still_finds_the_survivor() {
    let server = TestServer::start();
    let one = server.create_id(&json!({"name": "John Doe", "phone": "+4930901820"}));
    let other = server.create_id(&json!({"name": "John Doe", "phone": "030901820"}));
    assert_eq!(state(&server, &other)["phone"], "030901820", "its country is not known");
    for (to, from) in [(&one, &other), (&other, &one)] {
        let merged = merge(&server, to, &[from]).expect(200).json;
        assert_eq!(merged["contact"]["phones"].as_array().map(Vec::len), Some(1), "{merged}");
        assert_eq!(merged["contact"]["phone"], "+4930901820");
        assert_eq!(list(&merged["lost"], "phones").len(), 1);
        for number in ["030901820", "+49 30 901820", "030 90 18 20"] {
            let found = server.lookup(number, "");
            assert_eq!((&found["count"], &found["results"][0]["id"]), (&json!(1), &json!(to)));
        }
        super::undo(&server, merged["merge_id"].as_str().unwrap(), &json!({})).expect(200);
    }
    assert_eq!(state(&server, &other)["phone"], "030901820");
}
