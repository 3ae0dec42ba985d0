//! Searching and listing through the API: what is found, in which order, how pages go on.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer, escape};

/// A handful of people that the queries below tell apart.
fn people(server: &Client) {
    let kim = json!({"name": "Kim", "email": "kim@example.com", "role": "agent"});
    server.post("/api/v1/users", &kim).expect(201);
    for person in [
        json!({"name": "John Doe", "phone": "+1 234 567 890 12", "email": "john.doe@example.com",
            "company": "Acme Inc", "tags": ["VIP", "Key Account"]}),
        json!({"name": "Jane Doe", "phone": "+49 151 23456789", "email": "jane@acme.com",
            "title": "Buyer", "notes": "prefers mornings"}),
        json!({"name": "José Álvarez", "phone": "030 1234567890", "company": "Müller GmbH",
            "custom_fields": {"industry": "Telecom", "account_value": 50_000}}),
        json!({"name": "Sinéad O'Brien", "phone": "+353 1 234 5678", "status": "inactive",
            "source": "web", "assigned_to": "kim@example.com"}),
        json!({"name": "Иван Доу", "phone": "+7 912 345-67-89", "tags": ["vip gold"]}),
        json!({"name": "王小明", "phone": "+86 138 0013 8000"}),
        json!({"first_name": "Anna-Lena", "last_name": "Groß", "company": "Acme Labs",
            "status": "blocked"}),
    ] {
        server.create(&person);
    }
}

#[test]
fn people_are_found_by_what_one_knows_of_them() {
    let server = TestServer::start();
    people(&server);
    let check = |query: &str, expected: &[&str]| {
        let answer = server.search(query, "&sort=name");
        assert_eq!(answer.names(), expected, "{query:?}");
        assert_eq!(answer.json["total"], expected.len(), "{query:?}");
        assert_eq!(answer.json["total_exact"], true);
        let body = json!({"q": query, "sort": "name"});
        let posted = server.post("/api/v1/contacts/search", &body).expect(200);
        assert_eq!(posted.names(), expected, "{query:?} by POST");
    };
    check("John", &["John Doe"]);
    check("Doe", &["Jane Doe", "John Doe"]);
    check("John Doe", &["John Doe"]);
    check("Doe John", &["John Doe"]);
    check("doe jo", &["John Doe"]);
    check("jo", &["John Doe", "José Álvarez"]);
    check("jose", &["José Álvarez"]);
    check("JOSÉ alvarez", &["José Álvarez"]);
    check("obrien", &["Sinéad O'Brien"]);
    check("o'brien sinead", &["Sinéad O'Brien"]);
    check("o’br", &["Sinéad O'Brien"]);
    check("gross", &["Anna-Lena Groß"]);
    check("lena", &["Anna-Lena Groß"]);
    check("доу иван", &["Иван Доу"]);
    check("小明", &["王小明"]);
    check("acme", &["Anna-Lena Groß", "Jane Doe", "John Doe"]);
    check("muller", &["José Álvarez"]);
    check("john.doe@example.com", &["John Doe"]);
    check("JOHN.DOE@EXAMPLE.COM", &["John Doe"]);
    check("john.doe", &["John Doe"]);
    check("example.com", &["John Doe"]);
    // A company and another address hold these words as well.
    check("acme.com", &["Jane Doe", "John Doe"]);
    check("doe example.com", &["John Doe"]);
    check("john.doe@exam", &["John Doe"]);
    // As it is typed, letter by letter.
    for typed in ["example", "example.", "example.c", "example.co", "john.d", "john.do"] {
        check(typed, &["John Doe"]);
    }
    check("doe -example.com", &["Jane Doe"]);
    check("jane.acme", &["Jane Doe"]);
    check("vip", &["John Doe", "Иван Доу"]);
    check("key account", &["John Doe"]);
    check("buyer", &["Jane Doe"]);
    check("mornings", &["Jane Doe"]);
    check("telecom", &["José Álvarez"]);
    check("name:doe", &["Jane Doe", "John Doe"]);
    check("company:acme", &["Anna-Lena Groß", "John Doe"]);
    check("email:acme.com", &["Jane Doe"]);
    check("tag:vip", &["John Doe"]);
    check("tag:vip*", &["John Doe", "Иван Доу"]);
    check("tag:\"key account\"", &["John Doe"]);
    check("status:inactive", &["Sinéad O'Brien"]);
    check("source:web", &["Sinéad O'Brien"]);
    check("owner:kim", &["Sinéad O'Brien"]);
    check("cf.industry:telecom", &["José Álvarez"]);
    check("doe -john", &["Jane Doe"]);
    check("doe -\"john\"", &["Jane Doe"]);
    check("\"doe\"", &["Jane Doe", "John Doe"]);
    check("nobody", &[]);
    check("john nobody", &[]);
}

#[test]
fn numbers_are_found_by_any_part_in_any_formatting() {
    let server = TestServer::start();
    people(&server);
    server.create(&json!({"name": "Issue", "phone": "+1-234-567-890"}));
    let check = |query: &str, expected: &[&str]| {
        assert_eq!(server.search(query, "&sort=name").names(), expected, "{query:?}");
    };
    check("+1-234-567-890", &["Issue", "John Doe", "José Álvarez"]);
    check("1234567890", &["Issue", "John Doe", "José Álvarez"]);
    check("234567890", &["Issue", "John Doe", "José Álvarez"]);
    let all = ["Issue", "Jane Doe", "John Doe", "José Álvarez", "Sinéad O'Brien", "Иван Доу"];
    check("(234) 567", &all);
    check("234 567", &all);
    check("4567", &all);
    check("567.890", &["Issue", "John Doe", "José Álvarez"]);
    check("234/567-890", &["Issue", "John Doe", "José Álvarez"]);
    check("151", &["Jane Doe"]);
    check("0151 234567", &["Jane Doe"]);
    check("0049 151", &["Jane Doe"]);
    check("+49 (0)151 234", &["Jane Doe"]);
    check("００４９151", &["Jane Doe"]);
    check("9123456789", &["Иван Доу"]);
    check("phone:8000", &["王小明"]);
    check("phone:80", &["王小明"]);
    check("doe 4567", &["Jane Doe", "John Doe"]);
    check("4567 doe", &["Jane Doe", "John Doe"]);
    check("0000000", &[]);
    check("12345678901234567890123", &[]);
}

#[test]
fn every_infix_of_every_number_finds_it() {
    let server = TestServer::start();
    let numbers = ["+12025550147", "+493012345678", "4711", "+442079460958"];
    for number in numbers {
        server.create(&json!({"name": format!("N{number}"), "phone": number}));
    }
    for number in numbers {
        let digits = number.trim_start_matches('+');
        for start in 0..digits.len() {
            for end in start + 3..=digits.len() {
                let part = &digits[start..end];
                let expected = numbers.iter().filter(|n| n.contains(part)).count();
                let answer = server.search(part, "&per_page=10");
                let found = answer.names();
                assert!(found.contains(&format!("N{number}").as_str()), "{part} of {number}");
                // A leading zero may also be a trunk prefix, so there can be more.
                if !part.starts_with('0') {
                    assert_eq!(found.len(), expected, "{part}: {found:?}");
                }
            }
        }
    }
}

#[test]
fn lists_are_sorted_both_ways_and_counted_exactly() {
    let server = TestServer::start();
    let mut names: Vec<String> = (0..120).map(|i| format!("Person {i:03}")).collect();
    names.push("Ärmel Aal".to_owned());
    names.push("zorro".to_owned());
    for name in names.iter().rev() {
        server.create(&json!({"name": name}));
    }
    names.sort_by_key(|name| ringdex::domain::text::fold(name));
    let page = |parameters: &str| server.search("", parameters);
    let first = page("&sort=name");
    assert_eq!(first.json["total"], 122);
    assert_eq!(first.json["per_page"], 50);
    assert_eq!(first.header("x-total-count"), Some("122"));
    assert_eq!(first.names(), names[..50].iter().collect::<Vec<_>>());
    assert_eq!(page("&sort=name&page=3").names(), names[100..].iter().collect::<Vec<_>>());
    assert_eq!(page("&sort=name&page=3").json["next_cursor"], Value::Null);
    assert_eq!(page("&sort=name&page=4").names(), Vec::<&str>::new());
    assert_eq!(page("&sort=name&page=4").json["total"], 122);
    let mut backwards = names.clone();
    backwards.reverse();
    assert_eq!(page("&sort=-name&per_page=1000").names(), backwards);
    assert_eq!(page("&sort=created_at").names()[..2], ["zorro", "Ärmel Aal"]);
    assert_eq!(page("&sort=-created_at").names()[..2], ["Person 000", "Person 001"]);
    assert_eq!(page("").names()[..2], ["Person 000", "Person 001"], "newest first by itself");
    assert_eq!(page("&per_page=0").json["total"], 122);
    let one = page("&sort=name&per_page=1").json["contacts"][0]["id"].as_str().unwrap().to_owned();
    server.patch(&format!("/api/v1/contacts/{one}"), &json!({"title": "x"})).expect(200);
    assert_eq!(page("&sort=-updated_at").json["contacts"][0]["id"], one.as_str());
}

#[test]
fn the_status_narrows_a_list() {
    let server = TestServer::start();
    people(&server);
    let names = |parameters: &str| {
        let answer = server.search("", &format!("&sort=name{parameters}"));
        assert_eq!(answer.json["total"], answer.names().len());
        answer.names().iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("&status=blocked"), ["Anna-Lena Groß"]);
    assert_eq!(names("&status=Inactive"), ["Sinéad O'Brien"]);
    assert_eq!(names("&status=active").len(), 5);
    assert_eq!(names("&status=archived").len(), 0);
    assert_eq!(server.search("acme", "&status=active&sort=name").names(), ["Jane Doe", "John Doe"]);
}

#[test]
fn a_write_is_seen_by_the_next_search_of_its_writer() {
    let server = TestServer::start();
    for i in 0..100 {
        let name = format!("Seen{i} Atonce");
        let id = server.create_id(&json!({"name": name}));
        let found = server.search(&format!("seen{i}"), "");
        assert_eq!(found.json["contacts"][0]["id"], id.as_str(), "{i}");
        assert!(found.json.get("stale").is_none());
        if i % 5 == 0 {
            server.patch(&format!("/api/v1/contacts/{id}"), &json!({"title": "Zed"})).expect(200);
            assert_eq!(server.search("title:zed", "").json["total"], i / 5 + 1);
        }
    }
    assert_eq!(server.search("atonce", "").json["total"], 100);
}

#[test]
fn refresh_says_what_others_see() {
    let server = TestServer::start();
    let other = server.role("agent");
    for i in 0..20 {
        server.create(&json!({"name": format!("Fresh{i}")}));
        let waited = other.search(&format!("fresh{i}"), "&refresh=wait");
        assert_eq!(waited.json["total"], 1, "{i}");
        assert!(waited.json.get("stale").is_none());
    }
    other.search("fresh", "&refresh=false");
    let body = json!({"q": "fresh19", "refresh": false});
    other.post("/api/v1/contacts/search", &body).expect(200);
    let body = json!({"q": "fresh19", "refresh": "wait"});
    assert_eq!(other.post("/api/v1/contacts/search", &body).expect(200).json["total"], 1);
    assert_eq!(
        server.get("/api/v1/contacts?refresh=sometimes").expect(422).json["errors"][0]["pointer"],
        "/refresh"
    );
}

#[test]
fn a_walk_by_cursors_meets_everything_once_while_others_write() {
    let server = TestServer::start();
    let contacts: Vec<Value> =
        (0..400).map(|i| json!({"name": format!("Walk {}", (i * 37) % 400)})).collect();
    let made = server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts})).expect(200);
    let ids: HashSet<String> = made.json["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].as_str().unwrap().to_owned())
        .collect();
    server.search("", "&refresh=wait");
    let stop = Arc::new(AtomicBool::new(false));
    let (client, stopped) = (server.role("agent"), Arc::clone(&stop));
    let writer = std::thread::spawn(move || {
        let mut count = 0;
        while !stopped.load(Ordering::Relaxed) {
            let id = client.create_id(&json!({"name": format!("Walk new {count}")}));
            client.delete(&format!("/api/v1/contacts/{id}")).expect(204);
            client.create(&json!({"name": format!("Other {count}")}));
            count += 1;
        }
        count
    });
    for (q, sort) in [
        ("", "created_at"),
        ("", "-created_at"),
        ("", "name"),
        ("", "-name"),
        ("walk", "relevance"),
        ("wal", "-name"),
    ] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        for _ in 0..1_000 {
            let parameters = format!("&sort={sort}&per_page=23&cursor={}", escape(&cursor));
            let answer = server.search(q, &parameters);
            for contact in answer.json["contacts"].as_array().unwrap() {
                seen.push(contact["id"].as_str().unwrap().to_owned());
            }
            match answer.json["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        let unique: HashSet<String> = seen.iter().cloned().collect();
        assert_eq!(unique.len(), seen.len(), "{q:?} by {sort}: something was met twice");
        assert!(unique.is_superset(&ids), "{q:?} by {sort}: something was missed");
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writer.join().unwrap() > 0, "nothing was written meanwhile");
}

#[test]
fn words_that_match_as_prefixes_only_go_on_behind_a_cursor() {
    let server = TestServer::start();
    for i in 0..5 {
        server.create(&json!({"name": format!("Maximilian Mustermann {i}")}));
    }
    let mut found = 0;
    let mut cursor = String::new();
    for _ in 0..5 {
        let answer = server.search("maxi muster", &format!("&per_page=1&cursor={cursor}"));
        assert_eq!(answer.json["total"], 5);
        found += answer.names().len();
        answer.json["next_cursor"].as_str().unwrap_or("").clone_into(&mut cursor);
    }
    assert_eq!((found, cursor.as_str()), (5, ""));
}

#[test]
fn a_cursor_is_not_taken_for_another_order() {
    let server = TestServer::start();
    people(&server);
    let cursor = server.search("", "&per_page=2&sort=name").json["next_cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    server.search("", &format!("&per_page=2&sort=name&cursor={cursor}"));
    for parameters in [format!("sort=-name&cursor={cursor}"), "cursor=abc".to_owned()] {
        let refused = server.get(&format!("/api/v1/contacts?{parameters}")).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/cursor");
    }
}

#[test]
fn hits_say_why_and_mark_what_matched() {
    let server = TestServer::start();
    people(&server);
    server.create(&json!({"name": "😀 Smile Zoë 𝔘nger", "phone": "+1 (202) 555-0123",
        "email": "zoe@x.org", "company": "😀 Zoë AG", "tags": ["😀 zoë"], "notes": "wie 😀 Zoë"}));
    let hit = |query: &str| server.search(query, "").json["contacts"][0].clone();
    let john = hit("doe jo");
    assert_eq!(john["display_name"], "John Doe");
    assert!(john["match"]["score"].as_f64().unwrap() > 0.0);
    let why: Vec<&str> =
        john["match"]["why"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(why[0], "last_name word");
    assert!(why.contains(&"first_name prefix"), "{why:?}");
    let mut marked = 0;
    for query in [
        "zoe",
        "zo",
        "smile",
        "😀",
        "5550123",
        "zoe@x.org",
        "x.org",
        "unger",
        "tag:zoë",
        "202",
        "555 zo",
    ] {
        let answer = server.search(query, "");
        for contact in answer.json["contacts"].as_array().unwrap() {
            let Some(highlights) = contact["match"]["highlights"].as_object() else {
                assert_eq!(query, "😀", "only what holds no word explains nothing");
                assert!(answer.json["warnings"].is_array());
                continue;
            };
            for (key, ranges) in highlights {
                let mut value = contact;
                for step in key.splitn(2, '/') {
                    value = match step.parse::<usize>() {
                        Ok(at) => &value[at],
                        Err(_) => &value[step],
                    };
                }
                let text = value
                    .as_str()
                    .or_else(|| value["number"].as_str())
                    .or_else(|| value["address"].as_str())
                    .unwrap_or_else(|| panic!("{key} names no text of {contact}"));
                let units: Vec<u16> = text.encode_utf16().collect();
                for range in ranges.as_array().unwrap() {
                    let at = |i: usize| usize::try_from(range[i].as_u64().unwrap()).unwrap();
                    assert!(
                        at(0) < at(1) && at(1) <= units.len(),
                        "{query}: {key} {range} of {text:?}"
                    );
                    assert!(
                        String::from_utf16(&units[at(0)..at(1)]).is_ok(),
                        "{query}: cuts a letter"
                    );
                    marked += 1;
                }
            }
        }
    }
    assert!(marked > 10, "only {marked} marks");
    let smile = hit("zoe");
    assert_eq!(smile["match"]["highlights"]["display_name"], json!([[9, 12]]));
    let listed = server.search("", "").json["contacts"][0]["match"].clone();
    assert_eq!(listed, json!({"score": 0.0, "why": [], "highlights": {}}));
    assert_eq!(hit("5550123")["match"]["highlights"]["phones/0"], json!([[5, 12]]));
}

#[test]
fn no_query_text_gives_an_error() {
    let server = TestServer::start();
    people(&server);
    for query in [
        "\"",
        "\"\"",
        "-",
        "--",
        "-\"",
        ":",
        "a:",
        ":a",
        "name:",
        "phone:x",
        "cf.:x",
        "cf.x:",
        "*",
        "tag:*",
        "(",
        ")",
        "()",
        "OR",
        "AND",
        "NOT",
        "a OR b",
        "(a OR b) -c",
        "created:2025-01-01..2025-12-31",
        "lead_score:>=50",
        "cf.account_value:>50000",
        "has:phone",
        "-has:owner",
        "\\",
        "%",
        "\0",
        "a\0b",
        "\u{202e}abc",
        "🙂",
        "\u{301}",
        "'",
        "status:asleep",
        "http://x.org/a?b=c",
        "foo:bar",
        "+",
        "+++",
        "0",
        "00",
        "000",
        "é\u{301}\u{301}",
        "~",
        "[a TO b]",
        "a^2",
        "a~1",
        "{}",
        "<script>",
        "ß",
        "ﷺ",
        "\r\n\t",
    ] {
        let answer = server.search(query, "");
        assert!(answer.json["total"].is_u64(), "{query:?}");
        let body = json!({"q": query});
        server.post("/api/v1/contacts/search", &body).expect(200);
    }
    let long = "wort ".repeat(2_000);
    let answer = server.post("/api/v1/contacts/search", &json!({"q": long})).expect(200);
    assert!(!answer.json["warnings"].as_array().unwrap().is_empty());
    let answer = server.search("foo:doe", "");
    assert!(answer.json["warnings"][0].as_str().unwrap().contains("foo"));
    let digits = "1".repeat(4_000);
    server.post("/api/v1/contacts/search", &json!({"q": digits})).expect(200);
}

#[test]
fn what_cannot_be_a_list_is_named() {
    let server = TestServer::start();
    for (parameters, pointer) in [
        ("page=0", "/page"),
        ("page=abc", "/page"),
        ("page=-1", "/page"),
        ("page=99999999999999999999999", "/page"),
        ("page=9999999", "/page"),
        ("per_page=1001", "/per_page"),
        ("per_page=x", "/per_page"),
        ("sort=age", "/sort"),
        ("status=asleep", "/status"),
    ] {
        let refused = server.get(&format!("/api/v1/contacts?{parameters}")).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{parameters}");
    }
    for body in [json!([]), json!({"q": 1}), json!({"page": "1"}), json!({"sort": {}})] {
        server.post("/api/v1/contacts/search", &body).expect(422);
    }
    server.get("/api/v1/contacts?page=&per_page=&sort=&cursor=&status=&refresh=&q=").expect(200);
}

#[test]
fn a_question_for_addresses_is_answered_by_addresses_alone() {
    let server = TestServer::start();
    server.create(&json!({"name": "John Doe", "phone": "+12025550123"}));
    assert_eq!(server.search("email:john*", "&refresh=wait").json["total"], 0);
    assert_eq!(server.search("john", "").json["total"], 1);
    server.create(&json!({"name": "Ada Byron", "email": "johnny@example.com"}));
    let found = server.search("email:john*", "&refresh=wait").json;
    assert_eq!((&found["total"], &found["contacts"][0]["name"]), (&json!(1), &json!("Ada Byron")));
}
