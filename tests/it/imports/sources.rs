//! Lists that are no delimited text: workbooks, business cards, JSON documents.

use std::io::{Cursor, Write as _};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::{errors_of, four, import};
use crate::support::server::{Client, TestServer};

fn workbook(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book);
    book.save_to_buffer().unwrap()
}

/// A packed file with these parts.
fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn found(client: &Client, q: &str) -> Value {
    let page = client.search(q, "&refresh=wait").json;
    assert_eq!(page["total"], 1, "{q}: {page}");
    page["contacts"][0].clone()
}

fn preview(client: &Client, file: &[u8]) -> Value {
    client.send("POST", "/api/v1/imports/preview", &[], Some(file)).expect(200).json
}

#[test]
fn a_workbook_is_a_table_whose_cells_have_types() {
    let server = TestServer::start();
    let file = workbook(|book| {
        let cover = book.add_worksheet();
        cover.set_name("Cover").unwrap().set_hidden(true);
        cover.write_string(0, 0, "not this one").unwrap();
        let sheet = book.add_worksheet();
        sheet.set_name("Kunden 2025").unwrap().set_active(true);
        sheet.write_string(0, 0, "Customers of 2025").unwrap();
        for (column, name) in (0..).zip(["Name", "Phone", "Birthday", "Notes", "cf.revenue"]) {
            sheet.write_string(2, column, name).unwrap();
        }
        sheet.write_string(3, 0, "Ada \"Countess\", Byron").unwrap();
        sheet.write_number(3, 1, 12_025_550_110.0).unwrap();
        let date = Format::new().set_num_format("yyyy-mm-dd");
        let born = ExcelDateTime::from_ymd(1980, 12, 31).unwrap();
        sheet.write_datetime_with_format(3, 2, &born, &date).unwrap();
        sheet.write_string(3, 3, "one\ntwo, three").unwrap();
        sheet.write_number(3, 4, 1250.5).unwrap();
        // A gap, and a row that has no number.
        sheet.write_string(9, 0, "Ben Wrong").unwrap();
        sheet.write_string(9, 1, "nonsense").unwrap();
        let other = book.add_worksheet();
        other.set_name("Partner").unwrap();
        other.write_string(0, 0, "Name").unwrap();
        other.write_string(1, 0, "Cleo Partner").unwrap();
    });
    let seen = preview(&server, &file);
    assert_eq!(seen["file"]["format"], "xlsx", "{seen}");
    assert_eq!(seen["file"]["sheet"], "Kunden 2025");
    assert_eq!(seen["file"]["sheets"], json!(["Cover", "Kunden 2025", "Partner"]));
    let job = import(&server, &file, &json!({}));
    let counts = json!({"imported": 1, "updated": 0, "skipped": 0, "errors": 1});
    assert_eq!(four(&job), counts, "{job}");
    let ada = found(&server, "byron");
    assert_eq!(ada["phone"], "+12025550110");
    assert_eq!(ada["birthday"], "1980-12-31");
    assert_eq!(ada["notes"], "one\ntwo, three");
    assert_eq!(ada["custom_fields"]["revenue"].to_string().trim_matches('"'), "1250.5");
    // The row is the one that the spreadsheet shows.
    let errors = errors_of(&server, &job);
    assert!(
        errors.lines().nth(1).unwrap().contains(",10,Phone,nonsense,phone_invalid,"),
        "{errors}"
    );
    let job = import(&server, &file, &json!({"sheet": "partner"}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    found(&server, "cleo");
    let job = import(&server, &file, &json!({"sheet": "Nobody"}));
    assert_eq!(job["state"], "failed");
    let error = job["error"].as_str().unwrap();
    assert!(error.contains("no sheet \"Nobody\"") && error.contains("\"Partner\""), "{error}");
}

#[test]
fn a_sheet_of_openoffice_is_read() {
    let server = TestServer::start();
    let content = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:spreadsheet><table:table table:name="Liste"><table:table-row><table:table-cell office:value-type="string"><text:p>Name</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>Telefon</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>Émile Zola</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="12025550133"><text:p>12025550133</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"#;
    let manifest = r#"<?xml version="1.0"?><manifest:manifest
 xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
    let file = packed(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ]);
    assert_eq!(preview(&server, &file)["file"]["format"], "ods");
    let job = import(&server, &file, &json!({}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    assert_eq!(found(&server, "zola")["phone"], "+12025550133");
}

#[test]
fn packed_files_that_are_no_workbook_or_swell_are_refused() {
    let server = TestServer::start();
    let zeros = vec![b'0'; 600 * 1024 * 1024];
    let bomb = packed(&[("xl/workbook.xml", b"<workbook/>"), ("xl/sharedStrings.xml", &zeros)]);
    drop(zeros);
    assert!(bomb.len() < 2 * 1024 * 1024);
    let whole = workbook(|book| {
        book.add_worksheet().write_string(0, 0, "Name").unwrap();
    });
    let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on";
    for (file, reason) in [
        (bomb.as_slice(), "would be longer than"),
        (&packed(&[("readme.txt", b"hello")]), "not a workbook"),
        (&whole[..whole.len() / 2], "cannot be read"),
        (b"PK\x03\x04", "cannot be read"),
        (old, "with a password"),
        (&packed(&[("xl/workbook.xml", b"<workbook>")]), "cannot be read"),
    ] {
        let job = import(&server, file, &json!({}));
        assert_eq!(job["state"], "failed", "{job}");
        assert!(job["error"].as_str().unwrap().contains(reason), "{reason}: {job}");
    }
    assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
}

#[test]
fn lists_that_are_packed_with_gzip_are_read_and_counted_unpacked() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"import_max_rows": 2})).expect(200);
    let packed = |list: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(list.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let send = |path: &str, list: &[u8]| {
        server.send("POST", path, &[("content-type", "application/gzip")], Some(list))
    };
    let list = packed("Name,Phone\nAda,+12025550110\nBen,+12025550111\n");
    let seen = send("/api/v1/imports/preview", &list).expect(200).json;
    assert_eq!((&seen["file"]["format"], &seen["counts"]["new"]), (&json!("table"), &json!(2)));
    let job = super::ended(&server, &send("/api/v1/imports", &list).expect(202));
    assert_eq!(job["counts"]["imported"], 2, "{job}");
    let long = packed("Name\nAda\nBen\nCleo\n");
    let refused = send("/api/v1/imports", &long).expect(422);
    assert_eq!(refused.json["errors"][0]["code"], "too_many_rows");
    let torn = super::ended(&server, &send("/api/v1/imports", &list[..30]).expect(202));
    assert_eq!(torn["state"], "failed", "{torn}");
}

const CARDS: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:0190f0f0-0000-7000-8000-000000000001\r\n\
FN:Dr. Jane van der Berg\r\nN:van der Berg;Jane;Marie;Dr.;PhD\r\n\
TEL;VALUE=uri;TYPE=\"cell,voice\";PREF=1:tel:+12025550120\r\n\
TEL;TYPE=work:+1 202 555 0121;ext=12\r\nEMAIL;TYPE=work:jane@example.com\r\n\
ORG:Acme\\, Inc;Sales;West\r\nTITLE:CFO\r\nROLE:decides\r\nBDAY:--1231\r\n\
ADR;TYPE=home:;Suite 5;1 Main St;Springfield;IL;62701;US\r\nCATEGORIES:VIP,Customer\r\n\
NOTE:first line\\nsecond\\, with a comma and a long tail that is folded at the end o\r\n f the line\r\n\
TZ:America/Chicago\r\nIMPP:whatsapp:+12025550120\r\nPHOTO:data:image/png;base64,AAAA\r\n\
HOBBY:chess\r\nREV:20250131T120000Z\r\nEND:VCARD\r\n\
BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen\n\
TEL;CELL;PREF:+49 1512 3456789\nTEL;WORK;FAX:+49 30 901821\nEND:VCARD\n\
BEGIN:VCARD\nVERSION:3.0\nFN:Apple Seed\nN:Seed;Apple;;;\nitem1.TEL:+12025550123\n\
item1.X-ABLabel:_$!<Main>!$_\nEND:VCARD\n";

#[test]
fn business_cards_of_all_versions_become_contacts() {
    let server = TestServer::start();
    let seen = preview(&server, CARDS.as_bytes());
    assert_eq!(seen["file"]["format"], "vcf", "{seen}");
    let job = import(&server, CARDS.as_bytes(), &json!({"tags": ["cards"]}));
    assert_eq!(job["counts"]["imported"], 3, "{job}");
    assert_eq!(job["counts"]["errors"], 0);
    let jane = found(&server, "berg");
    assert_eq!(jane["last_name"], "van der Berg");
    assert_eq!(jane["first_name"], "Jane Marie");
    assert_eq!(jane["suffix"], "PhD");
    let phones = jane["phones"].as_array().unwrap();
    assert_eq!((&phones[0]["label"], &phones[0]["primary"]), (&json!("mobile"), &json!(true)));
    assert_eq!(
        (&phones[1]["label"], &phones[1]["number"]),
        (&json!("work"), &json!("+12025550121"))
    );
    assert_eq!(
        (&jane["company"], &jane["department"]),
        (&json!("Acme, Inc"), &json!("Sales, West"))
    );
    assert_eq!((&jane["title"], &jane["birthday"]), (&json!("CFO"), &json!("--12-31")));
    let address = &jane["addresses"][0];
    assert_eq!(
        (&address["street"], &address["label"]),
        (&json!("1 Main St, Suite 5"), &json!("home"))
    );
    assert_eq!(jane["tags"], json!(["VIP", "Customer", "cards"]));
    let notes =
        "first line\nsecond, with a comma and a long tail that is folded at the end of the line";
    assert_eq!(jane["notes"], notes);
    assert_eq!(jane["channels"][0]["channel"], "whatsapp");
    let warned = job["warnings"].as_array().unwrap();
    assert!(warned.iter().any(|one| one["column"] == "HOBBY" && one["row"] == 1), "{job}");
    let muller = found(&server, "müller");
    assert_eq!(muller["first_name"], "Jürgen");
    let phones = muller["phones"].as_array().unwrap();
    assert_eq!((&phones[0]["label"], &phones[1]["label"]), (&json!("mobile"), &json!("fax")));
    assert_eq!(found(&server, "seed")["phones"][0]["label"], "main");
    // Again they change nothing.
    let again = import(&server, CARDS.as_bytes(), &json!({}));
    assert_eq!(
        (&again["counts"]["unchanged"], &again["counts"]["imported"]),
        (&json!(3), &json!(0))
    );
}

#[test]
fn cards_that_cannot_be_read_are_named() {
    let server = TestServer::start();
    let many = format!(
        "BEGIN:VCARD\nVERSION:4.0\nFN:Too Much\n{}END:VCARD\n",
        "NOTE:again\n".repeat(1_000_000)
    );
    let list = format!(
        "{many}BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:All\nMEMBER:urn:x\nEND:VCARD\n\
         BEGIN:VCARD\nVERSION:4.0\nTEL:nonsense\nFN:Bad Number\nEND:VCARD\n\
         BEGIN:VCARD\nVERSION:4.0\nFN:Good One\nEND:VCARD\nBEGIN:VCARD\nFN:No End\n"
    );
    let job = import(&server, list.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    assert_eq!(job["counts"]["errors"], 4, "{job}");
    found(&server, "good");
    let errors = errors_of(&server, &job);
    for text in ["row_too_long", "a group of people", "no END:VCARD", "nonsense"] {
        assert!(errors.contains(text), "{text}");
    }
}

#[test]
fn cards_in_json_and_arrays_are_read() {
    let server = TestServer::start();
    let card = json!({"@type": "Card", "version": "1.0", "uid": "urn:uuid:0190f0f0-0000-7000-8000-000000000002",
        "name": {"full": "Vera Rubin", "components": [
            {"kind": "given", "value": "Vera"}, {"kind": "surname", "value": "Rubin"}]},
        "phones": {"p1": {"number": "tel:+12025550140", "features": {"mobile": true}, "pref": 1}},
        "emails": {"e1": {"address": "vera@example.com", "contexts": {"work": true}}},
        "organizations": {"o1": {"name": "Carnegie"}}, "keywords": {"Astronomy": true}});
    let list = serde_json::to_string_pretty(&json!([card, {"name": "Plain Contact"}, {"oops": 1}]));
    let job = import(&server, list.unwrap().as_bytes(), &json!({}));
    let counts = json!({"imported": 2, "updated": 0, "skipped": 0, "errors": 1});
    assert_eq!(four(&job), counts, "{job}");
    let vera = found(&server, "rubin");
    assert_eq!(
        (&vera["company"], &vera["email"]),
        (&json!("Carnegie"), &json!("vera@example.com"))
    );
    assert_eq!((&vera["phone"], &vera["tags"]), (&json!("+12025550140"), &json!(["Astronomy"])));
}
