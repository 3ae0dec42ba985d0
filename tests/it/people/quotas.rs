//! How much an organisation may keep.

use ringdex::app::Error;
use ringdex::domain::ids::OrgNumber;
use serde_json::json;

use crate::support::server::TestServer;

const ORG: OrgNumber = OrgNumber(1);

#[test]
fn an_organisation_keeps_no_more_contacts_than_it_may() {
    let server = TestServer::start();
    let second = server.organization("second");
    let path = "/api/v1/organizations/second";
    second.patch(path, &json!({"quota_contacts": 9})).expect(403);
    let changed = server.patch(path, &json!({"quota_contacts": 3})).expect(200);
    assert_eq!(changed.json["quotas"]["contacts"], 3);
    let first = second.create_id(&json!({"name": "One"}));
    let bulk = json!({"contacts": [{"name": "Two"}, {"name": "Three"}, {"name": "Four"}]});
    let refused = second.post("/api/v1/contacts/bulk", &bulk).expect(403);
    assert_eq!(refused.code(), "quota_exceeded");
    assert_eq!(second.search("", "&refresh=wait").json["total"], 1, "nothing of it was kept");
    let bulk = json!({"contacts": [{"name": "Two"}, {"name": ""}, {"name": "Three"}]});
    assert_eq!(second.post("/api/v1/contacts/bulk", &bulk).expect(200).json["created"], 2);
    let refused = second.post("/api/v1/contacts", &json!({"name": "Four"})).expect(403);
    assert_eq!(refused.code(), "quota_exceeded");
    let own = format!("/api/v1/contacts/{first}");
    second.patch(&own, &json!({"title": "Changes go on"})).expect(200);
    // What can be restored still counts.
    second.delete(&own).expect(204);
    second.post("/api/v1/contacts", &json!({"name": "Four"})).expect(403);
    second.delete(&format!("{own}?permanent=true")).expect(204);
    second.create(&json!({"name": "Four"}));
    server.create(&json!({"name": "Others are not concerned"}));

    let server = server.restart();
    let second = server.with_token(second.token());
    second.post("/api/v1/contacts", &json!({"name": "Five"})).expect(403);
    let csv = [("content-type", "text/csv")];
    let started = second.send("POST", "/api/v1/imports", &csv, Some(b"name\nFive\nSix\n"));
    let import = format!("/api/v1/imports/{}", started.expect(202).id());
    loop {
        let job = second.get(&import).expect(200).json;
        if job["finished_at"].is_string() {
            assert_eq!(job["state"], "failed");
            assert!(job["error"].as_str().unwrap().contains("may keep 3"), "{job}");
            break;
        }
        std::thread::yield_now();
    }
    server.patch(path, &json!({"quota_contacts": null})).expect(200);
    second.create(&json!({"name": "Five"}));
}

#[test]
fn an_organisation_keeps_no_more_bytes_than_it_may() {
    let server = TestServer::start();
    let second = server.organization("second");
    let path = "/api/v1/organizations/second";
    server.patch(path, &json!({"quota_storage_bytes": 3_000})).expect(200);
    let long = "x".repeat(2_000);
    let first = second.create_id(&json!({"name": "One", "notes": long}));
    second.create(&json!({"name": "Two", "notes": long}));
    let refused = second.post("/api/v1/contacts", &json!({"name": "Three"})).expect(403);
    assert_eq!(refused.code(), "quota_exceeded");
    let own = format!("/api/v1/contacts/{first}");
    let grown = second.patch(&own, &json!({"notes": "y".repeat(2_100)})).expect(403);
    assert_eq!(grown.code(), "quota_exceeded");
    second.patch(&own, &json!({"notes": null})).expect(200);
    second.create(&json!({"name": "Three"}));
    for wrong in [json!({"quota_contacts": -1}), json!({"quota_storage_bytes": "much"})] {
        server.patch(path, &wrong).expect(422);
    }
    server.patch("/api/v1/organizations/nowhere", &json!({})).expect(404);
}

#[test]
fn records_count_towards_the_bytes_that_are_kept() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann"}));
    let organizations = server.get("/api/v1/organizations").expect(200).json;
    let own = organizations["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/organizations/{own}");
    let usage = |server: &TestServer| {
        let read = server
            .app()
            .partition()
            .write::<_, Error>(ORG, "test", false, |tx| Ok(tx.usage(ORG).bytes));
        read.unwrap().value
    };
    let before = usage(&server);
    let note = |text: &str| json!({"contact_id": ann, "text": text});
    let kept = server.post("/api/v1/notes", &note(&"x".repeat(2_000))).expect(201).id();
    let after = usage(&server);
    assert!(after > before + 2_000, "{before} and {after}");
    let server = server.restart();
    assert_eq!(usage(&server), after, "it is counted the same after a restart");
    server.patch(&path, &json!({"quota_storage_bytes": after})).expect(200);
    let refused = server.post("/api/v1/notes", &note("one more")).expect(403);
    assert_eq!(refused.code(), "quota_exceeded");
    let longer = json!({"text": "y".repeat(2_100)});
    let own = format!("/api/v1/notes/{kept}");
    assert_eq!(server.patch(&own, &longer).expect(403).code(), "quota_exceeded");
    // What is in the trash can come back and counts; what is gone for good does not.
    server.delete(&own).expect(204);
    server.post("/api/v1/notes", &note("one more")).expect(403);
    server.delete(&format!("{own}?permanent=true")).expect(204);
    server.post("/api/v1/notes", &note("one more")).expect(201);
}
