//! Companies and the people who work there.

use serde_json::{Value, json};

use crate::support::server::{OPERATOR, TestServer};

fn company(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/api/v1/companies/{id}")).expect(200).json
}

#[test]
fn a_company_counts_its_contacts_and_deals_and_both_are_called_alike() {
    let server = TestServer::start();
    let acme = server.post("/api/v1/companies", &json!({"name": "Acme Inc"})).expect(201).id();
    let ann = server.create(&json!({"name": "Ann", "company_id": acme}));
    assert_eq!(ann["company"], "Acme Inc", "linking sets the text");
    let bea = server.create_id(&json!({"name": "Bea", "company": "Acme"}));
    let own = format!("/api/v1/contacts/{bea}");
    let linked = server.patch(&own, &json!({"company_id": acme})).expect(200).json;
    assert_eq!(linked["company"], "Acme Inc");
    for (title, amount, status) in [("A", 100.5, "open"), ("B", 50.0, "open"), ("C", 9.0, "won")] {
        let body = json!({"title": title, "company_id": acme, "amount": amount, "status": status});
        server.post("/api/v1/deals", &body).expect(201);
    }
    let shown = company(&server, &acme);
    assert_eq!(shown["contacts_count"], 2);
    assert_eq!((&shown["open_deals"], &shown["open_deals_value"]), (&json!(2), &json!(150.5)));
    let listed = server.get("/api/v1/companies").json;
    assert_eq!(listed["items"][0]["contacts_count"], 2);
    let found = server.get(&format!("/api/v1/contacts?company_id={acme}")).expect(200).json;
    assert_eq!(found["total"], 2, "{found}");
    assert_eq!(server.search(&format!("company_id:{acme} ann"), "").names(), ["Ann"]);

    // A new name is the new name of everybody there who was not called otherwise.
    server.patch(&own, &json!({"company": "Acme, the branch"})).expect(200);
    let path = format!("/api/v1/companies/{acme}");
    assert_eq!(server.patch(&path, &shown).expect(200).json["version"], 1, "sent back as it is");
    server.patch(&path, &json!({"name": "Acme Group"})).expect(200);
    let names = |id: &str| server.get(&format!("/api/v1/contacts/{id}")).json["company"].clone();
    assert_eq!(names(ann["id"].as_str().unwrap()), "Acme Group");
    assert_eq!(names(&bea), "Acme, the branch");

    server.patch(&own, &json!({"company_id": null})).expect(200);
    assert_eq!(company(&server, &acme)["contacts_count"], 1);
    let server = server.restart();
    server.delete(&format!("{path}?permanent=true")).expect(204);
    let left = server.get(&format!("/api/v1/contacts/{}", ann["id"].as_str().unwrap())).json;
    assert!(left["company_id"].is_null(), "{left}");
    assert_eq!(left["company"], "Acme Group", "the text stays");
}

#[test]
fn a_company_counts_only_whom_the_caller_sees() {
    let server = TestServer::start();
    let agent = server.role("agent");
    let acme = server.post("/api/v1/companies", &json!({"name": "Acme Inc"})).expect(201).id();
    server.create(&json!({"name": "Ann", "company_id": acme}));
    let hidden = json!({"name": "Hid", "company_id": acme, "visibility": "owner",
        "assigned_to": server.owner()});
    let hidden = server.create(&hidden);
    let deal = json!({"title": "A", "contact_id": hidden["id"], "company_id": acme, "amount": 5});
    server.post("/api/v1/deals", &deal).expect(201);
    let seen = agent.get(&format!("/api/v1/companies/{acme}")).expect(200).json;
    assert_eq!((&seen["contacts_count"], &seen["open_deals"]), (&json!(1), &json!(0)));
    let second = server.organization("second");
    second.get(&format!("/api/v1/companies/{acme}")).expect(404);
    let refused = second.post("/api/v1/contacts", &json!({"name": "X", "company_id": acme}));
    assert_eq!(refused.expect(422).json["errors"][0]["pointer"], "/company_id");
}

/// Two companies called alike, with people and deals.
struct Twins {
    stays: String,
    goes: String,
    ann: String,
    bob: String,
    deal: String,
}

fn twins(server: &TestServer) -> Twins {
    let stays = json!({"name": "Acme Inc", "tags": ["vip"], "phones": ["+12025550100"],
        "notes": "Since 1998", "custom_fields": {"size": 12}});
    let stays = server.post("/api/v1/companies", &stays).expect(201).id();
    let goes = json!({"name": "ACME Incorporated", "domain": "acme.example",
        "tags": ["vip", "fair"], "notes": "Met at the fair", "phones": ["+12025550199"],
        "custom_fields": {"size": 13, "plan": "gold"}});
    let goes = server.post("/api/v1/companies", &goes).expect(201).id();
    let ann = server.create_id(&json!({"name": "Ann", "company_id": goes}));
    let bob =
        server.create_id(&json!({"name": "Bob", "company_id": goes, "company": "The branch"}));
    let deal = json!({"title": "200 seats", "company_id": goes, "amount": 100.0});
    let deal = server.post("/api/v1/deals", &deal).expect(201).id();
    Twins { stays, goes, ann, bob, deal }
}

fn of(server: &TestServer, noun: &str, id: &str) -> Value {
    server.get(&format!("/api/v1/{noun}/{id}")).expect(200).json
}

#[test]
fn a_company_that_goes_into_another_takes_its_people_and_deals_along_and_back() {
    let server = TestServer::start();
    let Twins { stays, goes, ann, bob, deal } = twins(&server);
    let trashed = server.create_id(&json!({"name": "Cat", "company_id": goes}));
    server.delete(&format!("/api/v1/contacts/{trashed}")).expect(204);
    let path = format!("/api/v1/companies/{stays}/merge");
    let body = json!({"others": [goes]});
    let trial = server.post(&path, &json!({"others": [goes], "dry_run": true})).expect(200).json;
    assert_eq!(trial["moved"], json!({"contacts": 2, "deals": 1}), "{trial}");
    assert_eq!(trial["company"]["domain"], "acme.example");
    assert_eq!(company(&server, &goes)["contacts_count"], 2, "nothing was changed");

    let done = server.post(&path, &body).expect(200).json;
    assert_eq!((&done["moved"], &done["merged"]), (&trial["moved"], &json!([goes])));
    let whole = company(&server, &stays);
    assert_eq!(whole["name"], "Acme Inc");
    assert_eq!(whole["domain"], "acme.example");
    assert_eq!(whole["tags"], json!(["vip", "fair"]));
    assert_eq!(whole["phones"], json!(["+12025550100", "+12025550199"]));
    assert_eq!(whole["notes"], "Since 1998\n\nMet at the fair");
    assert_eq!(whole["custom_fields"], json!({"size": 12, "plan": "gold"}));
    assert_eq!((&whole["contacts_count"], &whole["open_deals"]), (&json!(2), &json!(1)));
    server.get(&format!("/api/v1/companies/{goes}")).expect(404);
    assert_eq!(of(&server, "contacts", &ann)["company"], "Acme Inc");
    assert_eq!(of(&server, "contacts", &bob)["company"], "The branch");
    assert_eq!(of(&server, "deals", &deal)["company_id"], json!(stays));
    let found = server.get(&format!("/api/v1/contacts?refresh=wait&company_id={stays}")).json;
    assert_eq!(found["total"], 2, "{found}");
    // Who comes back from the trash belongs to the company that stands for the old one.
    server.post(&format!("/api/v1/contacts/{trashed}/restore"), &json!({})).expect(200);
    assert_eq!(of(&server, "contacts", &trashed)["company_id"], json!(stays));
    // It does not come back without what was its own.
    let lone = server.post(&format!("/api/v1/companies/{goes}/restore"), &json!({})).expect(409);
    assert!(lone.json["detail"].as_str().unwrap().contains("/merge/undo"), "{}", lone.json);

    // Somebody works on before it is undone.
    server.patch(&format!("/api/v1/contacts/{bob}"), &json!({"company_id": null})).expect(200);
    let change = json!({"notes": "Since 1999"});
    server.patch(&format!("/api/v1/companies/{stays}"), &change).expect(200);
    let server = server.restart();
    let undone = server.post(&format!("{path}/undo"), &json!({})).expect(200).json;
    assert_eq!(undone["restored"], json!([goes]), "{undone}");
    let kept: Vec<(&Value, &Value)> = undone["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| (&kept["id"], &kept["field"]))
        .collect();
    assert_eq!(kept.len(), 2, "{undone}");
    assert!(kept.contains(&(&json!(bob), &json!("company_id"))), "{undone}");
    assert!(kept.contains(&(&json!(stays), &json!("notes"))), "{undone}");
    let (one, other) = (company(&server, &stays), company(&server, &goes));
    assert_eq!((&one["domain"], &one["notes"]), (&Value::Null, &json!("Since 1999")));
    assert_eq!((&one["tags"], &one["custom_fields"]), (&json!(["vip"]), &json!({"size": 12})));
    assert_eq!((&other["contacts_count"], &other["open_deals"]), (&json!(1), &json!(1)));
    assert_eq!(of(&server, "contacts", &ann)["company"], "ACME Incorporated");
    server.post(&format!("{path}/undo"), &json!({})).expect(409);
    let log = server.get(&format!("/api/v1/audit?record={goes}")).expect(200).json.to_string();
    assert!(log.contains("company.deleted") && log.contains("company.restored"), "{log}");
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
}

#[test]
fn companies_that_cannot_be_merged_are_named_and_nothing_is_changed() {
    let server = TestServer::start();
    let Twins { stays, goes, .. } = twins(&server);
    let path = format!("/api/v1/companies/{stays}/merge");
    let itself = server.post(&path, &json!({"others": [goes, stays]})).expect(409);
    assert!(itself.json["detail"].as_str().unwrap().contains("itself"), "{}", itself.json);
    let missing = "018f0000-0000-7000-8000-000000000000";
    for (body, pointer) in [
        (json!({}), "/others"),
        (json!({"others": []}), "/others"),
        (json!({"others": ["x"]}), "/others"),
        (json!({"others": [goes, missing]}), "/others/1"),
        (json!({"others": [goes], "colour": "red"}), "/colour"),
    ] {
        let refused = server.post(&path, &body).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}: {refused}");
    }
    let many: Vec<String> = (0..60).map(|at| format!("tag {at}")).collect();
    let more: Vec<String> = (60..120).map(|at| format!("tag {at}")).collect();
    let one = json!({"name": "One", "tags": many});
    let one = server.post("/api/v1/companies", &one).expect(201).id();
    let two = json!({"name": "Two", "tags": more});
    let two = server.post("/api/v1/companies", &two).expect(201).id();
    let full = server.post(&format!("/api/v1/companies/{one}/merge"), &json!({"others": [two]}));
    assert_eq!(full.expect(422).json["errors"][0]["pointer"], "/tags");
    server
        .post(&format!("/api/v1/companies/{missing}/merge"), &json!({"others": [two]}))
        .expect(404);
    let second = server.organization("second");
    second.post(&path, &json!({"others": [goes]})).expect(404);
    let own = second.post("/api/v1/companies", &json!({"name": "Own"})).expect(201).id();
    let foreign =
        second.post(&format!("/api/v1/companies/{own}/merge"), &json!({"others": [goes]}));
    assert_eq!(foreign.expect(422).json["errors"][0]["pointer"], "/others/0");
    server.role("agent").post(&path, &json!({"others": [goes]})).expect(403);
    server.post(&format!("{path}/undo"), &json!({})).expect(409);
    assert_eq!(company(&server, &goes)["contacts_count"], 2);

    // Sent again with its key it is done once, and answered the same.
    let key = [("idempotency-key", "one merge")];
    let body = json!({"others": [goes]});
    let first = server.json("POST", &path, &key, &body).expect(200).json;
    let again = server.json("POST", &path, &key, &body).expect(200).json;
    assert_eq!((&again["moved"], &again["merged"]), (&first["moved"], &first["merged"]));
}

#[test]
fn numbers_addresses_and_domain_of_a_company_are_looked_at() {
    let server = TestServer::start();
    for (member, wrong, pointer) in [
        ("phones", json!(["+12025550123", "abc"]), "/phones/1"),
        ("emails", json!(["nobody"]), "/emails/0"),
        ("domain", json!("http://x y"), "/domain"),
        ("domain", json!("acme..example"), "/domain"),
    ] {
        let mut body = json!({"name": "Acme"});
        body[member] = wrong;
        let refused = server.post("/api/v1/companies", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{}", refused.json);
    }
    for (typed, domain) in [
        ("Acme.Example", "acme.example"),
        ("https://www.acme.example/about?x=1", "acme.example"),
        ("info@acme.example", "acme.example"),
        ("müller.example", "müller.example"),
    ] {
        let body = json!({"name": format!("Acme {typed}"), "domain": typed,
            "phones": ["(202) 555-0123"], "emails": [" hi@acme.example "]});
        let made = server.post("/api/v1/companies", &body).expect(201).json;
        assert_eq!(made["domain"], domain, "{typed}");
        assert_eq!(made["emails"], json!(["hi@acme.example"]));
    }
}

#[test]
fn companies_are_merged_and_taken_apart_on_the_command_line() {
    let server = TestServer::start();
    let make =
        |name: &str| server.post("/api/v1/companies", &json!({ "name": name })).expect(201).id();
    let (stays, goes) = (make("Acme"), make("Acme Inc"));
    let ann = server.create_id(&json!({ "name": "Ann", "company_id": goes }));
    let run = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_ringdex"))
            .args(["--server", server.base_url(), "--token", OPERATOR, "company"])
            .args(arguments)
            .output()
            .unwrap()
    };
    let said = |arguments: &[&str]| {
        let output = run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let company_of = || server.get(&format!("/api/v1/contacts/{ann}")).json["company_id"].clone();
    assert_eq!(said(&["merge", &stays, &goes, "--dry-run"]), "Acme: 1 contacts would follow");
    assert_eq!(company_of(), json!(goes));
    assert_eq!(said(&["merge", &stays, &goes]), "Acme: 1 contacts followed");
    assert_eq!(company_of(), json!(stays));
    assert_eq!(run(&["merge", &stays, &goes]).status.code(), Some(1), "it is gone already");
    assert_eq!(run(&["merge", &stays]).status.code(), Some(2));
    assert_eq!(said(&["undo-merge", &stays]), goes);
    assert_eq!(company_of(), json!(goes));
    assert_eq!(run(&["undo-merge", &stays]).status.code(), Some(1), "nothing is left to undo");
    // What every kind of record has is there as well.
    assert!(said(&["list"]).contains("Acme Inc"));
}
