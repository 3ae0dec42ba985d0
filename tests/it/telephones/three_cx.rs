//! 3CX: the template, the questions and the journal.

use serde_json::{Value, json};

use super::{bearer, device, text};
use crate::support::server::{TestServer, escape};

#[test]
fn the_template_asks_this_server_with_the_token_by_which_it_was_fetched() {
    let server = TestServer::start();
    let pbx = device(&server, &["lookup", "phonebook", "calls"]);
    let path = format!("/integrations/3cx/template.xml?token={}", pbx.token());
    let answer = server.without_token().get(&path).expect(200);
    assert_eq!(answer.header("content-type"), Some("application/xml; charset=utf-8"));
    let xml = text(&answer);
    let read = roxmltree::Document::parse(xml).unwrap();
    let root = read.root_element();
    assert_eq!((root.tag_name().name(), root.attribute("Name")), ("Crm", Some("Ringdex")));
    let all =
        |name: &str| read.descendants().filter(move |n| n.has_tag_name(name)).collect::<Vec<_>>();
    let number = all("Number")[0];
    assert_eq!(
        (number.attribute("Prefix"), number.attribute("MaxLength")),
        (Some("Plus"), Some(""))
    );
    let default = |name: &str| {
        let found = all("Parameter").into_iter().find(|n| n.attribute("Name") == Some(name));
        found.unwrap().attribute("Default").unwrap().to_owned()
    };
    assert_eq!(default("Address"), server.base_url());
    assert_eq!(default("ApiKey"), pbx.token());
    let ids: Vec<_> = all("Scenario").iter().map(|n| n.attribute("Id").unwrap_or("")).collect();
    assert_eq!(ids, ["", "SearchContacts", "ReportCall", "CreateContactRecord"]);
    for request in all("Request") {
        let url = request.attribute("Url").unwrap();
        let path = url.strip_prefix("[Address]").unwrap().split('?').next().unwrap();
        assert!(ringdex::http::ROUTES.iter().any(|route| route.path == path), "{path}");
        let header = request.descendants().find(|n| n.attribute("Key") == Some("x-api-key"));
        assert_eq!(header.unwrap().text(), Some("[ApiKey]"));
    }
    // Each output is a variable, and each variable a member of the answers.
    for output in all("Output") {
        let value = output.attribute("Value").unwrap().trim_matches(['[', ']']).to_owned();
        let is_variable = all("Variable").iter().any(|n| n.attribute("Name") == Some(&value));
        assert!(is_variable || value == "Contacts", "{value}");
    }
    assert_eq!(server.without_token().get("/integrations/3cx/template.xml").status, 401);
}

#[test]
fn a_caller_is_found_with_the_number_in_the_form_that_was_asked() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"first_name": "Jane", "last_name": "Doe", "company": "Acme",
        "email": "jane@example.com", "phones": [
            {"number": "+4930123456", "label": "work"}, {"number": "+491701234567", "label": "mobile"},
            {"number": "+4930999999", "label": "home"}]}));
    let pbx = bearer(&server, &json!({"role": "lookup"}));
    let find = |number: &str| {
        let path = format!("/integrations/3cx/lookup?number={}", escape(number));
        pbx.get(&path).expect(200).json["contacts"].clone()
    };
    let card = find("+4930123456")[0].clone();
    assert_eq!(card["id"], json!(id));
    assert_eq!(card["phone_business"], "+4930123456");
    assert_eq!(card["phone_mobile"], "+491701234567");
    assert_eq!(card["phone_home"], "+4930999999");
    assert_eq!(card["url"], format!("{}/contacts/{id}", server.base_url()));
    assert_eq!((&card["first_name"], &card["email"]), (&json!("Jane"), &json!("jane@example.com")));
    // Byte for byte as it was asked, in the place of the number that it is.
    for asked in ["004930123456", "+49 (30) 123456", "4930123456"] {
        assert_eq!(find(asked)[0]["phone_business"], asked);
    }
    assert_eq!(find("00491701234567")[0]["phone_mobile"], "00491701234567");
    for nobody in ["+12025559999", "anonymous", "", "101"] {
        assert_eq!(find(nobody), json!([]), "{nobody}");
    }
    let search = |q: &str| {
        pbx.get(&format!("/integrations/3cx/search?q={}", escape(q))).expect(200).json["contacts"]
            .clone()
    };
    server.search("", "&refresh=wait");
    assert_eq!(search("doe ja")[0]["id"], json!(id));
    assert_eq!(search("1234567")[0]["id"], json!(id));
    assert_eq!(search("nobody such"), json!([]));
    for at in 0..25 {
        server
            .create(&json!({"name": format!("Many {at}"), "phone": format!("+120255502{at:02}")}));
    }
    server.search("", "&refresh=wait");
    assert_eq!(search("many").as_array().unwrap().len(), 20);
    let other = device(&server.organization("second"), &["lookup", "phonebook"]);
    for path in ["lookup?number=%2B4930123456", "search?q=doe"] {
        let answer = other.get(&format!("/integrations/3cx/{path}")).expect(200);
        assert_eq!(answer.json, json!({"contacts": []}));
        let refused = server.without_token().get(&format!("/integrations/3cx/{path}"));
        assert_eq!((refused.status, refused.json), (401, json!({"contacts": []})));
    }
}

#[test]
fn a_call_is_journalled_once_with_its_contact_and_agent() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann", "phone": "+12025550170"}));
    server.user("jane@example.com", "agent", "a long enough password");
    let pbx = device(&server, &["calls"]);
    let path = "/integrations/3cx/journal";
    let told = json!({"CallType": "Inbound", "CallDirection": "Inbound", "Number": "+12025550170",
        "Name": "Ann", "Agent": "101", "AgentFirstName": "Jane", "AgentLastName": "Roe",
        "AgentEmail": "jane@example.com", "Duration": "00:01:23", "QueueExtension": "800",
        "CallStartTimeUTC": "2026-05-01T10:00:00Z", "CallEndTimeUTC": "2026-05-01T10:01:30Z"});
    let taken = pbx.post(path, &told).expect(200).json;
    assert_eq!(taken["ok"], true);
    assert_eq!(pbx.post(path, &told).expect(200).json["call_id"], taken["call_id"]);
    let calls = server.get("/api/v1/calls").expect(200).json;
    assert_eq!(calls["total"], 1, "the same call twice is one");
    let call = &calls["items"][0];
    assert_eq!((&call["contact_id"], &call["status"]), (&json!(ann), &json!("COMPLETED")));
    assert_eq!((&call["duration_s"], &call["queue"]), (&json!(83), &json!("800")));
    assert_eq!(call["started_at"], "2026-05-01T10:00:00.000Z");
    for (kind, direction, status, outcome) in [
        ("Outbound", "out", "COMPLETED", "completed"),
        ("Missed", "in", "MISSED", "no-answer"),
        ("Notanswered", "out", "FAILED", "no-answer"),
    ] {
        let told = json!({"CallType": kind, "Number": "+12025550170", "Agent": kind,
            "CallStartTimeUTC": "2026-05-02T10:00:00Z"});
        let id = pbx.post(path, &told).expect(200).json["call_id"].clone();
        let calls = server.get("/api/v1/calls?per_page=100").expect(200).json;
        let all = calls["items"].as_array().unwrap();
        let call = all.iter().find(|call| call["call_id"] == id).unwrap();
        let shown = (&call["direction"], &call["status"], &call["outcome"]);
        assert_eq!(shown, (&json!(direction), &json!(status), &json!(outcome)), "{kind}");
    }
    for (wrong, pointer) in [
        (json!({"CallType": "Inbound"}), "/Number"),
        (json!({"Number": "1", "CallType": "Lost"}), "/CallType"),
        (
            json!({"Number": "1", "CallType": "Missed", "CallStartTimeUTC": "yesterday"}),
            "/started_at",
        ),
        (json!([]), ""),
    ] {
        let refused = pbx.post(path, &wrong).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{wrong}");
    }
    // Whoever only looks up writes nothing.
    bearer(&server, &json!({"role": "lookup"})).post(path, &told).expect(403);
    assert_eq!(server.get("/api/v1/calls").json["total"], 4);
}

#[test]
fn a_call_that_nobody_answered_has_no_time_of_an_answer_whatever_3cx_says() {
    let server = TestServer::start();
    let pbx = device(&server, &["calls"]);
    let told = |more: Value| {
        let mut told = json!({"CallType": "Missed", "Number": "+12025550170", "Agent": "101",
            "Duration": "00:00:00", "CallStartTimeUTC": "2026-05-01T10:00:00"});
        for (name, value) in more.as_object().unwrap() {
            told[name] = value.clone();
        }
        let id = pbx.post("/integrations/3cx/journal", &told).expect(200).json["call_id"].clone();
        let path = format!("/api/v1/calls?call_id={}", id.as_str().unwrap());
        server.get(&path).expect(200).json["items"][0].clone()
    };
    let never = "0001-01-01T00:00:00Z";
    for (kind, status) in
        [("Missed", "MISSED"), ("Notanswered", "FAILED"), ("Inbound", "COMPLETED")]
    {
        let call = told(json!({"CallType": kind, "Agent": kind, "CallEstablishedTimeUTC": never,
            "CallEndTimeUTC": "2026-05-01T10:00:20Z"}));
        assert_eq!(
            (&call["status"], &call["answered_at"]),
            (&json!(status), &Value::Null),
            "{call}"
        );
        assert_eq!(
            call["started_at"], "2026-05-01T10:00:00.000Z",
            "UTC, also where it is not said"
        );
        assert_eq!(call["ended_at"], "2026-05-01T10:00:20.000Z");
    }
    let answered = told(json!({"CallType": "Missed", "Agent": "other",
        "CallEstablishedTimeUTC": "2026-05-01T09:00:00Z"}));
    assert_eq!(answered["answered_at"], Value::Null, "{answered}");
    let withheld = told(json!({"Number": "", "Agent": "103"}));
    assert_eq!((&withheld["number"], &withheld["status"]), (&Value::Null, &json!("MISSED")));
}

#[test]
fn a_contact_is_created_for_a_caller_whom_nobody_knows() {
    let server = TestServer::start();
    let pbx = device(&server, &["lookup", "calls"]);
    let body = json!({"FirstName": "John", "LastName": "Roe", "Number": "+12025550188"});
    let path = "/integrations/3cx/contacts";
    pbx.post(path, &body).expect(403);
    let writer = bearer(&server, &json!({"role": "machine", "scopes": ["write"]}));
    let made = writer.post(path, &body).expect(201).json;
    assert_eq!(made["phone_business"], "+12025550188");
    let found = server.get(&format!("/api/v1/contacts/{}", made["id"].as_str().unwrap()));
    assert_eq!(found.expect(200).json["display_name"], "John Roe");
    let refused = writer.post(path, &json!({"Number": "not a number"})).expect(422).json;
    assert_ne!(refused["errors"], Value::Null);
}
