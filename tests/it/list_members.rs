//! Members of the query string of a list: conditions by the names of fields, and sparse answers.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer, escape};

fn people(server: &Client) {
    server.create(&json!({"name": "Ada", "tags": ["vip", "gold"], "birthday": "1980-05-17",
        "email": "ada@acme.example", "language": "de", "custom_fields": {"Plan": "Gold", "seats": 5}}));
    server.create(&json!({"name": "Bob", "tags": ["vip"], "title": "Head Buyer", "language": "en",
        "phone": "+1 202 555 0147", "custom_fields": {"Plan": "Silver"}}));
    server.create(&json!({"name": "Cyd", "birthday": "1990-01-02"}));
}

fn names(answer: &Value) -> String {
    let contacts = answer["contacts"].as_array().unwrap().iter();
    contacts.map(|one| one["display_name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn fields_of_the_query_language_are_filters_of_the_list() {
    let server = TestServer::start();
    people(&server);
    let ask = |parameters: &str| {
        server
            .get(&format!("/api/v1/contacts?sort=name&refresh=wait&{parameters}"))
            .expect(200)
            .json
    };
    for (parameters, expected) in [
        ("created=today", "Ada Bob Cyd"),
        ("created=%3E2100-01-01", ""),
        ("created_from=2020-01-01&created_to=2100", "Ada Bob Cyd"),
        ("created_to=2020-01-01", ""),
        ("birthday=1980..1985", "Ada"),
        ("birthday=none", "Bob"),
        ("birthday_from=1985", "Cyd"),
        ("last_called=none", "Ada Bob Cyd"),
        ("last_called=%3C30d", ""),
        ("tags=vip,gold", "Ada"),
        ("tags=vip,gold&tag_mode=any", "Ada Bob"),
        ("tag=vip&tags=gold&tag_mode=none", "Cyd"),
        ("language=de,en", "Ada Bob"),
        ("title=buyer", "Bob"),
        ("phone=5550147", "Bob"),
        ("has=email", "Ada"),
        ("no=email,phone", "Cyd"),
        ("cf.plan=gold", "Ada"),
        ("plan=gold", "Ada"),
        ("q=vip&birthday=1980", "Ada"),
    ] {
        let answer = ask(parameters);
        assert_eq!(names(&answer), expected, "{parameters}");
        assert!(answer.get("warnings").is_none(), "{parameters}: {answer}");
    }
    let body = json!({"created_from": "2020-01-01", "tags": ["vip"], "sort": "name"});
    assert_eq!(names(&server.post("/api/v1/contacts/search", &body).expect(200).json), "Ada Bob");
}

#[test]
fn members_that_are_not_known_are_named_with_what_may_have_been_meant() {
    let server = TestServer::start();
    people(&server);
    for (parameters, said) in [
        ("per_pgae=1", "did you mean per_page?"),
        ("compny=acme", "did you mean company?"),
        ("xyzzy=1", "there is no member xyzzy"),
        ("campaign=5", "there is no member campaign"),
    ] {
        let answer = server.get(&format!("/api/v1/contacts?{parameters}")).expect(200).json;
        assert!(answer["warnings"][0].as_str().unwrap().contains(said), "{parameters}: {answer}");
        assert_eq!(answer["total"], 3);
    }
    let body = json!({"per_pgae": 1});
    let answer = server.post("/api/v1/contacts/search", &body).expect(200).json;
    assert_eq!(answer["warnings"].as_array().unwrap().len(), 1);
    for (parameters, pointer) in [
        ("created=soon", "/created"),
        ("lead_score=many", "/lead_score"),
        ("created_from=soon", "/created_from"),
        ("has=xyzzy", "/has"),
        ("fields=compny", "/fields"),
        ("only=cf.", "/fields"),
        ("q=x&search_in=compny", "/search_in"),
    ] {
        let answer = server.get(&format!("/api/v1/contacts?{parameters}")).expect(422);
        assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{parameters}");
    }
    server.get(&format!("/api/v1/contacts?{}", "title=a&".repeat(40))).expect(422);
}

#[test]
fn sparse_answers_have_what_was_asked_for() {
    let server = TestServer::start();
    people(&server);
    let first = |parameters: &str| {
        let path = format!("/api/v1/contacts?q=ada&refresh=wait&{parameters}");
        server.get(&path).expect(200).json["contacts"][0].clone()
    };
    let members =
        |one: &Value| one.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(members(&first("only=display_name,email")), "display_name email id");
    assert_eq!(members(&first("only=id")), "id");
    assert_eq!(members(&first("only=match")), "id match");
    let sparse = first(&format!("only={}", escape("cf.plan")));
    assert_eq!(sparse["custom_fields"], json!({"Plan": "Gold"}));
    assert_eq!(first("only=custom_fields")["custom_fields"]["seats"], 5);
    // Every member of a contact can be asked for.
    let whole = first("");
    for name in whole.as_object().unwrap().keys() {
        assert!(first(&format!("only={name}")).get(name).is_some(), "{name}");
    }
    let body = json!({"q": "ada", "only": ["tags"]});
    let answer = server.post("/api/v1/contacts/search", &body).expect(200).json;
    assert_eq!(members(&answer["contacts"][0]), "id tags");
}

#[test]
fn plain_words_look_only_into_the_fields_that_are_named() {
    let server = TestServer::start();
    server.create(&json!({"name": "Mason Stone", "company": "Harbor Ltd", "tags": ["blue"]}));
    server.create(&json!({"name": "Blue Harbor", "email": "mason@example.com"}));
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    let names = |query: &str| -> Vec<String> {
        let found = server.get(&format!("/api/v1/contacts?sort=name&{query}")).expect(200).json;
        let all = found["contacts"].as_array().unwrap().iter();
        all.map(|one| one["display_name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("q=harbor"), ["Blue Harbor", "Mason Stone"]);
    assert_eq!(names("q=harbor&search_in=company"), ["Mason Stone"]);
    assert_eq!(names("q=harbor&search_in=name"), ["Blue Harbor"]);
    assert_eq!(names("q=mason&search_in=name,company"), ["Mason Stone"]);
    assert_eq!(names("q=blue&search_in=tag"), ["Mason Stone"]);
    assert_eq!(names("q=mason&search_in=email"), ["Blue Harbor"]);
    assert_eq!(names("q=harbor&search_in=notes"), [""; 0]);
    let asked = json!({"q": "harbor", "search_in": ["company"], "only": ["display_name"]});
    let found = server.post("/api/v1/contacts/search", &asked).expect(200).json;
    assert_eq!(
        (&found["total"], &found["contacts"][0]["display_name"]),
        (&json!(1), &json!("Mason Stone"))
    );
    assert!(found["contacts"][0].get("company").is_none());
}
