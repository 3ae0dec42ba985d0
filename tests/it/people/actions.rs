//! Actions on many contacts, and what keeps a contact from being deleted.

use serde_json::json;

use super::records::{acting_as, user};
use crate::support::server::TestServer;

#[test]
fn assigning_to_a_queue_sets_its_visibility_too() {
    let server = TestServer::start();
    let jane = user(&server, "jane", "agent", &json!({}));
    let john = user(&server, "john", "agent", &json!({}));
    let queue = server.post("/api/v1/queues", &json!({"name": "Support", "members": [jane]}));
    let queue = queue.expect(201).id();
    let (jane, john) = (acting_as(&server, &jane, "agent"), acting_as(&server, &john, "agent"));
    for at in 0..5 {
        server.create(&json!({"name": format!("Lead {at}"), "tags": ["lead"]}));
    }
    server.create(&json!({"name": "Other Person"}));
    let action = json!({"type": "assign_to_queue", "queue": "support"});
    let job = server.bulk_action(&json!({"q": "tag:lead"}), &action);
    assert_eq!((&job["total"], &job["changed"]), (&json!(5), &json!(5)), "{job}");
    let seen = server.search("tag:lead", "&refresh=wait").json;
    for contact in seen["contacts"].as_array().unwrap() {
        assert_eq!(contact["visibility"], "queue");
        assert_eq!(contact["assigned_queue"], queue.as_str());
    }
    assert_eq!(jane.search("", "&refresh=wait").json["total"], 6);
    assert_eq!(john.search("", "&refresh=wait").json["total"], 1);
    let again = server.bulk_action(&json!({"q": "tag:lead"}), &action);
    assert_eq!((&again["changed"], &again["unchanged"]), (&json!(0), &json!(5)));
}

#[test]
fn a_selection_is_distributed_evenly() {
    let server = TestServer::start();
    let team: Vec<String> = ["anna", "bert", "carl"]
        .iter()
        .map(|name| user(&server, name, "agent", &json!({})))
        .collect();
    for at in 0..9 {
        server.create(&json!({"name": format!("Lead {at}")}));
    }
    let action = json!({"type": "distribute", "users": team});
    assert_eq!(server.bulk_action(&json!({"all": true}), &action)["changed"], 9);
    for (id, name) in team.iter().zip(["anna", "bert", "carl"]) {
        let own = server.search(&format!("owner:{name}"), "&refresh=wait").json;
        assert_eq!(own["total"], 3, "{name}");
        assert_eq!(own["contacts"][0]["assigned_to"], id.as_str());
        let me = acting_as(&server, id, "agent");
        assert_eq!(me.search("owner:me", "").json["total"], 3);
    }
    let ids: Vec<String> = server.search("owner:anna", "").json["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| contact["id"].as_str().unwrap().to_owned())
        .collect();
    let job = server.bulk_action(&json!({"ids": ids}), &json!({"type": "assign", "to": null}));
    assert_eq!(job["changed"], 3);
    assert_eq!(server.search("owner:anna", "&refresh=wait").json["total"], 0);
}

#[test]
fn tags_come_and_go_and_what_is_not_seen_is_refused() {
    let server = TestServer::start();
    let agent = user(&server, "jane", "agent", &json!({}));
    let agent = acting_as(&server, &agent, "agent");
    let mine = server.create_id(&json!({"name": "Mine", "tags": ["Old"]}));
    let john = user(&server, "john", "agent", &json!({}));
    let hidden =
        server.create_id(&json!({"name": "Hidden", "visibility": "owner", "assigned_to": john}));
    let select = json!({"ids": [mine, hidden, mine]});
    let job = agent.bulk_action(&select, &json!({"type": "add_tags", "tags": ["New"]}));
    assert_eq!((&job["changed"], &job["refused"]), (&json!(1), &json!(1)), "{job}");
    let job = agent.bulk_action(&select, &json!({"type": "remove_tags", "tags": ["old"]}));
    assert_eq!(job["changed"], 1);
    assert_eq!(agent.get(&format!("/api/v1/contacts/{mine}")).json["tags"], json!(["New"]));
    let whole = server.get(&format!("/api/v1/contacts/{hidden}")).json;
    assert_eq!((&whole["tags"], &whole["version"]), (&json!([]), &json!(1)));
    let deleted = agent.bulk_action(&select, &json!({"type": "delete"}));
    assert_eq!((&deleted["changed"], &deleted["refused"]), (&json!(1), &json!(1)));
    assert_eq!(server.search("", "&refresh=wait").names(), ["Hidden"]);
}

#[test]
fn wrong_actions_are_refused_before_they_begin() {
    let server = TestServer::start();
    let all = json!({"all": true});
    for (select, action, pointer) in [
        (json!({}), json!({"type": "delete"}), "/select"),
        (json!({"ids": ["x"]}), json!({"type": "delete"}), "/select/ids/0"),
        (json!({"ids": [], "q": "x"}), json!({"type": "delete"}), "/select"),
        (json!({"q": " "}), json!({"type": "delete"}), "/select/q"),
        (json!({"q": "list:vip"}), json!({"type": "delete"}), "/select/q"),
        (json!({"all": true, "q": "x"}), json!({"type": "delete"}), "/select/all"),
        (json!({"q": "x", "limit": 1}), json!({"type": "delete"}), "/select/limit"),
        (all.clone(), json!({}), "/action/type"),
        (all.clone(), json!({"type": "explode"}), "/action/type"),
        (all.clone(), json!({"type": "assign", "to": "nobody"}), "/action/to"),
        (all.clone(), json!({"type": "assign_to_queue", "queue": "none"}), "/action/queue"),
        (all.clone(), json!({"type": "distribute", "users": []}), "/action/users"),
        (all.clone(), json!({"type": "add_tags", "tags": ["a\u{1}"]}), "/action/tags"),
    ] {
        let body = json!({"select": select, "action": action});
        let refused = server.post("/api/v1/contacts/bulk-actions", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    let trial = json!({"select": all, "action": {"type": "delete"}, "preview": true});
    let refused = server.post("/api/v1/contacts/bulk-actions", &trial).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/preview");
    assert_eq!(server.get("/api/v1/jobs").expect(200).json["total"], 0);
    let body = json!({"select": all, "action": {"type": "add_tags", "tags": ["x"]}});
    let job = server.post("/api/v1/contacts/bulk-actions", &body).expect(202);
    let path = job.header("location").unwrap().to_owned();
    for other in [server.organization("second"), server.role("agent")] {
        assert_eq!(other.get(&path).expect(404).code(), "not_found");
        assert_eq!(other.get("/api/v1/jobs").expect(200).json["total"], 0);
    }
}

#[test]
fn campaigns_and_critical_contacts_are_not_deleted() {
    let server = TestServer::start();
    let manager = server.role("manager");
    let critical = server.create_id(&json!({"name": "Alarm Line", "system_critical": true}));
    let busy = server.create_id(&json!({"name": "Busy", "in_active_campaign": true}));
    let (critical, busy) =
        (format!("/api/v1/contacts/{critical}"), format!("/api/v1/contacts/{busy}"));
    for (client, path, reason) in [
        (&manager, &critical, "system_critical"),
        (&*server, &critical, "system_critical"),
        (&manager, &busy, "in_active_campaign"),
    ] {
        let refused = client.delete(path).expect(409);
        assert_eq!(refused.code(), "delete_blocked");
        assert_eq!(refused.json["reasons"], json!([reason]));
    }
    manager.delete(&format!("{critical}?force=true")).expect(409);
    server.delete(&format!("{busy}?force=true")).expect(409);
    server.delete(&format!("{critical}?force=perhaps")).expect(400);
    server.delete(&format!("{critical}?force=true")).expect(204);
    server.patch(&busy, &json!({"in_active_campaign": null})).expect(200);
    manager.delete(&busy).expect(204);
    let refused = manager.post("/api/v1/contacts", &json!({"name": "X", "system_critical": true}));
    assert_eq!(refused.expect(422).json["errors"][0]["pointer"], "/system_critical");
}

#[test]
fn what_was_created_in_bulk_is_found_in_the_audit_log() {
    let server = TestServer::start();
    let bulk = json!({"contacts": [{"name": "One"}, {"name": "Two"}]});
    let made = server.post("/api/v1/contacts/bulk", &bulk).expect(200).json;
    let id = made["results"][1]["id"].as_str().unwrap().to_owned();
    server.create(&json!({"name": "Later"}));
    server.patch(&format!("/api/v1/contacts/{id}"), &json!({"title": "Boss"})).expect(200);
    server.delete(&format!("/api/v1/contacts/{id}?permanent=true")).expect(204);
    let log = server.get(&format!("/api/v1/audit?record={id}")).expect(200).json;
    let actions: Vec<&str> =
        log["lines"].as_array().unwrap().iter().map(|l| l["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["contact.erased", "contact.updated", "contact.created"], "{log}");
    let alone = server.post("/api/v1/contacts/bulk", &json!({"contacts": [{"name": "Alone"}]}));
    let alone = alone.expect(200).json["results"][0]["id"].as_str().unwrap().to_owned();
    let log = server.get(&format!("/api/v1/audit?record={alone}")).expect(200).json;
    assert_eq!(log["lines"].as_array().unwrap().len(), 1, "{log}");
}

#[test]
fn no_action_hides_contacts_that_nobody_would_see() {
    let server = TestServer::start();
    let jane = user(&server, "jane", "agent", &json!({}));
    let queue = server.post("/api/v1/queues", &json!({"name": "Support"})).expect(201).id();
    let lost = server.create_id(&json!({"name": "Without Queue"}));
    let kept = server.create_id(&json!({"name": "With Queue", "assigned_queue": queue}));
    let action = json!({"type": "set_visibility", "visibility": "queue"});
    let job = server.bulk_action(&json!({"ids": [lost, kept]}), &action);
    assert_eq!((&job["changed"], &job["refused"]), (&json!(1), &json!(1)), "{job}");
    let contact = server.get(&format!("/api/v1/contacts/{lost}")).expect(200).json;
    assert_eq!(contact["visibility"], "all");
    // Nobody but admins would see it any more, whoever asks for that.
    let path = format!("/api/v1/contacts/{lost}");
    let hiding = json!({"visibility": "owner"});
    let refused = server.patch(&path, &hiding).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/visibility");
    assert!(refused.json["errors"][0]["detail"].as_str().unwrap().contains("assigned_to"));
    let new = json!({"name": "Lost", "visibility": "owner"});
    server.post("/api/v1/contacts", &new).expect(422);
    let job = server.bulk_action(
        &json!({"ids": [lost]}),
        &json!({"type": "set_visibility",
        "visibility": "owner"}),
    );
    let told = job["refusals"][0]["detail"].as_str().unwrap();
    assert!(told.contains("/visibility") && told.contains("assigned_to"), "{job}");
    // An agent would not see any more what it has changed.
    let agent = acting_as(&server, &jane, "agent");
    let path = format!("/api/v1/contacts/{lost}");
    let refused = agent.patch(&path, &json!({"visibility": "owner"})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/visibility");
    agent.patch(&path, &json!({"visibility": "owner", "assigned_to": jane})).expect(200);
}
