//! Tasks: whose they are, and when they were done.

use serde_json::json;

use crate::support::server::TestServer;

#[test]
fn a_task_that_is_done_says_since_when_and_whose_it_is() {
    let server = TestServer::start();
    let user = json!({"email": "jane@example.com", "name": "Jane Doe", "role": "agent"});
    let jane = server.post("/api/v1/users", &user).expect(201).id();
    let body = json!({"title": "Call back", "assigned_to": "jane@example.com"});
    let made = server.post("/api/v1/tasks", &body).expect(201);
    assert_eq!((&made.json["assigned_to"], &made.json["status"]), (&json!(jane), &json!("open")));
    assert!(made.json["done_at"].is_null());
    let own = format!("/api/v1/tasks/{}", made.id());
    let done = server.patch(&own, &json!({"status": "done"})).expect(200).json;
    assert!(done["done_at"].is_string(), "{done}");
    let total = |query: &str| {
        server.get(&format!("/api/v1/tasks?{query}")).expect(200).json["total"].clone()
    };
    assert_eq!((total("status=done"), total("status=open")), (json!(1), json!(0)));
    assert_eq!((total("status=open,done"), total("assigned_to=Jane+Doe")), (json!(1), json!(1)));
    assert_eq!((total("assigned_to=none"), total("contact_id=none")), (json!(0), json!(1)));
    let open = server.patch(&own, &json!({"status": "open"})).expect(200).json;
    assert!(open["done_at"].is_null(), "{open}");
    let refused = server.patch(&own, &json!({"assigned_to": "nobody"})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/assigned_to");
    let refused = server.patch(&own, &json!({"status": "later"})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/status");
    server.get("/api/v1/tasks?status=later").expect(422);
    server.get("/api/v1/tasks?assigned_to=nobody").expect(422);
}

#[test]
fn a_task_of_a_user_who_is_gone_can_still_be_changed_and_one_for_a_merged_contact_made() {
    let server = TestServer::start();
    let user = json!({"email": "jane@example.com", "name": "Jane Doe", "role": "agent"});
    let jane = server.post("/api/v1/users", &user).expect(201).id();
    let body = json!({"title": "Call back", "assigned_to": jane});
    let made = server.post("/api/v1/tasks", &body).expect(201);
    server.delete(&format!("/api/v1/users/{jane}")).expect(204);
    let own = format!("/api/v1/tasks/{}", made.id());
    let mut all = server.patch(&own, &json!({"status": "done"})).expect(200).json;
    assert_eq!(all["assigned_to"], jane.as_str());
    all["title"] = json!("Called");
    assert_eq!(server.patch(&own, &all).expect(200).json["title"], "Called");
    server.post("/api/v1/tasks", &body).expect(422);

    let one = server.create_id(&json!({"name": "Ann Smith"}));
    let two = server.create_id(&json!({"name": "Ann Smith"}));
    let merge = json!({"primary": one, "others": [two]});
    server.post("/api/v1/contacts/merge", &merge).expect(200);
    let late = json!({"title": "For her", "contact_id": two});
    let late = server.post("/api/v1/tasks", &late).expect(201).json;
    assert_eq!(late["contact_id"], one.as_str());
}
