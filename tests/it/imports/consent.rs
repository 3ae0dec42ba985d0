//! Who must not be called or written to, as lists say it.

use serde_json::{Value, json};

use super::import;
use crate::support::server::TestServer;

fn only(server: &TestServer, q: &str) -> Value {
    let found = server.search(q, "&refresh=wait").json;
    assert_eq!(found["total"], 1, "{q}: {found}");
    found["contacts"][0].clone()
}

#[test]
fn do_not_call_and_opt_out_are_kept() {
    let server = TestServer::start();
    let csv =
        "Name,Phone,Do Not Call,Email Opt Out\nD One,+12025550161,1,1\nD Two,+12025550162,0,0\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 2, "{job}");
    let one = server.lookup("+12025550161", "")["results"][0].clone();
    assert_eq!(one["do_not_contact"], true);
    let one = only(&server, "phone:2025550161");
    assert_eq!((&one["do_not_contact"], &one["email_opt_out"]), (&json!(true), &json!(true)));
    let two = only(&server, "phone:2025550162");
    assert_eq!((&two["do_not_contact"], &two["email_opt_out"]), (&json!(false), &json!(false)));
}

#[test]
fn every_known_column_of_refusal_and_consent_is_read() {
    for (header, cell, do_not_contact, email_opt_out, opt_in) in [
        ("Do Not Call", "yes", true, false, json!(null)),
        ("DNC", "x", true, false, json!(null)),
        ("DoNotCall", "true", true, false, json!(null)),
        ("Do not contact", "Ja", true, false, json!(null)),
        ("do_not_contact", "oui", true, false, json!(null)),
        ("DNC", "нет", false, false, json!(null)),
        ("DNC", "не знаю", true, false, json!(null)),
        ("DNC", "since May", true, false, json!(null)),
        ("DNC", "unknown", true, false, json!(null)),
        ("OK to call", "no", true, false, json!(null)),
        ("OK to call", "not provided", true, false, json!(null)),
        ("Email Opt Out", "unbekannt", false, true, json!(null)),
        ("Opted in", "unknown", false, false, json!(null)),
        ("Contactable", "1", false, false, json!(null)),
        ("HasOptedOutOfEmail", "TRUE", false, true, json!(null)),
        ("Unsubscribed from all email", "true", false, true, json!(null)),
        ("Email Opt Out", "sí", false, true, json!(null)),
        ("Email Opt Out", "Opted out", false, true, json!(null)),
        ("Email Opt Out", "nie", false, false, json!(null)),
        ("Marketing opt-in", "tak", false, false, json!(true)),
        ("Opted in", "no", false, false, json!(false)),
        ("Opted in", "não", false, false, json!(false)),
        ("Opted in", "Unsubscribed", false, false, json!(false)),
        ("Accepts Email Marketing", "1.0", false, false, json!(true)),
        ("Opted out", "yes", false, false, json!(false)),
        ("Opted out", "no", false, false, json!(null)),
        ("Opted in", "perhaps", false, false, json!(null)),
    ] {
        let server = TestServer::start();
        let csv = format!("Name,Phone,{header}\nAda Byron,+12025550161,{cell}\n");
        let job = import(&server, csv.as_bytes(), &json!({}));
        assert_eq!(job["counts"]["imported"], 1, "{header} {cell}: {job}");
        let ada = only(&server, "ada");
        assert_eq!(ada["do_not_contact"], do_not_contact, "{header} {cell}");
        assert_eq!(ada["email_opt_out"], email_opt_out, "{header} {cell}");
        assert_eq!(ada["opt_in"], opt_in, "{header} {cell}");
        let doubtful = ["не знаю", "since May", "perhaps", "unknown", "unbekannt", "not provided"];
        let is_doubtful = doubtful.contains(&cell);
        // Agreement of which nothing says when and where is warned of as well.
        let is_unproven = opt_in == json!(true);
        assert_eq!(
            job["warnings_total"],
            u64::from(is_doubtful) + u64::from(is_unproven),
            "{header} {cell}: {job}"
        );
    }
}

#[test]
fn a_refusal_goes_where_it_is_sent() {
    let server = TestServer::start();
    let map = ["Rob=do_not_contact", "Mails=email_opt_out", "Ads=opt_in"];
    let csv = "Name,Rob,Mails,Ads\nAda Byron,1,1,0\n";
    import(&server, csv.as_bytes(), &json!({"map": map}));
    let ada = only(&server, "ada");
    assert_eq!((&ada["do_not_contact"], &ada["email_opt_out"]), (&json!(true), &json!(true)));
    assert_eq!(ada["opt_in"], false);
}

#[test]
fn no_list_takes_a_refusal_back() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ada Byron", "phone": "+12025550161", "do_not_contact": true,
        "email_opt_out": true, "opt_in": false}));
    let before = only(&server, "ada");
    assert_eq!(before["email_opt_out"], true);
    let csv = "Name,Phone,Do Not Call,Email Opt Out,Opted in\nAda Byron,+12025550161,no,no,yes\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["unchanged"], 1, "{job}");
    assert_eq!(only(&server, "ada"), before);
    // A person can.
    let path = format!("/api/v1/contacts/{}", before["id"].as_str().unwrap());
    let after = server.patch(&path, &json!({"email_opt_out": false})).expect(200).json;
    assert_eq!((&after["email_opt_out"], &after["do_not_contact"]), (&json!(false), &json!(true)));
}

#[test]
fn a_header_that_says_a_refusal_in_other_words_is_one() {
    let server = TestServer::start();
    let headers = "Do Not Call Flag|Do Not Call (DNC)|DNC Status|DNC List|On DNC list|National DNC|\
                   Do not call list|Do not allow Phone Calls|donotbulkemail|Call Opt Out|\
                   Phone Opt Out|Opt out of calls|Marketing email opt out|\
                   Unsubscribed from Marketing|Global unsubscribe|SMS Opt Out|Do not text|\
                   HasOptedOutOfFax|Do Not Disturb|Suppressed|Blacklisted|GDPR opt out|TPS|\
                   Keine Anrufe|Keine Werbung|Robinsonliste|Gesperrt|Sperrvermerk|Werbewiderspruch|\
                   Newsletter abgemeldet|Désinscrit|Désabonné|Bloctel|Lista Robinson|Dado de baja|\
                   No enviar correo|Não perturbe|Disiscritto|Wypisany|Отписан|Не беспокоить|\
                   Afgemeld|Bel-me-niet|Ring inte|Ikke ring|Älä soita|Aramayın";
    for (at, header) in headers.split('|').enumerate() {
        let csv = format!("Name,Email,{header}\nAda Byron,ada{at}@example.com,1\n");
        let job = import(&server, csv.as_bytes(), &json!({}));
        assert_eq!((&job["counts"]["imported"], &job["warnings_total"]), (&json!(1), &json!(0)));
        let ada = only(&server, &format!("email:ada{at}@example.com"));
        let is_refused =
            ada["do_not_contact"] == true || ada["email_opt_out"] == true || ada["opt_in"] == false;
        assert!(is_refused, "{header}: {ada}");
    }
}

#[test]
fn a_column_whose_cells_say_refusals_is_named_or_read() {
    let server = TestServer::start();
    let csv = "Name,Phone,Outcome\nAda,+12025550161,Do Not Call\nBen,+12025550162,Reached\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    let warning = &job["warnings"][0];
    assert_eq!(warning["column"], "Outcome", "{job}");
    assert!(warning["detail"].as_str().unwrap().contains("looks like a refusal"), "{job}");
    let server = TestServer::start();
    let csv = "Name,Email,Subscription Status\nAda,ada@example.com,Unsubscribed\n\
        Ben,ben@example.com,Subscribed\n";
    import(&server, csv.as_bytes(), &json!({}));
    let opt_in =
        |name: &str| server.search(name, "&refresh=wait").json["contacts"][0]["opt_in"].clone();
    assert_eq!((opt_in("ada"), opt_in("ben")), (json!(false), json!(true)));
}

#[test]
fn only_a_clear_yes_under_a_permission_allows_calls() {
    let server = TestServer::start();
    for (at, (cell, is_refused)) in [
        ("yes", false),
        ("OK", false),
        ("[x]", false),
        ("☑", false),
        ("Do not call", true),
        ("No calls", true),
        ("never", true),
        ("nunca", true),
        ("✗", true),
        ("[ ]", true),
        ("否", true),
        ("ask her sister", true),
    ]
    .into_iter()
    .enumerate()
    {
        let csv = format!("Name,Email,OK to call\nAda Byron,ada{at}@example.com,{cell}\n");
        let job = import(&server, csv.as_bytes(), &json!({}));
        let ada = only(&server, &format!("email:ada{at}@example.com"));
        assert_eq!(ada["do_not_contact"], is_refused, "{cell}: {job}");
    }
}

#[test]
fn a_column_that_looks_like_a_refusal_and_is_not_read_is_named() {
    let server = TestServer::start();
    let csv = "Name,DNC last checked\nAda Byron,yes\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["warnings_total"], 1, "{job}");
    let detail = job["warnings"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("looks like a refusal and is not imported"), "{detail}");
    // Who says that it is left out is not told so.
    let map = json!({"map": ["DNC last checked=ignore"]});
    let job = import(&server, csv.as_bytes(), &map);
    assert_eq!(job["warnings_total"], 0, "{job}");
}
