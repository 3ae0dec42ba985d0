//! Who may be the same person as somebody who is being typed in or created.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

fn check(client: &Client, draft: &Value) -> Vec<(String, f64, String)> {
    let answer = client.post("/api/v1/duplicates/check", draft).expect(200).json;
    let matches = answer["matches"].as_array().unwrap().iter();
    matches
        .map(|found| {
            let name = found["display_name"].as_str().unwrap().to_owned();
            let summary = found["summary"].as_str().unwrap().to_owned();
            (name, found["probability"].as_f64().unwrap(), summary)
        })
        .collect()
}

fn household(server: &Client) {
    for (first, birthday) in [("John", "1970-02-03"), ("Jane", "1972-05-06"), ("Max", "1999-01-01")]
    {
        server.create(&json!({
            "first_name": first, "last_name": "Doe", "phone": "+12025550123", "birthday": birthday,
            "addresses": [{"street": "1 Main St", "city": "Springfield", "postal_code": "62701"}],
        }));
    }
    server.create(
        &json!({"name": "Ada Lovelace", "email": "ada@engine.example", "company": "Engine Ltd"}),
    );
}

#[test]
fn a_draft_meets_the_person_and_not_the_household() {
    let server = TestServer::start();
    household(&server);
    let found = check(
        &server,
        &json!({"first_name": "Jon", "last_name": "Doe", "phone": "(202) 555-0123"}),
    );
    assert_eq!(found[0].0, "John Doe", "{found:?}");
    assert!(found[0].1 > 0.8, "{found:?}");
    assert!(found[0].2.contains("phone"), "{found:?}");
    for (name, probability, _) in &found[1..] {
        assert!(*probability < 0.5, "{name} {probability}");
    }
    // In any form: without the country code, swapped, by the address of another spelling.
    for draft in [
        json!({"name": "Doe, John", "phone": "2025550123"}),
        json!({"name": "Ada Lovelace", "email": "ADA@Engine.Example"}),
        json!({"name": "Ada Lovelace", "company": "Engine"}),
    ] {
        let found = check(&server, &draft);
        assert!(found.first().is_some_and(|first| first.1 > 0.7), "{draft} {found:?}");
    }
    assert!(check(&server, &json!({"name": "Somebody Else", "phone": "+4930901820"})).is_empty());
    // Nothing was written.
    assert_eq!(server.get("/api/v1/contacts?refresh=wait").expect(200).json["total"], 4);
}

#[test]
fn what_cannot_be_read_yet_is_left_out_and_named() {
    let server = TestServer::start();
    household(&server);
    let path = "/api/v1/duplicates/check";
    assert_eq!(server.post(path, &json!({})).expect(200).json["matches"], json!([]));
    let half =
        json!({"name": "John Doe", "phone": "+12025550123", "birthday": "19", "email": "john@"});
    let answer = server.post(path, &half).expect(200).json;
    assert_eq!(answer["matches"][0]["display_name"], "John Doe");
    let ignored: Vec<&str> = answer["ignored"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["pointer"].as_str().unwrap())
        .collect();
    assert!(ignored.contains(&"/birthday") && ignored.contains(&"/email"), "{answer}");
    for wrong in [json!([1]), json!("John"), json!({"id": "x"})] {
        server.post(path, &wrong).expect(422);
    }
    server.post(path, &json!({"id": "0193b3a0-0000-7000-8000-000000000000"})).expect(404);
    for wrong in ["min_probability=2", "min_probability=x", "limit=0"] {
        server.post(&format!("{path}?{wrong}"), &json!({})).expect(422);
    }
}

#[test]
fn a_contact_is_no_duplicate_of_itself_and_weights_add_up() {
    let server = TestServer::start();
    household(&server);
    let id = server.create_id(&json!({"name": "John Doe", "email": "john@example.com"}));
    let path = "/api/v1/duplicates/check";
    let answer = server
        .post(path, &json!({"id": id, "phone": "+12025550123", "birthday": "1970-02-03"}))
        .expect(200)
        .json;
    let first = &answer["matches"][0];
    assert_eq!(first["display_name"], "John Doe");
    assert_ne!(first["id"], json!(id));
    let why: f64 =
        first["why"].as_array().unwrap().iter().map(|r| r["weight"].as_f64().unwrap()).sum();
    let sum = first["prior"].as_f64().unwrap() + why;
    assert!((sum - first["match_weight"].as_f64().unwrap()).abs() < 0.02, "{first}");
    let fields: Vec<&str> =
        first["why"].as_array().unwrap().iter().map(|r| r["field"].as_str().unwrap()).collect();
    assert!(fields.contains(&"phone") && fields.contains(&"birthday"), "{fields:?}");
    assert_eq!(first["contact"]["birthday"], "1970-02-03");
    let most = server
        .post(&format!("{path}?limit=1"), &json!({"phone": "+12025550123", "last_name": "Doe"}));
    assert!(most.expect(200).json["matches"].as_array().unwrap().len() <= 1);
}

#[test]
fn others_learn_nothing() {
    let server = TestServer::start();
    household(&server);
    let draft = json!({"first_name": "John", "last_name": "Doe", "phone": "+12025550123"});
    let other = server.organization("Other");
    assert!(check(&other, &draft).is_empty());
    // Out of sight.
    let id = server.create_id(&json!({"name": "Hidden Person", "phone": "+4930901820",
        "visibility": "owner", "assigned_to": server.owner()}));
    let hidden = json!({"name": "Hidden Person", "phone": "+4930901820"});
    assert_eq!(check(&server, &hidden).len(), 1);
    assert!(check(&server.role("agent"), &hidden).is_empty());
    server.role("lookup").post("/api/v1/duplicates/check", &draft).expect(403);
    // A number that is not seen in full does not confirm a guess.
    server
        .patch("/api/v1/settings", &json!({"field_visibility": {"phones": {"agent": "masked"}}}))
        .expect(200);
    assert!(check(&server.role("agent"), &json!({"phone": "+12025550123"})).is_empty());
    // Deleted contacts are nobody's duplicates, and come back with their restoration.
    server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
    assert!(check(&server, &hidden).is_empty());
    server.post(&format!("/api/v1/contacts/{id}/restore"), &json!({})).expect(200);
    assert_eq!(check(&server, &hidden).len(), 1);
}

#[test]
fn settings_decide_what_is_looked_at() {
    let server = TestServer::start();
    household(&server);
    let settings = |duplicates: Value| {
        server.patch("/api/v1/settings", &json!({"duplicates": duplicates})).expect(200);
    };
    let jon = json!({"first_name": "Jon", "last_name": "Doe", "phone": "+12025550123"});
    let has_john = || check(&server, &jon).iter().any(|(name, ..)| name == "John Doe");
    assert!(has_john());
    settings(json!({"name_similarity": 85}));
    assert!(has_john());
    settings(json!({"name_similarity": 100}));
    assert!(!has_john());
    settings(json!({"exact_only": true}));
    assert!(!has_john());
    settings(json!({}));
    assert!(has_john());
    let ada = json!({"email": "ada@engine.example"});
    assert_eq!(check(&server, &ada).len(), 1);
    settings(json!({"match_email": false}));
    assert!(check(&server, &ada).is_empty());
    let path = "/api/v1/settings";
    server.patch(path, &json!({"duplicates": {"name_similarity": 101}})).expect(422);
    server.patch(path, &json!({"duplicates": {"exact": true}})).expect(422);
}

#[test]
fn creating_names_who_may_be_the_same() {
    let server = TestServer::start();
    household(&server);
    let made = server.create(&json!({"name": "John Doe", "phone": "+12025550123"}));
    let found = &made["duplicates"][0];
    assert_eq!(found["display_name"], "John Doe");
    assert!(found["probability"].as_f64().unwrap() > 0.9, "{found}");
    let why = found["why"].as_array().unwrap();
    assert!(why.iter().any(|why| why.as_str().unwrap().contains("phone")), "{found}");
    assert!(server.create(&json!({"name": "New Person"})).get("duplicates").is_none());
}

#[test]
fn nothing_below_the_stated_probability_is_a_warning() {
    let server = TestServer::start();
    household(&server);
    let path = "/api/v1/duplicates/check?min_probability=0";
    for draft in [
        json!({"name": "Tim Roe", "phone": "+12025550123"}),
        json!({"name": "Max Roe", "phone": "+12025550123"}),
        json!({"name": "John Doe", "phone": "+12025550123", "birthday": "1988-11-12"}),
        json!({"name": "Grace Hopper", "email": "ada@engine.example"}),
    ] {
        let found = server.post(path, &draft).expect(200).json;
        let created = server.create(&draft);
        let warnings = created["duplicates"].as_array().into_iter().flatten();
        for one in found["matches"].as_array().unwrap().iter().chain(warnings) {
            assert!(one["probability"].as_f64().unwrap() >= 0.01, "{draft}: {one}");
        }
        server.delete(&format!("/api/v1/contacts/{}", created["id"].as_str().unwrap())).expect(204);
    }
}

#[test]
fn a_number_that_somebody_no_longer_has_leads_to_nobody() {
    let server = TestServer::start();
    household(&server);
    let zoe = json!({"name": "Zoe Alpha", "phone": "+12025550177", "email": "zoe@alpha.example"});
    let id = server.create_id(&zoe);
    let draft = json!({"name": "Zoe Beta", "phone": "+12025550177"});
    assert!(check(&server, &draft).iter().any(|(name, ..)| name == "Zoe Alpha"));
    let change = json!({"phones": [{"number": "+4930901820"}], "emails": ["z@other.example"]});
    server.patch(&format!("/api/v1/contacts/{id}"), &change).expect(200);
    let least = "/api/v1/duplicates/check?min_probability=0";
    for draft in [
        json!({"name": "Zoe Beta", "phone": "+12025550177"}),
        json!({"name": "Bob Smith", "phone": "+12025550177", "email": "zoe@alpha.example"}),
    ] {
        assert_eq!(server.post(least, &draft).expect(200).json["matches"], json!([]), "{draft}");
        let made = server.create(&draft);
        assert!(made.get("duplicates").is_none(), "{made}");
        server.delete(&format!("/api/v1/contacts/{}", made["id"].as_str().unwrap())).expect(204);
    }
    // The number that she has now does.
    let draft = json!({"name": "Zoe Alpha", "phone": "+4930901820"});
    assert_eq!(check(&server, &draft)[0].0, "Zoe Alpha");
}
