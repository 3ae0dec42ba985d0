//! Deleting, restoring, erasing.

use serde_json::json;

use crate::support::server::TestServer;

#[test]
fn a_deleted_contact_is_found_nowhere_and_can_be_restored() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    let path = format!("/api/v1/contacts/{id}");
    let deleted = server.delete(&path).expect(204);
    assert!(deleted.body.is_empty());
    server.get(&path).expect(404);
    server.patch(&path, &json!({"title": "x"})).expect(404);
    server.delete(&path).expect(404);
    assert_eq!(server.search("jane", "").json["total"], 0);
    assert_eq!(server.search("", "").json["total"], 0);
    assert_eq!(server.lookup("+12025550123", "")["count"], 0);
    assert!(!String::from_utf8_lossy(&server.get("/api/v1/contacts/export").body).contains("Jane"));
    let other = server.create(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    assert!(other.get("duplicates").is_none(), "a deleted contact is no duplicate");

    let restored = server.post(&format!("{path}/restore"), &json!({})).expect(200);
    assert_eq!(restored.json["version"], 3);
    assert_eq!(restored.header("etag"), Some("\"3\""));
    assert_eq!(server.get(&path).expect(200).json["display_name"], "Jane Doe");
    assert_eq!(server.search("jane", "").json["total"], 2);
    assert_eq!(server.lookup("+12025550123", "")["count"], 2);
    let again = server.send("POST", &format!("{path}/restore"), &[], None).expect(200);
    assert_eq!(again.json["version"], 3, "what is not deleted stays as it is");
}

#[test]
fn what_is_deleted_for_good_does_not_come_back() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    let path = format!("/api/v1/contacts/{id}");
    server.delete(&format!("{path}?permanent=perhaps")).expect(400);
    server.delete(&format!("{path}?permanent=true")).expect(204);
    server.get(&path).expect(404);
    server.post(&format!("{path}/restore"), &json!({})).expect(404);
    server.delete(&format!("{path}?permanent=true")).expect(404);
    assert_eq!(server.search("jane", "").json["total"], 0);
    assert_eq!(server.lookup("+12025550123", "")["count"], 0);

    let soft = server.create_id(&json!({"name": "Soft First"}));
    server.delete(&format!("/api/v1/contacts/{soft}")).expect(204);
    server.delete(&format!("/api/v1/contacts/{soft}?permanent=1")).expect(204);
    server.post(&format!("/api/v1/contacts/{soft}/restore"), &json!({})).expect(404);
}

#[test]
fn ids_that_are_none_name_no_contact() {
    let server = TestServer::start();
    for id in ["0", "xyz", "%ff", "%00", "a%2Fb", "..", "018f0000-0000-7000-8000-000000000000"] {
        let path = format!("/api/v1/contacts/{id}");
        for answer in [server.get(&path), server.patch(&path, &json!({})), server.delete(&path)] {
            assert!(matches!(answer.status, 404 | 405), "{id}: {}", answer.status);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{id}");
        }
    }
}
