//! Calls: what the telephone system tells of them, late, twice and out of order, and whose they are.

use serde_json::{Value, json};

use crate::imports::import;
use crate::support::server::{Answer, TestServer};

fn news(server: &TestServer, body: &Value) -> Answer {
    server.post("/api/v1/calls", body)
}

fn contact(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/api/v1/contacts/{id}")).expect(200).json
}

#[test]
fn a_call_goes_on_by_news_of_it_and_is_told_by_its_contact() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann Smith", "phone": "+12025550170"}));
    let body = json!({"call_id": "a.1", "number": "(202) 555-0170", "direction": "in",
        "started_at": "2026-05-01T10:00:00Z", "queue": "Sales"});
    let begun = news(&server, &body).expect(201).json;
    assert_eq!((&begun["status"], &begun["contact_id"]), (&json!("INITIATED"), &json!(ann)));
    assert_eq!(begun["e164"], "+12025550170");
    let taken = json!({"call_id": "a.1", "status": "CONNECTED", "agent": "Extension 7",
        "answered_at": "2026-05-01T10:00:10Z"});
    assert_eq!(news(&server, &taken).expect(200).json["id"], begun["id"]);
    let ended =
        json!({"call_id": "a.1", "status": "COMPLETED", "ended_at": "2026-05-01T10:03:15Z"});
    let ended = news(&server, &ended).expect(200).json;
    assert_eq!((&ended["duration_s"], &ended["outcome"]), (&json!(185), &json!("completed")));
    assert_eq!((&ended["queue"], &ended["agent"]), (&json!("Sales"), &json!("Extension 7")));

    let shown = contact(&server, &ann);
    assert_eq!(shown["total_calls"], 1);
    assert_eq!(shown["last_call"]["outcome"], "completed");
    assert_eq!(shown["last_call"]["at"], "2026-05-01T10:00:00.000Z");
    assert_eq!(shown["last_called_at"], "2026-05-01T10:00:00.000Z");
    let found = server.lookup("+12025550170", "");
    assert_eq!(found["results"][0]["last_call"]["outcome"], "completed", "{found}");
    assert_eq!(found["results"][0]["last_call"]["direction"], "in", "{found}");
    assert_eq!(server.search("last_called:2026-05-01", "").names(), ["Ann Smith"]);
    let line = server.get(&format!("/api/v1/contacts/{ann}/timeline?type=call")).json;
    assert_eq!(line["events"][0]["title"], "Incoming call, completed, 3:05 min");

    // After the call somebody writes down what was said.
    let own = format!("/api/v1/calls/{}", begun["id"].as_str().unwrap());
    server.patch(&own, &json!({"notes": "Wants a quote", "outcome": "voicemail"})).expect(200);
    assert_eq!(contact(&server, &ann)["last_call_outcome"], "voicemail");
    let server = server.restart();
    assert_eq!(contact(&server, &ann)["last_call_outcome"], "voicemail");
    assert_eq!(server.get("/api/v1/calls?q=quote").json["total"], 1);
}

#[test]
fn news_may_come_late_and_twice_and_no_call_comes_back_from_where_it_has_ended() {
    let server = TestServer::start();
    let ended = json!({"call_id": "b", "number": "+12025550171", "status": "COMPLETED",
        "started_at": "2026-05-01T10:00:00Z", "ended_at": "2026-05-01T10:05:00Z"});
    let id = news(&server, &ended).expect(201).id();
    let own = format!("/api/v1/calls/{id}");
    let again = news(&server, &ended).expect(200).json;
    assert_eq!(again["version"], 1, "the same twice changes nothing");
    // The news of the answer was overtaken by that of the end.
    let late =
        json!({"call_id": "b", "status": "CONNECTED", "answered_at": "2026-05-01T10:01:00Z"});
    let late = news(&server, &late).expect(200).json;
    assert_eq!((&late["status"], &late["duration_s"]), (&json!("COMPLETED"), &json!(240)));
    for status in ["INITIATED", "CONNECTED", "MISSED", "FAILED"] {
        let refused = server.patch(&own, &json!({"status": status})).expect(409);
        assert_eq!(refused.code(), "impossible_step", "{status}");
    }
    let refused = news(&server, &json!({"call_id": "b", "status": "INITIATED"})).expect(409);
    assert_eq!(refused.code(), "impossible_step");
    let refused = server.patch(&own, &json!({"ended_at": "2026-01-01T00:00:00Z"})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/ended_at");
    for wrong in [
        json!({"status": "RINGING"}),
        json!({"direction": "sideways"}),
        json!({"duration_s": -1}),
        json!({"recording_url": "file:///etc/passwd"}),
        json!({"call_id": "x".repeat(251)}),
    ] {
        let pointer = format!("/{}", wrong.as_object().unwrap().keys().next().unwrap());
        let refused = news(&server, &wrong).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer);
    }
    assert_eq!(server.get("/api/v1/calls").json["total"], 1);
    let other = news(&server, &json!({"call_id": "c"})).expect(201).id();
    let refused = server.patch(&format!("/api/v1/calls/{other}"), &json!({"call_id": "b"}));
    assert_eq!(refused.expect(409).code(), "name_taken");
    // What is deleted is called nothing.
    server.delete(&own).expect(204);
    server.patch(&format!("/api/v1/calls/{other}"), &json!({"call_id": "b"})).expect(200);
    server.post(&format!("{own}/restore"), &json!({})).expect(409);
}

#[test]
fn many_at_once_make_one_call() {
    let server = TestServer::start();
    let ids = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|at| {
                let server = &server;
                scope.spawn(move || {
                    let body = json!({"call_id": "same", "notes": format!("Note {at}")});
                    let answer = news(server, &body);
                    assert!([200, 201].contains(&answer.status), "{}", answer.status);
                    (answer.status, answer.id())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(ids.iter().all(|(_, id)| *id == ids[0].1), "{ids:?}");
    assert_eq!(ids.iter().filter(|(status, _)| *status == 201).count(), 1, "{ids:?}");
    assert_eq!(server.get("/api/v1/calls").json["total"], 1);
}

#[test]
fn calls_of_a_number_that_nobody_has_become_those_of_who_gets_it() {
    let server = TestServer::start();
    let call = |id: &str, number: &str| {
        let body = json!({"call_id": id, "number": number, "status": "MISSED"});
        news(&server, &body).expect(201).json
    };
    let missed = call("1", "+1 202 555 0180");
    assert!(missed["contact_id"].is_null(), "{missed}");
    call("2", "2025550180");
    call("3", "+12025550181");
    call("4", "anonymous");
    assert_eq!(server.get("/api/v1/calls?contact_id=none").json["total"], 4);
    let ann = server.create(&json!({"name": "Ann", "phone": "+12025550180"}));
    assert_eq!(ann["counts"]["calls"], 2, "{ann}");
    assert_eq!(server.get("/api/v1/calls?contact_id=none").json["total"], 2);
    let id = ann["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/api/v1/calls?contact_id={id}")).json["total"], 2);
    // A number that is added later counts as well, and what was linked once is not linked again.
    let own = format!("/api/v1/contacts/{id}");
    let numbers = json!({"phones": ["+12025550180", "+12025550181"]});
    server.patch(&own, &numbers).expect(200);
    assert_eq!(contact(&server, id)["total_calls"], 3);
    let one = server.get(&format!("/api/v1/calls?contact_id={id}")).json["items"][0].clone();
    let of_nobody = format!("/api/v1/calls/{}", one["id"].as_str().unwrap());
    let unlinked = server.patch(&of_nobody, &json!({"contact_id": null})).expect(200).json;
    assert!(unlinked["contact_id"].is_null(), "{unlinked}");
    server.patch(&of_nobody, &json!({"contact_id": id})).expect(200);
    let long = json!({"status": "COMPLETED", "duration_s": 1_000_000_000_000_000_u64});
    news(&server, &long).expect(422);

    // A contact that is deleted for good leaves its calls, of which it was told before.
    let impact = server.get(&format!("{own}/delete-impact")).expect(200).json;
    assert_eq!(impact["calls_kept"], 3, "{impact}");
    server.delete(&format!("{own}?permanent=true")).expect(204);
    assert_eq!(server.get("/api/v1/calls?contact_id=none").json["total"], 4);
    let bea = server.create(&json!({"name": "Bea", "phone": "+12025550181"}));
    assert_eq!(bea["counts"]["calls"], 1, "{bea}");
    let server = server.restart();
    assert_eq!(contact(&server, bea["id"].as_str().unwrap())["counts"]["calls"], 1);
}

#[test]
fn imported_contacts_get_the_calls_of_their_numbers_and_tenants_stay_apart() {
    let server = TestServer::start();
    let other = server.organization("other");
    let body = json!({"call_id": "1", "number": "+12025550180", "status": "MISSED"});
    news(&server, &body).expect(201);
    let foreign = other.post("/api/v1/calls", &body).expect(201).id();
    let csv = b"name,phone\nAnn,+12025550180\n";
    import(&server, csv, &json!({}));
    let found = server.lookup("+12025550180", "");
    assert_eq!(found["results"][0]["last_call"]["outcome"], "no-answer", "{found}");
    let theirs = other.get(&format!("/api/v1/calls/{foreign}")).expect(200).json;
    assert!(theirs["contact_id"].is_null(), "{theirs}");
    server.get(&format!("/api/v1/calls/{foreign}")).expect(404);
}

#[test]
fn who_called_last_is_found_first_among_those_who_share_a_number() {
    let server = TestServer::start();
    let mut ids = Vec::new();
    for name in ["Ann", "Bea", "Cat"] {
        ids.push(server.create_id(&json!({"name": name, "phone": "+12025550170"})));
    }
    let body = json!({"number": "+12025550170", "contact_id": ids[2], "status": "COMPLETED"});
    news(&server, &body).expect(201);
    let found = server.lookup("+12025550170", "");
    assert_eq!(found["results"][0]["display_name"], "Cat", "{found}");
    // A form that was opened before the call is saved as it is.
    let form = contact(&server, &ids[2]);
    let body = json!({"number": "+12025550170", "contact_id": ids[2], "status": "MISSED"});
    news(&server, &body).expect(201);
    let saved = server.patch(&format!("/api/v1/contacts/{}", ids[2]), &form).expect(200).json;
    assert_eq!(saved["version"], form["version"], "nothing was changed in it");
    assert_eq!(saved["total_calls"], 2);
    // The next one is taken for the same person.
    let next = news(&server, &json!({"number": "+12025550170"})).expect(201).json;
    assert_eq!(next["contact_id"], json!(ids[2]));
}

#[test]
fn who_was_missed_and_not_spoken_to_since_waits_to_be_called_back() {
    let server = TestServer::start();
    let agent = server.role("agent");
    let ann = server.create_id(&json!({"name": "Ann", "phone": "+12025550170"}));
    let hidden = json!({"name": "Hid", "phone": "+12025550173", "visibility": "owner",
        "assigned_to": server.owner()});
    server.create_id(&hidden);
    let call = |number: &str, direction: &str, status: &str| {
        let body = json!({"number": number, "direction": direction, "status": status});
        news(&server, &body).expect(201).id()
    };
    call("+12025550170", "in", "MISSED");
    call("+12025550171", "in", "MISSED");
    call("+12025550172", "in", "MISSED");
    call("+12025550173", "in", "MISSED");
    let last = call("202 555 0170", "in", "MISSED");
    call("+12025550171", "out", "COMPLETED");
    call("+12025550172", "in", "COMPLETED");
    call("+12025550172", "in", "MISSED");
    let path = "/api/v1/calls/callbacks";
    let waiting = server.get(path).expect(200).json;
    assert_eq!(waiting["total"], 3, "{waiting}");
    let names: Vec<&Value> =
        waiting["items"].as_array().unwrap().iter().map(|one| &one["display_name"]).collect();
    assert_eq!(names, [&json!(null), &json!("Ann"), &json!("Hid")], "{waiting}");
    let of_ann = &waiting["items"][1];
    assert_eq!((&of_ann["missed"], &of_ann["call"]), (&json!(2), &json!(last)));
    assert_eq!(of_ann["contact_id"], json!(ann));
    assert_eq!(waiting["items"][0]["missed"], 1, "what was before they spoke is settled");
    let seen = agent.get(path).expect(200).json;
    assert_eq!(seen["total"], 2, "{seen}");
    assert_eq!(server.organization("other").get(path).expect(200).json["total"], 0);
    // Trying to reach somebody is not speaking to them.
    call("+12025550170", "out", "MISSED");
    assert_eq!(server.get(path).expect(200).json["total"], 3);
    // Long ago is asked for, and bounded.
    let old = json!({"number": "+12025550175", "status": "MISSED", "direction": "in",
        "started_at": "2020-01-01T00:00:00Z"});
    news(&server, &old).expect(201);
    assert_eq!(server.get(path).expect(200).json["total"], 3);
    for query in ["hours=0", "hours=745", "hours=x"] {
        server.get(&format!("{path}?{query}")).expect(422);
    }
    server.get(&format!("{path}?hours=1")).expect(200);
}

#[test]
fn who_sees_numbers_masked_sees_them_masked_in_calls_and_conversations() {
    let server = TestServer::start();
    let agent = server.role("agent");
    let rules = json!({"field_visibility":
        {"phones": {"agent": "masked"}, "emails": {"agent": "hidden"}}});
    server.patch("/api/v1/settings", &rules).expect(200);
    let ann = server.create_id(&json!({"name": "Ann", "phone": "+12025550170"}));
    let call = json!({"number": "+12025550170", "status": "MISSED"});
    let call = news(&server, &call).expect(201).id();
    let mail = json!({"contact_id": ann, "channel": "email", "identifier": "ann@example.com"});
    let mail = server.post("/api/v1/conversations", &mail).expect(201).id();
    let own = format!("/api/v1/calls/{call}");
    let seen = agent.get(&own).expect(200).json;
    for text in [
        seen.to_string(),
        agent.get("/api/v1/calls").json.to_string(),
        agent.get(&format!("/api/v1/conversations/{mail}")).json.to_string(),
        agent.get("/api/v1/conversations").json.to_string(),
    ] {
        assert!(!text.contains("12025550170") && !text.contains("ann@example"), "{text}");
    }
    for query in ["number=%2B12025550170", "e164=%2B12025550170", "sort=number"] {
        agent.get(&format!("/api/v1/calls?{query}")).expect(403);
    }
    assert_eq!(agent.get("/api/v1/calls?q=2025550170").json["total"], 0);
    // What is sent back as it is shown stays what it is.
    let mut changed = seen;
    changed["notes"] = json!("Asked for tea");
    agent.patch(&own, &changed).expect(200);
    let whole = server.get(&own).expect(200).json;
    assert_eq!(
        (&whole["number"], &whole["notes"]),
        (&json!("+12025550170"), &json!("Asked for tea"))
    );
}

#[test]
fn calls_of_internal_and_short_numbers_find_who_has_them_now_or_later() {
    let server = TestServer::start();
    let call = |number: &str| {
        let body = json!({"number": number, "direction": "in", "status": "MISSED"});
        news(&server, &body).expect(201).json
    };
    let early = call("204");
    assert_eq!((&early["internal_number"], &early["e164"]), (&json!("204"), &Value::Null));
    assert!(early["contact_id"].is_null());
    let unknown = call("020 5550170");
    call("\"Desk\" <sip:305@pbx.example.com>");
    call("anonymous");
    call("7");
    // Saved later.
    let ann = server.create(&json!({"name": "Ann", "phone": "204"}));
    assert_eq!(ann["counts"]["calls"], 1, "{ann}");
    let id = ann["id"].as_str().unwrap();
    server.patch(&format!("/api/v1/contacts/{id}"), &json!({"phones": ["204", "305"]})).expect(200);
    assert_eq!(contact(&server, id)["total_calls"], 2);
    // Known already.
    assert_eq!(call("204")["contact_id"], json!(id));
    let found = server.lookup("204", "");
    assert_eq!(found["results"][0]["last_call"]["outcome"], "no-answer", "{found}");
    // A number whose country nobody knew becomes that of who has it, with or without a country.
    let bea = server.create_id(&json!({"name": "Bea", "phone": "+44205550170"}));
    let of_bea = server.get(&format!("/api/v1/calls?contact_id={bea}")).json;
    assert_eq!(of_bea["items"][0]["id"], unknown["id"], "{of_bea}");
    // The end of somebody's number is not an internal one.
    server.create(&json!({"name": "Cat", "phone": "+12025550007"}));
    assert_eq!(server.get("/api/v1/calls?contact_id=none").json["total"], 2);
    let server = server.restart();
    assert_eq!(contact(&server, id)["total_calls"], 3);
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
    let masked = json!({"field_visibility": {"phones": {"agent": "hidden"}}});
    server.patch("/api/v1/settings", &masked).expect(200);
    let seen = server.role("agent").get(&format!("/api/v1/calls?contact_id={id}")).expect(200);
    for call in seen.json["items"].as_array().unwrap() {
        for field in ["number", "e164", "internal_number"] {
            assert_eq!(call[field], Value::Null, "{call}");
        }
    }
}

#[test]
fn a_call_says_with_whom_it_is() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    for body in [json!({}), json!({"status": "MISSED", "notes": "x"})] {
        let refused = server.post("/api/v1/calls", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/number", "{}", refused.json);
    }
    for body in [
        json!({"number": "+12025550123"}),
        json!({"call_id": "withheld.1"}),
        json!({"contact_id": contact, "direction": "out"}),
    ] {
        server.post("/api/v1/calls", &body).expect(201);
    }
}
