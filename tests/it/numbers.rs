//! Phone numbers: what is stored, what is found by them, what is read again.

use ringdex::domain::access::Organization;
use ringdex::domain::ids::OrgNumber;
use ringdex::domain::time::{Clock, Timestamp};
use ringdex::engine::{Error as EngineError, codec, keys};
use serde_json::{Value, json};

use crate::support::server::TestServer;

/// The number and country that a contact is stored with.
fn stored(server: &TestServer, raw: &str, country: &str) -> Value {
    let body = json!({"name": "Somebody", "phones": [{"number": raw, "country": country}]});
    server.create(&body)["phones"][0].clone()
}

#[test]
fn numbers_are_stored_as_their_country_reads_them() {
    let server = TestServer::start();
    for (raw, country, expect) in [
        ("91234 56789", "IN", "+919123456789"),
        ("393 123 4567", "IT", "+393931234567"),
        ("(55) 99912-3456", "BR", "+5555999123456"),
        ("474 01 234", "NO", "+4747401234"),
        ("8 (812) 123-45-67", "RU", "+78121234567"),
        ("+7 812 123-45-68", "RU", "+78121234568"),
        ("8 800 123-45-67", "RU", "+78001234567"),
        ("20 12 34", "FO", "+298201234"),
        ("712 345", "AD", "+376712345"),
        ("011 33 1 23 45 67 89", "US", "+33123456789"),
        ("0011 44 20 7946 0123", "AU", "+442079460123"),
        ("001 44 20 7946 0124", "HK", "+442079460124"),
        ("8~10 44 20 7946 0125", "RU", "+442079460125"),
        ("70.01.2345", "EE", "+37270012345"),
        ("22.45.3300", "HT", "+50922453300"),
        ("62889", "AC", "+24762889"),
        ("০১৭১২ ৩৪৫৬৭৮", "BD", "+8801712345678"),
        ("sip:+12025550170@pbx.example.com", "US", "+12025550170"),
        ("tel:2025550170;phone-context=+1", "DE", "+12025550170"),
    ] {
        let phone = stored(&server, raw, country);
        assert_eq!(phone["number"], expect, "{raw} in {country}");
        assert_eq!(phone["raw"], raw);
    }
    // The country may be called by its name.
    let stored = stored(&server, "030 901820", "Germany");
    assert_eq!(stored["number"], "+4930901820");
    assert_eq!(server.lookup("030 901820", "&country=Deutschland")["match"], "exact");
}

#[test]
fn a_caller_is_found_behind_whatever_the_telephone_system_puts_around_the_number() {
    let server = TestServer::start();
    server.create(&json!({"name": "Known", "phone": "+12025550170"}));
    for caller in [
        "sip:+12025550170@pbx.example.com",
        "\"Max\" <sip:+12025550170@10.0.0.1>;tag=a1b2",
        "tel:2025550170;phone-context=+1",
        "L0#2025550170",
        "*67 202 555 0170",
        "*31#2025550170",
        "%2B12025550170",
        "%252B12025550170",
        "9,12025550170",
        "\u{200e}+1 202\u{200b} 555 0170\u{202c}",
        "+١٢٠٢٥٥٥٠١٧٠",
        "+1 ২০২ ৫৫৫ ০১৭০",
        "(202) 555-0170 ext. 12",
        "*82,2025550170",
        "*82 2025550170",
        "A:2025550170",
        "VIP-2025550170",
        "[Sales] 2025550170",
        "Q1|2025550170",
        "+1_202_555_0170",
        "'+12025550170'",
        "skype:+12025550170?call",
        "https://wa.me/12025550170",
        "011+1 202 555 0170",
        "ext:+1 202 555 0170",
        "2025550170#",
        "12025550170*",
        "+1 202-555-0170 #",
        "SIP/2025550170-0001",
        "SIP/trunk-a/2025550170",
        "PJSIP/+12025550170-00000a1f",
        "IAX2/2025550170@carrier-1234",
        "Local/2025550170@ctx",
        "Local/2025550170@from-internal-0000002c;1",
        "sofia/internal/2025550170@10.0.0.1",
        "DAHDI/i1/2025550170-1a2b",
    ] {
        assert_eq!(server.lookup(caller, "")["match"], "exact", "{caller}");
    }
    // The digit for an outside line, where the country is known and nobody has the number with it.
    for caller in ["912025550170", "92025550170", "9 1 (202) 555-0170", "9011 1 202 555 0170"] {
        let found = server.lookup(caller, "&country=US");
        assert_eq!(found["query"]["e164"], "+12025550170", "{caller}: {found}");
        assert_eq!(found["match"], "exact", "{caller}: {found}");
    }
    server.create(&json!({"name": "Pune", "phone": "+912025550170"}));
    let found = server.lookup("912025550170", "&country=US");
    assert_eq!(found["results"][0]["display_name"], "Pune", "{found}");
    // What is no number of somebody stays what it is.
    for caller in ["SIP/reception-0001", "A:12", "#", "*", "Local/s@ctx"] {
        assert_eq!(server.lookup(caller, "&country=US")["match"], "none", "{caller}");
    }
}

#[test]
fn a_line_is_found_by_its_number_before_and_after_a_new_numbering_plan() {
    let server = TestServer::start();
    for (stored, caller, name) in [
        ("+5531987654321", "+55 31 8765-4321", "Brazil"),
        ("+541143211234", "+54 9 11 4321-1234", "Argentina"),
        ("+525512345678", "+52 1 55 1234 5678", "Mexico"),
        ("+390669812345", "+39 6 69812345", "Italy"),
        ("+22512345678", "+225 07 12 34 56 78", "Ivory Coast"),
        ("+22997123456", "+229 01 97 12 34 56", "Benin"),
    ] {
        server.create(&json!({"name": name, "phone": stored}));
        let answer = server.lookup(caller, "");
        assert_eq!(answer["results"][0]["display_name"], name, "{caller}: {answer}");
        let why = answer["results"][0]["why"].as_str().unwrap();
        assert!(why.contains("before or after") && why.contains(name), "{caller}: {why}");
    }
    // Who has the number as it is called stands before them.
    server.create(&json!({"name": "Brazil new", "phone": "+553187654321"}));
    let answer = server.lookup("+553187654321", "");
    assert_eq!(answer["results"][0]["display_name"], "Brazil new", "{answer}");
    assert_eq!(answer["count"], 2);
    // A common ending inside one country: Germany's numbers differ in length, so 30 may be missing.
    server.create(&json!({"name": "Short", "phone": "+49 9018201"}));
    assert_eq!(server.lookup("+49 30 9018201", "")["match"], "suffix");
    // Two numbers of one length are two lines, and so are those of two countries.
    assert_eq!(server.lookup("+43 30 9018201", "")["match"], "none");
}

#[test]
fn a_direct_line_names_the_company_behind_its_switchboard() {
    let server = TestServer::start();
    let acme = |name: &str, phone: &str| {
        server.create(&json!({"name": name, "phone": phone, "company": "Acme GmbH"}));
    };
    acme("Reception", "+4930901820");
    let answer = server.lookup("+49 30 901820-999", "");
    assert_eq!((&answer["match"], &answer["count"]), (&json!("block"), &json!(1)), "{answer}");
    for desk in [11, 12, 13] {
        acme(&format!("Desk {desk}"), &format!("+4930901820{desk}"));
    }
    let answer = server.lookup("+49 30 901820-999", "");
    assert_eq!(answer["results"][0]["display_name"], "Reception", "{answer}");
    assert_eq!(answer["results"][0]["why"], "probably Acme GmbH, 4 contacts in this block");
    // A neighbour of the same length is no desk of theirs.
    server.create(&json!({"name": "Private", "phone": "+4989123456"}));
    assert_eq!(server.lookup("+49 89 123457", "")["match"], "none");
    // Neither are desks that begin alike, of one company, nor mobile numbers.
    for desk in 1..=3 {
        let number = format!("+498955501{desk}");
        server.create(&json!({"name": "N", "phone": number, "company": "Neighbour KG"}));
    }
    assert_eq!(server.lookup("+49 89 555019", "")["match"], "none");
    assert_eq!(server.lookup("+49 89 55501999", "")["match"], "none");
    server.create(&json!({"name": "Mobile", "phone": "+491701234567", "company": "Mobile AG"}));
    assert_eq!(server.lookup("+49 170 12345678", "")["match"], "none");
    // Reception under a zero that is dialled in the place of a desk.
    server.create(&json!({"name": "Zero", "phone": "+4940360360", "company": "Null AG"}));
    assert_eq!(server.lookup("+49 40 36036-1234", "")["match"], "block");
    assert_eq!(server.lookup("+49 40 36036-9", "")["match"], "none");
    // Desks of five digits, as universities have them.
    server.create(&json!({"name": "Uni", "phone": "+431588010", "company": "Uni Wien"}));
    let answer = server.lookup("+43 1 58801-41001", "");
    assert_eq!(answer["results"][0]["company"], "Uni Wien", "{answer}");
    // In countries whose numbers do not grow, a beginning says nothing.
    server.create(&json!({"name": "American", "phone": "+12025550170", "company": "Other"}));
    assert_eq!(server.lookup("+1202555017012", "")["match"], "none");
}

#[test]
fn an_unknown_caller_has_the_place_and_the_one_local_time_that_the_number_tells() {
    let server = TestServer::at(&Clock::fixed(Timestamp(1_735_732_800_000)));
    for (number, place, timezone, local) in [
        ("+1 202 555 0123", "Washington D.C.", "America/New_York", "2025-01-01T07:00:00-05:00"),
        ("+1 808 555 0123", "Hawaii", "Pacific/Honolulu", "2025-01-01T02:00:00-10:00"),
        ("+49 30 901820", "Berlin", "Europe/Berlin", "2025-01-01T13:00:00+01:00"),
        ("+91 22 2345 6789", "Mumbai", "Asia/Kolkata", "2025-01-01T17:30:00+05:30"),
    ] {
        let found = server.lookup(number, "");
        assert_eq!(found["match"], "none", "{number}");
        assert_eq!(
            (&found["place"], &found["timezone"], &found["local_time"]),
            (&json!(place), &json!(timezone), &json!(local)),
            "{number}"
        );
    }
    // Where a country has several and the number tells nothing, none is guessed.
    let found = server.lookup("+7 903 123-45-67", "");
    assert_eq!((&found["timezone"], &found["local_time"]), (&Value::Null, &Value::Null));
    // Of somebody who is known the record says it.
    server.create(&json!({"name": "Known", "phone": "+12025550123"}));
    let found = server.lookup("+1 202 555 0123", "");
    assert_eq!((&found["count"], &found["place"]), (&json!(1), &Value::Null));
    let body = json!({"numbers": ["+4930901821", "nonsense"]});
    let batch = server.post("/api/v1/lookup/batch", &body).expect(200).json;
    assert_eq!(batch["results"][0]["place"], "Berlin", "{batch}");
    assert_eq!(batch["results"][1]["place"], Value::Null);
}

#[test]
fn what_was_stored_wrongly_is_read_again_once_and_counted() {
    let server = TestServer::start();
    let wrong = server.create_id(&json!({"name": "Wrong", "country": "RU",
        "phones": [{"number": "+7001234567", "raw": "8 800 123-45-67"}]}));
    let right = server.create_id(&json!({"name": "Right", "phone": "(202) 555-0123"}));
    let edited = server.create_id(&json!({"name": "Edited",
        "phones": [{"number": "+12025550199", "raw": "(202) 555-0123"}]}));
    let org = OrgNumber(1);
    server
        .app()
        .partition()
        .write::<_, EngineError>(org, "an older version", false, move |tx| {
            let key = keys::organization(org);
            let bytes = tx.get(&key)?.expect("the organisation");
            let mut organization: Organization = codec::decode(&bytes).unwrap();
            organization.numbers_read_by = 0;
            tx.put(&key, codec::encode(&organization).unwrap());
            Ok(())
        })
        .unwrap();
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    let named = report["numbers_read_otherwise"].as_array().unwrap();
    assert!(named.len() == 1 && named[0].as_str().unwrap().contains(&wrong), "{report}");
    assert_eq!(report["clean"], true);

    let server = server.restart();
    server.app().finish_jobs();
    let phone = |id: &str| {
        server.get(&format!("/api/v1/contacts/{id}")).expect(200).json["phones"][0].clone()
    };
    assert_eq!(phone(&wrong)["number"], "+78001234567");
    assert_eq!(phone(&wrong)["raw"], "8 800 123-45-67");
    assert_eq!(phone(&right)["number"], "+12025550123");
    assert_eq!(phone(&edited)["number"], "+12025550199");
    assert_eq!(server.lookup("8 800 123-45-67", "&country=RU")["match"], "exact");
    let counted = server.get("/api/v1/audit?action=phones.read_again").expect(200).json;
    assert_eq!(counted["lines"][0]["changes"][0]["after"], 1, "{counted}");
    let jobs = server.get("/api/v1/jobs").expect(200).json;
    assert_eq!(jobs["jobs"][0]["changed"], 1, "{jobs}");

    // Once: the next start has nothing to do.
    let server = server.restart();
    server.app().finish_jobs();
    let all = server.get("/api/v1/audit?action=phones.read_again").expect(200).json;
    assert_eq!(all["lines"].as_array().map(Vec::len), Some(1), "{all}");
    let check = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(check["numbers_read_otherwise"], json!([]));
}

#[test]
fn characters_that_nobody_sees_are_dropped_on_the_way_in() {
    let server = TestServer::start();
    let contact = server.create(
        &json!({"first_name": "Zo\u{200b}e\u{2060}", "last_name": "\u{202e}Stone\u{feff}",
            "email": "zoe\u{200b}@example.com", "phone": "\u{2066}+1 202 555\u{ad} 0123\u{2069}",
            "company": "Acme\u{200e} Inc", "tags": ["V\u{200b}IP"],
            "notes": "first\u{200b}\nsecond", "custom_fields": {"colour": "r\u{ad}ed"}}),
    );
    assert_eq!(contact["display_name"], "Zoe Stone");
    assert_eq!(contact["emails"][0]["address"], "zoe@example.com");
    assert_eq!(contact["phones"][0]["number"], "+12025550123");
    assert_eq!(contact["company"], "Acme Inc");
    assert_eq!(contact["tags"], json!(["VIP"]));
    assert_eq!(contact["notes"], "first\nsecond");
    assert_eq!(contact["custom_fields"]["colour"], "red");
    // Names are one line.
    let contact = server.create(&json!({"name": "Ada\r\nLovelace"}));
    assert_eq!(contact["display_name"], "Ada Lovelace");
    // A name of nothing that can be seen is no name.
    let refused = server.post("/api/v1/contacts", &json!({"name": "\u{200b}\u{2060}"}));
    assert_eq!(refused.expect(422).code(), "invalid");
}

#[test]
fn extensions_of_an_imported_list_are_kept_in_words_pauses_and_parameters() {
    let server = TestServer::start();
    let rows = [
        ("+1-202-555-0134-x11", "11"),
        ("\"+12025550134,,16#\"", "16"),
        ("+1 202 555 0134 anexo 20", "20"),
        ("tel:+1-202-555-0134;ext=22", "22"),
        ("\"(202)555-0134,,,023#\"", "023"),
        ("+1 202 555 0134 wew. 26", "26"),
        ("+1 202 555 0134 Durchw. 27", "27"),
        ("+1 202 555 0134*28", "28"),
        ("+1 202 555 0134 máy lẻ 29", "29"),
        ("+1 202 555 0134 дод. 30", "30"),
    ];
    let mut csv = "Name,Phone\n".to_owned();
    for (at, (raw, _)) in rows.iter().enumerate() {
        csv.extend(["Person", &at.to_string(), " Ext,", raw, "\n"]);
    }
    let headers = [("content-type", "text/csv")];
    let path = "/api/v1/imports";
    let started = server.send("POST", path, &headers, Some(csv.as_bytes())).expect(202);
    let job = started.header("location").unwrap().to_owned();
    while ["queued", "running"]
        .contains(&server.get(&job).expect(200).json["state"].as_str().unwrap())
    {
        std::thread::yield_now();
    }
    for (at, (raw, extension)) in rows.iter().enumerate() {
        let found = server.search(&format!("Person{at}"), "&refresh=wait").json;
        let phone = &found["contacts"][0]["phones"][0];
        assert_eq!(phone["number"], "+12025550134", "{raw}: {found}");
        assert_eq!(phone["extension"], *extension, "{raw}");
    }
}
