//! Cells that spreadsheets, programs and people have left in an odd shape.

use std::io::{Cursor, Read as _, Write as _};

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::{errors_of, file, four, import};
use crate::support::server::TestServer;

fn all(server: &TestServer) -> Vec<Value> {
    let page = server.get("/api/v1/contacts?refresh=wait&sort=created_at&per_page=1000");
    page.expect(200).json["contacts"].as_array().unwrap().clone()
}

#[test]
fn numbers_that_a_spreadsheet_made_decimals_of_are_repaired() {
    let server = TestServer::start();
    let list = file("phones_as_floats.csv");
    let job = import(&server, &list, &json!({"default_country": "US"}));
    assert_eq!(four(&job), json!({"imported": 4, "updated": 0, "skipped": 0, "errors": 0}));
    for (name, number) in [
        ("ada", "+12025550141"),
        ("ben", "+12025550142"),
        ("cleo", "+447700900143"),
        ("dan", "+12025550144"),
    ] {
        assert_eq!(server.search(name, "&refresh=wait").json["contacts"][0]["phone"], number);
    }
    assert_eq!(job["warnings_total"], 4, "{job}");
    let warning = &job["warnings"][0];
    assert_eq!((&warning["row"], &warning["column"]), (&json!(2), &json!("Phone")));
    assert_eq!(
        (&warning["code"], &warning["value"]),
        (&json!("value_repaired"), &json!("12025550141.0"))
    );
    assert!(warning["detail"].as_str().unwrap().contains("+12025550141"), "{warning}");
}

#[test]
fn guards_of_spreadsheets_come_off_every_kind_of_cell() {
    let server = TestServer::start();
    let csv = "Name,Phone,Email,Birthday,Zip,Country\n\
        Ada,\"=\"\"02025550141\"\"\",=\"ada@example.com\",\"=\"\"1980-12-31\"\"\",\"=\"\"02134\"\"\",US\n\
        Ben,'+12025550142,'ben@example.com,'1980-12-31,'02134,US\n\
        Cleo,+12025550143,,,2134,US\n\
        Dan,+12025550144,,,2134.0,US\n\
        Eve,+12025550145,,,#REF!,US\n";
    let job = import(&server, csv.as_bytes(), &json!({"default_country": "GB"}));
    assert_eq!(job["counts"]["imported"], 5, "{job}");
    let all = all(&server);
    for one in &all[..2] {
        assert_eq!(one["birthday"], "1980-12-31", "{one}");
        assert_eq!(one["emails"].as_array().unwrap().len(), 1, "{one}");
    }
    for one in &all[..4] {
        assert_eq!(one["addresses"][0]["postal_code"], "02134", "{one}");
    }
    assert_eq!(all[1]["phone"], "+12025550142");
    assert_eq!(all[1]["email"], "ben@example.com");
    assert_eq!(job["warnings_total"], 3, "{job}");
    assert_eq!(job["warnings"][2]["code"], "spreadsheet_damage");
}

#[test]
fn numbers_and_addresses_beside_something_else_are_taken_and_named() {
    let server = TestServer::start();
    let cells = [
        ("\"\"\"+12025550150\"\"\"", vec!["+12025550150"]),
        ("\"=T(\"\"+12025550151\"\")\"", vec!["+12025550151"]),
        ("=12025550152", vec!["+12025550152"]),
        ("`+12025550153", vec!["+12025550153"]),
        ("Phone (202) 555-0154", vec!["+12025550154"]),
        ("+12025550155 (mobile)", vec!["+12025550155"]),
        ("+12025550156 / +12025550157", vec!["+12025550156", "+12025550157"]),
        ("\"12,025,550,158\"", vec!["+12025550158"]),
    ];
    let rows = cells.iter().enumerate().map(|(at, (cell, _))| format!("Cell {at},{cell}\n"));
    let csv = format!("Name,Phone\n{}", rows.collect::<String>());
    let job = import(&server, csv.as_bytes(), &json!({"default_country": "US"}));
    assert_eq!(job["counts"]["imported"], cells.len(), "{job}");
    assert_eq!(job["warnings_total"], cells.len(), "{job}");
    assert!(job["warnings"].as_array().unwrap().iter().all(|one| one["code"] == "value_repaired"));
    for one in all(&server) {
        let name = one["display_name"].as_str().unwrap();
        let at: usize = name.trim_start_matches("Cell ").parse().unwrap();
        let numbers: Vec<&str> = one["phones"]
            .as_array()
            .unwrap()
            .iter()
            .map(|phone| phone["number"].as_str().unwrap())
            .collect();
        assert_eq!(numbers, cells[at].1, "{one}");
    }
    let server = TestServer::start();
    let csv = "Name,Email\nAda,Ada Byron <ada@example.com>\nBen,ben@example.com (work)\n\
        Cleo,\"=HYPERLINK(\"\"mailto:cleo@example.com\"\")\"\nDan,dan@exa mple.com\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    let addresses: Vec<Value> = all(&server).iter().map(|one| one["email"].clone()).collect();
    assert_eq!(addresses, ["ada@example.com", "ben@example.com", "cleo@example.com"], "{job}");
    assert!(errors_of(&server, &job).contains("email_invalid"), "{job}");
}

#[test]
fn scientific_notation_is_refused_with_the_repair_unless_no_digit_is_lost() {
    let server = TestServer::start();
    let csv = "Name,Phone,Email\nAda,1.20E+10,ada@example.com\nBen,\"4,91512E+11\",\nCleo,1.2025550143E+10,\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(four(&job), json!({"imported": 1, "updated": 0, "skipped": 0, "errors": 2}));
    let errors = errors_of(&server, &job);
    assert!(errors.contains("spreadsheet_damage") && errors.contains("as text"), "{errors}");
    assert_eq!(all(&server)[0]["phone"], "+12025550143");
}

#[test]
fn a_birthday_is_read_in_every_shape_or_left_out_and_named() {
    let server = TestServer::start();
    let job = import(&server, &file("birthdays.csv"), &json!({}));
    assert_eq!(job["counts"]["imported"], 16, "{job}");
    let full = json!("1985-05-17");
    for one in all(&server) {
        let expect = match one["display_name"].as_str().unwrap() {
            "Zero Iso" | "Zero Time" | "Zero Dmy" | "Zero Outlook" | "Future" | "Feb 30" => {
                json!(null)
            }
            "No Year" | "Dash No Year" => json!("--05-17"),
            _ => full.clone(),
        };
        assert_eq!(one["birthday"], expect, "{one}");
    }
    let warnings = job["warnings"].as_array().unwrap();
    let named: Vec<&Value> = warnings.iter().map(|one| &one["value"]).collect();
    assert_eq!(named, ["2085-05-17", "1985-02-30"], "{job}");
    assert!(warnings.iter().all(|one| one["code"] == "date_invalid"), "{job}");
}

#[test]
fn two_digits_of_a_year_are_of_this_century_or_the_last() {
    let server = TestServer::start();
    server.post("/api/v1/custom-fields", &json!({"key": "since", "type": "date"})).expect(201);
    let csv = "Name,Birthday,cf.since\nAda,15-Mar-85,31-Jan-25\nBen,31-Jan-25,15-Mar-85\nCleo,31-Jan-62,31-Jan-62\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 3, "{job}");
    let read: Vec<(Value, Value)> = all(&server)
        .iter()
        .map(|one| (one["birthday"].clone(), one["custom_fields"]["since"].clone()))
        .collect();
    let expect =
        [("1985-03-15", "2025-01-31"), ("2025-01-31", "1985-03-15"), ("1962-01-31", "2062-01-31")];
    assert_eq!(read, expect.map(|(born, since)| (json!(born), json!(since))));
}

#[test]
fn one_day_that_shows_the_order_settles_it_for_its_column() {
    for (cell, expect) in [("05/17/1985", "1985-03-04"), ("17/05/1985", "1985-04-03")] {
        let server = TestServer::start();
        let csv = format!("Name,Birthday\nAda,03/04/1985\nBen,{cell}\n");
        import(&server, csv.as_bytes(), &json!({}));
        let all = all(&server);
        assert_eq!(
            (&all[0]["birthday"], &all[1]["birthday"]),
            (&json!(expect), &json!("1985-05-17"))
        );
    }
}

#[test]
fn placeholders_mean_empty_and_a_name_stays_a_name() {
    let server = TestServer::start();
    let job = import(&server, &file("placeholders.csv"), &json!({}));
    assert_eq!(job["counts"]["imported"], 9, "{job}");
    assert_eq!(job["warnings_total"], 0, "{job}");
    let all = all(&server);
    assert_eq!(all[0]["last_name"], "Null");
    assert_eq!(all[0]["birthday"], "1980-01-02");
    for one in &all[1..7] {
        assert_eq!((&one["last_name"], &one["company"]), (&json!("Stone"), &json!(null)), "{one}");
        assert_eq!((&one["phones"], &one["birthday"]), (&json!([]), &json!(null)), "{one}");
        assert_eq!(one["emails"].as_array().unwrap().len(), 1, "{one}");
    }
    for one in &all[7..] {
        assert_eq!((&one["emails"], &one["company"]), (&json!([]), &json!("Acme")), "{one}");
    }
    let csv = "first_name,last_name,phone\n\
        ADA,NULL,+12025550110\nBen,NULL,+12025550111\nCleo,null,+12025550112\nDan,None,+12025550113\n\
        Eve,\\N,000-000-0000\n";
    let server = TestServer::start();
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 5, "{job}");
    let names: Vec<Value> =
        self::all(&server).iter().map(|one| one["display_name"].clone()).collect();
    assert_eq!(names, ["ADA NULL", "Ben", "Cleo", "Dan None", "Eve"]);
}

#[test]
fn a_doubtful_cell_costs_the_cell_and_not_the_contact() {
    let server = TestServer::start();
    let csv = "Name,Phone,Fax,Email,Status,Birthday\n\
        Ada,+12025550110,ask at desk,not an address,sleepy,soon\n\
        Ben,ask at desk,,,,\n\
        Cleo,,,cleo,,\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(four(&job), json!({"imported": 1, "updated": 0, "skipped": 0, "errors": 2}));
    assert_eq!(job["warnings_total"], 4, "{job}");
    let codes: Vec<&Value> =
        job["warnings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["value_unknown", "date_invalid", "phone_invalid", "email_invalid"]);
    let ada = &all(&server)[0];
    assert_eq!((&ada["status"], &ada["phone"]), (&json!("active"), &json!("+12025550110")));
    let errors = errors_of(&server, &job);
    let mut reader = csv::Reader::from_reader(errors.as_bytes());
    let headers: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(headers[..6], ["Name", "Phone", "Fax", "Email", "Status", "Birthday"]);
    assert_eq!(headers[6..], ["row", "column", "value", "code", "reason", "remedy"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2, "only rows that were not taken: {errors}");
    assert_eq!((&rows[0][0], &rows[0][6], &rows[0][7]), ("Ben", "3", "Phone"));
    // What was corrected in it is imported as it is.
    let corrected = errors.replace("ask at desk", "+12025550111");
    let job = import(&server, corrected.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
}

#[test]
fn what_nobody_can_see_is_dropped_and_names_are_one_line() {
    let server = TestServer::start();
    let csv = "Name,Phone,Email,Notes\n\"Ada\u{200b} \nBy\u{ad}ron\",\u{202a}+12025550110\u{202c},ada\u{200b}@example.com,\"two\nlines\"\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    let ada = &all(&server)[0];
    assert_eq!((&ada["display_name"], &ada["last_name"]), (&json!("Ada Byron"), &json!("Byron")));
    assert_eq!((&ada["email"], &ada["notes"]), (&json!("ada@example.com"), &json!("two\nlines")));
}

#[test]
fn amounts_are_no_phone_numbers_and_a_point_zero_is_none_of_them() {
    let server = TestServer::start();
    let list = "Name,Phone\nAda,12025550163.5\nBen,1 202 555 01 52.0\nCleo,12025550153.00\n\
        Dora,202.555.0164\n";
    let job = import(&server, list.as_bytes(), &json!({"default_country": "US"}));
    assert_eq!(four(&job), json!({"imported": 3, "updated": 0, "skipped": 0, "errors": 1}));
    let errors = errors_of(&server, &job);
    assert!(
        errors.contains("Ada,12025550163.5,2,Phone,12025550163.5,spreadsheet_damage"),
        "{errors}"
    );
    for (number, name) in
        [("+12025550152", "Ben"), ("+12025550153", "Cleo"), ("+12025550164", "Dora")]
    {
        let found = server.lookup(number, "");
        assert_eq!((&found["match"], &found["count"]), (&json!("exact"), &json!(1)), "{found}");
        assert_eq!(found["results"][0]["display_name"], name);
    }
}

#[test]
fn a_formula_in_the_place_of_its_result_is_named_or_costs_its_row() {
    let server = TestServer::start();
    let list = "Name,Phone,Notes,Title\nAda Byron,+12025550110,=B2&C2,'=1+1\n\
        =B3&C3,+12025550111,,\nCleo New,=A1,,\nDora New,+12025550113,= same as above,\n";
    let job = import(&server, list.as_bytes(), &json!({}));
    assert_eq!((&job["counts"]["imported"], &job["counts"]["errors"]), (&json!(2), &json!(2)));
    let warnings = job["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{job}");
    let named = ["row", "column", "value", "code"].map(|member| &warnings[0][member]);
    let expected = [json!(2), json!("Notes"), json!("=B2&C2"), json!("spreadsheet_damage")];
    assert_eq!(named, expected.each_ref());
    let errors = errors_of(&server, &job);
    assert!(errors.contains("is a formula in the place of a name"), "{errors}");
    assert!(errors.contains(",3,Name,") && errors.contains(",4,Phone,"), "{errors}");
    // A workbook that no spreadsheet has worked out yet.
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(["Name", "Phone", "Notes"]) {
        sheet.write_string(0, column, name).unwrap();
    }
    for (row, name) in (1..).zip(["Erin Book", "Fred Book"]) {
        sheet.write_string(row, 0, name).unwrap();
        sheet.write_string(row, 1, format!("+120255501{}", 20 + row)).unwrap();
    }
    let formula = rust_xlsxwriter::Formula::new("=A2&B2").set_result("");
    sheet.write_formula(1, 2, formula).unwrap();
    let done = rust_xlsxwriter::Formula::new("=A3&\"!\"").set_result("worked out");
    sheet.write_formula(2, 2, done).unwrap();
    let book = without_empty_results(&book.save_to_buffer().unwrap());
    let job = import(&server, &book, &json!({}));
    assert_eq!(job["counts"]["imported"], 2, "{job}");
    let warnings = job["warnings"].as_array().unwrap();
    assert_eq!((warnings.len(), &warnings[0]["row"]), (1, &json!(2)), "{job}");
    let fred = server.search("fred", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(fred["notes"], "worked out");
}

/// A workbook as programs write it that do not work formulas out.
fn without_empty_results(book: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut changed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        changed.start_file(name, SimpleFileOptions::default()).unwrap();
        let text = text.replace("</f><v>0</v>", "</f>").replace("</f><v></v>", "</f>");
        changed.write_all(text.as_bytes()).unwrap();
    }
    changed.finish().unwrap().into_inner()
}

#[test]
fn a_dialler_says_who_may_not_be_called() {
    let server = TestServer::start();
    let list = "vendor_lead_code,source_id,list_id,phone_code,phone_number,first_name,last_name,status\n\
        V-1,web,101,1,2025550181,Lee,Hall,NEW\nV-2,web,101,1,2025550182,Kim,Hill,DNC\n\
        V-3,web,101,1,2025550183,Jo,Holt,DNCL\nV-4,web,101,1,2025550184,Al,Hunt,SALE\n";
    let job = import(&server, list.as_bytes(), &json!({"default_country": "US"}));
    assert_eq!(job["counts"]["imported"], 4, "{job}");
    assert_eq!(job["warnings_total"], 0, "{job}");
    let refused = server.search("status:do_not_contact", "&refresh=wait").json;
    assert_eq!(refused["total"], 2, "{refused}");
}
