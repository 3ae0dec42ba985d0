//! Which records a list shows: trees of conditions, and those of a company; what nobody writes.

use serde_json::{Value, json};

use crate::support::records::body_of;
use crate::support::server::{Client, TestServer, escape};
use ringdex::domain::record::KINDS;

fn titles(client: &Client, noun: &str, filter: &Value) -> Vec<String> {
    let path = format!("/api/v1/{noun}?sort=title&filter={}", escape(&filter.to_string()));
    let items = client.get(&path).expect(200).json["items"].clone();
    let title = |item: &Value| item["title"].as_str().unwrap().to_owned();
    items.as_array().unwrap().iter().map(title).collect()
}

fn deals(server: &TestServer) {
    for (title, amount, stage, close) in [
        ("Alpha", json!(500), json!("new"), json!("2026-01-31")),
        ("Beta", json!(12_000), json!("Qualified"), json!("2026-06-30")),
        ("Gamma", json!(25_000), json!("won"), Value::Null),
        ("Delta", Value::Null, Value::Null, json!("2027-01-01")),
    ] {
        let body =
            json!({"title": title, "amount": amount, "stage": stage, "expected_close": close});
        server.post("/api/v1/deals", &body).expect(201);
    }
}

#[test]
fn records_are_picked_by_a_tree_of_conditions() {
    let server = TestServer::start();
    deals(&server);
    let field =
        |field: &str, op: &str, value: Value| json!({"field": field, "op": op, "value": value});
    let cases = [
        (json!({"field": "title", "value": "beta"}), vec!["Beta"]),
        (field("amount", "gte", json!(12000)), vec!["Beta", "Gamma"]),
        (field("amount", "lt", json!("12000")), vec!["Alpha"]),
        (field("amount", "between", json!([500, 12000])), vec!["Alpha", "Beta"]),
        (field("amount", "exists", json!(false)), vec!["Delta"]),
        (field("amount", "is", Value::Null), vec!["Delta"]),
        (field("stage", "any_of", json!(["NEW", "qualified"])), vec!["Alpha", "Beta"]),
        (field("stage", "none_of", json!(["new", "won"])), vec!["Beta", "Delta"]),
        (field("stage", "is_not", json!("new")), vec!["Beta", "Delta", "Gamma"]),
        (field("title", "begins", json!("GA")), vec!["Gamma"]),
        (field("title", "contains", json!("lt")), vec!["Delta"]),
        (field("expected_close", "lte", json!("2026-06-30")), vec!["Alpha", "Beta"]),
        (field("created_at", "gt", json!("2999-01-01")), vec![]),
        (
            field("created_at", "lt", json!("2999-01-01T00:00:00Z")),
            vec!["Alpha", "Beta", "Delta", "Gamma"],
        ),
        (json!({"text": "gam"}), vec!["Gamma"]),
        (json!({"not": {"text": "gam"}}), vec!["Alpha", "Beta", "Delta"]),
        (
            json!({"any": [{"all": [field("amount", "gt", json!(100)), field("stage", "is", json!("won"))]},
                {"field": "title", "value": "Delta"}]}),
            vec!["Delta", "Gamma"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(titles(&server, "deals", &filter), expected, "{filter}");
    }
}

#[test]
fn a_tree_that_does_not_fit_is_refused_with_its_place() {
    let server = TestServer::start();
    let nested = (0..20).fold(json!({"text": "a"}), |inner, _| json!({"not": inner}));
    for (filter, pointer) in [
        ("{".to_owned(), "/filter"),
        ("[]".to_owned(), "/filter"),
        ("{}".to_owned(), "/filter"),
        (json!({"field": "nothing", "value": 1}).to_string(), "/filter/field"),
        (json!({"field": "amount", "op": "like", "value": 1}).to_string(), "/filter/op"),
        (json!({"field": "amount", "op": "gt"}).to_string(), "/filter/value"),
        (json!({"field": "amount", "op": "gt", "value": "much"}).to_string(), "/filter/value"),
        (
            json!({"field": "expected_close", "op": "gt", "value": "soon"}).to_string(),
            "/filter/value",
        ),
        (json!({"all": []}).to_string(), "/filter/all"),
        (
            json!({"all": [{"field": "amount", "op": "between", "value": [1]}]}).to_string(),
            "/filter/all/0/value",
        ),
        (json!({"field": "title", "value": "a", "also": 1}).to_string(), "/filter"),
        (nested.to_string(), "/filter"),
    ] {
        let refused = server.get(&format!("/api/v1/deals?filter={}", escape(&filter))).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{filter}: {}", refused.json);
    }
}

#[test]
fn numbers_that_are_masked_cannot_be_guessed_by_conditions() {
    let server = TestServer::start();
    server.post("/api/v1/calls", &json!({"number": "+12025550123"})).expect(201);
    let hidden = json!({"field_visibility": {"phones": {"agent": "masked"}}});
    server.patch("/api/v1/settings", &hidden).expect(200);
    let filter = json!({"not": {"field": "number", "op": "begins", "value": "+1202"}});
    let path = format!("/api/v1/calls?filter={}", escape(&filter.to_string()));
    server.get(&path).expect(200);
    server.role("agent").get(&path).expect(403);
}

#[test]
fn records_about_people_of_a_company_are_listed_by_it() {
    let server = TestServer::start();
    let company = server.post("/api/v1/companies", &json!({"name": "Acme Inc"})).expect(201).id();
    let other = server.post("/api/v1/companies", &json!({"name": "Beta"})).expect(201).id();
    let ann = server.create_id(&json!({"name": "Ann", "company_id": company}));
    let bob = server.create_id(&json!({"name": "Bob", "company_id": other}));
    for (noun, body) in [
        ("tasks", json!({"title": "x"})),
        ("notes", json!({"text": "x"})),
        ("activities", json!({"type": "meeting"})),
        ("calls", json!({"number": "+12025550123"})),
        ("conversations", json!({"channel": "sms"})),
        ("deals", json!({"title": "x", "company_id": company})),
    ] {
        for contact in [&ann, &bob] {
            let mut body = body.clone();
            body["contact_id"] = json!(contact);
            if noun == "deals" && contact == &bob {
                body["company_id"] = json!(other);
            }
            server.post(&format!("/api/v1/{noun}"), &body).expect(201);
        }
        let of = server.get(&format!("/api/v1/{noun}?company_id={company}")).expect(200).json;
        assert_eq!((&of["total"], &of["items"][0]["contact_id"]), (&json!(1), &json!(ann)), "{of}");
    }
    let own = server.get(&format!("/api/v1/companies?company_id={company}")).expect(200).json;
    assert_eq!((&own["total"], &own["items"][0]["name"]), (&json!(1), &json!("Acme Inc")));
    let refused = server.get("/api/v1/tasks?company_id=Acme").expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/company_id");
    server.get("/api/v1/webhooks?company_id=x").expect(422);
}

#[test]
fn members_that_nobody_writes_are_refused_and_an_answer_can_be_sent_back() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    let id = "018f0000-0000-7000-8000-000000000000";
    for kind in KINDS {
        let [all, ..] = kind.info().paths;
        let body = body_of(&server, *kind, Some(&contact));
        let made = server.post(all, &body).expect(201);
        let own = format!("{all}/{}", made.id());
        let shown = server.get(&own).expect(200).json;
        for (member, wrong) in [
            ("id", json!(id)),
            ("version", json!(7)),
            ("created_at", json!("2020-01-01T00:00:00Z")),
            ("updated_at", json!("2020-01-01T00:00:00Z")),
            ("created_by", json!("nobody")),
            ("updated_by", json!("nobody")),
        ] {
            let refused = server.patch(&own, &json!({member: wrong})).expect(422);
            let error = &refused.json["errors"][0];
            assert_eq!(error["pointer"], format!("/{member}"), "{all}: {}", refused.json);
            assert_eq!(error["code"], "read_only");
            let mut new = body_of(&server, *kind, Some(&contact));
            new[member] = wrong;
            server.post(all, &new).expect(422);
        }
        for (derived, _) in kind.info().derived {
            server.patch(&own, &json!({*derived: 99})).expect(422);
        }
        assert_eq!(server.get(&own).expect(200).json, shown, "{all}");
        let again = server.patch(&own, &shown).expect(200).json;
        assert_eq!(again["version"], shown["version"], "{all}: {again}");
        let mut stale = shown.clone();
        stale["version"] = json!(0);
        server.patch(&own, &stale).expect(200);
    }
}
