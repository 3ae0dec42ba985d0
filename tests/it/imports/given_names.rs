//! People of one household or firm who share a number and an address: whoever has another given
//! name is somebody else, whatever agrees.

use std::fmt::Write as _;

use serde_json::json;

use super::import;
use crate::support::server::TestServer;

/// Imports one row onto one contact with the same number, and with the same address if wanted;
/// whether both are there as they were written.
fn stay_apart(one: &str, other: &str, with_email: bool) -> bool {
    let server = TestServer::start();
    let row = |name: &str| {
        let email = if with_email { "smith@example.com" } else { "" };
        format!("name,phone,email\n{name},+12025550113,{email}\n")
    };
    import(&server, row(one).as_bytes(), &json!({}));
    let job = import(&server, row(other).as_bytes(), &json!({}));
    let page = server.get("/api/v1/contacts?refresh=wait").expect(200).json;
    let has = |name: &str| {
        page["contacts"].as_array().unwrap().iter().any(|one| one["display_name"] == name)
    };
    job["counts"]["imported"] == 1 && page["total"] == 2 && has(one) && has(other)
}

#[test]
fn a_row_with_another_given_name_overwrites_nobody_though_number_and_address_agree() {
    for (one, other) in [
        ("Tim Lee", "Tom Lee"),
        ("Robert Smith", "Roberta Smith"),
        ("Carl Harrow", "Cora Harrow"),
        ("Peter Weber", "Petra Weber"),
        ("João Silva Neto", "João Silva Filho"),
        ("Acme Reception", "Acme Billing"),
        ("佐藤 太郎", "佐藤 花子"),
        ("李 明", "李 红"),
    ] {
        assert!(stay_apart(one, other, true), "{one}, {other}");
    }
}

#[test]
fn a_given_name_that_begins_like_another_is_another_one() {
    for (one, other) in [
        ("Robert Smith", "Roberta Smith"),
        ("Karl Smith", "Karla Smith"),
        ("Anna Smith", "Annabel Smith"),
        ("田中太郎", "田中次郎"),
        ("นาย สมชาย ใจดี", "นาง สมหญิง ใจดี"),
    ] {
        assert!(stay_apart(one, other, false), "{one}, {other}");
    }
}

#[test]
fn companies_that_share_a_number_stay_two() {
    let server = TestServer::start();
    let csv = "company,phone,email\nAcme Ltd,+12025550113,office@example.com\n";
    import(&server, csv.as_bytes(), &json!({}));
    let csv = "company,phone,email\n\
        Beta Ltd,+12025550113,office@example.com\n\
        ACME Ltd.,+12025550113,office@example.com\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    assert_eq!(server.get("/api/v1/contacts?refresh=wait").expect(200).json["total"], 2);
}

#[test]
fn a_trial_decides_as_the_import_does_when_duplicates_were_found_in_between() {
    let server = TestServer::start();
    for at in 0..40 {
        server.create(&json!({"name": format!("Robert Featherstone{at}"),
            "phone": format!("+120255501{at:02}"), "email": format!("r{at}@example.com")}));
        server.create(&json!({"name": format!("Robert Featherstone{at}"),
            "phone": format!("+120255501{at:02}"), "email": format!("r{at}@example.com")}));
    }
    let mut csv = String::from("name,phone,email\n");
    for at in 0..40 {
        let _ = writeln!(csv, "Bob Featherstone{at},+120255501{at:02},");
        let _ = writeln!(csv, "Robrt Featherstone{at},+120255501{at:02},r{at}@example.com");
    }
    let trial = import(&server, csv.as_bytes(), &json!({"dry_run": true}));
    server.post("/api/v1/duplicates/auto-merges", &json!({"dry_run": true})).expect(200);
    let second = import(&server, csv.as_bytes(), &json!({"dry_run": true}));
    assert_eq!(trial["counts"], second["counts"]);
    let real = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(trial["counts"], real["counts"]);
}
