//! Who may merge what, and that merging shows nothing that is not seen.

use serde_json::json;

use super::{contact, done, merge, merge_with, two, undo};
use crate::support::server::{Client, TestServer};

fn user(admin: &Client, name: &str, role: &str) -> (String, Client) {
    let body = json!({"name": name, "email": format!("{name}@example.com"), "role": role});
    let id = admin.post("/api/v1/users", &body).expect(201).id();
    let token = json!({"role": role, "user_id": id});
    let token = admin.post("/api/v1/tokens", &token).expect(201).json;
    (id, admin.with_token(token["token"].as_str().unwrap()))
}

#[test]
fn who_does_not_see_a_contact_cannot_merge_it_nor_learn_of_it() {
    let server = TestServer::start();
    let table = json!({"permissions": {"preset": "default", "agent": {"merge": true}}});
    server.patch("/api/v1/settings", &table).expect(200);
    let (ann, agent) = user(&server, "ann", "agent");
    let (bob, _) = user(&server, "bob", "agent");
    let own = server.create_id(&json!({"name": "Own", "visibility": "owner", "assigned_to": ann}));
    let open = server.create_id(&json!({"name": "Open"}));
    let hidden =
        server.create_id(&json!({"name": "Hidden", "visibility": "owner", "assigned_to": bob}));
    let unknown = merge(&agent, &open, &["018f0000-0000-7000-8000-000000000000"]).expect(404).json;
    assert_eq!(merge(&agent, &open, &[&hidden]).expect(404).json, unknown);
    assert_eq!(merge(&agent, &hidden, &[&open]).expect(404).json, unknown);

    // A merge of which a part is out of sight is not shown.
    let id = done(merge(&server, &open, &[&hidden]));
    agent.get(&format!("/api/v1/merges/{id}")).expect(404);
    undo(&agent, &id, &json!({})).expect(404);
    assert_eq!(agent.get("/api/v1/merges").expect(200).json["merges"], json!([]));
    assert_eq!(contact(&agent, &hidden).expect(308).json["merged_into"], open.as_str());
    undo(&server, &id, &json!({})).expect(200);

    // What leads to a contact out of sight leads nowhere.
    let id = done(merge(&server, &hidden, &[&open]));
    assert_eq!(contact(&agent, &open).expect(404).code(), "contact_not_found");
    agent.patch(&format!("/api/v1/contacts/{open}"), &json!({"title": "x"})).expect(404);
    undo(&server, &id, &json!({})).expect(200);

    let id = done(merge(&agent, &open, &[&own]));
    assert_eq!(agent.get("/api/v1/merges").expect(200).json["merges"][0]["id"], id.as_str());
    undo(&agent, &id, &json!({})).expect(200);
}

#[test]
fn fields_that_are_not_seen_stay_unseen() {
    let server = TestServer::start();
    let settings = json!({"field_visibility": {"cf.salary": {"manager": "hidden"}}});
    server.patch("/api/v1/settings", &settings).expect(200);
    let manager = server.role("manager");
    let salary =
        |amount: &str| json!({"name": "A", "custom_fields": {"salary": amount, "tier": amount}});
    let (one, other) = (server.create_id(&salary("1001")), server.create_id(&salary("1002")));
    let choice = json!({"dry_run": true, "fields": {"cf.salary": other}});
    let refused = merge_with(&manager, &one, &[&other], &choice).expect(422);
    assert_eq!(refused.json["errors"][0]["code"], "unknown_field");
    let merged = merge(&manager, &one, &[&other]).expect(200).json;
    assert!(merged["conflicts"].to_string().contains("tier"));
    let id = merged["merge_id"].as_str().unwrap();
    let record = manager.get(&format!("/api/v1/merges/{id}")).expect(200).json;
    for shown in [&merged, &record] {
        assert!(!shown.to_string().contains("salary"), "{shown}");
    }
    let all = server.get(&format!("/api/v1/merges/{id}")).expect(200).json;
    assert!(all["lost"].to_string().contains("salary"), "{all}");
    undo(&manager, id, &json!({})).expect(200);
    assert_eq!(contact(&server, &other).json["custom_fields"]["salary"], "1002");

    // A change of which it is unclear whose it is, in a field that is not seen.
    let bare = server.create_id(&json!({"name": "A"}));
    let id = done(merge(&server, &bare, &[&other]));
    let path = format!("/api/v1/contacts/{bare}");
    server.patch(&path, &json!({"custom_fields": {"salary": "2000"}})).expect(200);
    assert_eq!(undo(&manager, &id, &json!({})).expect(403).code(), "forbidden");
    undo(&server, &id, &json!({"resolve": {"custom_fields.salary": other}})).expect(200);
    assert_eq!(contact(&server, &other).json["custom_fields"]["salary"], "2000");
}

#[test]
fn who_sees_numbers_in_part_does_not_judge_merges() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let manager = server.role("manager");
    for (field, right) in [("phones", "masked"), ("phones", "hidden"), ("emails", "masked")] {
        let settings = json!({"field_visibility": {field: {"manager": right}}});
        server.patch("/api/v1/settings", &settings).expect(200);
        for dry_run in [true, false] {
            let refused = merge_with(&manager, &one, &[&other], &json!({"dry_run": dry_run}));
            assert_eq!(refused.expect(403).code(), "forbidden");
        }
    }
    let id = done(merge(&server, &one, &[&other]));
    assert_eq!(undo(&manager, &id, &json!({})).expect(403).code(), "forbidden");
    let shown = manager.get(&format!("/api/v1/merges/{id}")).expect(200).json;
    assert!(shown["conflicts"].to_string().contains("title"));
    assert!(!shown.to_string().contains("display_name"), "a name may be an address: {shown}");
}

#[test]
fn a_department_keeps_its_own() {
    let server = TestServer::start();
    let department = server.post("/api/v1/departments", &json!({"name": "A"})).expect(201).id();
    let body = json!({"name": "m", "email": "m@example.com", "role": "manager", "department_id": department});
    let id = server.post("/api/v1/users", &body).expect(201).id();
    let token =
        server.post("/api/v1/tokens", &json!({"role": "manager", "user_id": id})).expect(201);
    let manager = server.with_token(token.json["token"].as_str().unwrap());
    let own = server.create_id(&json!({"name": "Own", "org_department_id": department}));
    let open = server.create_id(&json!({"name": "Open"}));
    assert_eq!(merge(&manager, &own, &[&open]).expect(403).code(), "forbidden");
    merge(&manager, &open, &[&own]).expect(200);
}
