//! `CardDAV`, asked as iOS, `DAVx5` and Thunderbird ask.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::server::{Answer, Client, TestServer};

const BOOK: &str = "/dav/books/contacts/";

/// A program that knows an address book by name and password.
struct Program {
    client: Client,
    basic: String,
}

impl Program {
    fn of(admin: &Client, scope: &str) -> Self {
        let token = json!({"role": "machine", "scopes": [scope]});
        let made = admin.post("/api/v1/tokens", &token).expect(201);
        let token = made.json["token"].as_str().unwrap();
        let basic = format!("Basic {}", STANDARD.encode(format!("jane:{token}")));
        Self { client: admin.without_token(), basic }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = vec![("authorization", self.basic.as_str())];
        all.extend_from_slice(headers);
        self.client.send(method, path, &all, Some(body.as_bytes()))
    }

    fn propfind(&self, path: &str, depth: &str, props: &str) -> String {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><A:propfind xmlns:A=\"DAV:\" \
             xmlns:B=\"urn:ietf:params:xml:ns:carddav\" xmlns:C=\"http://calendarserver.org/ns/\">\
             <A:prop>{props}</A:prop></A:propfind>"
        );
        let headers = [("depth", depth), ("content-type", "text/xml")];
        text(&self.send("PROPFIND", path, &headers, &body).expect(207))
    }

    fn report(&self, body: &str) -> String {
        let headers = [("depth", "1"), ("content-type", "application/xml")];
        text(&self.send("REPORT", BOOK, &headers, body).expect(207))
    }

    fn sync(&self, token: &str) -> String {
        self.report(&format!(
            "<sync-collection xmlns=\"DAV:\"><sync-token>{token}</sync-token>\
             <sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
        ))
    }

    fn put(&self, name: &str, headers: &[(&str, &str)], card: &str) -> Answer {
        let mut all = vec![("content-type", "text/vcard; charset=utf-8")];
        all.extend_from_slice(headers);
        self.send("PUT", &format!("{BOOK}{name}"), &all, card)
    }

    fn card(&self, name: &str) -> Answer {
        self.send("GET", &format!("{BOOK}{name}"), &[], "")
    }
}

#[track_caller]
fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// The texts of all elements of a name.
fn all(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let found = document.descendants().filter(|node| node.tag_name().name() == name);
    found.map(|node| node.text().unwrap_or("").to_owned()).collect()
}

/// Where the first element of a name leads to.
fn leads_to(xml: &str, name: &str) -> String {
    let document = roxmltree::Document::parse(xml).unwrap();
    let found = document.descendants().find(|node| node.tag_name().name() == name).unwrap();
    found.first_element_child().unwrap().text().unwrap().to_owned()
}

/// What became of the cards of an answer: name and status or tag.
fn changes(xml: &str) -> Vec<(String, String)> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let responses = document.descendants().filter(|node| node.tag_name().name() == "response");
    let of = |node: &roxmltree::Node, name: &str| {
        let mut inside = node.descendants().filter(|n| n.tag_name().name() == name);
        inside.next().and_then(|n| n.text().map(str::to_owned))
    };
    responses
        .map(|node| {
            let told = of(&node, "getetag").or_else(|| of(&node, "status"));
            (of(&node, "href").unwrap(), told.unwrap())
        })
        .collect()
}

/// As iOS writes a card.
const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//iPhone OS 18.1//EN\r\n\
N:Doe;Jane;;;\r\nFN:Jane Doe\r\nORG:Acme Inc;Sales\r\nTITLE:CFO\r\n\
TEL;type=CELL;type=VOICE;type=pref:+49 170 1234567\r\n\
item1.TEL:+49 30 123456\r\nitem1.X-ABLabel:_$!<Main>!$_\r\n\
EMAIL;type=INTERNET;type=HOME;type=pref:jane@example.com\r\n\
BDAY:1980-05-17\r\nNOTE:Calls on Mondays\r\n\
X-PHONETIC-FIRST-NAME:Dschein\r\nANNIVERSARY:20100601\r\n\
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD\r\n\
UID:6A3B1C2D-0000-4000-8000-00000000ABCD\r\nREV:2026-11-30T03:00:00Z\r\nEND:VCARD\r\n";
const NAME: &str = "6A3B1C2D-0000-4000-8000-00000000ABCD.vcf";

#[test]
fn programs_find_their_way_from_a_name_and_a_password() {
    let server = TestServer::start();
    server.create(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    let program = Program::of(&server, "write");
    let nobody = server.without_token();
    // iOS begins without a password.
    let first = nobody.send("PROPFIND", "/.well-known/carddav", &[], Some(b"")).expect(301);
    assert_eq!(first.header("location"), Some("/dav/"));
    let challenge = nobody.send("PROPFIND", "/dav/", &[("depth", "0")], Some(b"")).expect(401);
    assert!(challenge.header("www-authenticate").unwrap().starts_with("Basic realm="));
    let options = nobody.send("OPTIONS", BOOK, &[], None).expect(200);
    assert!(options.header("dav").unwrap().contains("addressbook"));
    assert!(options.header("allow").unwrap().contains("REPORT"));
    let root = program.propfind("/dav/", "0", "<A:current-user-principal/><A:resourcetype/>");
    let principal = leads_to(&root, "current-user-principal");
    let me = program.propfind(
        &principal,
        "0",
        "<B:addressbook-home-set/><A:displayname/><A:principal-URL/><B:directory-gateway/>",
    );
    assert!(all(&me, "status").iter().any(|status| status.contains("404")), "{me}");
    let home = leads_to(&me, "addressbook-home-set");
    let books = program.propfind(
        &home,
        "1",
        "<A:resourcetype/><A:displayname/><C:getctag/><A:sync-token/><A:supported-report-set/>\
         <A:current-user-privilege-set/><B:supported-address-data/>",
    );
    assert_eq!(all(&books, "href"), [home.as_str(), BOOK]);
    assert_eq!(all(&books, "addressbook").len(), 1);
    assert!(!all(&books, "write").is_empty() && !all(&books, "sync-collection").is_empty());
    let reader = Program::of(&server, "read");
    let seen = reader.propfind(BOOK, "0", "<A:current-user-privilege-set/>");
    assert!(all(&seen, "write-content").is_empty() && !all(&seen, "read").is_empty());
    let cards = program.propfind(BOOK, "1", "<A:getetag/><A:getcontenttype/>");
    assert_eq!(all(&cards, "href").len(), 2);
    assert_eq!(all(&cards, "getetag"), ["", "\"1\""]);
    // What nobody can change is refused property by property.
    let patch = "<A:propertyupdate xmlns:A=\"DAV:\"><A:set><A:prop><A:displayname>x</A:displayname></A:prop></A:set></A:propertyupdate>";
    let patched = text(&program.send("PROPPATCH", BOOK, &[], patch).expect(207));
    assert_eq!(all(&patched, "status"), ["HTTP/1.1 403 Forbidden"]);
    for (method, path, body, status) in [
        ("MKCOL", "/dav/books/mine/", "", 404),
        ("DELETE", BOOK, "", 403),
        ("POST", BOOK, "", 405),
        ("PROPFIND", "/dav/other", "", 404),
        ("PROPFIND", BOOK, "<x", 400),
        ("PROPFIND", BOOK, "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", 400),
        ("REPORT", BOOK, "<a/>", 403),
        ("GET", "/dav/books/contacts/none.vcf", "", 404),
    ] {
        let answer = program.send(method, path, &[("depth", "0")], body);
        assert_eq!(answer.status, status, "{method} {path}: {}", text(&answer));
    }
}

#[test]
fn a_card_of_a_phone_becomes_a_contact_and_comes_back_whole() {
    let server = TestServer::start();
    let program = Program::of(&server, "write");
    let made = program.put(NAME, &[("if-none-match", "*")], CARD).expect(201);
    assert_eq!(made.header("location"), Some(format!("{BOOK}{NAME}").as_str()));
    let id = "6a3b1c2d-0000-4000-8000-00000000abcd";
    let contact = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    for (member, value) in [
        ("display_name", "Jane Doe"),
        ("first_name", "Jane"),
        ("company", "Acme Inc"),
        ("department", "Sales"),
        ("title", "CFO"),
        ("email", "jane@example.com"),
        ("birthday", "1980-05-17"),
        ("notes", "Calls on Mondays"),
    ] {
        assert_eq!(contact[member], value, "{member}");
    }
    assert_eq!(contact["phones"][0]["number"], "+491701234567");
    assert_eq!(contact["phones"][1]["label"], "main");
    let back = program.card(NAME).expect(200);
    let card = text(&back);
    assert_eq!(back.header("content-type"), Some("text/vcard; charset=utf-8"));
    for line in [
        "VERSION:3.0",
        "UID:6A3B1C2D-0000-4000-8000-00000000ABCD",
        "X-PHONETIC-FIRST-NAME:Dschein",
        "FN:Jane Doe",
        "NOTE:Calls on Mondays",
    ] {
        assert!(card.lines().any(|known| known == line), "{line} is not in {card}");
    }
    assert!(card.contains("ANNIVERSARY") && card.contains("PHOTO"), "{card}");
    assert!(!card.contains("X-RINGDEX"), "{card}");
    // The same again changes nothing.
    let etag = back.header("etag").unwrap().to_owned();
    program.put(NAME, &[("if-match", &etag)], &card).expect(204);
    assert_eq!(program.card(NAME).header("etag"), Some(etag.as_str()));
    // A change of one line changes one member; what a card cannot say stays.
    let patch = json!({"tags": ["vip"], "custom_fields": {"plan": "Gold"}, "assigned_to": null});
    server.patch(&format!("/api/v1/contacts/{id}"), &patch).expect(200);
    let current = program.card(NAME);
    let changed =
        text(&current).replace("TITLE:CFO", "TITLE:CEO").replace("NOTE:Calls on Mondays\r\n", "");
    let changed = changed.replace("X-PHONETIC-FIRST-NAME:Dschein", "X-PHONETIC-FIRST-NAME:Jein");
    program.put(NAME, &[("if-match", &etag)], &changed).expect(412);
    let etag = current.header("etag").unwrap();
    program.put(NAME, &[("if-match", etag)], &changed).expect(204);
    let contact = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    assert_eq!((&contact["title"], &contact["notes"]), (&json!("CEO"), &json!(null)));
    assert_eq!(contact["tags"], json!(["vip"]));
    assert_eq!(contact["custom_fields"]["plan"], "Gold");
    assert_eq!(contact["phones"][1]["label"], "main");
    let last = program.card(NAME);
    assert!(text(&last).contains("X-PHONETIC-FIRST-NAME:Jein"), "{}", text(&last));
    assert_ne!(last.header("etag"), Some(etag));
    let personal = server.get(&format!("/api/v1/contacts/{id}/gdpr-export")).expect(200).json;
    assert!(personal["card_properties"].as_str().unwrap().contains("Jein"));
    // Survives a restart, and stands in the audit log.
    let server = server.restart();
    let program = Program::of(&server, "write");
    assert!(text(&program.card(NAME).expect(200)).contains("X-PHONETIC-FIRST-NAME:Jein"));
    let log = server.get(&format!("/api/v1/audit?record_id={id}")).expect(200).json;
    assert!(log.to_string().contains("contact.created"), "{log}");
    let v4 =
        program.send("GET", &format!("{BOOK}{NAME}"), &[("accept", "text/vcard; version=4.0")], "");
    assert!(text(&v4).contains("VERSION:4.0"));
}

#[test]
fn names_of_cards_are_those_that_programs_give_them() {
    let server = TestServer::start();
    let program = Program::of(&server, "write");
    let card = "BEGIN:VCARD\nVERSION:4.0\nFN:Zoë Müller\nUID:zoe@phone\nEND:VCARD\n";
    program.put("zoe%20%40phone%2Bx.vcf", &[("if-none-match", "*")], card).expect(201);
    program.put("zoe%20%40phone%2Bx.vcf", &[("if-none-match", "*")], card).expect(412);
    let cards = program.propfind(BOOK, "1", "<A:getetag/>");
    assert_eq!(all(&cards, "href")[1], format!("{BOOK}zoe%20%40phone%2Bx.vcf"));
    assert!(text(&program.card("zoe%20%40phone%2Bx.vcf").expect(200)).contains("UID:zoe@phone"));
    // A contact that was not made by a card has its id as name.
    let id = server.create_id(&json!({"company": "Acme"}));
    assert!(text(&program.card(&format!("{id}.vcf")).expect(200)).contains("FN:Acme"));
    for (name, card, status) in [
        ("a.vcf", "BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:All\nEND:VCARD\n", 422),
        ("b.vcf", "nothing", 422),
        ("c.vcf", "BEGIN:VCARD\nVERSION:3.0\nFN:No End\n", 422),
        ("d.vcf", "BEGIN:VCARD\nVERSION:3.0\nFN:X\nEMAIL:no address\nEND:VCARD\n", 422),
        ("e.vcf", &format!("BEGIN:VCARD\nNOTE:{}\nEND:VCARD\n", "x".repeat(600_000)), 413),
    ] {
        let answer = program.put(name, &[], card);
        assert_eq!(answer.status, status, "{name}: {}", text(&answer));
    }
    assert_eq!(server.search("", "&refresh=wait").json["total"], 2);
}

#[test]
fn a_program_keeps_in_step_by_what_has_changed() {
    let server = TestServer::start();
    let program = Program::of(&server, "write");
    let jane = server.create_id(&json!({"name": "Jane Doe"}));
    let john = server.create_id(&json!({"name": "John Doe"}));
    let first = program.sync("");
    assert_eq!(changes(&first).len(), 2);
    let token = all(&first, "sync-token").pop().unwrap();
    let nothing = program.sync(&token);
    assert!(changes(&nothing).is_empty());
    server.patch(&format!("/api/v1/contacts/{jane}"), &json!({"title": "CFO"})).expect(200);
    server.delete(&format!("/api/v1/contacts/{john}")).expect(204);
    program.put(NAME, &[], CARD).expect(201);
    let second = program.sync(&token);
    let mut told = changes(&second);
    told.sort();
    let mut expected = vec![
        (format!("{BOOK}{jane}.vcf"), "\"2\"".to_owned()),
        (format!("{BOOK}{john}.vcf"), "HTTP/1.1 404 Not Found".to_owned()),
        (format!("{BOOK}{NAME}"), "\"1\"".to_owned()),
    ];
    expected.sort();
    assert_eq!(told, expected);
    let token = all(&second, "sync-token").pop().unwrap();
    // A card that is deleted goes under the name that its program gave it.
    program.send("DELETE", &format!("{BOOK}{NAME}"), &[("if-match", "\"9\"")], "").expect(412);
    program.send("DELETE", &format!("{BOOK}{NAME}"), &[("if-match", "\"1\"")], "").expect(204);
    let third = changes(&program.sync(&token));
    assert_eq!(third, [(format!("{BOOK}{NAME}"), "HTTP/1.1 404 Not Found".to_owned())]);
    program.card(NAME).expect(404);
    program.put(NAME, &[("if-match", "\"1\"")], CARD).expect(412);
    program.put(NAME, &[], CARD).expect(409);
    for token in ["urn:x", "urn:ringdex:sync:x", "urn:ringdex:sync:00000000-5-00000000"] {
        let body = format!(
            "<sync-collection xmlns=\"DAV:\"><sync-token>{token}</sync-token><prop/></sync-collection>"
        );
        let refused = program.send("REPORT", BOOK, &[], &body).expect(403);
        assert_eq!(all(&text(&refused), "valid-sync-token").len(), 1);
    }
}

#[test]
fn cards_are_fetched_by_their_places_and_found_by_filters() {
    let server = TestServer::start();
    let program = Program::of(&server, "read");
    let jane = server.create_id(&json!({"first_name": "Jane", "last_name": "Doe", "email": "jane@example.com", "phone": "+12025550123"}));
    server.create(&json!({"name": "John Adams", "company": "Acme"}));
    let get = |hrefs: &str| {
        program.report(&format!(
            "<B:addressbook-multiget xmlns:A=\"DAV:\" xmlns:B=\"urn:ietf:params:xml:ns:carddav\">\
             <A:prop><A:getetag/><B:address-data/></A:prop>{hrefs}</B:addressbook-multiget>"
        ))
    };
    let found = get(&format!(
        "<A:href>{BOOK}{jane}.vcf</A:href><A:href>http://x{BOOK}{jane}.vcf</A:href><A:href>{BOOK}none.vcf</A:href><A:href>/</A:href>"
    ));
    let cards = all(&found, "address-data");
    assert_eq!(cards.len(), 2);
    assert!(cards[0].contains("FN:Jane Doe\n") && cards[0].contains("VERSION:3.0"), "{}", cards[0]);
    assert_eq!(all(&found, "status").iter().filter(|status| status.contains("404")).count(), 2);
    let names = |filter: &str| {
        let found = program.report(&format!(
            "<C:addressbook-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
             <D:prop><C:address-data version=\"4.0\"/></D:prop>{filter}</C:addressbook-query>"
        ));
        let names = all(&found, "address-data");
        let name = |card: &String| {
            card.lines().find_map(|line| line.strip_prefix("FN:").map(str::to_owned))
        };
        names.iter().filter_map(name).collect::<Vec<_>>()
    };
    let one = |prop: &str, how: &str, text: &str| {
        format!(
            "<C:filter><C:prop-filter name=\"{prop}\"><C:text-match match-type=\"{how}\">{text}</C:text-match></C:prop-filter></C:filter>"
        )
    };
    assert_eq!(names(&one("FN", "contains", "doe")), ["Jane Doe"]);
    assert_eq!(names(&one("EMAIL", "starts-with", "jane@")), ["Jane Doe"]);
    assert_eq!(names(&one("TEL", "contains", "5550123")), ["Jane Doe"]);
    assert_eq!(names(&one("UID", "equals", &jane)), ["Jane Doe"]);
    assert!(names(&one("X-UNKNOWN", "contains", "doe")).is_empty());
    assert_eq!(names(""), ["Jane Doe", "John Adams"]);
    let absent =
        "<C:filter><C:prop-filter name=\"EMAIL\"><C:is-not-defined/></C:prop-filter></C:filter>";
    assert_eq!(names(absent), ["John Adams"]);
    assert_eq!(names("<C:limit><C:nresults>1</C:nresults></C:limit>"), ["Jane Doe"]);
}

#[test]
fn rights_and_sight_hold_for_cards_as_for_contacts() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    let path = format!("{BOOK}{id}.vcf");
    let card = text(&Program::of(&server, "write").send("GET", &path, &[], "").expect(200));
    let reader = Program::of(&server, "read");
    reader.send("PUT", &path, &[], &card.replace("Jane", "Joan")).expect(403);
    reader.send("DELETE", &path, &[], "").expect(403);
    reader.put("new.vcf", &[], CARD).expect(403);
    let lookup = Program::of(&server, "lookup");
    lookup.send("GET", &path, &[], "").expect(403);
    lookup.send("PROPFIND", BOOK, &[("depth", "1")], "").expect(403);
    let other = Program::of(&server.organization("second"), "write");
    other.send("GET", &path, &[], "").expect(404);
    other.send("DELETE", &path, &[], "").expect(404);
    assert_eq!(all(&other.propfind(BOOK, "1", "<A:getetag/>"), "href"), [BOOK]);
    assert!(changes(&other.sync("")).is_empty());
    // The same name there is another card.
    other.put(&format!("{id}.vcf"), &[], CARD).expect(201);
    assert_eq!(
        server.get(&format!("/api/v1/contacts/{id}")).expect(200).json["display_name"],
        "Jane Doe"
    );
    // Whoever does not see numbers in full neither sees nor loses them.
    let settings = json!({"field_visibility": {"phones": {"machine": "masked"}}});
    server.patch("/api/v1/settings", &settings).expect(200);
    let masked = Program::of(&server, "write");
    let shown = masked.send("GET", &path, &[], "").expect(200);
    assert!(!text(&shown).contains("5550123"), "{}", text(&shown));
    masked.send("PUT", &path, &[], &text(&shown).replace("FN:Jane Doe", "FN:Jane Roe")).expect(204);
    let contact = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    assert_eq!(
        (&contact["display_name"], &contact["phone"]),
        (&json!("Jane Roe"), &json!("+12025550123"))
    );
    // What a card holds goes for good with its contact.
    server.delete(&format!("/api/v1/contacts/{id}?permanent=true")).expect(204);
    masked.send("GET", &path, &[], "").expect(404);
}

#[test]
fn whatever_programs_send_is_never_a_fault_of_ours() {
    let server = TestServer::start();
    let program = Program::of(&server, "write");
    let line = prop_oneof![
        "(N|FN|TEL|EMAIL|ORG|ADR|BDAY|NOTE|UID|PHOTO|X-A|item1\\.TEL|URL|CATEGORIES|GENDER|RELATED)(;[A-Za-z=,\"]{0,8})?:\\PC{0,20}",
        "\\PC{0,20}",
    ];
    let card = prop::collection::vec(line, 0..8);
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&card, |lines| {
        let card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{}\r\nEND:VCARD\r\n", lines.join("\r\n"));
        let answer = program.put("fuzz.vcf", &[], &card);
        assert!(answer.status < 500, "{card:?}: {}", text(&answer));
        if matches!(answer.status, 201 | 204) {
            let back = program.card("fuzz.vcf").expect(200);
            let again = program.put("fuzz.vcf", &[], &text(&back));
            assert!(again.status == 204, "{card:?} {}: {}", text(&back), text(&again));
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..100),
        "<(sync-collection|propfind|c:addressbook-query xmlns:c=\"urn:ietf:params:xml:ns:carddav\") xmlns=\"DAV:\">(<[a-z]{1,4}/>|\\PC{0,6}){0,6}</(sync-collection|propfind|c:addressbook-query)>".prop_map(String::into_bytes),
    ];
    let outcome = TestRunner::new(config).run(&body, |body| {
        for method in ["PROPFIND", "REPORT", "PROPPATCH", "PUT"] {
            let headers = [("authorization", program.basic.as_str()), ("depth", "1")];
            let answer = program.client.send(method, BOOK, &headers, Some(&body));
            assert!(answer.status < 500, "{method} {body:?}: {}", text(&answer));
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}
