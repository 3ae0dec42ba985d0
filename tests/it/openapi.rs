//! The `OpenAPI` document: kept as a file so that changes are seen, complete, and true.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::server::TestServer;

fn document() -> Value {
    serde_json::from_str(&ringdex::http::openapi_document()).expect("the document is JSON")
}

/// `UPDATE_SNAPSHOTS=1 cargo test` writes the file anew.
#[test]
fn the_document_is_the_one_that_was_looked_at() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots/openapi.json");
    let now = ringdex::http::openapi_document() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
        std::io::Write::write_all(&mut std::fs::File::create(path).unwrap(), now.as_bytes())
            .unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let differs = kept.lines().zip(now.lines()).position(|(kept, now)| kept != now);
    assert!(
        kept == now,
        "the document has changed, first in line {}: look at the difference and run with UPDATE_SNAPSHOTS=1",
        differs.map_or(kept.lines().count().min(now.lines().count()), |line| line) + 1
    );
}

#[test]
fn every_route_is_in_the_document_and_the_other_way_round() {
    let document = document();
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .keys()
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .filter(|route| route.contains(" /api/"))
        .collect();
    let served: BTreeSet<String> = ringdex::http::ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/api/"))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(described, served);
}

fn follow(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.trim_start_matches('#');
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            members.values().for_each(|member| follow(document, member));
        }
        Value::Array(values) => values.iter().for_each(|value| follow(document, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn operations_have_names_of_their_own_and_references_lead_somewhere() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or("");
            assert!(!name.is_empty() && names.insert(name.to_owned()), "{method} {path}: {name:?}");
            let has_summary =
                operation["summary"].is_string() || operation["description"].is_string();
            assert!(has_summary, "{method} {path} says nothing");
        }
    }
    follow(&document, &document);
}

/// What validators and generators of clients stumble over.
#[test]
fn generators_of_clients_find_every_name_once() {
    fn arrays(value: &Value, at: &str) {
        if let Value::Object(members) = value {
            assert_ne!(members.get("items"), Some(&Value::Bool(false)), "{at}");
            for (name, member) in members {
                arrays(member, &format!("{at}/{name}"));
            }
        }
    }
    let document = document();
    for_each_operation(&document, |method, path, operation| {
        let mut known = BTreeSet::new();
        for one in operation["parameters"].as_array().into_iter().flatten() {
            let name = (one["in"].as_str(), one["name"].as_str());
            assert!(known.insert(name), "{method} {path}: {name:?} twice");
        }
    });
    arrays(&document["components"], "components");
    // A generator names an object within another one after both.
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        for (member, value) in schema["properties"].as_object().into_iter().flatten() {
            let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
            let made = name.clone() + &member.split('_').map(capital).collect::<String>();
            let is_inline = value["type"] == "object";
            assert!(!(is_inline && schemas.contains_key(&made)), "{name}.{member} is {made}");
        }
    }
}

/// Lists where a value differs from a schema: members that are missing or not described, types.
fn differences(document: &Value, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).expect("a schema");
        return differences(document, target, value, at, out);
    }
    if let Some(any) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let fits = any.iter().any(|schema| {
            let mut found = Vec::new();
            differences(document, schema, value, at, &mut found);
            found.is_empty()
        });
        if !fits {
            out.push(format!("{at}: {value} fits none of {schema}"));
        }
        return;
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits =
        kinds.is_empty() || kinds.contains(&kind) || kind == "integer" && kinds.contains(&"number");
    if !fits {
        out.push(format!("{at}: is {kind}, not {kinds:?}"));
    }
    if let (Value::Object(members), Value::Object(properties)) = (value, &schema["properties"]) {
        for (name, member) in members {
            match properties.get(name) {
                Some(schema) => differences(document, schema, member, &format!("{at}/{name}"), out),
                None => out.push(format!("{at}/{name}: is not described")),
            }
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(required.as_str().unwrap()) {
                out.push(format!("{at}/{required}: is missing"));
            }
        }
    }
    if let Value::Array(values) = value {
        for (index, item) in values.iter().enumerate() {
            differences(document, &schema["items"], item, &format!("{at}/{index}"), out);
        }
    }
}

#[test]
fn real_answers_have_the_members_that_the_document_says() {
    let server = TestServer::start();
    let document = document();
    let body = json!({"name": "John Doe", "phone": "+12025550123 x5", "email": "j@x.org", "company": "Acme",
        "address": "1 Main St", "channels": [{"channel": "sms", "identifier": "1"}], "tags": ["VIP"],
        "custom_fields": {"a": 1}, "birthday": "1980-01-01", "opt_in": true});
    let id = server.create_id(&body);
    let contact = format!("/api/v1/contacts/{id}");
    let bulk = json!({"contacts": [{"name": "B"}, {"phone": "abc"}]});
    let import = server.send("POST", "/api/v1/imports", &[], Some(b"name\nx\n")).expect(202);
    let import = format!("/api/v1/imports/{}", import.id());
    let none = Value::Null;
    let fields = "/api/v1/custom-fields";
    let field = "/api/v1/custom-fields/{id}";
    let (one, other) =
        (json!({"name": "Jane", "title": "CEO"}), json!({"name": "Janet", "title": "CTO"}));
    let pair = json!({"primary": server.create_id(&one), "others": [server.create_id(&other)]});
    let merged = server.post("/api/v1/contacts/merge", &pair).expect(200).json;
    let merge = format!("/api/v1/merges/{}", merged["merge_id"].as_str().unwrap());
    let gone = format!("/api/v1/contacts/{}", pair["others"][0].as_str().unwrap());
    server
        .patch(
            &gone.replace(pair["others"][0].as_str().unwrap(), pair["primary"].as_str().unwrap()),
            &json!({"notes": "x"}),
        )
        .expect(200);
    let one = "/api/v1/merges/{id}";
    let requests: [(&str, String, Value, &str); 38] = [
        ("POST", "/api/v1/contacts/merge".into(), pair.clone(), "/api/v1/contacts/merge"),
        ("POST", "/api/v1/contacts/merge".into(), json!({}), "/api/v1/contacts/merge"),
        ("GET", gone.clone(), none.clone(), "/api/v1/contacts/{id}"),
        ("PATCH", gone, json!({"title": "x"}), "/api/v1/contacts/{id}"),
        ("GET", "/api/v1/merges".into(), none.clone(), "/api/v1/merges"),
        ("GET", merge.clone(), none.clone(), one),
        ("POST", format!("{merge}/undo"), json!({}), "/api/v1/merges/{id}/undo"),
        ("POST", "/api/v1/contacts/merge".into(), pair, "/api/v1/contacts/merge"),
        ("POST", "/api/v1/contacts".into(), body.clone(), "/api/v1/contacts"),
        ("POST", "/api/v1/contacts".into(), json!({"phone": "abc"}), "/api/v1/contacts"),
        ("GET", contact.clone(), none.clone(), "/api/v1/contacts/{id}"),
        ("PATCH", contact.clone(), json!({"title": "x"}), "/api/v1/contacts/{id}"),
        ("POST", format!("{contact}/restore"), json!({}), "/api/v1/contacts/{id}/restore"),
        ("GET", "/api/v1/contacts/x".into(), none.clone(), "/api/v1/contacts/{id}"),
        ("GET", "/api/v1/contacts?q=jo%20zzz:y".into(), none.clone(), "/api/v1/contacts"),
        ("GET", "/api/v1/contacts?q=doe%20555".into(), none.clone(), "/api/v1/contacts"),
        (
            "POST",
            "/api/v1/contacts/search".into(),
            json!({"q": "acme", "per_page": 1}),
            "/api/v1/contacts/search",
        ),
        (
            "POST",
            "/api/v1/contacts/search".into(),
            json!({"per_page": 5_000}),
            "/api/v1/contacts/search",
        ),
        ("POST", "/api/v1/contacts/bulk".into(), bulk, "/api/v1/contacts/bulk"),
        ("GET", "/api/v1/lookup?number=%2B12025550123".into(), none.clone(), "/api/v1/lookup"),
        ("GET", "/api/v1/lookup?number=nobody".into(), none.clone(), "/api/v1/lookup"),
        (
            "POST",
            "/api/v1/lookup/batch".into(),
            json!({"numbers": ["+12025550123", ""]}),
            "/api/v1/lookup/batch",
        ),
        ("GET", "/api/v1/organizations".into(), none.clone(), "/api/v1/organizations"),
        ("POST", "/api/v1/organizations".into(), json!({"name": "o"}), "/api/v1/organizations"),
        ("POST", "/api/v1/tokens".into(), json!({"role": "agent"}), "/api/v1/tokens"),
        ("PATCH", "/api/v1/settings".into(), json!({}), "/api/v1/settings"),
        ("POST", "/api/v1/admin/check".into(), json!({}), "/api/v1/admin/check"),
        ("POST", "/api/v1/admin/reindex".into(), json!({}), "/api/v1/admin/reindex"),
        ("POST", "/api/v1/admin/compact".into(), json!({}), "/api/v1/admin/compact"),
        ("POST", fields.into(), json!({"label": "Tier"}), fields),
        ("POST", fields.into(), json!({"label": "Tier"}), fields),
        ("GET", fields.into(), none.clone(), fields),
        ("GET", format!("{fields}/tier"), none.clone(), field),
        ("PATCH", format!("{fields}/tier"), json!({"label": "Level"}), field),
        ("PATCH", format!("{fields}/a?dry_run=true"), json!({"type": "date"}), field),
        ("PATCH", format!("{fields}/a"), json!({"type": "date"}), field),
        ("GET", import.clone(), none, "/api/v1/imports/{id}"),
        ("POST", format!("{import}/cancel"), json!({}), "/api/v1/imports/{id}/cancel"),
    ];
    for (method, path, body, route) in requests {
        let answer =
            if body.is_null() { server.get(&path) } else { server.json(method, &path, &[], &body) };
        let operation = &document["paths"][route][method.to_lowercase()];
        let described = &operation["responses"][answer.status.to_string()];
        assert!(described.is_object(), "{method} {route}: {} is not described", answer.status);
        let content = described["content"].as_object().and_then(|kinds| kinds.values().next());
        let schema = &content.unwrap_or_else(|| panic!("{method} {route} has no schema"))["schema"];
        let mut found = Vec::new();
        differences(&document, schema, &answer.json, "", &mut found);
        assert!(found.is_empty(), "{method} {path}: {found:#?}");
    }
}

#[test]
fn the_document_is_served() {
    let server = TestServer::start();
    let answer = server.without_token().get("/openapi.json").expect(200);
    assert_eq!(answer.json, document());
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// Calls for every operation with its method and path.
fn for_each_operation(document: &Value, mut look: impl FnMut(&str, &str, &Value)) {
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            look(method, path, operation);
        }
    }
}

#[test]
fn every_answer_is_described_and_every_problem_is_called_one() {
    let document = document();
    for_each_operation(&document, |method, path, operation| {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let pointer = answer["$ref"].as_str().map(|target| target.trim_start_matches('#'));
            let answer = pointer.map_or(answer, |pointer| document.pointer(pointer).unwrap());
            let about = answer["description"].as_str().unwrap_or("");
            assert!(!about.is_empty(), "{method} {path} {status} says nothing");
            let kinds: Vec<&String> =
                answer["content"].as_object().map_or(Vec::new(), |kinds| kinds.keys().collect());
            if status.as_str() >= "400" {
                assert_eq!(kinds, ["application/problem+json"], "{method} {path} {status}");
            } else if status == "200" || status == "201" || status == "202" {
                assert!(!kinds.is_empty(), "{method} {path} {status} has no content");
            }
        }
        if let Some(body) = operation.get("requestBody") {
            assert!(body["description"].is_string(), "{method} {path}: body");
        }
    });
}

#[test]
fn every_operation_says_how_it_is_refused_and_what_headers_it_takes() {
    let document = document();
    for_each_operation(&document, |method, path, operation| {
        if !path.starts_with("/api/") {
            return;
        }
        let answers = operation["responses"].as_object().unwrap();
        for status in ["401", "403", "429", "503"] {
            assert!(answers.contains_key(status), "{method} {path}: {status}");
        }
        if operation.get("requestBody").is_some() {
            for status in ["400", "413", "415"] {
                assert!(answers.contains_key(status), "{method} {path}: {status}");
            }
        }
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let takes = |name: &str| parameters.iter().filter(|known| known["name"] == name).count();
        assert_eq!(takes("If-Match"), usize::from(answers.contains_key("412")), "{method} {path}");
        assert!(takes("Idempotency-Key") <= 1, "{method} {path}");
    });
    let etag = |pointer: &str| document.pointer(pointer).unwrap()["headers"]["ETag"].is_object();
    assert!(etag("/paths/~1api~1v1~1contacts/post/responses/201"));
    assert!(etag("/paths/~1api~1v1~1contacts~1{id}/get/responses/200"));
    assert!(!etag("/paths/~1api~1v1~1contacts/get/responses/200"));
    assert_eq!(document["servers"], json!([{"url": "/"}]));
}

#[test]
fn operations_are_in_groups_that_are_explained_in_order() {
    let document = document();
    let tags: Vec<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(tags[..2], ["lookup", "contacts"]);
    for_each_operation(&document, |method, path, operation| {
        let tag = operation["tags"][0].as_str().unwrap_or("");
        assert!(tags.contains(&tag), "{method} {path}: {tag:?} is not explained");
    });
}

#[test]
fn every_parameter_and_every_body_has_an_example_that_fits() {
    let document = document();
    let mut wrong = Vec::new();
    let mut check = |place: &str, schema: &Value, example: &Value| {
        if example.is_null() {
            wrong.push(format!("{place} has no example"));
        } else {
            differences(&document, schema, example, place, &mut wrong);
        }
    };
    for_each_operation(&document, |method, path, operation| {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let place = format!("{method} {path} {}", parameter["name"]);
            check(&place, &parameter["schema"], &parameter["example"]);
        }
        let bodies = operation["requestBody"]["content"].as_object();
        for (kind, content) in bodies.into_iter().flatten() {
            let place = format!("{method} {path} {kind}");
            check(&place, &content["schema"], &content["example"]);
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn members_that_take_some_values_name_them_all() {
    let document = document();
    let values = |schema: &str, member: &str| {
        let at = format!("/components/schemas/{schema}/properties/{member}/enum");
        document.pointer(&at).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Example", "phone": "+12025550123"}));
    let path = format!("/api/v1/contacts/{id}");
    for member in ["status", "lifecycle", "email_state"] {
        let all = values("ContactInput", member);
        assert!(all.len() > 3 && all.contains(&Value::Null), "{member}");
        for value in &all {
            let changed = server.patch(&path, &json!({member: value})).expect(200).json;
            assert!(values("Contact", member).contains(&changed[member]), "{member}: {changed}");
        }
        server.patch(&path, &json!({member: "nonsense"})).expect(422);
    }
    for (member, count) in [("phone_uniqueness", 3), ("phone_validation", 3)] {
        let all = values("Settings", member);
        assert_eq!(all.iter().filter(|value| !value.is_null()).count(), count);
        for value in all.iter().filter(|value| !value.is_null()) {
            server.patch("/api/v1/settings", &json!({member: value})).expect(200);
        }
        server.patch("/api/v1/settings", &json!({member: "nonsense"})).expect(422);
    }
    for role in values("TokenInput", "role") {
        let scopes = if role == "machine" { json!(["lookup"]) } else { json!([]) };
        server.post("/api/v1/tokens", &json!({"role": role, "scopes": scopes})).expect(201);
    }
    for (at, kind) in values("CustomFieldInput", "type").iter().enumerate() {
        let mut body = json!({"key": format!("field {at}"), "label": "F", "type": kind});
        if kind == "dropdown" || kind == "multi_select" {
            body["options"] = json!(["a"]);
        }
        if !kind.is_null() {
            server.post("/api/v1/custom-fields", &body).expect(201);
        }
    }
    let found = server.lookup("+12025550123", "");
    assert!(values("LookupAnswer", "match").contains(&found["match"]));
    assert!(values("LookupResult", "rule").contains(&found["results"][0]["rule"]));
}

#[test]
fn examples_of_bodies_are_taken() {
    let document = document();
    let server = TestServer::start();
    let example = |path: &str| {
        let at = format!("/paths/{}/post/requestBody/content", path.replace('/', "~1"));
        let content = document.pointer(&at).unwrap();
        content["application/json"]["example"].clone()
    };
    for (path, status) in [
        ("/api/v1/contacts", 201),
        ("/api/v1/contacts/bulk", 200),
        ("/api/v1/contacts/search", 200),
        ("/api/v1/companies", 201),
        ("/api/v1/custom-fields", 201),
        ("/api/v1/departments", 201),
        ("/api/v1/duplicates/check", 200),
        ("/api/v1/imports", 202),
        ("/api/v1/imports/preview", 200),
        ("/api/v1/lists", 201),
        ("/api/v1/lookup/batch", 200),
        ("/api/v1/saved-searches", 201),
        ("/api/v1/tags/auto-country", 200),
        ("/api/v1/tokens", 201),
        ("/api/v1/users", 201),
    ] {
        server.post(path, &example(path)).expect(status);
    }
    // What is about a contact is about one that exists.
    let id = server.create_id(&json!({"name": "About"}));
    for path in ["activities", "calls", "conversations", "deals", "notes", "tasks"] {
        let path = format!("/api/v1/{path}");
        let mut body = example(&path);
        if !body["contact_id"].is_null() {
            body["contact_id"] = json!(id);
        }
        server.post(&path, &body).expect(201);
    }
}
