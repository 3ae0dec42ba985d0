//! Who sees a custom field: what its definition hides is nowhere.

use serde_json::{Value, json};

use super::{PATH, change, contact, define, fields_of, finished, issues, keys};
use crate::support::server::{Client, TestServer};

fn text_of(client: &Client, path: &str) -> String {
    String::from_utf8(client.get(path).expect(200).body).unwrap()
}

#[test]
fn a_field_for_managers_does_not_exist_for_agents() {
    let server = TestServer::start();
    let (agent, manager) = (server.role("agent"), server.role("manager"));
    define(&server, &json!({"key": "salary", "visible_to": "manager"}));
    define(&server, &json!({"key": "area"}));
    let id = contact(&server, "One", &json!({"salary": "platinum", "area": "north"}));
    assert_eq!(keys(&manager, ""), ["salary", "area"]);
    assert_eq!(keys(&agent, ""), ["area"]);
    manager.get(&format!("{PATH}/salary")).expect(200);
    agent.get(&format!("{PATH}/salary")).expect(404);
    assert_eq!(fields_of(&manager, &id)["salary"], "platinum");
    assert_eq!(fields_of(&agent, &id), json!({"area": "north"}));
    for query in ["platinum", "cf.salary:platinum"] {
        assert_eq!(manager.search(query, "&refresh=wait").json["total"], 1, "{query}");
        let unseen = agent.search(query, "&refresh=wait");
        let contacts = unseen.json["contacts"].to_string();
        assert!(!contacts.contains("platinum") && !contacts.contains("salary"), "{query}");
    }
    assert_eq!(agent.search("north", "").json["total"], 1);
    assert!(text_of(&manager, "/api/v1/contacts/export").contains("cf.salary"));
    server
        .patch("/api/v1/settings", &json!({"permissions": {"agent": {"export": true}}}))
        .expect(200);
    assert!(!text_of(&agent, "/api/v1/contacts/export").contains("salary"));
    let path = format!("/api/v1/contacts/{id}");
    let refused = issues(agent.patch(&path, &json!({"custom_fields": {"Salary": 1}})));
    assert_eq!(refused, [("/custom_fields/Salary".to_owned(), "field_hidden".to_owned())]);
    let refused = issues(agent.patch(&path, &json!({"custom_fields": null})));
    assert_eq!(refused, [("/custom_fields".to_owned(), "field_hidden".to_owned())]);
    agent.patch(&path, &json!({"custom_fields": {"area": "south"}})).expect(200);
    assert_eq!(fields_of(&server, &id), json!({"salary": "platinum", "area": "south"}));

    // It counts at once, also after a restart.
    change(&server, "salary", &json!({"visible_to": ["agent"]})).expect(200);
    assert_eq!(fields_of(&agent, &id)["salary"], "platinum");
    assert!(fields_of(&manager, &id).get("salary").is_none());
    change(&server, "salary", &json!({"visible_to": "admin"})).expect(200);
    let server = server.restart();
    let (agent, manager) = (server.role("agent"), server.role("manager"));
    for client in [&agent, &manager] {
        assert!(fields_of(client, &id).get("salary").is_none());
        assert_eq!(keys(client, ""), ["area"]);
    }
    assert_eq!(fields_of(&server.role("admin"), &id)["salary"], "platinum");
    let log = |client: &Client| client.get(&format!("/api/v1/audit?record={id}")).expect(200).json;
    let allowed = json!({"permissions": {"manager": {"read_audit": true}}});
    server.patch("/api/v1/settings", &allowed).expect(200);
    assert!(log(&server).to_string().contains("platinum"));
    assert!(!log(&manager).to_string().contains("platinum"));
    change(&server, "salary", &json!({"visible_to": "everybody"})).expect(200);
    assert!(log(&manager).to_string().contains("platinum"));
    assert_eq!(fields_of(&agent, &id)["salary"], "platinum");
    change(&server, "salary", &json!({"visible_to": "admin"})).expect(200);
    let gone = server.delete(&format!("{PATH}/salary?confirm=true")).expect(202);
    assert_eq!(finished(&server, &gone)["changed"], 1);
    assert!(!log(&manager).to_string().contains("platinum"), "what was hidden stays so");
}

#[test]
fn a_manager_who_defines_fields_does_not_reach_those_of_admins() {
    let server = TestServer::start();
    let preset = json!({"permissions": {"preset": "s4-visibility"}});
    server.patch("/api/v1/settings", &preset).expect(200);
    let manager = server.role("manager");
    let made = define(&manager, &json!({"key": "plan"}));
    let hidden = define(&server, &json!({"key": "salary", "label": "Pay", "visible_to": "admin"}));
    for archived in [false, true] {
        change(&server, "salary", &json!({"archived": archived})).expect(200);
        assert_eq!(keys(&manager, "?archived=true"), ["plan"]);
        for path in ["salary", hidden["id"].as_str().unwrap()] {
            manager.get(&format!("{PATH}/{path}")).expect(404);
            change(&manager, path, &json!({"visible_to": "everybody"})).expect(404);
            manager.delete(&format!("{PATH}/{path}?confirm=true")).expect(404);
        }
    }
    let allowed =
        json!({"permissions": {"preset": "s4-visibility", "manager": {"read_audit": true}}});
    server.patch("/api/v1/settings", &allowed).expect(200);
    let log = manager.get("/api/v1/audit?action=custom_field&per_page=100").expect(200).json;
    let lines: &Vec<Value> = log["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["record"] == made["id"] && line["changes"] != json!([])));
    assert!(!lines.iter().any(|line| line.to_string().contains("Pay")), "{lines:?}");
}

#[test]
fn a_field_that_was_only_used_is_listed_for_those_who_may_see_where() {
    let server = TestServer::start();
    let agent = server.role("agent");
    let mine = contact(&agent, "Mine", &json!({"colour": "red"}));
    assert_eq!(fields_of(&agent, &mine), json!({"colour": "red"}));
    assert_eq!(keys(&agent, ""), Vec::<String>::new());
    agent.get(&format!("{PATH}/colour")).expect(404);
    assert_eq!(keys(&server, ""), ["colour"]);
    server.patch("/api/v1/settings", &json!({"adhoc_custom_fields": false})).expect(200);
    let body = json!({"name": "x", "custom_fields": {"size": 1}});
    let refused = agent.post("/api/v1/contacts", &body);
    assert!(!refused.json.to_string().contains("colour"), "{}", refused.json);
    assert_eq!(issues(refused)[0].1, "unknown_field");
}
