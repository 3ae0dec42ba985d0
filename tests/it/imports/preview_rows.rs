//! What a preview says of single rows.

use serde_json::{Value, json};

use super::{ended, four};
use crate::support::server::{Client, TestServer, escape};

const LIST: &str = "Name,Phone,Title\n\
    Ada Byron,+12025550110,CEO\n\
    Ben New,+12025550111,\n\
    Cleo Old,+12025550112,\n\
    Dora Wrong,nonsense,\n";

fn preview(client: &Client, options: &Value) -> Value {
    let path = format!("/api/v1/imports/preview?options={}", escape(&options.to_string()));
    let head = [("content-type", "text/csv")];
    client.send("POST", &path, &head, Some(LIST.as_bytes())).expect(200).json
}

fn rows(client: &Client, seen: &Value, query: &str) -> Value {
    let id = seen["upload_id"].as_str().unwrap();
    client.get(&format!("/api/v1/imports/preview/{id}/rows?{query}")).expect(200).json
}

#[test]
fn each_row_of_a_preview_shows_what_would_change() {
    let server = TestServer::start();
    let ada =
        server.create_id(&json!({"name": "Ada Byron", "phone": "+12025550110", "title": "CTO"}));
    server.create(&json!({"name": "Cleo Old", "phone": "+12025550112"}));
    let seen = preview(&server, &json!({}));
    let updated = rows(&server, &seen, "group=updated");
    assert_eq!((&updated["total"], &updated["total_exact"]), (&json!(1), &json!(true)));
    let row = &updated["items"][0];
    assert_eq!((&row["row"], &row["id"]), (&json!(2), &json!(ada)));
    assert_eq!(row["before"], json!({"title": "CTO"}));
    assert_eq!(row["after"], json!({"title": "CEO"}));
    let new = &rows(&server, &seen, "group=new")["items"][0];
    assert_eq!((&new["id"], &new["display_name"]), (&Value::Null, &json!("Ben New")));
    assert_eq!(new["after"]["phones"][0]["number"], "+12025550111");
    let unchanged = rows(&server, &seen, "group=unchanged");
    assert_eq!(unchanged["items"][0]["row"], 4, "{unchanged}");
    let invalid = rows(&server, &seen, "group=invalid");
    let problem = &invalid["items"][0]["problems"][0];
    assert_eq!((&problem["column"], &problem["code"]), (&json!("Phone"), &json!("phone_invalid")));
    assert!(problem["repair"].is_string());
    let page = rows(&server, &seen, "per_page=3&page=2");
    assert_eq!((&page["total"], page["items"].as_array().unwrap().len()), (&json!(4), 1));
    // With other options the same list is shown anew.
    let again = json!({"upload_id": seen["upload_id"], "options": {"on_duplicate": "ask"}});
    server.post("/api/v1/imports/preview", &again).expect(200);
    let asked = rows(&server, &seen, "group=conflict");
    assert_eq!(asked["total"], 2, "{asked}");
    assert_eq!(asked["items"][0]["after"], json!({"title": "CEO"}));
    // Once it is imported there is no preview any more.
    let body = json!({"upload_id": seen["upload_id"]});
    let job = ended(&server, &server.post("/api/v1/imports", &body).expect(202));
    assert_eq!(four(&job), json!({"imported": 1, "updated": 1, "skipped": 1, "errors": 1}));
    assert_eq!((&job["counts"]["unchanged"], &job["counts"]["asked"]), (&json!(1), &json!(0)));
    let path = format!("/api/v1/imports/preview/{}/rows", seen["upload_id"].as_str().unwrap());
    assert_eq!(server.get(&path).expect(422).json["errors"][0]["pointer"], "/upload_id");
    let folder = server.app().imports_folder().unwrap();
    let left = std::fs::read_dir(folder).unwrap().flatten();
    assert_eq!(left.filter(|e| e.path().extension().is_some_and(|e| e == "rows")).count(), 0);
}

#[test]
fn rows_of_a_preview_are_for_whoever_sent_the_list() {
    let server = TestServer::start();
    let seen = preview(&server, &json!({}));
    let path = format!("/api/v1/imports/preview/{}/rows", seen["upload_id"].as_str().unwrap());
    server.organization("second").get(&path).expect(422);
    for (query, pointer) in [("group=all", "/group"), ("page=0", "/page"), ("groop=new", "/groop")]
    {
        let refused = server.get(&format!("{path}?{query}")).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer);
    }
}
