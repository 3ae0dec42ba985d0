//! `/api/crm-import-maps/{tenant}`: mappings that clients keep there.

use serde_json::json;

use crate::support::server::TestServer;

#[test]
fn a_mapping_that_is_kept_there_is_a_template_of_imports() {
    let server = TestServer::start();
    let all = "/api/crm-import-maps/default";
    let body = json!({"name": "Fair", "mapping_json": {"Mail": "email", "Groups": "_tag"},
        "on_duplicate": "skip", "match_keys": "email,phone"});
    let made = server.post(all, &body).expect(201);
    let one = format!("{all}/{}", made.id());
    assert_eq!(made.header("location"), Some(one.as_str()));
    assert_eq!(made.json["mapping_json"], json!({"Mail": "email", "Groups": "tags"}));
    let template = server.get(&format!("/api/v1/import-templates/{}", made.id())).expect(200).json;
    assert_eq!(template["options"]["on_duplicate"], "skip", "{template}");
    assert_eq!(template["options"]["match_keys"], json!(["email", "phone"]));
    let csv = "Name,Mail,Groups\nAda,ada@x.org,vip\n";
    let import = json!({"csv": csv, "options": {"template_id": made.id()}});
    let done = server.post("/api/crm-contacts/default/import", &import).expect(200).json;
    assert_eq!(done["imported"], 1, "{done}");
    assert_eq!(server.search("ada", "&refresh=wait").json["contacts"][0]["tags"], json!(["vip"]));

    let list = server.get(all).expect(200).json;
    assert_eq!((&list["total"], &list["items"][0]["name"]), (&json!(1), &json!("Fair")), "{list}");
    assert_eq!(list["items"][0]["mapping_json"]["Mail"], "email");
    // What was answered can be sent back.
    let mut again = server.get(&one).expect(200).json;
    again["name"] = json!("Fair 2");
    let replaced = server.json("PUT", &one, &[], &again).expect(200).json;
    assert_eq!((&replaced["name"], &replaced["options"]), (&json!("Fair 2"), &again["options"]));
    let replaced = server.json("PUT", &one, &[], &json!({"name": "Fair 3"})).expect(200).json;
    assert_eq!((&replaced["mapping_json"], &replaced["name"]), (&json!({}), &json!("Fair 3")));
    server.delete(&one).expect(204);
    server.get(&one).expect(404);
    assert_eq!(server.get(all).expect(200).json["total"], 0);
}

#[test]
fn a_mapping_that_cannot_be_is_refused_by_place() {
    let server = TestServer::start();
    let all = "/api/crm-import-maps/default";
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": 3}), "/name"),
        (json!({"name": "x", "mapping_json": "nothing"}), "/mapping_json"),
        (json!({"name": "x", "options": 3}), "/options"),
        (json!({"name": "x", "colour": "red"}), "/colour"),
    ] {
        let refused = server.post(all, &body).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}: {refused}");
    }
    let odd = json!({"name": "x", "mapping_json": {"Mail": "shoe size"}});
    server.post(all, &odd).expect(422);
    assert_eq!(server.get(all).expect(200).json["total"], 0);
    server.organization("second");
    server.get("/api/crm-import-maps/second").expect(403);
    server.role("agent").get(all).expect(403);
}
