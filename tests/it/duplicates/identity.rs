//! What in a name tells people of one name apart: numbers and generations.
#![expect(clippy::disallowed_methods, reason = "lists of tests need not survive")]

use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

const AUTO: &str = "/api/v1/duplicates/auto-merges";

fn at_home(name: &str) -> Value {
    json!({
        "name": name, "phone": "+12025550147", "email": "moss@family.example",
        "addresses": [{"street": "12 Elm Street", "city": "Springfield", "postal_code": "62701"}],
    })
}

/// The names of every listed group.
fn groups(client: &Client, query: &str) -> Vec<Vec<String>> {
    let found = client.get(&format!("/api/v1/duplicates{query}")).expect(200).json;
    let members = |group: &Value| {
        let members = group["members"].as_array().unwrap().iter();
        members.map(|one| one["contact"]["display_name"].as_str().unwrap().to_owned()).collect()
    };
    found["groups"].as_array().unwrap().iter().map(members).collect()
}

#[test]
fn numbered_names_are_different_people() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("users.csv");
    let mut rows = "first_name,last_name,phone,email,company,city\n".to_owned();
    for at in 1..=2_000 {
        let _ = writeln!(
            rows,
            "User{at:05},Load,+120255{at:05},user{at:05}@load.example,Load Test Inc,Springfield"
        );
    }
    for at in 1..=40 {
        let _ = writeln!(rows, ",Client {at},+12025569999,office@client.example,Client Ltd,Rome");
    }
    std::fs::write(&list, rows).unwrap();
    for view in ["pairs", "groups"] {
        let list = list.to_str().unwrap();
        let arguments = ["duplicates", "--input", list, "--view", view, "--min-probability", "0.2"];
        let output = Command::new(env!("CARGO_BIN_EXE_ringdex")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 1, "{view}: {}", &text[..text.len().min(2_000)]);
    }
}

#[test]
fn the_same_number_in_a_name_is_the_same_person() {
    let server = TestServer::start();
    for name in ["Client 12", "Client 012", "Client 13", "Client"] {
        server.create(&json!({"name": name, "phone": "+12025550147", "email": "c@office.example"}));
    }
    let all = groups(&server, "?min_probability=0.2");
    let is_together = |one: &str, other: &str| {
        all.iter().any(|group| [one, other].iter().all(|name| group.iter().any(|n| n == name)))
    };
    assert!(is_together("Client 12", "Client 012"), "{all:?}");
    assert!(!is_together("Client 12", "Client 13"), "{all:?}");
}

#[test]
fn generations_are_never_merged_without_asking() {
    let server = TestServer::start();
    for name in
        ["Peter Moss", "Peter Moss II", "Peter Moss III", "Peter Moss Sr.", "Peter Moss Jr."]
    {
        server.create(&at_home(name));
    }
    let all = groups(&server, "?min_probability=0.2");
    assert!(all.iter().all(|group| group.len() < 3), "{all:?}");
    let done = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(done["merged"], json!([]), "{done}");
    let reasons: Vec<&Value> =
        done["skipped"].as_array().unwrap().iter().map(|one| &one["reason"]).collect();
    assert!(reasons.iter().all(|reason| *reason == "they differ in suffix"), "{reasons:?}");
    // The same generation twice is one person.
    let [first, second] = ["Paul Kent III", "Kent, Paul III"].map(|name| {
        let mut one = at_home(name);
        one["phone"] = json!("+12025550199");
        one["email"] = json!("third@family.example");
        server.create_id(&one)
    });
    let done = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(done["merged"][0]["primary"], json!(first), "{done}");
    assert_eq!(done["merged"][0]["others"], json!([second]), "{done}");
}

#[test]
fn a_member_joins_only_by_its_own_likely_pairs() {
    let server = TestServer::start();
    let sure = json!({
        "name": "Ignatius Featherstone", "phone": "+12025550101", "email": "ig@feather.example",
    });
    let [first, second] = [(); 2].map(|()| server.create_id(&sure));
    // Likely, but not surely: only an initial and the number.
    let weak = server.create_id(&json!({"name": "I. Featherstone", "phone": "+12025550101"}));
    let least = "/api/v1/duplicates?min_probability=";
    let listed = server.get(&format!("{least}0.5")).expect(200).json;
    let members = listed["groups"][0]["members"].as_array().unwrap().clone();
    assert_eq!(members.len(), 3, "{listed}");
    assert!(members.iter().all(|one| one["selected"] == true), "{listed}");
    let own = |id: &str| {
        let mut members = members.iter();
        members.find(|one| one["id"] == id).unwrap()["probability"].as_f64().unwrap()
    };
    assert!(own(&weak) < own(&first).min(own(&second)), "{listed}");
    let between = f64::midpoint(own(&weak), own(&first));
    let listed = server.get(&format!("{least}{between}")).expect(200).json;
    for member in listed["groups"][0]["members"].as_array().unwrap() {
        assert_eq!(member["selected"], json!(member["id"] != json!(weak)), "{listed}");
    }
    let auto = json!({"duplicates": {"auto_merge": {"min_probability": between, "agree": []}}});
    server.patch("/api/v1/settings", &auto).expect(200);
    let done = server.post(AUTO, &json!({})).expect(200).json;
    assert_eq!(done["merged"][0]["primary"], json!(first), "{done}");
    assert_eq!(done["merged"][0]["others"], json!([second]), "{done}");
    server.get(&format!("/api/v1/contacts/{weak}")).expect(200);
}

#[test]
fn people_of_one_household_are_not_offered_as_duplicates() {
    let server = TestServer::start();
    let home = |name: &str| {
        json!({"name": name, "phone": "+12175550123", "email": "millers@home.example",
            "addresses": [{"street": "12 Elm St", "city": "Springfield", "postal_code": "62701",
                "country": "US"}]})
    };
    for name in ["John Miller", "Mary Miller", "Emma Miller"] {
        server.create(&home(name));
    }
    let couples = [
        ("Herr Baker", "Frau Baker"),
        ("Mr. J. Cook", "Mrs. J. Cook"),
        ("Monsieur Dupont", "Mme Dupont"),
        ("Sr. García", "Sra. García"),
    ];
    for (at, (one, other)) in couples.iter().enumerate() {
        for name in [one, other] {
            let mut body = home(name);
            body["phone"] = json!(format!("+1217555{:04}", 200 + at));
            body["email"] = json!(format!("home{at}@home.example"));
            body["addresses"][0]["street"] = json!(format!("{} Oak St", 31 + 12 * at));
            server.create(&body);
        }
    }
    for view in ["groups", "pairs"] {
        let shown = server.get(&format!("/api/v1/duplicates?view={view}")).expect(200).json;
        assert_eq!(shown["total"], 0, "{shown}");
    }
    // The same form of address speaks against nothing.
    server.create(&json!({"name": "Herr Baker", "phone": "+12175550200",
        "email": "home0@home.example"}));
    assert_eq!(groups(&server, ""), [["Herr Baker", "Herr Baker"]]);
}
