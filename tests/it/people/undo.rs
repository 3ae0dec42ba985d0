//! Actions on many contacts that are taken back, and those that set fields, block and merge.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

fn people(client: &Client) -> Vec<String> {
    let name =
        |name: &str| client.create_id(&json!({"name": name, "tags": ["Old"], "company": "Acme"}));
    ["Ann", "Bob", "Cyd"].map(name).to_vec()
}

fn contact(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/contacts/{id}")).expect(200).json
}

fn undo(server: &TestServer, job: &Value) -> Value {
    let path = format!("/api/v1/jobs/{}/undo", job["id"].as_str().unwrap());
    let started = server.post(&path, &json!({})).expect(202);
    server.app().finish_jobs();
    server.get(started.header("location").unwrap()).expect(200).json
}

#[test]
fn fields_are_set_for_all_by_the_rules_of_one() {
    let server = TestServer::start();
    let ids = people(&server);
    let fields =
        json!({"source": "Trade Show", "custom_fields": {"plan": "gold"}, "country": "DE"});
    let action = json!({"type": "set", "fields": fields});
    let job = server.bulk_action(&json!({"ids": ids}), &action);
    assert_eq!(job["changed"], 3, "{job}");
    let ann = contact(&server, &ids[0]);
    assert_eq!(
        (&ann["source"], &ann["custom_fields"]["plan"]),
        (&json!("Trade Show"), &json!("gold"))
    );
    let one = json!({"type": "set", "field": "cf.plan", "value": "silver"});
    server.bulk_action(&json!({"ids": [ids[0]]}), &one);
    assert_eq!(contact(&server, &ids[0])["custom_fields"]["plan"], "silver");
    let all = json!({"ids": ids});
    for (action, pointer) in [
        (json!({"type": "set"}), "/action/fields"),
        (json!({"type": "set", "fields": {"phone": "+12025550100"}}), "/action/fields"),
        (json!({"type": "set", "fields": {"visibility": "odd"}}), "/action/fields/visibility"),
        (json!({"type": "merge"}), "/action/primary"),
    ] {
        let body = json!({"select": all, "action": action});
        let refused = server.post("/api/v1/contacts/bulk-actions", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{action}");
    }
    let critical =
        json!({"select": all, "action": {"type": "set", "fields": {"system_critical": true}}});
    let agent = server.role("agent");
    let started = agent.post("/api/v1/contacts/bulk-actions", &critical).expect(202);
    server.app().finish_jobs();
    let job = agent.get(started.header("location").unwrap()).expect(200).json;
    assert_eq!((&job["changed"], &job["refused"]), (&json!(0), &json!(3)), "{job}");
}

#[test]
fn contacts_are_blocked_and_merged_in_bulk() {
    let server = TestServer::start();
    let ids = people(&server);
    server.bulk_action(&json!({"ids": ids}), &json!({"type": "block"}));
    assert_eq!(contact(&server, &ids[1])["blocked"], true);
    server.bulk_action(&json!({"ids": [ids[1]]}), &json!({"type": "unblock"}));
    assert_eq!(contact(&server, &ids[1])["blocked"], false);
    let merge = json!({"type": "merge", "primary": ids[0]});
    let body = json!({"select": {"ids": ids}, "action": merge, "dry_run": true});
    let trial = server.post("/api/v1/contacts/bulk-actions", &body).expect(200).json;
    assert_eq!((&trial["total"], trial["examples"].as_array().unwrap().len()), (&json!(3), 3));
    let job = server.bulk_action(&json!({"ids": ids}), &merge);
    assert_eq!((&job["state"], &job["changed"]), (&json!("done"), &json!(2)), "{job}");
    let gone = server.get(&format!("/api/v1/contacts/{}", ids[2]));
    assert_eq!(gone.json["merged_into"], json!(ids[0]), "{}", gone.json);
}

#[test]
fn what_a_job_has_changed_is_taken_back_but_for_what_was_changed_since() {
    let server = TestServer::start();
    let ids = people(&server);
    let all = json!({"ids": ids});
    let tagged = server.bulk_action(&all, &json!({"type": "add_tags", "tags": ["Fair"]}));
    let path = format!("/api/v1/contacts/{}", ids[1]);
    server.patch(&path, &json!({"tags": ["Mine"]})).expect(200);
    let undone = undo(&server, &tagged);
    assert_eq!((&undone["changed"], &undone["refused"]), (&json!(2), &json!(1)), "{undone}");
    assert_eq!(undone["refusals"][0]["id"], json!(ids[1]));
    assert_eq!(undone["undo_of"], tagged["id"]);
    assert_eq!(contact(&server, &ids[0])["tags"], json!(["Old"]));
    assert_eq!(contact(&server, &ids[1])["tags"], json!(["Mine"]));
    let again = format!("/api/v1/jobs/{}/undo", tagged["id"].as_str().unwrap());
    server.post(&again, &json!({})).expect(409);

    let deleted = server.bulk_action(&all, &json!({"type": "delete"}));
    server.get(&path).expect(404);
    let server = server.restart();
    assert_eq!(undo(&server, &deleted)["changed"], 3);
    assert_eq!(contact(&server, &ids[1])["display_name"], "Bob");

    let list =
        server.post("/api/v1/lists", &json!({"name": "Fair", "kind": "static"})).expect(201).id();
    let listed = server.bulk_action(&all, &json!({"type": "add_to_list", "list": list}));
    assert_eq!(contact(&server, &ids[0])["lists"][0]["name"], "Fair");
    assert_eq!(undo(&server, &listed)["changed"], 3);
    assert_eq!(contact(&server, &ids[0])["lists"], json!([]));

    let set =
        json!({"type": "set", "fields": {"custom_fields": {"plan": "gold"}, "company": null}});
    let set = server.bulk_action(&all, &set);
    assert!(contact(&server, &ids[2])["company"].is_null());
    assert_eq!(undo(&server, &set)["changed"], 3);
    let cyd = contact(&server, &ids[2]);
    assert_eq!((&cyd["company"], &cyd["custom_fields"]), (&json!("Acme"), &json!({})));

    let unchanged = server.bulk_action(&all, &json!({"type": "unblock"}));
    let nothing = format!("/api/v1/jobs/{}/undo", unchanged["id"].as_str().unwrap());
    server.post(&nothing, &json!({})).expect(409);
}

#[test]
fn restoring_many_is_taken_back_but_for_what_may_not_be_deleted() {
    let server = TestServer::start();
    let ids = people(&server);
    let all = json!({"ids": ids});
    server.bulk_action(&all, &json!({"type": "delete"}));
    let restored = server.bulk_action(&all, &json!({"type": "restore"}));
    assert_eq!(restored["changed"], 3, "{restored}");
    let critical = json!({"system_critical": true});
    server.patch(&format!("/api/v1/contacts/{}", ids[0]), &critical).expect(200);
    let server = server.restart();
    let undone = undo(&server, &restored);
    assert_eq!((&undone["changed"], &undone["refused"]), (&json!(2), &json!(1)), "{undone}");
    assert_eq!(undone["refusals"][0]["id"], json!(ids[0]));
    server.get(&format!("/api/v1/contacts/{}", ids[0])).expect(200);
    server.get(&format!("/api/v1/contacts/{}", ids[2])).expect(404);
    let trash = server.get("/api/v1/contacts?deleted=true&refresh=wait").expect(200).json;
    assert_eq!(trash["total"], 2, "{trash}");
    // And what was deleted so comes back again.
    assert_eq!(server.bulk_action(&all, &json!({"type": "restore"}))["changed"], 2);
}

#[test]
fn of_two_that_share_a_number_which_must_be_unique_one_comes_back() {
    let server = TestServer::start();
    let twin = |name: &str| json!({"name": name, "phone": "+12025550123"});
    let ids = ["Ann", "Bea", "Cat"].map(|name| server.create_id(&twin(name)));
    let all = json!({"ids": ids});
    server.bulk_action(&all, &json!({"type": "delete"}));
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    let restored = server.bulk_action(&all, &json!({"type": "restore"}));
    assert_eq!((&restored["changed"], &restored["refused"]), (&json!(1), &json!(2)), "{restored}");
    let refusal = &restored["refusals"][0];
    assert_eq!((&refusal["id"], &refusal["code"]), (&json!(ids[1]), &json!("phone_in_use")));
    assert!(refusal["detail"].as_str().unwrap().contains("Ann"), "{refusal}");
    assert_eq!(undo(&server, &restored)["changed"], 1);
    server.get(&format!("/api/v1/contacts/{}", ids[0])).expect(404);
}
