//! The list to review: always current, page by page, and what is decided about it.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

const LIST: &str = "/api/v1/duplicates";

fn groups(client: &Client) -> Vec<Vec<String>> {
    let answer = client.get(LIST).expect(200).json;
    let name = |member: &Value| member["contact"]["display_name"].as_str().unwrap().to_owned();
    let groups = answer["groups"].as_array().unwrap().iter();
    groups.map(|group| group["members"].as_array().unwrap().iter().map(name).collect()).collect()
}

fn total(client: &Client, view: &str) -> u64 {
    let answer = client.get(&format!("{LIST}?view={view}")).expect(200).json;
    assert_eq!(answer["state"], "current");
    assert_eq!(answer["total_exact"], true);
    answer["total"].as_u64().unwrap()
}

/// Some people, of whom the given number of twins exist.
fn twins(server: &Client, from: usize, count: usize) -> Vec<[String; 2]> {
    (from..from + count)
        .map(|at| {
            let name = format!("Person{} Surname{}", letters(at), letters(at * 7 + 3));
            let phone = format!("+1202555{:04}", 100 + at);
            let one = server.create_id(&json!({"name": name, "phone": phone}));
            let email = format!("{}@example.com", letters(at));
            let other = server.create_id(&json!({"name": name, "phone": phone, "email": email}));
            [one, other]
        })
        .collect()
}

/// A word for a number.
fn letters(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..5 {
        word.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number = number / 26 + number % 26 * 5;
    }
    word
}

#[test]
fn the_list_follows_every_change_without_a_run() {
    let server = TestServer::start();
    assert_eq!(groups(&server), Vec::<Vec<String>>::new());
    let john = json!({"name": "John Doe", "phone": "+1234567890"});
    let one = server.create_id(&john);
    assert!(groups(&server).is_empty());
    let other = server.create_id(&john);
    assert_eq!(groups(&server), [["John Doe", "John Doe"]]);
    let third = server.create_id(
        &json!({"name": "Doe, John", "phone": "1234567890", "email": "john@doe.example"}),
    );
    assert_eq!(groups(&server)[0].len(), 3);
    assert_eq!((total(&server, "groups"), total(&server, "pairs")), (1, 3));
    // Somebody else after all.
    server
        .patch(
            &format!("/api/v1/contacts/{third}"),
            &json!({"name": "Max Power", "phone": "+4930901820", "email": null}),
        )
        .expect(200);
    assert_eq!(groups(&server), [["John Doe", "John Doe"]]);
    server.delete(&format!("/api/v1/contacts/{one}")).expect(204);
    assert!(groups(&server).is_empty());
    server.post(&format!("/api/v1/contacts/{one}/restore"), &json!({})).expect(200);
    assert_eq!(total(&server, "pairs"), 1);
    let answer = server.get(&format!("{LIST}?contact={other}")).expect(200).json;
    let group = &answer["groups"][0];
    assert_eq!(group["id"], json!(one));
    assert_eq!(group["pairs"][0]["id_a"], json!(one));
    assert!(group["pairs"][0]["summary"].as_str().unwrap().contains("phone"), "{group}");
    assert!(answer["compared"]["contacts"].is_u64());
    assert_eq!(server.get(&format!("{LIST}?contact={third}")).expect(200).json["total"], 0);
    server.delete(&format!("/api/v1/contacts/{other}?permanent=true")).expect(204);
    assert_eq!(total(&server, "pairs"), 0);
}

#[test]
fn pages_hold_every_pair_once_and_decisions_are_kept() {
    let server = TestServer::start();
    let people = twins(&server, 0, 12);
    assert_eq!((total(&server, "groups"), total(&server, "pairs")), (12, 12));
    for (view, names) in [("pairs", ["id_a", "id_b"]), ("groups", ["id", "id"])] {
        let mut seen: Vec<String> = Vec::new();
        let mut path = format!("{LIST}?view={view}&per_page=5");
        loop {
            let page = server.get(&path).expect(200).json;
            for entry in page[view].as_array().unwrap() {
                seen.push(format!("{} {}", entry[names[0]], entry[names[1]]));
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{LIST}?view={view}&per_page=5&cursor={cursor}");
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 12, "{view}");
    }
    // Different people: gone from the list, also after a restart and a change.
    let [one, other] = &people[0];
    let made =
        server.post(&format!("{LIST}/dismissals"), &json!({"ids": [one, other]})).expect(200).json;
    assert_eq!(made["decisions"][0]["verdict"], "not_duplicate");
    assert!(made["decisions"][0]["probability"].as_f64().unwrap() > 0.9, "{made}");
    assert_eq!((total(&server, "groups"), total(&server, "pairs")), (11, 11));
    server.patch(&format!("/api/v1/contacts/{one}"), &json!({"title": "Dr"})).expect(200);
    assert_eq!(total(&server, "pairs"), 11);
    let server = server.restart();
    assert_eq!((total(&server, "groups"), total(&server, "pairs")), (11, 11));
    let later = json!({"ids": people[1], "verdict": "later"});
    server.post(&format!("{LIST}/dismissals"), &later).expect(200);
    let over = json!({"ids": people[2], "verdict": "later", "until": "2020-01-01T00:00:00Z"});
    server.post(&format!("{LIST}/dismissals"), &over).expect(200);
    assert_eq!((total(&server, "groups"), total(&server, "pairs")), (10, 10));
    let kept = server.get(&format!("{LIST}/dismissals")).expect(200).json;
    assert_eq!(kept["total"], 3);
    server.delete(&format!("{LIST}/dismissals?ids={other},{one}")).expect(204);
    server.delete(&format!("{LIST}/dismissals?ids={other},{one}")).expect(404);
    assert_eq!(total(&server, "pairs"), 11);
    // Told apart and typed in again: the form does not warn of it.
    let [one, other] = &people[3];
    server.post(&format!("{LIST}/dismissals"), &json!({"ids": [one, other]})).expect(200);
    let check =
        server.post(&format!("{LIST}/check"), &json!({"id": one, "title": "Dr"})).expect(200).json;
    assert_eq!(check["matches"], json!([]));
}

#[test]
fn a_group_that_was_put_aside_comes_back_for_what_is_new_in_it() {
    let server = TestServer::start();
    let [one, other] = &twins(&server, 0, 1)[0];
    let known = server.get(&format!("/api/v1/contacts/{one}")).expect(200).json;
    let later = json!({"ids": [one, other], "verdict": "later"});
    server.post(&format!("{LIST}/dismissals"), &later).expect(200);
    assert_eq!((total(&server, "groups"), total(&server, "pairs")), (0, 0));
    // Somebody who may be the same person, but not as likely as those two.
    let name = known["last_name"].as_str().unwrap();
    server.create(&json!({"name": format!("P {name}"), "phone": known["phone"]}));
    let list = |view: &str, least: f64| {
        server.get(&format!("{LIST}?view={view}&min_probability={least}")).expect(200).json
    };
    let group = list("groups", 0.5)["groups"][0].clone();
    assert_eq!(group["members"].as_array().unwrap().len(), 3, "{group}");
    let ties: Vec<f64> = group["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tie| tie["probability"].as_f64().unwrap())
        .collect();
    let (known, new) = (ties[0], ties[1]);
    assert!(known > new + 0.001, "{group}");
    assert_eq!(list("groups", new + 0.001)["total"], 0);
    assert_eq!(list("groups", new - 0.001)["total"], 1);
    assert_eq!(list("pairs", 0.5)["total"], 2);
    // The group is as likely as the weakest pair along which it grew.
    assert_eq!(group["probability"], json!(new));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let server = TestServer::start();
    let people = twins(&server, 0, 2);
    let [one, other] = &people[0];
    let unknown = "0193b3a0-0000-7000-8000-000000000000";
    let dismissals = format!("{LIST}/dismissals");
    for wrong in [
        json!({}),
        json!({"ids": []}),
        json!({"ids": [one]}),
        json!({"ids": [one, one]}),
        json!({"ids": [one, "x"]}),
        json!({"ids": [one, other], "verdict": "same"}),
        json!({"ids": [one, other], "until": "2030-01-01T00:00:00Z"}),
        json!({"ids": [one, other], "because": "no"}),
        json!([one, other]),
    ] {
        server.post(&dismissals, &wrong).expect(422);
    }
    server.post(&dismissals, &json!({"ids": [one, unknown]})).expect(404);
    for wrong in
        ["view=x", "min_probability=-1", "per_page=0", "cursor=x", "cursor=1.2", "cursor=ffff"]
    {
        server.get(&format!("{LIST}?{wrong}")).expect(422);
    }
    server.get(&format!("{LIST}?contact={unknown}")).expect(404);
    let other_org = server.organization("Other");
    other_org.post(&dismissals, &json!({"ids": [one, other]})).expect(404);
    assert_eq!(total(&other_org, "pairs"), 0);
    assert_eq!(other_org.get(&dismissals).expect(200).json["total"], 0);
    server.role("agent").get(LIST).expect(403);
    assert_eq!(total(&server, "pairs"), 2);
}

#[test]
fn many_changes_at_once_are_taken_over() {
    let server = TestServer::start();
    twins(&server, 0, 3);
    assert_eq!(total(&server, "pairs"), 3);
    let twice = |at: usize| {
        let name = format!("Imported{} Row{}", letters(at), letters(at + 900));
        let one = json!({"name": name, "phone": format!("+1212555{at:04}")});
        [one.clone(), one]
    };
    let contacts: Vec<Value> = (0..300).flat_map(twice).collect();
    let answer =
        server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts})).expect(200).json;
    assert_eq!(answer["created"], 600);
    assert_eq!((total(&server, "groups"), total(&server, "pairs")), (303, 303));
}

#[test]
fn many_equal_copies_are_one_group_also_after_comparing_everything() {
    let server = TestServer::start();
    for copies in [70, 300] {
        let one = json!({
            "name": format!("Copied{copies} Person"), "phone": format!("+1202555{copies:04}"),
            "email": format!("copy{copies}@example.com"), "company": "Copies Ltd",
        });
        let contacts = vec![one; copies];
        server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts})).expect(200);
    }
    let sizes = || {
        let all = server.get(LIST).expect(200).json;
        let groups = all["groups"].as_array().unwrap().iter();
        let mut sizes: Vec<usize> =
            groups.map(|g| g["members"].as_array().unwrap().len()).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(), [70, 300]);
    let run = server.post("/api/v1/duplicates/runs", &json!({})).expect(202);
    let place = run.header("location").unwrap().to_owned();
    while server.get(&place).expect(200).json["finished_at"].is_null() {
        std::thread::yield_now();
    }
    assert_eq!(sizes(), [70, 300]);
}

#[test]
fn what_was_put_aside_comes_back_and_a_merge_that_is_undone_forgets_nothing() {
    let server = TestServer::start();
    let people = twins(&server, 0, 2);
    let soon = jiff::Timestamp::now() + std::time::Duration::from_millis(300);
    let later = json!({"ids": people[0], "verdict": "later", "until": soon.to_string()});
    server.post(&format!("{LIST}/dismissals"), &later).expect(200);
    while jiff::Timestamp::now() <= soon {
        std::thread::yield_now();
    }
    assert_eq!(total(&server, "pairs"), 2);
    // Told apart, merged all the same, and undone.
    let [one, other] = &people[1];
    server.post(&format!("{LIST}/dismissals"), &json!({"ids": [one, other]})).expect(200);
    // There is nothing left to put aside.
    server
        .post(&format!("{LIST}/dismissals"), &json!({"ids": [one, other], "verdict": "later"}))
        .expect(200);
    let merge = json!({"primary": one, "others": [other]});
    let merged = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    let undo = format!("/api/v1/merges/{}/undo", merged["merge_id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(200);
    let kept = server.get(&format!("{LIST}/dismissals")).expect(200).json;
    let verdicts: Vec<&str> = kept["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verdict"].as_str().unwrap())
        .collect();
    assert!(verdicts.contains(&"not_duplicate") && !verdicts.contains(&"same"), "{kept}");
    assert_eq!(total(&server, "pairs"), 1);
    // Who does not see what is compared decides nothing.
    let masked = json!({"field_visibility": {"phones": {"manager": "masked"}}});
    server.patch("/api/v1/settings", &masked).expect(200);
    let manager = server.role("manager");
    manager.post(&format!("{LIST}/dismissals"), &json!({"ids": people[0]})).expect(403);
    manager.get(&format!("{LIST}/dismissals")).expect(403);
    manager.get(LIST).expect(403);
}

#[test]
fn fields_leaves_all_but_named_members_out_of_contacts_to_review() {
    let server = TestServer::start();
    let [one, other] = &twins(&server, 0, 1)[0];
    let members = |contact: &Value| {
        let mut names: Vec<String> = contact.as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names
    };
    let wanted = ["company", "display_name", "id"];
    for (view, contact) in [
        ("pairs", "/pairs/0/contacts/1"),
        ("groups", "/groups/0/members/0/contact"),
        ("same_number", "/groups/0/contacts/0"),
    ] {
        let whole = server.get(&format!("{LIST}?view={view}")).expect(200).json;
        let path = format!("{LIST}?view={view}&fields=display_name,%20company");
        let sparse = server.get(&path).expect(200).json;
        assert_eq!(members(sparse.pointer(contact).unwrap()), wanted, "{view}");
        assert_eq!(sparse["total"], whole["total"]);
    }
    let pair = server.get(&format!("{LIST}?view=pairs&fields=tags")).json["pairs"][0].clone();
    assert_eq!((&pair["id_a"], &pair["id_b"]), (&json!(one), &json!(other)));
    assert!(pair["probability"].as_f64().unwrap() > 0.5, "what is said of the pair stays");
}
