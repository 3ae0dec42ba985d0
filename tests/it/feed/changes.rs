//! `GET /api/v1/changes`.

use serde_json::{Value, json};

use super::{agents, now, since, told};
use crate::imports::import;
use crate::support::server::TestServer;

#[test]
fn what_happens_is_told_in_order_and_once() {
    let server = TestServer::start();
    let place = now(&server);
    let ann = server.create_id(&json!({"name": "Ann", "phone": "+12025550170"}));
    let own = format!("/api/v1/contacts/{ann}");
    server.patch(&own, &json!({"title": "CEO"})).expect(200);
    let call = json!({"call_id": "1", "number": "+12025550170", "status": "COMPLETED"});
    let call = server.post("/api/v1/calls", &call).expect(201).id();
    let task = json!({"title": "Ring back", "contact_id": ann});
    let task = server.post("/api/v1/tasks", &task).expect(201).id();
    server.delete(&format!("/api/v1/tasks/{task}")).expect(204);
    server.delete(&own).expect(204);
    server.post(&format!("{own}/restore"), &json!({})).expect(200);
    let events = since(&server, &place);
    assert_eq!(
        told(&events),
        [
            ("contact.created", ann.as_str()),
            ("contact.updated", &ann),
            ("call.created", &call),
            ("task.created", &task),
            ("task.deleted", &task),
            ("contact.deleted", &ann),
            ("contact.restored", &ann),
        ]
    );
    // Told is what is there now.
    assert_eq!(events[0]["data"]["title"], "CEO");
    assert_eq!(events[2]["data"]["contact_id"], json!(ann));
    assert_eq!((&events[4]["gone"], &events[4]["data"]), (&json!(true), &Value::Null));
    // From each event on there is what comes behind it.
    let behind = since(&server, events[2]["id"].as_str().unwrap());
    assert_eq!(told(&behind), told(&events[3..]));
    assert_eq!(told(&since(&server, "0")), told(&events));
    let named = server.get(&format!("/api/v1/changes?since={place}&events=call.*,contact.updated"));
    let named = named.expect(200).json;
    let named: Vec<_> = named["events"].as_array().unwrap().iter().map(|e| &e["event"]).collect();
    assert_eq!(named, ["contact.updated", "call.created"]);

    let server = server.restart();
    assert_eq!(told(&since(&server, &place)), told(&events), "a place outlives a restart");
    server.delete(&format!("{own}?permanent=true&cascade=true")).expect(204);
    let erased = since(&server, events[6]["id"].as_str().unwrap());
    assert!(told(&erased).contains(&("contact.erased", &ann)), "{erased:?}");
    assert!(!serde_json::to_string(&since(&server, "0")).unwrap().contains("CEO"));
}

#[test]
fn many_at_once_come_page_by_page() {
    let server = TestServer::start();
    let place = now(&server);
    let rows: Vec<String> = (0..1_200).map(|at| format!("Person {at},+1202{at:07}")).collect();
    let rows = rows.join("\n");
    import(&server, format!("name,phone\n{rows}").as_bytes(), &json!({}));
    let events = since(&server, &place);
    let created = events.iter().filter(|event| event["event"] == "contact.created");
    let names: std::collections::BTreeSet<_> =
        created.map(|event| event["data"]["display_name"].to_string()).collect();
    assert_eq!(names.len(), 1_200);
    let page = server.get(&format!("/api/v1/changes?since={place}&limit=1")).expect(200).json;
    assert_eq!(page["has_more"], true);
    assert!(page["events"].as_array().unwrap().len() < 1_200);
}

#[test]
fn who_does_not_see_a_contact_is_told_nothing_and_who_saw_it_that_it_is_gone() {
    let server = TestServer::start();
    let (outside, inside, queue) = agents(&server);
    let (from_outside, from_inside) = (now(&outside), now(&inside));
    let hidden = server
        .create_id(&json!({"name": "Hidden", "visibility": "queue", "assigned_queue": queue}));
    server.post("/api/v1/notes", &json!({"text": "secret", "contact_id": hidden})).expect(201);
    assert_eq!(told(&since(&outside, &from_outside)), []);
    let seen = since(&inside, &from_inside);
    assert_eq!(told(&seen)[0], ("contact.created", hidden.as_str()));
    assert_eq!(seen.len(), 2);

    // It comes into view of everybody, and leaves it again.
    let own = format!("/api/v1/contacts/{hidden}");
    server.patch(&own, &json!({"visibility": "all"})).expect(200);
    let before = now(&outside);
    let shown = since(&outside, &from_outside);
    assert!(told(&shown).contains(&("contact.updated", &hidden)), "{shown:?}");
    server.patch(&own, &json!({"visibility": "queue"})).expect(200);
    let gone = since(&outside, &before);
    assert_eq!(told(&gone), [("contact.gone", hidden.as_str())]);
    assert_eq!((&gone[0]["gone"], &gone[0]["data"]), (&json!(true), &Value::Null));
    let after = now(&outside);
    // What happens to it from now on is nobody's business outside.
    server.patch(&own, &json!({"title": "x"})).expect(200);
    server.post("/api/v1/tasks", &json!({"title": "t", "contact_id": hidden})).expect(201);
    server.delete(&format!("{own}?permanent=true&cascade=true")).expect(204);
    assert_eq!(told(&since(&outside, &after)), []);
    let last = since(&inside, &from_inside);
    assert!(told(&last).contains(&("contact.erased", &hidden)), "{last:?}");
    // All in all nobody learns afterwards what it was.
    let all = serde_json::to_string(&since(&outside, &from_outside)).unwrap();
    assert!(!all.contains("Hidden") && !all.contains("secret"), "{all}");
}

#[test]
fn places_that_lead_nowhere_are_refused() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ann"}));
    let other = server.organization("second");
    let (outside, inside, _) = agents(&server);
    for wrong in ["nowhere", "1-2", "1-2-3-4", "x-1-1", "0-0x-0", "-1", "%00"] {
        let refused = server.get(&format!("/api/v1/changes?since={wrong}")).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], "/since", "{wrong}");
    }
    server.get("/api/v1/changes?since=0&limit=0").expect(422);
    let place = now(&server);
    let parts: Vec<&str> = place.split('-').collect();
    let foreign = format!("{:08x}-{}-{}", 7, parts[1], parts[2]);
    let future = format!("{}-{}-{}", parts[0], u64::MAX, parts[2]);
    for gone in [foreign, future] {
        let refused = server.get(&format!("/api/v1/changes?since={gone}")).expect(410);
        assert_eq!(refused.code(), "changes_gone", "{gone}");
    }
    // A place is of who got it: others see something else.
    let refused = outside.get(&format!("/api/v1/changes?since={}", now(&inside))).expect(410);
    assert_eq!(refused.code(), "changes_gone");
    let of_agent = now(&outside);
    let id = server.get("/api/v1/users").json["users"][1]["id"].as_str().unwrap().to_owned();
    let queue = json!({"name": "New", "members": [id]});
    server.post("/api/v1/queues", &queue).expect(201);
    let all =
        [&outside, &inside].map(|one| one.get(&format!("/api/v1/changes?since={of_agent}")).status);
    assert!(all.contains(&410), "{all:?}");
    assert_eq!(told(&since(&other, "0")), []);
    server.role("lookup").get("/api/v1/changes").expect(403);
}

#[test]
fn of_what_was_merged_it_is_told_what_stands_for_it() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann", "phone": "+12025550170"}));
    let anna = server.create_id(&json!({"name": "Anna", "phone": "+12025550171"}));
    let place = now(&server);
    let merge = json!({"primary": ann, "others": [anna]});
    server.post("/api/v1/contacts/merge", &merge).expect(200);
    let [first, second] = ["Acme", "Acme Ltd"]
        .map(|name| server.post("/api/v1/companies", &json!({"name": name})).expect(201).id());
    let merge = json!({"others": [second]});
    server.post(&format!("/api/v1/companies/{first}/merge"), &merge).expect(200);
    let events = since(&server, &place);
    for (gone, into) in [(&anna, &ann), (&second, &first)] {
        let event = events.iter().rfind(|event| event["record_id"] == json!(gone)).unwrap();
        assert_eq!(
            (&event["gone"], &event["merged_into"]),
            (&json!(true), &json!(into)),
            "{events:?}"
        );
    }
    // Once that is deleted too, there is nowhere to go.
    server.delete(&format!("/api/v1/contacts/{ann}")).expect(204);
    let events = since(&server, &place);
    let event = events.iter().find(|event| event["record_id"] == json!(anna)).unwrap();
    assert!(event.get("merged_into").is_none(), "{event}");
}
