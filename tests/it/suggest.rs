//! Completions: what comes, in which order, and from whose contacts.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

fn suggested(client: &Client, query: &str) -> Vec<(String, String, u64)> {
    let answer = client.get(&format!("/api/v1/suggest?{query}")).expect(200).json;
    let all = answer["suggestions"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|one| (text(&one["kind"]), text(&one["text"]), one["count"].as_u64().unwrap()))
        .collect()
}

fn as_text(found: &[(String, String, u64)]) -> Vec<String> {
    found.iter().map(|(kind, text, count)| format!("{kind} {text} {count}")).collect()
}

fn people(server: &Client) {
    for (name, company, tags) in [
        ("John Doe", "Acme Inc", json!(["VIP", "Vienna"])),
        ("John Doe", "Acme Inc", json!(["VIP"])),
        ("Johanna Acker", "The Acme Works", json!([])),
        ("Acacia Jones", "Ödland AG", json!(["gold"])),
    ] {
        server.create(&json!({"name": name, "company": company, "tags": tags}));
    }
    server.get("/api/v1/contacts?refresh=wait").expect(200);
}

#[test]
fn names_companies_and_tags_are_completed() {
    let server = TestServer::start();
    people(&server);
    let check = |query: &str, expected: &[&str]| {
        assert_eq!(as_text(&suggested(&server, query)), expected, "{query}");
    };
    check("q=ac&kind=company", &["company Acme Inc 2", "company The Acme Works 1"]);
    check("q=od&kind=company", &["company Ödland AG 1"]);
    check("q=vi&kind=tag", &["tag VIP 2", "tag Vienna 1"]);
    check("q=&kind=tag", &["tag VIP 2", "tag Vienna 1", "tag gold 1"]);
    check("q=john+d&kind=name", &["name John Doe 2"]);
    check("q=d+john&kind=name", &["name John Doe 2"]);
    check("q=joh&kind=name", &["name Johanna Acker 1", "name John Doe 2"]);
    check("q=joh&kind=name&limit=1", &["name Johanna Acker 1"]);
    check("q=acac", &["name Acacia Jones 1"]);
    check("q=zzzz", &[]);
    check("q=%25%00%01&kind=tag,company", &[]);
    let one = server.get("/api/v1/suggest?q=acacia").expect(200).json;
    let id = one["suggestions"][0]["id"].as_str().unwrap();
    assert_eq!(
        server.get(&format!("/api/v1/contacts/{id}")).expect(200).json["company"],
        "Ödland AG"
    );
    for wrong in ["kind=phone", "limit=0", "limit=51", "limit=x"] {
        server.get(&format!("/api/v1/suggest?q=a&{wrong}")).expect(422);
    }
    let long = "x".repeat(5_000);
    check(&format!("q={long}"), &[]);
}

#[test]
fn values_of_contacts_that_are_gone_or_not_seen_are_not_suggested() {
    let server = TestServer::start();
    people(&server);
    let id = server
        .create_id(&json!({"name": "Hidden Person", "company": "Secret Ltd", "tags": ["secret"]}));
    let other = server.organization("Other");
    let company = || as_text(&suggested(&server, "q=secret&kind=company,tag"));
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    assert_eq!(company(), ["company Secret Ltd 1", "tag secret 1"]);
    assert!(suggested(&other, "q=&kind=name,company,tag,city,source").is_empty());
    // Of an owner's own contacts others learn nothing.
    let own = json!({"visibility": "owner", "assigned_to": server.owner()});
    server.patch(&format!("/api/v1/contacts/{id}"), &own).expect(200);
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    let agent = server.role("agent");
    assert!(suggested(&agent, "q=secret&kind=company,tag").is_empty());
    assert!(suggested(&agent, "q=hidden&kind=name").is_empty());
    assert_eq!(company(), ["company Secret Ltd 1", "tag secret 1"]);
    server.delete(&format!("/api/v1/contacts/{id}?permanent=true")).expect(204);
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    assert!(company().is_empty());
}

#[test]
fn completions_of_what_few_see_are_given_beside_many_that_they_do_not() {
    let server = TestServer::start();
    // More values than are looked at for somebody who sees all, each with more contacts.
    let (owner, mut hidden) = (server.owner(), Vec::new());
    for at in 0..250 {
        for _ in 0..2 {
            hidden.push(json!({"name": "Hidden", "visibility": "owner", "assigned_to": owner,
                "tags": [format!("team {at:03}")], "company": format!("Team {at:03} Ltd")}));
        }
    }
    server.post("/api/v1/contacts/bulk", &json!({"contacts": hidden})).expect(200);
    server.create(&json!({"name": "Open", "tags": ["team zulu"], "company": "Team Zulu"}));
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    let agent = server.role("agent");
    let seen = as_text(&suggested(&agent, "q=team&kind=company,tag"));
    assert_eq!(seen, ["company Team Zulu 1", "tag team zulu 1"]);
    assert_eq!(suggested(&server, "q=team&kind=tag&limit=50").len(), 50);
}

#[test]
fn completions_do_not_count_contacts_that_are_gone() {
    let server = TestServer::start();
    let many: Vec<_> = (0..4_500).map(|_| json!({"name": "Many", "tags": ["crowd"]})).collect();
    for chunk in many.chunks(500) {
        server.post("/api/v1/contacts/bulk", &json!({"contacts": chunk})).expect(200);
    }
    let gone = server.create_id(&json!({"name": "Gone", "tags": ["crowd"]}));
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    server.delete(&format!("/api/v1/contacts/{gone}")).expect(204);
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    assert_eq!(as_text(&suggested(&server, "q=cro&kind=tag")), ["tag crowd 4500"]);
}
