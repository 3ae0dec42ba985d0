//! What may not be merged; nothing is changed then.

use serde_json::json;

use super::{contact, merge, merge_with, state, two};
use crate::support::server::TestServer;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

#[test]
fn wrong_requests_are_named() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let before = (contact(&server, &one).json, contact(&server, &other).json);
    let many: Vec<String> = (0..50).map(|n| NOBODY.replace("7000", &format!("70{n:02}"))).collect();
    for (body, pointer, code) in [
        (json!({}), "/primary", "required"),
        (json!({"primary": one}), "/others", "required"),
        (json!({"primary": one, "others": []}), "/others", "required"),
        (json!({"primary": one, "others": other}), "/others", "type"),
        (json!({"primary": "x", "others": [other]}), "/primary", "id"),
        (json!({"primary": one, "others": ["x"]}), "/others", "value"),
        (json!({"primary": one, "others": [one]}), "/others/0", "same_contact"),
        (json!({"primary": one, "others": [other, other]}), "/others/1", "repeated"),
        (json!({"primary": one, "others": many}), "/others", "too_many"),
        (json!({"primary": one, "others": [other], "rule": "best"}), "/rule", "value"),
        (
            json!({"primary": one, "others": [other], "rule": "source_order"}),
            "/sources",
            "required",
        ),
        (json!({"primary": one, "others": [other], "fields": []}), "/fields", "type"),
        (
            json!({"primary": one, "others": [other], "fields": {"title": 1}}),
            "/fields/title",
            "value",
        ),
        (
            json!({"primary": one, "others": [other], "fields": {"titel": one}}),
            "/fields/titel",
            "unknown_field",
        ),
        (
            json!({"primary": one, "others": [other], "fields": {"cf.x": one}}),
            "/fields/cf.x",
            "unknown_field",
        ),
        (
            json!({"primary": one, "others": [other], "fields": {"phones": one}}),
            "/fields/phones",
            "not_chosen",
        ),
        (
            json!({"primary": one, "others": [other], "fields": {"title": NOBODY}}),
            "/fields/title",
            "unknown_contact",
        ),
        (
            json!({"primary": one, "others": [other], "versions": {NOBODY: 1}}),
            "/versions/018f0000-0000-7000-8000-000000000000",
            "unknown_contact",
        ),
        (
            json!({"primary": one, "others": [other], "versions": {&one: "1"}}),
            format!("/versions/{one}").as_str(),
            "value",
        ),
        (json!({"primary": one, "others": [other], "colour": 1}), "/colour", "unknown_member"),
        (json!([]), "", "type"),
    ] {
        let refused = server.post("/api/v1/contacts/merge", &body).expect(422);
        let first = &refused.json["errors"][0];
        assert_eq!((&first["pointer"], &first["code"]), (&json!(pointer), &json!(code)), "{body}");
    }
    assert_eq!((contact(&server, &one).json, contact(&server, &other).json), before);
}

#[test]
fn who_is_not_there_cannot_be_merged() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let second = server.organization("second");
    let foreign = second.create_id(&json!({"name": "Foreign"}));
    let deleted = server.create_id(&json!({"name": "Deleted"}));
    server.delete(&format!("/api/v1/contacts/{deleted}")).expect(204);
    let bodies: Vec<_> = [NOBODY, foreign.as_str(), deleted.as_str()]
        .iter()
        .flat_map(|id| [merge(&server, &one, &[id]), merge(&server, id, &[&one])])
        .map(|answer| answer.expect(404).json)
        .collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    second
        .post("/api/v1/contacts/merge", &json!({"primary": foreign, "others": [one]}))
        .expect(404);
    assert_eq!(contact(&server, &one).json["version"], 1);
    assert_eq!(contact(&second, &foreign).json["version"], 1);

    let id = super::done(merge(&server, &one, &[&other]));
    second.get(&format!("/api/v1/merges/{id}")).expect(404);
    super::undo(&second, &id, &json!({})).expect(404);
    assert_eq!(second.get("/api/v1/merges").expect(200).json["merges"], json!([]));
    second.get(&format!("/api/v1/contacts/{other}")).expect(404);
    for wrong in [NOBODY, "x"] {
        server.get(&format!("/api/v1/merges/{wrong}")).expect(404);
        super::undo(&server, wrong, &json!({})).expect(404);
    }
}

#[test]
fn stale_versions_are_refused() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    server.patch(&format!("/api/v1/contacts/{other}"), &json!({"title": "x"})).expect(200);
    let stale = merge_with(&server, &one, &[&other], &json!({"versions": {&one: 1, &other: 1}}));
    let stale = stale.expect(412);
    assert_eq!(stale.code(), "revision_conflict");
    assert_eq!(stale.json["versions"], json!({&other: 2}));
    let body = json!({"primary": one, "others": [other]});
    let path = "/api/v1/contacts/merge";
    server.json("POST", path, &[("if-match", "\"7\"")], &body).expect(412);
    assert_eq!(contact(&server, &one).json["version"], 1);
    server.json("POST", path, &[("if-match", "\"1\"")], &body).expect(200);
}

#[test]
fn what_is_protected_does_not_vanish() {
    let server = TestServer::start();
    let (one, _) = two(&server);
    for reason in ["system_critical", "in_active_campaign"] {
        let other = server.create_id(&json!({"name": "B", reason: true}));
        let refused = merge(&server, &one, &[&other]).expect(409);
        assert_eq!(
            (refused.code(), &refused.json["reasons"]),
            ("delete_blocked", &json!([reason]))
        );
        assert_eq!(refused.json["id"], other.as_str());
        assert_eq!(contact(&server, &other).json["version"], 1);
        merge(&server, &other, &[&server.create_id(&json!({"name": "C"}))]).expect(200);
    }
    assert_eq!(contact(&server, &one).json["version"], 1);
}

#[test]
fn limits_of_contacts_are_kept() {
    let server = TestServer::start();
    let phones = |block: u32| -> Vec<String> {
        (0..60).map(|n| format!("+12025{block:02}01{n:02}")).collect()
    };
    let one = server.create_id(&json!({"name": "A", "phones": phones(51)}));
    let other = server.create_id(&json!({"name": "A", "phones": phones(52)}));
    let refused = merge(&server, &one, &[&other]).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/phones");
    let notes = "x".repeat(60_000);
    let one = server.create_id(&json!({"name": "A", "notes": notes}));
    let other = server.create_id(&json!({"name": "A", "notes": notes.replace('x', "y")}));
    let refused = merge(&server, &one, &[&other]).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/notes");
    assert_eq!(state(&server, &other)["notes"].as_str().unwrap().len(), 60_000);
}

#[test]
fn a_full_organisation_merges_nothing_and_still_undoes() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let (three, four) = two(&server);
    let id = super::done(merge(&server, &one, &[&other]));
    let organizations = "/api/v1/organizations";
    let own = server.get(organizations).expect(200).json["organizations"][0].clone();
    let path = format!("{organizations}/{}", own["id"].as_str().unwrap());
    server.patch(&path, &json!({"quota_storage_bytes": 100})).expect(200);
    assert_eq!(merge(&server, &three, &[&four]).expect(403).code(), "quota_exceeded");
    super::undo(&server, &id, &json!({})).expect(200);
}
