//! The timeline of a contact: records and changes in one order, page by page, as far as one sees.

use serde_json::{Value, json};

use crate::support::server::TestServer;

fn types(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect()
}

#[test]
fn records_and_changes_of_a_contact_are_told_in_one_order() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann", "phone": "+12025550123"}));
    let own = format!("/api/v1/contacts/{contact}");
    server.patch(&own, &json!({"tags": ["vip"]})).expect(200);
    server.patch(&own, &json!({"title": "Boss", "company": "Acme"})).expect(200);
    let post = |noun: &str, mut body: Value| {
        body["contact_id"] = json!(contact);
        server.post(&format!("/api/v1/{noun}"), &body).expect(201).id()
    };
    let deal = post("deals", json!({"title": "200 seats"}));
    server.patch(&format!("/api/v1/deals/{deal}"), &json!({"status": "won"})).expect(200);
    post("notes", json!({"text": "Prefers e-mail\nreally"}));
    post("activities", json!({"type": "meeting", "occurred_at": "2020-01-01T00:00:00Z"}));
    let path = format!("{own}/timeline");
    let all = server.get(&path).expect(200).json;
    let told = types(&all);
    let mut sorted = told.clone();
    sorted.sort_unstable();
    let each = ["created", "deal_created", "deal_won", "field_change", "meeting", "note", "tag"];
    assert_eq!(sorted, each, "{all}");
    assert_eq!(told.last(), Some(&"meeting"), "{all}");
    let times: Vec<&str> = all["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["occurred_at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{all}");
    let event = |kind: &str| &all["events"][told.iter().position(|one| *one == kind).unwrap()];
    assert_eq!(event("note")["title"], "Prefers e-mail");
    assert_eq!(event("note")["record"]["kind"], "note");
    let change = event("field_change");
    assert_eq!(change["changes"].as_array().unwrap().len(), 2, "{change}");
    assert_eq!(all["next_cursor"], Value::Null);
    let ascending = server.get(&format!("{path}?order=asc")).expect(200).json;
    let mut backwards = told.clone();
    backwards.reverse();
    assert_eq!(types(&ascending), backwards);
    let some = server.get(&format!("{path}?type=note,meeting")).expect(200).json;
    assert_eq!(types(&some), ["note", "meeting"]);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{path}?per_page=2&cursor={cursor}")).expect(200).json;
        paged.extend(types(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(paged, told);
    for query in ["order=sideways", "per_page=0", "per_page=501", "cursor=xx"] {
        server.get(&format!("{path}?{query}")).expect(422);
    }
    let second = server.organization("second");
    second.get(&path).expect(404);
}

#[test]
fn a_timeline_holds_that_of_who_was_merged_into_the_contact() {
    let server = TestServer::start();
    let one = server.create_id(&json!({"name": "Ann Smith"}));
    let two = server.create_id(&json!({"name": "Ann Smith"}));
    server.post("/api/v1/tasks", &json!({"title": "Call", "contact_id": two})).expect(201);
    let merge = json!({"primary": one, "others": [two]});
    let merge = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    let path = format!("/api/v1/contacts/{one}/timeline");
    let merged = server.get(&path).expect(200).json;
    let count = |page: &Value, kind: &str| types(page).iter().filter(|one| **one == kind).count();
    assert_eq!((count(&merged, "task"), count(&merged, "created")), (1, 2), "{merged}");
    let undo = format!("/api/v1/merges/{}/undo", merge["merge_id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(200);
    let undone = server.get(&path).expect(200).json;
    assert_eq!((count(&undone, "task"), count(&undone, "created")), (0, 1), "{undone}");
}

#[test]
fn pages_of_a_long_timeline_are_those_of_the_whole_in_both_orders_and_by_type() {
    let server = TestServer::start();
    let one = server.create_id(&json!({"name": "Ann Smith"}));
    let two = server.create_id(&json!({"name": "Ann Smith"}));
    for at in 0..60_u32 {
        let contact = if at % 3 == 0 { &two } else { &one };
        // Many at the same moment, and none in the order of their making.
        let when = format!("2026-01-{:02}T00:00:00Z", (at * 7) % 10 + 1);
        let (noun, body) = match at % 4 {
            0 => ("calls", json!({"status": "MISSED", "started_at": when})),
            1 => ("activities", json!({"type": "meeting", "occurred_at": when})),
            2 => ("tasks", json!({"title": "Do", "due_at": when})),
            _ => ("deals", json!({"title": "Deal", "status": "won"})),
        };
        let mut body = body;
        body["contact_id"] = json!(contact);
        server.post(&format!("/api/v1/{noun}"), &body).expect(201);
    }
    server.post("/api/v1/contacts/merge", &json!({"primary": one, "others": [two]})).expect(200);
    let path = format!("/api/v1/contacts/{one}/timeline");
    let whole = server.get(&format!("{path}?per_page=500")).expect(200).json;
    let whole: Vec<Value> = whole["events"].as_array().unwrap().clone();
    assert_eq!(whole.len(), 60 + 15 + 2 + 2, "deals tell twice, and contacts were made and merged");
    let place = |event: &Value| {
        (
            event["occurred_at"].as_str().unwrap().to_owned(),
            event["id"].as_str().unwrap().to_owned(),
        )
    };
    let mut sorted = whole.clone();
    sorted.sort_by_key(|event| std::cmp::Reverse(place(event)));
    assert_eq!(whole, sorted);
    for (order, types) in
        [("desc", ""), ("asc", ""), ("asc", "deal_created,task"), ("desc", "deal_won,call,merge")]
    {
        let mut expected = whole.clone();
        if order == "asc" {
            expected.reverse();
        }
        expected
            .retain(|event| types.is_empty() || types.split(',').any(|one| event["type"] == one));
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = format!("order={order}&type={types}&per_page=7&cursor={cursor}");
            let page = server.get(&format!("{path}?{query}")).expect(200).json;
            paged.extend(page["events"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(paged, expected, "{order} {types}");
    }
}
