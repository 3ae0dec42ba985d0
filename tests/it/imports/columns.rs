//! What becomes of every column of a list.

use serde_json::{Value, json};

use super::{file, import};
use crate::support::server::TestServer;

fn column<'a>(job: &'a Value, name: &str) -> &'a Value {
    let columns = job["columns"].as_array().unwrap();
    columns.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}: {job}"))
}

#[test]
fn every_column_says_where_it_goes_and_why() {
    let server = TestServer::start();
    let csv = "First Name,Nachname,E-mail,Shoe size,_list,Kunde,Unused\n\
        Ada,Byron,ada@example.com,38,Hot leads,yes,\n\
        Ben,Carver,ben@example.com,44,Hot leads,no,\n";
    let options = json!({"map": ["Kunde=cf.customer", "#7=ignore"]});
    for is_trial in [true, false] {
        let mut options = options.clone();
        options["dry_run"] = json!(is_trial);
        let job = import(&server, csv.as_bytes(), &options);
        assert_eq!(job["columns"].as_array().unwrap().len(), 7, "{job}");
        for (at, (name, target, is_imported, why)) in [
            ("First Name", json!("first_name"), true, "header"),
            ("Nachname", json!("last_name"), true, "header"),
            ("E-mail", json!("email"), true, "header"),
            ("Shoe size", json!(null), false, "unknown"),
            ("_list", json!(null), false, "list_mode per_row"),
            ("Kunde", json!("cf.customer"), true, "mapping"),
            ("Unused", json!(null), false, "mapping"),
        ]
        .into_iter()
        .enumerate()
        {
            let one = column(&job, name);
            assert_eq!((&one["index"], &one["target"]), (&json!(at), &target), "{one}");
            assert_eq!(one["not_imported"], !is_imported, "{one}");
            assert!(one["why"].as_str().unwrap().contains(why), "{one}");
        }
        assert_eq!(column(&job, "Shoe size")["samples"], json!(["38", "44"]));
        assert_eq!(column(&job, "Unused")["samples"], json!([]));
    }
    let ada = &server.search("ada", "&refresh=wait").json["contacts"][0];
    assert_eq!(ada["tags"], json!([]), "a list is not a tag");
    let server = server.restart();
    let jobs = server.get("/api/v1/contacts").expect(200);
    assert_eq!(jobs.json["total"], 2);
}

#[test]
fn columns_of_one_field_are_joined_or_the_loser_is_named() {
    let server = TestServer::start();
    let job = import(&server, &file("fields_twice.csv"), &json!({}));
    let ada = server.search("ada", "&refresh=wait").json["contacts"][0].clone();
    let numbers: Vec<&Value> =
        ada["phones"].as_array().unwrap().iter().map(|one| &one["number"]).collect();
    assert_eq!(numbers, ["+12025550101", "+12025550102"]);
    assert_eq!(ada["notes"], "first note\nsecond note");
    assert_eq!((&ada["tags"], &ada["company"]), (&json!(["red", "blue"]), &json!("Acme")));
    assert_eq!(job["warnings_total"], 1, "{job}");
    let warning = &job["warnings"][0];
    assert_eq!((&warning["code"], &warning["value"]), (&json!("value_left_out"), &json!("Beta")));
    let last = &job["columns"][9];
    assert!(last["why"].as_str().unwrap().contains("\"Company\" is empty"), "{last}");
    // What was asked for counts before what a header says.
    let server = TestServer::start();
    let csv = "Name,Company,Employer now\nAda Twin,Acme,Beta\n";
    import(&server, csv.as_bytes(), &json!({"map": ["Employer now=company"]}));
    assert_eq!(server.search("ada", "&refresh=wait").json["contacts"][0]["company"], "Beta");
}

#[test]
fn a_profile_or_country_that_stands_twice_is_not_replaced_silently() {
    let server = TestServer::start();
    let csv = "Name,Email,LinkedIn,LinkedIn,Country,Country,City,City\n\
        Ada,ada@example.com,https://linkedin.com/in/a,https://linkedin.com/in/b,US,DE,Bern,Thun\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    let ada = server.search("ada", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(ada["social_profiles"]["linkedin"], "https://linkedin.com/in/a");
    let address = &ada["addresses"][0];
    assert_eq!((&address["country"], &address["city"]), (&json!("US"), &json!("Bern, Thun")));
    let left_out: Vec<&Value> =
        job["warnings"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    assert_eq!(left_out, ["https://linkedin.com/in/b", "DE"], "{job}");
    let why = |at: usize| job["columns"][at]["why"].as_str().unwrap().to_owned();
    assert!(why(5).contains("is empty") && why(7).contains("joined"), "{job}");
}

#[test]
fn headers_of_further_languages_are_read() {
    for (headers, name) in [
        ("姓名,手机,邮箱,公司", "王小明"),
        ("氏名,電話番号,メール,会社名", "山田太郎"),
        ("이름,전화번호,이메일,회사", "김지훈"),
        ("Namn,Telefonnummer,E-post,Företag", "Åsa Berg"),
        ("Név,Telefonszám,E-mail cím,Cég", "Nagy Éva"),
        ("Ονοματεπώνυμο,Τηλέφωνο,Email,Εταιρεία", "Ελένη Παππά"),
        ("الاسم,رقم الهاتف,البريد الإلكتروني,الشركة", "ليلى"),
    ] {
        let server = TestServer::start();
        let csv = format!("{headers}\n{name},+12025550101,one@example.com,Acme\n");
        let job = import(&server, csv.as_bytes(), &json!({}));
        assert_eq!(job["counts"]["imported"], 1, "{job}");
        let one = server.get("/api/v1/contacts?refresh=wait").json["contacts"][0].clone();
        assert_eq!(
            (&one["phone"], &one["email"], &one["company"]),
            (&json!("+12025550101"), &json!("one@example.com"), &json!("Acme")),
            "{one}"
        );
        assert_eq!(one["display_name"], name);
    }
}

#[test]
fn a_program_that_is_not_known_is_no_other_program() {
    for (csv, provider) in [
        (
            "Record Id,First Name,Last Name,Account Name,Contact Owner,Email,Email Opt Out\n\
             zcrm_1,Ada,Byron,Acme,Zoe,ada@example.com,true\n",
            json!("Zoho"),
        ),
        ("Record ID,First Name,Email,Contact owner\n1,Ada,ada@example.com,Zoe\n", json!(null)),
        (
            "Record ID,First Name,Email,Lifecycle Stage\n1,Ada,ada@example.com,lead\n",
            json!("HubSpot"),
        ),
    ] {
        let server = TestServer::start();
        let job = import(&server, csv.as_bytes(), &json!({}));
        assert_eq!(job["counts"]["imported"], 1, "{job}");
        let ada = server.search("ada", "&refresh=wait").json["contacts"][0].clone();
        assert_eq!(ada["external_crm_provider"], provider, "{csv}");
        assert!(!ada["external_crm_id"].is_null(), "{csv}");
    }
}

#[test]
fn a_column_called_like_a_custom_field_goes_there() {
    let server = TestServer::start();
    for (key, label) in [("tier", "Customer tier"), ("shoe_size", "Size"), ("title", "Salutation")]
    {
        let body = json!({"key": key, "label": label, "type": "text"});
        server.post("/api/v1/custom-fields", &body).expect(201);
    }
    let secret = json!({"key": "margin", "type": "text", "visible_to": ["admin"]});
    server.post("/api/v1/custom-fields", &secret).expect(201);
    let csv = "Name,TIER,Shoe Size,Salutation,Title,Margin,Hat size\n\
        Ada Byron,gold,38,Countess,Analyst,high,7\n";
    let job = import(&server, csv.as_bytes(), &json!({"map": ["Shoe Size=notes"]}));
    for (name, target, why) in [
        ("TIER", json!("cf.tier"), "custom field"),
        ("Shoe Size", json!("notes"), "mapping"),
        ("Salutation", json!("cf.title"), "custom field"),
        ("Title", json!("title"), "header"),
        ("Margin", json!("cf.margin"), "custom field"),
        ("Hat size", json!(null), "unknown"),
    ] {
        let one = column(&job, name);
        assert_eq!(one["target"], target, "{one}");
        assert!(one["why"].as_str().unwrap().contains(why), "{one}");
    }
    let ada = server.search("ada", "&refresh=wait").json["contacts"][0].clone();
    let expected = json!({"tier": "gold", "title": "Countess", "margin": "high"});
    assert_eq!((&ada["custom_fields"], &ada["title"]), (&expected, &json!("Analyst")), "{ada}");
    // Who does not see a field does not learn of it.
    let manager = server.role("manager");
    let job = import(&manager, csv.as_bytes(), &json!({"dry_run": true}));
    assert_eq!(column(&job, "Margin")["target"], json!(null), "{job}");
    assert_eq!(column(&job, "TIER")["target"], json!("cf.tier"), "{job}");
}
