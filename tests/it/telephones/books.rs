//! Phone books: read by another library than the one that writes them, as phones read them.

use serde_json::json;

use super::{bearer, device, text};
use crate::support::server::{Answer, Client, TestServer, escape};

const MAKERS: [&str; 8] = [
    "yealink",
    "snom",
    "snom-tbook",
    "grandstream",
    "grandstream-v2",
    "cisco",
    "fanvil",
    "polycom",
];

/// Every text and attribute of a document.
fn words(answer: &Answer) -> Vec<String> {
    let xml = roxmltree::Document::parse(text(answer)).unwrap();
    let texts = xml
        .descendants()
        .filter(roxmltree::Node::is_text)
        .filter_map(|n| n.text().map(str::to_owned));
    let attributes = xml.descendants().flat_map(|n| n.attributes().map(|a| a.value().to_owned()));
    texts.chain(attributes.collect::<Vec<_>>()).collect()
}

fn has(answer: &Answer, word: &str) -> bool {
    words(answer).iter().any(|known| known == word)
}

fn world() -> (TestServer, Client) {
    let server = TestServer::start();
    server.create(&json!({"first_name": "Jane", "last_name": "Doe & <Co>", "phones": [
        {"number": "+4930123456", "label": "work"}, {"number": "+491701234567", "label": "mobile"}],
        "email": "jane@example.com", "tags": ["VIP"]}));
    server.create(&json!({"name": "Zoë Adams", "phone": "+12025550101", "blocked": true}));
    server.create(&json!({"company": "Nowhere Ltd"}));
    server.search("", "&refresh=wait");
    let phone = bearer(&server, &json!({"role": "lookup", "in_url": true}));
    (server, phone)
}

#[test]
fn every_maker_gets_everybody_with_a_number_in_its_own_format() {
    let (server, phone) = world();
    for (maker, root) in MAKERS.iter().zip([
        "YealinkIPPhoneDirectory",
        "SnomIPPhoneDirectory",
        "tbook",
        "AddressBook",
        "AddressBook",
        "CiscoIPPhoneDirectory",
        "FanvilIPPhoneDirectory",
        "directory",
    ]) {
        let path = format!("/phonebook/{maker}.xml?token={}", phone.token());
        let answer = server.without_token().get(&path).expect(200);
        assert_eq!(answer.header("content-type"), Some("text/xml; charset=utf-8"));
        let xml = roxmltree::Document::parse(text(&answer)).unwrap();
        assert_eq!(xml.root_element().tag_name().name(), root);
        for number in ["+4930123456", "+491701234567", "+12025550101"] {
            assert!(has(&answer, number), "{maker} {number}: {}", text(&answer));
        }
        assert!(!text(&answer).contains("Nowhere"), "{maker}");
        // Some phones ask by POST, with members in the body.
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let posted =
            phone.send("POST", &format!("/phonebook/{maker}.xml"), &form, Some(b"q=adams"));
        let posted = posted.expect(200);
        assert!(has(&posted, "+12025550101") && !has(&posted, "+4930123456"), "{maker}");
    }
    let tbook = phone.get("/phonebook/snom-tbook.xml").expect(200);
    let xml = roxmltree::Document::parse(text(&tbook)).unwrap();
    let marks: Vec<_> = xml
        .descendants()
        .filter(|n| n.has_tag_name("contact"))
        .map(|n| (n.attribute("vip").unwrap(), n.attribute("blocked").unwrap()))
        .collect();
    assert_eq!(marks, [("true", "false"), ("false", "true")]);
    let number = xml.descendants().find(|n| n.attribute("no") == Some("+491701234567")).unwrap();
    assert_eq!(number.attribute("type"), Some("mobile"));
    let yealink = phone.get("/phonebook/yealink.xml").expect(200);
    let xml = roxmltree::Document::parse(text(&yealink)).unwrap();
    let name = xml.descendants().find(|n| n.has_tag_name("Name")).unwrap();
    assert_eq!(name.text(), Some("Jane Doe & <Co>"));
    for file in ["phonebook.xml", "gs_phonebook.xml"] {
        let path = format!("/phonebook/grandstream/{}/{file}", phone.token());
        assert!(has(&server.without_token().get(&path).expect(200), "+4930123456"));
    }
}

#[test]
fn what_is_typed_finds_names_numbers_and_letters_on_keys() {
    let (server, phone) = world();
    let list = json!({"name": "Hot leads", "kind": "static"});
    let list = server.post("/api/v1/lists", &list).expect(201).id();
    let zoe = server.search("zoë", "").json["contacts"][0]["id"].clone();
    server
        .json("PUT", &format!("/api/v1/lists/{list}/members"), &[], &json!({"ids": [zoe]}))
        .expect(200);
    server.search("", "&refresh=wait");
    let (jane, zoe) = ("+4930123456", "+12025550101");
    for (query, has_jane, has_zoe) in [
        ("", true, true),
        ("q=", true, true),
        ("q=doe", true, false),
        ("q=zoe+ad", false, true),
        ("q=123456", true, false),
        ("q=nobody", false, false),
        // 5-2-6 are the keys of j-a-n, 9-6-3-2 nobody's.
        ("q=526&t9=1", true, false),
        ("q=23267&t9=1", false, true),
        ("q=9632&t9=1", false, false),
        ("letter=J", true, false),
        ("letter=z", false, true),
        ("letter=Q", false, false),
        ("list=Hot+leads", false, true),
        (&format!("list={list}"), false, true),
        ("list=Hot+leads&q=doe", false, false),
        ("page=2", false, false),
        ("limit=1", true, false),
        ("limit=1&page=2", false, true),
        ("offset=1", false, true),
        ("limit=x&page=-1", true, true),
    ] {
        let answer = phone.get(&format!("/phonebook/yealink.xml?{query}")).expect(200);
        assert_eq!((has(&answer, jane), has(&answer, zoe)), (has_jane, has_zoe), "{query}");
    }
}

#[test]
fn a_form_may_carry_the_token_of_a_phone_that_sets_no_headers() {
    let (server, phone) = world();
    let shy = bearer(&server, &json!({"role": "lookup"}));
    let nobody = server.without_token();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let ask =
        |body: &str| nobody.send("POST", "/phonebook/yealink.xml", &form, Some(body.as_bytes()));
    for member in ["key", "token"] {
        for (token, goes_on_with_it) in [(phone.token(), true), (shy.token(), false)] {
            let book = ask(&format!("{member}={token}&limit=1")).expect(200);
            assert!(has(&book, "+4930123456"), "{}", text(&book));
            // Only a token that may stand in a URL stands in the address of the next part.
            assert_eq!(text(&book).contains(token), goes_on_with_it, "{}", text(&book));
        }
    }
    let wrong = ask("token=rdx_wrong").expect(401);
    assert!(!text(&wrong).contains("rdx_wrong") && !has(&wrong, "+4930123456"));
    // What is in the head counts before what is in the form.
    let calls = device(&server, &["calls"]);
    let body = format!("token={}", phone.token());
    calls.send("POST", "/phonebook/yealink.xml", &form, Some(body.as_bytes())).expect(403);
}

#[test]
fn every_word_of_a_name_is_found_by_its_keys() {
    let server = TestServer::start();
    let names = ["Vera", "Wyn", "Pqrs", "Maximiliane Wzyx", "Ünlü", "Stu Vwx"];
    for (index, name) in names.iter().enumerate() {
        server.create(&json!({"name": name, "phone": format!("+1202555010{index}")}));
    }
    server.search("", "&refresh=wait");
    let phone = bearer(&server, &json!({"role": "lookup"}));
    for (keys, expected) in [
        ("837", vec!["Vera"]),
        ("8372", vec!["Vera"]),
        ("99", vec!["Maximiliane Wzyx", "Wyn"]),
        ("7777", vec!["Pqrs"]),
        ("999", vec!["Maximiliane Wzyx"]),
        ("9999", vec!["Maximiliane Wzyx"]),
        ("62946454263", vec!["Maximiliane Wzyx"]),
        ("788", vec!["Stu Vwx"]),
        ("899", vec!["Stu Vwx"]),
        ("8658", vec!["Ünlü"]),
        ("222", vec![]),
    ] {
        let answer = phone.get(&format!("/phonebook/yealink.xml?t9=1&q={keys}")).expect(200);
        let found: Vec<&str> = names.into_iter().filter(|name| has(&answer, name)).collect();
        let mut found = found;
        found.sort_unstable();
        assert_eq!(found, expected, "{keys}");
    }
}

#[test]
fn a_large_book_goes_on_page_by_page_and_nobody_is_left_out() {
    let (server, phone) = world();
    let contacts: Vec<_> = (0..150)
        .map(|at| json!({"name": format!("Person {at:03}"), "phone": format!("+1202555{:04}", 2_000 + at)}))
        .collect();
    server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts})).expect(200);
    server.search("", "&refresh=wait");
    for maker in ["yealink", "fanvil", "cisco", "snom"] {
        let mut path = format!("/phonebook/{maker}.xml?token={}", phone.token());
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let answer = server.without_token().get(&path).expect(200);
            assert!(answer.body.len() <= if maker == "snom" { 64_000 } else { 32_000 });
            let numbers = words(&answer).into_iter().filter(|word| word.starts_with("+12025552"));
            for number in numbers {
                assert!(seen.insert(number), "{maker}: twice");
            }
            let xml = roxmltree::Document::parse(text(&answer)).unwrap();
            let mut next =
                xml.descendants().filter(|n| n.has_tag_name("URL")).filter_map(|n| n.text());
            let Some(next) = next.find(|url| url.starts_with("http")) else { break };
            if maker == "cisco" {
                assert_eq!(answer.header("refresh"), Some(format!("0; url={next}").as_str()));
            }
            path = next.strip_prefix(server.base_url()).unwrap().to_owned();
        }
        assert_eq!(seen.len(), 150, "{maker}");
    }
}

#[test]
fn who_may_not_read_a_book_gets_one_without_entries() {
    let (server, phone) = world();
    let other = bearer(&server.organization("second"), &json!({"role": "lookup"}));
    let calls = device(&server, &["calls"]);
    for maker in MAKERS {
        let path = format!("/phonebook/{maker}.xml");
        for (client, path, status) in [
            (&server.without_token(), path.clone(), 401),
            (&server.without_token(), format!("{path}?token=wrong"), 401),
            (&calls, path.clone(), 403),
            (&other, path.clone(), 200),
            (&phone, format!("{path}?list={}", escape("no such list")), 422),
        ] {
            let answer = client.get(&path);
            assert_eq!(answer.status, status, "{path}: {}", text(&answer));
            assert_eq!(answer.header("content-type"), Some("text/xml; charset=utf-8"));
            assert!(roxmltree::Document::parse(text(&answer)).is_ok(), "{path}");
            let said = text(&answer);
            assert!(
                !said.contains("Jane") && !said.contains("493") && !said.contains("token"),
                "{said}"
            );
        }
    }
    let none = phone.get("/phonebook/nokia.xml");
    assert_eq!(none.status, 404);
    assert!(roxmltree::Document::parse(text(&none)).is_ok());
    // Numbers that somebody does not see are in no book either.
    let settings = json!({"field_visibility": {"phones": {"machine": "masked"}}});
    let set = server.patch("/api/v1/settings", &settings);
    assert_eq!(set.status, 200, "{}", text(&set));
    let masked = phone.get("/phonebook/yealink.xml").expect(200);
    assert!(!text(&masked).contains("Jane"), "{}", text(&masked));
    let home = server.post("/api/v1/departments", &json!({"name": "Home"})).expect(201).id();
    let bound = json!({"role": "machine", "scopes": ["phonebook"], "department_id": home});
    let bound = bearer(&server, &bound).get("/phonebook/yealink.xml").expect(200);
    assert!(!text(&bound).contains("Jane"));
}
