//! Digits that are hidden: whoever may not see them learns none by guessing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer, escape};

fn masked() -> (TestServer, Client) {
    let server = TestServer::start();
    server.create(&json!({"name": "Vic Tim", "phones": ["+12025550147"]}));
    let visibility = json!({"phones": {"agent": "masked", "manager": "masked"}});
    server.patch("/api/v1/settings", &json!({"field_visibility": visibility})).expect(200);
    let manager = server.role("manager");
    (server, manager)
}

fn guess(middle: u32) -> String {
    format!("+1202{middle:03}0147")
}

#[test]
fn creating_where_numbers_are_unique_counts_like_looking_up() {
    let (server, manager) = masked();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    for middle in 0..20 {
        manager.get(&format!("/api/v1/lookup?number={}", escape(&guess(middle)))).expect(200);
    }
    let create = |middle: u32| {
        let body = json!({"name": format!("G{middle}"), "phones": [guess(middle)]});
        manager.post("/api/v1/contacts", &body)
    };
    for middle in 20..30 {
        create(middle).expect(201);
    }
    assert_eq!(create(555).expect(429).code(), "rate_limited");
    manager.get(&format!("/api/v1/lookup?number={}", escape(&guess(555)))).expect(429);
    manager.create(&json!({"name": "No Number"}));
}

#[test]
fn many_at_once_are_refused_before_anything_is_told() {
    let (server, manager) = masked();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    let bulk = |range: std::ops::Range<u32>| {
        let contacts: Vec<Value> = range
            .map(|middle| json!({"name": format!("B{middle}"), "phones": [guess(middle)]}))
            .collect();
        manager.post("/api/v1/contacts/bulk", &json!({"contacts": contacts}))
    };
    let refused = bulk(400..560).expect(403);
    assert!(!String::from_utf8_lossy(&refused.body).contains("phone_in_use"));
    assert_eq!(bulk(545..565).expect(200).json["failed"], 1);
    bulk(565..580).expect(429);
}

/// Imports a list and waits for its end.
fn import(client: &Client, file: &str, options: &Value) -> Value {
    let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
    let headers = [("content-type", "text/csv")];
    let started = client.send("POST", &path, &headers, Some(file.as_bytes())).expect(202);
    loop {
        let job = client.get(&format!("/api/v1/imports/{}", started.id())).expect(200).json;
        if job["state"] != "running" && job["state"] != "queued" {
            return job;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_trial_import_tells_nobody_whose_number_a_guess_is() {
    let (_server, manager) = masked();
    let mut file = String::from("name,phone\n");
    for middle in 500..600 {
        let _ = writeln!(file, "Vic Tim,{}", guess(middle));
    }
    for match_names in [true, false] {
        let options = json!({"match_keys": ["phone"], "match_names": match_names, "dry_run": true});
        let job = import(&manager, &file, &options);
        assert_eq!(job["counts"]["imported"], 100, "{match_names}: {job}");
    }
}

/// A row that leads to a contact by its id or address adds no number to it: whether that changes
/// anything would tell whether it is there.
#[test]
fn a_row_of_a_known_contact_does_not_tell_whether_its_number_is_right() {
    let (server, manager) = masked();
    let body = json!({"name": "Eve Mail", "emails": ["eve@example.com"], "phones": [guess(777)]});
    let id = server.create_id(&body);
    for dry_run in [true, false] {
        let ends = [777, 778].map(|middle| {
            let by_id = format!("id,name,phone\n{id},Eve Mail,{}\n", guess(middle));
            let by_mail = format!("name,email,phone\nEve Mail,eve@example.com,{}\n", guess(middle));
            [by_id, by_mail].map(|file| {
                let job = import(&manager, &file, &json!({"dry_run": dry_run}));
                assert_eq!(job["counts"]["errors"], 0, "{job}");
                let warned = job["warnings"].to_string();
                assert!(warned.contains("not added"), "{job}");
                json!({"counts": job["counts"], "warnings": job["warnings"]})
            })
        });
        assert_eq!(ends[0], ends[1]);
    }
    let seen = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    assert_eq!(seen["phones"].as_array().unwrap().len(), 1, "{seen}");
    // Who sees the numbers adds them.
    let job =
        import(&server, &format!("id,name,phone\n{id},Eve Mail,{}\n", guess(778)), &json!({}));
    assert_eq!(job["counts"]["updated"], 1, "{job}");
}

#[test]
fn all_tokens_of_a_person_guess_together() {
    let (server, _) = masked();
    let user = server.user("m@example.com", "manager", "correct horse battery");
    let tokens = [0, 1].map(|_| {
        let made = server.post("/api/v1/tokens", &json!({"role": "manager", "user_id": user}));
        server.with_token(made.expect(201).json["token"].as_str().unwrap())
    });
    let path = format!("/api/v1/lookup?number={}", escape(&guess(1)));
    for at in 0..30 {
        tokens[at % 2].get(&path).expect(200);
    }
    for token in &tokens {
        assert_eq!(token.get(&path).expect(429).code(), "rate_limited");
    }
    server.role("manager").get(&path).expect(200);
}

#[test]
fn restoring_where_numbers_are_unique_counts_as_well() {
    let (server, manager) = masked();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    let id = server.create_id(&json!({"name": "Gone", "phones": [guess(1), guess(2)]}));
    for _ in 0..15 {
        server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
        manager.post(&format!("/api/v1/contacts/{id}/restore"), &json!({})).expect(200);
    }
    server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
    manager.post(&format!("/api/v1/contacts/{id}/restore"), &json!({})).expect(429);
}

/// Asks in every way that is not counted, and compares what is said of a right and a wrong guess.
#[test]
fn what_is_not_counted_says_the_same_of_a_right_and_of_a_wrong_guess() {
    let (server, manager) = masked();
    server.create(&json!({"phones": ["+12025550199"]}));
    let seen = server.get("/api/v1/contacts?q=12025550147&refresh=wait").expect(200).json;
    assert_eq!(seen["total"], 1, "who sees numbers finds them");
    let ask = |number: &str| -> Vec<Value> {
        let digits = number.trim_start_matches('+');
        let filter = |field: &str, op: &str, value: &str| {
            json!({"field": field, "op": op, "value": value}).to_string()
        };
        let mut asked: Vec<String> = Vec::new();
        for q in
            [number, digits, &digits[4..], &format!("phone:{digits}"), &format!("-phone:{digits}")]
        {
            asked.push(format!("/api/v1/contacts?q={}", escape(q)));
            asked.push(format!("/api/v1/suggest?q={}", escape(q)));
        }
        for op in ["is", "contains", "starts_with"] {
            asked.push(format!("/api/v1/contacts?filter={}", escape(&filter("phone", op, number))));
        }
        for sort in ["name", "last_name", "first_name", "company"] {
            asked.push(format!("/api/v1/contacts?sort={sort}&start={}", escape(number)));
        }
        asked.push(format!("/api/v1/contacts?phone={}&facets=letter", escape(number)));
        let mut said: Vec<Value> = asked.iter().map(|path| manager.get(path).json).collect();
        for body in [
            json!({"phones": [number]}),
            json!({"name": "Vic Tim", "phones": [number]}),
            json!({"name": "Vic Tim", "phone": number}),
        ] {
            let path = "/api/v1/duplicates/check?min_probability=0";
            said.push(manager.post(path, &body).expect(200).json);
        }
        said.push(
            import(&manager, &format!("phone\n{number}\n"), &json!({"dry_run": true}))["counts"]
                .take(),
        );
        let without_guess = |said: Value| -> Value {
            let text = said.to_string().replace(number, "NUMBER").replace(digits, "DIGITS");
            let mut said: Value = serde_json::from_str(&text.replace(&digits[4..], "END")).unwrap();
            if let Some(members) = said.as_object_mut() {
                members.remove("took_us");
            }
            said
        };
        said.into_iter().map(without_guess).collect()
    };
    for (right, wrong) in [("+12025550147", "+12025550146"), ("+12025550199", "+12025550198")] {
        for (of_right, of_wrong) in ask(right).into_iter().zip(ask(wrong)) {
            assert_eq!(of_right, of_wrong);
        }
    }
}
