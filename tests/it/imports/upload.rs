//! The ways in which a list is uploaded, the list of imports, and what the audit log says of them.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{ended, import};
use crate::support::server::{Answer, TestServer};

#[test]
fn a_list_comes_as_a_form_or_inside_json() {
    let server = TestServer::start();
    let form = "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
        Content-Type: text/csv\r\n\r\nName,Phone\r\nAda,+12025550110\r\n\r\n--xyz\r\n\
        Content-Disposition: form-data; name=\"options\"\r\n\r\n{\"tags\": [\"form\"]}\r\n--xyz--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=xyz")];
    let send = |body: &str| server.send("POST", "/api/v1/imports", &headers, Some(body.as_bytes()));
    let job = ended(&server, &send(form).expect(202));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    assert_eq!(job["source"], "a.csv");
    let ada = server.search("ada", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!((&ada["tags"], &ada["phone"]), (&json!(["form"]), &json!("+12025550110")));
    let body = json!({"csv": "Name\nBen\n", "options": {"tags": ["json"]}});
    let job = ended(&server, &server.post("/api/v1/imports", &body).expect(202));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    let ben = server.search("ben", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(ben["tags"], json!(["json"]));
    assert_no_upload_is_left(&server);
}

/// A form of parts, which are names with what is in them.
fn form(parts: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, content) in parts {
        let _ = write!(
            form,
            "--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n"
        );
    }
    form + "--xyz--\r\n"
}

const FORM: [(&str, &str); 1] = [("content-type", "multipart/form-data; boundary=xyz")];

#[track_caller]
fn assert_no_upload_is_left(server: &TestServer) {
    let folder = server.app().imports_folder().unwrap();
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    let is_upload = |path: &&std::path::PathBuf| {
        path.extension().is_some_and(|kind| kind == "upload" || kind == "form")
    };
    assert_eq!(left.iter().find(is_upload), None, "uploads are left behind");
}

#[test]
fn an_upload_that_is_no_list_is_refused_with_its_place() {
    let server = TestServer::start();
    let list = ("file", "Name\nAda\n");
    let cut = form(&[list]).replace("--xyz--", "");
    for (body, status, pointer, part) in [
        (cut.as_str(), 400, "", "last boundary"),
        (&form(&[]), 422, "/file", "no part called file"),
        (&form(&[("options", "{}")]), 422, "/file", "no part called file"),
        (&form(&[list, list]), 422, "/file", "twice"),
        (&form(&[list, ("colour", "red")]), 422, "/colour", "file and options"),
        (&form(&[list, ("options", "{\"tags\"")]), 400, "", "not valid JSON"),
        (&form(&[list, ("options", "[]")]), 422, "/options", "JSON object"),
        (&form(&[list, ("options", "{\"tag\": []}")]), 422, "/options/tag", "not an option"),
        (&form(&[list, ("options", "{\"strict\": 1}")]), 422, "/options/strict", "true or false"),
    ] {
        let answer = server.send("POST", "/api/v1/imports", &FORM, Some(body.as_bytes()));
        refused(&answer, status, pointer, part);
    }
    for (body, pointer, part) in [
        (json!({}), "/csv", "the list itself"),
        (json!({"csv": 1}), "/csv", "string"),
        (json!({"csv": "Name\nx\n", "colour": "red"}), "/colour", "csv, sheet_url or upload_id"),
        (json!({"csv": "Name\nx\n", "options": {"tag": 1}}), "/options/tag", "not an option"),
        (json!([]), "", "JSON object"),
    ] {
        refused(&server.post("/api/v1/imports", &body), 422, pointer, part);
    }
    let json = [("content-type", "application/json")];
    let broken = server.send("POST", "/api/v1/imports", &json, Some(b"{\"csv\""));
    refused(&broken, 400, "", "JSON");
    let image = [("content-type", "image/png")];
    let answer = server.send("POST", "/api/v1/imports", &image, Some(b"x"));
    refused(&answer, 415, "", "multipart/form-data");
    let nameless = [("content-type", "multipart/form-data")];
    let answer = server.send("POST", "/api/v1/imports", &nameless, Some(b"x"));
    refused(&answer, 400, "", "boundary");
    let address = server.send("POST", "/api/v1/imports?tag=x", &[], Some(b"Name\nx\n"));
    refused(&address, 422, "/tag", "options");
    assert_eq!(server.get("/api/v1/imports").expect(200).json["total"], 0);
    assert_no_upload_is_left(&server);
}

#[track_caller]
fn refused(answer: &Answer, status: u16, pointer: &str, part: &str) {
    assert_eq!(answer.status, status, "{}", answer.json);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let text = answer.json.to_string();
    assert!(text.contains(part), "{text} does not say {part}");
    if status == 422 {
        assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{text}");
    }
}

#[test]
fn a_list_that_is_too_large_is_refused_in_every_form() {
    let server = TestServer::with(|options| {
        options.upload_bytes = 1_000;
        options.bulk_bytes = 1_000;
    });
    let list = format!("Name\n{}\n", "x".repeat(1_000));
    let uploads = [
        (vec![("content-type", "text/csv")], list.clone()),
        (FORM.to_vec(), form(&[("file", &list)])),
        (vec![("content-type", "application/json")], json!({"csv": list}).to_string()),
    ];
    for (headers, body) in uploads {
        let answer = server.send("POST", "/api/v1/imports", &headers, Some(body.as_bytes()));
        refused(&answer, 413, "", "1000");
    }
    assert_no_upload_is_left(&server);
    let small = import(&server, b"Name\nAda\n", &json!({}));
    assert_eq!(small["counts"]["imported"], 1);
}

#[test]
fn imports_are_listed_newest_first_and_stand_in_the_audit_log() {
    let server = TestServer::start();
    let first = import(&server, b"Name\nAda\n", &json!({}));
    let second = import(&server, b"Name\nBen\nCleo\n", &json!({"dry_run": true}));
    let third = import(&server, b"Name,Phone\nBen,\nCleo,nonsense\n", &json!({}));
    let list = server.get("/api/v1/imports").expect(200).json;
    let ids: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&third["id"], &second["id"], &first["id"]]);
    assert_eq!(list["items"][0]["counts"], third["counts"]);
    let ben = server.user("ben@example.com", "manager", "correct horse battery");
    let session = server.sign_in("ben@example.com", "correct horse battery");
    let own = import(&session, b"Name\nDora\n", &json!({}));
    let list = server.get("/api/v1/imports?per_page=1").expect(200).json;
    let listed = &list["items"][0];
    assert_eq!((&list["total"], &listed["id"]), (&json!(4), &own["id"]));
    assert!(listed["by"].as_str().unwrap().starts_with(&format!("user:{ben}")), "{listed}");
    assert!(!listed["by_name"].is_null() && !listed["created_at"].is_null(), "{listed}");
    assert_eq!(listed["state"], "done");
    let list = server.get("/api/v1/imports?page=2&per_page=1").expect(200).json;
    assert_eq!(list["items"][0]["id"], third["id"]);
    // What rows hold is shown of one import only.
    assert_eq!(list["items"][0]["columns"][0]["samples"], json!([]));
    assert_eq!(third["columns"][0]["samples"], json!(["Ben", "Cleo"]));
    let page = server.get("/api/v1/imports?page=2&per_page=3").expect(200).json;
    assert_eq!((&page["total"], &page["items"][0]["id"]), (&json!(4), &first["id"]));
    for wrong in ["page=0", "per_page=1001", "per_page=x"] {
        server.get(&format!("/api/v1/imports?{wrong}")).expect(422);
    }
    let log = server.get("/api/v1/audit?action=contacts.imported").expect(200).json;
    let lines = log["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 3, "a trial changes nothing: {log}");
    let after = |name: &str| {
        let changes = lines[1]["changes"].as_array().unwrap();
        changes.iter().find(|one| one["field"] == name).map(|one| one["after"].clone())
    };
    assert_eq!((after("imported"), after("errors")), (Some(json!(1)), Some(json!(1))));
    let second = server.organization("second");
    assert_eq!(second.get("/api/v1/imports").expect(200).json["total"], 0);
    // A list of imports outlives the server.
    let server = server.restart();
    let list = server.get("/api/v1/imports").expect(200).json;
    assert_eq!(list["items"][0]["by_name"], listed["by_name"]);
    assert_eq!(list["items"][2]["id"], first["id"], "{list}");
    assert_eq!(list["items"][2]["columns"][0]["samples"], json!([]));
}
