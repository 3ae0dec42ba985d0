//! People who share a number, an address and even a name: no row may take the place of another.

use serde_json::{Value, json};

use super::{file, four, import};
use crate::support::server::TestServer;

fn contacts(server: &TestServer) -> Vec<Value> {
    let page = server.get("/api/v1/contacts?refresh=wait&sort=created_at&per_page=1000");
    page.expect(200).json["contacts"].as_array().unwrap().clone()
}

#[test]
fn a_row_of_a_household_overwrites_nobody_else() {
    let server = TestServer::start();
    let first = import(&server, &file("family_father.csv"), &json!({}));
    assert_eq!(first["counts"]["imported"], 1, "{first}");
    let father = contacts(&server)[0].clone();
    let second = import(&server, &file("family_others.csv"), &json!({}));
    assert_eq!(
        (&second["counts"]["imported"], &second["counts"]["updated"]),
        (&json!(3), &json!(0))
    );
    let all = contacts(&server);
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(all.iter().find(|one| one["id"] == father["id"]), Some(&father));
    for (display, first, last, suffix, birthday) in [
        ("John Smith Sr.", "John", "Smith", json!("Sr."), "1950-03-04"),
        ("John Smith Jr.", "John", "Smith", json!("Jr."), "1980-07-08"),
        ("Mary Smith", "Mary", "Smith", json!(null), "1952-01-02"),
        ("John Smith, III", "John", "Smith", json!("III"), "2005-09-10"),
    ] {
        let one = all.iter().find(|one| one["display_name"] == display);
        let one = one.unwrap_or_else(|| panic!("{display}"));
        assert_eq!((&one["first_name"], &one["last_name"]), (&json!(first), &json!(last)));
        assert_eq!((&one["suffix"], &one["birthday"]), (&suffix, &json!(birthday)));
    }
    // The same lists again find everybody.
    for name in ["family_others.csv", "family_father.csv"] {
        let again = import(&server, &file(name), &json!({}));
        assert_eq!(again["counts"]["unchanged"], again["progress"]["done"], "{name}: {again}");
    }
}

#[test]
fn a_family_in_one_list_stays_a_family() {
    let server = TestServer::start();
    let csv = "name,phone,birthday\n\
        John Smith,+12025550113,\n\
        John Smith Jr.,+12025550113,\n\
        \"Smith, John, III\",+12025550113,\n\
        John Smith 4th,+12025550113,\n\
        Johann Strauss d. Ä.,+12025550114,\n\
        Johann Strauss d. J.,+12025550114,\n\
        Alexandre Dumas père,+12025550115,\n\
        Alexandre Dumas fils,+12025550115,\n\
        Juan Pérez,+12025550116,\n\
        Juan Pérez hijo,+12025550116,\n\
        Mr. Lee,+12025550117,\n\
        Mrs. Lee,+12025550117,\n\
        John A. Reed,+12025550118,\n\
        John B. Reed,+12025550118,\n\
        Ann Poe,+12025550119,1950-01-01\n\
        Ann Poe,+12025550119,1981-02-02\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(four(&job), json!({"imported": 16, "updated": 0, "skipped": 0, "errors": 0}));
    let again = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(four(&again), json!({"imported": 0, "updated": 0, "skipped": 16, "errors": 0}));
}

#[test]
fn relatives_are_asked_about_where_duplicates_are() {
    let server = TestServer::start();
    import(&server, &file("family_father.csv"), &json!({}));
    let job = import(&server, &file("family_others.csv"), &json!({"on_duplicate": "ask"}));
    // Mary is nobody's namesake.
    assert_eq!(four(&job), json!({"imported": 1, "updated": 0, "skipped": 2, "errors": 0}));
}

#[test]
fn an_external_id_and_ignored_names_say_that_it_is_the_same_person() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Smith Sr.", "phone": "+12025550113",
        "external_crm_id": "7", "birthday": "1950-03-04"}));
    let path = format!("/api/v1/contacts/{id}");
    let by_id = "external_crm_id,name,birthday\n7,John Smith Jr.,1980-07-08\n";
    let job = import(&server, by_id.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["updated"], 1, "{job}");
    assert_eq!(server.get(&path).expect(200).json["suffix"], "Jr.");
    let by_phone = "name,phone\nJane Smith,+12025550113\n";
    let job = import(&server, by_phone.as_bytes(), &json!({"match_names": false}));
    assert_eq!(job["counts"]["updated"], 1, "{job}");
    assert_eq!(server.get(&path).expect(200).json["display_name"], "Jane Smith");
}

#[test]
fn an_initial_does_not_take_the_place_of_a_name() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Smith Jr.", "phone": "+12025550113",
        "birthday": "1980-07-08"}));
    let path = format!("/api/v1/contacts/{id}");
    let csv = "name,phone,birthday,company\n\
        J. Smith,+12025550113,1980-07-08,Acme\n\
        John Smith,+12025550113,1980-07-08,Beta\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["updated"], 2, "{job}");
    let kept = server.get(&path).expect(200).json;
    assert_eq!((&kept["display_name"], &kept["suffix"]), (&json!("John Smith Jr."), &json!("Jr.")));
    assert_eq!((&kept["first_name"], &kept["company"]), (&json!("John"), &json!("Beta")));
}

#[test]
fn father_and_son_are_no_duplicates() {
    let server = TestServer::start();
    for name in ["Peter Moss II", "Peter Moss III"] {
        server.create(&json!({"name": name, "phone": "+12025550113", "email": "moss@example.com"}));
    }
    let draft = json!({"name": "Peter Moss IV", "phone": "+12025550113"});
    let check = server.post("/api/v1/duplicates/check", &draft).expect(200);
    for found in check.json["matches"].as_array().unwrap() {
        assert!(found["probability"].as_f64().unwrap() < 0.5, "{found}");
    }
}

#[test]
fn people_of_one_household_are_told_apart_by_a_column_of_salutations() {
    for header in ["Salutation", "Anrede", "Title"] {
        let server = TestServer::start();
        for (salutation, expected) in [("Mr.", 1), ("Mrs.", 2), ("Mr.", 2)] {
            let csv = format!(
                "{header},First Name,Last Name,Phone\n{salutation},Aubrey,Fox,+12025550113\n"
            );
            import(&server, csv.as_bytes(), &json!({}));
            let all = server.get("/api/v1/contacts?refresh=wait").json;
            assert_eq!(all["total"], expected, "{header} {salutation}: {all}");
        }
        let all = server.get("/api/v1/contacts?sort=name").json;
        let one = &all["contacts"][0];
        assert_eq!(one["display_name"], "Mr. Aubrey Fox", "{header}");
        assert_eq!((&one["first_name"], &one["title"]), (&json!("Aubrey"), &json!(null)));
    }
    // A profession stays one.
    let server = TestServer::start();
    import(&server, b"Title,Name,Phone\nProfessor,Ada Fox,+12025550113\n", &json!({}));
    assert_eq!(server.search("ada", "&refresh=wait").json["contacts"][0]["title"], "Professor");
}

#[test]
fn a_column_of_salutations_replaces_no_other_title_and_no_name_of_its_own() {
    let server = TestServer::start();
    for (at, (display_name, expected)) in (0..).zip([
        ("Dr. Ada Lovelace", "Dr. Ada Lovelace"),
        ("Countess Ada", "Countess Ada"),
        ("Ada Lovelace", "Ms. Ada Lovelace"),
    ]) {
        let email = format!("ada{at}@example.com");
        let id = server.create_id(&json!({"first_name": "Ada", "last_name": "Lovelace",
            "display_name": display_name, "emails": [{"address": email}]}));
        let path = format!("/api/v1/contacts/{id}");
        for names in ["First Name,Last Name", "First Name,Last Name,Name"] {
            let name =
                if names.ends_with(",Name") { format!(",{display_name}") } else { String::new() };
            let csv = format!("Salutation,{names},Email\nMs.,Ada,Lovelace{name},{email}\n");
            let job = import(&server, csv.as_bytes(), &json!({}));
            assert_eq!(job["counts"]["imported"], 0, "{job}");
            let shown = server.get(&path).expect(200).json;
            assert_eq!(shown["display_name"], expected, "{display_name} {names}");
        }
    }
    // What is no form of address is no part of a name.
    for (header, cell) in
        [("Anrede", "w"), ("Salutation", "Dear Ana"), ("Tratamiento", "Ortodoncia")]
    {
        let csv = format!("{header},Name,Phone\n{cell},Ana Lopez,+12025550170\n");
        let job = import(&server, csv.as_bytes(), &json!({"on_duplicate": "create"}));
        assert_eq!(job["warnings"][0]["column"], header, "{job}");
        let shown = server.lookup("+12025550170", "")["results"][0].clone();
        assert_eq!(shown["display_name"], "Ana Lopez", "{header}");
    }
}

#[test]
fn what_stands_in_brackets_behind_a_name_is_no_last_name() {
    let server = TestServer::start();
    let csv = b"Name,Phone\nBert Huber (Sales),+12025550113\nLuca Rossi (figlio),+12025550114\n";
    import(&server, csv, &json!({}));
    for (name, last, suffix) in [("bert", "Huber", json!(null)), ("luca", "Rossi", json!("figlio"))]
    {
        let one = server.search(name, "&refresh=wait").json["contacts"][0].clone();
        assert_eq!((&one["last_name"], &one["suffix"]), (&json!(last), &suffix), "{one}");
    }
}

#[test]
fn a_title_stays_in_the_name_that_is_shown() {
    let server = TestServer::start();
    let made = server.create(&json!({"name": "Dr. med. Anna Weber", "phone": "+12025550113"}));
    assert_eq!((&made["first_name"], &made["last_name"]), (&json!("Anna"), &json!("Weber")));
    assert_eq!(made["display_name"], "Dr. med. Anna Weber");
    let path = format!("/api/v1/contacts/{}", made["id"].as_str().unwrap());
    let changed = server.patch(&path, &json!({"last_name": "Weber-Kohl"})).expect(200).json;
    assert_eq!(changed["display_name"], "Dr. med. Anna Weber-Kohl");
    let changed = server.patch(&path, &json!({"suffix": "PhD"})).expect(200).json;
    assert_eq!(changed["display_name"], "Dr. med. Anna Weber-Kohl, PhD");
}

#[test]
fn suffixes_and_companies_in_a_column_of_names_are_told_from_names() {
    let server = TestServer::start();
    let list = "Name,Phone\n\"Smith, Jr., John\",+12025550110\n\"Jane Roe, P.Eng.\",+12025550111\n\
        \"Ing. Jan Novak, CSc.\",+12025550112\n\"Acme, Inc.\",+12025550113\n\
        \u{fe0f},+12025550114\n\u{e0041},\n";
    let job = import(&server, list.as_bytes(), &json!({}));
    assert_eq!(four(&job), json!({"imported": 5, "updated": 0, "skipped": 0, "errors": 1}));
    server.search("", "&refresh=wait");
    for (number, display, first, last, suffix) in [
        (110, "Smith, Jr., John", json!("John"), json!("Smith"), json!("Jr.")),
        (111, "Jane Roe, P.Eng.", json!("Jane"), json!("Roe"), json!("P.Eng.")),
        (112, "Ing. Jan Novak, CSc.", json!("Jan"), json!("Novak"), json!("CSc.")),
        (113, "Acme, Inc.", json!(null), json!("Acme, Inc."), json!(null)),
        (114, "+12025550114", json!(null), json!(null), json!(null)),
    ] {
        let found = server.search(&format!("+12025550{number}"), "").json["contacts"][0].clone();
        assert_eq!(
            (&found["display_name"], &found["first_name"], &found["last_name"], &found["suffix"]),
            (&json!(display), &first, &last, &suffix)
        );
    }
    for name in ["\u{fe0f}", "\u{e0041}\u{e0042}", "\u{fe0f} \u{fe0e}"] {
        server.post("/api/v1/contacts", &json!({"name": name})).expect(422);
    }
}
