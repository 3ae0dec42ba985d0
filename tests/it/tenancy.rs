//! Who may see and do what: organisations, roles, tokens.

use ringdex::domain::access::Permission;
use ringdex::domain::record::{AnyKind, KINDS};
use serde_json::{Value, json};

use crate::support::server::{Answer, Client, TestServer};

#[test]
fn another_organisation_sees_nothing_by_any_route() {
    let server = TestServer::start();
    let second = server.organization("second");
    let body = json!({"name": "Secret Person", "phone": "+12025550123", "email": "secret@corp.com",
        "tags": ["hush"], "external_crm_id": "S-1"});
    let first = server.json("POST", "/api/v1/contacts", &[("idempotency-key", "k")], &body);
    let id = first.expect(201).id();
    let path = format!("/api/v1/contacts/{id}");

    second.get(&path).expect(404);
    second.patch(&path, &json!({"title": "mine"})).expect(404);
    second.delete(&path).expect(404);
    second.delete(&format!("{path}?permanent=true")).expect(404);
    second.post(&format!("{path}/restore"), &json!({})).expect(404);
    for query in [
        "",
        "secret",
        "secret@corp.com",
        "5550123",
        "tag:hush",
        "name:secret",
        "-nobody",
        "email:corp.com",
        "\u{1}secret",
        "status:active",
        "0\u{1}secret",
    ] {
        let answer = second.search(query, "&refresh=wait");
        assert_eq!(answer.json["total"], 0, "{query}");
        assert_eq!(answer.header("x-total-count"), Some("0"));
        assert_eq!(answer.json["contacts"], json!([]));
    }
    for number in ["+12025550123", "2025550123", "5550123"] {
        assert_eq!(second.lookup(number, "")["count"], 0);
    }
    let batch =
        second.post("/api/v1/lookup/batch", &json!({"numbers": ["+12025550123"]})).expect(200);
    assert_eq!(batch.json["results"][0]["count"], 0);
    for format in ["csv", "jsonl"] {
        for q in ["", "&q=secret"] {
            let export =
                second.get(&format!("/api/v1/contacts/export?format={format}{q}")).expect(200);
            assert!(!String::from_utf8_lossy(&export.body).contains("Secret"));
        }
    }
    let other =
        second.json("POST", "/api/v1/contacts", &[("idempotency-key", "k")], &body).expect(201);
    assert_ne!(other.id(), id, "the key of somebody else");
    assert!(other.json.get("duplicates").is_none(), "{}", other.json);
    second.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    second.delete(&format!("/api/v1/contacts/{}", other.id())).expect(204);
    second.create(&body);
    let bulk = json!({"contacts": [{"name": "B", "phone": "+12025550199"}]});
    assert_eq!(second.post("/api/v1/contacts/bulk", &bulk).expect(200).json["created"], 1);

    let listed = second.get("/api/v1/organizations").expect(200).json;
    assert_eq!(listed["total"], 1);
    assert_eq!(listed["organizations"][0]["name"], "second");
    for token in [
        json!({"role": "admin", "organization": "default"}),
        json!({"role": "admin", "organization": "nowhere"}),
    ] {
        let refused = second.post("/api/v1/tokens", &token).expect(404);
        assert_eq!(refused.code(), "organization_not_found");
    }
    assert_eq!(server.get("/api/v1/organizations").expect(200).json["total"], 2);
    assert_eq!(server.get(&path).expect(200).json["version"], 1, "nothing was changed");
    assert_eq!(server.search("", "").json["total"], 1);
    assert_eq!(server.lookup("+12025550123", "")["count"], 1);
}

#[test]
fn an_import_belongs_to_its_organisation() {
    let server = TestServer::start();
    let second = server.organization("second");
    let csv = [("content-type", "text/csv")];
    let started =
        server.send("POST", "/api/v1/imports", &csv, Some(b"name,phone\nA,+12025550123\n"));
    let path = format!("/api/v1/imports/{}", started.expect(202).id());
    for answer in [
        second.get(&path),
        second.get(&format!("{path}/errors.csv")),
        second.post(&format!("{path}/cancel"), &json!({})),
        server.get("/api/v1/imports/018f0000-0000-7000-8000-000000000000"),
        server.get("/api/v1/imports/nonsense"),
    ] {
        assert_eq!(answer.expect(404).code(), "import_not_found");
    }
    server.get(&path).expect(200);
}

/// One request of every route that needs a token, with the least role that may send it.
fn routes(id: &str) -> Vec<(&'static str, String, Value, &'static str)> {
    let of_kind = |kind: &&dyn AnyKind| {
        let [all, one, restored] = kind.info().paths.map(|path| path.replace("{id}", id));
        let least = if kind.info().view == Permission::View {
            "agent"
        } else if kind.info().view == Permission::ManageSettings {
            "admin"
        } else {
            "manager"
        };
        [
            ("GET", all.clone(), Value::Null, least),
            ("POST", all, json!({}), least),
            ("GET", one.clone(), Value::Null, least),
            ("PATCH", one.clone(), json!({}), least),
            ("DELETE", one, Value::Null, least),
            ("POST", restored, json!({}), least),
        ]
    };
    written_routes(id).into_iter().chain(KINDS.iter().flat_map(of_kind)).collect()
}

fn written_routes(id: &str) -> Vec<(&'static str, String, Value, &'static str)> {
    let contact = format!("/api/v1/contacts/{id}");
    let at = |path: &str| path.to_owned();
    vec![
        ("GET", at("/api/v1/lookup?number=1"), Value::Null, "lookup"),
        ("GET", at("/api/v1/suggest?kind=name"), Value::Null, "agent"),
        ("POST", at("/api/v1/lookup/batch"), json!({"numbers": []}), "lookup"),
        ("GET", at("/api/v1/contacts"), Value::Null, "agent"),
        ("POST", at("/api/v1/contacts/search"), json!({}), "agent"),
        ("POST", at("/api/v1/contacts"), json!({"name": "x"}), "agent"),
        ("POST", at("/api/v1/contacts/bulk"), json!({"contacts": []}), "agent"),
        (
            "POST",
            at("/api/v1/contacts/bulk-actions"),
            json!({"action": {"type": "delete"}}),
            "agent",
        ),
        ("POST", at("/api/v1/contacts/merge"), json!({}), "manager"),
        ("GET", at("/api/v1/merges"), Value::Null, "manager"),
        ("GET", format!("/api/v1/merges/{id}"), Value::Null, "manager"),
        ("POST", format!("/api/v1/merges/{id}/undo"), json!({}), "manager"),
        ("GET", at("/api/v1/jobs"), Value::Null, "lookup"),
        ("GET", format!("/api/v1/jobs/{id}"), Value::Null, "lookup"),
        ("GET", contact.clone(), Value::Null, "agent"),
        ("PATCH", contact.clone(), json!({}), "agent"),
        ("POST", format!("{contact}/restore"), json!({}), "agent"),
        ("GET", format!("{contact}/timeline"), Value::Null, "agent"),
        ("GET", format!("{contact}/gdpr-export"), Value::Null, "manager"),
        ("GET", "/api/v1/calls/callbacks".into(), Value::Null, "agent"),
        ("GET", "/api/v1/health".into(), Value::Null, "manager"),
        ("GET", format!("{contact}/delete-impact"), Value::Null, "agent"),
        ("DELETE", contact.clone(), Value::Null, "agent"),
        ("DELETE", format!("{contact}?permanent=true"), Value::Null, "admin"),
        ("GET", at("/api/v1/contacts/export"), Value::Null, "manager"),
        ("POST", at("/api/v1/exports"), json!({}), "manager"),
        ("GET", format!("/api/v1/exports/{id}"), Value::Null, "manager"),
        ("GET", format!("/api/v1/exports/{id}/file"), Value::Null, "manager"),
        ("POST", at("/api/v1/imports"), json!("name\nx\n"), "manager"),
        ("POST", at("/api/v1/imports/preview"), json!("name\nx\n"), "manager"),
        ("GET", at("/api/v1/imports"), Value::Null, "manager"),
        ("GET", format!("/api/v1/imports/{id}"), Value::Null, "manager"),
        ("GET", format!("/api/v1/imports/{id}/errors.csv"), Value::Null, "manager"),
        ("POST", format!("/api/v1/imports/{id}/cancel"), json!({}), "manager"),
        ("POST", format!("/api/v1/imports/{id}/undo"), json!({}), "manager"),
        ("GET", format!("/api/v1/imports/{id}/questions"), Value::Null, "manager"),
        ("POST", format!("/api/v1/imports/{id}/questions"), json!({"answers": []}), "manager"),
        ("GET", at("/api/v1/imports/template.csv"), Value::Null, "manager"),
        ("GET", format!("/api/v1/imports/preview/{id}/rows"), Value::Null, "manager"),
        ("PUT", format!("/api/v1/import-templates/{id}"), json!({"name": "x"}), "manager"),
        ("GET", at("/api/v1/settings"), Value::Null, "admin"),
        ("PATCH", at("/api/v1/settings"), json!({}), "admin"),
        ("GET", at("/api/v1/tokens"), Value::Null, "admin"),
        ("POST", at("/api/v1/tokens"), json!({"role": "lookup"}), "admin"),
        ("GET", format!("/api/v1/tokens/{id}"), Value::Null, "admin"),
        ("PATCH", format!("/api/v1/tokens/{id}"), json!({}), "admin"),
        ("DELETE", format!("/api/v1/tokens/{id}"), Value::Null, "admin"),
        ("GET", at("/api/v1/users"), Value::Null, "agent"),
        ("POST", at("/api/v1/users"), json!({}), "admin"),
        ("GET", format!("/api/v1/users/{id}"), Value::Null, "agent"),
        ("PATCH", format!("/api/v1/users/{id}"), json!({}), "admin"),
        ("DELETE", format!("/api/v1/users/{id}"), Value::Null, "admin"),
        ("GET", at("/api/v1/departments"), Value::Null, "agent"),
        ("POST", at("/api/v1/departments"), json!({}), "admin"),
        ("GET", format!("/api/v1/departments/{id}"), Value::Null, "agent"),
        ("PATCH", format!("/api/v1/departments/{id}"), json!({}), "admin"),
        ("DELETE", format!("/api/v1/departments/{id}"), Value::Null, "admin"),
        ("GET", at("/api/v1/queues"), Value::Null, "agent"),
        ("POST", at("/api/v1/queues"), json!({}), "admin"),
        ("GET", format!("/api/v1/queues/{id}"), Value::Null, "agent"),
        ("PATCH", format!("/api/v1/queues/{id}"), json!({}), "admin"),
        ("DELETE", format!("/api/v1/queues/{id}"), Value::Null, "admin"),
        ("PUT", format!("/api/v1/queues/{id}/members/{id}"), json!({}), "admin"),
        ("DELETE", format!("/api/v1/queues/{id}/members/{id}"), Value::Null, "admin"),
        ("GET", at("/api/v1/saved-searches"), Value::Null, "agent"),
        ("POST", at("/api/v1/saved-searches"), json!({}), "agent"),
        ("GET", format!("/api/v1/saved-searches/{id}"), Value::Null, "agent"),
        ("PATCH", format!("/api/v1/saved-searches/{id}"), json!({}), "agent"),
        ("DELETE", format!("/api/v1/saved-searches/{id}"), Value::Null, "agent"),
        ("POST", at("/api/v1/duplicates/check"), json!({"id": id}), "agent"),
        ("GET", format!("/api/v1/duplicates?contact={id}"), Value::Null, "manager"),
        ("GET", at("/api/v1/duplicates/dismissals"), Value::Null, "manager"),
        ("POST", at("/api/v1/duplicates/dismissals"), json!({"ids": [id, id]}), "manager"),
        ("DELETE", format!("/api/v1/duplicates/dismissals?ids={id}"), Value::Null, "manager"),
        ("GET", at("/api/v1/duplicates/accuracy"), Value::Null, "manager"),
        ("GET", at("/api/v1/duplicates/auto-merges"), Value::Null, "manager"),
        ("POST", at("/api/v1/duplicates/auto-merges"), json!({}), "manager"),
        ("POST", format!("/api/v1/duplicates/auto-merges/{id}/undo"), json!({}), "manager"),
        ("GET", at("/api/v1/duplicates/runs"), Value::Null, "manager"),
        ("POST", at("/api/v1/duplicates/runs"), json!({}), "manager"),
        ("GET", format!("/api/v1/duplicates/runs/{id}"), Value::Null, "manager"),
        ("POST", format!("/api/v1/duplicates/runs/{id}/cancel"), json!({}), "manager"),
        ("GET", format!("/api/v1/duplicates/runs/{id}/report"), Value::Null, "manager"),
        ("GET", at("/api/v1/custom-fields"), Value::Null, "agent"),
        ("POST", at("/api/v1/custom-fields"), json!({}), "admin"),
        ("PUT", at("/api/v1/custom-fields/order"), json!({"order": []}), "admin"),
        ("POST", at("/api/v1/custom-fields/order"), json!({"order": []}), "admin"),
        ("GET", format!("/api/v1/custom-fields/{id}"), Value::Null, "agent"),
        ("PATCH", format!("/api/v1/custom-fields/{id}"), json!({}), "admin"),
        ("DELETE", format!("/api/v1/custom-fields/{id}"), Value::Null, "admin"),
        ("PUT", format!("/api/v1/lists/{id}/members"), json!({"ids": [id]}), "agent"),
        ("DELETE", format!("/api/v1/lists/{id}/members"), json!({"ids": [id]}), "agent"),
        ("GET", format!("{contact}/consents"), Value::Null, "agent"),
        ("POST", format!("{contact}/consents"), json!({"status": "pending"}), "agent"),
        ("POST", at("/api/v1/dnc/check"), json!({"numbers": []}), "lookup"),
        ("GET", at("/api/v1/tags"), Value::Null, "agent"),
        ("GET", at("/api/v1/tags/proposals"), Value::Null, "agent"),
        ("POST", at("/api/v1/tags/merge"), json!({"from": [id], "into": "x"}), "manager"),
        ("POST", at("/api/v1/tags/auto-country"), json!({"dry_run": true}), "manager"),
        ("POST", format!("/api/v1/jobs/{id}/cancel"), Value::Null, "lookup"),
        ("POST", format!("/api/v1/jobs/{id}/undo"), Value::Null, "lookup"),
        ("POST", at("/api/v1/lead-score/runs"), Value::Null, "admin"),
        ("POST", at("/api/v1/retention/runs"), json!({"dry_run": true}), "admin"),
        ("GET", at("/api/v1/companies/suggest?email=a@b.example"), Value::Null, "agent"),
        ("POST", format!("/api/v1/companies/{id}/merge"), json!({"others": [id]}), "manager"),
        ("POST", format!("/api/v1/companies/{id}/merge/undo"), Value::Null, "manager"),
        ("GET", at("/api/v1/erasures"), Value::Null, "agent"),
        ("GET", format!("/api/v1/erasures/{id}"), Value::Null, "agent"),
        ("POST", format!("/api/v1/erasures/{id}/approve"), Value::Null, "admin"),
        ("POST", format!("/api/v1/erasures/{id}/refuse"), Value::Null, "admin"),
        ("POST", format!("/api/v1/contacts/{id}/erasure"), Value::Null, "agent"),
        ("PATCH", format!("/api/v1/tags/{id}"), json!({"color": "red"}), "manager"),
        ("DELETE", format!("/api/v1/tags/{id}"), Value::Null, "manager"),
        ("GET", format!("/api/v1/webhooks/{id}/deliveries"), Value::Null, "admin"),
        ("POST", format!("/api/v1/webhooks/{id}/test"), json!({}), "admin"),
        ("POST", format!("/api/v1/webhooks/{id}/deliveries/{id}/replay"), json!({}), "admin"),
        ("GET", at("/api/v1/changes"), Value::Null, "agent"),
        ("GET", at("/api/v1/events?since=nowhere"), Value::Null, "agent"),
        ("POST", at("/rest/v1/contacts"), json!({"name": "x"}), "agent"),
        ("POST", at("/functions/v1/search-contacts"), json!({}), "agent"),
        ("POST", at("/functions/v1/import-contacts"), json!({}), "manager"),
        ("POST", at("/api/crm-contacts/second/import"), json!({}), "manager"),
        ("POST", at("/api/crm-contacts/second/import-preview"), json!({}), "manager"),
        ("GET", at("/api/crm-contacts/second/import-errors"), Value::Null, "manager"),
        ("GET", at("/api/crm-import-maps/second"), Value::Null, "manager"),
        ("POST", at("/api/crm-import-maps/second"), json!({"name": "x"}), "manager"),
        ("GET", format!("/api/crm-import-maps/second/{id}"), Value::Null, "manager"),
        ("PUT", format!("/api/crm-import-maps/second/{id}"), json!({"name": "x"}), "manager"),
        ("DELETE", format!("/api/crm-import-maps/second/{id}"), Value::Null, "manager"),
        ("GET", at("/api/contacts"), Value::Null, "agent"),
        ("POST", at("/api/contacts"), json!({"name": "x"}), "agent"),
        ("POST", at("/api/contacts/bulk"), json!({"contacts": []}), "agent"),
        ("POST", at("/api/contacts/import/google-sheets"), json!({}), "manager"),
        ("GET", format!("/api/contacts/{id}"), Value::Null, "agent"),
        ("PUT", format!("/api/contacts/{id}"), json!({}), "agent"),
        ("DELETE", format!("/api/contacts/{id}"), Value::Null, "agent"),
        ("DELETE", at("/api/v1/session"), Value::Null, "lookup"),
        ("DELETE", at("/api/v1/sessions"), Value::Null, "lookup"),
        ("POST", at("/api/v1/me/password"), json!({}), "lookup"),
        ("GET", at("/api/v1/me/permissions"), Value::Null, "lookup"),
        ("GET", at("/api/v1/edge/snapshot"), Value::Null, "lookup"),
        ("GET", at("/api/v1/audit"), Value::Null, "admin"),
        ("GET", at("/api/v1/audit/export"), Value::Null, "admin"),
        ("POST", at("/api/v1/setup"), json!({}), "operator"),
        ("GET", at("/api/v1/organizations"), Value::Null, "admin"),
        ("GET", format!("/api/v1/organizations/{id}"), Value::Null, "operator"),
        ("PATCH", format!("/api/v1/organizations/{id}"), json!({}), "operator"),
        ("POST", at("/api/v1/organizations"), json!({"name": "third"}), "operator"),
        ("GET", at("/api/v1/admin/backup"), Value::Null, "operator"),
        ("POST", at("/api/v1/admin/check"), json!({}), "operator"),
        ("POST", at("/api/v1/admin/reindex"), json!({}), "operator"),
        ("POST", at("/api/v1/admin/compact"), json!({}), "operator"),
        ("GET", at("/api/v1/cluster"), Value::Null, "operator"),
    ]
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    if body.is_null() {
        client.send(method, path, &[], None)
    } else {
        client.json(method, path, &[], body)
    }
}

#[test]
fn every_route_knows_its_roles() {
    let server = TestServer::start();
    let second = server.organization("second");
    let id = second.create_id(&json!({"name": "Target"}));
    let roles = ["lookup", "agent", "manager", "admin"];
    let clients: Vec<Client> = roles.iter().map(|role| second.role(role)).collect();
    let listed: Vec<_> =
        ringdex::http::ROUTES.iter().filter(|r| r.path.starts_with("/api/")).collect();
    let tried = routes(&id);
    for route in listed {
        // Who is not signed in yet, or asks about that, needs no token.
        let is_open = matches!(
            (route.method, route.path),
            ("GET" | "POST", "/api/v1/session")
                | ("GET", "/api/v1/setup" | "/api/v1/oidc/start" | "/api/v1/oidc/callback")
        );
        if is_open {
            continue;
        }
        let known = tried.iter().any(|(method, path, ..)| {
            let path = path.split('?').next().unwrap().replace(&id, "{id}");
            let wanted = route
                .path
                .replace("{user_id}", "{id}")
                .replace("{tag}", "{id}")
                .replace("{n}", "{id}");
            let wanted = wanted.replace("{tenant}", "second");
            let wanted = wanted.replace("{upload_id}", "{id}");
            *method == route.method && path == wanted
        });
        assert!(known, "{} {} is not tried", route.method, route.path);
    }
    for (method, path, body, least) in tried {
        let least = roles.iter().position(|role| *role == least).unwrap_or(roles.len());
        for (at, client) in clients.iter().enumerate() {
            let answer = send(client, method, &path, &body);
            if at < least {
                assert_eq!(answer.status, 403, "{} {method} {path}", roles[at]);
                assert_eq!(answer.code(), "forbidden");
            } else {
                assert_ne!(answer.status, 403, "{} {method} {path}", roles[at]);
                assert!(answer.status < 500, "{} {method} {path}: {}", roles[at], answer.status);
            }
        }
        for client in [server.without_token(), server.with_token("wrong"), server.with_token("")] {
            let answer = send(&client, method, &path, &body).expect(401);
            assert_eq!(answer.code(), "unauthorized");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        if path.contains("/contacts") || path.contains("/lookup") {
            send(&server, method, &path, &body);
        }
    }
}

#[test]
fn a_lookup_token_learns_nothing_about_what_exists() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Target"}));
    let lookup = server.role("lookup");
    let missing = "018f0000-0000-7000-8000-000000000000";
    for id in [id.as_str(), missing] {
        lookup.get(&format!("/api/v1/contacts/{id}")).expect(403);
        lookup.patch(&format!("/api/v1/contacts/{id}"), &json!({"title": "x"})).expect(403);
        lookup.delete(&format!("/api/v1/contacts/{id}")).expect(403);
    }
}

#[test]
fn authorization_headers_are_read_as_people_write_them() {
    let server = TestServer::start();
    let anyone = server.without_token();
    let status = |header: &str| {
        anyone.send("GET", "/api/v1/contacts", &[("authorization", header)], None).status
    };
    assert_eq!(status("Bearer operator-token"), 200);
    assert_eq!(status("bearer operator-token"), 200);
    assert_eq!(status("Bearer  operator-token "), 200);
    for wrong in [
        "operator-token",
        "Basic operator-token",
        "Bearer",
        "Bearer ",
        "",
        "Bearer operator-token x",
    ] {
        assert_eq!(status(wrong), 401, "{wrong:?}");
    }
}

#[test]
fn nobody_needs_a_token_in_a_demonstration_and_wrong_ones_are_still_wrong() {
    let server = TestServer::demo(50);
    let anyone = server.without_token();
    assert_eq!(anyone.search("", "").json["total"], 50);
    let id = anyone.create_id(&json!({"name": "Demo Person"}));
    assert_eq!(anyone.search("demo person", "").json["contacts"][0]["id"], id.as_str());
    server.with_token("wrong").get("/api/v1/contacts").expect(401);

    let real = TestServer::start();
    real.without_token().get("/api/v1/contacts").expect(401);
    for open in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/", "/docs"] {
        real.without_token().get(open).expect(200);
    }
}

#[test]
fn organisations_and_tokens_are_checked() {
    let server = TestServer::start();
    let create = |body: Value| server.post("/api/v1/organizations", &body);
    let made = create(json!({"name": "Acme", "default_country": "de"})).expect(201).json;
    assert_eq!(made["settings"]["default_country"], "DE");
    for name in ["Acme", made["id"].as_str().unwrap()] {
        let path = format!("/api/v1/organizations/{name}");
        assert_eq!(server.get(&path).expect(200).json, made);
        server.role("admin").get(&path).expect(403);
    }
    let none = server.get("/api/v1/organizations/nobody").expect(404);
    assert_eq!(none.code(), "organization_not_found");
    assert_eq!(create(json!({"name": " Acme "})).expect(409).code(), "organization_exists");
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": ""}), "/name"),
        (json!({"name": "x".repeat(101)}), "/name"),
        (json!({"name": 5}), "/name"),
        (json!({"name": "B", "default_country": "Germany"}), "/default_country"),
    ] {
        assert_eq!(
            create(body.clone()).expect(422).json["errors"][0]["pointer"],
            pointer,
            "{body}"
        );
    }
    let by_id = json!({"role": "agent", "organization": made["id"], "name": "phones"});
    let token = server.post("/api/v1/tokens", &by_id).expect(201).json;
    assert_eq!(token["organization"], "Acme");
    assert_eq!(token["name"], "phones");
    let agent = server.with_token(token["token"].as_str().unwrap());
    assert_eq!(agent.create(&json!({"phone": "030 1234567"}))["phone"], "+49301234567");
    for body in [json!({}), json!({"role": "king"}), json!({"role": 1})] {
        assert_eq!(
            server.post("/api/v1/tokens", &body).expect(422).json["errors"][0]["pointer"],
            "/role"
        );
    }
}

#[test]
fn settings_are_changed_one_by_one() {
    let server = TestServer::start();
    let set = |body: Value| server.patch("/api/v1/settings", &body);
    let changed = set(json!({"default_country": "gb"})).expect(200).json;
    assert_eq!(changed["settings"]["default_country"], "GB");
    assert_eq!(changed["settings"]["phone_uniqueness"], "warn");
    set(json!({"phone_validation": "valid", "default_country": null})).expect(200);
    for (body, pointer) in [
        (json!([]), ""),
        (json!({"colour": 1}), "/colour"),
        (json!({"phone_uniqueness": "maybe"}), "/phone_uniqueness"),
        (json!({"do_not_contact_tag": "x".repeat(200)}), "/do_not_contact_tag"),
        (json!({"default_country": "XX"}), "/default_country"),
    ] {
        assert_eq!(set(body.clone()).expect(422).json["errors"][0]["pointer"], pointer, "{body}");
    }
    let both = set(json!({"a/b": 1, "phone_validation": 7})).expect(422);
    assert_eq!(both.json["errors"].as_array().unwrap().len(), 2);
    server.post("/api/v1/contacts", &json!({"phone": "+1 555 555 5555"})).expect(422);
    let writers: Vec<_> =
        [json!({"phone_uniqueness": "allow"}), json!({"do_not_contact_tag": "never"})]
            .into_iter()
            .map(|body| {
                let client = (*server).clone();
                std::thread::spawn(move || {
                    for _ in 0..20 {
                        client.patch("/api/v1/settings", &body).expect(200);
                    }
                })
            })
            .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let settings = set(json!({})).expect(200).json["settings"].clone();
    assert_eq!(settings["phone_uniqueness"], "allow");
    assert_eq!(settings["do_not_contact_tag"], "never");
    assert_eq!(settings["phone_validation"], "valid");
}
