//! Contacts beside a telephone system: a grid with lists, queues and accounts, import in three steps,
//! and lists by which agents look.

use serde_json::{Value, json};

use super::{colleague, contact, found, to_all};
use crate::people::acting_as;
use crate::support::server::{TestServer, escape};

#[test]
fn selected_contacts_are_listed_tagged_given_to_a_queue_and_deleted() {
    let server = TestServer::start();
    let (jane, joe) = (
        colleague(&server, "Jane", "jane@example.com"),
        colleague(&server, "Joe", "joe@example.com"),
    );
    let queue = json!({"name": "Support", "members": [jane]});
    let queue = server.post("/api/v1/queues", &queue).expect(201).id();
    let ids = ["Ann", "Bob", "Cyd"].map(|name| server.create_id(&json!({"name": name})));
    let list = json!({"name": "Hot leads", "kind": "static"});
    let list = server.post("/api/v1/lists", &list).expect(201).id();
    let two = json!({"ids": [ids[0], ids[1]]});
    assert_eq!(to_all(&server, &two, &json!({"type": "add_to_list", "list": list})), 2);
    assert_eq!(contact(&server, &ids[0])["lists"][0]["name"], "Hot leads");
    // The field is read-only: who belongs to a list is said at the list.
    let path = format!("/api/v1/contacts/{}", ids[0]);
    let refused = server.patch(&path, &json!({"lists": []})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/lists");
    let mut shown = contact(&server, &ids[0]);
    shown["lists"] = json!([]);
    let sent_back = server.patch(&path, &shown).expect(200).json;
    assert_eq!(sent_back["lists"][0]["name"], "Hot leads");
    assert_eq!(to_all(&server, &two, &json!({"type": "add_tags", "tags": ["Fair"]})), 2);
    assert_eq!(to_all(&server, &two, &json!({"type": "assign_to_queue", "queue": queue})), 2);
    let ann = contact(&server, &ids[0]);
    assert_eq!((&ann["visibility"], &ann["assigned_queue"]), (&json!("queue"), &json!(queue)));
    let (jane, joe) = (acting_as(&server, &jane, "agent"), acting_as(&server, &joe, "agent"));
    assert_eq!((found(&jane, "tag:fair"), found(&joe, "tag:fair")), (2, 0));
    joe.get(&path).expect(404);
    assert_eq!(to_all(&server, &json!({"ids": ids}), &json!({"type": "delete"})), 3);
    assert_eq!(found(&server, ""), 0);
}

#[test]
fn the_filter_bar_knows_status_source_account_activities_and_parts_of_tags() {
    let server = TestServer::start();
    let acme = server.post("/api/v1/companies", &json!({"name": "Acme Inc"})).expect(201).id();
    let ann = json!({"name": "Ann", "company_id": acme, "source": "Trade Show",
        "tags": ["renewal-risk"], "timezone": "Europe/Berlin", "language": "de",
        "preferred_channel": "email", "external_crm_id": "SF-1", "external_crm_provider": "Salesforce"});
    let ann = server.create_id(&ann);
    server.create(&json!({"name": "Bob", "status": "inactive", "source": "Referral"}));
    server.create(&json!({"name": "Cyd", "do_not_contact": true}));
    let meeting = json!({"contact_id": ann, "type": "meeting", "subject": "Demo"});
    server.post("/api/v1/activities", &meeting).expect(201);
    for (q, count) in [
        ("status:inactive", 1),
        ("status:do_not_contact", 1),
        ("source:\"Trade Show\"", 1),
        ("company:\"Acme Inc\"", 1),
        ("has:activities", 1),
        ("-has:activities", 2),
        ("tag:*newal*", 1),
        ("external_id:SF-1", 1),
    ] {
        assert_eq!(found(&server, q), count, "{q}");
    }
    let listed = server.get(&format!("/api/v1/contacts?company_id={acme}")).expect(200).json;
    let row = &listed["contacts"][0];
    assert_eq!((&row["company"], &row["counts"]["activities"]), (&json!("Acme Inc"), &json!(1)));
    // The badge leads to everything in the order of time.
    let talk = json!({"contact_id": ann, "channel": "chat", "subject": "Order 17"});
    let talk = server.post("/api/v1/conversations", &talk).expect(201).id();
    let message = json!({"conversation_id": talk, "direction": "in", "text": "Hello"});
    server.post("/api/v1/messages", &message).expect(201);
    let events = server.get(&format!("/api/v1/contacts/{ann}/timeline")).expect(200).json;
    let types: Vec<&Value> =
        events["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert!(types.contains(&&json!("meeting")) && types.contains(&&json!("message")), "{types:?}");
    server.get(&format!("/api/v1/conversations/{talk}")).expect(200);
}

#[test]
fn both_names_are_required_and_an_owner_alone_sees_what_is_for_the_owner() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"required_fields": "s4"})).expect(200);
    let refused = server.post("/api/v1/contacts", &json!({"first_name": "Ann"})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/last_name");
    let (jane, joe) = (
        colleague(&server, "Jane", "jane@example.com"),
        colleague(&server, "Joe", "joe@example.com"),
    );
    let own = json!({"first_name": "Ann", "last_name": "Archer", "visibility": "owner",
        "assigned_to": jane});
    let id = server.create_id(&own);
    let path = format!("/api/v1/contacts/{id}");
    acting_as(&server, &jane, "agent").get(&path).expect(200);
    acting_as(&server, &joe, "agent").get(&path).expect(404);
}

#[test]
fn an_import_is_uploaded_mapped_tried_kept_as_a_template_and_its_failures_are_fetched() {
    let server = TestServer::start();
    let base = "/api/crm-contacts/default";
    let csv = "FName|given_family|Mail|Groups|Which\n\
        John|Doe|john@example.com|VIP;New|Leads\nJane|Roe|jane@example.com||Partners\n\
        Bad|Row|not an address||\n";
    let shown =
        server.post(&format!("{base}/import-preview"), &json!({"csv": csv})).expect(200).json;
    assert_eq!(shown["header"][0], "FName");
    assert_eq!(shown["sample_rows"][0][0], "John");
    let mapping = json!({"FName": "first_name", "given_family": "last_name", "Mail": "email",
        "Groups": "_tag", "Which": "_list"});
    let template = json!({"name": "Fair", "mapping_json": mapping.to_string()});
    server.post("/api/crm-import-maps/default", &template).expect(201);
    let body = |dry_run: bool| {
        json!({"csv": csv, "mapping_json": mapping, "match_keys": ["email"],
        "on_duplicate": "update", "list_mode": "per_row", "dry_run": dry_run})
    };
    let trial = server.post(&format!("{base}/import"), &body(true)).expect(200).json;
    assert_eq!(found(&server, ""), 0, "a dry run writes nothing");
    let done = server.post(&format!("{base}/import"), &body(false)).expect(200).json;
    assert_eq!((&done["imported"], &done["errors"]), (&trial["imported"], &trial["errors"]));
    assert_eq!(found(&server, "list:leads tag:vip"), 1);
    assert_eq!(found(&server, "list:partners"), 1);
    let again = server.post(&format!("{base}/import"), &body(false)).expect(200).json;
    assert_eq!(again["imported"], 0, "{again}");
    let maps = server.get("/api/crm-import-maps/default").expect(200).json;
    assert_eq!(maps["total"], 1, "{maps}");
}

#[test]
fn an_agent_looks_through_a_list_by_letter_page_and_words() {
    let server = TestServer::start();
    let mut ids = Vec::new();
    for at in 0..26_u8 {
        let letter = char::from(b'A' + at);
        let body = json!({"name": format!("{letter}nna Tester"), "tags": ["x"]});
        ids.push(server.create_id(&body));
    }
    server.create(&json!({"name": "Manna Outside"}));
    let list = json!({"name": "Callers", "kind": "static"});
    let list = server.post("/api/v1/lists", &list).expect(201).id();
    let members = json!({"ids": ids});
    server.json("PUT", &format!("/api/v1/lists/{list}/members"), &[], &members).expect(200);
    let dynamic = json!({"name": "Tagged", "kind": "dynamic", "q": "tag:x"});
    server.post("/api/v1/lists", &dynamic).expect(201);
    let lists = server.get("/api/v1/lists?sort=name").expect(200).json;
    let counts: Vec<&Value> =
        lists["items"].as_array().unwrap().iter().map(|list| &list["count"]).collect();
    assert_eq!(counts, [26, 26], "{lists}");
    let page = |query: &str| {
        let path = format!("/api/v1/contacts?refresh=wait&sort=name&{query}");
        server.get(&path).expect(200)
    };
    for name in ["Callers", "Tagged"] {
        let scope = format!("list={}", escape(name));
        assert_eq!(page(&scope).json["total"], 26);
        assert_eq!(page(&format!("{scope}&start=M&per_page=1")).names(), ["Mnna Tester"], "{name}");
        let second = page(&format!("{scope}&per_page=10&page=3"));
        assert_eq!(second.names().len(), 6);
        assert_eq!(page(&format!("{scope}&q=mnna")).names(), ["Mnna Tester"]);
    }
    assert_eq!(page("").json["total"], 27, "all contacts");
}
