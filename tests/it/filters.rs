//! Filters as trees and saved searches: wherever contacts are selected they mean the same.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer, escape};

fn deals(server: &Client) {
    for (key, kind) in
        [("Account Value", "decimal"), ("Renewal", "date"), ("Products", "multi_select")]
    {
        let mut body = json!({"key": key, "label": key, "type": kind});
        if kind == "multi_select" {
            body["options"] = json!(["Voice", "Chat", "Mail"]);
        }
        server.post("/api/v1/custom-fields", &body).expect(201);
    }
    for (name, tags, value, renewal, products) in [
        ("Ada Byron", json!(["vip"]), 80_000.5, "2026-03-01", json!(["Voice"])),
        ("Bob Stone", json!(["vip", "gold"]), 20_000.0, "2026-09-30", json!(["Voice", "Chat"])),
        ("Cyd Moss", json!([]), 50_000.0, "2027-01-15", json!(["Mail"])),
    ] {
        server.create(&json!({"name": name, "tags": tags, "custom_fields":
            {"Account Value": value, "Renewal": renewal, "Products": products}}));
    }
}

fn names(answer: &Value) -> Vec<String> {
    let contacts = answer["contacts"].as_array().unwrap();
    contacts.iter().map(|one| one["display_name"].as_str().unwrap().to_owned()).collect()
}

/// What a filter selects, by each way to ask.
fn selected(server: &Client, filter: &Value) -> Vec<String> {
    let body = json!({"filter": filter, "sort": "name", "refresh": "wait"});
    let posted = names(&server.post("/api/v1/contacts/search", &body).expect(200).json);
    let text = escape(&filter.to_string());
    let path = format!("/api/v1/contacts?sort=name&filter={text}");
    assert_eq!(names(&server.get(&path).expect(200).json), posted, "{filter}");
    let path = format!("/api/v1/contacts/export?format=jsonl&filter={text}");
    // Everybody is not exported by a filter that says nothing.
    if *filter == json!({}) {
        server.get(&path).expect(422);
        return posted;
    }
    let export = server.get(&path).expect(200);
    let mut exported: Vec<String> = String::from_utf8(export.body.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|contact| contact["display_name"].as_str().unwrap().to_owned())
        .collect();
    exported.sort();
    assert_eq!(exported, posted, "{filter}");
    posted
}

#[test]
fn a_filter_selects_by_typed_fields() {
    let server = TestServer::start();
    deals(&server);
    for (filter, expected) in [
        (json!({}), &["Ada Byron", "Bob Stone", "Cyd Moss"][..]),
        (
            json!({"field": "cf.account value", "op": "gt", "value": 20_000}),
            &["Ada Byron", "Cyd Moss"],
        ),
        (
            json!({"field": "cf.Account Value", "op": "range", "value": {"gte": 20_000, "lt": 80_000}}),
            &["Bob Stone", "Cyd Moss"],
        ),
        (
            json!({"field": "cf.renewal", "op": "lt", "value": "2026-12-31"}),
            &["Ada Byron", "Bob Stone"],
        ),
        (
            json!({"field": "cf.products", "op": "any_of", "value": ["chat", "mail"]}),
            &["Bob Stone", "Cyd Moss"],
        ),
        (
            json!({"field": "cf.products", "op": "all_of", "value": ["Voice", "Chat"]}),
            &["Bob Stone"],
        ),
        (
            json!({"all": [{"field": "tag", "op": "is", "value": "VIP"},
            {"not": {"field": "tag", "op": "is", "value": "gold"}}]}),
            &["Ada Byron"],
        ),
        (
            json!({"any": [{"text": "moss"}, {"field": "cf.account value", "op": "lt", "value": 20_001}]}),
            &["Bob Stone", "Cyd Moss"],
        ),
    ] {
        assert_eq!(selected(&server, &filter), expected, "{filter}");
    }
    // The same in query text, where a field that is defined needs no prefix.
    for (q, expected) in [
        ("cf.\"account value\":>20000", &["Ada Byron", "Cyd Moss"][..]),
        ("renewal:2026-09-01..2027-12-31", &["Bob Stone", "Cyd Moss"]),
        ("cf.products:chat", &["Bob Stone"]),
        ("-has:cf.nothing renewal:<2026-04-01", &["Ada Byron"]),
        ("-*oss*", &["Ada Byron", "Bob Stone"]),
        ("vip -%yro%", &["Bob Stone"]),
    ] {
        let answer = server.search(q, "&sort=name");
        assert_eq!(answer.names(), expected, "{q}");
    }
    let answer = server.search("cf.renewl:2026-03-01", "");
    assert_eq!(answer.json["warning_details"][0]["suggestion"], "cf.renewal", "{}", answer.json);
}

#[test]
fn a_filter_that_does_not_fit_is_refused_with_its_place() {
    let server = TestServer::start();
    deals(&server);
    let refused = |filter: &Value| {
        let body = json!({"filter": filter});
        let posted = server.post("/api/v1/contacts/search", &body).expect(422);
        let text = escape(&filter.to_string());
        let asked = server.get(&format!("/api/v1/contacts?filter={text}")).expect(422);
        assert_eq!(asked.json["errors"], posted.json["errors"]);
        posted.json["errors"][0]["pointer"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(&json!({"field": "compny", "value": "x"})), "/filter/field");
    let nested =
        json!({"all": [{"text": "x"}, {"field": "cf.account value", "op": "gt", "value": "many"}]});
    assert_eq!(refused(&nested), "/filter/all/1/value");
    assert_eq!(refused(&json!({"nothing": []})), "/filter");
    let more = json!({"field": "tag", "value": "x", "ignore": true});
    assert_eq!(refused(&more), "/filter/ignore");
    for filter in [json!([]), json!(5), json!(true)] {
        server.post("/api/v1/contacts/search", &json!({"filter": filter})).expect(422);
    }
    let broken = server.get("/api/v1/contacts?filter=%7B").expect(422).json;
    assert_eq!(broken["errors"][0]["pointer"], "/filter");
}

#[test]
fn a_saved_search_selects_wherever_it_is_named() {
    let server = TestServer::start();
    deals(&server);
    let body = json!({"name": "Big ones", "q": "tag:vip", "sort": "-name",
        "filter": {"field": "cf.account value", "op": "gte", "value": 10_000}});
    let id = server.post("/api/v1/saved-searches", &body).expect(201).id();
    for path in [
        format!("/api/v1/contacts?saved_search={id}"),
        "/api/v1/contacts?saved_search=big%20ones".to_owned(),
    ] {
        let answer = server.get(&format!("{path}&refresh=wait")).expect(200).json;
        assert_eq!(names(&answer), ["Bob Stone", "Ada Byron"], "{path}");
    }
    let more = server.get(&format!("/api/v1/contacts?saved_search={id}&q=stone&sort=name"));
    assert_eq!(names(&more.expect(200).json), ["Bob Stone"]);
    assert_eq!(server.get("/api/v1/contacts?saved_search=none").expect(404).code(), "not_found");
    let other = server.organization("Other");
    assert_eq!(
        other.get(&format!("/api/v1/contacts?saved_search={id}")).expect(404).code(),
        "not_found"
    );
    let (add, remove) = ("add_tags", "remove_tags");
    let select = json!({"saved_search": "Big ones", "q": "ada"});
    let done = server.bulk_action(&select, &json!({"type": add, "tags": ["called"]}));
    assert_eq!(done["changed"], 1, "{done}");
    assert_eq!(server.search("tag:called", "").names(), ["Ada Byron"]);
    let select = json!({"filter": {"field": "tag", "op": "is", "value": "called"}});
    let done = server.bulk_action(&select, &json!({"type": remove, "tags": ["called"]}));
    assert_eq!(done["changed"], 1, "{done}");
    for select in [json!({"filter": 5}), json!({"saved_search": 5}), json!({"ids": [], "q": "x"})] {
        let body = json!({"select": select, "action": {"type": "delete"}});
        server.post("/api/v1/contacts/bulk-actions", &body).expect(422);
    }
}

#[test]
fn words_are_found_inside_of_texts_and_mistakes_give_no_empty_page() {
    let server = TestServer::start();
    for (key, kind) in [("story", "long_text"), ("hobby", "short_text"), ("plan", "dropdown")] {
        let mut body = json!({"key": key, "label": key, "type": kind});
        if kind == "dropdown" {
            body["options"] = json!(["Gold Plus", "Silver"]);
        }
        server.post("/api/v1/custom-fields", &body).expect(201);
    }
    server.create(&json!({"name": "Ada", "company": "Harbor Lights", "custom_fields":
        {"story": "Called about the lighthouse\nand the ferry", "hobby": "sailing", "plan": "Gold Plus"}}));
    server.create(&json!({"name": "Bob", "status": "inactive", "custom_fields":
        {"story": "ferry", "hobby": "lighthouse keeping", "plan": "Silver"}}));
    let ask = |q: &str| {
        let answer = server.search(q, "&sort=name&refresh=wait").json;
        let warned = answer["warnings"].as_array().map_or(0, Vec::len);
        let meant = answer["did_you_mean"].as_str().map(str::to_owned);
        (names(&answer), warned, meant)
    };
    for (q, expected) in [
        ("cf.story:lighthouse", &["Ada"][..]),
        ("story:ferry", &["Ada", "Bob"]),
        ("cf.story:\"ferry\"", &["Bob"]),
        ("cf.hobby:keeping", &["Bob"]),
        ("cf.hobby:\"keeping\"", &[]),
        ("-cf.hobby:lighthouse", &["Ada"]),
        ("cf.plan:gold", &[]),
        ("cf.plan:\"gold plus\"", &["Ada"]),
        ("status:in*", &["Bob"]),
        ("status:*acti*", &["Ada", "Bob"]),
    ] {
        assert_eq!(
            ask(q),
            (expected.iter().map(|name| (*name).to_owned()).collect(), 0, None),
            "{q}"
        );
    }
    let found = ask("compny:harbor");
    assert_eq!(found, (vec!["Ada".to_owned()], 1, Some("company:harbor".to_owned())));
    assert_eq!(ask("re:harbor").0, ["Ada"]);
    // Left out, as everything that cannot be, and said.
    assert_eq!(ask("ada status:foo"), (vec!["Ada".to_owned()], 1, None));
    let word = json!({"filter": {"field": "cf.story", "op": "word", "value": "ferry"}});
    let answer = server.post("/api/v1/contacts/search", &word).expect(200);
    assert_eq!(answer.json["total"], 2);
    for filter in [
        json!({"field": "status", "value": "foo"}),
        json!({"field": "cf.plan", "op": "word", "value": "gold"}),
    ] {
        let body = json!({"filter": filter});
        server.post("/api/v1/contacts/search", &body).expect(422);
    }
    // Why it is one names the field that was asked, and no other with the same word.
    let why = server.search("cf.hobby:lighthouse", "").json;
    assert!(why["contacts"][0]["match"]["highlights"]["custom_fields/hobby"].is_array(), "{why}");
    assert!(why["contacts"][0]["match"]["highlights"]["custom_fields/story"].is_null(), "{why}");
}

#[test]
fn an_export_of_a_query_that_was_not_understood_is_refused_with_where() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ada", "tags": ["vip"]}));
    server.create(&json!({"name": "Bob"}));
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    let export = |parameters: &str| server.get(&format!("/api/v1/contacts/export?{parameters}"));
    let q = escape("ada created:soon");
    let refused = export(&format!("q={q}")).expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/q");
    assert_eq!(refused["errors"][0]["code"], "query");
    let detail = refused["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("needs a date") && detail.contains("characters 12 to 16"), "{detail}");
    let rows = |answer: &[u8]| String::from_utf8_lossy(answer).lines().count();
    assert_eq!(rows(&export(&format!("q={q}&allow_partial=true")).expect(200).body), 2);
    assert_eq!(rows(&export("q=tag:vip").expect(200).body), 2);
    assert_eq!(rows(&export("").expect(200).body), 3);
    // What nobody reads is no filter.
    let refused = export("created=2025").expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/created");
    // Bulk actions say the same, of their own place.
    let action = json!({"select": {"q": "ada created:soon"}, "action": {"type": "delete"}});
    let refused = server.post("/api/v1/contacts/bulk-actions", &action).expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/select/q");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("characters 12 to 16"));
}

#[test]
fn long_lists_of_values_are_taken_and_too_long_ones_are_named() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ada", "tags": ["t199"], "email": "ada150@acme.example"}));
    server.create(&json!({"name": "Bob", "tags": ["other"]}));
    let list = |count: usize, text: &str| -> Vec<String> {
        (0..count).map(|at| text.replace('#', &at.to_string())).collect()
    };
    let any_of =
        |field: &str, values: Vec<String>| json!({"field": field, "op": "any_of", "value": values});
    assert_eq!(selected(&server, &any_of("tag", list(256, "t#"))), ["Ada"]);
    assert_eq!(selected(&server, &any_of("email", list(200, "ada#@acme.example"))), ["Ada"]);
    let q = format!("tag:{}", list(250, "t#").join(","));
    let answer = server.search(&q, "").json;
    assert_eq!((&answer["total"], answer.get("warnings")), (&json!(1), None));
    for (filter, pointer) in [
        (any_of("tag", list(257, "t#")), "/filter/value"),
        (any_of("name", list(17, "n#")), "/filter/value"),
        (
            json!({"all": [any_of("tag", list(200, "t#")), any_of("tag", list(200, "t#"))]}),
            "/filter/all/1/value",
        ),
    ] {
        let body = json!({"filter": filter});
        let refused = server.post("/api/v1/contacts/search", &body).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer);
        assert_eq!(refused["errors"][0]["code"], "too_many");
    }
}
